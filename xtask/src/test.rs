//! `cargo xtask test`: the tests of the whole workspace, as CI runs them.

use crate::child;
use crate::failure::Failure;

pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let own = ["test", "--workspace"].map(str::to_owned);
    child::succeed(&mut child::cargo(own.iter().chain(arguments)))
}
