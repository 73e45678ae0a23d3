//! Tests of conditions.

use proptest::prelude::*;

use super::parse::{COMPARISON, DEEPEST, NUMBER, OPERAND};
use super::*;

fn size(files: u64, lines: u64, contracts: u64) -> ChangeSize {
    ChangeSize {
        files,
        lines,
        contracts,
    }
}

#[test]
fn what_holds_and_why() {
    let cases: &[(&str, ChangeSize, Option<&str>)] = &[
        ("files > 200", size(312, 0, 0), Some("files 312 > 200")),
        ("files > 200", size(200, 0, 0), None),
        ("files >= 200", size(200, 0, 0), Some("files 200 >= 200")),
        ("lines < 10", size(9, 9, 0), Some("lines 9 < 10")),
        ("lines <= 8", size(0, 9, 0), None),
        ("contracts == 1", size(0, 0, 1), Some("contracts 1 == 1")),
        ("contracts != 0", size(0, 0, 2), Some("contracts 2 != 0")),
        (
            "files > 200 or lines > 5000",
            size(3, 6000, 0),
            Some("lines 6000 > 5000"),
        ),
        ("files > 200 or lines > 5000", size(3, 5, 0), None),
        (
            "files>1 and lines>2",
            size(3, 5, 0),
            Some("files 3 > 1 and lines 5 > 2"),
        ),
        ("files > 1 and lines > 9", size(3, 5, 0), None),
        // `and` binds tighter than `or`.
        (
            "files > 0 or lines > 9 and contracts > 9",
            size(1, 0, 0),
            Some("files 1 > 0"),
        ),
        (
            "(files > 0 or lines > 9) and contracts > 9",
            size(1, 0, 0),
            None,
        ),
        // `not` binds tighter than both, and is told as its opposite.
        ("not files > 10", size(3, 0, 0), Some("files 3 <= 10")),
        ("not not files > 10", size(3, 0, 0), None),
        (
            "not files > 10 and lines > 0",
            size(3, 1, 0),
            Some("files 3 <= 10 and lines 1 > 0"),
        ),
        (
            "not (files > 10 and lines > 0)",
            size(3, 1, 0),
            Some("files 3 <= 10"),
        ),
        (
            "not (files == 1 or lines < 2)",
            size(3, 2, 0),
            Some("files 3 != 1 and lines 2 >= 2"),
        ),
        (
            "files > 18446744073709551614",
            size(u64::MAX, 0, 0),
            Some("files 18446744073709551615 > 18446744073709551614"),
        ),
    ];
    for (text, size, expected) in cases {
        let condition = Condition::parse(text).unwrap();
        assert_eq!(condition.holds(size).as_deref(), *expected, "{text}");
    }
}

/// (text, marked, what is said, expected, meant)
type Mistake<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>);

#[test]
fn what_is_no_condition() {
    let cases: &[Mistake<'_>] = &[
        (" ", "", "it ends too early", Some(OPERAND), None),
        ("files", "", "it ends too early", Some(COMPARISON), None),
        ("files >", "", "it ends too early", Some(NUMBER), None),
        (
            "files > 1 and",
            "",
            "it ends too early",
            Some(OPERAND),
            None,
        ),
        (
            "(files > 1",
            "",
            "it ends too early",
            Some("`and`, `or` or `)`"),
            None,
        ),
        (
            "fles > 1",
            "fles",
            "unexpected `fles`",
            Some(OPERAND),
            Some("files"),
        ),
        (
            "LINES > 1",
            "LINES",
            "unexpected `LINES`",
            Some(OPERAND),
            Some("lines"),
        ),
        (
            "files = 1",
            "=",
            "unexpected `=`",
            Some(COMPARISON),
            Some("=="),
        ),
        (
            "files => 1",
            "=>",
            "unexpected `=>`",
            Some(COMPARISON),
            Some(">="),
        ),
        (
            "files > many",
            "many",
            "unexpected `many`",
            Some(NUMBER),
            None,
        ),
        ("files > -1", "-", "unexpected `-`", Some(NUMBER), None),
        (
            "files > 5_000",
            "5_000",
            "unexpected `5_000`",
            Some(NUMBER),
            None,
        ),
        (
            "files > 99999999999999999999",
            "99999999999999999999",
            "`99999999999999999999` is too large",
            Some("a smaller number"),
            None,
        ),
        (
            "files > 1 && lines > 1",
            "&&",
            "unexpected `&&`",
            Some("`and`, `or`, or the end"),
            Some("and"),
        ),
        (
            "files > 1 lines > 1",
            "lines",
            "unexpected `lines`",
            Some("`and`, `or`, or the end"),
            None,
        ),
        (
            "files > 1)",
            ")",
            "unexpected `)`",
            Some("`and`, `or`, or the end"),
            None,
        ),
        (
            "! files > 1",
            "!",
            "unexpected `!`",
            Some(OPERAND),
            Some("not"),
        ),
        (
            "200 < files",
            "200",
            "unexpected `200`",
            Some(OPERAND),
            None,
        ),
        ("files > ü", "ü", "unexpected `ü`", Some(NUMBER), None),
    ];
    for (text, marked, what, expected, instead) in cases {
        let error = Condition::parse(text).unwrap_err();
        assert_eq!(
            (
                &text[error.at.clone()],
                error.to_string().as_str(),
                error.expected,
                error.instead
            ),
            (*marked, *what, *expected, *instead),
            "{text}"
        );
    }
}

#[test]
fn nesting_ends_somewhere() {
    let nested = |depth: usize| format!("{}files > 1{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Condition::parse(&nested(DEEPEST)).is_ok());
    let error = Condition::parse(&nested(100_000)).unwrap_err();
    assert_eq!(error.at, DEEPEST..DEEPEST + 1);
    let error = Condition::parse(&"not ".repeat(100_000)).unwrap_err();
    assert_eq!(error.what, "it is nested more than 50 levels deep");
    let long = vec!["files > 1"; 50_000].join(" or ");
    assert!(Condition::parse(&long).is_ok());
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let measure = prop::sample::select(Measure::ALL.to_vec());
    let comparison = prop::sample::select(Comparison::ALL.to_vec());
    let compare = (measure, comparison, any::<u64>()).prop_map(|(measure, comparison, number)| {
        Condition::Compare {
            measure,
            comparison,
            number,
        }
    });
    compare.prop_recursive(5, 40, 3, |inner| {
        let several = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(|one| Condition::Not(Box::new(one))),
            several().prop_map(Condition::All),
            several().prop_map(Condition::Any),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed_again(condition in any_condition()) {
        let text = condition.to_string();
        prop_assert_eq!(Condition::parse(&text), Ok(condition), "{}", text);
    }

    #[test]
    fn either_it_holds_or_its_opposite(condition in any_condition(), files in 0_u64..9, lines in any::<u64>()) {
        let size = size(files, lines, 1);
        let opposite = Condition::Not(Box::new(condition.clone()));
        prop_assert_ne!(condition.holds(&size).is_some(), opposite.holds(&size).is_some());
    }

    #[test]
    fn no_text_panics(text in "[a-z0-9<>=!()&| ü]{0,20}|(files|lines|not|and|or|[(]|[)]|>|1| ){0,12}") {
        if let Err(error) = Condition::parse(&text) {
            prop_assert!(text.get(error.at).is_some());
        }
    }
}
