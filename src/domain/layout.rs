//! Name templates: what `{phase}`, `{track}`, `{agent}` and `{project}` become, and which results are safe to use.

use super::name::{BranchName, NameError};

/// What a template may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    pub phase: Option<&'a str>,
    pub track: Option<&'a str>,
    pub agent: Option<&'a str>,
    pub project: &'a str,
}

/// Why a template gives no usable name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error(
        "`{{{0}}}` is not a field of a template; the fields are {{phase}}, {{track}}, {{agent}} and {{project}}"
    )]
    UnknownField(String),
    #[error("`{{{0}}}` has no value here")]
    NoValue(&'static str),
    #[error("a `{{` or `}}` has no partner")]
    Unbalanced,
    #[error(transparent)]
    Branch(#[from] NameError),
    #[error("`{path}` {why}")]
    Path { path: String, why: &'static str },
}

/// # Errors
/// When a field is unknown or has no value, or a brace has no partner.
pub fn expand(template: &str, fields: Fields<'_>) -> Result<String, TemplateError> {
    let _ = (template, fields);
    todo!()
}

/// # Errors
/// As [`expand`], and when git would refuse the name.
pub fn branch(template: &str, fields: Fields<'_>) -> Result<BranchName, TemplateError> {
    Ok(BranchName::new(&expand(template, fields)?)?)
}

/// A worktree's directory below `[layout] worktrees`.
///
/// # Errors
/// As [`expand`], and when the result is absolute, climbs with `..`, has an empty or `.` part, a part that starts with `-`
/// or `.` (`.integration` and `.probe-N` are ours), ends with `.lock`, or has a control character.
pub fn worktree(template: &str, fields: Fields<'_>) -> Result<String, TemplateError> {
    let _ = (template, fields);
    todo!()
}
