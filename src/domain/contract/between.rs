//! Whether two tracks' versions of one file fit together.

use std::collections::BTreeSet;

use super::{Break, Outcome};

/// What is compared: base's version that both began with, two tracks', and what a merge makes of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Base,
    Ours,
    Theirs,
    Merged,
}

impl Side {
    /// As the other track sees it.
    #[must_use]
    pub fn swapped(self) -> Side {
        match self {
            Side::Ours => Side::Theirs,
            Side::Theirs => Side::Ours,
            side => side,
        }
    }
}

/// What breaks between two sides, beyond what each has changed by itself.
///
/// Side by side, whatever only one of them has added or broken differs as well. So what counts of `theirs` against `ours` is what neither
/// shows against what it began with: both have added the same thing, or changed it, differently. Beyond that the merge, where
/// it is clean, must break neither side, except by what the other breaks by itself.
pub fn between(merges: bool, compare: impl Fn(Side, Side) -> Outcome) -> Outcome {
    let mut unreadable = false;
    for (from, to) in [(Side::Theirs, Side::Ours), (Side::Ours, Side::Theirs)] {
        let by_itself = compare(Side::Base, to);
        let taken_back = compare(from, Side::Base);
        // That it cannot be read is told where it is compared with base.
        if let Outcome::CouldNotRun(_) = &by_itself {
            return Outcome::Compatible;
        }
        if let Outcome::CouldNotRun(_) = &taken_back {
            return Outcome::Compatible;
        }
        let mut found: Vec<Break> = Vec::new();
        let mut add = |outcome: Outcome, known: &Known, has_our_lines: bool| match outcome {
            Outcome::Breaking(breaks) => {
                for mut it in breaks.into_iter().filter(|it| !known.has(it)) {
                    it.line = it.line.filter(|_| has_our_lines);
                    if !found.iter().any(|earlier| earlier.at == it.at) {
                        found.push(it);
                    }
                }
                false
            }
            Outcome::Compatible => false,
            Outcome::CouldNotRun(_) => true,
        };
        let of_merge = Known::of([by_itself.clone()]);
        let side_by_side = Known::of([by_itself, taken_back]);
        add(compare(from, to), &side_by_side, to == Side::Ours);
        if merges {
            unreadable |= add(compare(from, Side::Merged), &of_merge, false);
        }
        // The other way round it is mostly the same again.
        if !found.is_empty() {
            return Outcome::Breaking(found);
        }
    }
    match unreadable {
        true => Outcome::Breaking(vec![Break {
            at: String::new(),
            message: "each can be read, but not what a merge makes of both".to_owned(),
            line: None,
        }]),
        false => Outcome::Compatible,
    }
}

struct Known(BTreeSet<(String, String)>);

impl Known {
    fn of(outcomes: impl IntoIterator<Item = Outcome>) -> Known {
        let breaks = outcomes.into_iter().flat_map(|outcome| match outcome {
            Outcome::Breaking(breaks) => breaks,
            Outcome::Compatible | Outcome::CouldNotRun(_) => Vec::new(),
        });
        Known(breaks.map(|it| (unnumbered(&it.at), it.message)).collect())
    }

    fn has(&self, it: &Break) -> bool {
        self.0.contains(&(unnumbered(&it.at), it.message.clone()))
    }
}

/// Where other alternatives are added in front, the same one has another number.
fn unnumbered(at: &str) -> String {
    let mut of_list = false;
    let steps = at.split('/').map(|step| {
        let number = step.trim_start_matches(|c: char| c.is_ascii_digit());
        let shown = match of_list && number.len() < step.len() {
            true => format!("*{number}"),
            false => step.to_owned(),
        };
        of_list = matches!(step, "oneOf" | "anyOf" | "allOf");
        shown
    });
    steps.collect::<Vec<String>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::*;

    const BASE: &str = "syntax = \"proto3\";\nmessage A {\n  int32 a = 1;\n  int32 b = 2;\n}\n";

    fn found(
        format: Format,
        before: &str,
        ours: &str,
        theirs: &str,
        merged: Option<&str>,
    ) -> Vec<String> {
        let text = |side| match side {
            Side::Base => before,
            Side::Ours => ours,
            Side::Theirs => theirs,
            Side::Merged => merged.unwrap_or_default(),
        };
        let outcome = between(merged.is_some(), |old, new| {
            let [old, new] = [old, new].map(|side| format.parsed(text(side).as_bytes()));
            old.compare_side_by_side(&new)
        });
        match outcome {
            Outcome::Compatible => Vec::new(),
            Outcome::Breaking(breaks) => {
                let shown = breaks
                    .into_iter()
                    .map(|it| format!("{}: {}", it.at, it.message));
                shown.collect()
            }
            Outcome::CouldNotRun(why) => panic!("{why}"),
        }
    }

    fn plus(more: &str) -> String {
        BASE.replace("}\n", &format!("{more}}}\n"))
    }

    #[test]
    fn what_only_one_has_added_is_no_difference() {
        let (ours, theirs) = (plus("  int32 c = 3;\n"), plus("  int32 d = 4;\n"));
        let merged = plus("  int32 c = 3;\n  int32 d = 4;\n");
        for merged in [None, Some(merged.as_str())] {
            assert_eq!(
                found(Format::Protobuf, BASE, &ours, &theirs, merged),
                [""; 0]
            );
        }
        // Nor is what one has broken by itself, or both in the same way.
        let broken = BASE.replace("int32 b", "string b");
        assert_eq!(found(Format::Protobuf, BASE, &ours, &broken, None), [""; 0]);
        assert_eq!(
            found(Format::Protobuf, BASE, &broken, &broken, Some(&broken)),
            [""; 0]
        );
        assert_eq!(
            found(Format::Text, "a\nb\n", "A\nb\n", "a\nB\n", Some("A\nB\n")),
            [""; 0]
        );
    }

    #[test]
    fn what_both_have_added_must_be_the_same() {
        let (ours, theirs) = (plus("  string email = 3;\n"), plus("  int32 phone = 3;\n"));
        assert_eq!(
            found(Format::Protobuf, BASE, &ours, &theirs, None),
            ["A.phone: its number 3 belongs to email now"]
        );
        let same = plus("  string email = 3;\n");
        assert_eq!(found(Format::Protobuf, BASE, &ours, &same, None), [""; 0]);
    }

    #[test]
    fn a_number_that_one_reserves_is_not_the_others_to_give() {
        let ours = BASE.replace("A {\n", "A {\n  reserved 3;\n");
        let theirs = plus("  int32 c = 3;\n");
        let merged = theirs.replace("A {\n", "A {\n  reserved 3;\n");
        assert_eq!(
            found(Format::Protobuf, BASE, &ours, &theirs, Some(&merged)),
            [": each can be read, but not what a merge makes of both"]
        );
    }

    #[test]
    fn alternatives_that_each_has_added_are_no_difference() {
        let of = |list: &str| {
            let kinds = "M: {const: m}, N: {const: n}, O: {const: o}, A: {const: a}, P: {const: p}, Z: {const: z}";
            let list: Vec<String> = (list.chars())
                .map(|name| format!("{{$ref: '#/$defs/{name}'}}"))
                .collect();
            format!("{{$defs: {{{kinds}}}, oneOf: [{}]}}", list.join(", "))
        };
        let (base, ours, theirs) = (of("MNO"), of("AMNO"), of("MNOPZ"));
        for (ours, theirs) in [(&ours, &theirs), (&theirs, &ours)] {
            let merged = of("AMNOPZ");
            assert_eq!(
                found(Format::JsonSchema, &base, ours, theirs, Some(&merged)),
                [""; 0]
            );
        }
        let inline = |more: &str| format!("{{anyOf: [{more}{{type: string, maxLength: 3}}]}}");
        let (base, ours) = (inline(""), inline("{type: integer}, "));
        let theirs = base.replace('3', "2");
        let merged = ours.replace('3', "2");
        assert_eq!(
            found(Format::JsonSchema, &base, &ours, &theirs, Some(&merged)),
            [""; 0]
        );
    }

    #[test]
    fn what_a_merge_makes_of_both_can_be_read_and_breaks_neither() {
        let old = "{\"$defs\": {\"X\": {}}, \"properties\": {}}";
        let ours = "{\"$defs\": {\"X\": {}}, \"properties\": {\"a\": {\"$ref\": \"#/$defs/X\"}}}";
        let theirs = "{\"properties\": {}}";
        let merged = "{\"properties\": {\"a\": {\"$ref\": \"#/$defs/X\"}}}";
        assert_eq!(
            found(Format::JsonSchema, old, ours, theirs, Some(merged)),
            [": each can be read, but not what a merge makes of both"]
        );
    }
}
