//! Descriptions in pairs: what breaks a consumer, and what does not.

use super::super::Format;
use super::super::testing::{found, lines};

/// Both with the same beginning; in YAML.
fn breaks(old: &str, new: &str) -> Vec<String> {
    let whole = |text: &str| format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\n{text}\n");
    found(Format::OpenApi, &whole(old), &whole(new))
}

/// One operation, `get /a`, with these keys.
fn of_operation(old: &str, new: &str) -> Vec<String> {
    let whole = |text: &str| format!("paths: {{/a: {{get: {{{text}}}}}}}");
    let found = breaks(&whole(old), &whole(new));
    let short = found.iter().map(|it| {
        it.replace("/paths/~1a/get", "")
            .replace("content/application~1json/schema", "JSON")
    });
    short.collect()
}

#[test]
fn what_is_compatible() {
    for (old, new) in [
        (
            "paths: {/a: {get: {}}}",
            "paths: {/b: {get: {}}, /a: {get: {summary: x, tags: [t], operationId: y, x-note: 1, deprecated: true}, post: {}}}",
        ),
        (
            "paths: {'/a/{id}': {get: {parameters: [{in: path, name: id, required: true, schema: {type: string}}]}}}",
            "paths: {'/a/{key}': {parameters: [{in: path, name: key, required: true, schema: {type: string}}], get: {}}}",
        ),
        (
            "paths: {/a: {get: {}}}\nx-z: 1",
            "paths: {/a: {$ref: '#/components/pathItems/A'}}\ncomponents: {pathItems: {A: {get: {}}}}",
        ),
        (
            "paths: {/a: {get: {}}}\ncomponents: {schemas: {Unused: {type: string}}}",
            "paths: {/a: {get: {}}}",
        ),
        (
            "paths: {}\ncomponents: {schemas: {A: {type: string}}}",
            "paths: {}\ncomponents: {schemas: {A: {type: string, description: d}, B: {}}}",
        ),
    ] {
        assert_eq!(breaks(old, old), [""; 0], "{old}");
        assert_eq!(breaks(old, new), [""; 0], "{old} -> {new}");
    }
    let json = |schema: &str| {
        format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}")
    };
    let answer = |schema: &str| {
        format!("responses: {{'200': {{content: {{application/json: {{schema: {schema}}}}}}}}}")
    };
    for (old, new) in [
        (
            String::new(),
            "parameters: [{in: query, name: q, schema: {type: string}}]".to_owned(),
        ),
        (
            "parameters: [{in: header, name: X-A, schema: {}}]".to_owned(),
            "parameters: [{in: header, name: x-a, schema: {}}]".to_owned(),
        ),
        (
            "parameters: [{in: query, name: q, required: true}]".to_owned(),
            "parameters: [{in: query, name: q}]".to_owned(),
        ),
        (
            "parameters: [{in: query, name: q, schema: {enum: [a]}}]".to_owned(),
            "parameters: [{in: query, name: q, schema: {enum: [a, b]}}]".to_owned(),
        ),
        (String::new(), json("{type: string}")),
        // Requests may take more, answers may say less.
        (json("{enum: [a]}"), json("{enum: [a, b]}")),
        (
            json("{type: object, required: [a], properties: {a: {}}}"),
            json("{type: object, properties: {a: {}, b: {}}}"),
        ),
        (answer("{enum: [a, b]}"), answer("{enum: [a]}")),
        (
            answer("{type: object, properties: {a: {}}}"),
            answer("{type: object, required: [a], properties: {a: {}, b: {}}}"),
        ),
        (answer("{}"), answer("{}").replace("'200'", "2XX")),
        (
            "responses: {'200': {}}".to_owned(),
            "responses: {'200': {headers: {X: {}}}, '404': {}}".to_owned(),
        ),
        (
            "responses: {'404': {}}".to_owned(),
            "responses: {default: {}}".to_owned(),
        ),
        (
            json("{properties: {a: {readOnly: true}}}"),
            json("{properties: {a: {}}}"),
        ),
        (
            answer("{properties: {a: {}}, required: [a]}"),
            answer("{properties: {a: {readOnly: true}}, required: [a]}"),
        ),
        (
            "parameters: [{$ref: 'p.yaml#/Q'}]".to_owned(),
            "parameters: [{$ref: 'p.yaml#/Q'}, {in: query, name: q}]".to_owned(),
        ),
        // Nobody sends what is only read.
        (
            json("{properties: {a: {readOnly: true}}}"),
            json("{properties: {a: {readOnly: true}}, required: [a]}"),
        ),
        (
            "security: [{k: []}]".to_owned(),
            "security: [{}, {k: []}]".to_owned(),
        ),
        (
            "security: [{k: [a, b]}]".to_owned(),
            "security: [{k: [a]}, {l: []}]".to_owned(),
        ),
    ] {
        assert_eq!(of_operation(&old, &old), [""; 0], "{old}");
        assert_eq!(of_operation(&old, &new), [""; 0], "{old} -> {new}");
    }
}

#[test]
fn what_breaks_as_a_whole() {
    for (old, new, expected) in [
        (
            "paths: {/a: {get: {}}, /b: {get: {}}}",
            "paths: {/b: {get: {}}}",
            &["/paths/~1a: is gone"][..],
        ),
        (
            "paths: {/a: {get: {}, put: {}}}",
            "paths: {/a: {get: {}}}",
            &["/paths/~1a/put: is gone"],
        ),
        (
            "paths: {/a: {get: {}}}",
            "paths: {/a: {get: {}}}\nsecurity: [{key: []}]",
            &[
                "/paths/~1a/get/security: nothing was needed to call it, and that is no longer enough",
            ],
        ),
        (
            "paths: {/a: {$ref: a.yaml}}",
            "paths: {/a: {$ref: b.yaml}}",
            &["/paths/~1a: stands b.yaml instead of a.yaml, which is not followed"],
        ),
        (
            "paths: {}\nwebhooks: {w: {post: {}}}",
            "paths: {}",
            &["/webhooks/w: is gone"],
        ),
        (
            "webhooks: {w: {post: {requestBody: {content: {application/json: {schema: {enum: [a]}}}}}}}",
            "webhooks: {w: {post: {requestBody: {content: {application/json: {schema: {enum: [a, b]}}}}}}}",
            &[
                "/webhooks/w/post/requestBody/content/application~1json/schema/enum: may be \"b\" now",
            ],
        ),
        (
            "components: {schemas: {A: {type: string}, B: {}}}",
            "components: {schemas: {A: {type: integer}}}",
            &[
                "/components/schemas/A: type changes from string to integer",
                "/components/schemas/B: is gone",
            ],
        ),
        (
            "paths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: http, scheme: basic}}}",
            "paths: {/a: {get: {security: [{k: []}]}}}\ncomponents: {securitySchemes: {k: {type: http, scheme: bearer}}}",
            &["/components/securitySchemes/k/scheme: changes from basic to bearer"],
        ),
        (
            // Said once, where it stands, though two operations refer to it.
            "paths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/R'}}}}, /b: {get: {responses: {'200': {$ref: '#/components/responses/R'}}}}}\ncomponents: {responses: {R: {content: {application/json: {schema: {type: string}}}}}}",
            "paths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/R'}}}}, /b: {get: {responses: {'200': {$ref: '#/components/responses/R'}}}}}\ncomponents: {responses: {R: {content: {application/json: {schema: {type: integer}}}}}}",
            &[
                "/components/responses/R/content/application~1json/schema: type changes from string to integer",
            ],
        ),
    ] {
        assert_eq!(breaks(old, new), expected, "{old} -> {new}");
    }
}

#[test]
fn what_breaks_of_an_operation() {
    let json = |schema: &str| {
        format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}")
    };
    let answer = |schema: &str| {
        format!("responses: {{'200': {{content: {{application/json: {{schema: {schema}}}}}}}}}")
    };
    let query = |rest: &str| format!("parameters: [{{in: query, name: q{rest}}}]");
    let cases: [(String, String, &str); 20] = [
        (query(""), String::new(), "/parameters/query:q: is gone"),
        (
            String::new(),
            query(", required: true"),
            "/parameters/query:q: is required now, and there was none",
        ),
        (
            query(""),
            query(", required: true"),
            "/parameters/query:q: is required now",
        ),
        (
            query(", schema: {type: string}"),
            query(", schema: {type: integer}"),
            "/parameters/query:q/schema: type changes from string to integer",
        ),
        (
            query(""),
            query("").replace("query", "header"),
            "/parameters/query:q: has moved from query to header",
        ),
        (
            query(""),
            query(", explode: false"),
            "/parameters/query:q: is written in another style now",
        ),
        (
            query(", schema: {enum: [a, b]}"),
            query(", schema: {enum: [a]}"),
            "/parameters/query:q/schema/enum: no longer takes \"b\"",
        ),
        (json("{}"), String::new(), "/requestBody: is gone"),
        (
            String::new(),
            json("{}").replace("content", "required: true, content"),
            "/requestBody: is required now, and there was none",
        ),
        (
            json("{}"),
            json("{}").replace("content", "required: true, content"),
            "/requestBody: is required now",
        ),
        (
            json("{}"),
            json("{}").replace("json", "xml"),
            "/requestBody/content/application~1json: is gone",
        ),
        (
            json("{type: object, properties: {a: {}}}"),
            json("{type: object, properties: {a: {}}, required: [a]}"),
            "/requestBody/JSON/properties/a: is required now",
        ),
        (
            json("{enum: [a, b]}"),
            json("{enum: [a]}"),
            "/requestBody/JSON/enum: no longer takes \"b\"",
        ),
        (
            answer("{}"),
            "responses: {'201': {}}".to_owned(),
            "/responses/200: is gone",
        ),
        (
            answer("{}"),
            "responses: {'200': {}}".to_owned(),
            "/responses/200/content/application~1json: is gone",
        ),
        (
            answer("{type: object, properties: {a: {}}}"),
            answer("{type: object, properties: {}}"),
            "/responses/200/JSON/properties/a: is gone",
        ),
        (
            answer("{type: object, properties: {a: {}}, required: [a]}"),
            answer("{type: object, properties: {a: {}}}"),
            "/responses/200/JSON/properties/a: is no longer always there",
        ),
        (
            answer("{enum: [a]}"),
            answer("{enum: [a, b]}"),
            "/responses/200/JSON/enum: may be \"b\" now",
        ),
        (
            "responses: {'200': {headers: {X-A: {schema: {type: string}}}}}".to_owned(),
            "responses: {'200': {}}".to_owned(),
            "/responses/200/headers/X-A: is gone",
        ),
        (
            "security: [{k: [a]}]".to_owned(),
            "security: [{k: [a, b]}]".to_owned(),
            "/security: k was enough to call it, and is no longer",
        ),
    ];
    for (old, new, expected) in cases {
        assert_eq!(of_operation(&old, &new), [expected], "{old} -> {new}");
    }
}

#[test]
fn version_3_0_and_json() {
    let old = "{\"openapi\": \"3.0.3\", \"paths\": {\"/a\": {\"get\": {\"responses\": {\"200\": {\"content\": {\"application/json\": {\"schema\": {\"type\": \"string\"}}}}}}}}}";
    let new = old.replace("\"string\"", "\"string\",\n\"nullable\": true");
    assert_eq!(
        found(Format::OpenApi, old, &new),
        ["/paths/~1a/get/responses/200/content/application~1json/schema: may be null now"]
    );
    let new = old.replace("{\"/a\"", "{\n\n\"/b\"");
    assert_eq!(lines(Format::OpenApi, old, &new), [Some(1)]);
}

#[test]
fn what_cannot_be_read_is_never_compatible() {
    let good = "openapi: 3.0.0\npaths: {}\n";
    for (bad, why) in [
        ("paths: {}", "it has no `openapi: 3…` at its top"),
        ("swagger: '2.0'", "it has no `openapi: 3…` at its top"),
        (
            "openapi: 4.0.0",
            "it is OpenAPI 4.0.0, and 3.0 to 3.1 are known",
        ),
        (
            "openapi: [",
            "line 2: while parsing a node, did not find expected node content",
        ),
        (
            "openapi: 3.0.0\npaths: {/a: {get: {}}, /a: {}}",
            "line 2: `/a` is there twice",
        ),
        (
            "openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {$ref: '#/x'}}}}}",
            "",
        ),
    ] {
        if !why.is_empty() {
            let which = "could not run: the new version cannot be read as openapi";
            assert_eq!(
                found(Format::OpenApi, good, bad),
                [format!("{which}: {why}")]
            );
        }
        let found = found(Format::OpenApi, bad, bad);
        assert!(found[0].starts_with("could not run: "), "{bad}: {found:?}");
    }
}

#[test]
fn what_was_taken_for_compatible() {
    let json = |schema: &str| {
        format!("requestBody: {{content: {{application/json: {{schema: {schema}}}}}}}")
    };
    let property = |keywords: &str| format!("{{properties: {{a: {{{keywords}}}}}}}");
    for (old, new, expected) in [
        (
            "responses: {'204': {}, default: {}}".to_owned(),
            "responses: {'202': {}, default: {}}".to_owned(),
            "/responses/204: is gone",
        ),
        (
            json(&property("type: string")),
            json(&property("type: string, readOnly: true")),
            "/requestBody/JSON/properties/a: may no longer be written",
        ),
        (
            json("{properties: {a: {readOnly: true}}, required: [a]}"),
            json("{properties: {a: {}}, required: [a]}"),
            "/requestBody/JSON/properties/a: is required now",
        ),
        (
            String::new(),
            "parameters: [{$ref: 'p.yaml#/Q'}]".to_owned(),
            "/parameters/p.yaml#~1Q: is new, and what it refers to is not followed",
        ),
        (
            "parameters: [{$ref: 'p.yaml#/Q'}]".to_owned(),
            String::new(),
            "/parameters/p.yaml#~1Q: is gone",
        ),
        (
            String::new(),
            "requestBody: {$ref: 'b.yaml#/B'}".to_owned(),
            "/requestBody: refers to b.yaml#/B, which is not followed",
        ),
    ] {
        assert_eq!(of_operation(&old, &old), [""; 0], "{old}");
        assert_eq!(of_operation(&old, &new), [expected], "{old} -> {new}");
    }
    let with = |parameters: &str| {
        format!(
            "paths: {{'/a/{{id}}': {{get: {{parameters: [{{in: path, name: id, required: true}}{parameters}]}}}}}}"
        )
    };
    assert_eq!(
        breaks(&with(""), &with(", {in: query, name: id, required: true}")),
        ["/paths/~1a~1{id}/get/parameters/query:id: is required now, and there was none"]
    );
    for (kind, old, new, expected) in [
        (
            "parameters",
            "{in: query, name: q}",
            "{in: query, name: q, required: true}",
            "is required now",
        ),
        (
            "headers",
            "{schema: {type: string}}",
            "{}",
            "may hold anything now",
        ),
        ("responses", "{content: {a/b: {}}}", "{}", "is gone"),
        (
            "schemas",
            "{type: string}",
            "{type: integer}",
            "type changes from string to integer",
        ),
    ] {
        let components = |of: &str| format!("components: {{{kind}: {{A: {of}}}}}");
        // A path that is new makes it no other kind of document to who has the old one.
        let new = format!("paths: {{/a: {{get: {{}}}}}}\n{}", components(new));
        let found = breaks(&components(old), &new);
        assert!(
            found.len() == 1 && found[0].ends_with(expected),
            "{kind}: {found:?}"
        );
    }
    for version in ["3.2.0", "2.0", "3.10.0"] {
        let text = format!("openapi: {version}\npaths: {{}}\n");
        let found = found(Format::OpenApi, &text, &text);
        assert!(found[0].starts_with("could not run"), "{found:?}");
    }
}
