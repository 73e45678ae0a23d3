//! tracks.toml, its copy on base, and base itself.

use crate::ops::session::FILE_NAME;
use crate::ops::{Notice, Session, SessionError};

use super::Report;

const CODE: &str = "DOC-CONFIG";

pub(super) fn session(report: &mut Report, session: &Session) {
    let tracks = session.project.tracks.len();
    report.looked_at(match tracks {
        1 => format!("{FILE_NAME} with 1 track"),
        _ => format!("{FILE_NAME} with {tracks} tracks"),
    });
    for notice in &session.notices {
        match notice {
            Notice::Text(text) => report.warning(
                CODE,
                text.clone(),
                format!("commit {FILE_NAME} on {}", session.base.name),
            ),
            Notice::Config {
                name, diagnostics, ..
            } => {
                for diagnostic in diagnostics {
                    let help = diagnostic.help.clone();
                    let fix = help.unwrap_or_else(|| format!("change it in {name}"));
                    report.warning(CODE, format!("{name}: {}", diagnostic.message), fix);
                }
            }
        }
    }
}

pub(super) fn no_session(report: &mut Report, error: &SessionError) {
    report.looked_at(FILE_NAME);
    match error {
        SessionError::Config(problem) => {
            for diagnostic in &problem.diagnostics {
                let before =
                    &problem.text.as_bytes()[..diagnostic.span.start.min(problem.text.len())];
                let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
                let help = diagnostic.help.clone();
                let fix = help.unwrap_or_else(|| "`tracks status` shows the place".to_owned());
                let message = format!("{} line {line}: {}", problem.name, diagnostic.message);
                report.error(CODE, message, fix);
            }
        }
        SessionError::NoConfig { .. } => report.warning(
            CODE,
            error.to_string(),
            "write a commented one: `tracks init`",
        ),
        SessionError::Unborn => report.warning(
            CODE,
            error.to_string(),
            "tracks start from a commit: make a first one, then `tracks init`",
        ),
        error => report.error(
            CODE,
            error.to_string(),
            "`tracks status` says what to do about it",
        ),
    }
}
