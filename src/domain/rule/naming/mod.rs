//! Rules about the names of branches, commits and files.

mod nam01;
mod nam02;
mod nam03;
mod nam04;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&nam01::RULE, &nam02::RULE, &nam03::RULE, &nam04::RULE];
