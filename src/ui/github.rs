//! Workflow commands of GitHub Actions: groups, annotations, and keeping what a check prints from being taken for one.

use std::hash::{BuildHasher as _, RandomState};

use crate::process::environment;

/// So many annotations of one step are shown there.
pub(super) const ANNOTATIONS: usize = 10;

/// A log that GitHub Actions reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    /// Nobody who prints something can know it.
    token: String,
}

impl Workflow {
    /// Where we run in one.
    pub(super) fn here() -> Option<Workflow> {
        let runs = environment::var("GITHUB_ACTIONS").is_some_and(|value| value == "true");
        runs.then(|| {
            let random = || RandomState::new().hash_one(std::process::id());
            Workflow::with_token(format!("{:016x}{:016x}", random(), random()))
        })
    }

    pub(super) fn with_token(token: String) -> Workflow {
        Workflow { token }
    }

    /// A group that can be folded; what is in it is shown as it is.
    pub(super) fn group(&self, title: &str, text: &str) -> String {
        format!(
            "::group::{}\n{}::endgroup::\n",
            data(title),
            self.guarded(text)
        )
    }

    /// The text, in which no command is one.
    pub(super) fn guarded(&self, text: &str) -> String {
        let token = &self.token;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        format!("::stop-commands::{token}\n{text}{end}::{token}::\n")
    }
}

/// The annotation of one error.
pub(super) fn error(title: &str, message: &str) -> String {
    let nowhere = Place {
        file: None,
        line: None,
    };
    annotation("error", &nowhere, title, message)
}

/// Where an annotation is shown.
pub(super) struct Place<'a> {
    pub(super) file: Option<&'a str>,
    /// From 1.
    pub(super) line: Option<usize>,
}

/// An annotation of some kind: `error`, `warning`, `notice`.
pub(super) fn annotation(kind: &str, place: &Place<'_>, title: &str, message: &str) -> String {
    let mut properties = Vec::new();
    if let Some(file) = place.file {
        properties.push(format!("file={}", property(file)));
        properties.extend(place.line.map(|line| format!("line={line}")));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{kind} {}::{}\n", properties.join(","), data(message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped() {
        for (title, message, expected) in [
            ("a unit", "oh", "::error title=a unit::oh\n"),
            ("a:b,c", "x: y, z", "::error title=a%3Ab%2Cc::x: y, z\n"),
            (
                "100%\n",
                "1%\r\n2",
                "::error title=100%25%0A::1%25%0D%0A2\n",
            ),
        ] {
            assert_eq!(error(title, message), expected);
        }
        let place = Place {
            file: Some("a,b:c%/d e.rs"),
            line: Some(7),
        };
        assert_eq!(
            annotation("notice", &place, "x", "y::z\n::error::no"),
            "::notice file=a%2Cb%3Ac%25/d e.rs,line=7,title=x::y::z%0A::error::no\n"
        );
    }

    #[test]
    fn what_a_check_prints_commands_nothing() {
        let workflow = Workflow::with_token("secret".to_owned());
        assert_eq!(
            workflow.group("a unit failed", "::error::no\n"),
            "::group::a unit failed\n::stop-commands::secret\n::error::no\n::secret::\n::endgroup::\n"
        );
        assert_eq!(
            workflow.guarded("no end"),
            "::stop-commands::secret\nno end\n::secret::\n"
        );
    }
}
