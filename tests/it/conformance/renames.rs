//! Renames of files, and what they compete for.

use super::{ANYTHING, Setting, Shape, conform, git_before};

const SHAPES: &[Shape] = &[
    (
        "moved",
        "
        main
            f = x1..20
            other = 1
        moved
            mv f g
        moved-too
            mv f g
        moved-elsewhere
            mv f h
        moved-and-edited
            - f
            g = x1..9 | A | x11..20
        edited
            f = x1..9 | B | x11..20
        edited-far
            f = x1..19 | B
        gone
            - f
        in-the-way
            g = something else
        same-in-the-way
            g = x1..20
        moved-and-replaced
            mv f g
            f = a new one
        little-left
            - f
            g = x1..8 | y1..14
        just-enough
            - f
            g = x1..11 | y1..9
        made-x
            +x f
        moved-x
            mv f g
            +x g
        ",
        "
        moved moved-elsewhere: f = rename/rename; g = rename/rename; h = rename/rename
        moved gone: g = rename/delete
        moved in-the-way: g = add/add
        moved little-left: g = add/add, rename/delete
        moved just-enough: g = add/add, rename/delete
        moved-too moved-elsewhere: f = rename/rename; g = rename/rename; h = rename/rename
        moved-too gone: g = rename/delete
        moved-too in-the-way: g = add/add
        moved-too little-left: g = add/add, rename/delete
        moved-too just-enough: g = add/add, rename/delete
        moved-elsewhere moved-and-edited: f = rename/rename; g = rename/rename; h = rename/rename
        moved-elsewhere gone: h = rename/delete
        moved-elsewhere little-left: h = rename/delete
        moved-elsewhere just-enough: h = rename/delete
        moved-elsewhere moved-x: f = rename/rename; g = rename/rename; h = rename/rename
        moved-and-edited edited: g = contents
        moved-and-edited gone: g = modify/delete, rename/delete
        moved-and-edited in-the-way: g = add/add
        moved-and-edited same-in-the-way: g = add/add
        moved-and-edited moved-and-replaced: g = add/add, rename involved in collision
        moved-and-edited little-left: g = add/add, rename/delete
        moved-and-edited just-enough: g = add/add, rename/delete
        edited gone: f = modify/delete
        edited moved-and-replaced: f = contents
        edited little-left: f = modify/delete
        edited just-enough: f = modify/delete
        edited-far gone: f = modify/delete
        edited-far moved-and-replaced: f = contents
        edited-far little-left: f = modify/delete
        edited-far just-enough: f = modify/delete
        gone moved-and-replaced: f = modify/delete
        gone made-x: f = modify/delete
        gone moved-x: g = rename/delete
        in-the-way same-in-the-way: g = add/add
        in-the-way moved-and-replaced: g = add/add
        in-the-way little-left: g = add/add
        in-the-way just-enough: g = add/add
        in-the-way moved-x: g = add/add
        same-in-the-way little-left: g = add/add
        same-in-the-way just-enough: g = add/add
        same-in-the-way moved-x: g = add/add
        moved-and-replaced little-left: f = modify/delete; g = add/add
        moved-and-replaced just-enough: f = modify/delete; g = add/add
        moved-and-replaced moved-x: g = add/add
        little-left just-enough: g = add/add
        little-left made-x: f = modify/delete
        little-left moved-x: g = add/add, rename/delete
        just-enough made-x: f = modify/delete
        just-enough moved-x: g = add/add, rename/delete
        ",
    ),
    (
        "two-to-one",
        "
        main
            f = x1..20
            h = y1..20
        f-there
            mv f g
        h-there
            mv h g
        f-there-edited
            - f
            g = x1..19 | A
        h-edited
            h = y1..19 | B
        f-and-h-edited
            f = x1..19 | B
            h = y1..19 | B
        ",
        "
        f-there h-there: g = add/add
        h-there f-there-edited: g = add/add
        f-there-edited f-and-h-edited: g = contents
        ",
    ),
    (
        "one-to-two",
        "
        main
            f = x1..20
        here
            - f
            here = x1..19 | A
        there
            - f
            there = x1..19 | B
        there-far
            - f
            there = B | x2..20
        here-and-taken
            mv f here
            there = taken
        ",
        "
        here there: f = rename/rename; here = rename/rename; there = rename/rename
        here there-far: f = rename/rename; here = rename/rename; there = rename/rename
        there here-and-taken: f = rename/rename; here = rename/rename; there = add/add, rename/rename
        there-far here-and-taken: f = rename/rename; here = rename/rename; there = add/add, rename/rename
        ",
    ),
    (
        "swapped",
        "
        main
            f = x1..20
            g = y1..20
        swapped
            f = y1..20
            g = x1..20
        f-edited
            f = x1..19 | A
        f-moved
            mv f h
        chain
            - g
            mv f g
        ",
        "
        swapped f-edited: f = contents
        swapped chain: f = modify/delete
        f-edited chain: f = modify/delete
        f-moved chain: h = rename/delete
        ",
    ),
    (
        // Inexact: git leaves the source out that the other side has not touched, and so takes the other one.
        "competing-sources",
        "
        main
            s1 = x1..100
            s2 = x1..80 | y1..20
        both-into-one
            - s1
            - s2
            dd = x1..99 | z
        s1-edited
            s1 = A | x2..100
        s2-edited
            s2 = B | x2..80 | y1..20
        both-edited
            s1 = A | x2..100
            s2 = B | x2..80 | y1..20
        ",
        "
        both-into-one both-edited: s2 = modify/delete
        ",
    ),
    (
        // Exact: the untouched source has the target before anybody asks whether it matters.
        "untouched-source-eats",
        "
        main
            u = x1..100
            s = x1..80 | y1..20
        both-into-one
            - u
            - s
            t = x1..100
        s-edited
            s = B | x2..80 | y1..20
        u-edited
            u = B | x2..100
        ",
        "
        both-into-one s-edited: s = modify/delete
        ",
    ),
    (
        "competing-targets",
        "
        main
            s = x1..40
        two-copies
            - s
            t1 = x1..40
            t2 = x1..40
        near-copies
            - s
            t1 = x1..39 | A
            t2 = x1..38 | A | B
        same-name-counts-more
            - s
            a/s = x1..30 | A
            t = x1..40
        same-name-inexact
            - s
            a/s = x1..30 | A
            t = x1..39 | A
        edited
            s = B | x2..40
        ",
        "
        two-copies near-copies: t2 = add/add
        two-copies same-name-counts-more: s = rename/rename; t = rename/rename; t1 = rename/rename
        two-copies same-name-inexact: s = rename/rename; t = rename/rename; t1 = rename/rename
        near-copies same-name-counts-more: s = rename/rename; t = rename/rename; t1 = rename/rename
        near-copies same-name-inexact: s = rename/rename; t = rename/rename; t1 = rename/rename
        ",
    ),
    (
        "copies",
        "
        main
            s = x1..40
        copied
            c = x1..40
        copied-and-edited
            c = x1..40
            s = x1..39 | A
        edited
            s = B | x2..40
        gone
            - s
        copied-too
            c = x1..39 | C
        ",
        "
        copied copied-too: c = add/add
        copied-and-edited gone: s = modify/delete
        copied-and-edited copied-too: c = add/add
        edited gone: s = modify/delete
        ",
    ),
    (
        "empty-files-do-not-move",
        "
        main
            e =
            tiny = 1
        moved
            mv e f
            mv tiny moved
        filled
            e = 1
            tiny = 2
        gone
            - e
            - tiny
        ",
        "
        moved filled: e = modify/delete
        moved gone: moved = rename/delete
        filled gone: e = modify/delete; tiny = modify/delete
        ",
    ),
    (
        "returns-do-not-count",
        "
        main
            f = x1..4
        moved-with-returns
            - f
            g = x1\\r | x2\\r | x3\\r | x4\\r
        edited
            f = x1..4 | A
        ",
        "
        moved-with-returns edited: g = contents
        ",
    ),
    (
        "links-move-too",
        "
        main
            l -> somewhere/far/away
            f = x1..20
        moved
            mv l m
            mv f g
        pointed-elsewhere
            l -> elsewhere
        becomes-link
            f -> l
        gone
            - l
        ",
        "
        moved becomes-link: g = modify/delete
        moved gone: m = rename/delete
        pointed-elsewhere gone: l = modify/delete
        ",
    ),
    (
        "many-at-once",
        "
        main
            a1 = a1..20
            b1 = b1..20
            c1 = c1..20
        moved
            - a1
            - b1
            - c1
            x1 = a1..19 | A
            x2 = b1..19 | A
            x3 = c1..19 | A
        edited
            a1 = B | a2..20
            b1 = B | b2..20
            c1 = B | c2..20
        gone
            - a1
            - b1
        x2-taken
            x2 = mine
        ",
        "
        moved gone: x1 = modify/delete, rename/delete; x2 = modify/delete, rename/delete
        moved x2-taken: x2 = add/add
        edited gone: a1 = modify/delete; b1 = modify/delete
        ",
    ),
    (
        "back-and-forth",
        "
        main
            f = x1..20
        there-and-back
            mv f g
        there-and-back
            mv g f
        edited
            f = x1..19 | A
        moved
            mv f g
        gone-and-back
            - f
        gone-and-back
            f = x1..20
        ",
        "",
    ),
];

#[test]
fn renames() {
    conform(SHAPES, &Setting::default());
}

/// Before 2.50 git looks for renames in merges whatever it is told.
#[test]
fn renames_that_nobody_wants_found() {
    const HISTORY: &str = "
        main
            f = x1..20
            d/1 = a1..9
            d/2 = b1..9
        moved
            mv f g
            mv d e
        edited
            f = x1..19 | A
        added
            d/3 = c1..9
        moved-elsewhere
            mv f h
        ";
    let expected = match git_before((2, 50)) {
        true => {
            "
            moved added: e/3 = directory rename suggested
            moved moved-elsewhere: f = rename/rename; g = rename/rename; h = rename/rename
            "
        }
        false => ANYTHING,
    };
    for key in ["merge.renames", "diff.renames"] {
        let setting = Setting {
            config: &[(key, "false")],
            ..Setting::default()
        };
        conform(&[("no-renames", HISTORY, expected)], &setting);
    }
}

#[test]
fn a_limit_of_renames() {
    let shapes: &[Shape] = &[(
        "limited",
        "
        main
            a1 = a1..20
            b1 = b1..20
            c1 = c1..20
        moved
            - a1
            - b1
            - c1
            x1 = a1..19 | A
            x2 = b1..19 | A
            x3 = c1..19 | A
        edited
            a1 = B | a2..20
            b1 = B | b2..20
            c1 = B | c2..20
        one-edited
            a1 = B | a2..20
        moved-whole
            mv a1 y1
            mv b1 y2
            mv c1 y3
        ",
        "
        moved edited: a1 = modify/delete; b1 = modify/delete; c1 = modify/delete
        moved one-edited: a1 = modify/delete
        moved moved-whole: y1 = rename/delete; y2 = rename/delete; y3 = rename/delete
        ",
    )];
    for key in ["merge.renameLimit", "diff.renameLimit"] {
        let setting = Setting {
            config: &[(key, "1")],
            ..Setting::default()
        };
        conform(shapes, &setting);
    }
}

#[test]
fn copies_are_not_renames_even_where_asked_for() {
    let shapes: &[Shape] = &[(
        "copies-asked-for",
        "
        main
            s = x1..40
        copied
            c = x1..40
            s = x1..39 | A
        edited
            s = B | x2..40
        copied-too
            c = x1..39 | C
        ",
        "
        copied copied-too: c = add/add
        ",
    )];
    let setting = Setting {
        config: &[("diff.renames", "copies"), ("merge.renames", "copies")],
        ..Setting::default()
    };
    conform(shapes, &setting);
}
