//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod init;
mod init_killed;
mod init_refused;
mod init_setup;
mod project;
mod shim;
mod sync;
mod sync_checks;
mod sync_safety;
mod trust;
mod world;
