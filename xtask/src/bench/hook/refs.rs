//! What the reference-transaction hook costs where a ref is moved that does not concern it.

use std::fs::File;
use std::path::PathBuf;

use super::world::World;
use super::{BACKSTOP, IDLE_TRANSACTION, NONE, rows};
use crate::bench::measure::{Contender, in_turns};
use crate::child;
use crate::failure::Failure;

const TURNS: usize = 60;
const MANY: usize = 1000;
const TURNS_OF_MANY: usize = 15;

pub(super) fn run(world: &World<'_>) -> Result<(), Failure> {
    let one = input(world, 1)?;
    let many = input(world, MANY)?;
    for (refs, input, turns) in [(1, one, TURNS), (MANY, many, TURNS_OF_MANY)] {
        let update = || {
            let mut command = world.command("git");
            command
                .args(["update-ref", "--stdin"])
                .stdin(File::open(&input).map_err(Failure::at(&input))?);
            child::succeed(&mut command)
        };
        let contender = |name: &str, hooks: &'static str| {
            Contender::new(name, update).prepared_by(move || world.stand(hooks))
        };
        let times = in_turns(
            turns,
            vec![
                contender("no hook", NONE),
                contender("a hook of sh that does nothing", IDLE_TRANSACTION),
                contender("tracks, reference_transaction = true", BACKSTOP),
            ],
        )?;
        let title = format!(
            "git update-ref, {refs} {} that no track is concerned with",
            if refs == 1 { "ref" } else { "refs" }
        );
        crate::say(&rows(&title, &times, &times[0]));
        let ours = times[2].over(&times[1]);
        crate::say(&format!(
            "  over the hook that does nothing: {:+.2} ms ({:+.2} to {:+.2})",
            ours.median, ours.middle_half.0, ours.middle_half.1
        ));
    }
    Ok(())
}

/// A transaction that leaves the refs where they are the next time it runs.
fn input(world: &World<'_>, refs: usize) -> Result<PathBuf, Failure> {
    let path = world.dir.join(".git").join(format!("bench-refs-{refs}"));
    let lines: String = (0..refs)
        .map(|nth| {
            format!(
                "update refs/heads/elsewhere/{refs}-{nth:04} {}\n",
                world.start
            )
        })
        .collect();
    std::fs::write(&path, lines).map_err(Failure::at(&path))?;
    Ok(path)
}
