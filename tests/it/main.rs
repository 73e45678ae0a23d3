//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod init;
mod init_killed;
mod init_refused;
mod init_setup;
mod shim;
mod trust;
mod world;
