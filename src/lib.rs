//! `tracks` keeps N parallel workstreams of one git repository convergent. This page is the map of the house.
//!
//! Seven storeys; calls go down, never up, and never sideways between folders of one storey. `cargo xtask tidy` checks it.
//!
//! | storey | rooms | what is there |
//! |---|---|---|
//! | 7 | [`cli`] | the front door: arguments, which verb, exit status |
//! | 6 | [`commands`], [`failure`] | one verb per file; errors become hints and exit statuses |
//! | 5 | [`ui`] | the only room with a terminal; `ui/report/` has both faces of each answer, text and JSON |
//! | 4 | [`ops`] | one operation per file: facts from the doors, decisions from the domain, a report back |
//! | 3 | [`config`] [`git`] [`store`] [`files`] | doors: tracks.toml · repositories · the state under the common git directory · other files |
//! | 2 | [`process`] | door: children, environment, signals, clock; the async runtime starts and ends there |
//! | 1 | [`domain`] | facts in, decisions out: no I/O, no clock, no environment |
//!
//! A new verb is a file in `commands/`, one in `ops/`, one in `ui/report/`, and a line in [`cli`].

pub mod cli;
pub mod commands;
pub mod config;
pub mod domain;
pub mod failure;
pub mod files;
pub mod git;
pub mod ops;
pub mod process;
pub mod store;
pub mod ui;
