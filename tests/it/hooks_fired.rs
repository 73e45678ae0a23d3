//! Which hook git starts when: the table in hooks/README.md, through the installed shims, in the main and in a linked worktree.
//! Every hook has one before it that notes its name, so what is noted has come through ours.

use std::path::{Path, PathBuf};

use crate::world::World;

const HOOKS: [&str; 7] = [
    "pre-commit",
    "pre-merge-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-merge",
    "reference-transaction",
];

const NOTES: &str = "#!/bin/sh\nname=${0##*/}\necho \"${name%.before-tracks}\" >>\"$HOME/fired\"\n";

struct Hooked {
    world: World,
    dir: PathBuf,
}

impl Hooked {
    /// Stands on a branch `work`, with a `side` that merges and a `clash` that does not.
    fn new(linked: bool) -> Hooked {
        let world = World::of(
            "main: One\n  a.txt = 1 | 2 | 3\n  tracks.toml = [track.a] | branch = 'a' | [commit] | trailer = true | [hooks] | reference_transaction = true\n\
             side from main: Beside\n  side.txt = x\n\
             clash from main: Against\n  a.txt = 1 | two | 3\n\
             work from main: Work\n  a.txt = 1 | zwei | 3\n",
        );
        for hook in HOOKS {
            world.write_program(&format!("repo/.git/hooks/{hook}"), NOTES);
        }
        let installed = world.tracks(&["hooks", "install"]);
        assert_eq!(installed.status, 0, "{}", installed.shown());
        let dir = match linked {
            false => {
                world.git(&["switch", "--quiet", "work"]);
                world.repo()
            }
            true => {
                let dir = world.root().join("linked");
                world.git(&["worktree", "add", "--quiet", "../linked", "work"]);
                dir
            }
        };
        Hooked { world, dir }
    }

    fn git(&self, arguments: &[&str]) {
        let ran = self.world.run_in(&self.dir, "git", arguments);
        assert_eq!(ran.status, 0, "git {arguments:?}\n{}", ran.shown());
    }

    /// The names of the hooks, in the order of the table, that fire in a git that may fail.
    fn fired(&self, arguments: &[&str]) -> Vec<&'static str> {
        let notes = self.world.root().join("home/fired");
        let _ = std::fs::remove_file(&notes);
        self.world.run_in(&self.dir, "git", arguments);
        let noted = std::fs::read_to_string(&notes).unwrap_or_default();
        let is_noted = |hook: &&str| noted.lines().any(|line| line == *hook);
        HOOKS.into_iter().filter(is_noted).collect()
    }

    fn edit(&self, text: &str) {
        let place = self.dir.strip_prefix(self.world.root());
        let path = Path::new(place.expect("in the world")).join("edited.txt");
        self.world.write_at(&path.to_string_lossy(), text);
        self.git(&["add", "edited.txt"]);
    }
}

fn row(names: &str) -> Vec<&'static str> {
    let is_named = |hook: &&str| names.split(' ').any(|name| name == *hook);
    HOOKS.into_iter().filter(is_named).collect()
}

const COMMIT: &str = "pre-commit prepare-commit-msg commit-msg post-commit reference-transaction";
const UNSEEN: &str = "prepare-commit-msg post-commit reference-transaction";

fn table(linked: bool) {
    let hooked = Hooked::new(linked);
    hooked.edit("1\n");
    assert_eq!(hooked.fired(&["commit", "-m", "One more"]), row(COMMIT));
    hooked.edit("2\n");
    let past = hooked.fired(&["commit", "--no-verify", "-m", "Past it"]);
    assert_eq!(past, row(UNSEEN));
    let amended = hooked.fired(&["commit", "--amend", "-m", "Another subject"]);
    assert_eq!(amended, row(COMMIT));
    hooked.git(&["tag", "here"]);

    // A true merge, and one that goes forward only.
    assert_eq!(
        hooked.fired(&["merge", "--no-edit", "side"]),
        row("pre-merge-commit prepare-commit-msg commit-msg post-merge reference-transaction")
    );
    hooked.git(&["branch", "--no-track", "ahead", "HEAD"]);
    assert_eq!(
        hooked.fired(&["reset", "--quiet", "--hard", "here"]),
        row("reference-transaction")
    );
    assert_eq!(
        hooked.fired(&["merge", "--ff-only", "ahead"]),
        row("post-merge reference-transaction")
    );
    hooked.git(&["reset", "--quiet", "--hard", "here"]);

    // A merge that somebody has to end.
    let _ = hooked.fired(&["merge", "clash"]);
    hooked.git(&["checkout", "--quiet", "--ours", "a.txt"]);
    hooked.git(&["add", "a.txt"]);
    assert_eq!(hooked.fired(&["commit", "--no-edit"]), row(COMMIT));
    hooked.git(&["reset", "--quiet", "--hard", "here"]);

    // What git commits by itself.
    assert_eq!(hooked.fired(&["cherry-pick", "side"]), row(UNSEEN));
    assert_eq!(hooked.fired(&["revert", "--no-edit", "HEAD"]), row(UNSEEN));
    hooked.git(&["reset", "--quiet", "--hard", "here"]);
    assert_eq!(hooked.fired(&["rebase", "side"]), row(UNSEEN));
    hooked.git(&["reset", "--quiet", "--hard", "here"]);

    // And what it lets somebody end.
    let _ = hooked.fired(&["cherry-pick", "clash"]);
    hooked.git(&["checkout", "--quiet", "--theirs", "a.txt"]);
    hooked.git(&["add", "a.txt"]);
    assert_eq!(
        hooked.fired(&["cherry-pick", "--continue"]),
        row(COMMIT),
        "cherry-pick --continue"
    );
    hooked.git(&["reset", "--quiet", "--hard", "here"]);
    let reword = [
        "-c",
        "sequence.editor=sed -i 's/^pick/reword/'",
        "rebase",
        "--interactive",
        "HEAD~1",
    ];
    assert_eq!(hooked.fired(&reword), row(COMMIT), "reword");

    // What moves refs alone.
    for arguments in [
        ["branch", "--no-track", "other", "here"],
        ["update-ref", "--no-deref", "refs/heads/third", "here"],
        ["branch", "--delete", "--force", "other"],
    ] {
        assert_eq!(
            hooked.fired(&arguments),
            row("reference-transaction"),
            "{arguments:?}"
        );
    }
    hooked.edit("3\n");
    let without = ["-c", "core.hooksPath=/dev/null", "commit", "-m", "Unheard"];
    assert!(hooked.fired(&without).is_empty());
}

#[test]
fn in_the_main_worktree() {
    table(false);
}

#[test]
fn in_a_linked_worktree() {
    table(true);
}
