//! Templates of the names of migrations: `{date}_{track}_{slug}.sql`.
//!
//! A name is read by a template and printed by it. What a field stands for is fixed: `{date}` eight digits, `{time}` six,
//! `{timestamp}` both, `{serial:4}` at least four digits, `{track}` the code of a track, `{slug}` words with `_` or `-`
//! between them. Whether a date is one is for a rule to say.

use std::fmt;

/// The fields, as a template names them.
pub const FIELDS: [&str; 6] = ["date", "time", "timestamp", "serial", "track", "slug"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Date,
    Time,
    Timestamp,
    /// With at least so many digits.
    Serial(usize),
    Track,
    Slug,
}

/// What a name says, in the letters that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields<'n> {
    pub date: Option<&'n str>,
    pub time: Option<&'n str>,
    pub timestamp: Option<&'n str>,
    pub serial: Option<&'n str>,
    pub track: Option<&'n str>,
    pub slug: Option<&'n str>,
}

/// What a name is made of.
#[derive(Debug, Clone, Copy)]
pub struct Values<'v> {
    /// Eight digits.
    pub date: &'v str,
    /// Six digits.
    pub time: &'v str,
    pub serial: u64,
    pub track: &'v str,
    pub slug: &'v str,
}

/// A text that is no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    NotAName,
    Unbalanced,
    UnknownField(String),
    /// Only `serial` has a width.
    Width(String),
}

impl fmt::Display for TemplateError {
    /// Continues "the template …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TemplateError::NotAName => f.write_str("must be the name of a file"),
            TemplateError::Unbalanced => f.write_str("has a `{` or `}` without a partner"),
            TemplateError::UnknownField(field) => write!(f, "has the unknown field `{{{field}}}`"),
            TemplateError::Width(field) => write!(
                f,
                "has `{{{field}}}`; only `serial` has a width, as in `{{serial:4}}`"
            ),
        }
    }
}

impl Template {
    /// # Errors
    /// When the text is no name of a file, or has a field that there is not.
    pub fn new(text: &str) -> Result<Template, TemplateError> {
        if text.is_empty() || text.contains('/') {
            return Err(TemplateError::NotAName);
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (literal, after) = rest.split_at(at);
            let inside = after
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
                .filter(|(field, _)| !field.contains('{'));
            let (field, after) = inside.ok_or(TemplateError::Unbalanced)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(part(field)?);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Template {
            text: text.to_owned(),
            parts,
        })
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn names_track(&self) -> bool {
        self.parts.contains(&Part::Track)
    }

    /// Whether two names of the same day can differ in more than track and words.
    pub fn is_finer_than_a_day(&self) -> bool {
        let fine = |part: &Part| matches!(part, Part::Time | Part::Timestamp | Part::Serial(_));
        self.parts.iter().any(fine)
    }

    pub fn has_serial(&self) -> bool {
        let is_serial = |part: &Part| matches!(part, Part::Serial(_));
        self.parts.iter().any(is_serial)
    }

    /// `None`: the name does not match. `codes`: those of the tracks; where a name can be read in more than one way, the one
    /// with a code that there is counts.
    pub fn read<'n>(&self, name: &'n str, codes: &[String]) -> Option<Fields<'n>> {
        let mut codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        codes.sort_by_key(|code| std::cmp::Reverse(code.len()));
        let fields = Fields::default();
        [codes.as_slice(), &[]]
            .into_iter()
            .find_map(|codes| read(&self.parts, name, codes, fields))
    }

    /// Whether a name can be read as one that is signed with this code, however else it can be read.
    pub fn may_be_signed(&self, name: &str, code: &str) -> bool {
        let fields = read(&self.parts, name, &[code], Fields::default());
        fields.is_some_and(|fields| fields.track == Some(code))
    }

    pub fn print(&self, values: &Values<'_>) -> String {
        let mut name = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => name.push_str(text),
                Part::Date => name.push_str(values.date),
                Part::Time => name.push_str(values.time),
                Part::Timestamp => {
                    name.push_str(values.date);
                    name.push_str(values.time);
                }
                Part::Serial(width) => {
                    name.push_str(&format!("{:0width$}", values.serial, width = *width));
                }
                Part::Track => name.push_str(values.track),
                Part::Slug => name.push_str(values.slug),
            }
        }
        name
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

fn part(field: &str) -> Result<Part, TemplateError> {
    let (name, width) = match field.split_once(':') {
        Some((name, width)) => (name, Some(width)),
        None => (field, None),
    };
    let part = match name {
        "date" => Part::Date,
        "time" => Part::Time,
        "timestamp" => Part::Timestamp,
        "serial" => Part::Serial(1),
        "track" => Part::Track,
        "slug" => Part::Slug,
        _ => return Err(TemplateError::UnknownField(field.to_owned())),
    };
    match (part, width.map(str::parse::<u8>)) {
        (part, None) => Ok(part),
        (Part::Serial(_), Some(Ok(width @ 1..=20))) => Ok(Part::Serial(usize::from(width))),
        (_, Some(_)) => Err(TemplateError::Width(field.to_owned())),
    }
}

/// `codes`: the only ones that a track may have; none: any will do.
fn read<'n>(
    parts: &[Part],
    rest: &'n str,
    codes: &[&str],
    fields: Fields<'n>,
) -> Option<Fields<'n>> {
    let Some((part, parts)) = parts.split_first() else {
        return rest.is_empty().then_some(fields);
    };
    if let Part::Literal(literal) = part {
        return read(parts, rest.strip_prefix(literal.as_str())?, codes, fields);
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let lengths: Vec<usize> = match part {
        Part::Literal(_) => Vec::new(),
        Part::Date => vec![8],
        Part::Time => vec![6],
        Part::Timestamp => vec![14],
        Part::Serial(width) => (*width..=digits).rev().collect(),
        Part::Track if codes.is_empty() => lengths(rest, |c| c.is_alphanumeric() || c == '-'),
        Part::Track => (codes.iter())
            .filter(|code| rest.starts_with(**code))
            .map(|code| code.len())
            .collect(),
        Part::Slug => {
            let mut all = lengths(rest, |c| c.is_alphanumeric() || c == '-' || c == '_');
            all.reverse();
            all
        }
    };
    let counted = matches!(part, Part::Date | Part::Time | Part::Timestamp);
    lengths.into_iter().find_map(|length| {
        if counted && digits < length {
            return None;
        }
        let (text, rest) = rest.split_at_checked(length)?;
        let mut fields = fields;
        let field = match part {
            Part::Date => &mut fields.date,
            Part::Time => &mut fields.time,
            Part::Timestamp => &mut fields.timestamp,
            Part::Serial(_) => &mut fields.serial,
            Part::Track => &mut fields.track,
            Part::Slug if !is_slug(text) => return None,
            Part::Slug | Part::Literal(_) => &mut fields.slug,
        };
        *field = Some(text);
        read(parts, rest, codes, fields)
    })
}

/// How long a beginning of letters that will do may be, the shortest first.
fn lengths(rest: &str, will_do: impl Fn(char) -> bool) -> Vec<usize> {
    let letters = rest.char_indices().take_while(|(_, c)| will_do(*c));
    letters.map(|(at, c)| at + c.len_utf8()).collect()
}

fn is_slug(text: &str) -> bool {
    let ends = [text.chars().next(), text.chars().next_back()];
    ends.iter().flatten().all(|c| c.is_alphanumeric())
}

/// The words of a sentence as a name has them: "Add agent registry" is `add_agent_registry`. Empty where there is none.
pub fn slug_of(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c.is_ascii_alphanumeric() {
            true => slug.push(c.to_ascii_lowercase()),
            false if slug.is_empty() || slug.ends_with('_') => {}
            false => slug.push('_'),
        }
    }
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_template() {
        for good in [
            "{date}_{track}_{slug}.sql",
            "{timestamp}_{slug}.sql",
            "{serial:4}_{slug}.sql",
            "V{date}__{slug}.sql",
            "fixed.sql",
        ] {
            assert_eq!(Template::new(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", TemplateError::NotAName),
            ("a/{slug}", TemplateError::NotAName),
            ("{slug", TemplateError::Unbalanced),
            ("slug}", TemplateError::Unbalanced),
            ("{a{b}}", TemplateError::Unbalanced),
            ("{sulg}", TemplateError::UnknownField("sulg".to_owned())),
            ("{slug:4}", TemplateError::Width("slug:4".to_owned())),
            ("{serial:x}", TemplateError::Width("serial:x".to_owned())),
            ("{serial:0}", TemplateError::Width("serial:0".to_owned())),
        ] {
            assert_eq!(Template::new(bad), Err(why), "{bad}");
        }
    }

    fn show(fields: Fields<'_>) -> String {
        [
            ("date", fields.date),
            ("time", fields.time),
            ("timestamp", fields.timestamp),
            ("serial", fields.serial),
            ("track", fields.track),
            ("slug", fields.slug),
        ]
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)))
        .collect::<Vec<_>>()
        .join(" ")
    }

    #[test]
    fn names_are_read() {
        let convention = "{date}_{track}_{slug}.sql";
        for (template, name, expected) in [
            (
                convention,
                "20241001_trackA_agent_registry_core.sql",
                Some("date=20241001 track=trackA slug=agent_registry_core"),
            ),
            // A code with `_` is known, and the longer of two is meant.
            (
                convention,
                "20241001_team_b_x_y.sql",
                Some("date=20241001 track=team_b slug=x_y"),
            ),
            (
                convention,
                "20241001_nobody_x.sql",
                Some("date=20241001 track=nobody slug=x"),
            ),
            // `team` alone would leave no slug; the code is found again.
            (
                convention,
                "20241001_team_b.sql",
                Some("date=20241001 track=team slug=b"),
            ),
            (convention, "2024100_trackA_x.sql", None),
            (convention, "202410011_trackA_x.sql", None),
            (convention, "20241001_trackA_.sql", None),
            (convention, "20241001_trackA_x_.sql", None),
            (convention, "20241001_trackA.sql", None),
            (convention, "20241001_trackA_x.SQL", None),
            (convention, "20241001_trackA_x y.sql", None),
            (convention, "20241001_trackA_x.sql.bak", None),
            (convention, "", None),
            (
                "{timestamp}_{slug}.sql",
                "20241301250061_x.sql",
                Some("timestamp=20241301250061 slug=x"),
            ),
            (
                "{serial:4}_{slug}.sql",
                "0007_x.sql",
                Some("serial=0007 slug=x"),
            ),
            (
                "{serial:4}_{slug}.sql",
                "12345_x.sql",
                Some("serial=12345 slug=x"),
            ),
            ("{serial:4}_{slug}.sql", "007_x.sql", None),
            (
                "{date}{serial:2}_{slug}",
                "2024100107_ä",
                Some("date=20241001 serial=07 slug=ä"),
            ),
            (
                "{serial}{date}",
                "720241001",
                Some("date=20241001 serial=7"),
            ),
            (
                "V{date}{time}__{slug}.sql",
                "V20241001120000__a-b.sql",
                Some("date=20241001 time=120000 slug=a-b"),
            ),
        ] {
            let template = Template::new(template).unwrap();
            let codes = ["trackA", "team", "team_b"].map(str::to_owned);
            let fields = template.read(name, &codes).map(show);
            assert_eq!(fields.as_deref(), expected, "{template} {name}");
        }
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let values = Values {
            date: "20261126",
            time: "230405",
            serial: 7,
            track: "trackA",
            slug: "add_agent_registry",
        };
        for (template, expected) in [
            (
                "{date}_{track}_{slug}.sql",
                "20261126_trackA_add_agent_registry.sql",
            ),
            (
                "{timestamp}_{slug}.sql",
                "20261126230405_add_agent_registry.sql",
            ),
            ("V{serial:3}__{slug}.sql", "V007__add_agent_registry.sql"),
            ("{date}-{time}-{serial}.sql", "20261126-230405-7.sql"),
        ] {
            let template = Template::new(template).unwrap();
            let name = template.print(&values);
            assert_eq!(name, expected);
            assert!(
                template.read(&name, &["trackA".to_owned()]).is_some(),
                "{name}"
            );
        }
    }

    #[test]
    fn slugs() {
        for (text, slug) in [
            ("add agent registry", "add_agent_registry"),
            ("  Add  Agent-Registry! ", "add_agent_registry"),
            ("users: e-mail", "users_e_mail"),
            ("../../etc", "etc"),
            ("…", ""),
            ("", ""),
        ] {
            assert_eq!(slug_of(text), slug, "{text}");
        }
    }
}
