//! tracks
pub mod config;
pub mod domain;
pub mod files;
pub mod git;
pub mod process;
pub mod store;
