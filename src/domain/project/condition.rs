//! The `when` of a profile: a condition on how large a change is, such as `files > 200 or lines > 5000`.
//!
//! `not` binds tighter than `and`, and that tighter than `or`; parentheses group. What is parsed prints as a text that
//! parses to the same.

mod parse;

use std::fmt;
use std::ops::Range;

/// How large a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeSize {
    /// Paths that it touches.
    pub files: u64,
    /// Lines that it adds and removes, in text files.
    pub lines: u64,
    /// Contracts that it touches a path of.
    pub contracts: u64,
}

/// A condition on the size of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Compare {
        measure: Measure,
        comparison: Comparison,
        number: u64,
    },
    Not(Box<Condition>),
    /// At least two.
    All(Vec<Condition>),
    /// At least two.
    Any(Vec<Condition>),
}

/// What a condition may ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    Files,
    Lines,
    Contracts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

/// Why a text is not a condition: what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ConditionError {
    /// Bytes of the text; empty at its end, where something is missing.
    pub at: Range<usize>,
    pub what: String,
    /// What should stand there.
    pub expected: Option<&'static str>,
    /// What was most likely meant.
    pub instead: Option<&'static str>,
}

impl Condition {
    /// # Errors
    /// When the text is no condition; the error knows where in the text.
    pub fn parse(text: &str) -> Result<Condition, ConditionError> {
        parse::condition(text)
    }

    /// Why it holds, in words such as `files 312 > 200`; `None` where it does not.
    pub fn holds(&self, size: &ChangeSize) -> Option<String> {
        self.because(size, true)
    }

    /// Why it is so that it holds, or does not hold; `None` where it is not so.
    fn because(&self, size: &ChangeSize, holds: bool) -> Option<String> {
        match (self, holds) {
            (Condition::Not(inner), _) => inner.because(size, !holds),
            (Condition::All(parts), true) | (Condition::Any(parts), false) => {
                let reasons: Option<Vec<String>> =
                    parts.iter().map(|part| part.because(size, holds)).collect();
                Some(reasons?.join(" and "))
            }
            (Condition::All(parts), false) | (Condition::Any(parts), true) => {
                parts.iter().find_map(|part| part.because(size, holds))
            }
            (
                Condition::Compare {
                    measure,
                    comparison,
                    number,
                },
                _,
            ) => {
                let comparison = match holds {
                    true => *comparison,
                    false => comparison.opposite(),
                };
                let value = measure.of(size);
                comparison
                    .is_so(value, *number)
                    .then(|| format!("{measure} {value} {comparison} {number}"))
            }
        }
    }
}

impl Measure {
    const ALL: [Measure; 3] = [Measure::Files, Measure::Lines, Measure::Contracts];

    fn as_str(self) -> &'static str {
        match self {
            Measure::Files => "files",
            Measure::Lines => "lines",
            Measure::Contracts => "contracts",
        }
    }

    fn of(self, size: &ChangeSize) -> u64 {
        match self {
            Measure::Files => size.files,
            Measure::Lines => size.lines,
            Measure::Contracts => size.contracts,
        }
    }
}

impl Comparison {
    const ALL: [Comparison; 6] = [
        Comparison::More,
        Comparison::AtLeast,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Equal,
        Comparison::Unequal,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Comparison::More => ">",
            Comparison::AtLeast => ">=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Equal => "==",
            Comparison::Unequal => "!=",
        }
    }

    fn opposite(self) -> Self {
        match self {
            Comparison::More => Comparison::AtMost,
            Comparison::AtLeast => Comparison::Less,
            Comparison::Less => Comparison::AtLeast,
            Comparison::AtMost => Comparison::More,
            Comparison::Equal => Comparison::Unequal,
            Comparison::Unequal => Comparison::Equal,
        }
    }

    fn is_so(self, value: u64, number: u64) -> bool {
        match self {
            Comparison::More => value > number,
            Comparison::AtLeast => value >= number,
            Comparison::Less => value < number,
            Comparison::AtMost => value <= number,
            Comparison::Equal => value == number,
            Comparison::Unequal => value != number,
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Condition::Compare {
                measure,
                comparison,
                number,
            } => write!(f, "{measure} {comparison} {number}"),
            Condition::Not(inner) => {
                f.write_str("not ")?;
                inner.inside(f, matches!(**inner, Condition::All(_) | Condition::Any(_)))
            }
            Condition::All(parts) => joined(f, parts, " and ", |part| {
                matches!(part, Condition::All(_) | Condition::Any(_))
            }),
            Condition::Any(parts) => {
                joined(f, parts, " or ", |part| matches!(part, Condition::Any(_)))
            }
        }
    }
}

impl Condition {
    fn inside(&self, f: &mut fmt::Formatter<'_>, in_parentheses: bool) -> fmt::Result {
        match in_parentheses {
            true => write!(f, "({self})"),
            false => write!(f, "{self}"),
        }
    }
}

fn joined(
    f: &mut fmt::Formatter<'_>,
    parts: &[Condition],
    word: &str,
    in_parentheses: fn(&Condition) -> bool,
) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        part.inside(f, in_parentheses(part))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
