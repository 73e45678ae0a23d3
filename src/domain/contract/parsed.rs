//! A version of a contract, read once and compared with many.

use super::document::Node;
use super::schema::Leftover;
use super::{Format, Outcome, Unreadable, json_schema, openapi, places, protobuf, sql_ddl, text};

/// One clause why it cannot be read, where it cannot.
type Read<T> = Result<T, String>;

#[derive(Debug)]
pub struct Parsed {
    format: Format,
    content: Content,
}

#[derive(Debug)]
enum Content {
    JsonSchema(Read<Node>),
    OpenApi(Read<Node>),
    Protobuf(Box<Read<protobuf::File>>),
    SqlDdl(Read<sql_ddl::Schema>),
    Text(Vec<u8>),
}

impl Parsed {
    pub(super) fn new(format: Format, bytes: &[u8]) -> Parsed {
        let content = match format {
            Format::JsonSchema => Content::JsonSchema(json_schema::read(bytes)),
            Format::OpenApi => Content::OpenApi(openapi::read(bytes)),
            Format::Protobuf => Content::Protobuf(Box::new(protobuf::read(bytes))),
            Format::SqlDdl(dialect) => Content::SqlDdl(sql_ddl::read(dialect, bytes)),
            Format::Text => Content::Text(bytes.to_vec()),
        };
        Parsed { format, content }
    }

    /// What breaks who relies on this version, where it becomes the other. Both are of one format.
    pub fn compare(&self, new: &Parsed) -> Outcome {
        self.compare_with(new, Leftover::Paired)
    }

    /// For [`super::between`], where neither version follows on the other.
    pub fn compare_side_by_side(&self, new: &Parsed) -> Outcome {
        self.compare_with(new, Leftover::Apart)
    }

    fn compare_with(&self, new: &Parsed, leftover: Leftover) -> Outcome {
        let outcome = match (&self.content, &new.content) {
            (Content::JsonSchema(old), Content::JsonSchema(new)) => {
                both(old, new).and_then(|(old, new)| json_schema::compare(old, new, leftover))
            }
            (Content::OpenApi(old), Content::OpenApi(new)) => {
                both(old, new).and_then(|(old, new)| openapi::compare(old, new, leftover))
            }
            (Content::Protobuf(old), Content::Protobuf(new)) => {
                both(old, new).map(|(old, new)| protobuf::compare(old, new))
            }
            (Content::SqlDdl(old), Content::SqlDdl(new)) => {
                both(old, new).map(|(old, new)| sql_ddl::compare(old, new))
            }
            (Content::Text(old), Content::Text(new)) => Ok(text::compare(old, new)),
            _ => Err(Unreadable::new("it is of another format".to_owned())),
        };
        outcome.unwrap_or_else(|unreadable| {
            let Unreadable { which, why } = unreadable;
            Outcome::CouldNotRun(format!(
                "{which} cannot be read as {}: {why}",
                self.format.as_str()
            ))
        })
    }

    /// Whether two versions plainly change things that have nothing to do with each other. `false` proves nothing.
    pub fn are_apart(base: &Parsed, ours: &Parsed, theirs: &Parsed) -> bool {
        match (&base.content, &ours.content, &theirs.content) {
            (
                Content::JsonSchema(Ok(base)),
                Content::JsonSchema(Ok(ours)),
                Content::JsonSchema(Ok(theirs)),
            )
            | (
                Content::OpenApi(Ok(base)),
                Content::OpenApi(Ok(ours)),
                Content::OpenApi(Ok(theirs)),
            ) => places::are_apart(base, ours, theirs),
            _ => false,
        }
    }
}

fn both<'r, T>(old: &'r Read<T>, new: &'r Read<T>) -> Result<(&'r T, &'r T), Unreadable> {
    let old = old.as_ref().map_err(|why| Unreadable::old(why.clone()))?;
    let new = new.as_ref().map_err(|why| Unreadable::new(why.clone()))?;
    Ok((old, new))
}
