//! Git hooks: what they do when git starts them (`run`); and what agents ask before they write (`agent`).

pub mod agent;
