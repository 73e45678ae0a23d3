//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod against_git;
mod check;
mod conflicts;
mod project;
mod shim;
mod status;
mod sync;
mod sync_checks;
mod sync_safety;
mod validate;
mod world;
