//! Tests: what profiles make of the file, and what is said about those that do not go with it.

use std::time::Duration;

use super::{check, errors, help, parse, said};
use crate::domain::project::{Admit, Flaky, Profile, Project};

fn project(text: &str) -> Project {
    let parsed = parse(text, "app");
    parsed
        .project
        .unwrap_or_else(|| panic!("{text}\n{:#?}", parsed.diagnostics))
}

#[test]
fn values_lie_on_top_of_those_of_the_file() {
    let project = project(
        "
[run]
jobs = 4
timeout = '20m'
env = { CI = '1', KEEP = 'yes' }
[track.a]
[check.unit]
run = 'make test'
[check.slow]
run = 'make slow'
timeout = '40m'
env = { SLOW = '1', BOTH = 'check' }
[integration]
quorum = 2
[profile.large]
when = 'files > 10'
jobs = 1
timeout = '1h'
env = { CI = '2', BOTH = 'profile' }
[profile.large.check.unit]
run = ['make', 'quick']
flaky = 'fail'
[profile.large.check.slow]
env = { SLOW = '2' }
[profile.large.integration]
admit = 'ready'
[profile.nothing]
",
    );
    let [large, nothing]: &[Profile] = &project.profiles else {
        panic!("{:?}", project.profiles);
    };
    assert_eq!(large.name.as_str(), "large");
    assert_eq!(
        large.when.as_ref().map(ToString::to_string).as_deref(),
        Some("files > 10")
    );
    let with = project.with_profile(large);
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    assert_eq!(
        (with.run.jobs, with.run.timeout, with.run.retries),
        (1, minutes(60), 0)
    );
    let env = |index: usize| {
        let env = &with.checks[index].settings.env;
        let pairs: Vec<String> = env.iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.join(" ")
    };
    let [unit, slow] = &with.checks[..] else {
        panic!("{:?}", with.checks);
    };
    assert_eq!(
        (unit.settings.timeout, unit.settings.flaky, env(0).as_str()),
        (minutes(60), Flaky::Fail, "BOTH=profile CI=2 KEEP=yes"),
        "what a check takes over from [run] it takes over from the profile"
    );
    assert_eq!(
        (slow.settings.timeout, env(1).as_str()),
        (minutes(40), "BOTH=check CI=2 KEEP=yes SLOW=2"),
        "what a check says itself stands above [run] of the profile"
    );
    assert_ne!(unit.run, project.checks[0].run);
    assert_eq!(slow.run, project.checks[1].run);
    assert_eq!(with.integration.admit, Admit::Ready);
    assert_eq!(with.integration.quorum, project.integration.quorum);

    let unchanged = project.with_profile(nothing);
    assert_eq!(unchanged, project);
    let overrides: Vec<&str> = large.overrides.keys().map(String::as_str).collect();
    assert_eq!(
        overrides,
        [
            "check.slow.env.SLOW",
            "check.unit.flaky",
            "check.unit.run",
            "env.BOTH",
            "env.CI",
            "integration.admit",
            "jobs",
            "timeout"
        ]
    );
}

#[test]
fn wrong_values_are_named_once_where_they_stand() {
    check(&[
        (
            "[profile.p]\njobs = 'many'\n",
            "'many'",
            "`[profile.p] jobs` must be a whole number, 0 or more",
        ),
        (
            "[profile.p]\njbs = 1\n",
            "jbs",
            "unknown key `jbs` in [profile.p]",
        ),
        (
            "[run]\njobs = 1\n[profile.p]\ntimeout = '0s'\n[profile.q]\njobs = 2\n",
            "'0s'",
            "`[profile.p] timeout` must be longer than nothing",
        ),
        (
            "[check.u]\nrun = 'x'\n[profile.p.check.u]\nrun = 5\n",
            "5",
            "`[profile.p.check.u] run` must be a command: a string for the shell, or a list of a program and its arguments",
        ),
        (
            "[check.u]\nrun = 'x'\n[profile.p.check.u]\nweight = 0\n",
            "0",
            "`[profile.p.check.u] weight` must be at least 1",
        ),
        (
            "[check.u]\nrun = 'x'\n[profile.p]\ncheck.u.resources = 'pg'\n",
            "'pg'",
            "unknown resource `pg` in `[profile.p.check.u] resources`",
        ),
        (
            "[check.u]\nrun = 'x'\n[profile.p.check.u]\nmetric = [{ name = 'm', pattern = '(a)', min = 2, max = 1 }]\n",
            "2",
            "`min` of a metric of [profile.p.check.u] is above its `max`",
        ),
        (
            "[profile.p.integration]\nevery = '0d'\n",
            "'0d'",
            "`[profile.p.integration] every` must be longer than nothing",
        ),
        (
            "[[profile.p.integration.resolve]]\npaths = 'x'\n",
            "[[profile.p.integration.resolve]]",
            "[[profile.p.integration.resolve]] has no `strategy`",
        ),
        (
            "[profile.'a b']\njobs = 1\n",
            "'a b'",
            "the name of a profile `a b` contains ' '; only lower-case letters, digits, `.`, `_` and `-` are allowed",
        ),
    ]);
}

#[test]
fn what_only_the_combination_makes_is_named_in_the_profile() {
    check(&[
        (
            "[check.x]\nrun = 'x'\nneeds = 'y'\n[check.y]\nrun = 'y'\n[profile.p.check.y]\nneeds = 'x'\n",
            "'x'",
            "with [profile.p], these checks wait for each other: x → y → x",
        ),
        (
            // The circle closes at [check.y], and it is the profile that makes it one.
            "[check.x]\nrun = 'x'\n[check.y]\nrun = 'y'\nneeds = 'x'\n[profile.p.check.x]\nneeds = ['y']\n",
            "'y'",
            "with [profile.p], these checks wait for each other: x → y → x",
        ),
        (
            "[track.a]\nbranch = 'mine'\n[profile.p.integration]\nbranch = 'mine'\n",
            "'mine'",
            "with [profile.p], the integration branch and [track.a] have the same branch `mine`",
        ),
        (
            "[profile.p.integration]\nbranch = 'i'\n[project]\nbase = 'i'\n[track.a]\n",
            "'i'",
            "with [profile.p], the integration branch and `[project] base` have the same branch `i`",
        ),
    ]);
    let errors = errors("[track.a]\nbranch = 'mine'\n[profile.p.integration]\nbranch = 'mine'\n");
    assert_eq!(errors[0].span.start, 59, "in the profile");
    let (there, label) = errors[0].also.clone().unwrap();
    assert_eq!((there.start, label.as_str()), (19, "[track.a]"));
}

#[test]
fn what_is_wrong_without_the_profile_is_not_said_again() {
    for text in [
        "[run]\ntimeout = '0s'\n[profile.p]\njobs = 1\n[profile.q]\njobs = 1\n",
        "[check.u]\nrun = 'x'\nweight = 0\n[profile.p.check.u]\nretries = 1\n",
        "[check.u]\n[profile.p.check.u]\nretries = 1\n",
        "[check.x]\nrun = 'x'\nneeds = 'x'\n[profile.p]\njobs = 1\n",
        "[track.a]\n[integration]\nrequired = 'b'\n[profile.p.integration]\nquorum = 1\n",
        "[integration]\nbranch = 'a..b'\n[profile.p.integration]\nquorum = 1\n",
        "[check]\nu = 5\n[profile.p.check.u]\nretries = 1\n",
        "[profile]\np = 5\n",
        "[profile.p]\ncheck = 5\n",
        "[profile.p.check]\nu = 5\n[check.u]\nrun = 'x'\n",
        "[profile.p]\nenv = 5\n[run]\nenv = { A = '1' }\n",
        "run = 5\n[profile.p]\njobs = 1\n",
    ] {
        assert_eq!(said(text).len(), 1, "{text}\n{:#?}", said(text));
    }
}

#[test]
fn conditions() {
    check(&[
        (
            "[profile.p]\nwhen = 'fles > 200'\n",
            "fles",
            "`[profile.p] when` is no condition: unexpected `fles`",
        ),
        (
            "[profile.p]\nwhen = \"files > 200 or lines >\"\n",
            "\"",
            "`[profile.p] when` is no condition: it ends too early",
        ),
        (
            "[profile.p]\nwhen = '''\nfiles > x'''\n",
            "x",
            "`[profile.p] when` is no condition: unexpected `x`",
        ),
        (
            "[profile.p]\nwhen = \"file\\u0073 > x\"\n",
            "\"file\\u0073 > x\"",
            "`[profile.p] when` is no condition: unexpected `x`",
        ),
        (
            "[profile.p]\nwhen = ''\n",
            "''",
            "`[profile.p] when` must be a string that is not empty",
        ),
    ]);
    let text = "[profile.p]\nwhen = 'files = 200'\n";
    assert_eq!(help(text).as_deref(), Some("did you mean `==`?"));
    assert_eq!(
        errors(text)[0].label.as_deref(),
        Some("expected one of `>`, `>=`, `<`, `<=`, `==` and `!=`")
    );
}
