//! Attributes, drivers and settings that change what a merge is.

use super::{Setting, Shape, conform};

/// Three tracks that change the same line of every file, and one that adds files that others add too.
macro_rules! work {
    ($attributes:literal) => {
        concat!(
            "
            main
                f = 1..9
                d/f = 1..9
                d/e/g.txt = 1..9
            ",
            $attributes,
            "
            a
                f = 1..4 | A | 6..9
                d/f = 1..4 | A | 6..9
                d/e/g.txt = 1..4 | A | 6..9
                n = 1
            b
                f = 1..4 | B | 6..9
                d/f = 1..4 | B | 6..9
                d/e/g.txt = 1..4 | B | 6..9
                n = 2
            far
                f = 1..8 | F
                d/f = 1..8 | F
                d/e/g.txt = 1..8 | F
            gone
                - f
                - d
            "
        )
    };
}

const IN_BASE: &[Shape] = &[
    ("none", work!(""), "
        a b: d/e/g.txt = contents; d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        "),
    (
        "union",
        work!("    .gitattributes = f merge=union | n merge=union"),
        "
        a b: d/e/g.txt = contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    ("unset", work!("    .gitattributes = * -merge"), "
        a b: d/e/g.txt = binary, contents; d/f = binary, contents; f = binary, contents; n = add/add, binary
        a far: d/e/g.txt = binary, contents; d/f = binary, contents; f = binary, contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: d/e/g.txt = binary, contents; d/f = binary, contents; f = binary, contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        "),
    (
        "binary-macro",
        work!("    .gitattributes = d/** binary"),
        "
        a b: d/e/g.txt = binary, contents; d/f = binary, contents; f = contents; n = add/add
        a far: d/e/g.txt = binary, contents; d/f = binary, contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: d/e/g.txt = binary, contents; d/f = binary, contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "merge-binary",
        work!("    .gitattributes = f merge=binary"),
        "
        a b: d/e/g.txt = contents; d/f = binary, contents; f = binary, contents; n = add/add
        a far: d/f = binary, contents; f = binary, contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: d/f = binary, contents; f = binary, contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "merge-text-over-union",
        work!("    .gitattributes = * merge=union | f merge=text | n merge"),
        "
        a b: d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "unspecified",
        work!("    .gitattributes = * merge=union | f !merge"),
        "
        a b: d/f = contents; f = contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "own-macro",
        work!("    .gitattributes = [attr]together merge=union | *.txt together"),
        "
        a b: d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "nested",
        work!("    d/.gitattributes = f merge=union | e/* merge=union"),
        "
        a b: f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "nested-deeper-wins",
        work!(
            "    .gitattributes = * merge=union\n                d/e/.gitattributes = g.txt -merge"
        ),
        "
        a b: d/e/g.txt = binary, contents
        a far: d/e/g.txt = binary, contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: d/e/g.txt = binary, contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "unknown-driver",
        work!("    .gitattributes = f merge=nobody-knows"),
        "
        a b: d/e/g.txt = contents; d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        "no-diff-is-no-no-merge",
        work!("    .gitattributes = f -diff"),
        "
        a b: d/e/g.txt = contents; d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
    (
        // What only a track has does not count.
        "on-a-track-only",
        "
        main
            f = 1..9
        a
            f = 1..4 | A | 6..9
            .gitattributes = f merge=union
        b
            f = 1..4 | B | 6..9
        c
            f = 1..4 | C | 6..9
            .gitattributes = f -merge
        ",
        "
        a b: f = contents
        a c: .gitattributes = add/add; f = contents
        b c: f = contents
        ",
    ),
    (
        "gone-from-a-track",
        "
        main
            f = 1..9
            .gitattributes = f merge=union
        a
            f = 1..4 | A | 6..9
            - .gitattributes
        b
            f = 1..4 | B | 6..9
        ",
        "",
    ),
    (
        // The attributes are looked up at the path where the file ends up.
        "by-the-new-name",
        "
        main
            f = x1..20
            .gitattributes = g merge=union
        moved
            - f
            g = x1..9 | A | x11..20
        edited
            f = x1..9 | B | x11..20
        ",
        "",
    ),
    (
        "by-the-old-name",
        "
        main
            f = x1..20
            .gitattributes = f merge=union
        moved
            - f
            g = x1..9 | A | x11..20
        edited
            f = x1..9 | B | x11..20
        ",
        "
        moved edited: g = contents
        ",
    ),
    (
        "virtual-base-in-union",
        "
        main
            f = 1..9
            .gitattributes = f merge=union
        x
            f = 1..4 | x | 6..9
        y
            f = 1..4 | y | 6..9
        x2 from x merges y
            f = 1..4 | x2 | 6..9
        y2 from y merges x
            f = 1..4 | y2 | 6..9
        ",
        "",
    ),
    (
        "marker-size",
        work!("    .gitattributes = * conflict-marker-size=3"),
        "
        a b: d/e/g.txt = contents; d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
    ),
];

#[test]
fn attributes_of_base() {
    conform(IN_BASE, &Setting::default());
}

#[test]
fn attributes_of_the_repository() {
    let shapes: &[Shape] = &[
        (
            "info",
            work!(""),
            "
        a b: d/e/g.txt = contents; n = add/add, binary
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "info-over-base",
            work!("    .gitattributes = d/f -merge | d/e/g.txt merge=union"),
            "
        a b: n = add/add, binary
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
    ];
    let setting = Setting {
        files: &[(
            "repo/.git/info/attributes",
            "f merge=union\nd/f merge=union\nn -merge\n",
        )],
        ..Setting::default()
    };
    conform(shapes, &setting);
}

#[test]
fn attributes_of_the_user() {
    let shapes: &[Shape] = &[
        (
            "users",
            work!(""),
            "
        a b: d/e/g.txt = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "users-under-base",
            work!("    .gitattributes = f merge=text"),
            "
        a b: d/e/g.txt = contents; d/f = contents; f = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
    ];
    let named = Setting {
        config: &[("core.attributesFile", "~/my-attributes")],
        files: &[("home/my-attributes", "f merge=union\nd/f merge=union\n")],
        ..Setting::default()
    };
    conform(shapes, &named);
    // Where git looks for it when nothing names it.
    let default = Setting {
        files: &[(
            "home/.config/git/attributes",
            "f merge=union\nd/f merge=union\n",
        )],
        ..Setting::default()
    };
    conform(shapes, &default);
}

#[test]
fn drivers() {
    let shapes: &[Shape] = &[
        (
            "driver-merges",
            work!("    .gitattributes = f merge=ours-and-theirs"),
            "
        a b: d/e/g.txt = contents; n = add/add
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "driver-fails",
            work!("    .gitattributes = f merge=refuses | d/f merge=takes-ours"),
            "
        a b: d/e/g.txt = contents; f = contents; n = add/add
        a far: f = contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: f = contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "driver-without-command",
            work!("    .gitattributes = f merge=named-only"),
            "
        a b: unavailable
        a far: unavailable
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: unavailable
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "driver-of-virtual-bases",
            "
            main
                f = 1..9
                .gitattributes = f merge=refuses-but-inside
            x
                f = 1..4 | x | 6..9
            y
                f = 1..4 | y | 6..9
            x2 from x merges y
                f = 1..4 | x2 | 6..9
            y2 from y merges x
                f = 1..4 | y2 | 6..9
            ",
            "
        x y: f = contents
        x2 y2: f = contents
        ",
        ),
    ];
    let setting = Setting {
        config: &[
            ("merge.ours-and-theirs.driver", "cat %B >>%A"),
            ("merge.takes-ours.driver", "true"),
            ("merge.refuses.driver", "false"),
            ("merge.named-only.name", "no command"),
            ("merge.refuses-but-inside.driver", "false"),
            ("merge.refuses-but-inside.recursive", "takes-ours"),
        ],
        ..Setting::default()
    };
    conform(shapes, &setting);
}

#[test]
fn the_default_driver() {
    let shapes: &[Shape] = &[
        (
            "default-union",
            work!(""),
            "
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
        (
            "default-union-but-set",
            work!("    .gitattributes = f merge | d/f -merge"),
            "
        a b: d/f = binary, contents; f = contents
        a far: d/f = binary, contents
        a gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        b far: d/f = binary, contents
        b gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        far gone: d/e/g.txt = modify/delete; d/f = modify/delete; f = modify/delete
        ",
        ),
    ];
    let setting = Setting {
        config: &[("merge.default", "union")],
        ..Setting::default()
    };
    conform(shapes, &setting);
}

const ENDS: &str = "
    main
        .gitattributes = *.txt text
        f.txt = 1..5
        g = 1..5
    returns
        f.txt = 1\\r | 2\\r | 3\\r | 4\\r | 5\\r
        g = 1\\r | 2\\r | 3\\r | 4\\r | 5\\r
    edited
        f.txt = 1..4 | E
        g = 1..4 | E
    edited-far
        f.txt = E | 2..5
    gone
        - f.txt
        - g
    edited-with-returns
        f.txt = 1\\r | 2\\r | 3\\r | 4\\r | E\\r
";

#[test]
fn ends_of_lines_as_they_are() {
    conform(
        &[(
            "ends",
            ENDS,
            "
        returns edited: f.txt = contents; g = contents
        returns edited-far: f.txt = contents
        returns gone: f.txt = modify/delete; g = modify/delete
        returns edited-with-returns: f.txt = contents
        edited gone: f.txt = modify/delete; g = modify/delete
        edited edited-with-returns: f.txt = contents
        edited-far gone: f.txt = modify/delete
        edited-far edited-with-returns: f.txt = contents
        gone edited-with-returns: f.txt = modify/delete
        ",
        )],
        &Setting::default(),
    );
}

#[test]
fn ends_of_lines_renormalized() {
    let setting = Setting {
        config: &[("merge.renormalize", "true")],
        ..Setting::default()
    };
    conform(
        &[(
            "renormalized",
            ENDS,
            "
        returns edited: g = contents
        returns gone: g = modify/delete
        edited gone: f.txt = modify/delete; g = modify/delete
        edited-far gone: f.txt = modify/delete
        gone edited-with-returns: f.txt = modify/delete
        ",
        )],
        &setting,
    );
}

/// Of `grown` and `grown-too` git grows a region that is the same on both sides; `same` has all of `a`.
const STYLES: &str = "
    main
        f = 1..9
        h = c | c | c | c
    a
        f = 1..4 | same | A | 6..9
    b
        f = 1..4 | same | B | 6..9
    same
        f = 1..4 | same | A | 6..9
    grown
        h = c | a | b | c | c | c
    grown-too
        h = c | a | b | c | a | c | b
";

const REFINED: &str = "
        a b: f = contents
        b same: f = contents
        ";

/// Styles that show the base keep git from refining, and so from seeing that both sides are the same.
const NOT_REFINED: &str = "
        a b: f = contents
        b same: f = contents
        grown grown-too: h = contents
        ";

#[test]
fn styles_of_conflicts() {
    for (style, expected) in [
        ("merge", REFINED),
        ("diff3", NOT_REFINED),
        ("zdiff3", NOT_REFINED),
    ] {
        let setting = Setting {
            config: &[("merge.conflictStyle", style)],
            ..Setting::default()
        };
        conform(&[("styles", STYLES, expected)], &setting);
    }
}

#[test]
fn algorithms_of_diff_are_for_showing() {
    for algorithm in ["myers", "patience", "minimal"] {
        let setting = Setting {
            config: &[
                ("diff.algorithm", algorithm),
                ("diff.indentHeuristic", "true"),
            ],
            ..Setting::default()
        };
        conform(&[("algorithms", STYLES, REFINED)], &setting);
    }
}
