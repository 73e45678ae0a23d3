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

impl<'a> Fields<'a> {
    fn value(&self, field: &str) -> Result<&'a str, TemplateError> {
        let (name, value) = match field {
            "phase" => ("phase", self.phase),
            "track" => ("track", self.track),
            "agent" => ("agent", self.agent),
            "project" => ("project", Some(self.project)),
            unknown => return Err(TemplateError::UnknownField(unknown.to_owned())),
        };
        value.ok_or(TemplateError::NoValue(name))
    }
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

/// Braces inside the values stay as they are.
///
/// # Errors
/// When a field is unknown or has no value, or a brace has no partner.
pub fn expand(template: &str, fields: Fields<'_>) -> Result<String, TemplateError> {
    let mut expanded = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find(['{', '}']) {
        let (literal, from_brace) = rest.split_at(open);
        let field = from_brace
            .strip_prefix('{')
            .and_then(|inside| inside.split_once('}'));
        let Some((field, after)) = field.filter(|(field, _)| !field.contains('{')) else {
            return Err(TemplateError::Unbalanced);
        };
        expanded.push_str(literal);
        expanded.push_str(fields.value(field)?);
        rest = after;
    }
    expanded.push_str(rest);
    Ok(expanded)
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
    let path = expand(template, fields)?;
    match unsafe_directory(&path) {
        None => Ok(path),
        Some(why) => Err(TemplateError::Path { path, why }),
    }
}

/// What speaks against a directory, as the end of a sentence that starts with it.
fn unsafe_directory(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.starts_with('/') {
        return Some("is absolute; it is a directory below `[layout] worktrees`");
    }
    if path.chars().any(char::is_control) {
        return Some("has a control character");
    }
    path.split('/').find_map(|part| match part {
        "" => Some("has an empty part (a trailing or doubled `/`)"),
        "." => Some("has a part that is `.`"),
        ".." => Some("climbs with `..`"),
        _ if part.starts_with('-') => {
            Some("has a part that starts with `-`, which programs would read as an option")
        }
        _ if part.starts_with('.') => {
            Some("has a part that starts with `.`; such directories are kept for rounds")
        }
        _ if part.ends_with(".lock") => Some("has a part that ends with `.lock`"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: Fields<'static> = Fields {
        phase: Some("phase-1"),
        track: Some("api"),
        agent: None,
        project: "nofx",
    };

    #[test]
    fn templates_expand() {
        for (template, expected) in [
            ("feature/{phase}-{track}", "feature/phase-1-api"),
            ("{track}", "api"),
            ("{project}/{track}{track}", "nofx/apiapi"),
            ("integration", "integration"),
            ("", ""),
        ] {
            assert_eq!(expand(template, FIELDS).as_deref(), Ok(expected));
        }
        let braces = Fields {
            track: Some("{phase}"),
            ..FIELDS
        };
        assert_eq!(expand("{track}", braces).as_deref(), Ok("{phase}"));
    }

    #[test]
    fn templates_that_do_not_expand() {
        for (template, expected) in [
            ("{agent}-{track}", TemplateError::NoValue("agent")),
            ("{trakc}", TemplateError::UnknownField("trakc".to_owned())),
            ("{}", TemplateError::UnknownField(String::new())),
            ("{track", TemplateError::Unbalanced),
            ("track}", TemplateError::Unbalanced),
            ("}track{", TemplateError::Unbalanced),
            ("{{track}}", TemplateError::Unbalanced),
            ("{track}}", TemplateError::Unbalanced),
        ] {
            assert_eq!(expand(template, FIELDS), Err(expected), "{template}");
        }
    }

    #[test]
    fn branches_are_what_git_accepts() {
        assert_eq!(
            branch("feature/{phase}-{track}", FIELDS).unwrap().as_str(),
            "feature/phase-1-api"
        );
        for bad in ["{track}.lock", "a b/{track}", "{track}/"] {
            assert!(
                matches!(branch(bad, FIELDS), Err(TemplateError::Branch(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn worktrees_stay_below_their_root() {
        for good in [
            "{track}",
            "{phase}-{track}",
            "a/{track}",
            "a b",
            "x.lockx",
            "ü",
        ] {
            assert!(worktree(good, FIELDS).is_ok(), "{good}");
        }
        for bad in [
            "",
            "/{track}",
            "../{track}",
            "a/../{track}",
            "a//b",
            "a/",
            ".",
            "./a",
            "-x",
            "a/-x",
            ".integration",
            ".probe-1",
            "a/.b",
            "{track}.lock",
            "x.lock/a",
            "a\nb",
            "a\u{7f}",
        ] {
            assert!(
                matches!(worktree(bad, FIELDS), Err(TemplateError::Path { .. })),
                "{bad:?}"
            );
        }
    }
}
