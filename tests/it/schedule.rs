//! `tracks schedule`: what it prints is right for whom it is printed, and nothing is written.

use insta::assert_snapshot;

use crate::project::{project, refs, work};
use crate::world::{Ran, World};

const ODD: &str = "it's 100% $odd \"dir\"";

fn world() -> World {
    let world = project("[project]\nname = \"demo\"\n[track.a]\n", &[("x", "1\n")]);
    work(&world, "a", &[("a", "1\n")]);
    world
}

/// Without where this machine has its programs.
fn shown(ran: &Ran) -> String {
    let hide = |line: &str| match line.split_once("PATH=") {
        Some((before, rest)) => {
            let end = rest.find(['"', ' ']).unwrap_or(rest.len());
            format!("{before}PATH=[PATH]{}", &rest[end..])
        }
        None => line.to_owned(),
    };
    let text: String = ran.shown().lines().map(|line| hide(line) + "\n").collect();
    text.replace(env!("CARGO_BIN_EXE_tracks"), "[TRACKS]")
}

#[test]
fn which_timers_there_are() {
    let world = World::new();
    assert_snapshot!(world.tracks(&["schedule"]).shown(), @"
    exit: 0
    --- stdout
    tracks schedule systemd  a service and a timer of your user, where systemd runs
    tracks schedule cron     a line for `crontab -e`
    tracks schedule github   a workflow for GitHub Actions
    tracks schedule gitlab   a job for GitLab CI
    --- stderr
    ");
    for (arguments, expected) in [
        (&["schedule", "fcron"][..], "invalid value 'fcron'"),
        (&["schedule", "--every", "2d"], "<TIMER>"),
        (
            &["schedule", "cron", "--every", "2"],
            "`2` is not a duration",
        ),
        (&["schedule", "cron", "--command", " "], "names no command"),
    ] {
        let ran = world.tracks(arguments);
        assert_eq!(ran.status, 2, "{}", ran.shown());
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
    }
}

#[test]
fn the_texts() {
    let world = world();
    let before = refs(&world);
    let status = world.git(&["status", "--porcelain", "--ignored"]);
    let schedule = |arguments: &[&str]| shown(&world.tracks(&[&["schedule"], arguments].concat()));
    assert_snapshot!(schedule(&["systemd"]), @r#"
    exit: 0
    --- stdout
    # ~/.config/systemd/user/tracks-demo.service
    # approve the commands of tracks.toml once, as the same user: tracks trust
    [Unit]
    Description=A round of the tracks of demo

    [Service]
    Type=oneshot
    Environment="PATH=[PATH]"
    ExecStart="[TRACKS]" -C "[ROOT]/repo" sync
    # 1: something was found, and the round has done its work
    SuccessExitStatus=1

    # ~/.config/systemd/user/tracks-demo.timer
    # then: systemctl --user daemon-reload && systemctl --user enable --now tracks-demo.timer
    # while nobody is logged in, it runs only after: loginctl enable-linger
    [Unit]
    Description=A round of the tracks of demo, every 2d

    [Timer]
    # every 2d, counted from the first of each month, so that the last one of a month may be shorter
    OnCalendar=*-*-01/2 03:17:00
    # also where it was due while the machine was off
    Persistent=true

    [Install]
    WantedBy=timers.target
    --- stderr
    note: every 2d, counted from the first of each month, so that the last one of a month may be shorter
    "#);
    assert_snapshot!(schedule(&["cron", "--every", "4h", "--command", "conflicts --committed"]), @"
    exit: 0
    --- stdout
    # approve the commands of tracks.toml once, as the same user: tracks trust
    17 */4 * * * PATH=[PATH] [TRACKS] -C [ROOT]/repo conflicts --committed
    --- stderr
    ");
    assert_snapshot!(schedule(&["github"]), @r#"
    exit: 0
    --- stdout
    # .github/workflows/tracks.yml, on the default branch: only there do schedules count
    # every 2d, counted from the first of each month, so that the last one of a month may be shorter
    name: tracks
    on:
      schedule:
        - cron: "17 3 */2 * *"
      workflow_dispatch:
    permissions:
      contents: write
    # one round at a time; one that has begun is not cut off
    concurrency:
      group: tracks
      cancel-in-progress: false
    jobs:
      round:
        runs-on: ubuntu-latest
        env:
          # approves the commands of tracks.toml as it is on the base branch, for this job
          TRACKS_YES: "1"
        steps:
          - uses: actions/checkout@v4
            with:
              ref: "main"
              # all branches, with their whole history
              fetch-depth: 0
          # put a step before this one that installs tracks
          - run: tracks --version
          - run: |
              tracks sync --fetch --push
    --- stderr
    note: every 2d, counted from the first of each month, so that the last one of a month may be shorter
    "#);
    assert_snapshot!(schedule(&["gitlab", "--every", "5h"]), @r#"
    exit: 0
    --- stdout
    # .gitlab-ci.yml; the time is kept in GitLab, under Build > Pipeline schedules:
    #   every 5h: interval pattern 17 */4 * * *, target branch main, variable TRACKS_ROUND with the value 1
    # this timer cannot run every 5h: it runs every 4h, the nearest that is not longer
    # TRACKS_TOKEN: a masked variable of the project with an access token that may write to the repository
    tracks-round:
      rules:
        - if: '$CI_PIPELINE_SOURCE == "schedule" && $TRACKS_ROUND == "1"'
      # one round at a time
      resource_group: tracks
      interruptible: false
      variables:
        # the whole history
        GIT_DEPTH: "0"
        # approves the commands of tracks.toml as it is on the base branch, for this job
        TRACKS_YES: "1"
      script:
        # put a line before this one that installs tracks
        - tracks --version
        - git remote set-url --push origin "${CI_PROJECT_URL%%://*}://oauth2:$TRACKS_TOKEN@${CI_PROJECT_URL#*://}.git"
        - |
          tracks sync --fetch --push
    --- stderr
    note: this timer cannot run every 5h: it runs every 4h, the nearest that is not longer
    "#);
    assert_eq!(refs(&world), before);
    assert_eq!(world.git(&["status", "--porcelain", "--ignored"]), status);
}

/// As cron does it: the first five fields are the time, `\%` is a `%`, and there is next to no environment.
#[test]
fn a_crontab_line_works_where_the_names_are_odd() {
    let world = world();
    world.git(&["clone", "--quiet", ".", &format!("../{ODD}")]);
    let at = world.root().join(ODD);
    let ran = world.tracks_in(&at, &["schedule", "cron"]);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    let line = ran.stdout.lines().last().unwrap();
    let command = line.splitn(6, ' ').last().unwrap();
    let unescaped = command.replace("\\%", "\0");
    assert!(!unescaped.contains('%'), "{command}");
    let command = unescaped.replace('\0', "%");
    let home = world.root().join("home");
    let output = world
        .command(world.root(), "env")
        .args([
            "-i",
            &format!("HOME={}", home.display()),
            "sh",
            "-c",
            &command,
        ])
        .output()
        .unwrap();
    let ran = world.ran(&output);
    assert_eq!(ran.status, 0, "{}", ran.shown());
    assert!(
        ran.stdout.contains("integration made at"),
        "{}",
        ran.shown()
    );
    world.git_in(&at, &["rev-parse", "--verify", "integration"]);
}

/// What a workflow runs works in a job's clone and pushes.
#[test]
fn the_command_of_a_forge_works_in_its_clone() {
    let world = world();
    world.git(&["clone", "--quiet", "--bare", ".", "../forge.git"]);
    let forge = world.root().join("forge.git");
    world.git_in(world.root(), &["clone", "--quiet", "forge.git", "job"]);
    let at = world.root().join("job");
    for timer in ["github", "gitlab"] {
        let ran = world.tracks(&["schedule", timer]);
        let command = ran.stdout.lines().last().unwrap().trim();
        assert_eq!(command, "tracks sync --fetch --push");
        world.git_in(&at, &["checkout", "--quiet", "--detach", "origin/main"]);
        let script = format!("CI=true TRACKS_YES=1 {command}");
        let ran = world.run_in(&at, "sh", &["-c", &script]);
        assert_eq!(ran.status, 0, "{}", ran.shown());
        let integration = world.git_in(&forge, &["rev-parse", "integration^{tree}"]);
        assert_eq!(integration, world.git(&["rev-parse", "track/a^{tree}"]));
    }
}
