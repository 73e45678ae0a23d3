//! The commented starters that `tracks init --template NAME` writes.

/// A starter by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Starter {
    pub name: &'static str,
    /// One line on whom it is for.
    pub about: &'static str,
    pub text: &'static str,
}

/// All of them; the first is the default.
pub fn starters() -> &'static [Starter] {
    todo!()
}
