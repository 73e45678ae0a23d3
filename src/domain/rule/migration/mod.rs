//! Rules about migrations.

mod deed;
mod mig06;
mod mig10;
mod mig11;
mod mig12;
mod mig13;
mod mig15;
mod mig21;
mod mig22;
mod mig23;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &mig06::RULE,
    &mig10::RULE,
    &mig11::RULE,
    &mig12::RULE,
    &mig13::RULE,
    &mig15::RULE,
    &mig21::RULE,
    &mig22::RULE,
    &mig23::RULE,
];
