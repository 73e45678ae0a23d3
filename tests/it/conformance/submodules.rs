//! Submodules: what git looks up in their history, and what it says where there is none.

use super::{Setting, Shape, conform};

/// `1` ← `2` ← `3`, `1` ← `x`, and `m` merges `2` and `x`.
const SUBMODULE: &str = "
    main
        f = 1
    1
    2 from 1
        f = 2
    3 from 2
        f = 3
    x from 1
        g = 1
    m from 2 merges x
        g = 1
    u orphan
        f = 4
";

const HISTORY: &str = "
    main
        sub @ 2
        f = 1
    to-3
        sub @ 3
    to-3-too
        sub @ 3
    to-m
        sub @ m
    back-to-1
        sub @ 1
    to-x
        sub @ x
    unrelated
        sub @ u
    gone
        - sub
    file
        sub = a file
    directory
        sub/f = a file
    link
        sub -> f
    moved
        mv sub lib
";

const ADDED: &str = "
    main
        f = 1
    at-2
        sub @ 2
    at-3
        sub @ 3
    at-3-too
        sub @ 3
    at-x
        sub @ x
    file
        sub = 1
    below
        sub/f = 1
";

const CHECKED_OUT: &[Shape] = &[
    (
        "checked-out",
        HISTORY,
        "
        to-3 to-m: sub = contents, submodule
        to-3 back-to-1: sub = contents, submodule may have rewinds
        to-3 to-x: sub = contents, submodule may have rewinds
        to-3 unrelated: sub = contents, submodule may have rewinds
        to-3 gone: sub = modify/delete
        to-3 file: sub = distinct modes
        to-3 directory: sub = file/directory, modify/delete
        to-3 link: sub = distinct modes
        to-3-too to-m: sub = contents, submodule
        to-3-too back-to-1: sub = contents, submodule may have rewinds
        to-3-too to-x: sub = contents, submodule may have rewinds
        to-3-too unrelated: sub = contents, submodule may have rewinds
        to-3-too gone: sub = modify/delete
        to-3-too file: sub = distinct modes
        to-3-too directory: sub = file/directory, modify/delete
        to-3-too link: sub = distinct modes
        to-m back-to-1: sub = contents, submodule may have rewinds
        to-m to-x: sub = contents, submodule may have rewinds
        to-m unrelated: sub = contents, submodule may have rewinds
        to-m gone: sub = modify/delete
        to-m file: sub = distinct modes
        to-m directory: sub = file/directory, modify/delete
        to-m link: sub = distinct modes
        back-to-1 to-x: sub = contents, submodule may have rewinds
        back-to-1 unrelated: sub = contents, submodule may have rewinds
        back-to-1 gone: sub = modify/delete
        back-to-1 file: sub = distinct modes
        back-to-1 directory: sub = file/directory, modify/delete
        back-to-1 link: sub = distinct modes
        to-x unrelated: sub = contents, submodule may have rewinds
        to-x gone: sub = modify/delete
        to-x file: sub = distinct modes
        to-x directory: sub = file/directory, modify/delete
        to-x link: sub = distinct modes
        unrelated gone: sub = modify/delete
        unrelated file: sub = distinct modes
        unrelated directory: sub = file/directory, modify/delete
        unrelated link: sub = distinct modes
        gone file: sub = modify/delete
        gone link: sub = modify/delete
        gone moved: lib = rename/delete
        file directory: sub = file/directory, modify/delete
        file link: sub = distinct modes
        file moved: lib = modify/delete
        directory link: sub = file/directory, modify/delete
        directory moved: lib = rename/delete
        link moved: lib = distinct modes
        ",
    ),
    (
        "added",
        ADDED,
        "
        at-2 at-3: sub = add/add, submodule lacks merge base
        at-2 at-3-too: sub = add/add, submodule lacks merge base
        at-2 at-x: sub = add/add, submodule lacks merge base
        at-2 file: sub = distinct modes
        at-2 below: sub = file/directory
        at-3 at-x: sub = add/add, submodule lacks merge base
        at-3 file: sub = distinct modes
        at-3 below: sub = file/directory
        at-3-too at-x: sub = add/add, submodule lacks merge base
        at-3-too file: sub = distinct modes
        at-3-too below: sub = file/directory
        at-x file: sub = distinct modes
        at-x below: sub = file/directory
        file below: sub = file/directory
        ",
    ),
];

const NOT_CHECKED_OUT: &[Shape] = &[
    (
        "not-checked-out",
        HISTORY,
        "
        to-3 to-m: sub = contents, submodule not initialized
        to-3 back-to-1: sub = contents, submodule not initialized
        to-3 to-x: sub = contents, submodule not initialized
        to-3 unrelated: sub = contents, submodule not initialized
        to-3 gone: sub = modify/delete
        to-3 file: sub = distinct modes
        to-3 directory: sub = file/directory, modify/delete
        to-3 link: sub = distinct modes
        to-3-too to-m: sub = contents, submodule not initialized
        to-3-too back-to-1: sub = contents, submodule not initialized
        to-3-too to-x: sub = contents, submodule not initialized
        to-3-too unrelated: sub = contents, submodule not initialized
        to-3-too gone: sub = modify/delete
        to-3-too file: sub = distinct modes
        to-3-too directory: sub = file/directory, modify/delete
        to-3-too link: sub = distinct modes
        to-m back-to-1: sub = contents, submodule not initialized
        to-m to-x: sub = contents, submodule not initialized
        to-m unrelated: sub = contents, submodule not initialized
        to-m gone: sub = modify/delete
        to-m file: sub = distinct modes
        to-m directory: sub = file/directory, modify/delete
        to-m link: sub = distinct modes
        back-to-1 to-x: sub = contents, submodule not initialized
        back-to-1 unrelated: sub = contents, submodule not initialized
        back-to-1 gone: sub = modify/delete
        back-to-1 file: sub = distinct modes
        back-to-1 directory: sub = file/directory, modify/delete
        back-to-1 link: sub = distinct modes
        to-x unrelated: sub = contents, submodule not initialized
        to-x gone: sub = modify/delete
        to-x file: sub = distinct modes
        to-x directory: sub = file/directory, modify/delete
        to-x link: sub = distinct modes
        unrelated gone: sub = modify/delete
        unrelated file: sub = distinct modes
        unrelated directory: sub = file/directory, modify/delete
        unrelated link: sub = distinct modes
        gone file: sub = modify/delete
        gone link: sub = modify/delete
        gone moved: lib = rename/delete
        file directory: sub = file/directory, modify/delete
        file link: sub = distinct modes
        file moved: lib = modify/delete
        directory link: sub = file/directory, modify/delete
        directory moved: lib = rename/delete
        link moved: lib = distinct modes
        ",
    ),
    (
        "added-blind",
        ADDED,
        "
        at-2 at-3: sub = add/add, submodule not initialized
        at-2 at-3-too: sub = add/add, submodule not initialized
        at-2 at-x: sub = add/add, submodule not initialized
        at-2 file: sub = distinct modes
        at-2 below: sub = file/directory
        at-3 at-x: sub = add/add, submodule not initialized
        at-3 file: sub = distinct modes
        at-3 below: sub = file/directory
        at-3-too at-x: sub = add/add, submodule not initialized
        at-3-too file: sub = distinct modes
        at-3-too below: sub = file/directory
        at-x file: sub = distinct modes
        at-x below: sub = file/directory
        file below: sub = file/directory
        ",
    ),
];

#[test]
fn submodules_with_their_history() {
    let setting = Setting {
        submodule: Some(SUBMODULE),
        ..Setting::default()
    };
    conform(CHECKED_OUT, &setting);
}

#[test]
fn submodules_without_their_history() {
    let setting = Setting {
        submodule: Some(SUBMODULE),
        submodule_is_away: true,
        ..Setting::default()
    };
    conform(NOT_CHECKED_OUT, &setting);
}
