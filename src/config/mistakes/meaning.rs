//! Tests: what is said about values that can be read and cannot be meant.

use super::{check, errors, said};

#[test]
fn names() {
    check(&[
        (
            "[track.Api]\n",
            "Api",
            "the track id `Api` must start with a lower-case letter or a digit",
        ),
        (
            "[track.base]\n",
            "base",
            "the track id `base` is a reserved word; choose another id",
        ),
        (
            "[check.'a b']\nrun = 'x'\n",
            "'a b'",
            "the name of a check `a b` contains ' '; only lower-case letters, digits, `.`, `_` and `-` are allowed",
        ),
        (
            "[project]\nphase = '../x'\n[track.a]\n",
            "'../x'",
            "`[project] phase` cannot be part of a branch name: `../x` contains `..`",
        ),
        (
            "[project]\nbase = '-x'\n",
            "'-x'",
            "`[project] base` is not the name of a branch: `-x` starts with `-`, which git would read as an option",
        ),
        (
            "[track.a]\ncode = 'A B'\n",
            "'A B'",
            "`[track.a] code` must be letters, digits, `.`, `_` or `-`",
        ),
        (
            "[track.a]\ncode = 'b'\n[track.b]\n",
            "b",
            "[track.a] and [track.b] sign their migrations with the same code `b`",
        ),
        (
            "[[allow]]\ncode = 'own1'\nreason = 'x'\n",
            "'own1'",
            "unknown rule `own1` in `[[allow]] code`",
        ),
        (
            "[severity]\nMIG99 = 'off'\n",
            "MIG99",
            "unknown rule `MIG99` in `[severity]`",
        ),
        (
            "[names]\n'src/**' = 'snake-case'\n",
            "'snake-case'",
            "unknown naming convention `snake-case` in `[names]`",
        ),
    ]);
}

#[test]
fn templates() {
    check(&[
        (
            "[layout]\nworktrees = '.'\n[track.a]\n",
            "'.'",
            "`[layout] worktrees` would put worktrees straight into the root",
        ),
        (
            "[layout]\nworktrees = '.git/w'\n[track.a]\n",
            "'.git/w'",
            "`[layout] worktrees` is inside `.git`, where tools skip what they find",
        ),
        (
            "[layout]\nworktree = '../{track}'\n[track.a]\n[track.b]\n",
            "'../{track}'",
            "`[layout] worktree` gives no worktree directory: `../track` climbs with `..`",
        ),
        (
            "[layout]\nworktree = '/w/{track}'\n[track.a]\n",
            "'/w/{track}'",
            "`[layout] worktree` gives no worktree directory: `/w/track` is absolute; it is a directory below `[layout] worktrees`",
        ),
        (
            "[layout]\nbranch = '-{track}'\n[track.a]\n[track.b]\n",
            "'-{track}'",
            "`[layout] branch` gives no branch: `-track` starts with `-`, which git would read as an option",
        ),
        (
            "[layout]\nbranch = '{track}.lock'\n[track.a]\n",
            "'{track}.lock'",
            "`[layout] branch` gives no branch: `track.lock` has a part that ends with `.lock`",
        ),
        (
            "[layout]\nbranch = \"{track}\\u0007\"\n[track.a]\n",
            "\"{track}\\u0007\"",
            "`[layout] branch` gives no branch: `track\u{7}` contains '\\u{7}', which git does not allow in a branch name",
        ),
        (
            "[layout]\nbranch = 'x/{trakc}'\n[track.a]\n",
            "'x/{trakc}'",
            "`[layout] branch` gives no branch: `{trakc}` is not a field of a template; the fields are {phase}, {track}, {agent} and {project}",
        ),
        (
            "[layout]\nbranch = '{phase}/{track}'\n[track.a]\n[track.b]\n",
            "'{phase}/{track}'",
            "`[layout] branch` gives no branch: `{phase}` has no value here",
        ),
        (
            "[layout]\nbranch = '{agent}/{track}'\n[track.a]\nagent = 'x'\n[track.b]\n",
            "b",
            "[track.b] gets no branch from `{agent}/{track}`: `{agent}` has no value here",
        ),
        (
            "[track.a]\nworktree = '../x'\n",
            "'../x'",
            "`[track.a] worktree` cannot be used: `../x` climbs with `..`",
        ),
        (
            "[track.a]\nworktree = '/x/../y'\n",
            "'/x/../y'",
            "`[track.a] worktree` is absolute and must not have `.` or `..`",
        ),
        (
            "[track.a]\n[integration]\nbranch = 'i/{track}'\n",
            "'i/{track}'",
            "`[integration] branch` gives no branch: `{track}` has no value here",
        ),
    ]);
}

#[test]
fn a_track_that_fits_no_template_is_told_about_both_names() {
    let text = "\
[layout]
branch = '{agent}/{track}'
worktree = '{agent}/{track}'
[track.a]
agent = 'x'
[track.b]
agent = 'y.lock'
";
    let expected = [
        "[track.b] gets no branch from `{agent}/{track}`: `y.lock/b` has a part that ends with `.lock`",
        "[track.b] gets no worktree directory from `{agent}/{track}`: `y.lock/b` has a part that ends with `.lock`",
    ];
    assert_eq!(
        said(text),
        expected.map(|message| ("b".to_owned(), message.to_owned()))
    );
}

#[test]
fn no_two_alike() {
    check(&[
        (
            "[track.a]\nbranch = 'x'\n[track.b]\nbranch = 'x'\n",
            "'x'",
            "[track.a] and [track.b] have the same branch `x`",
        ),
        (
            "[track.a]\nbranch = 'track/b/c'\n[track.b]\n",
            "b",
            "git cannot have both the branch `track/b/c` of [track.a] and the branch `track/b` of [track.b]",
        ),
        (
            "[track.a]\nbranch = 'integration'\n",
            "'integration'",
            "the integration branch and [track.a] have the same branch `integration`",
        ),
        (
            "[project]\nbase = 'dev'\n[track.a]\nbranch = 'dev'\n",
            "'dev'",
            "`[project] base` and [track.a] have the same branch `dev`",
        ),
        (
            "[project]\nbase = 'integration'\n[track.a]\n",
            "'integration'",
            "the integration branch and `[project] base` have the same branch `integration`",
        ),
        (
            "[layout]\nbranch = 'all'\n[track.a]\n[track.b]\n[track.c]\n",
            "'all'",
            "`[layout] branch` gives `a` and `b` the same branch `all`",
        ),
        (
            "[layout]\nworktree = 'w'\n[track.a]\n[track.b]\n",
            "'w'",
            "`[layout] worktree` gives `a` and `b` the same worktree directory `w`",
        ),
        (
            "[track.a]\nworktree = 'x'\n[track.b]\nworktree = 'x/y'\n",
            "'x/y'",
            "the worktrees of [track.a] and [track.b] lie in each other: `x` and `x/y`",
        ),
        (
            "[layout]\nworktrees = '/w'\n[track.a]\n[track.b]\nworktree = '/w/a'\n",
            "'/w/a'",
            "[track.a] and [track.b] have the same worktree directory `/w/a`",
        ),
    ]);
    let errors = errors("[track.a]\nbranch = 'x'\n[track.b]\nbranch = 'x'\n");
    let (place, _) = errors[0].also.clone().unwrap();
    assert_eq!(place.start, 19, "the first track's branch");
}

#[test]
fn references_and_circles() {
    check(&[
        (
            "[track.api]\n[integration]\nrequired = ['ap']\n",
            "'ap'",
            "unknown track `ap` in `[integration] required`",
        ),
        (
            "[track.a]\ndepends_on = 'ghost'\n",
            "'ghost'",
            "unknown track `ghost` in `[track.a] depends_on`",
        ),
        (
            "[track.a]\ndepends_on = 'b'\n[track.b]\ndepends_on = ['a']\n",
            "'a'",
            "these tracks wait for each other: a → b → a",
        ),
        (
            "[track.a]\ndepends_on = 'a'\n",
            "'a'",
            "`a` waits for itself",
        ),
        (
            "[track.a]\n[check.x]\nrun = 'x'\nneeds = 'y'\n[check.y]\nrun = 'y'\nneeds = 'x'\n",
            "'x'",
            "these checks wait for each other: x → y → x",
        ),
        (
            "[check.unit]\nrun = 'x'\nneeds = ['buidl']\n[check.build]\nrun = 'x'\n",
            "'buidl'",
            "unknown check `buidl` in `[check.unit] needs`",
        ),
        (
            "[check.unit]\nrun = 'x'\nresources = 'pg'\n",
            "'pg'",
            "unknown resource `pg` in `[check.unit] resources`",
        ),
        (
            "[track.a]\n[contract.c]\npaths = 'x'\nowner = 'b'\n",
            "'b'",
            "unknown track `b` in `[contract.c] owner`",
        ),
        (
            "[track.a]\ndepends_on = 'contract:c>=ful'\n[contract.c]\npaths = 'x'\ndelivery = [{ level = 'full' }]\n",
            "'contract:c>=ful'",
            "contract `c` has no level `ful`, which `[track.a] depends_on` waits for",
        ),
        (
            "[[integration.resolve]]\npaths = 'x'\nstrategy = 'union'\naccept = 'unit'\n",
            "'unit'",
            "unknown check `unit` in `[[integration.resolve]] accept`",
        ),
        (
            "[hooks]\nprepare_commit_msg = ['names', 'migrations']\n",
            "'migrations'",
            "`migrations` has nothing to say in `[hooks] prepare_commit_msg`",
        ),
        (
            "[check.lint]\nrun = 'x'\n[track.a.hooks]\nprepare_commit_msg = 'lint'\n",
            "'lint'",
            "no check runs in `[track.a.hooks] prepare_commit_msg`",
        ),
        (
            "[hooks]\ncommit_msg = 'contracts'\n",
            "'contracts'",
            "`contracts` has nothing to say in `[hooks] commit_msg`",
        ),
        (
            "[hooks]\npre_commit = ['ownrship']\n",
            "'ownrship'",
            "unknown entry `ownrship` in `[hooks] pre_commit`",
        ),
        (
            "[[checkpoint]]\nname = 'x'\nrequire = ['check:unit']\n",
            "'check:unit'",
            "unknown check `unit` in `[[checkpoint]] require`",
        ),
        (
            "[profile.x.check.unit]\nweight = 2\n",
            "unit",
            "unknown check `unit` in `[profile.x.check]`",
        ),
        (
            "[track.a]\n[check.u]\nrun = 'x'\ntracks = ['a', 'a']\n",
            "'a'",
            "`[check.u] tracks` names `a` twice",
        ),
    ]);
}

#[test]
fn values() {
    check(&[
        ("[check.u]\n", "[check.u]", "[check.u] has no `run`"),
        (
            "[[allow]]\ncode = 'OWN01'\n",
            "[[allow]]",
            "[[allow]] has no `reason`",
        ),
        (
            "[check.u]\nrun = 'x'\ncwd = '../x'\n",
            "'../x'",
            "`[check.u] cwd` leaves the repository with `..`",
        ),
        (
            "[check.u]\nrun = 'x'\nweight = 0\n",
            "0",
            "`[check.u] weight` must be at least 1",
        ),
        (
            "[check.u]\nrun = 'x'\ntimeout = '0s'\n",
            "'0s'",
            "`[check.u] timeout` must be longer than nothing",
        ),
        (
            "[integration]\nevery = '0d'\n",
            "'0d'",
            "`[integration] every` must be longer than nothing",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', pattern = '(a)', min = 2, max = 1 }]\n",
            "2",
            "`min` of a metric of [check.u] is above its `max`",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', pattern = '(a)', max_regression = '2%' }]\n",
            "'2%'",
            "`max_regression` of a metric of [check.u] does not say which way is worse",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', pattern = '(a)', min = 1, max = 2, max_regression = '3' }]\n",
            "'3'",
            "`max_regression` of a metric of [check.u] does not say which way is worse",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', pattern = '(a)', max = nan }]\n",
            "nan",
            "`max` of a metric of [check.u] must be finite",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', pattern = '(a' }]\n",
            "'(a'",
            "`pattern` of a metric of [check.u] is not a regular expression: unclosed group",
        ),
        (
            "[check.u]\nrun = 'x'\nmetric = [{ name = 'm', file = 'x.json' }]\n",
            "{ name = 'm', file = 'x.json' }",
            "a metric of [check.u] has no `pointer`",
        ),
        (
            "[migrations]\npaths = 'x'\nname = '{date}_{slgu}.sql'\n",
            "'{date}_{slgu}.sql'",
            "`[migrations] name` has the unknown field `{slgu}`; the fields are `date`, `time`, `timestamp`, `serial`, `track` and `slug`",
        ),
        (
            "[contract.c]\npaths = 'x'\ncompatible = 'opnapi'\n",
            "'opnapi'",
            "`[contract.c] compatible` is neither a built-in comparer nor a command with `{old}` and `{new}`",
        ),
        (
            "[[integration.resolve]]\npaths = 'x'\nstrategy = 'regenerate'\n",
            "[[integration.resolve]]",
            "[[integration.resolve]] has no `command`",
        ),
        (
            "[shared.x]\npolicy = 'owner-approves'\n",
            "'owner-approves'",
            "[shared.\"x\"] has no `owner` who could approve",
        ),
        (
            "[resource]\npg = 0\n",
            "0",
            "`[resource] pg` must be at least 1",
        ),
        (
            "[handoff]\nfields = { x = 'maybe' }\n",
            "'maybe'",
            "`[handoff] fields.x` must be `required`, `optional`, or `path:` and a file",
        ),
    ]);
}
