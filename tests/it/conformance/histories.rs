//! Where merge bases come from: stacked tracks, drifted and criss-crossed bases, tracks that do not merge into base.

use super::{Setting, Shape, conform};

const SHAPES: &[Shape] = &[
    (
        // b's diff to base is empty, and yet it conflicts with a.
        "stacked",
        "
        main
            f = x
        s
            f = y
        a from s
            f = z
        b from s
            f = x
        c from s
            g = 1
        ",
        "
        a b: f = contents
        ",
    ),
    (
        // base+a and base+b have two merge bases: s, and where main is now.
        "stacked-and-drifted",
        "
        main
            f = x
            g = 1..9
        s
            f = y
        a from s
            f = z
        b from s
            f = x
        c from s
            g = 1..8 | C
        main
            g = M | 2..9
        ",
        "
        a b: f = contents
        ",
    ),
    (
        "stacked-and-drifted-in-the-same-file",
        "
        main
            f = 1..20
        s
            f = S | 2..20
        a from s
            f = A | 2..20
        b from s
            f = 1..20
        c from s
            f = S | 2..18 | C | 20
        main
            f = 1..19 | M
        ",
        "
        base c: f = contents
        s c (tips): clean
        a b: f = contents
        a c (tips): clean
        b c (tips): clean
        ",
    ),
    (
        "stacked-renames",
        "
        main
            f = x1..20
        s
            mv f g
        a from s
            g = x1..19 | A
        b from s
            mv g h
        c from s
            mv g f
        edited
            f = x1..18 | E | x20
        main
            n = 1
        ",
        "
        a edited: g = contents
        b c: f = rename/rename; g = rename/rename; h = rename/rename
        ",
    ),
    (
        "stacked-deletions",
        "
        main
            f = x1..20
            d/1 = 1..9
        s
            - f
            - d
        a from s
            f = x1..20
        b from s
            n = 1
        edited
            f = x1..19 | E
        main
            m = 1
        ",
        "
        s edited: f = modify/delete
        b edited: f = modify/delete
        ",
    ),
    (
        "ancestors",
        "
        main
            f = 1..9
        first
            f = A | 2..9
        second from first
            f = A | 2..8 | B
        third from second
            f = 1..8 | C
        at-base from main
        behind from main
        main
            g = 1
        other
            f = X | 2..9
        ",
        "
        first other: f = contents
        second other: f = contents
        ",
    ),
    (
        // One of a pair does not merge into base: tip against tip, from one fork point and from two.
        "tips",
        "
        main
            f = 1..9
            g = 1..9
        early
            f = E | 2..9
            g = 1..8 | E
        main
            f = M | 2..9
        late
            g = 1..8 | L
        late-and-far
            h = 1
        main
            n = 1
        later
            f = 1..9
        ",
        "
        base early: f = contents
        early late (tips): f = contents; g = contents
        early late-and-far (tips): f = contents
        early later (tips): clean
        ",
    ),
    (
        "tips-after-merges-of-base",
        "
        main
            f = 1..9
            g = 1..9
        a
            f = A | 2..9
        main
            n = 1
        a merges main
            n = 1
        b
            g = B | 2..9
        main
            f = M | 2..9
        b merges main
            f = M | 2..9
        c
            g = C | 2..9
        main
            m = 1
        c merges main
            m = 1
        ",
        "
        base a: f = contents
        a b (tips): f = contents
        a c (tips): f = contents
        b c: g = contents
        ",
    ),
    (
        // a and b have merged each other: two merge bases, and the tips do not merge into base.
        "tips-criss-crossed",
        "
        main
            f = 1..9
            g = 1..9
        a
            f = A | 2..9
        b
            g = B | 2..9
        a2 from a merges b
            g = B | 2..9
        b2 from b merges a
            f = A | 2..8 | 9b
        a2
            g = B | 2..8 | 9a
        b2
            g = B | 2..8 | 9b
        main
            f = M | 2..9
        ",
        "
        base a: f = contents
        base a2: f = contents
        base b2: f = contents
        a b (tips): clean
        a a2 (tips): clean
        a b2 (tips): clean
        b a2 (tips): clean
        b b2 (tips): clean
        a2 b2 (tips): g = contents
        ",
    ),
    (
        "criss-cross",
        "
        main
            f = 1..9
        x
            f = 1..4 | x | 6..9
        y
            f = 1..4 | y | 6..9
        x2 from x merges y
            f = 1..4 | x | 6..9
        y2 from y merges x
            f = 1..4 | y | 6..9
        same from y merges x
            f = 1..4 | x | 6..9
        x3 from x2
            f = 1..4 | x | 6..8 | 9x
        ",
        "
        x y: f = contents
        x2 y2: f = contents
        y2 same: f = contents
        y2 x3: f = contents
        ",
    ),
    (
        "criss-cross-with-base",
        "
        main
            f = 1..9
            g = 1..9
        a
            f = A | 2..9
        b
            g = B | 2..9
        main merges a
            f = A | 2..9
        a
            f = A2 | 2..9
        b merges main
            f = A | 2..9
        main merges b
            g = B | 2..9
        a merges main
            f = A2 | 2..9
            g = B | 2..9
        b
            g = B2 | 2..9
        c
            f = C | 2..9
            g = C | 2..9
        late from a
            g = L | 2..9
        ",
        "
        a c: f = contents
        b c: g = contents
        b late: g = contents
        c late: f = contents; g = contents
        ",
    ),
    (
        // base took a track in and reverted it; the track goes on.
        "reverted",
        "
        main
            f = 1..9
        a
            f = A | 2..9
            n = 1
        main merges a
            f = A | 2..9
            n = 1
        main
            f = 1..9
            - n
        a
            f = A | 2..8 | A2
        b
            f = B | 2..9
        again from main
            f = A | 2..9
            n = 1
        ",
        "
        b again: f = contents
        ",
    ),
    (
        "unrelated",
        "
        main
            f = 1
        a
            f = 2
        u orphan
            f = 3
        v orphan
            f = 4
        u2 from u
            g = 1
        half from a merges u
            f = 2
        ",
        "
        base u: unavailable
        base v: unavailable
        base u2: unavailable
        a u (tips): unavailable
        a v (tips): unavailable
        a u2 (tips): unavailable
        u v (tips): unavailable
        u u2 (tips): clean
        u half (tips): clean
        v u2 (tips): unavailable
        v half (tips): unavailable
        u2 half (tips): clean
        ",
    ),
    (
        // A squashed track and the same work rebased: no shared commits, the same trees.
        "same-trees",
        "
        main
            f = 1..9
        one
            f = A | 2..9
        one
            f = A | 2..8 | B
        squashed
            f = A | 2..8 | B
        there-and-back
            f = A | 2..9
        there-and-back
            f = 1..9
        ",
        "",
    ),
    (
        "base-has-it-already",
        "
        main
            f = 1..9
            g = x1..20
        picked
            f = A | 2..9
        picked-and-on
            f = A | 2..9
        picked-and-on
            f = A2 | 2..9
        moved
            mv g h
        main
            f = A | 2..9
            mv g h
        edited from picked
            g = x1..19 | E
        ",
        "
        base picked-and-on: f = contents
        picked picked-and-on (tips): f = contents
        picked-and-on moved (tips): clean
        picked-and-on edited (tips): f = contents
        ",
    ),
];

#[test]
fn histories() {
    conform(SHAPES, &Setting::default());
}
