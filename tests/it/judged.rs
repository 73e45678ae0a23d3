//! `tracks reference merges`: merges judged by commit ids, the seat of `cargo xtask replay` and of the conformance suite.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::world::{Ran, World};

/// Asks, in the main worktree, one question a line.
pub(crate) fn judged(world: &World, questions: &str) -> Ran {
    let command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    ask(world, command, questions)
}

fn ask(world: &World, mut command: Command, questions: &str) -> Ran {
    let mut child = command
        .args(["reference", "merges"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let questions = questions.to_owned();
    let writer = std::thread::spawn(move || {
        // A refused question ends the reading.
        let _ = stdin.write_all(questions.as_bytes());
    });
    let output = child.wait_with_output().expect("the tool ends");
    writer.join().expect("the writer");
    world.ran(&output)
}

const HISTORY: &str = "
    main: One
        f = 1 | 2 | 3
        g = 1
    old from main: Old
        g = 2
    main: Drift
        f = 1 | 2 | 3 | 4
        g = 3
    a from main: A
        f = 1 | a | 3 | 4
        h = 1
    b from main: B
        f = 1 | b | 3 | 4
        h = 2
    c from main: C
        c = 1
";

#[test]
fn each_question_has_a_line() {
    let world = World::of(HISTORY);
    let id = |name: &str| world.git(&["rev-parse", &format!("{name}^{{}}")]);
    let [main, old, a, b, c] = ["main", "old", "a", "b", "c"].map(id);
    let nowhere = "1".repeat(40);
    let questions = format!(
        "{main} {a}\n{main} {a} {b}\n{main} {a} {c}\n{main} {old}\n\n{main} {old} {c}\n{old} {a} {a}\n{main} {nowhere}\n"
    );
    let ran = judged(&world, &questions);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let tree = |name: &str| world.git(&["rev-parse", &format!("{name}^{{tree}}")]);
    let both = world.git(&["merge-tree", "--write-tree", &a, &c]);
    let lines: Vec<String> = ran
        .stdout
        .lines()
        // Who decides may change with what the tool learns.
        .map(|line| {
            line.replace("\tprocess\t", "\t*\t")
                .replace("\tgit\t", "\t*\t")
        })
        .collect();
    assert_eq!(
        lines,
        [
            format!("clean\ttips\t*\t{}", tree("a")),
            "conflict\tbase+track\t*\t-\tf\tcontents\th\tadd/add".to_owned(),
            format!("clean\tbase+track\t*\t{both}"),
            "conflict\ttips\t*\t-\tg\tcontents".to_owned(),
            "conflict\ttips\t*\t-\tg\tcontents".to_owned(),
            format!("clean\ttips\t*\t{}", tree("a")),
            "unavailable\ttips\t*\t-\tcommit 1111111111 is not here".to_owned(),
        ]
    );
    assert_eq!(world.leftovers(), Vec::<String>::new());
}

/// A git whose batches die of one merge (a failed assertion, say) before they have written the answers they know.
#[test]
fn a_git_that_dies_of_one_merge_takes_no_other_with_it() {
    let world = World::of(HISTORY);
    // Every text is git's.
    world.git(&["config", "merge.default", "text"]);
    let id = |name: &str| world.git(&["rev-parse", &format!("{name}^{{}}")]);
    let [main, a, old, c] = ["main", "a", "old", "c"].map(id);
    let git = world.run_in(world.root(), "which", &["git"]).stdout;
    let script = format!(
        "#!/bin/sh\ngit={}\ncase \"$*\" in *merge-tree*) ;; *) exec $git \"$@\" ;; esac\nin=$(cat)\ncase \"$in\" in *{c}*) kill -9 $$ ;; esac\necho \"$in\" | $git \"$@\"\n",
        git.trim()
    );
    world.write_program("bin/git", &script);
    world.write_at("repo/.git/info/attributes", "* merge=text\n");
    let path = world.run_in(world.root(), "sh", &["-c", "printf %s \"$PATH\""]);
    let mut command = world.command(&world.repo(), env!("CARGO_BIN_EXE_tracks"));
    let bin = world.root().join("bin");
    command.env("PATH", format!("{}:{}", bin.display(), path.stdout));
    let questions = format!("{old} {a}\n{old} {c}\n{old} {main}\n");
    let ran = ask(&world, command, &questions);
    let verdicts: Vec<&str> = ran
        .stdout
        .lines()
        .map(|line| line.split('\t').next().expect("a verdict"))
        .collect();
    assert_eq!(
        verdicts,
        ["conflict", "unavailable", "conflict"],
        "{}",
        ran.shown()
    );
}

#[test]
fn a_line_that_asks_nothing_is_refused() {
    let world = World::of(HISTORY);
    let id = world.git(&["rev-parse", "main"]);
    for (line, why) in [
        (format!("{id} main"), "`main` is not a full object id"),
        (id.clone(), "neither `BASE TRACK` nor `BASE A B`"),
    ] {
        let ran = judged(&world, &format!("{id} {id}\n{line}\n"));
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains("line 2"), "{}", ran.shown());
        assert!(ran.stderr.contains(why), "{}", ran.shown());
    }
}
