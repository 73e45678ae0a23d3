//! Paths that cannot be two things at once: files and directories, deletions, other spellings.

use super::{Setting, Shape, conform};

const SHAPES: &[Shape] = &[
    (
        "deletions",
        "
        main
            f = 1..9
            g = 1..9
        gone
            - f
        gone-too
            - f
        edited
            f = 1..8 | A
        made-x
            +x f
        gone-with-adds
            - f
            n = new
        all-gone
            - f
            - g
        replaced
            f = something else
        ",
        "
        gone edited: f = modify/delete
        gone made-x: f = modify/delete
        gone replaced: f = modify/delete
        gone-too edited: f = modify/delete
        gone-too made-x: f = modify/delete
        gone-too replaced: f = modify/delete
        edited gone-with-adds: f = modify/delete
        edited all-gone: f = modify/delete
        edited replaced: f = contents
        made-x gone-with-adds: f = modify/delete
        made-x all-gone: f = modify/delete
        gone-with-adds replaced: f = modify/delete
        all-gone replaced: f = modify/delete
        ",
    ),
    (
        "file-and-directory-added",
        "
        main
            keep = 1
        file
            x = file
        below
            x/y = below
        deep-below
            x/y/z = below
        link
            x -> keep
        same-file
            x = file
        ",
        "
        file below: x = file/directory
        file deep-below: x = file/directory
        file link: x = distinct modes
        below deep-below: x/y = file/directory
        below link: x = file/directory
        below same-file: x = file/directory
        deep-below link: x = file/directory
        deep-below same-file: x = file/directory
        link same-file: x = distinct modes
        ",
    ),
    (
        "file-becomes-directory",
        "
        main
            x = 1..9
            z = 1..9
        directory
            x/y = below
        directory-of-it
            mv x x.tmp
            mv x.tmp x/x
        edited
            x = 1..8 | A
        gone
            - x
        also-directory
            x/other = below
        same-path
            x/y = other
        and-back
            x/y = below
        and-back
            x = 1..9
        moved-away
            mv x w
        ",
        "
        directory directory-of-it: x/x = rename/delete
        directory edited: x = file/directory, modify/delete
        directory same-path: x/y = add/add
        directory moved-away: w = rename/delete
        directory-of-it gone: x/x = rename/delete
        directory-of-it also-directory: x/x = rename/delete
        directory-of-it same-path: x/x = rename/delete
        directory-of-it moved-away: w = rename/rename; x/x = rename/rename
        edited gone: x = modify/delete
        edited also-directory: x = file/directory, modify/delete
        edited same-path: x = file/directory, modify/delete
        gone moved-away: w = rename/delete
        also-directory moved-away: w = rename/delete
        same-path moved-away: w = rename/delete
        ",
    ),
    (
        // Left alone by one side and replaced by the other: a conflict, but only if git looks for renames at all, which it
        // does for the sake of another file.
        "file-becomes-directory-unnoticed",
        "
        main
            f = x1..20
            b = y1..20
        b-edited
            b = y1..19 | B
        replaced
            - b
            f/n = new
        f-replaced
            f/n = new
        replaced-and-back
            - b
            f/n = new
        replaced-and-back
            f = x1..20
        ",
        "
        b-edited replaced: b = modify/delete; f = file/directory
        b-edited replaced-and-back: b = modify/delete
        ",
    ),
    (
        "directory-becomes-file",
        "
        main
            d/f = 1..9
            d/g = a1..9
            z = 1
        file
            d = now a file
        link
            d -> z
        f-edited
            d/f = 1..8 | A
        added
            d/n = new
        all-gone
            - d
        moved
            mv d e
        moved-and-file
            mv d e
            d = now a file
        ",
        "
        file link: d = distinct modes
        file f-edited: d = file/directory; d/f = modify/delete
        file added: d = file/directory
        file moved: e/f = rename/delete; e/g = rename/delete
        file moved-and-file: e/f = rename/delete; e/g = rename/delete
        link f-edited: d = file/directory; d/f = modify/delete
        link added: d = file/directory
        link moved: e/f = rename/delete; e/g = rename/delete
        link moved-and-file: d = distinct modes; e/f = rename/delete; e/g = rename/delete
        f-edited all-gone: d/f = modify/delete
        added moved: e/n = directory rename suggested
        added moved-and-file: e/n = directory rename suggested
        all-gone moved: e/f = rename/delete; e/g = rename/delete
        all-gone moved-and-file: e/f = rename/delete; e/g = rename/delete
        ",
    ),
    (
        "names-that-look-invented",
        "
        main
            keep = 1
        file
            x = file
            x~main = also a file
        below
            x/y = below
            x~HEAD = one more
        ",
        "
        file below: x = file/directory
        ",
    ),
    (
        "odd-names",
        "
        main
            a b = 1..9
            q\"uote = 1..9
            é = 1..9
        one
            a b = 1..8 | A
            q\"uote = 1..8 | A
            é = 1..8 | A
        two
            a b = 1..8 | B
            q\"uote = 1..8 | B
            é = 1..8 | B
        ",
        "
        one two: a b = contents; q\"uote = contents; é = contents
        ",
    ),
];

const SPELLINGS: &[Shape] = &[(
    "spellings",
    "
    main
        Readme = x1..20
        dir/f = y1..20
    shouted
        mv Readme README
    whispered
        mv Readme readme
    edited
        Readme = x1..19 | A
    other-dir
        mv dir Dir
    into-dir
        dir/n = new
    both-spellings
        README = something else
    gone
        - Readme
    ",
    "
        shouted whispered: README = rename/rename; Readme = rename/rename; readme = rename/rename
        shouted both-spellings: README = add/add
        shouted gone: README = rename/delete
        whispered gone: readme = rename/delete
        edited gone: Readme = modify/delete
        other-dir into-dir: Dir/n = directory rename suggested
        ",
)];

#[test]
fn places() {
    conform(SHAPES, &Setting::default());
}

#[test]
fn spellings() {
    conform(SPELLINGS, &Setting::default());
    let folding = Setting {
        config: &[("core.ignoreCase", "true")],
        ..Setting::default()
    };
    conform(SPELLINGS, &folding);
}
