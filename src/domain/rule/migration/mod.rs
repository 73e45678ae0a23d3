//! Rules about migrations.

mod deed;
mod mig01;
mod mig02;
mod mig03;
mod mig04;
mod mig05;
mod mig06;
mod mig07;
mod mig08;
mod mig09;
mod mig10;
mod mig11;
mod mig12;
mod mig13;
mod mig15;
mod mig16;
mod mig17;
mod mig18;
mod mig20;
mod mig21;
mod mig22;
mod mig23;
#[cfg(test)]
mod testing;
mod versions;

use super::Rule;

pub(super) const RULES: &[&Rule] = &[
    &mig01::RULE,
    &mig02::RULE,
    &mig03::RULE,
    &mig04::RULE,
    &mig05::RULE,
    &mig06::RULE,
    &mig07::RULE,
    &mig08::RULE,
    &mig09::RULE,
    &mig10::RULE,
    &mig11::RULE,
    &mig12::RULE,
    &mig13::RULE,
    &mig15::RULE,
    &mig16::RULE,
    &mig17::RULE,
    &mig18::RULE,
    &mig20::RULE,
    &mig21::RULE,
    &mig22::RULE,
    &mig23::RULE,
];
