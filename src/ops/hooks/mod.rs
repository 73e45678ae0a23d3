//! Git hooks: what they do when git starts them (`run`).

pub mod run;
