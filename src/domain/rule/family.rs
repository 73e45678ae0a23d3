//! The families that rules come in, by which hooks are told what to judge.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    Ownership,
    Migrations,
    Contracts,
    Names,
}

impl Family {
    pub const ALL: [Family; 4] = [
        Family::Ownership,
        Family::Migrations,
        Family::Contracts,
        Family::Names,
    ];

    /// As tracks.toml has it.
    pub fn name(self) -> &'static str {
        match self {
            Family::Ownership => "ownership",
            Family::Migrations => "migrations",
            Family::Contracts => "contracts",
            Family::Names => "names",
        }
    }

    pub fn named(name: &str) -> Option<Family> {
        Family::ALL.into_iter().find(|family| family.name() == name)
    }

    /// How the codes of its rules begin.
    pub fn prefix(self) -> &'static str {
        match self {
            Family::Ownership => "OWN",
            Family::Migrations => "MIG",
            Family::Contracts => "CON",
            Family::Names => "NAM",
        }
    }

    /// Whether the rule with this code is of one of the families.
    pub fn any_has(families: &[Family], code: &str) -> bool {
        families.iter().any(|family| family.has(code))
    }

    /// Whether the rule with this code is one of its rules.
    pub fn has(self, code: &str) -> bool {
        code.starts_with(self.prefix())
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_of_one_family() {
        for rule in super::super::all() {
            let of = Family::ALL.iter().filter(|family| family.has(rule.code));
            assert_eq!(of.count(), 1, "{}", rule.code);
        }
        for family in Family::ALL {
            assert_eq!(Family::named(family.name()), Some(family));
        }
    }
}
