//! Schemas in pairs: what breaks, whom, and what does not.

use super::super::Format;
use super::super::testing::{found, lines};

fn breaks(old: &str, new: &str) -> Vec<String> {
    found(Format::JsonSchema, old, new)
}

#[test]
fn what_is_compatible() {
    for (old, new) in [
        (
            "{type: object, properties: {a: {type: string}}}",
            "{type: object, properties: {a: {type: string}, b: {type: integer}}}",
        ),
        (
            "{title: x, description: y}",
            "{title: z, x-note: 1, examples: [1], deprecated: true, default: 3}",
        ),
        (
            "{type: object, properties: {title: {type: string}}}",
            "{type: object, properties: {title: {type: string, title: T}}}",
        ),
        ("{type: [string, 'null']}", "{type: ['null', string]}"),
        ("{type: string, nullable: true}", "{type: [string, 'null']}"),
        ("{type: number}", "{type: [integer, number]}"),
        ("{enum: [a, b]}", "{enum: [b, a]}"),
        ("{const: 1}", "{enum: [1]}"),
        (
            "{$defs: {A: {type: string}}, $ref: '#/$defs/A'}",
            "{$defs: {A: {type: string}}, type: string}",
        ),
        ("{type: object, additionalProperties: {}}", "{type: object}"),
        (
            "{type: object}",
            "{type: object, additionalProperties: {title: x}}",
        ),
        ("{type: array}", "{type: array, items: {}}"),
        ("{type: array, minItems: 0}", "{type: array}"),
        ("{type: string}", "{type: string, minLength: 0}"),
        ("{contains: {}, minContains: 1}", "{contains: {}}"),
        ("{not: {required: [a, b]}}", "{not: {required: [b, a]}}"),
        (
            "{type: object, additionalProperties: {type: string}}",
            "{type: object, additionalProperties: {type: string}, properties: {a: {type: string}}}",
        ),
        (
            "{allOf: [{type: object}, {required: [a]}], properties: {a: {type: string}}}",
            "{type: object, required: [a], properties: {a: {type: string}}}",
        ),
        (
            "{anyOf: [{type: string}, {type: integer}]}",
            "{anyOf: [{type: integer}, {type: string, title: x}]}",
        ),
        ("{minimum: 1}", "{minimum: 1.0}"),
        (
            "{type: object, additionalProperties: false, properties: {a: {}}}",
            "{type: object, additionalProperties: false, properties: {a: {}, b: {}}}",
        ),
        ("true", "{}"),
        // Schemas that contain themselves.
        (
            "{$defs: {N: {type: object, properties: {next: {$ref: '#/$defs/N'}}}}, $ref: '#/$defs/N'}",
            "{$defs: {N: {type: object, properties: {next: {$ref: '#/$defs/N'}, b: {}}}}, $ref: '#/$defs/N'}",
        ),
        ("{$ref: '#'}", "{$ref: '#', title: x}"),
        ("{not: {type: string, title: x}}", "{not: {type: string}}"),
        (
            "{minimum: 1, exclusiveMinimum: true}",
            "{exclusiveMinimum: 1}",
        ),
        (
            "{items: [{type: string}], additionalItems: false}",
            "{prefixItems: [{type: string}], items: false}",
        ),
    ] {
        for text in [old, new] {
            assert_eq!(breaks(text, text), [""; 0], "{text}");
        }
        assert_eq!(breaks(old, new), [""; 0], "{old} -> {new}");
    }
}

#[test]
fn what_breaks() {
    let cases: [(&str, &str, &[&str]); 40] = [
        (
            "{type: object, additionalProperties: {type: string}}",
            "{type: object, additionalProperties: {type: string}, properties: {a: {type: integer}}}",
            &["/properties/a: type changes from string to integer"],
        ),
        (
            "{$defs: {A: {}}, properties: {a: {}}}",
            "{$defs: {}, properties: {a: {}}}",
            &["/$defs/A: is gone"],
        ),
        (
            "{type: string}",
            "{type: integer}",
            &[": type changes from string to integer"],
        ),
        (
            "{type: [string, integer]}",
            "{type: string}",
            &[": may no longer be integer"],
        ),
        (
            "{type: string}",
            "{type: [string, 'null']}",
            &[": may be null now"],
        ),
        (
            "{type: number}",
            "{type: integer}",
            &[": may no longer be fraction"],
        ),
        (
            "{type: integer}",
            "{type: number}",
            &[": may be fraction now"],
        ),
        (
            "{}",
            "{type: string}",
            &[": may no longer be null or boolean or object or array or number"],
        ),
        ("{}", "false", &[": takes nothing any more"]),
        (
            "{properties: {a: {}}}",
            "{properties: {a: {}}, required: [a]}",
            &["/properties/a: is required now"],
        ),
        (
            "{properties: {a: {}}, required: [a]}",
            "{properties: {a: {}}}",
            &["/properties/a: is no longer always there"],
        ),
        (
            "{properties: {a: {}}}",
            "{properties: {}}",
            &[
                "/properties/a: is gone",
                ": may be null or boolean or array or string or number now",
            ],
        ),
        (
            "{type: object, properties: {a: {}, b: {}}}",
            "{type: object, properties: {b: {}}}",
            &["/properties/a: is gone"],
        ),
        (
            "{type: object, properties: {a: {}}, required: [a]}",
            "{type: object, properties: {}, additionalProperties: false}",
            &[
                "/additionalProperties: takes no other properties any more",
                "/properties/a: is gone",
            ],
        ),
        (
            "{type: object}",
            "{type: object, additionalProperties: false}",
            &["/additionalProperties: takes no other properties any more"],
        ),
        (
            "{type: object, additionalProperties: {type: string}}",
            "{type: object, additionalProperties: {type: integer}}",
            &["/additionalProperties: type changes from string to integer"],
        ),
        (
            "{type: object, additionalProperties: {type: string}}",
            "{type: object}",
            &["/additionalProperties: may hold anything now"],
        ),
        (
            "{enum: [a, b]}",
            "{enum: [a]}",
            &["/enum: no longer takes \"b\""],
        ),
        (
            "{enum: [a]}",
            "{enum: [a, b]}",
            &["/enum: may be \"b\" now"],
        ),
        (
            "{type: string}",
            "{type: string, enum: [a]}",
            &["/enum: takes nothing but \"a\" now"],
        ),
        (
            "{type: string, enum: [a]}",
            "{type: string}",
            &["/enum: may be other values than those listed now"],
        ),
        (
            "{minimum: 1}",
            "{minimum: 2}",
            &["/minimum: changes from 1 to 2"],
        ),
        (
            "{maxLength: 10}",
            "{maxLength: 20}",
            &["/maxLength: changes from 10 to 20"],
        ),
        (
            "{}",
            "{maxItems: 3}",
            &["/maxItems: is 3 now, and there was none"],
        ),
        (
            "{minItems: 1}",
            "{}",
            &["/minItems: was 1, and there is none any more"],
        ),
        (
            "{pattern: '^a'}",
            "{pattern: '^b'}",
            &["/pattern: changes from `^a` to `^b`"],
        ),
        (
            "{}",
            "{format: date}",
            &["/format: is `date` now, and there was none"],
        ),
        (
            "{format: date}",
            "{}",
            &["/format: was `date`, and there is none any more"],
        ),
        (
            "{multipleOf: 2}",
            "{multipleOf: 3}",
            &["/multipleOf: changes from 2 to 3"],
        ),
        (
            "{not: {type: string}}",
            "{not: {type: integer}}",
            &["/not: changes from {\"type\":\"string\",} to {\"type\":\"integer\",}"],
        ),
        (
            "{$defs: {A: {type: string}}, not: {$ref: '#/$defs/A'}}",
            "{$defs: {A: {type: integer}}, not: {$ref: '#/$defs/A'}}",
            &[
                "/$defs/A: type changes from string to integer",
                "/not: changes from {\"$ref\":{\"type\":\"string\",},} to {\"$ref\":{\"type\":\"integer\",},}",
            ],
        ),
        (
            "{items: {type: string}}",
            "{items: {type: integer}}",
            &["/items: type changes from string to integer"],
        ),
        (
            "{type: array, uniqueItems: false}",
            "{type: array, uniqueItems: true}",
            &["/uniqueItems: no element may be there twice now"],
        ),
        (
            "{anyOf: [{type: string}, {type: integer}]}",
            "{anyOf: [{type: string}]}",
            &["/anyOf/1: is no alternative any more"],
        ),
        (
            "{oneOf: [{type: string}]}",
            "{oneOf: [{type: string}, {type: integer}]}",
            &["/oneOf/1: is another alternative"],
        ),
        (
            "{oneOf: [{type: string, maxLength: 3}]}",
            "{oneOf: [{type: string, maxLength: 2}]}",
            &["/oneOf/0/maxLength: changes from 3 to 2"],
        ),
        (
            "{$defs: {A: {type: string}}, properties: {x: {$ref: '#/$defs/A'}, y: {$ref: '#/$defs/A'}}}",
            "{$defs: {A: {type: integer}}, properties: {x: {$ref: '#/$defs/A'}, y: {$ref: '#/$defs/A'}}}",
            &["/$defs/A: type changes from string to integer"],
        ),
        (
            "{$ref: 'a.json#/X'}",
            "{$ref: 'b.json#/X'}",
            &[": refers to b.json#/X instead of a.json#/X, which is not followed"],
        ),
        (
            "{$defs: {A: {type: string}, B: {}}}",
            "{$defs: {A: {type: integer}}}",
            &[
                "/$defs/A: type changes from string to integer",
                "/$defs/B: is gone",
            ],
        ),
        (
            "{allOf: [{properties: {a: {type: string}}}]}",
            "{allOf: [{properties: {a: {type: boolean}}}]}",
            &["/allOf/0/properties/a: type changes from string to boolean"],
        ),
    ];
    for (old, new, expected) in cases {
        let (mut found, mut expected) = (breaks(old, new), expected.to_vec());
        found.sort();
        expected.sort_unstable();
        assert_eq!(found, expected, "{old} -> {new}");
    }
}

#[test]
fn lines_are_those_of_the_new_version() {
    let old = "{\"properties\": {\"a\": {\"type\": \"string\"}}}";
    let new = "{\n  \"properties\": {\n    \"a\": {\n      \"type\": \"integer\"\n    }\n  }\n}";
    assert_eq!(lines(Format::JsonSchema, old, new), [Some(3)]);
}

#[test]
fn what_cannot_be_read_is_never_compatible() {
    for (bad, why) in [
        ("{", "line 1: a key is missing"),
        ("[1]", "it is no schema: neither an object nor a boolean"),
        ("", "it is no schema: neither an object nor a boolean"),
        ("{\"a\": 1, \"a\": 2}", "line 1: `a` is there twice"),
    ] {
        let which = "cannot be read as json-schema";
        assert_eq!(
            breaks("{}", bad),
            [format!("could not run: the new version {which}: {why}")]
        );
        assert_eq!(
            breaks(bad, "{}"),
            [format!("could not run: the version before {which}: {why}")]
        );
        assert!(breaks(bad, bad)[0].starts_with("could not run"));
    }
    assert_eq!(
        breaks("{}", "{$ref: '#/$defs/A'}"),
        [
            "could not run: the new version cannot be read as json-schema: `$ref` #/$defs/A leads nowhere"
        ]
    );
}

mod generated {
    use proptest::prelude::{Just, Strategy, prop, prop_oneof};
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::super::super::Outcome;
    use super::*;

    fn schema() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::json;
        let leaf = prop_oneof![
            Just(json!({})),
            Just(json!(true)),
            Just(json!({"type": "string", "maxLength": 7})),
            Just(json!({"type": ["integer", "null"], "minimum": 2})),
            Just(json!({"enum": ["x", 1, null]})),
            Just(json!({"$ref": "#/$defs/D"})),
            Just(json!({"$ref": "#"})),
            Just(json!({"$ref": "other.json"})),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            let properties = prop::collection::btree_map("[a-d]", inner.clone(), 0..4);
            prop_oneof![
                (properties, prop::bool::ANY).prop_map(|(properties, closed)| {
                    let required: Vec<&String> = properties.keys().take(1).collect();
                    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": !closed})
                }),
                inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
                prop::collection::vec(inner.clone(), 1..4).prop_map(|all| json!({"anyOf": all})),
                prop::collection::vec(inner, 1..4).prop_map(|all| json!({"allOf": all})),
                // Not of what contains itself: there, more properties are fewer.
                Just(json!({"not": {"type": "string"}})),
            ]
        })
    }

    fn with_definition(schema: &serde_json::Value) -> serde_json::Value {
        use serde_json::json;
        json!({"$defs": {"D": {"type": "object", "properties": {"d": {"$ref": "#/$defs/D"}}}}, "properties": {"root": schema}, "type": "object"})
    }

    proptest! {
        #[test]
        fn a_schema_is_compatible_with_itself(schema in schema()) {
            let text = with_definition(&schema).to_string();
            prop_assert_eq!(breaks(&text, &text), Vec::<String>::new());
        }

        #[test]
        fn an_optional_property_more_is_compatible(schema in schema(), added in schema()) {
            let old = with_definition(&schema);
            let mut new = old.clone();
            new["properties"]["added"] = added;
            prop_assert_eq!(breaks(&old.to_string(), &new.to_string()), Vec::<String>::new());
        }

        #[test]
        fn two_schemas_come_to_an_end(old in schema(), new in schema()) {
            let (old, new) = (with_definition(&old).to_string(), with_definition(&new).to_string());
            let outcome = Format::JsonSchema.compare(old.as_bytes(), new.as_bytes());
            prop_assert!(!matches!(outcome, Outcome::CouldNotRun(_)));
        }

        #[test]
        fn nothing_that_is_no_schema_is_compatible(text in "\\PC{0,40}") {
            for format in Format::ALL {
                if format != Format::Text {
                    // Whatever it is, it comes to an end without a panic.
                    let _ = format.compare(text.as_bytes(), b"{}");
                }
            }
        }
    }
}
