//! The JSON Schema of tracks.toml, generated from the types that parse it.

/// The schema as pretty-printed JSON.
pub fn schema() -> String {
    todo!()
}
