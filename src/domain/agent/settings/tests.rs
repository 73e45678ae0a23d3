//! Settings of all shapes, with our entry put in and taken out again.

use super::*;

fn both_ways(agent: Agent, text: &str) -> String {
    let with = installed(agent, Some(text), "/bin/tracks").unwrap();
    let again = installed(agent, Some(&with), "/bin/tracks").unwrap();
    assert_eq!(again, with, "twice is once");
    let moved = installed(agent, Some(&with), "/opt/tracks").unwrap();
    assert_eq!(moved.matches("--stdin-agent").count(), 1, "{moved}");
    assert!(
        moved.contains("/opt/tracks") && !moved.contains("/bin/tracks"),
        "{moved}"
    );
    root(&with).unwrap();
    with
}

#[test]
fn a_file_of_its_own() {
    for agent in Agent::ALL {
        let with = installed(agent, None, "/bin/tracks").unwrap();
        for blank in ["", " \n"] {
            assert_eq!(installed(agent, Some(blank), "/bin/tracks").unwrap(), with);
        }
        assert!(with.contains("  \"hooks\": {\n"), "{with}");
        let left = removed(agent, &with).unwrap();
        let version = if agent == Agent::Cursor {
            "{\n  \"version\": 1\n}\n"
        } else {
            "{}\n"
        };
        assert_eq!(left, version);
    }
    assert_eq!(
        installed(Agent::Claude, None, "/bin/tracks").unwrap(),
        r#"{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Edit|Write|MultiEdit|NotebookEdit",
        "hooks": [
          {
            "type": "command",
            "command": "/bin/tracks validate --stdin-agent claude || true",
            "timeout": 10
          }
        ]
      }
    ]
  }
}
"#
    );
}

#[test]
fn what_is_there_stays_byte_for_byte() {
    let shapes = [
        "{\"permissions\":{\"allow\":[\"Bash(ls:*)\"]}}",
        "{\n\t\"a\": 1.50,\n\t\"b\": \"\\u00e9 \\\" }\"\n}",
        "{\r\n    \"a\": [],\r\n    \"hooks\": {\r\n        \"Stop\": []\r\n    }\r\n}\r\n",
        "{\n  \"hooks\": {\n    \"PreToolUse\": [\n      {\"matcher\": \"Bash\", \"hooks\": [{\"type\": \"command\", \"command\": \"x\"}]}\n    ]\n  },\n  \"z\": null\n}\n",
        "{ \"hooks\": { \"PreToolUse\": [ { \"matcher\": \"Bash\", \"hooks\": [] } ] } }",
    ];
    for text in shapes {
        let with = both_ways(Agent::Claude, text);
        assert_eq!(removed(Agent::Claude, &with).unwrap(), text, "{with}");
    }
    let cursor = "{\n  \"version\": 1,\n  \"hooks\": {\n    \"preToolUse\": [{\"command\": \"./x.sh\"}]\n  }\n}\n";
    let with = both_ways(Agent::Cursor, cursor);
    assert_eq!(removed(Agent::Cursor, &with).unwrap(), cursor);
    let bare = both_ways(Agent::Cursor, "{\"hooks\": {}}");
    assert!(bare.contains("\"version\": 1"), "{bare}");
}

#[test]
fn comments_and_commas_too_many_are_let_pass() {
    let text = "// mine\n{\n  \"hooks\": { // a {\n    \"PreToolUse\": [\n      // none yet\n    ],\n  },\n}\n";
    let with = installed(Agent::Claude, Some(text), "t").unwrap();
    assert!(with.contains("// none yet\n      {"), "{with}");
    let left = removed(Agent::Claude, &with).unwrap();
    assert!(
        left.contains("// none yet") && !left.contains("stdin-agent"),
        "{left}"
    );
    let text = "{\"a\": 1, /* b */}";
    let with = installed(Agent::Codex, Some(text), "t").unwrap();
    assert!(with.starts_with("{\"a\": 1,\n  \"hooks\": {"), "{with}");
}

#[test]
fn an_entry_that_somebody_has_changed_is_still_ours() {
    let text = r#"{"hooks": {"PreToolUse": [
  {"matcher": "Write", "hooks": [
    {"type": "command", "command": "mine"},
    {"type": "command", "command": "/old/tracks validate --stdin-agent claude"}
  ]},
  {"matcher": "Edit", "hooks": [{"type": "command", "command": "x; tracks validate --stdin-agent claude"}]}
]}}"#;
    let left = removed(Agent::Claude, text).unwrap();
    assert_eq!(
        left,
        r#"{"hooks": {"PreToolUse": [
  {"matcher": "Write", "hooks": [
    {"type": "command", "command": "mine"}
  ]}
]}}"#
    );
    let other = removed(Agent::Codex, text).unwrap();
    assert_eq!(other, text, "of another agent");
}

#[test]
fn what_is_no_settings_is_left_alone() {
    for (text, line, why) in [
        ("[]", 1, "it is no object"),
        ("{\"a\": }", 1, "a value is missing"),
        (
            "{\n\"a\": 1\n\"b\"}",
            3,
            "a `,` or the end of what is begun is missing",
        ),
        ("{\"a\": \"x", 1, "a text has no end"),
        ("{} {}", 1, "there is more behind its end"),
        ("{\n\"hooks\": []}", 2, "`hooks` is no object"),
        (
            "{\"hooks\": {\"PreToolUse\": {}}}",
            1,
            "`PreToolUse` is no list",
        ),
        ("{\"hooks\" 1}", 1, "a `:` is missing"),
        ("{1}", 1, "a key or `}` is missing"),
        ("{ /* ", 1, "a comment has no end"),
    ] {
        let found = installed(Agent::Claude, Some(text), "t").unwrap_err();
        assert_eq!((found.line, found.why.as_str()), (line, why), "{text}");
    }
    let deep = format!("{{\"a\": {}", "[".repeat(100_000));
    assert!(installed(Agent::Claude, Some(&deep), "t").is_err());
}
