//! Git hooks: what they do when git starts them (`run`), putting them in place beside those of others (`install`), taking them
//! away, and whether git would really run them (`status`); and what agents ask before they write (`agent`).

pub mod agent;
mod error;
pub mod install;
pub mod new_server;
mod plan;
pub mod run;
mod skipped;
pub mod status;
pub mod uninstall;

pub use error::HooksError;
pub use plan::wanted;
pub use skipped::Skipped;
