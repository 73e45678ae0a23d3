//! Facts in, decisions out. Nothing here reads a file, a clock, the environment or a repository, and nothing is async:
//! every decision is a function of plain data and is tested by tables.

pub mod agent;
pub mod change;
pub mod check;
pub mod codeowners;
pub mod contract;
pub mod deliverable;
pub mod handover;
pub mod hook;
pub mod layout;
pub mod merge;
pub mod message;
pub mod migration;
pub mod name;
pub mod neighbours;
pub mod operation;
pub mod order;
pub mod owners;
pub mod path;
pub mod project;
pub mod prune;
pub mod quote;
pub mod readiness;
pub mod removal;
pub mod resolution;
pub mod revision;
pub mod rule;
pub mod schedule;
pub mod sql;
pub mod state;
pub mod sync;
pub mod tables;
pub mod time;
pub mod trailer;
pub mod trust;
pub mod undo;
