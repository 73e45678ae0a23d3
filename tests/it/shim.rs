//! The hook shims (hooks/*.sh) as git runs them: with and without the program, and with a hook that was there before.

use std::fs;
use std::path::Path;

use tracks::domain::hook::Hook;
use tracks::domain::name::BranchName;
use tracks::files::Shim;

use crate::world::{Ran, World};

/// Stands in for the program: notes how it was called and what it could read, and fails where a file says so.
const PROGRAM: &str = r#"#!/bin/sh
echo "tracks $*" >>"$HOME/calls"
case "$4 $*" in *push*|*transaction*) sed 's/^/  < /' >>"$HOME/calls" ;; esac
[ ! -e "$HOME/tracks-refuses" ]
"#;

const OLDER_HOOK: &str = r#"#!/bin/sh
echo "older $*" >>"$HOME/calls"
case $0 in *push*|*transaction*) sed 's/^/  < /' >>"$HOME/calls" ;; esac
[ ! -e "$HOME/older-refuses" ]
"#;

/// A repository on the track branch `track/api`, with one hook installed.
struct Hooked {
    world: World,
    hook: Hook,
}

impl Hooked {
    fn new(hook: &str, chained: bool) -> Self {
        let hooked = Hooked {
            world: World::of("main: One\n  a = 1\n"),
            hook: Hook::named(hook).expect("a hook of ours"),
        };
        hooked.world.git(&["switch", "--quiet", "-c", "track/api"]);
        hooked.world.write_program("home/it's the program", PROGRAM);
        let place = format!("repo/.git/hooks/{hook}.before-tracks");
        if chained {
            hooked.world.write_program(&place, OLDER_HOOK);
        }
        let older = chained.then(|| hooked.world.root().join(place));
        hooked.install(older.unwrap_or_default().as_path(), "refuse");
        hooked
    }

    fn install(&self, chained: &Path, missing: &str) {
        let program = self.world.root().join("home/it's the program");
        let branch = |name| BranchName::new(name).expect("a branch name");
        let both = [branch("track/api"), branch("track/ui")];
        let text = Shim {
            hook: self.hook,
            chained: Some(chained).filter(|path| !path.as_os_str().is_empty()),
            program: &program,
            refusing: match missing {
                "refuse" => &both,
                _ => &[],
            },
            guarded: &both,
        }
        .script();
        self.world
            .write_program(&format!("repo/.git/hooks/{}", self.hook), &text);
    }

    /// Git with a PATH that does not have the built tool in it, so that the recorded place counts.
    fn git(&self, arguments: &[&str]) -> Ran {
        let path = self
            .world
            .run_in(self.world.root(), "sh", &["-c", "echo \"${PATH#*:}\""])
            .stdout;
        let mut command = self.world.command(&self.world.repo(), "git");
        let output = command
            .args(arguments)
            .env("PATH", path.trim_end())
            .env_remove("TRACKS_NEWS")
            .output()
            .expect("git starts");
        self.world.ran(&output)
    }

    /// Starts the hook as git would, but under this shell; `None` where there is no such shell.
    fn under(&self, shell: &[&str], arguments: &[&str], input: &str) -> Option<Ran> {
        self.world.write_at("home/stdin", input);
        let input = self.world.root().join("home/stdin");
        let mut command = self.world.command(&self.world.repo(), shell[0]);
        let output = command
            .args(&shell[1..])
            .arg(format!(".git/hooks/{}", self.hook))
            .args(arguments)
            .stdin(fs::File::open(input).expect("it was just written"))
            .env_remove("TRACKS_NEWS")
            .output();
        match output {
            Ok(output) => Some(self.world.ran(&output)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("{shell:?}: {error}"),
        }
    }

    fn commit(&self) -> Ran {
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "Work"])
    }

    fn without_the_program(self) -> Self {
        fs::remove_file(self.world.root().join("home/it's the program"))
            .expect("the program is there until now");
        self
    }

    fn forget_calls(&self) {
        // There may be none.
        let _ = fs::remove_file(self.world.root().join("home/calls"));
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.world.root().join("home/calls")).unwrap_or_default()
    }
}

const SHELLS: [&[&str]; 3] = [&["sh"], &["bash", "--posix"], &["busybox", "sh"]];

#[test]
fn the_program_decides() {
    let hooked = Hooked::new("pre-commit", false);
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(hooked.calls(), "tracks hooks run pre-commit --\n");
    hooked.world.write_at("home/tracks-refuses", "");
    assert_eq!(hooked.commit().status, 1);
    assert_eq!(hooked.world.git(&["rev-list", "--count", "HEAD"]), "2");
}

#[test]
fn arguments_are_passed_on_to_both_and_the_older_hook_goes_first() {
    let hooked = Hooked::new("prepare-commit-msg", true);
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(
        hooked.calls(),
        "older .git/COMMIT_EDITMSG message\ntracks hooks run prepare-commit-msg -- .git/COMMIT_EDITMSG message\n"
    );
}

#[test]
fn an_older_hook_that_refuses_ends_it() {
    let hooked = Hooked::new("pre-commit", true);
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 1);
    assert_eq!(hooked.calls(), "older \n");
}

#[test]
fn after_the_fact_both_are_told_whatever_the_older_says() {
    let hooked = Hooked::new("post-commit", true);
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 0);
    let mut calls = String::new();
    while calls.lines().count() < 2 {
        calls = hooked.calls();
    }
    let mut calls: Vec<&str> = calls.lines().collect();
    calls.sort_unstable();
    assert_eq!(calls, ["older ", "tracks hooks run post-commit --"]);
}

#[test]
fn both_read_what_git_says_on_stdin() {
    let hooked = Hooked::new("pre-push", true);
    hooked
        .world
        .git(&["init", "--quiet", "--bare", "../other.git"]);
    hooked
        .world
        .git(&["remote", "add", "origin", "../other.git"]);
    let id = hooked.world.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        hooked
            .git(&["push", "--quiet", "origin", "track/api"])
            .status,
        0
    );
    let line = format!(
        "  < refs/heads/track/api {id} refs/heads/track/api {}\n",
        "0".repeat(40)
    );
    assert_eq!(
        hooked.calls(),
        format!(
            "older origin ../other.git\n{line}tracks hooks run pre-push -- origin ../other.git\n{line}"
        )
    );
}

#[test]
fn of_a_reference_transaction_only_the_phase_that_can_refuse_starts_the_program() {
    let hooked = Hooked::new("reference-transaction", false);
    assert_eq!(hooked.git(&["branch", "other"]).status, 0);
    assert_eq!(hooked.calls(), "", "no branch of ours");
    assert_eq!(hooked.git(&["branch", "track/ui"]).status, 0);
    let calls = hooked.calls();
    let started = calls.lines().filter(|line| line.starts_with("tracks"));
    let started: Vec<&str> = started.collect();
    assert!(!started.is_empty());
    assert!(
        started
            .iter()
            .all(|line| *line == "tracks hooks run reference-transaction -- prepared"),
        "{calls}"
    );
    hooked.world.write_at("home/tracks-refuses", "");
    assert_ne!(hooked.commit().status, 0);
    assert_eq!(hooked.git(&["branch", "another"]).status, 0);
}

/// Where the shim reads a line at a time no further.
const FEW: usize = 32;

#[test]
fn of_a_transaction_of_any_size_every_shell_passes_on_what_is_ours() {
    let (alone, chained) = (
        Hooked::new("reference-transaction", false),
        Hooked::new("reference-transaction", true),
    );
    let line = |name: String| format!("{} {} refs/heads/{name}\n", "0".repeat(40), "1".repeat(40));
    let noted = |lines: &[&str]| -> String {
        let noted = lines.iter().map(|line| format!("  < {line}\n"));
        noted.collect()
    };
    let called = "tracks hooks run reference-transaction -- prepared\n";
    for shell in SHELLS {
        for count in [0, 1, FEW - 1, FEW, FEW + 1] {
            let others: Vec<String> = (0..count)
                .map(|nth| line(format!("track/ap and ü {nth}/track/api ")))
                .collect();
            let others = others.concat();
            let mut inputs = vec![others.clone(), others.trim_end().to_owned()];
            if count > 0 {
                let ours = line("track/api".to_owned());
                let rest = others.split_once('\n').map_or("", |(_, rest)| rest);
                inputs.push(format!("{ours}{rest}"));
                inputs.push(format!("{rest}{ours}"));
                inputs.push(format!("{rest}{ours}").trim_end().to_owned());
            }
            for input in inputs {
                let what = format!("{shell:?}, {count} lines\n{input}");
                let lines: Vec<&str> = input.lines().collect();
                let is_ours = |line: &&str| line.ends_with(" refs/heads/track/api");
                let any = lines.iter().any(is_ours);
                let near = |line: &&str| line.contains("refs/heads/track/api");
                let passed_on = |of_the_first: bool| -> String {
                    let kept = lines.iter().enumerate().filter(|(nth, line)| {
                        (of_the_first && *nth < FEW) || lines.len() < FEW || near(line)
                    });
                    let kept: Vec<&str> = kept.map(|(_, line)| *line).collect();
                    match any {
                        true => format!("{called}{}", noted(&kept)),
                        false => String::new(),
                    }
                };
                alone.forget_calls();
                let Some(ran) = alone.under(shell, &["prepared"], &input) else {
                    continue;
                };
                assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{what}");
                assert_eq!(alone.calls(), passed_on(true), "{what}");

                chained.forget_calls();
                let ran = chained.under(shell, &["prepared"], &input);
                assert_eq!(ran.map(|ran| ran.status), Some(0), "{what}");
                assert_eq!(
                    chained.calls(),
                    format!("older prepared\n{}{}", noted(&lines), passed_on(false)),
                    "{what}"
                );
                chained.forget_calls();
                let ran = chained.under(shell, &["committed"], &input);
                assert_eq!(ran.map(|ran| ran.status), Some(0), "{what}");
                let told = format!("older committed\n{}", noted(&lines));
                assert_eq!(chained.calls(), told, "{what}");
            }
        }
    }
}

#[test]
fn one_branch_of_ours_among_many_refuses_the_whole_transaction() {
    let hooked = Hooked::new("reference-transaction", false);
    hooked.world.write_at("home/tracks-refuses", "");
    let update = |ours: &str| {
        let names = (0..100).map(|nth| format!("create refs/heads/other-{nth:02} HEAD\n"));
        let all: String = names.chain([ours.to_owned()]).collect();
        hooked.world.write("updates", &all);
        hooked.git(&[
            "config",
            "alias.updates",
            "!git update-ref --stdin <updates",
        ]);
        let before = hooked.world.git(&["for-each-ref"]);
        let status = hooked.git(&["updates"]).status;
        (status == 0, before == hooked.world.git(&["for-each-ref"]))
    };
    assert_eq!(update("create refs/heads/track/ui HEAD\n"), (false, true));
    assert_eq!(update(""), (true, false));
}

/// Goes on until it is told to end, or for very long.
const LONG_PROGRAM: &str = r#"#!/bin/sh
n=0
while [ ! -e "$HOME/end" ] && [ "$n" -lt 3000000 ]; do n=$((n + 1)); done
echo "ended $*" >>"$HOME/calls"
"#;

#[test]
fn what_runs_in_the_background_holds_open_nothing_of_whoever_called_git() {
    let hooked = Hooked::new("post-commit", false);
    hooked
        .world
        .write_program("home/it's the program", LONG_PROGRAM);
    // Each `cat` ends when nobody holds the other end of its pipe any more.
    let alias = "!{ git commit -q --allow-empty -m x 2>&1 9>&1 | cat; } 3>&1 | cat";
    hooked.git(&["config", "alias.held", alias]);
    assert_eq!(hooked.git(&["held"]).status, 0);
    // Here it is the test that reads to the end of what the hook says.
    let shells = SHELLS.iter().filter_map(|shell| {
        let ran = hooked.under(shell, &[], "").filter(|ran| ran.status != 127);
        ran.map(|ran| assert_eq!(ran.status, 0, "{shell:?}: {}", ran.stderr))
    });
    let started = 1 + shells.count();
    assert_eq!(hooked.calls(), "", "all are still there");
    hooked.world.write_at("home/end", "");
    while hooked.calls().lines().count() < started {}
    assert_eq!(
        hooked.calls(),
        "ended hooks run post-commit --\n".repeat(started)
    );
}

#[test]
fn what_tracks_has_git_do_is_news_to_nobody() {
    let hooked = Hooked::new("post-checkout", true);
    let checkout = |moves: &str| {
        let alias = format!("!TRACKS_MOVES={moves} git switch -q main && git switch -q track/api");
        hooked.git(&["config", "alias.there-and-back", &alias]);
        assert_eq!(hooked.git(&["there-and-back"]).status, 0);
    };
    checkout("1");
    // Only the way back.
    while !hooked.calls().contains("tracks") {}
    let calls = hooked.calls();
    let of = |who: &str| calls.lines().filter(|line| line.starts_with(who)).count();
    assert_eq!((of("older"), of("tracks")), (2, 1), "{calls}");
}

#[test]
fn settings_of_a_shell_that_come_with_the_environment_change_nothing() {
    for hook in ["pre-push", "post-merge", "reference-transaction"] {
        let hooked = Hooked::new(hook, false).without_the_program();
        hooked.world.git(&["switch", "--quiet", "main"]);
        for settings in ["nounset", "errexit", "noglob", "nounset:errexit:noglob"] {
            let set = format!("SHELLOPTS={settings}");
            let shell = ["env", set.as_str(), "PATH=/usr/bin:/bin", "bash", "--posix"];
            let ran = hooked.under(&shell, &["prepared", "0", "1"], "");
            let Some(ran) = ran.filter(|ran| ran.status != 127) else {
                continue;
            };
            assert_eq!(ran.status, 0, "{hook}, {settings}: {}", ran.stderr);
            assert!(!ran.stderr.contains("unbound"), "{}", ran.stderr);
        }
    }
}

#[test]
fn without_the_program_a_track_is_stopped_with_one_sentence_and_others_are_not() {
    let hooked = Hooked::new("pre-commit", false).without_the_program();
    let ran = hooked.commit();
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!(ran.shown(), @r"
    exit: 1
    --- stdout
    --- stderr
    tracks: the pre-commit hook needs the program `tracks`, which is neither at [ROOT]/home/it's the program nor in PATH: install it and run `tracks hooks install`, or go past the hook this once with --no-verify.
    ");
    assert_eq!(
        hooked
            .git(&["commit", "-q", "--no-verify", "--allow-empty", "-m", "x"])
            .status,
        0
    );
    hooked.world.git(&["switch", "--quiet", "main"]);
    let elsewhere = hooked.commit();
    assert_eq!(elsewhere.status, 0);
    assert!(
        elsewhere.stderr.contains("install it"),
        "{}",
        elsewhere.stderr
    );
}

#[test]
fn without_the_program_it_only_warns_where_that_is_wished() {
    let hooked = Hooked::new("pre-commit", false).without_the_program();
    hooked.install(Path::new(""), "warn");
    let ran = hooked.commit();
    assert_eq!(ran.status, 0);
    assert!(ran.stderr.contains("nor in PATH"), "{}", ran.stderr);
}

#[test]
fn without_the_program_the_older_hook_still_counts() {
    let hooked = Hooked::new("commit-msg", true).without_the_program();
    assert_eq!(hooked.commit().status, 0);
    assert_eq!(hooked.calls(), "older .git/COMMIT_EDITMSG\n");
    hooked.world.write_at("home/older-refuses", "");
    assert_eq!(hooked.commit().status, 1);
}
