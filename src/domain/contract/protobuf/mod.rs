//! Two versions of a `.proto` file, by shape: numbers, types, names; comments, order and options do not matter.
//!
//! A type that is the same on the wire is still another type to who builds against it, and an old reader may cut what it gets.

mod shape;

use std::collections::BTreeMap;

use shape::{Enum, Field, Message, Method};
pub(super) use shape::{File, read};

use super::{Break, Outcome};

pub(super) fn compare(old: &File, new: &File) -> Outcome {
    let mut comparer = Comparer { breaks: Vec::new() };
    if old.syntax != new.syntax {
        let what = format!("the syntax changes from {} to {}", old.syntax, new.syntax);
        comparer.say("", Some(1), what);
    } else if old.package == new.package {
        comparer.files(old, new);
    } else {
        let name = |package: &str| match package {
            "" => "none".to_owned(),
            package => package.to_owned(),
        };
        let what = format!(
            "the package changes from {} to {}",
            name(&old.package),
            name(&new.package)
        );
        comparer.say("", new.package_line, what);
    }
    Outcome::of(comparer.breaks)
}

struct Comparer {
    breaks: Vec<Break>,
}

impl Comparer {
    fn say(&mut self, at: &str, line: Option<usize>, message: impl Into<String>) {
        self.breaks.push(Break {
            at: at.to_owned(),
            message: message.into(),
            line,
        });
    }

    fn files(&mut self, old: &File, new: &File) {
        for (name, before) in &old.messages {
            match new.messages.get(name) {
                Some(after) => self.message(name, before, after),
                None => self.say(name, None, "is gone"),
            }
        }
        for (name, before) in &old.enums {
            match new.enums.get(name) {
                Some(after) => self.enumeration(name, before, after),
                None => self.say(name, None, "is gone"),
            }
        }
        for (name, before) in &old.services {
            let Some(after) = new.services.get(name) else {
                self.say(name, None, "is gone");
                continue;
            };
            for (method, before) in &before.methods {
                let at = format!("{name}.{method}");
                match after.methods.get(method) {
                    Some(after) => self.method(&at, before, after),
                    None => self.say(&at, after.line, "is gone"),
                }
            }
        }
        for (extended, before) in &old.extensions {
            let nothing = BTreeMap::new();
            let after = new.extensions.get(extended).unwrap_or(&nothing);
            for (number, field) in before {
                match after.get(number) {
                    Some(next) => self.field(extended, field, next),
                    None => self.say(&format!("{extended}.{}", field.name), None, "is gone"),
                }
            }
        }
    }

    fn message(&mut self, name: &str, old: &Message, new: &Message) {
        for (number, before) in &old.fields {
            let at = format!("{name}.{}", before.name);
            if let Some(after) = new.fields.get(number) {
                self.field(name, before, after);
            } else if let Some(after) = new.fields.values().find(|it| it.name == before.name) {
                let what = format!("has number {} now, and had {number}", after.number);
                self.say(&at, after.line, what);
            } else if !new.reserves(*number) {
                let what = format!(
                    "is gone and its number {number} is not reserved: it may be given away"
                );
                self.say(&at, new.line, what);
            }
        }
        for (number, field) in &new.fields {
            let known = old.fields.values().any(|it| it.name == field.name);
            if field.label == "required" && !known && !old.fields.contains_key(number) {
                let at = format!("{name}.{}", field.name);
                self.say(&at, field.line, "is required now, and there was none");
            }
        }
        let names = old.reserved_names.difference(&new.reserved_names);
        for gone in names.filter(|gone| !new.fields.values().any(|it| it.name == **gone)) {
            let what = format!("the name {gone} is no longer reserved");
            self.say(name, new.line, what);
        }
        for range in &old.extensible {
            let kept = |number: i32| {
                let mut ranges = new.extensible.iter();
                ranges.any(|(start, end)| (*start..*end).contains(&number))
            };
            let open = (range.0..range.1).take(1_000).chain([range.1 - 1]);
            if let Some(number) = open.into_iter().find(|number| !kept(*number)) {
                let what = format!("can no longer be extended by number {number}");
                self.say(name, new.line, what);
            }
        }
        for range in &old.reserved {
            // What is not reserved any more was not necessarily given away, but can be.
            let numbers = range.0..range.1;
            let open = numbers.take(1_000).find(|number| !new.reserves(*number));
            if let Some(number) = open {
                let what = format!("number {number} is no longer reserved");
                self.say(name, new.line, what);
            }
        }
    }

    fn field(&mut self, message: &str, old: &Field, new: &Field) {
        let at = format!("{message}.{}", old.name);
        if old.name != new.name && old.kind != new.kind {
            let what = format!("its number {} belongs to {} now", old.number, new.name);
            self.say(&at, new.line, what);
            return;
        }
        if old.name != new.name {
            let what = format!("is called {} now: JSON and generated code change", new.name);
            self.say(&at, new.line, what);
        }
        if old.kind != new.kind {
            let wire = match old.on_the_wire() == new.on_the_wire() {
                true => ": the same on the wire, but not to who builds against it",
                false => "",
            };
            let what = format!("type changes from {} to {}{wire}", old.kind, new.kind);
            self.say(&at, new.line, what);
        }
        if old.label != new.label {
            let what = format!("changes from {} to {}", old.label, new.label);
            self.say(&at, new.line, what);
        }
        if old.oneof != new.oneof {
            let what = match (&old.oneof, &new.oneof) {
                (Some(old), Some(new)) => format!("moves from oneof {old} to {new}"),
                (Some(old), None) => format!("moves out of oneof {old}"),
                (None, Some(new)) => format!("moves into oneof {new}"),
                (None, None) => return,
            };
            self.say(&at, new.line, what);
        }
        if old.name == new.name && old.json_name != new.json_name {
            let what = format!(
                "is called {} in JSON now, and was {}",
                new.json_name, old.json_name
            );
            self.say(&at, new.line, what);
        }
        if old.default != new.default {
            let shown = |default: &Option<String>| default.clone().unwrap_or("none".to_owned());
            let what = format!(
                "default changes from {} to {}",
                shown(&old.default),
                shown(&new.default)
            );
            self.say(&at, new.line, what);
        }
    }

    fn enumeration(&mut self, name: &str, old: &Enum, new: &Enum) {
        for (value, number) in &old.values {
            let at = format!("{name}.{value}");
            match new.values.get(value) {
                Some(now) if now == number => {}
                Some(now) => {
                    let what = format!("has number {now} now, and had {number}");
                    self.say(&at, new.line_of(value), what);
                }
                None => {
                    let other = new.values.iter().find(|(_, now)| *now == number);
                    match other {
                        Some((other, _)) => {
                            let what = format!("its number {number} belongs to {other} now");
                            self.say(&at, new.line_of(other), what);
                        }
                        None if new.reserves(*number) => {}
                        None => {
                            let what = format!(
                                "is gone and its number {number} is not reserved: it may be given away"
                            );
                            self.say(&at, new.line, what);
                        }
                    }
                }
            }
        }
    }

    fn method(&mut self, at: &str, old: &Method, new: &Method) {
        for (what, before, after) in [
            ("takes", &old.input, &new.input),
            ("answers", &old.output, &new.output),
        ] {
            if before != after {
                let what = format!("{what} {after} now, and not {before}");
                self.say(at, new.line, what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Format;
    use super::super::testing::{found, lines};

    const PLAIN: &str = "syntax = \"proto3\"; package p;\n";

    /// Both with the same beginning.
    fn breaks(old: &str, new: &str) -> Vec<String> {
        found(
            Format::Protobuf,
            &format!("{PLAIN}{old}"),
            &format!("{PLAIN}{new}"),
        )
    }

    #[test]
    fn what_is_compatible() {
        for (old, new) in [
            (
                "message A { int32 a = 1; }",
                "// x\nmessage A {\n /* y */ int32 a = 1; // z\n}",
            ),
            (
                "message A { int32 a = 1; string b = 2; }",
                "message A { string b = 2; int32 a = 1; }",
            ),
            (
                "message A {} enum E { X = 0; }",
                "enum E { X = 0; } message A {}",
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int32 a = 1; string b = 2; }",
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int32 a = 1; } message B { A a = 1; }",
            ),
            (
                "message A { int32 a = 1; string b = 2; }",
                "message A { int32 a = 1; reserved 2; reserved \"b\"; }",
            ),
            (
                "message A { B b = 1; } message B {}",
                "message A { p.B b = 1; } message B {}",
            ),
            (
                "message A { B b = 1; message B {} }",
                "message A { .p.A.B b = 1; message B {} }",
            ),
            ("enum E { X = 0; }", "enum E { X = 0; Y = 1; }"),
            ("enum E { X = 0; Y = 1; }", "enum E { X = 0; reserved 1; }"),
            (
                "message A { oneof o { int32 a = 1; } }",
                "message A { oneof o { int32 a = 1; string b = 2; } }",
            ),
            (
                "message A { map<string, int32> m = 1; }",
                "message A { map<string, int32> m = 1; }",
            ),
            (
                "service S { rpc Get (A) returns (A); } message A {}",
                "message A {} service S { rpc Get (A) returns (.p.A); rpc Put (A) returns (A); }",
            ),
            (
                "message A { int32 a = 1; }",
                "option go_package = \"x\"; message A { int32 a = 1 [deprecated = true]; }",
            ),
            (
                "enum E { X = 0; }",
                "enum E { option allow_alias = true; X = 0; Y = 0; }",
            ),
        ] {
            assert_eq!(breaks(old, old), [""; 0], "{old}");
            assert_eq!(breaks(old, new), [""; 0], "{old} -> {new}");
        }
    }

    #[test]
    fn what_breaks() {
        let cases: [(&str, &str, &[&str]); 25] = [
            (
                "message A { reserved \"a\", \"b\"; }",
                "message A { reserved \"a\"; }",
                &["A: the name b is no longer reserved"],
            ),
            ("message A {}", "message B {}", &["A: is gone"]),
            (
                "message A { message B {} }",
                "message A {}",
                &["A.B: is gone"],
            ),
            ("enum E { X = 0; }", "message A {}", &["E: is gone"]),
            (
                "message A { int32 a = 1; }",
                "message A {}",
                &["A.a: is gone and its number 1 is not reserved: it may be given away"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { string b = 1; }",
                &["A.a: its number 1 belongs to b now"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int32 b = 1; }",
                &["A.a: is called b now: JSON and generated code change"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int32 a = 2; }",
                &["A.a: has number 2 now, and had 1"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { string a = 1; }",
                &["A.a: type changes from int32 to string"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int64 a = 1; }",
                &[
                    "A.a: type changes from int32 to int64: the same on the wire, but not to who builds against it",
                ],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { sint32 a = 1; }",
                &["A.a: type changes from int32 to sint32"],
            ),
            (
                "message A { B b = 1; } message B {} message C {}",
                "message A { C b = 1; } message B {} message C {}",
                &["A.b: type changes from B to C"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { repeated int32 a = 1; }",
                &["A.a: changes from singular to repeated"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { optional int32 a = 1; }",
                &["A.a: changes from singular to optional"],
            ),
            (
                "message A { map<string, int32> m = 1; }",
                "message A { map<string, string> m = 1; }",
                &["A.m: type changes from map<string, int32> to map<string, string>"],
            ),
            (
                "message A { oneof o { int32 a = 1; } oneof p { int32 b = 2; } }",
                "message A { oneof o { int32 a = 1; int32 b = 2; } }",
                &["A.b: moves from oneof p to o"],
            ),
            (
                "message A { int32 a = 1; oneof o { int32 b = 2; } }",
                "message A { oneof o { int32 a = 1; int32 b = 2; } }",
                &[
                    "A.a: changes from singular to one of several",
                    "A.a: moves into oneof o",
                ],
            ),
            (
                "message A { reserved 4 to 6; }",
                "message A { reserved 4, 6; }",
                &["A: number 5 is no longer reserved"],
            ),
            (
                "message A { int32 a = 1; }",
                "message A { int32 a = 1 [json_name = \"x\"]; }",
                &["A.a: is called x in JSON now, and was a"],
            ),
            (
                "enum E { X = 0; Y = 1; }",
                "enum E { X = 0; Y = 2; }",
                &["E.Y: has number 2 now, and had 1"],
            ),
            (
                "enum E { X = 0; Y = 1; }",
                "enum E { X = 0; Z = 1; }",
                &["E.Y: its number 1 belongs to Z now"],
            ),
            (
                "enum E { X = 0; Y = 1; }",
                "enum E { X = 0; }",
                &["E.Y: is gone and its number 1 is not reserved: it may be given away"],
            ),
            (
                "service S { rpc Get (A) returns (A); } message A {}",
                "service S {} message A {}",
                &["S.Get: is gone"],
            ),
            (
                "service S { rpc Get (A) returns (A); } message A {}",
                "service S { rpc Get (A) returns (stream A); } message A {}",
                &["S.Get: answers a stream of A now, and not A"],
            ),
            (
                "service S { rpc Get (A) returns (A); } message A {} message B {}",
                "message A {} message B {}",
                &["S: is gone"],
            ),
        ];
        for (old, new, expected) in cases {
            assert_eq!(breaks(old, new), expected, "{old} -> {new}");
        }
        let of = |old: &str, new: &str| found(Format::Protobuf, old, new);
        assert_eq!(
            of("message A {}", "message A { required int32 a = 1; }"),
            ["A.a: is required now, and there was none"]
        );
        assert_eq!(
            of(
                "message A { extensions 10 to 20; }",
                "message A { extensions 10 to 15; }"
            ),
            ["A: can no longer be extended by number 16"]
        );
        assert_eq!(
            of("message A {}", "syntax = \"proto3\"; message A {}"),
            [": the syntax changes from proto2 to proto3"]
        );
        assert_eq!(
            of("package a;", "package b;"),
            [": the package changes from a to b"]
        );
        assert_eq!(
            of(
                "message A { optional int32 a = 1 [default = 3]; }",
                "message A { optional int32 a = 1; }"
            ),
            ["A.a: default changes from 3 to none"]
        );
        assert_eq!(
            of(
                "message A { optional int32 a = 1; }",
                "message A { required int32 a = 1; }"
            ),
            ["A.a: changes from optional to required"]
        );
    }

    #[test]
    fn lines_are_those_of_the_new_version() {
        let old = "syntax = \"proto3\";\nmessage A { int32 a = 1; }\nenum E { X = 0; Y = 1; }\n";
        let new = "syntax = \"proto3\";\n\nmessage A {\n  string a = 1;\n}\nenum E {\n X = 0;\n Y = 2;\n}\n";
        assert_eq!(lines(Format::Protobuf, old, new), [Some(4), Some(8)]);
    }

    #[test]
    fn what_cannot_be_read_is_never_compatible() {
        for bad in [
            "message A {",
            "message A { int32 a = 1; int32 b = 1; }",
            "message A { int32 a = 1; string a = 2; }",
            "message A {} message A {}",
            "enum E { X = 0; Y = 0; }",
            "enum E { X = 1; }",
            "message A { reserved 1; int32 a = 1; }",
            "message A { reserved \"a\"; int32 a = 1; }",
            "\u{0}",
        ] {
            let bad = format!("{PLAIN}{bad}");
            for (old, new) in [(bad.as_str(), PLAIN), (PLAIN, bad.as_str()), (&bad, &bad)] {
                let found = found(Format::Protobuf, old, new);
                assert!(
                    found[0].starts_with("could not run: the "),
                    "{bad}: {found:?}"
                );
            }
        }
    }
}
