//! Random texts: nothing panics, and every statement lies in its text. `cargo xtask fuzz-parsers` goes on where this ends.

use proptest::prelude::{ProptestConfig, any, proptest};
use proptest::{collection, prop_assert, sample};

use super::corpus::{FILES, cases};
use super::{Dialect, parse};

const NOISE: [&str; 24] = [
    "'",
    "\"",
    "`",
    "(",
    ")",
    "$$",
    ";",
    "--",
    "/*",
    "*/",
    "\\",
    "\n",
    "#",
    "delimiter $$\n",
    "begin ",
    "end ",
    "case ",
    "create trigger ",
    "with ",
    "from ",
    ",",
    ".",
    "é",
    "\0",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_panics(
        file in 0..FILES.len(),
        at in any::<sample::Index>(),
        noise in collection::vec((any::<sample::Index>(), sample::select(&NOISE[..])), 0..6),
    ) {
        let cases = cases(FILES[file].1);
        let case = &cases[at.index(cases.len())];
        let mut chars: Vec<char> = case.sql.chars().collect();
        for (at, word) in noise {
            let at = at.index(chars.len() + 1);
            chars.splice(at..at, word.chars());
        }
        let text: String = chars.into_iter().collect();
        let lines = text.lines().count().max(1);
        for dialect in Dialect::ALL {
            for statement in parse(dialect, &text).statements {
                prop_assert!((1..=lines).contains(&statement.line), "{dialect} {text}");
            }
        }
    }
}
