//! What people declare of a track, with `tracks mark` or with a trailer on one of its commits, and which declaration counts.

use super::name::nearest;
use super::revision::CommitId;
use super::time::Timestamp;
use super::trailer;

/// The trailer of a commit that declares a state, so that it travels with the branch.
pub const TRAILER: &str = "Tracks-State";

/// What is declared. Whether a track has landed is not: that is observed, and wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum State {
    Draft,
    /// Where nothing is declared.
    #[default]
    InProgress,
    Ready,
    Done,
    Dropped,
}

/// A word that is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a state")]
pub struct StateError {
    pub text: String,
    pub nearest: Option<&'static str>,
}

impl State {
    pub const ALL: [State; 5] = [
        State::Draft,
        State::InProgress,
        State::Ready,
        State::Done,
        State::Dropped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Draft => "draft",
            State::InProgress => "in-progress",
            State::Ready => "ready",
            State::Done => "done",
            State::Dropped => "dropped",
        }
    }

    /// # Errors
    /// When it is none of the five words.
    pub fn new(text: &str) -> Result<State, StateError> {
        State::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StateError {
                text: text.to_owned(),
                nearest: nearest(text, State::ALL.map(State::as_str)),
            })
    }

    /// Whether `admit = "ready"` takes it.
    pub fn is_ready(self) -> bool {
        matches!(self, State::Ready | State::Done)
    }
}

/// One declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub state: State,
    pub time: Timestamp,
    /// Who declared it, where that is known.
    pub by: Option<String>,
    pub because: Option<String>,
    /// The commit whose trailer it is; `None`: it is from the event log.
    pub commit: Option<CommitId>,
}

/// The declaration that counts: the newest; of several of the same time the last, so give them in the order in which they
/// were made, those of the event log after those of commits.
pub fn newest(marks: impl IntoIterator<Item = Mark>) -> Option<Mark> {
    marks.into_iter().max_by_key(|mark| mark.time)
}

/// What a commit's message declares: its last [`TRAILER`]. A word that is no
/// state declares nothing.
pub fn declared_in(message: &[u8]) -> Option<State> {
    let values = trailer::values(&String::from_utf8_lossy(message), TRAILER);
    State::new(values.last()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for state in State::ALL {
            assert_eq!(State::new(state.as_str()), Ok(state));
        }
        for (bad, nearest) in [
            ("redy", Some("ready")),
            ("drop", Some("dropped")),
            ("Ready", Some("ready")),
            ("landed", None),
            ("", None),
        ] {
            assert_eq!(State::new(bad).unwrap_err().nearest, nearest, "{bad}");
        }
    }

    #[test]
    fn trailers() {
        for (message, expected) in [
            ("Add a\n\nTracks-State: ready\n", Some(State::Ready)),
            (
                "Add a\n\nWhy.\n\nTrack: a\ntracks-state:done\n\n",
                Some(State::Done),
            ),
            (
                "Add a\n\nTracks-State: ready\nTracks-State: dropped",
                Some(State::Dropped),
            ),
            ("Add a\r\n\r\nTracks-State: draft\r\n", Some(State::Draft)),
            // A subject is no trailer, nor is a line of an earlier paragraph.
            ("Tracks-State: ready", None),
            ("Add a\n\nTracks-State: ready\n\nAnd so on.", None),
            ("Add a\n\nTracks-State: finished\n", None),
            ("Add a\n\nTracks-States: ready\n", None),
            ("", None),
        ] {
            assert_eq!(declared_in(message.as_bytes()), expected, "{message:?}");
        }
    }

    #[test]
    fn the_newest_counts() {
        let mark = |text: &str| {
            let (time, state) = text.split_once(' ').unwrap();
            Mark {
                state: State::new(state).unwrap(),
                time: Timestamp(time.parse().unwrap()),
                by: None,
                because: None,
                commit: None,
            }
        };
        let cases: [(&[&str], Option<State>); 4] = [
            (&[], None),
            (&["1 ready", "2 draft"], Some(State::Draft)),
            (&["2 ready", "1 dropped"], Some(State::Ready)),
            (&["2 ready", "1 draft", "2 dropped"], Some(State::Dropped)),
        ];
        for (marks, expected) in cases {
            let found = newest(marks.iter().map(|text| mark(text)));
            assert_eq!(found.map(|mark| mark.state), expected, "{marks:?}");
        }
    }
}
