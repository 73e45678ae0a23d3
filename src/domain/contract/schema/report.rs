//! What is said where the keywords of a schema about single values differ: types, values, bounds, texts.

use std::collections::{BTreeMap, BTreeSet};

use super::flat::{Flat, Kind};
use super::{Differ, Use};

/// Keywords with a number, and whether a larger one refuses more.
const LIMITS: [(&str, bool); 12] = [
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("minLength", true),
    ("minItems", true),
    ("minProperties", true),
    ("minContains", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("maxLength", false),
    ("maxItems", false),
    ("maxProperties", false),
    ("maxContains", false),
];

impl<'d> Differ<'d> {
    /// Breaks who writes.
    pub(super) fn narrows(&mut self, by: Use, at: String, line: usize, what: &str) {
        if by != Use::Reads {
            self.add(at, Some(line), what.to_owned());
        }
    }

    /// Breaks who reads.
    pub(super) fn widens(&mut self, by: Use, at: String, line: usize, what: &str) {
        if by != Use::Writes {
            self.add(at, Some(line), what.to_owned());
        }
    }

    fn changes(&mut self, at: String, line: usize, what: &str) {
        self.add(at, Some(line), what.to_owned());
    }

    /// Whether anything else is worth comparing.
    pub(super) fn types(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) -> bool {
        if old.never || new.never {
            if old.never != new.never {
                let what = match new.never {
                    true => "takes nothing any more",
                    false => "took nothing, and does now",
                };
                self.changes(new.at.clone(), new.line, what);
            }
            return false;
        }
        if old.outside != new.outside {
            let names = |flat: &Flat<'_>| {
                let names: Vec<&str> = flat.outside.iter().map(String::as_str).collect();
                match names.is_empty() {
                    true => "nothing outside".to_owned(),
                    false => names.join(" and "),
                }
            };
            let (before, after) = (names(old), names(new));
            let what = format!("refers to {after} instead of {before}, which is not followed");
            self.changes(new.at.clone(), new.line, &what);
        }
        let (before, after) = (old.kinds(), new.kinds());
        if before == after {
            return true;
        }
        if before.is_disjoint(&after) {
            let (before, after) = (named(&before), named(&after));
            let what = format!("type changes from {before} to {after}");
            self.changes(new.at.clone(), new.line, &what);
            return false;
        }
        let fewer: BTreeSet<Kind> = before.difference(&after).copied().collect();
        if !fewer.is_empty() {
            let what = format!("may no longer be {}", named(&fewer));
            self.narrows(by, new.at.clone(), new.line, &what);
        }
        let more: BTreeSet<Kind> = after.difference(&before).copied().collect();
        if !more.is_empty() {
            let what = format!("may be {} now", named(&more));
            self.widens(by, new.at.clone(), new.line, &what);
        }
        true
    }

    pub(super) fn values(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let at = || format!("{}/enum", new.at);
        match (&old.values, &new.values) {
            (None, None) => {}
            (Some(_), None) => {
                self.widens(
                    by,
                    at(),
                    new.line,
                    "may be other values than those listed now",
                );
            }
            (None, Some(after)) => {
                let what = format!("takes nothing but {} now", listed(after.iter()));
                self.narrows(by, at(), new.line, &what);
            }
            (Some(before), Some(after)) => {
                for gone in before.difference(after) {
                    self.narrows(by, at(), new.line, &format!("no longer takes {gone}"));
                }
                for added in after.difference(before) {
                    self.widens(by, at(), new.line, &format!("may be {added} now"));
                }
            }
        }
    }

    pub(super) fn limits(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        for (keyword, larger_refuses) in LIMITS {
            let (before, after) = (old.limits.get(keyword), new.limits.get(keyword));
            let at = format!("{}/{keyword}", new.at);
            let (narrows, what) = match (before, after) {
                (Some(before), Some(after)) if before != after => (
                    (after > before) == larger_refuses,
                    format!("changes from {before} to {after}"),
                ),
                (None, Some(after)) => (true, format!("is {after} now, and there was none")),
                (Some(before), None) => {
                    (false, format!("was {before}, and there is none any more"))
                }
                _ => continue,
            };
            match narrows {
                true => self.narrows(by, at, new.line, &what),
                false => self.widens(by, at, new.line, &what),
            }
        }
        let at = || format!("{}/uniqueItems", new.at);
        match (old.unique, new.unique) {
            (false, true) => self.narrows(by, at(), new.line, "no element may be there twice now"),
            (true, false) => self.widens(by, at(), new.line, "an element may be there twice now"),
            _ => {}
        }
    }

    /// Keywords whose values are compared as texts: different is different.
    pub(super) fn texts(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let keywords: BTreeSet<&str> = (old.texts.keys().chain(new.texts.keys()))
            .map(String::as_str)
            .collect();
        for keyword in keywords {
            let (before, after) = (old.texts.get(keyword), new.texts.get(keyword));
            if before == after {
                continue;
            }
            let at = format!("{}/{keyword}", new.at);
            let short = |texts: &BTreeSet<String>| listed(texts.iter());
            match (before, after) {
                (Some(before), Some(after)) => {
                    let what = format!("changes from {} to {}", short(before), short(after));
                    self.changes(at, new.line, &what);
                }
                (None, Some(after)) => {
                    let what = format!("is {} now, and there was none", short(after));
                    self.narrows(by, at, new.line, &what);
                }
                (Some(before), None) => {
                    let what = format!("was {}, and there is none any more", short(before));
                    self.widens(by, at, new.line, &what);
                }
                (None, None) => {}
            }
        }
        match (&old.discriminator, &new.discriminator) {
            (before, after) if before == after => {}
            (Some(before), Some(after)) if before.0 == after.0 => {
                self.mapping(&before.1, &after.1, new);
            }
            _ => {
                let at = format!("{}/discriminator", new.at);
                self.changes(at, new.line, "is another property now");
            }
        }
    }

    /// Entries may be added.
    fn mapping(
        &mut self,
        old: &BTreeMap<String, String>,
        new: &BTreeMap<String, String>,
        flat: &Flat<'d>,
    ) {
        for (value, before) in old {
            let at = format!("{}/discriminator/mapping/{value}", flat.at);
            match new.get(value) {
                Some(after) if after == before => {}
                Some(after) => {
                    let what = format!("leads to {after} instead of {before}");
                    self.changes(at, flat.line, &what);
                }
                None => self.changes(at, flat.line, "is gone"),
            }
        }
    }
}

fn named(kinds: &BTreeSet<Kind>) -> String {
    let both = kinds.contains(&Kind::Integer) && kinds.contains(&Kind::Fraction);
    let names = kinds.iter().filter_map(|kind| match kind {
        Kind::Integer if both => None,
        Kind::Fraction if both => Some("number"),
        kind => Some(kind.name()),
    });
    listed(names)
}

/// Joined by "or"; long ones cut short.
fn listed(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    const LONG: usize = 60;
    let texts: Vec<String> = texts
        .map(|text| {
            let text = text.as_ref();
            match text.char_indices().nth(LONG) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text.to_owned(),
            }
        })
        .collect();
    texts.join(" or ")
}
