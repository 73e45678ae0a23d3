//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod cli;
mod clone;
mod config_errors;
mod environment;
mod oddities;
mod project;
mod shim;
mod state;
mod sync;
mod sync_checks;
mod sync_safety;
mod world;
