//! Directories that move, and what the other side puts into them.

use super::{Setting, Shape, conform};

const SHAPES: &[Shape] = &[
    (
        "suggested",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            f = c1..9
            x/g = d1..9
        moved
            mv d e
        new-below
            d/3 = new
        new-and-in-way
            d/3 = new
            e/3 = other
        new-and-same-in-way
            d/3 = new
            e/3 = new
        moved-into
            mv f d/f
        moved-into-from-x
            mv x d/x
        edited
            d/1 = a1..8 | A
        gone
            - d
        one-gone
            - d/1
        moved-elsewhere
            mv d z
        deeper
            d/sub/3 = new
        ",
        "
        moved new-below: e/3 = directory rename suggested
        moved new-and-in-way: e/3 = file in way of directory rename
        moved new-and-same-in-way: e/3 = file in way of directory rename
        moved moved-into: e/f = directory rename suggested
        moved gone: e/1 = rename/delete; e/2 = rename/delete
        moved one-gone: e/1 = rename/delete
        moved moved-elsewhere: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        new-below moved-elsewhere: z/3 = directory rename suggested
        new-and-in-way new-and-same-in-way: e/3 = add/add
        new-and-in-way moved-elsewhere: z/3 = directory rename suggested
        new-and-same-in-way moved-elsewhere: z/3 = directory rename suggested
        moved-into moved-elsewhere: z/f = directory rename suggested
        edited gone: d/1 = modify/delete
        edited one-gone: d/1 = modify/delete
        gone moved-elsewhere: z/1 = rename/delete; z/2 = rename/delete
        one-gone moved-elsewhere: z/1 = rename/delete
        ",
    ),
    (
        "collision",
        "
        main
            d1/1 = a1..9
            d1/2 = b1..9
            d2/3 = c1..9
            d2/4 = d1..9
        both-into-one
            mv d1/1 e/1
            mv d1/2 e/2
            mv d2/3 e/3
            mv d2/4 e/4
        two-of-one-name
            d1/n = new
            d2/n = other
        one
            d1/n = new
        ",
        "
        both-into-one two-of-one-name: e/n = directory rename collision
        both-into-one one: e/n = directory rename suggested
        ",
    ),
    (
        "split",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            d/3 = c1..9
            d/4 = d1..9
        in-halves
            mv d/1 e/1
            mv d/2 e/2
            mv d/3 f/3
            mv d/4 f/4
        mostly-one
            mv d/1 e/1
            mv d/2 e/2
            mv d/3 e/3
            mv d/4 f/4
        one-stays
            mv d/1 e/1
            mv d/2 e/2
            mv d/3 e/3
        new-below
            d/n = new
        two-new-below
            d/n = new
            d/m = new too
        new-in-e
            e/n = new
        edited
            d/4 = d1..8 | A
        ",
        "
        in-halves mostly-one: d/3 = rename/rename; e/3 = rename/rename; f/3 = rename/rename
        in-halves one-stays: d/3 = rename/rename; e/3 = rename/rename; f/3 = rename/rename
        in-halves new-below: d = directory rename unclear split
        in-halves two-new-below: d = directory rename unclear split
        mostly-one new-below: e/n = directory rename suggested
        mostly-one two-new-below: e/m = directory rename suggested; e/n = directory rename suggested
        ",
    ),
    (
        "root",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            r1 = c1..9
            r2 = d1..9
        to-the-root
            mv d/1 1
            mv d/2 2
        from-the-root
            mv r1 s/r1
            mv r2 s/r2
        new-below
            d/n = new
        new-at-the-root
            n = new
        ",
        "
        to-the-root new-below: n = directory rename suggested
        ",
    ),
    (
        "nested-directories",
        "
        main
            d/s/1 = a1..9
            d/s/2 = b1..9
            d/t/3 = c1..9
        all
            mv d e
        s-only
            mv d/s d/u
        out
            mv d/s s
        new-in-s
            d/s/n = new
        new-in-d
            d/n = new
        deeper
            mv d a/d
        ",
        "
        all s-only: d/s/1 = rename/rename; d/s/2 = rename/rename; d/u/1 = rename/rename; d/u/2 = rename/rename; e/s/1 = rename/rename; e/s/2 = rename/rename
        all out: d/s/1 = rename/rename; d/s/2 = rename/rename; e/s/1 = rename/rename; e/s/2 = rename/rename; s/1 = rename/rename; s/2 = rename/rename
        all new-in-s: e/s/n = directory rename suggested
        all new-in-d: e/n = directory rename suggested
        all deeper: a/d/s/1 = rename/rename; a/d/s/2 = rename/rename; a/d/t/3 = rename/rename; d/s/1 = rename/rename; d/s/2 = rename/rename; d/t/3 = rename/rename; e/s/1 = rename/rename; e/s/2 = rename/rename; e/t/3 = rename/rename
        s-only out: d/s/1 = rename/rename; d/s/2 = rename/rename; d/u/1 = rename/rename; d/u/2 = rename/rename; s/1 = rename/rename; s/2 = rename/rename
        s-only new-in-s: d/u/n = directory rename suggested
        s-only deeper: a/d/s/1 = rename/rename; a/d/s/2 = rename/rename; d/s/1 = rename/rename; d/s/2 = rename/rename; d/u/1 = rename/rename; d/u/2 = rename/rename
        out new-in-s: s/n = directory rename suggested
        out deeper: a/d/s/1 = rename/rename; a/d/s/2 = rename/rename; d/s/1 = rename/rename; d/s/2 = rename/rename; s/1 = rename/rename; s/2 = rename/rename
        new-in-s deeper: a/d/s/n = directory rename suggested
        new-in-d deeper: a/d/n = directory rename suggested
        ",
    ),
    (
        "both-move-the-directory",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
        e
            mv d e
        e-and-more
            mv d e
            e/3 = new
        e-too-and-more
            mv d e
            e/3 = other
        z
            mv d z
        z-and-more
            mv d z
            z/3 = new
        half
            mv d/1 e/1
        ",
        "
        e z: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        e z-and-more: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        e-and-more e-too-and-more: e/3 = add/add
        e-and-more z: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        e-and-more z-and-more: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        e-too-and-more z: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        e-too-and-more z-and-more: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; z/1 = rename/rename; z/2 = rename/rename
        z half: d/1 = rename/rename; e/1 = rename/rename; z/1 = rename/rename
        z-and-more half: d/1 = rename/rename; e/1 = rename/rename; z/1 = rename/rename
        ",
    ),
    (
        // `s` moves into `d`, and `d` moves on.
        "into-what-moves",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            s/3 = c1..9
            s/4 = d1..9
        d-moves
            mv d e
        s-into-d
            mv s d/s
        s-into-d-flat
            mv s/3 d/3
            mv s/4 d/4
        new-in-s
            s/n = new
        s-edited
            s/3 = c1..8 | A
        ",
        "
        d-moves s-into-d-flat: e/3 = directory rename suggested; e/4 = directory rename suggested
        s-into-d s-into-d-flat: d/3 = rename/rename; d/4 = rename/rename; d/s/3 = rename/rename; d/s/4 = rename/rename; s/3 = rename/rename; s/4 = rename/rename
        s-into-d new-in-s: d/s/n = directory rename suggested
        s-into-d-flat new-in-s: d/n = directory rename suggested
        ",
    ),
    (
        "removed-and-added-below",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            e/3 = c1..9
        removed
            - d
        removed-and-something-new
            - d
            n = new
        removed-and-something-alike
            - d
            n = a1..8 | A
            m = b1..8 | A
        added
            d/n = new
        moved-into
            mv e/3 d/3
        edited
            d/1 = a1..8 | B
        replaced
            - d
            d/1 = something else
        ",
        "
        removed removed-and-something-alike: m = modify/delete, rename/delete; n = modify/delete, rename/delete
        removed edited: d/1 = modify/delete
        removed replaced: d/1 = modify/delete
        removed-and-something-new removed-and-something-alike: m = modify/delete, rename/delete; n = add/add, rename/delete
        removed-and-something-new edited: d/1 = modify/delete
        removed-and-something-new replaced: d/1 = modify/delete
        removed-and-something-alike added: n = add/add, directory rename suggested
        removed-and-something-alike moved-into: 3 = directory rename suggested
        removed-and-something-alike edited: n = contents
        removed-and-something-alike replaced: m = modify/delete, rename/delete; n = contents
        edited replaced: d/1 = contents
        ",
    ),
    (
        "edited-on-the-way",
        "
        main
            d/1 = a1..20
            d/2 = b1..20
        moved-and-edited
            - d
            e/1 = a1..19 | A
            e/2 = b1..19 | A
        renamed-below
            - d
            e/one = a1..19 | A
            e/two = b1..19 | A
        new-below
            d/n = new
        edited
            d/1 = B | a2..20
        edited-same-line
            d/1 = a1..19 | B
        ",
        "
        moved-and-edited renamed-below: d/1 = rename/rename; d/2 = rename/rename; e/1 = rename/rename; e/2 = rename/rename; e/one = rename/rename; e/two = rename/rename
        moved-and-edited new-below: e/n = directory rename suggested
        moved-and-edited edited-same-line: e/1 = contents
        renamed-below new-below: e/n = directory rename suggested
        renamed-below edited-same-line: e/one = contents
        ",
    ),
];

#[test]
fn directories_that_move() {
    conform(SHAPES, &Setting::default());
}

/// The same with each way to deal with them: moved along without a word, and left alone.
#[test]
fn directories_that_move_as_settings_say() {
    let moved: &[Shape] = &[(
        "followed",
        "
        main
            d/1 = a1..9
            d/2 = b1..9
            d/4 = c1..9
        moved
            mv d e
        new-below
            d/3 = new
        new-and-in-way
            d/3 = new
            e/3 = other
        split
            mv d/1 e/1
            mv d/2 z/2
            - d/4
        ",
        "
        moved new-and-in-way: e/3 = file in way of directory rename
        moved split: d/2 = rename/rename; e/2 = rename/rename; e/4 = rename/delete; z/2 = rename/rename
        new-below split: d = directory rename unclear split
        new-and-in-way split: d = directory rename unclear split
        ",
    )];
    let setting = |value| Setting {
        config: match value {
            true => &[("merge.directoryRenames", "true")],
            false => &[("merge.directoryRenames", "false")],
        },
        ..Setting::default()
    };
    conform(moved, &setting(true));
    let left: &[Shape] = &[("left-alone", moved[0].1, "
        moved split: d/2 = rename/rename; e/2 = rename/rename; e/4 = rename/delete; z/2 = rename/rename
        ")];
    conform(left, &setting(false));
}
