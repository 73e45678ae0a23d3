//! Any text: a change of any kind is for the consumers to look at.

use super::{Break, Outcome};

pub(super) fn compare(old: &[u8], new: &[u8]) -> Outcome {
    if old == new {
        return Outcome::Compatible;
    }
    let lines = |text: &'_ [u8]| -> Vec<Vec<u8>> {
        text.split(|byte| *byte == b'\n')
            .map(<[u8]>::to_vec)
            .collect()
    };
    let (old, new) = (lines(old), lines(new));
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    Outcome::Breaking(vec![Break {
        at: String::new(),
        message: "the text has changed".to_owned(),
        line: Some((same + 1).min(new.len())),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs() {
        for (old, new, line) in [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some(2)),
            ("a\nb\n", "a\n", Some(2)),
            ("a", "a\n", Some(2)),
            ("a\n", "", Some(1)),
            ("", "a\n", Some(1)),
            ("a\n", "a\r\n", Some(1)),
        ] {
            let found = match compare(old.as_bytes(), new.as_bytes()) {
                Outcome::Compatible => None,
                Outcome::Breaking(breaks) => breaks[0].line,
                Outcome::CouldNotRun(why) => panic!("{why}"),
            };
            assert_eq!(found, line, "{old:?} {new:?}");
        }
    }
}
