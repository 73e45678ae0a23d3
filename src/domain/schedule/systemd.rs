//! A service and a timer of the user's systemd.

use super::quote::{unit_argument, unit_text};
use super::{Pace, Schedule, Wanted, comment, expression, note};
use crate::domain::time::format_duration;

/// Both units, one after the other, each under the name of its file. By the calendar, so that a round which was due while the
/// machine was off is made up for. Format: systemd.service(5) and systemd.timer(5).
pub(super) fn units(wanted: &Wanted<'_>) -> Schedule {
    let name = unit_name(wanted.project);
    let pace = expression(wanted.every, Pace::Minute);
    let note = note(wanted.every, &pace);
    let every = format_duration(pace.every);
    let mut words = vec![
        // No variable is looked for in the name of the program.
        unit_text(wanted.program),
        "-C".to_owned(),
        unit_argument(wanted.dir),
    ];
    words.extend(wanted.command.iter().map(|word| match is_plain(word) {
        true => word.clone(),
        false => unit_argument(word),
    }));
    let command = words.join(" ");
    let path = unit_text(&format!("PATH={}", wanted.path));
    let project: String = wanted.project.chars().map(printable).collect();
    let project = project.replace('%', "%%");
    let text = format!(
        "\
# ~/.config/systemd/user/{name}.service
# approve the commands of tracks.toml once, as the same user: tracks trust
[Unit]
Description=A round of the tracks of {project}

[Service]
Type=oneshot
Environment={path}
ExecStart={command}
# 1: something was found, and the round has done its work
SuccessExitStatus=1

# ~/.config/systemd/user/{name}.timer
# then: systemctl --user daemon-reload && systemctl --user enable --now {name}.timer
# while nobody is logged in, it runs only after: loginctl enable-linger
[Unit]
Description=A round of the tracks of {project}, every {every}

[Timer]
{said}OnCalendar={calendar}
# also where it was due while the machine was off
Persistent=true

[Install]
WantedBy=timers.target
",
        said = comment(note.as_ref()),
        calendar = pace.calendar,
    );
    Schedule { text, note }
}

/// Letters, digits and what else unit names may have, but for what has a meaning there.
fn unit_name(project: &str) -> String {
    let name = project.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() || "_.".contains(c) => c,
        _ => '-',
    });
    format!("tracks-{}", name.collect::<String>())
}

fn printable(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{wanted, words};
    use super::*;

    fn lines(dir: &str, command: &str, project: &str) -> Vec<String> {
        let command = words(command);
        let mut wanted = wanted(2 * 86_400, dir, &command);
        wanted.project = project;
        let schedule = units(&wanted);
        let note = schedule.note.as_deref().unwrap_or_default();
        assert!(note.starts_with("every 2d, counted"), "{note}");
        let keys = [
            "Description=",
            "ExecStart=",
            "OnCalendar=",
            "Persistent=",
            "Environment=",
            "# ~/",
        ];
        let is_key = |line: &&str| keys.iter().any(|key| line.starts_with(key));
        schedule
            .text
            .lines()
            .filter(is_key)
            .map(str::to_owned)
            .collect()
    }

    #[test]
    fn names_and_commands() {
        assert_eq!(
            lines("/srv/my demo", "sync --push", "demo"),
            [
                "# ~/.config/systemd/user/tracks-demo.service",
                "Description=A round of the tracks of demo",
                "Environment=\"PATH=/usr/bin:/bin\"",
                "ExecStart=\"/usr/bin/tracks\" -C \"/srv/my demo\" sync --push",
                "# ~/.config/systemd/user/tracks-demo.timer",
                "Description=A round of the tracks of demo, every 2d",
                "OnCalendar=*-*-01/2 03:17:00",
                "Persistent=true",
            ]
        );
        let odd = lines(r#"/srv/100% $HOME "x"\"#, "sync --only a;b", "my demo@5%");
        assert_eq!(odd[0], "# ~/.config/systemd/user/tracks-my-demo-5-.service");
        assert_eq!(odd[1], "Description=A round of the tracks of my demo@5%%");
        assert_eq!(
            odd[3],
            r#"ExecStart="/usr/bin/tracks" -C "/srv/100%% $$HOME \"x\"\\" sync --only "a;b""#
        );
    }
}
