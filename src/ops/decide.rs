//! Who takes precedence over whom, decided once with a reason: rounds go by it in the lines that conflict.

use crate::domain::name::TrackId;
use crate::domain::path::Pattern;
use crate::domain::resolution::Decision;
use crate::process::clock;

use super::notebook::{self, Change, Notebook, NotebookError};
use super::{Session, SessionError};

#[derive(Debug, Clone)]
pub enum Wanted {
    List,
    Decide {
        tracks: [String; 2],
        prefer: String,
        because: String,
        /// Where; empty: everywhere.
        paths: Vec<Pattern>,
    },
    /// By the beginning of its id.
    Revoke(String),
}

#[derive(Debug)]
pub enum Report {
    Listed(Vec<Decision>),
    Decided {
        decision: Decision,
        /// Earlier ones about the same pair, which count where this one does not.
        earlier: Vec<String>,
    },
    Revoked {
        id: String,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    #[error("{0} cannot take precedence over itself")]
    OverItself(TrackId),
    #[error("`--prefer {prefer}` is neither {a} nor {b}")]
    Neither {
        prefer: String,
        a: TrackId,
        b: TrackId,
    },
    #[error("a decision needs a reason")]
    NoReason,
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Notebook(#[from] NotebookError),
    #[error(transparent)]
    Git(#[from] crate::git::GitError),
}

/// # Errors
/// When it is not allowed, or what was recorded cannot be read or written.
pub fn run(session: &Session, wanted: &Wanted, command: &str) -> Result<Report, DecideError> {
    match wanted {
        Wanted::List => Ok(Report::Listed(Notebook::read(session)?.decisions)),
        Wanted::Revoke(text) => {
            let id = Notebook::read(session)?.whole_decision(text)?;
            notebook::write(session, command, &Change::Forget(id.clone()))?;
            Ok(Report::Revoked { id })
        }
        Wanted::Decide {
            tracks,
            prefer,
            because,
            paths,
        } => {
            let [a, b] = [&tracks[0], &tracks[1]].map(|name| session.track(name));
            let (a, b) = (a?.id.clone(), b?.id.clone());
            if a == b {
                return Err(DecideError::OverItself(a));
            }
            if because.trim().is_empty() {
                return Err(DecideError::NoReason);
            }
            let (prefer, over) = match prefer.as_str() {
                name if name == a.as_str() => (a, b),
                name if name == b.as_str() => (b, a),
                _ => {
                    let prefer = prefer.clone();
                    return Err(DecideError::Neither { prefer, a, b });
                }
            };
            let when = clock::now();
            let who = session.repository.who()?;
            let decision = Decision {
                id: Decision::id_of(&prefer, &over, because, paths, when),
                who: who.unwrap_or_else(|| "somebody".to_owned()),
                when,
                prefer,
                over,
                because: because.clone(),
                paths: paths.clone(),
            };
            let about = |other: &&Decision| {
                let pair = [&other.prefer, &other.over];
                other.id != decision.id
                    && pair.contains(&&decision.prefer)
                    && pair.contains(&&decision.over)
            };
            let notebook = Notebook::read(session)?;
            let earlier = notebook.decisions.iter().filter(about);
            let earlier = earlier.map(|other| other.id.clone()).collect();
            notebook::write(session, command, &Change::Decision(decision.clone()))?;
            Ok(Report::Decided { decision, earlier })
        }
    }
}
