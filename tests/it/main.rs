//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod against_git;
mod check;
mod cli;
mod clone;
mod config_errors;
mod conflicts;
mod environment;
mod examples;
mod init;
mod init_killed;
mod init_mend;
mod init_refused;
mod init_setup;
mod oddities;
mod own_worktrees;
mod project;
mod shim;
mod state;
mod status;
mod sync;
mod sync_checks;
mod sync_fairness;
mod sync_safety;
mod trust;
mod validate;
mod world;
