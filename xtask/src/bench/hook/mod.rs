//! A commit in a track's worktree with the hooks of `tracks`, and with those of others that do nothing, over one without hooks.

mod manager;
mod refs;
mod world;

use crate::child;
use crate::failure::Failure;

use self::manager::Manager;
use self::world::{Ends, Staged, World};
use super::cases::Bench;
use super::measure::{Contender, Times, in_turns, milliseconds};

const FILES: u64 = 50_000;
const TRACKS: u64 = 20;
const TURNS: usize = 15;
const TURNS_OF_BACKGROUND: usize = 5;

/// Sets of hooks.
const NONE: &str = "none";
const IDLE: &str = "idle";
const IDLE_TRANSACTION: &str = "idle-transaction";
const SAYS_NO: &str = "says-no";
const OURS: &str = "tracks";
const BACKSTOP: &str = "tracks-with-backstop";

const NO_HOOK: &str = "no hook";
const TRACKS_MADE: &str = "tracks";
const TRACKS_REFUSED: &str = "tracks, refused with findings";

pub(super) fn run(bench: &Bench) -> Result<(), Failure> {
    let files = bench.options.files.unwrap_or(FILES);
    let tracks = bench.options.tracks.unwrap_or(TRACKS);
    let managers = Manager::all(&bench.dir);
    let world = World::new(bench, files, tracks)?;
    install(bench, &world, &managers)?;
    prove(&world, &managers)?;
    for staged in [1, 100] {
        let times = commits(&world, &managers, staged)?;
        let title = format!(
            "Commit of {staged} {}, {files} files, {tracks} tracks",
            if staged == 1 { "file" } else { "files" },
        );
        let without = named(&times, NO_HOOK)?;
        crate::say(&rows(&title, &times, without));
        crate::say(&verdict(&times, &managers)?);
    }
    refs::run(&world)?;
    background(&world)
}

fn install(bench: &Bench, world: &World<'_>, managers: &[Manager]) -> Result<(), Failure> {
    // First with an empty directory, so that nobody finds anybody's hooks before its own.
    world.install_script(IDLE, &["pre-commit"], "exit 0")?;
    world.install_script(IDLE_TRANSACTION, &["reference-transaction"], "exit 0")?;
    world.install_script(SAYS_NO, &["pre-commit"], "exit 1")?;
    for manager in managers {
        manager.install(world)?;
    }
    world.install(BACKSTOP, || {
        bench.tracks(&world.dir, &["init", "--yes"], &[0])?;
        // As files, whatever git can do: they have to be changed from turn to turn.
        let install = ["hooks", "install", "--shims"];
        bench.tracks(&world.dir, &install, &[0]).map(|_| ())
    })?;
    let names = world.names(BACKSTOP)?;
    crate::say(&format!("tracks installs {}", names.join(", ")));
    match names.iter().any(|name| name == "reference-transaction") {
        true => world.install_without(OURS, BACKSTOP, "reference-transaction"),
        false => Err(Failure::new("no reference-transaction hook came of tracks")),
    }
}

/// Who is to let a commit pass does, and who is to refuse it says why.
fn prove(world: &World<'_>, managers: &[Manager]) -> Result<(), Failure> {
    for hooks in [NONE, IDLE, OURS, BACKSTOP] {
        world.prepare(hooks, 1, Staged::Own)?;
        world.commit(&[], &[], Ends::Made)?;
        world.check(Ends::Made)?;
    }
    for manager in managers {
        world.prepare(manager.name, 1, Staged::Own)?;
        world.commit(&[], &manager.environment, Ends::Made)?;
        world.check(Ends::Made)?;
    }
    for hooks in [OURS, BACKSTOP] {
        world.prepare(hooks, 1, Staged::OfAnother)?;
        let ran = world.commit(&[], &[], Ends::Refused)?;
        let said = String::from_utf8_lossy(&ran.stderr);
        if !said.contains("OWN01") {
            return Err(Failure::new(format!(
                "a commit of files of another track was refused without OWN01\n{said}"
            )));
        }
        world.check(Ends::Refused)?;
    }
    // Past pre-commit only the backstop is left.
    world.prepare(OURS, 1, Staged::OfAnother)?;
    world.commit(&["--no-verify"], &[], Ends::Made)?;
    world.prepare(BACKSTOP, 1, Staged::OfAnother)?;
    let mut command = world.command("git");
    command.args(["commit", "--quiet", "--no-verify", "--message=Work"]);
    match child::output(&mut command) {
        Ok(_) => Err(Failure::new(
            "a commit of files of another track was made with --no-verify, in spite of the reference-transaction hook",
        )),
        Err(_) => world.check(Ends::Refused),
    }
}

/// Each in its turn.
fn commits(world: &World<'_>, managers: &[Manager], staged: u64) -> Result<Vec<Times>, Failure> {
    let contender = |name: String, hooks: &'static str, ends: Ends| {
        let whose = match (hooks, ends) {
            (OURS, Ends::Refused) => Staged::OfAnother,
            _ => Staged::Own,
        };
        let manager = managers.iter().find(|manager| manager.name == hooks);
        let environment = manager.map_or(&[][..], |manager| &manager.environment);
        Contender::new(name, move || {
            world.commit(&[], environment, ends).map(|_| ())
        })
        .prepared_by(move || world.prepare(hooks, staged, whose))
    };
    let made = |name: &str, hooks| contender(name.to_owned(), hooks, Ends::Made);
    let refused = |name: &str, hooks| contender(name.to_owned(), hooks, Ends::Refused);
    let mut contenders = vec![
        made(NO_HOOK, NONE),
        made("a hook of sh that does nothing", IDLE),
        made(TRACKS_MADE, OURS),
        made("tracks, reference_transaction = true", BACKSTOP),
    ];
    for manager in managers {
        contenders.push(contender(manager.shown(), manager.name, Ends::Made));
    }
    contenders.push(refused("a hook of sh that refuses", SAYS_NO));
    contenders.push(refused(TRACKS_REFUSED, OURS));
    let times = in_turns(TURNS, contenders)?;
    world.check(Ends::Refused)?;
    Ok(times)
}

fn named<'t>(times: &'t [Times], name: &str) -> Result<&'t Times, Failure> {
    let mut all = times.iter();
    all.find(|times| times.name == name)
        .ok_or_else(|| Failure::new(format!("{name} was not measured")))
}

/// What each needed, and what of it over the one without any hook in the same turn.
fn rows(title: &str, times: &[Times], without: &Times) -> String {
    let widths = times.iter().map(|row| row.name.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut text = format!(
        "\n{title}: median and least; over no hook in the same turn, median and middle half\n"
    );
    for row in times {
        let over = row.over(without);
        let over = match std::ptr::eq(row, without) {
            true => String::new(),
            false => format!(
                "  {:>+9.2} ms  ({:+.2} to {:+.2})",
                over.median, over.middle_half.0, over.middle_half.1
            ),
        };
        text.push_str(&format!(
            "  {:<width$}  {:>10}  {:>10}{over}\n",
            row.name,
            milliseconds(row.median()),
            milliseconds(row.least()),
        ));
    }
    text
}

/// The tool beside the fastest of the others.
fn verdict(times: &[Times], managers: &[Manager]) -> Result<String, Failure> {
    let without = named(times, NO_HOOK)?;
    let over = |times: &Times| times.over(without).median;
    let others = managers
        .iter()
        .map(|manager| named(times, &manager.shown()))
        .collect::<Result<Vec<&Times>, Failure>>()?;
    let fastest = others
        .into_iter()
        .min_by(|one, two| over(one).total_cmp(&over(two)));
    let Some(fastest) = fastest else {
        return Ok("  beside nobody: none of the others could be had".to_owned());
    };
    let ratio = |name: &str| -> Result<String, Failure> {
        let row = named(times, name)?;
        Ok(format!(
            "{name}: {:.2} × of what {} adds, {:.2} × of its commit",
            over(row) / over(fastest).max(f64::MIN_POSITIVE),
            fastest.name,
            row.median().as_secs_f64() / fastest.median().as_secs_f64(),
        ))
    };
    let backstop = named(times, "tracks, reference_transaction = true")?;
    let backstop = backstop.over(named(times, TRACKS_MADE)?);
    Ok(format!(
        "  {}\n  {}\n  reference_transaction = true adds {:+.2} ms ({:+.2} to {:+.2})",
        ratio(TRACKS_MADE)?,
        ratio(TRACKS_REFUSED)?,
        backstop.median,
        backstop.middle_half.0,
        backstop.middle_half.1,
    ))
}

/// What nobody waits for, but the machine does.
fn background(world: &World<'_>) -> Result<(), Failure> {
    let mut times = Vec::new();
    for _ in 0..TURNS_OF_BACKGROUND {
        times.extend(world.background(OURS)?);
    }
    times.sort_unstable();
    if let (Some(median), Some(most)) = (times.get(times.len() / 2), times.last()) {
        crate::say(&format!(
            "\nafter a commit `tracks` goes on in the background until {} later, at most {}",
            milliseconds(*median),
            milliseconds(*most)
        ));
    }
    Ok(())
}
