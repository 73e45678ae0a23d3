//! Rules about the names of branches, commits and files.

mod nam01;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[&nam01::RULE];
