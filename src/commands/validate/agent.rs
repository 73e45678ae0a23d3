//! `tracks validate --stdin-agent`: what an agent's settings name, and what runs before each of its writes.

use std::io::Read as _;

use crate::domain::agent::Agent;
use crate::failure::DONE;
use crate::ops::hooks::agent::{Advice, advise};
use crate::ops::{OpenOptions, Session};
use crate::process::Interrupt;
use crate::ui::agent::{answer, asked};

use super::Context;

/// Whatever goes wrong is no reason to keep anybody from writing: the hooks of git and `tracks validate` judge all the same.
pub(super) fn run(agent: Agent, context: &Context) -> u8 {
    if let Some(advice) = advice(agent, context) {
        context.terminal.document(&answer(agent, &advice));
    }
    DONE
}

fn advice(agent: Agent, context: &Context) -> Option<Advice> {
    let mut input = Vec::new();
    std::io::stdin().lock().read_to_end(&mut input).ok()?;
    let asked = asked(agent, &input)?;
    let dir = asked.dir.filter(|dir| dir.is_absolute() && dir.is_dir());
    let dir = dir.unwrap_or_else(|| context.dir.clone());
    let options = OpenOptions {
        dir: dir.clone(),
        prefer_remote: false,
        interrupt: Interrupt::never(),
    };
    let session = Session::open_quickly(options).ok()?;
    advise(&session, &dir, &asked.files).ok()?
}
