//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod cli;
mod clone;
mod config_errors;
mod environment;
mod oddities;
mod shim;
mod state;
mod world;
