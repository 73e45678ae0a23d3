//! The programs that are needed: git, this one, and what tracks.toml names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::project::{Command, Severity};
use crate::git::{Git, OpenError};
use crate::ops::Session;
use crate::ops::trust::Trust;
use crate::process::{environment, find_program};
use crate::store::StoreError;

use super::Report;

/// Below this, uncommitted work cannot be merged without making throw-away commits first.
const MERGES_TREES: (u32, u32) = (2, 45);

/// The git to go on with, if there is one at all.
pub(super) fn git(report: &mut Report) -> Option<Git> {
    const CODE: &str = "DOC-GIT";
    match Git::find() {
        Ok(git) => {
            let (major, minor, patch) = git.version();
            report.looked_at(format!("git {major}.{minor}.{patch}"));
            if (major, minor) < MERGES_TREES {
                report.info(
                    CODE,
                    format!(
                        "git {major}.{minor} merges no trees, so that uncommitted work is compared by way of throw-away commits"
                    ),
                    format!("git {}.{} or newer is quicker", MERGES_TREES.0, MERGES_TREES.1),
                );
            }
            Some(git)
        }
        Err(error) => {
            report.looked_at("git");
            let fix = match &error {
                OpenError::NoGit => "install git, or put it on the PATH",
                OpenError::GitTooOld { .. } => "install a newer git, or put one first on the PATH",
                _ => "see what `git version` says; tracks runs the first git on the PATH",
            };
            report.error(CODE, error.to_string(), fix);
            // Whatever it is, files can be looked at.
            Git::unasked().ok()
        }
    }
}

/// Whether who says `tracks` gets this program.
pub(super) fn tracks(report: &mut Report) {
    const CODE: &str = "DOC-PROGRAM";
    report.looked_at("tracks on the PATH");
    let Ok(this) = environment::program() else {
        return;
    };
    let same = |a: &Path, b: &Path| match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    };
    match find_program("tracks") {
        Some(found) if same(&found, &this) => {}
        Some(found) => report.warning(
            CODE,
            format!(
                "`tracks` on the PATH is {}, and this is {}",
                found.display(),
                this.display()
            ),
            "put the one that is meant first on the PATH, then `tracks hooks install`",
        ),
        None => report.warning(
            CODE,
            "there is no `tracks` on the PATH, so that agents and timers do not find it by its name",
            format!(
                "put {} on the PATH",
                this.parent().unwrap_or(&this).display()
            ),
        ),
    }
}

/// What checks, services and contracts name.
pub(super) fn tools(report: &mut Report, session: &Session) {
    let project = &session.project;
    // By program: who needs it, and whether it can do without.
    let mut needed: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    let mut need = |program: &str, whose: String, spare: bool| {
        let users = needed.entry(program.to_owned()).or_default();
        if !users.iter().any(|(known, _)| *known == whose) {
            users.push((whose, spare));
        }
    };
    for check in &project.checks {
        if check.settings.env.contains_key("PATH") {
            // It looks for them elsewhere.
            continue;
        }
        let whose = format!("check {}", check.name);
        let commands = std::iter::once(&check.run).chain(&check.retry);
        let programs = check.tools.iter().map(String::as_str);
        for program in programs.chain(commands.filter_map(program_of)) {
            need(program, whose.clone(), check.allow_failure);
        }
    }
    for (name, service) in &project.services {
        let commands = [
            Some(&service.start),
            service.ready.as_ref(),
            service.stop.as_ref(),
        ];
        for program in commands.into_iter().flatten().filter_map(program_of) {
            need(program, format!("service {name}"), false);
        }
    }
    for program in project.layout.setup.iter().filter_map(program_of) {
        need(program, "setup".to_owned(), false);
    }
    for track in &project.tracks {
        let setup = track.setup.iter().flatten();
        for program in setup.filter_map(program_of) {
            need(program, format!("setup of track {}", track.id), false);
        }
    }
    for contract in &project.contracts {
        if let Some(program) = contract.compatible.as_ref().and_then(program_of) {
            need(program, format!("contract {}", contract.name), false);
        }
    }
    let count = needed.len();
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        report.looked_at(format!("{count} program{plural} that tracks.toml needs"));
    }
    for (program, users) in needed {
        if find_program(&program).is_some() {
            continue;
        }
        let severity = match users.iter().all(|(_, spare)| *spare) {
            true => Severity::Warning,
            false => Severity::Error,
        };
        let names: Vec<String> = users.into_iter().map(|(whose, _)| whose).collect();
        let verb = if names.len() == 1 { "needs" } else { "need" };
        report.add(
            "DOC-TOOL",
            severity,
            format!(
                "{} {verb} `{program}`, which is not on the PATH",
                names.join(", ")
            ),
            format!("install {program}, or put it on the PATH"),
        );
    }
}

/// The program that a command starts first, if it is to be looked for on the PATH. Of a line for the shell only where that is
/// plain: what a shell makes of another, only the shell knows.
fn program_of(command: &Command) -> Option<&str> {
    let program = match command {
        Command::Argv(words) => words.first().map(String::as_str)?,
        Command::Shell(line) => plain_program(line)?,
    };
    (!program.contains('/')).then_some(program)
}

fn plain_program(line: &str) -> Option<&str> {
    /// Builtins, and keywords, of POSIX shells.
    const OF_SHELL: &str = " . : [ alias bg break case cd command continue do done echo elif else esac eval exec exit export \
        false fc fg fi for function getopts hash if in jobs kill printf pwd read readonly return set shift source test then time \
        times trap true type ulimit umask unalias unset until wait while ";
    let word = line.split_whitespace().next()?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._+-/".contains(c);
    let is_of_shell = OF_SHELL.split_whitespace().any(|it| it == word);
    // Whatever comes behind may define it, or say where it is found.
    let is_simple = !line.contains(['(', ')', '`', '$', '\n', '{', '}']);
    (word.chars().all(is_plain) && !is_of_shell && is_simple).then_some(word)
}

pub(super) fn trust(report: &mut Report, session: &Session) -> Result<(), StoreError> {
    let trust = Trust::load(session, false)?;
    let missing = trust.missing(&session.project).len();
    report.looked_at("approvals");
    if missing > 0 {
        let what = match missing {
            1 => "1 command of tracks.toml is not approved here, and is".to_owned(),
            _ => format!("{missing} commands of tracks.toml are not approved here, and are"),
        };
        report.warning(
            "DOC-TRUST",
            format!("{what} skipped by hooks and timers"),
            "look at them and approve them: `tracks trust`",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plain_program;

    #[test]
    fn programs_of_lines() {
        for (line, expected) in [
            ("make test && npm test", Some("make")),
            ("  cargo test | tee x", Some("cargo")),
            ("./x.sh", Some("./x.sh")),
            ("cd src && make", None),
            ("if true; then make; fi", None),
            ("A=1 make", None),
            ("$TOOL x", None),
            ("'my tool' x", None),
            ("f() { x; }; f", None),
            ("[ -f x ]", None),
            ("make; x", None),
            ("make;x", None),
            ("", None),
        ] {
            assert_eq!(plain_program(line), expected, "{line}");
        }
    }
}
