//! Reads the JSON that the tools print: this crate has no dependencies, and needs only what stands below.

use crate::failure::Failure;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

static NULL: Json = Json::Null;

impl Json {
    pub(super) fn read(text: &str) -> Result<Json, Failure> {
        let mut reader = Reader { rest: text };
        let value = reader.value();
        match value {
            Some(value) if reader.rest.trim_start().is_empty() => Ok(value),
            _ => {
                let at = text.len() - reader.rest.len();
                Err(Failure::new(format!("this is no JSON from byte {at} on")))
            }
        }
    }

    /// What an object has under a key; null where it has nothing.
    pub(super) fn get(&self, key: &str) -> &Json {
        let found = self.entries().iter().find(|(name, _)| name == key);
        found.map_or(&NULL, |(_, value)| value)
    }

    pub(super) fn entries(&self) -> &[(String, Json)] {
        match self {
            Json::Object(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Json] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Json::Text(text) => text,
            _ => "",
        }
    }

    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Json::Number(number) => Some(*number),
            _ => None,
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Json> {
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next()?;
        match first {
            '{' => {
                let entries = self.until('}', |reader| {
                    let key = reader.string()?;
                    reader.skip(':')?;
                    Some((key, reader.value()?))
                })?;
                Some(Json::Object(entries))
            }
            '[' => self.until(']', Reader::value).map(Json::List),
            '"' => self.string().map(Json::Text),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Option<Json> {
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "null" => Some(Json::Null),
            "true" => Some(Json::Bool(true)),
            "false" => Some(Json::Bool(false)),
            number => number.parse().ok().map(Json::Number),
        }
    }

    fn until<T>(&mut self, end: char, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.rest = &self.rest[1..];
        if self.skip(end).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.skip(end).is_some() {
                return Some(items);
            }
            self.skip(',')?;
        }
    }

    fn skip(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.trim_start();
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        self.skip('"')?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(['"', '\\'])?;
            text.push_str(&self.rest[..end]);
            let mark = self.rest[end..].chars().next()?;
            self.rest = &self.rest[end + 1..];
            if mark == '"' {
                return Some(text);
            }
            let escaped = self.rest.chars().next()?;
            self.rest = &self.rest[escaped.len_utf8()..];
            text.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\u{8}',
                'f' => '\u{c}',
                'u' => {
                    // Halves of a pair stay unread: no key or path here has one.
                    let code = u32::from_str_radix(self.rest.get(..4)?, 16).ok()?;
                    self.rest = &self.rest[4..];
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                }
                other => other,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tools_print_is_read() {
        let text = "{\"pairs\": [{\"a\":\"t1\",\"n\":-1.5e3, \"x\\u0041\\\"\\n\": null}, {}],\n \"ok\": true, \"none\": []}\n";
        let json = Json::read(text).unwrap();
        let pair = &json.get("pairs").items()[0];
        assert_eq!(pair.get("a").text(), "t1");
        assert_eq!(pair.get("n").number(), Some(-1500.0));
        assert_eq!(pair.entries()[2], ("xA\"\n".to_owned(), Json::Null));
        assert_eq!(json.get("pairs").items()[1].entries(), []);
        assert_eq!(json.get("ok"), &Json::Bool(true));
        assert!(json.get("none").items().is_empty());
        assert_eq!(json.get("missing"), &Json::Null);
    }

    #[test]
    fn what_is_cut_short_is_no_json() {
        for text in [
            "",
            "{\"a\":1",
            "[1,",
            "\"x",
            "{\"a\" 1}",
            "[1] 2",
            "nul",
            "[1 2]",
        ] {
            assert!(Json::read(text).is_err(), "{text}");
        }
    }
}
