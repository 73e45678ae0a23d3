//! What became of an operation that was killed, from where its refs are now.

/// Where one of its refs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Where the operation read it.
    Before,
    /// Where the operation was to move it.
    After,
    /// Somebody has moved it since; whether from where the operation had put it.
    Elsewhere { from_after: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// As if it had never been.
    MovedNothing,
    /// Carried out.
    Moved,
    /// Git writes the refs of a transaction one by one: these, by their places, were still to come.
    Cut(Vec<usize>),
}

/// An operation moves all of its refs, or none. Each ref tells for all.
pub fn fate(refs: &[Found]) -> Fate {
    let has_moved =
        |found: &Found| matches!(found, Found::After | Found::Elsewhere { from_after: true });
    if !refs.iter().any(has_moved) {
        return Fate::MovedNothing;
    }
    let rest: Vec<usize> = (0..refs.len())
        .filter(|place| refs[*place] == Found::Before)
        .collect();
    match rest.is_empty() {
        true => Fate::Moved,
        false => Fate::Cut(rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ref_tells_for_all() {
        const GONE_ON: Found = Found::Elsewhere { from_after: true };
        const ELSEWHERE: Found = Found::Elsewhere { from_after: false };
        use Found::{After, Before};
        for (refs, expected) in [
            (&[] as &[Found], Fate::MovedNothing),
            (&[Before, Before], Fate::MovedNothing),
            (&[Before, ELSEWHERE], Fate::MovedNothing),
            (&[ELSEWHERE], Fate::MovedNothing),
            (&[After, After], Fate::Moved),
            (&[After, ELSEWHERE], Fate::Moved),
            (&[GONE_ON], Fate::Moved),
            (&[Before, After, Before], Fate::Cut(vec![0, 2])),
            (&[GONE_ON, Before, ELSEWHERE], Fate::Cut(vec![1])),
        ] {
            assert_eq!(fate(refs), expected, "{refs:?}");
        }
    }
}
