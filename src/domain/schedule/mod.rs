//! Texts that make somebody else's timer run rounds: systemd, cron, GitHub Actions, GitLab CI.

mod ci;
mod period;
mod quote;
mod systemd;

use std::time::Duration;

use super::time::format_duration;
use crate::domain::quote::shell_word;
pub use period::{Expression, Pace, expression};
use quote::cron_line;

/// Whose timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    Systemd,
    Cron,
    Github,
    Gitlab,
}

impl Timer {
    pub const ALL: [Timer; 4] = [Timer::Systemd, Timer::Cron, Timer::Github, Timer::Gitlab];

    pub fn as_str(self) -> &'static str {
        match self {
            Timer::Systemd => "systemd",
            Timer::Cron => "cron",
            Timer::Github => "github",
            Timer::Gitlab => "gitlab",
        }
    }

    pub fn about(self) -> &'static str {
        match self {
            Timer::Systemd => "a service and a timer of your user, where systemd runs",
            Timer::Cron => "a line for `crontab -e`",
            Timer::Github => "a workflow for GitHub Actions",
            Timer::Gitlab => "a job for GitLab CI",
        }
    }

    /// The command that is run unless another one is wanted: a job of a forge has nothing but its clone.
    pub fn command(self) -> &'static [&'static str] {
        match self {
            Timer::Systemd | Timer::Cron => &["sync"],
            Timer::Github | Timer::Gitlab => &["sync", "--fetch", "--push"],
        }
    }
}

/// What is to be run, and where.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub project: &'a str,
    pub base: &'a str,
    pub every: Duration,
    /// The words after `tracks`.
    pub command: &'a [String],
    /// The repository on this machine, and the program and the `PATH` to run it with.
    pub dir: &'a str,
    pub program: &'a str,
    pub path: &'a str,
}

/// The text for one timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    pub text: String,
    /// Where the timer cannot do exactly what is wanted, one sentence.
    pub note: Option<String>,
}

/// What cannot be written down for this timer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a crontab has no way to write a line break, and there is one in `{}`", .0.escape_debug())]
pub struct Unwritable(String);

/// # Errors
/// When a path or a word of the command cannot be written down there.
pub fn schedule(timer: Timer, wanted: &Wanted<'_>) -> Result<Schedule, Unwritable> {
    match timer {
        Timer::Systemd => Ok(systemd::units(wanted)),
        Timer::Cron => cron(wanted),
        Timer::Github => Ok(ci::github(wanted)),
        Timer::Gitlab => Ok(ci::gitlab(wanted)),
    }
}

fn cron(wanted: &Wanted<'_>) -> Result<Schedule, Unwritable> {
    let texts = [wanted.dir, wanted.program, wanted.path];
    let words = wanted.command.iter().map(String::as_str);
    if let Some(text) = texts
        .into_iter()
        .chain(words)
        .find(|text| text.contains('\n'))
    {
        return Err(Unwritable(text.to_owned()));
    }
    let pace = expression(wanted.every, Pace::Minute);
    let mut words = vec![format!("PATH={}", shell_word(wanted.path))];
    words.extend([wanted.program, "-C", wanted.dir].map(shell_word));
    words.extend(wanted.command.iter().map(|word| shell_word(word)));
    let note = note(wanted.every, &pace);
    let text = format!(
        "{}# {}\n{} {}\n",
        comment(note.as_ref()),
        "approve the commands of tracks.toml once, as the same user: tracks trust",
        pace.text,
        cron_line(&words.join(" "))
    );
    Ok(Schedule { text, note })
}

/// Where the timer runs at other times than every so often.
fn note(every: Duration, expression: &Expression) -> Option<String> {
    let wanted = format_duration(every);
    let nearest = format_duration(expression.every);
    if expression.every > every {
        Some(format!(
            "every {wanted} is more often than this timer can: it runs every {nearest}"
        ))
    } else if expression.every < every {
        Some(format!(
            "this timer cannot run every {wanted}: it runs every {nearest}, the nearest that is not longer{}",
            expression.counted()
        ))
    } else if expression.uneven {
        Some(format!("every {wanted}{}", expression.counted()))
    } else {
        None
    }
}

/// As a line of its own.
fn comment(note: Option<&String>) -> String {
    note.map(|note| format!("# {note}\n")).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    pub(super) fn wanted<'a>(every: u64, dir: &'a str, command: &'a [String]) -> Wanted<'a> {
        Wanted {
            project: "demo",
            base: "main",
            every: Duration::from_secs(every),
            command,
            dir,
            program: "/usr/bin/tracks",
            path: "/usr/bin:/bin",
        }
    }

    fn line(every: u64, dir: &str, command: &[String]) -> String {
        let schedule = schedule(Timer::Cron, &wanted(every, dir, command)).unwrap();
        schedule.text.lines().last().unwrap().to_owned()
    }

    #[test]
    fn crontab_lines() {
        const HOUR: u64 = 3600;
        for (every, dir, command, expected) in [
            (
                HOUR,
                "/srv/demo",
                "sync",
                "17 * * * * PATH=/usr/bin:/bin /usr/bin/tracks -C /srv/demo sync",
            ),
            (
                48 * HOUR,
                "/srv/my demo",
                "sync --push",
                "17 3 */2 * * PATH=/usr/bin:/bin /usr/bin/tracks -C '/srv/my demo' sync --push",
            ),
            // To cron, % is a line end; to the shell, it is nothing.
            (
                600,
                "/srv/100% it's $HOME",
                "sync",
                r"*/10 * * * * PATH=/usr/bin:/bin /usr/bin/tracks -C '/srv/100\% it'\''s $HOME' sync",
            ),
        ] {
            assert_eq!(line(every, dir, &words(command)), expected);
        }
        let command = words("sync");
        let broken = schedule(Timer::Cron, &wanted(60, "/srv/a\nb", &command));
        assert_eq!(
            broken.unwrap_err().to_string(),
            "a crontab has no way to write a line break, and there is one in `/srv/a\\nb`"
        );
    }

    #[test]
    fn what_cron_cannot_say_is_said() {
        let command = words("sync");
        for (every, expected) in [
            (3600, None),
            (86_400, None),
            (
                2 * 86_400,
                Some(
                    "every 2d, counted from the first of each month, so that the last one of a month may be shorter",
                ),
            ),
            (
                5 * 3600,
                Some(
                    "this timer cannot run every 5h: it runs every 4h, the nearest that is not longer",
                ),
            ),
            (
                30,
                Some("every 30s is more often than this timer can: it runs every 1m"),
            ),
        ] {
            let schedule = schedule(Timer::Cron, &wanted(every, "/srv", &command)).unwrap();
            assert_eq!(schedule.note.as_deref(), expected);
            if let Some(note) = expected {
                assert!(
                    schedule.text.starts_with(&format!("# {note}\n")),
                    "{}",
                    schedule.text
                );
            }
        }
    }
}
