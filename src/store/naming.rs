//! How our files are named after things that have names of their own.

use sha2::{Digest as _, Sha256};

use crate::domain::time::Timestamp;

/// Longer names than this become a digest; file systems allow 255 bytes.
const LONGEST: usize = 200;

/// A file name that no other text has, readable where the text is plain.
pub(super) fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            b'.' if index > 0 => name.push('.'),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    if name.is_empty() || name.len() > LONGEST {
        return digest([text.as_bytes()]);
    }
    name
}

/// The SHA-256, in hexadecimal digits, of the parts, each after its length.
pub(super) fn digest<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// `20261123T093000Z`: sorts by time, and may stand in a file or ref name.
pub(super) fn compact(time: Timestamp) -> String {
    time.to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        for (text, name) in [
            ("track-a_1.x", "track-a_1.x"),
            (".integration", "%2eintegration"),
            ("..", "%2e."),
            ("a/b", "a%2fb"),
            ("%2e", "%252e"),
            ("ü", "%c3%bc"),
        ] {
            assert_eq!(file_name(text), name);
        }
        let long = "x".repeat(300);
        assert_eq!(file_name(&long).len(), 64);
        assert_eq!(file_name("").len(), 64);
    }

    #[test]
    fn digests_know_where_parts_end() {
        let of = |parts: &[&str]| digest(parts.iter().map(|part| part.as_bytes()));
        assert_eq!(
            of(&[]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["a"]), of(&["a", ""]));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
    }

    #[test]
    fn compact_times() {
        assert_eq!(compact(Timestamp(0)), "19700101T000000Z");
    }
}
