//! The one integration-test binary: every file beside this one is declared here (`cargo xtask tidy` sees to it).

mod project;
mod shim;
mod sync;
mod sync_checks;
mod sync_safety;
mod world;
