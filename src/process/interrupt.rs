//! Interruption by the user (SIGINT) or by who started us (SIGTERM): noted, so that work can stop cleanly.

/// Whether somebody asked us to stop. Clones share the state.
#[derive(Debug, Clone)]
pub struct Interrupt {}

impl Interrupt {
    /// Starts to listen. The first signal is noted; a second one ends the process at once with its exit status.
    pub fn listen() -> Self {
        todo!()
    }

    /// One that never comes, for tests and for short commands.
    pub fn never() -> Self {
        todo!()
    }

    /// 130 or 143 once a signal has come.
    pub fn exit_status(&self) -> Option<u8> {
        todo!()
    }
}
