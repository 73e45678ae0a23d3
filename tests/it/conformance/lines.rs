//! Conflicts inside one file: its lines, its mode, whether it is text at all.

use super::{Setting, Shape, conform};

const SHAPES: &[Shape] = &[
    (
        "content",
        "
        main
            f = 1..20
        a
            f = 1..9 | A | 11..20
        overlaps
            f = 1..9 | B | 11..20
        touches
            f = 1..10 | B | 12..20
        one-between
            f = 1..11 | B | 13..20
        far
            f = 1..19 | B
        same
            f = 1..9 | A | 11..20
        same-and-more
            f = 1..9 | A | more | 11..20
        same-elsewhere-more
            f = 1..9 | A | 11..19 | more
        deletes
            f = 1..9 | 11..20
        deletes-below
            f = 1..10 | 12..20
        ",
        "
        a overlaps: f = contents
        a touches: f = contents
        a same-and-more: f = contents
        a deletes: f = contents
        a deletes-below: f = contents
        overlaps touches: f = contents
        overlaps same: f = contents
        overlaps same-and-more: f = contents
        overlaps same-elsewhere-more: f = contents
        overlaps deletes: f = contents
        overlaps deletes-below: f = contents
        touches one-between: f = contents
        touches same: f = contents
        touches same-and-more: f = contents
        touches same-elsewhere-more: f = contents
        touches deletes: f = contents
        touches deletes-below: f = contents
        one-between deletes-below: f = contents
        far same-elsewhere-more: f = contents
        same same-and-more: f = contents
        same deletes: f = contents
        same deletes-below: f = contents
        same-and-more same-elsewhere-more: f = contents
        same-and-more deletes: f = contents
        same-and-more deletes-below: f = contents
        same-elsewhere-more deletes: f = contents
        same-elsewhere-more deletes-below: f = contents
        deletes deletes-below: f = contents
        ",
    ),
    (
        "insertions",
        "
        main
            f = 1..9
        a
            f = 1..4 | A | 5..9
        same
            f = 1..4 | A | 5..9
        longer
            f = 1..4 | A | A2 | 5..9
        other
            f = 1..4 | B | 5..9
        below
            f = 1..5 | B | 6..9
        at-start
            f = B | 1..9
        at-end
            f = 1..9 | B
        also-at-end
            f = 1..9 | C
        ",
        "
        a longer: f = contents
        a other: f = contents
        same longer: f = contents
        same other: f = contents
        longer other: f = contents
        at-end also-at-end: f = contents
        ",
    ),
    (
        "repeated-lines",
        "
        main
            f = { | x | } | { | x | }
        front
            f = { | x | } | { | x | } | { | x | }
        back
            f = { | x | } | { | x | } | { | y | }
        middle
            f = { | x | } | { | y | } | { | x | }
        shorter
            f = { | x | }
        ",
        "
        front back: f = contents
        front shorter: f = contents
        back shorter: f = contents
        middle shorter: f = contents
        ",
    ),
    (
        // Git does not set aside what both begin and end with before it diffs: its hunk replaces the first line.
        "repeated-lines-not-trimmed",
        "
        main
            f = c | c | c | c
        inserted
            f = c | a | b | c | c | c
        on-top
            f = X | c | c | c | c
        ",
        "
        inserted on-top: f = contents
        ",
    ),
    (
        "repeated-lines-shorter",
        "
        main
            f = c | c | } | c | c | } | }
        more
            f = c | c | c | } | c | } | } | }\\c
        less
            f = c | c | } | c | } | }
        ",
        "",
    ),
    (
        "ends-of-lines",
        "
        main
            f = 1..5
            g = 1..5\\c
        no-end
            f = 1..5\\c
        last-edited
            f = 1..4 | E
        end-given
            g = 1..5
        last-edited-too
            g = 1..4 | E\\c
        with-returns
            f = 1\\r | 2\\r | 3\\r | 4\\r | 5\\r
        one-return
            f = 1 | 2 | 3\\r | 4 | 5
        blank-at-end
            f = 1 | 2 | 3\\s | 4 | 5
        ",
        "
        no-end last-edited: f = contents
        no-end with-returns: f = contents
        last-edited with-returns: f = contents
        end-given last-edited-too: g = contents
        with-returns one-return: f = contents
        with-returns blank-at-end: f = contents
        one-return blank-at-end: f = contents
        ",
    ),
    (
        "empty-sides",
        "
        main
            full = 1..5
            empty =
        emptied
            full =
        emptied-too
            full =
        edited
            full = 1..4 | E
        filled
            empty = 1..3
        filled-same
            empty = 1..3
        filled-other
            empty = 1..3 | 4
        removed
            - empty
            - full
        ",
        "
        emptied edited: full = contents
        emptied removed: full = modify/delete
        emptied-too edited: full = contents
        emptied-too removed: full = modify/delete
        edited removed: full = modify/delete
        filled filled-other: empty = contents
        filled removed: empty = modify/delete
        filled-same filled-other: empty = contents
        filled-same removed: empty = modify/delete
        filled-other removed: empty = modify/delete
        ",
    ),
    (
        "add-add",
        "
        main
            keep = 1
        one
            n = 1
        two
            n = 2
        two-again
            n = 2
        nothing
            n =
        begins-alike
            n = 1 | 2
        x-one
            +x n = 1
        x-two
            +x n = 2
        link
            n -> keep
        other-link
            n -> elsewhere
        ",
        "
        one two: n = add/add
        one two-again: n = add/add
        one begins-alike: n = add/add
        one x-one: n = add/add
        one x-two: n = add/add
        one link: n = distinct modes
        one other-link: n = distinct modes
        two begins-alike: n = add/add
        two x-one: n = add/add
        two x-two: n = add/add
        two link: n = distinct modes
        two other-link: n = distinct modes
        two-again begins-alike: n = add/add
        two-again x-one: n = add/add
        two-again x-two: n = add/add
        two-again link: n = distinct modes
        two-again other-link: n = distinct modes
        nothing x-one: n = add/add
        nothing x-two: n = add/add
        nothing link: n = distinct modes
        nothing other-link: n = distinct modes
        begins-alike x-one: n = add/add
        begins-alike x-two: n = add/add
        begins-alike link: n = distinct modes
        begins-alike other-link: n = distinct modes
        x-one x-two: n = add/add
        x-one link: n = distinct modes
        x-one other-link: n = distinct modes
        x-two link: n = distinct modes
        x-two other-link: n = distinct modes
        link other-link: n = add/add
        ",
    ),
    (
        "modes",
        "
        main
            f = 1..5
            +x run = 1..5
            f2 = 1..5
        made-x
            +x f
        made-x-too
            +x f
        edited
            f = 1..4 | E
        edited-other
            f = 1..4 | F
        edited-and-x
            +x f = 1..4 | E
        no-x
            -x run
        run-edited
            run = 1..4 | E
        gone
            - f
        link
            f -> run
        link-too
            f -> run
        link-other
            f -> f2
        ",
        "
        made-x gone: f = modify/delete
        made-x link: f = distinct modes
        made-x link-too: f = distinct modes
        made-x link-other: f = distinct modes
        made-x-too gone: f = modify/delete
        made-x-too link: f = distinct modes
        made-x-too link-too: f = distinct modes
        made-x-too link-other: f = distinct modes
        edited edited-other: f = contents
        edited gone: f = modify/delete
        edited link: f = distinct modes
        edited link-too: f = distinct modes
        edited link-other: f = distinct modes
        edited-other edited-and-x: f = contents
        edited-other gone: f = modify/delete
        edited-other link: f = distinct modes
        edited-other link-too: f = distinct modes
        edited-other link-other: f = distinct modes
        edited-and-x gone: f = modify/delete
        edited-and-x link: f = distinct modes
        edited-and-x link-too: f = distinct modes
        edited-and-x link-other: f = distinct modes
        gone link: f = modify/delete
        gone link-too: f = modify/delete
        gone link-other: f = modify/delete
        link link-other: f = contents
        link-too link-other: f = contents
        ",
    ),
    (
        "links",
        "
        main
            link -> a
        b
            link -> b
        c
            link -> c
        b-too
            link -> b
        file
            link = a\\c
        other-file
            link = 1
        gone
            - link
        ",
        "
        b c: link = contents
        b file: link = distinct modes
        b other-file: link = distinct modes
        b gone: link = modify/delete
        c b-too: link = contents
        c file: link = distinct modes
        c other-file: link = distinct modes
        c gone: link = modify/delete
        b-too file: link = distinct modes
        b-too other-file: link = distinct modes
        b-too gone: link = modify/delete
        file gone: link = modify/delete
        other-file gone: link = modify/delete
        ",
    ),
    (
        "binary",
        "
        main
            f = \\0 | 1..9
            turns = 1..9
            far = x1..2000 | \\0 | y1..9
        a
            f = \\0 | A | 2..9
            far = A | x2..2000 | \\0 | y1..9
        b
            f = \\0 | 1..8 | B
            far = x1..2000 | \\0 | y1..8 | B
        a-too
            f = \\0 | A | 2..9
        c
            far = C | x2..2000 | \\0 | y1..9
        turned
            turns = \\0 | 1..9
        edited
            turns = 1..8 | E
        gone
            - f
        added
            n = \\0 | 1
        added-other
            n = \\0 | 2
        added-text
            n = 2
        ",
        "
        a b: f = binary, contents
        a c: far = contents
        a gone: f = modify/delete
        b a-too: f = binary, contents
        b gone: f = modify/delete
        a-too gone: f = modify/delete
        turned edited: turns = binary, contents
        added added-other: n = add/add, binary
        added added-text: n = add/add, binary
        added-other added-text: n = add/add, binary
        ",
    ),
];

#[test]
fn lines_modes_and_types() {
    conform(SHAPES, &Setting::default());
}
