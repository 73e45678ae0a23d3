//! Jobs of forges that run rounds: in a whole clone, one at a time, with the right to push.

use super::quote::yaml_text;
use super::{Pace, Schedule, Wanted, comment, expression, note};
use crate::domain::quote::shell_word;
use crate::domain::time::format_duration;

/// A workflow. Format: docs.github.com, "Workflow syntax for GitHub Actions".
pub(super) fn github(wanted: &Wanted<'_>) -> Schedule {
    // The shortest that GitHub runs.
    let expression = expression(wanted.every, Pace::FiveMinutes);
    let note = note(wanted.every, &expression);
    let text = format!(
        "\
# .github/workflows/tracks.yml, on the default branch: only there do schedules count
{note}name: tracks
on:
  schedule:
    - cron: {cron}
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
      TRACKS_YES: \"1\"
    steps:
      - uses: actions/checkout@v4
        with:
          ref: {base}
          # all branches, with their whole history
          fetch-depth: 0
      # put a step before this one that installs tracks
      - run: tracks --version
      - run: |
          {command}
",
        note = comment(note.as_ref()),
        cron = yaml_text(&expression.text),
        base = yaml_text(wanted.base),
        command = command(wanted),
    );
    Schedule { text, note }
}

/// A job; when it runs is kept in GitLab itself. Format: docs.gitlab.com, "CI/CD YAML syntax reference".
pub(super) fn gitlab(wanted: &Wanted<'_>) -> Schedule {
    let expression = expression(wanted.every, Pace::FiveMinutes);
    let note = note(wanted.every, &expression);
    let text = format!(
        "\
# .gitlab-ci.yml; the time is kept in GitLab, under Build > Pipeline schedules:
#   every {every}: interval pattern {cron}, target branch {base}, variable TRACKS_ROUND with the value 1
{note}# TRACKS_TOKEN: a masked variable of the project with an access token that may write to the repository
tracks-round:
  rules:
    - if: '$CI_PIPELINE_SOURCE == \"schedule\" && $TRACKS_ROUND == \"1\"'
  # one round at a time
  resource_group: tracks
  interruptible: false
  variables:
    # the whole history
    GIT_DEPTH: \"0\"
    # approves the commands of tracks.toml as it is on the base branch, for this job
    TRACKS_YES: \"1\"
  script:
    # put a line before this one that installs tracks
    - tracks --version
    - git remote set-url --push origin \"${{CI_PROJECT_URL%%://*}}://oauth2:$TRACKS_TOKEN@${{CI_PROJECT_URL#*://}}.git\"
    - |
      {command}
",
        every = format_duration(wanted.every),
        cron = expression.text,
        base = wanted.base.escape_debug(),
        note = comment(note.as_ref()),
        command = command(wanted),
    );
    Schedule { text, note }
}

fn command(wanted: &Wanted<'_>) -> String {
    let words = wanted.command.iter();
    let words: Vec<String> = words
        // A line of a block of YAML is one line.
        .map(|word| shell_word(&word.replace('\n', " ")))
        .collect();
    format!("tracks {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{wanted, words};
    use super::*;

    fn has(schedule: &Schedule, lines: &[&str]) {
        for line in lines {
            assert!(
                schedule.text.lines().any(|found| found == *line),
                "{line} is not in\n{}",
                schedule.text
            );
        }
    }

    #[test]
    fn jobs() {
        let command = words("sync --fetch --push --only a;b");
        let mut wanted = wanted(2 * 86_400, "/srv", &command);
        wanted.base = "re\"lease";
        let uneven = "# every 2d, counted from the first of each month, so that the last one of a month may be shorter";
        has(
            &github(&wanted),
            &[
                uneven,
                "    - cron: \"17 3 */2 * *\"",
                "  contents: write",
                "          ref: \"re\\\"lease\"",
                "          fetch-depth: 0",
                "          tracks sync --fetch --push --only 'a;b'",
                "      TRACKS_YES: \"1\"",
            ],
        );
        has(
            &gitlab(&wanted),
            &[
                uneven,
                "    GIT_DEPTH: \"0\"",
                "  resource_group: tracks",
                "    - git remote set-url --push origin \"${CI_PROJECT_URL%%://*}://oauth2:$TRACKS_TOKEN@${CI_PROJECT_URL#*://}.git\"",
                "      tracks sync --fetch --push --only 'a;b'",
            ],
        );
        let often = super::super::tests::wanted(60, "/srv", &command);
        let note = "every 1m is more often than this timer can: it runs every 5m";
        assert_eq!(github(&often).note.as_deref(), Some(note));
    }
}
