//! The version of a migration: what a runner orders files by, and tells them apart by.

use std::cmp::Ordering;
use std::fmt;

/// As it is written, and as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// As the name has it: `0007`.
    pub text: String,
    pub key: VersionKey,
}

/// Equal for versions that are one to the runner, and in its order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionKey {
    /// Numbers, from left to right: one for most runners, several for `1.2.3`. Without zeros at the end.
    Numbers(Vec<Digits>),
    Text(String),
}

/// A whole number of any length, without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Digits(String);

impl Version {
    /// One whole number; `None` where the text is not all digits.
    pub fn number(text: &str) -> Option<Version> {
        Some(Version {
            text: text.to_owned(),
            key: VersionKey::Numbers(vec![Digits::new(text)?]),
        })
    }

    /// Numbers with `.` or `_` between them, of which zeros at the end do not count.
    pub fn dotted(text: &str) -> Option<Version> {
        let parts: Option<Vec<Digits>> = text.split(['.', '_']).map(Digits::new).collect();
        let mut parts = parts?;
        while parts.len() > 1 && parts.last().is_some_and(Digits::is_zero) {
            parts.pop();
        }
        Some(Version {
            text: text.to_owned(),
            key: VersionKey::Numbers(parts),
        })
    }

    /// Compared letter by letter.
    pub fn text(text: &str) -> Version {
        Version {
            text: text.to_owned(),
            key: VersionKey::Text(text.to_owned()),
        }
    }
}

impl VersionKey {
    /// The one number that it is, where it is one and fits.
    pub fn as_number(&self) -> Option<u64> {
        match self {
            VersionKey::Numbers(parts) => match parts.as_slice() {
                [one] => one.as_number(),
                _ => None,
            },
            VersionKey::Text(_) => None,
        }
    }
}

impl fmt::Display for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionKey::Text(text) => f.write_str(text),
            VersionKey::Numbers(parts) => {
                for (place, part) in parts.iter().enumerate() {
                    let dot = if place == 0 { "" } else { "." };
                    write!(f, "{dot}{part}")?;
                }
                Ok(())
            }
        }
    }
}

impl Digits {
    pub fn new(text: &str) -> Option<Digits> {
        let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| Digits(text.trim_start_matches('0').to_owned()))
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_number(&self) -> Option<u64> {
        match self.0.as_str() {
            "" => Some(0),
            digits => digits.parse().ok(),
        }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "0" } else { &self.0 })
    }
}

impl Ord for Digits {
    fn cmp(&self, other: &Digits) -> Ordering {
        // Without leading zeros, the longer is the greater.
        (self.0.len(), &self.0).cmp(&(other.0.len(), &other.0))
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Digits) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let number = |text| Version::number(text).unwrap().key;
        assert_eq!(number("001"), number("1"));
        assert_eq!(number("0"), number("000"));
        assert!(number("9") < number("10"));
        assert!(number("20241001") < number("20241001000000"));
        assert!(number("99999999999999999999998") < number("99999999999999999999999"));
        assert_eq!(number("0042").as_number(), Some(42));
        assert_eq!(number("000").to_string(), "0");
        for bad in ["", "1a", "-1", "1.2", "١"] {
            assert_eq!(Version::number(bad), None, "{bad}");
        }
    }

    #[test]
    fn dotted_ones_part_by_part() {
        let dotted = |text| Version::dotted(text).unwrap().key;
        assert_eq!(dotted("1.0"), dotted("1"));
        assert_eq!(dotted("1.2"), dotted("01_02.0"));
        assert_eq!(dotted("0.0"), dotted("0"));
        assert!(dotted("1.9") < dotted("1.10"));
        assert!(dotted("1") < dotted("1.0.1"));
        assert!(dotted("1.1") < dotted("2"));
        assert_eq!(dotted("1_2").to_string(), "1.2");
        for bad in ["", "1.", ".1", "1..2", "1.x"] {
            assert_eq!(Version::dotted(bad), None, "{bad}");
        }
    }
}
