//! Ids of commits, trees and blobs, independent of any git library.

use std::fmt;

/// The text is not a full-length object id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a full object id")]
pub struct IdError(pub String);

/// An object id of either hash that git knows: 20 bytes (SHA-1) or 32 (SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Id {
    len: u8,
    bytes: [u8; 32],
}

impl Id {
    fn from_bytes(bytes: &[u8]) -> Option<Id> {
        if !matches!(bytes.len(), 20 | 32) {
            return None;
        }
        let mut id = Id {
            len: u8::try_from(bytes.len()).ok()?,
            bytes: [0; 32],
        };
        id.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(id)
    }

    fn from_hex(hex: &str) -> Option<Id> {
        if !hex.len().is_multiple_of(2) {
            return None;
        }
        let digit = |c: u8| (c as char).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let bytes: Option<Vec<u8>> = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
            .collect();
        Id::from_bytes(&bytes?)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex: String = self
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        f.pad(&hex)
    }
}

macro_rules! object_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Id);

        impl $name {
            /// `None` unless there are 20 or 32 bytes.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Id::from_bytes(bytes).map($name)
            }

            /// # Errors
            /// When the text is not 40 or 64 hexadecimal digits.
            pub fn from_hex(hex: &str) -> Result<Self, IdError> {
                Id::from_hex(hex).map($name).ok_or_else(|| IdError(hex.to_owned()))
            }

            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// The first ten digits, for people.
            pub fn short(&self) -> String {
                format!("{:.10}", self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

object_id!(
    /// A commit.
    CommitId
);
object_id!(
    /// A tree.
    TreeId
);
object_id!(
    /// A blob, or the commit of a submodule in a tree entry.
    BlobId
);

impl BlobId {
    /// What git has for no object at all.
    pub const NONE: BlobId = BlobId(Id {
        len: 20,
        bytes: [0; 32],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trip() {
        for hex in [
            "0123456789abcdef0123456789abcdef01234567".to_owned(),
            "ab".repeat(32),
        ] {
            assert_eq!(CommitId::from_hex(&hex).unwrap().to_string(), hex);
        }
        for bad in ["", "abc", "0123456789abcdef", &"zz".repeat(20)] {
            assert!(CommitId::from_hex(bad).is_err(), "{bad}");
        }
        assert_eq!(
            CommitId::from_hex(&"ab".repeat(20)).unwrap().short(),
            "ababababab"
        );
    }
}
