//! Which files a patch touches, in the form in which Codex hands it to `apply_patch`: an envelope of `*** Add File: PATH`,
//! `*** Update File: PATH` (maybe followed by `*** Move to: PATH`) and `*** Delete File: PATH`.

/// In the order of the patch; a path with a line end in it cannot be told.
pub fn paths_of_patch(text: &str) -> Vec<String> {
    const HEADS: [&str; 4] = [
        "*** Add File: ",
        "*** Update File: ",
        "*** Delete File: ",
        "*** Move to: ",
    ];
    let path = |line: &str| {
        let head = HEADS.iter().find_map(|head| line.strip_prefix(head));
        head.map(|path| path.trim().to_owned())
    };
    let paths = text.lines().filter_map(path);
    paths.filter(|path| !path.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_patch() {
        let patch = "*** Begin Patch\n*** Add File: a b.rs\n+*** Add File: no\n*** Update File: src/x.rs\n*** Move to: src/y.rs\n\
                     @@ fn f\n-1\n+2\n*** Delete File: old\n*** Update File: \n*** End Patch\n";
        assert_eq!(
            paths_of_patch(patch),
            ["a b.rs", "src/x.rs", "src/y.rs", "old"]
        );
        assert_eq!(paths_of_patch("ls -l"), Vec::<String>::new());
    }
}
