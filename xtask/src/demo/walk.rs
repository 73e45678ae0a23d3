//! The walk through the small shop, from init to a landed phase; each step with what is expected of it.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::{Options, shop};
use crate::child;
use crate::failure::Failure;
use crate::scratch::Scratch;
use crate::sealed::Sealed;

/// One command of the walk.
struct Step {
    arguments: &'static [&'static str],
    expected: i32,
    /// Told before the command runs: what it does, and what to look at.
    story: &'static str,
}

const INIT: Step = Step {
    arguments: &["init", "--yes"],
    expected: 0,
    story: "tracks.toml names four tracks. `init` gives each a branch and a worktree of its own.
--yes approves, for this one run, the commands that tracks.toml would start.",
};

const AFTER_THE_WORK: &[Step] = &[
    Step {
        arguments: &["status"],
        expected: 0,
        story: "One row a track, and then what to do next. Look at the row of catalog, which has a file that is not
committed, and at the collisions: nobody has merged anything yet.",
    },
    Step {
        arguments: &["conflicts"],
        expected: 1,
        story: "Every pair of tracks, merged in memory. pricing and discounts changed the same lines of
src/shared/prices.sh: that is the one conflict, and why the exit status is 1.",
    },
    Step {
        arguments: &["check", "--yes"],
        expected: 0,
        story: "Each track's own checks, side by side. All pass: every track is fine by itself.",
    },
    Step {
        arguments: &["sync", "--yes"],
        expected: 1,
        story: "One round. pricing comes first in the order. discounts does not merge with it and stays out. checkout merges
without a word from git, and yet the merged tree fails its tests: checkout calls `total`, which pricing has
renamed. The round finds that out, leaves checkout out too, and says why. What fits becomes the integration branch.",
    },
];

/// A pair of tracks that is put right: opened, solved, recorded.
struct Pair {
    open: Step,
    /// The worktree, and the folder of files that solve it.
    name: &'static str,
    solved: &'static str,
    record: Step,
}

const PAIRS: &[Pair] = &[
    Pair {
        open: Step {
            arguments: &["resolve", "pricing", "discounts"],
            expected: 1,
            story: "The conflict is solved once. `resolve` opens it in a worktree of its own, with git's ordinary markers;
the exit status is 1 as long as something is to be solved.",
        },
        name: "pricing-discounts",
        solved: "Both are wanted: the new name, and the discount. The test of discounts has to call the new name, too.",
        record: Step {
            arguments: &["resolve", "pricing", "discounts", "--yes"],
            expected: 0,
            story: "The same command again: the checks run on the result, and it is recorded for every later round.",
        },
    },
    Pair {
        open: Step {
            arguments: &["resolve", "pricing", "checkout", "--fix"],
            expected: 1,
            story: "pricing and checkout merge clean and do not work together. That can be put right in the same way.",
        },
        name: "pricing-checkout",
        solved: "checkout is to call `order_total`.",
        record: Step {
            arguments: &["resolve", "pricing", "checkout", "--yes"],
            expected: 0,
            story: "Recorded: it is applied whenever both tracks are in a round, and neither branch was touched.",
        },
    },
];

const TO_THE_END: &[Step] = &[
    Step {
        arguments: &["sync", "--yes"],
        expected: 0,
        story: "The next round takes all four, says what it resolved and by whose word, and is green.",
    },
    Step {
        arguments: &["land", "--yes"],
        expected: 0,
        story: "main moves to the green integration commit, and with it the worktree that has it checked out.",
    },
    Step {
        arguments: &["status"],
        expected: 0,
        story: "Everything has landed.",
    },
    Step {
        arguments: &["log"],
        expected: 0,
        story: "And this is the report of the phase: every operation, the refs it moved, and what it did. `tracks undo` takes
the last one back, `tracks rollback` a landing.",
    },
];

/// What the first round must have come to.
const INTEGRATED: &[&str] = &["pricing", "catalog"];
const LEFT_OUT: &[&str] = &["checkout", "discounts"];

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let tracks = child::build_tracks(options.profile())?;
    let mut scratch = match &options.dir {
        Some(dir) => Scratch::at(dir)?,
        None => Scratch::new("tracks-demo")?,
    };
    if options.keep {
        scratch.keep();
    }
    let walk = Walk {
        tracks,
        sealed: Sealed::with_fixed_clock(&scratch.path().join("home"))?,
        repository: scratch.path().join("shop"),
        quick: options.quick,
    };
    let result = walk.all();
    if scratch.kept() {
        crate::say(&format!(
            "\nThe repository is left in {}",
            walk.repository.display()
        ));
    }
    result
}

struct Walk {
    tracks: PathBuf,
    sealed: Sealed,
    repository: PathBuf,
    quick: bool,
}

impl Walk {
    fn all(&self) -> Result<(), Failure> {
        title("A small shop, and four tracks that work on it at the same time");
        shop::build(&self.sealed, &self.repository)?;
        self.show_git(&["ls-files"])?;

        let steps = 1 + AFTER_THE_WORK.len() + 2 * PAIRS.len() + TO_THE_END.len();
        let mut numbers = 1..;
        let mut next = |step: &Step| -> Result<(), Failure> {
            self.step(numbers.next().unwrap_or_default(), steps, step)
        };
        next(&INIT)?;
        self.four_people_work()?;
        for step in AFTER_THE_WORK {
            next(step)?;
        }
        self.look_at_integration()?;
        for pair in PAIRS {
            next(&pair.open)?;
            self.solve(pair)?;
            next(&pair.record)?;
        }
        for step in TO_THE_END {
            next(step)?;
        }
        self.look_at_main()
    }

    fn solve(&self, pair: &Pair) -> Result<(), Failure> {
        title(&format!("Somebody solves it in .resolve-{}", pair.name));
        crate::say(pair.solved);
        let name = format!(".resolve-{}", pair.name);
        let worktree = self.repository.join("worktrees").join(name);
        let place = worktree.to_string_lossy().into_owned();
        if !worktree.is_dir() {
            return Err(Failure::new(format!("there is no worktree {place}")));
        }
        if !self.sealed.git(&worktree, &["diff"])?.is_empty() {
            self.show_git(&["-C", &place, "diff"])?;
        }
        shop::solve(&self.sealed, &worktree, pair.name)?;
        self.show_git(&["-C", &place, "diff", "--cached", "--stat", "HEAD"])
    }

    /// Nor does it take the tool's word for what has landed.
    fn look_at_main(&self) -> Result<(), Failure> {
        title("What main is now");
        self.show_git(&["log", "--graph", "--format=%h %s", "main"])?;
        for track in [INTEGRATED, LEFT_OUT].concat() {
            let branch = shop::branch(track);
            if !self.is_ancestor(&branch, "main")? {
                return Err(Failure::new(format!("main does not contain {branch}")));
            }
        }
        crate::say("$ sh tests/run.sh    (in the main worktree)");
        let mut tests = self.sealed.command("sh", &self.repository);
        let tests = child::output(tests.arg("tests/run.sh"))?;
        crate::say(tests.trim_end());
        crate::say("\nThe phase has landed: all four tracks are in main, and its tests pass.");
        Ok(())
    }

    fn step(&self, number: usize, of: usize, step: &Step) -> Result<(), Failure> {
        self.sealed.later();
        let line = format!("tracks {}", step.arguments.join(" "));
        title(&format!("{number}/{of}  {line}"));
        crate::say(&format!("{}\n\n$ {line}", step.story));

        let mut command = self.sealed.command(&self.tracks, &self.repository);
        command.args(step.arguments);
        let started = Instant::now();
        let (status, unseen) = if self.quick {
            let ran = command
                .output()
                .map_err(|error| child::could_not_start(&command, &error))?;
            (ran.status, [ran.stdout, ran.stderr].concat())
        } else {
            // The tool's own terminal: what it shows here is what it shows to anybody.
            let status = command
                .status()
                .map_err(|error| child::could_not_start(&command, &error))?;
            (status, Vec::new())
        };
        let seconds = started.elapsed().as_secs_f64();
        if status.code() == Some(step.expected) {
            crate::say(&format!(
                "-> exit status {}, as it should be ({seconds:.2} s)",
                step.expected
            ));
            return Ok(());
        }
        Err(Failure::new(format!(
            "{}`{line}` ended with {status}; the demo expects exit status {}",
            String::from_utf8_lossy(&unseen),
            step.expected
        )))
    }

    fn four_people_work(&self) -> Result<(), Failure> {
        title("Now four people work, each in a worktree of their own");
        for work in shop::WORK {
            let branch = shop::branch(work.track);
            let worktree = self.worktree_of(&branch)?;
            shop::work(&self.sealed, &worktree, work)?;
            self.show_git(&[
                "log",
                "--reverse",
                "--format=%h  %<(16)%S  %s",
                &format!("main..{branch}"),
                "--source",
            ])?;
        }
        Ok(())
    }

    fn worktree_of(&self, branch: &str) -> Result<PathBuf, Failure> {
        let list = self
            .sealed
            .git(&self.repository, &["worktree", "list", "--porcelain"])?;
        worktree_with(&list, branch).ok_or_else(|| {
            Failure::new(format!(
                "`tracks init` made no worktree for {branch}\n{list}"
            ))
        })
    }

    /// The tool says that integration is green: the demo does not take its word for it.
    fn look_at_integration(&self) -> Result<(), Failure> {
        title("What integration is now");
        self.show_git(&["log", "--graph", "--format=%h %s", "integration"])?;
        for (tracks, expected) in [(INTEGRATED, true), (LEFT_OUT, false)] {
            for track in tracks {
                let branch = shop::branch(track);
                let merged = self.is_ancestor(&branch, "integration")?;
                if merged != expected {
                    let what = if merged {
                        "contains"
                    } else {
                        "does not contain"
                    };
                    return Err(Failure::new(format!("integration {what} {branch}")));
                }
            }
        }
        let tree = self.repository.with_file_name("integration");
        let place = tree.to_string_lossy();
        let add = [
            "worktree",
            "add",
            "--quiet",
            "--detach",
            &place,
            "integration",
        ];
        self.sealed.git(&self.repository, &add)?;
        crate::say("\n$ sh tests/run.sh    (in a fresh checkout of integration)");
        let tests = child::output(self.sealed.command("sh", &tree).arg("tests/run.sh"));
        self.sealed
            .git(&self.repository, &["worktree", "remove", "--force", &place])?;
        crate::say(tests?.trim_end());
        crate::say(&format!(
            "\nIntegration is green: it holds {}. {} are untouched, and their people know with whom to talk.",
            INTEGRATED.join(" and "),
            LEFT_OUT.join(" and ")
        ));
        Ok(())
    }

    fn is_ancestor(&self, older: &str, newer: &str) -> Result<bool, Failure> {
        let missing = self.sealed.git(
            &self.repository,
            &["rev-list", "--count", older, &format!("^{newer}")],
        )?;
        Ok(missing == "0")
    }

    fn show_git(&self, arguments: &[&str]) -> Result<(), Failure> {
        let text = self.sealed.git(&self.repository, arguments)?;
        if !self.quick {
            let mut command = self.sealed.command("git", Path::new("."));
            crate::say(&format!(
                "$ {}\n{text}\n",
                child::shown(command.args(arguments))
            ));
        }
        Ok(())
    }
}

fn title(text: &str) {
    crate::say(&format!("\n=== {text}\n"));
}

/// Reads `git worktree list --porcelain`.
fn worktree_with(list: &str, branch: &str) -> Option<PathBuf> {
    let wanted = format!("branch refs/heads/{branch}");
    let record = list
        .split("\n\n")
        .find(|record| record.lines().any(|line| line == wanted))?;
    record
        .lines()
        .next()?
        .strip_prefix("worktree ")
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worktree_is_found_by_its_branch_and_by_no_other() {
        let list = "worktree /r\nHEAD 1\nbranch refs/heads/main\n\nworktree /r/w/a b\nHEAD 2\nbranch refs/heads/track/a\n\nworktree /r/w/c\nHEAD 3\ndetached\n";
        assert_eq!(
            worktree_with(list, "track/a"),
            Some(PathBuf::from("/r/w/a b"))
        );
        assert_eq!(worktree_with(list, "main"), Some(PathBuf::from("/r")));
        assert_eq!(worktree_with(list, "track"), None);
    }

    /// A stand-in for the tool that does by hand what the story tells, with one line of it changed.
    fn walk_with(line: &str, instead: &str) -> Result<(), Failure> {
        const TOOL: &str = r#"#!/bin/sh
set -e
integrate() {
    git worktree add -q -b integration ../round main
    cd ../round
    for track in "$@"; do git merge -q --no-ff --no-edit "track/$track"; done
    git worktree remove ../round
}
integrate_solved() {
    git worktree add -q ../round integration
    cd ../round
    git merge -q --no-edit solved/pricing-discounts solved/pricing-checkout
    git worktree remove ../round
}
resolve() {
    dir=worktrees/.resolve-$1-$2
    if [ -d $dir ]; then
        git -C $dir commit -qm Solved
        git branch solved/$1-$2 "$(git -C $dir rev-parse HEAD)"
        git worktree remove $dir
    else
        git worktree add -q --detach $dir track/$1
        git -C $dir merge -q --no-edit track/$2 || :
        exit 1
    fi
}
case $1 in
init) for track in pricing checkout discounts catalog; do git worktree add -q -b "track/$track" "worktrees/$track" main; done ;;
conflicts) exit 1 ;;
sync) if [ -e ../second ]; then integrate_solved; exit 0; fi; touch ../second; integrate pricing catalog; exit 1 ;;
resolve) resolve $2 $3 ;;
land) git merge -q --ff-only integration ;;
esac
"#;
        assert!(TOOL.contains(line), "{line}");
        let scratch = Scratch::new("xtask-walk").unwrap();
        let sealed = Sealed::with_fixed_clock(&scratch.path().join("home")).unwrap();
        std::fs::write(scratch.path().join("text"), TOOL.replace(line, instead)).unwrap();
        // Written by a child: a program that this process still has open for writing, even in the moment between another
        // test's fork and exec, could not be started.
        let make = "cp text tool && chmod +x tool";
        child::output(sealed.command("sh", scratch.path()).args(["-c", make])).unwrap();
        let walk = Walk {
            tracks: scratch.path().join("tool"),
            sealed,
            repository: scratch.path().join("shop"),
            quick: true,
        };
        walk.all()
    }

    #[test]
    fn the_walk_arrives_where_the_tool_does_what_the_story_tells() {
        walk_with("conflicts) exit 1", "conflicts) exit 1").unwrap();
    }

    #[test]
    fn the_walk_fails_where_the_tool_does_anything_else() {
        for (line, instead, complaint) in [
            (
                "conflicts) exit 1",
                "conflicts) exit 0",
                "`tracks conflicts` ended with exit status: 0",
            ),
            (
                "pricing checkout",
                "pricing",
                "no worktree for track/checkout",
            ),
            (
                "integrate pricing catalog",
                "integrate pricing",
                "does not contain track/catalog",
            ),
            (
                "integrate pricing catalog",
                "integrate pricing catalog checkout",
                "contains track/checkout",
            ),
            ("integrate pricing catalog;", ":;", "integration"),
            (
                "git merge -q --ff-only integration",
                ":",
                "main does not contain",
            ),
            (
                "        exit 1\n",
                "        exit 0\n",
                "`tracks resolve pricing discounts` ended with exit status: 0",
            ),
            (
                "catalog; exit 1",
                "catalog; exit 0",
                "`tracks sync --yes` ended with exit status: 0",
            ),
        ] {
            let failure = walk_with(line, instead).unwrap_err().to_string();
            assert!(failure.contains(complaint), "{instead}: {failure}");
        }
    }

    #[test]
    fn the_story_and_the_shop_speak_of_the_same_tracks() {
        let mut told: Vec<&str> = [INTEGRATED, LEFT_OUT].concat();
        let mut made: Vec<&str> = shop::WORK.iter().map(|work| work.track).collect();
        told.sort_unstable();
        made.sort_unstable();
        assert_eq!(told, made);
    }
}
