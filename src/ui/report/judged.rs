//! The answers of `tracks reference merges`: one line each, for `cargo xtask replay` and the tests.

use crate::domain::merge::{Basis, Verdict};
use crate::ops::judged::Judgement;

use super::types;

/// Verdict, basis, who decided, the merged tree or `-`; then path and types of each conflict, or why there is no answer.
/// Separated by tabs; paths and reasons in C quotes where git would quote them.
pub fn line(judgement: &Judgement) -> String {
    let basis = match judgement.basis {
        Basis::Tips => "tips",
        Basis::BasePlusTrack => "base+track",
    };
    let by = if judgement.in_process {
        "process"
    } else {
        "git"
    };
    let tree = judgement
        .tree
        .map_or_else(|| "-".to_owned(), |tree| tree.to_string());
    let (verdict, mut more) = match &judgement.verdict {
        Verdict::Clean => ("clean", Vec::new()),
        Verdict::Unavailable(reason) => ("unavailable", vec![quoted(reason.as_bytes())]),
        Verdict::Conflict(conflicts) => {
            let fields = conflicts
                .iter()
                .flat_map(|conflict| [quoted(conflict.path.as_bytes()), types(conflict)]);
            ("conflict", fields.collect())
        }
    };
    let mut fields = vec![verdict.to_owned(), basis.to_owned(), by.to_owned(), tree];
    fields.append(&mut more);
    fields.join("\t") + "\n"
}

/// As git quotes a path: as it is where it is plain ASCII, else between double quotes with escapes.
fn quoted(bytes: &[u8]) -> String {
    let plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if bytes.iter().all(plain) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let escaped = bytes.iter().map(|byte| match byte {
        b'\t' => "\\t".to_owned(),
        b'\n' => "\\n".to_owned(),
        b'"' | b'\\' => format!("\\{}", char::from(*byte)),
        byte if plain(byte) => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::merge::{Conflict, ConflictType};
    use crate::domain::path::RepoPath;
    use crate::domain::revision::TreeId;

    #[test]
    fn one_line_each() {
        let conflict = |path: &[u8], types: &[ConflictType]| Conflict {
            path: RepoPath::new(path),
            types: types.to_vec(),
            regions: Vec::new(),
        };
        let judgement = |verdict, tree| Judgement {
            basis: Basis::BasePlusTrack,
            verdict,
            in_process: true,
            tree,
        };
        let tree = TreeId::from_hex(&"a".repeat(40)).unwrap();
        let conflicts = vec![
            conflict(b"a b", &[ConflictType::contents(), ConflictType::add_add()]),
            conflict(b"q\"\t\xff", &[ConflictType::contents()]),
        ];
        for (verdict, tree, expected) in [
            (
                Verdict::Clean,
                Some(tree),
                format!("clean\tbase+track\tprocess\t{tree}\n"),
            ),
            (
                Verdict::Unavailable("no\nway".to_owned()),
                None,
                "unavailable\tbase+track\tprocess\t-\t\"no\\nway\"\n".to_owned(),
            ),
            (
                Verdict::Conflict(conflicts),
                None,
                "conflict\tbase+track\tprocess\t-\ta b\tcontents, add/add\t\"q\\\"\\t\\377\"\tcontents\n"
                    .to_owned(),
            ),
        ] {
            assert_eq!(line(&judgement(verdict, tree)), expected);
        }
    }
}
