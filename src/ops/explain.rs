//! What rules mean, and how severe they are here.

use crate::domain::name::nearest;
use crate::domain::project::Severity;
use crate::domain::rule::{self, Rule};

use super::Session;

/// One rule.
#[derive(Debug)]
pub struct Explained {
    pub rule: &'static Rule,
    /// What tracks.toml says of it.
    pub said: Option<Severity>,
}

impl Explained {
    /// The severity that counts.
    pub fn severity(&self) -> Severity {
        self.said.unwrap_or(self.rule.severity)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("there is no rule `{code}`")]
pub struct UnknownRule {
    pub code: String,
    pub nearest: Option<&'static str>,
    pub known: Vec<String>,
}

/// The rule of this code, in any case of letters; all of them where there is none. `session`: where there is one.
///
/// # Errors
/// When there is no such rule.
pub fn explain(
    session: Option<&Session>,
    code: Option<&str>,
) -> Result<Vec<Explained>, UnknownRule> {
    let said = |rule: &Rule| session?.project.severity.get(rule.code).copied();
    let explained = |rule: &'static Rule| Explained {
        said: said(rule),
        rule,
    };
    let Some(code) = code else {
        return Ok(rule::all().map(explained).collect());
    };
    let upper = code.trim().to_uppercase();
    match rule::find(&upper) {
        Some(rule) => Ok(vec![explained(rule)]),
        None => Err(UnknownRule {
            code: code.to_owned(),
            nearest: nearest(&upper, rule::all().map(|rule| rule.code)),
            known: rule::all().map(|rule| rule.code.to_owned()).collect(),
        }),
    }
}
