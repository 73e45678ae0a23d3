//! The shape of a `.proto` file: what is in it by name and number, with names as they are resolved within the file.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    ServiceDescriptorProto,
};

#[derive(Debug, Default)]
pub(in crate::domain::contract) struct File {
    pub(super) package: String,
    pub(super) package_line: Option<usize>,
    pub(super) syntax: String,
    /// By their names without the package, outer and inner ones alike: `Outer.Inner`.
    pub(super) messages: BTreeMap<String, Message>,
    pub(super) enums: BTreeMap<String, Enum>,
    pub(super) services: BTreeMap<String, Service>,
    /// By what they extend, then by number.
    pub(super) extensions: BTreeMap<String, BTreeMap<i32, Field>>,
}

#[derive(Debug, Default)]
pub(in crate::domain::contract) struct Message {
    pub(super) line: Option<usize>,
    pub(super) fields: BTreeMap<i32, Field>,
    /// From, and the first that is not.
    pub(super) reserved: Vec<(i32, i32)>,
    pub(super) reserved_names: BTreeSet<String>,
    /// Numbers that others may extend it by: from, and the first that is not.
    pub(super) extensible: Vec<(i32, i32)>,
}

impl Message {
    pub(super) fn reserves(&self, number: i32) -> bool {
        let mut ranges = self.reserved.iter();
        ranges.any(|(start, end)| (*start..*end).contains(&number))
    }
}

#[derive(Debug)]
pub(in crate::domain::contract) struct Field {
    pub(super) number: i32,
    pub(super) name: String,
    /// A scalar, a message, an enum, `map<K, V>`.
    pub(super) kind: String,
    pub(super) label: &'static str,
    pub(super) oneof: Option<String>,
    pub(super) json_name: String,
    pub(super) default: Option<String>,
    pub(super) line: Option<usize>,
}

impl Field {
    /// The group of types that are written alike (protobuf.dev, "Updating A Message Type").
    pub(super) fn on_the_wire(&self) -> &str {
        match self.kind.as_str() {
            "int32" | "uint32" | "int64" | "uint64" | "bool" => "varint",
            "sint32" | "sint64" => "zigzag",
            "string" | "bytes" => "bytes",
            "fixed32" | "sfixed32" => "fixed32",
            "fixed64" | "sfixed64" => "fixed64",
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(in crate::domain::contract) struct Enum {
    pub(super) line: Option<usize>,
    pub(super) values: BTreeMap<String, i32>,
    lines: BTreeMap<String, usize>,
    /// From, and the last.
    reserved: Vec<(i32, i32)>,
}

impl Enum {
    pub(super) fn reserves(&self, number: i32) -> bool {
        let mut ranges = self.reserved.iter();
        ranges.any(|(start, end)| (*start..=*end).contains(&number))
    }

    pub(super) fn line_of(&self, value: &str) -> Option<usize> {
        self.lines.get(value).copied().or(self.line)
    }
}

#[derive(Debug, Default)]
pub(in crate::domain::contract) struct Service {
    pub(super) line: Option<usize>,
    pub(super) methods: BTreeMap<String, Method>,
}

#[derive(Debug)]
pub(in crate::domain::contract) struct Method {
    pub(super) input: String,
    pub(super) output: String,
    pub(super) line: Option<usize>,
}

/// # Errors
/// One clause: why it cannot be read.
pub(in crate::domain::contract) fn read(bytes: &[u8]) -> Result<File, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let parsed = protox_parse::parse("contract.proto", text).map_err(|error| error.to_string())?;
    let mut reader = Reader {
        proto2: matches!(parsed.syntax(), "" | "proto2"),
        lines: lines(&parsed),
        names: BTreeSet::new(),
        enums: BTreeSet::new(),
        file: File {
            package: parsed.package().to_owned(),
            syntax: match parsed.syntax() {
                "" => "proto2".to_owned(),
                syntax => syntax.to_owned(),
            },
            ..File::default()
        },
    };
    // The numbers in these paths are those of the fields of `FileDescriptorProto` and its parts (descriptor.proto).
    reader.file.package_line = reader.line(&[2]);
    reader.name_all("", &parsed.message_type, &parsed.enum_type)?;
    for (index, message) in numbered(&parsed.message_type) {
        reader.message("", message, &[4, index])?;
    }
    for (index, described) in numbered(&parsed.enum_type) {
        reader.enumeration("", described, &[5, index])?;
    }
    for (index, service) in numbered(&parsed.service) {
        reader.service(service, &[6, index])?;
    }
    for (index, field) in numbered(&parsed.extension) {
        reader.extension("", field, &[7, index])?;
    }
    Ok(reader.file)
}

fn numbered<T>(list: &[T]) -> impl Iterator<Item = (i32, &T)> {
    (0..).zip(list)
}

fn lines(file: &FileDescriptorProto) -> BTreeMap<Vec<i32>, usize> {
    let locations = file.source_code_info.iter().flat_map(|it| &it.location);
    let line = |span: &[i32]| usize::try_from(*span.first()?).ok().map(|line| line + 1);
    locations
        .filter_map(|it| Some((it.path.clone(), line(&it.span)?)))
        .collect()
}

struct Reader {
    proto2: bool,
    lines: BTreeMap<Vec<i32>, usize>,
    /// Every message and enum of the file.
    names: BTreeSet<String>,
    enums: BTreeSet<String>,
    file: File,
}

fn inner(outer: &str, name: &str) -> String {
    match outer {
        "" => name.to_owned(),
        outer => format!("{outer}.{name}"),
    }
}

fn twice(what: &str) -> String {
    format!("{what} is there twice")
}

impl Reader {
    fn line(&self, path: &[i32]) -> Option<usize> {
        self.lines.get(path).copied()
    }

    fn name_all(
        &mut self,
        outer: &str,
        messages: &[DescriptorProto],
        enums: &[EnumDescriptorProto],
    ) -> Result<(), String> {
        for message in messages {
            let name = inner(outer, message.name());
            self.name_all(&name, &message.nested_type, &message.enum_type)?;
            if !self.names.insert(name.clone()) {
                return Err(twice(&name));
            }
        }
        for described in enums {
            let name = inner(outer, described.name());
            self.enums.insert(name.clone());
            if !self.names.insert(name.clone()) {
                return Err(twice(&name));
            }
        }
        Ok(())
    }

    /// As protobuf looks names up: from the innermost scope outwards. Names of other files stay as they are written.
    fn resolved(&self, scope: &str, written: &str) -> String {
        if let Some(full) = written.strip_prefix('.') {
            let package = format!("{}.", self.file.package);
            let own = full.strip_prefix(&package).unwrap_or(full);
            return match self.names.contains(own) {
                true => own.to_owned(),
                false => full.to_owned(),
            };
        }
        let mut scope = scope;
        loop {
            let candidate = inner(scope, written);
            if self.names.contains(&candidate) {
                return candidate;
            }
            match scope.rsplit_once('.') {
                Some((outer, _)) => scope = outer,
                None if scope.is_empty() => break,
                None => scope = "",
            }
        }
        let package = format!("{}.", self.file.package);
        match written.strip_prefix(&package) {
            Some(own) if self.names.contains(own) => own.to_owned(),
            _ => written.to_owned(),
        }
    }

    fn message(
        &mut self,
        outer: &str,
        described: &DescriptorProto,
        path: &[i32],
    ) -> Result<(), String> {
        let name = inner(outer, described.name());
        let below = |kind: i32, index: i32| -> Vec<i32> {
            path.iter().copied().chain([kind, index]).collect()
        };
        let mut message = Message {
            line: self.line(path),
            ..Message::default()
        };
        let mut names = BTreeSet::new();
        for (index, field) in numbered(&described.field) {
            let field = self.field(&name, described, field, &below(2, index));
            let at = format!("{name}.{}", field.name);
            if !names.insert(field.name.clone()) {
                return Err(twice(&at));
            }
            if let Some(other) = message.fields.insert(field.number, field) {
                return Err(twice(&format!(
                    "number {} of {name} ({} and {at})",
                    other.number, other.name
                )));
            }
        }
        let ranges = described.reserved_range.iter();
        message.reserved = ranges.map(|range| (range.start(), range.end())).collect();
        message.reserved_names = described.reserved_name.iter().cloned().collect();
        let ranges = described.extension_range.iter();
        message.extensible = ranges.map(|range| (range.start(), range.end())).collect();
        for field in message.fields.values() {
            if message.reserves(field.number) || message.reserved_names.contains(&field.name) {
                return Err(format!("{name}.{} has what is reserved", field.name));
            }
        }
        for (index, field) in numbered(&described.extension) {
            self.extension(&name, field, &below(6, index))?;
        }
        for (index, nested) in numbered(&described.nested_type) {
            if !is_map_entry(nested) {
                self.message(&name, nested, &below(3, index))?;
            }
        }
        for (index, described) in numbered(&described.enum_type) {
            self.enumeration(&name, described, &below(4, index))?;
        }
        self.file.messages.insert(name, message);
        Ok(())
    }

    fn field(
        &self,
        scope: &str,
        within: &DescriptorProto,
        field: &FieldDescriptorProto,
        path: &[i32],
    ) -> Field {
        let map = within.nested_type.iter().find(|nested| {
            let written = field.type_name().rsplit('.').next();
            is_map_entry(nested) && written == Some(nested.name())
        });
        let synthetic = field.proto3_optional();
        let oneof = field.oneof_index.filter(|_| !synthetic).and_then(|index| {
            let oneof = within.oneof_decl.get(usize::try_from(index).ok()?)?;
            Some(oneof.name().to_owned())
        });
        let label = match field.label() {
            _ if map.is_some() => "a map",
            Label::Repeated => "repeated",
            Label::Required => "required",
            Label::Optional if oneof.is_some() => "one of several",
            Label::Optional if synthetic || self.proto2 => "optional",
            Label::Optional => "singular",
        };
        let kind = match map {
            Some(entry) => {
                let part = |index: usize| {
                    let field = entry.field.get(index);
                    field.map_or_else(String::new, |field| self.kind(scope, field))
                };
                format!("map<{}, {}>", part(0), part(1))
            }
            None => self.kind(scope, field),
        };
        Field {
            number: field.number(),
            name: field.name().to_owned(),
            kind,
            label,
            oneof,
            json_name: match field.json_name() {
                "" => camel(field.name()),
                name => name.to_owned(),
            },
            default: field.default_value.clone(),
            line: self.line(path),
        }
    }

    fn kind(&self, scope: &str, field: &FieldDescriptorProto) -> String {
        if field.type_name.is_some() {
            return self.resolved(scope, field.type_name());
        }
        match field.r#type() {
            Type::Double => "double",
            Type::Float => "float",
            Type::Int64 => "int64",
            Type::Uint64 => "uint64",
            Type::Int32 => "int32",
            Type::Fixed64 => "fixed64",
            Type::Fixed32 => "fixed32",
            Type::Bool => "bool",
            Type::String => "string",
            Type::Group => "group",
            Type::Message => "message",
            Type::Bytes => "bytes",
            Type::Uint32 => "uint32",
            Type::Enum => "enum",
            Type::Sfixed32 => "sfixed32",
            Type::Sfixed64 => "sfixed64",
            Type::Sint32 => "sint32",
            Type::Sint64 => "sint64",
        }
        .to_owned()
    }

    fn extension(
        &mut self,
        scope: &str,
        field: &FieldDescriptorProto,
        path: &[i32],
    ) -> Result<(), String> {
        let extended = self.resolved(scope, field.extendee());
        let field = self.field(scope, &DescriptorProto::default(), field, path);
        let fields = self.file.extensions.entry(extended.clone()).or_default();
        match fields.insert(field.number, field) {
            Some(other) => Err(twice(&format!("number {} of {extended}", other.number))),
            None => Ok(()),
        }
    }

    fn enumeration(
        &mut self,
        outer: &str,
        described: &EnumDescriptorProto,
        path: &[i32],
    ) -> Result<(), String> {
        let name = inner(outer, described.name());
        let mut found = Enum {
            line: self.line(path),
            ..Enum::default()
        };
        for (index, value) in numbered(&described.value) {
            let path: Vec<i32> = path.iter().copied().chain([2, index]).collect();
            let value_name = value.name().to_owned();
            found
                .lines
                .extend(self.line(&path).map(|line| (value_name.clone(), line)));
            if found.values.insert(value_name, value.number()).is_some() {
                return Err(twice(&format!("{name}.{}", value.name())));
            }
        }
        let aliases = described
            .options
            .as_ref()
            .is_some_and(prost_types::EnumOptions::allow_alias);
        let numbers: BTreeSet<i32> = found.values.values().copied().collect();
        if !aliases && numbers.len() < found.values.len() && !says_alias(described) {
            return Err(twice(&format!("a number of {name}")));
        }
        let first = described.value.first();
        if !self.proto2 && first.is_some_and(|value| value.number() != 0) {
            return Err(format!("the first value of {name} is not 0"));
        }
        let ranges = described.reserved_range.iter();
        found.reserved = ranges.map(|range| (range.start(), range.end())).collect();
        self.file.enums.insert(name, found);
        Ok(())
    }

    fn service(&mut self, described: &ServiceDescriptorProto, path: &[i32]) -> Result<(), String> {
        let name = described.name().to_owned();
        let mut service = Service {
            line: self.line(path),
            ..Service::default()
        };
        for (index, method) in numbered(&described.method) {
            let path: Vec<i32> = path.iter().copied().chain([2, index]).collect();
            let side = |streams: bool, written: &str| {
                let kind = self.resolved("", written);
                match streams {
                    true => format!("a stream of {kind}"),
                    false => kind,
                }
            };
            let found = Method {
                input: side(method.client_streaming(), method.input_type()),
                output: side(method.server_streaming(), method.output_type()),
                line: self.line(&path),
            };
            if service
                .methods
                .insert(method.name().to_owned(), found)
                .is_some()
            {
                return Err(twice(&format!("{name}.{}", method.name())));
            }
        }
        match self.file.services.insert(name.clone(), service) {
            Some(_) => Err(twice(&name)),
            None => Ok(()),
        }
    }
}

/// The parser leaves options as they are written.
fn says_alias(described: &EnumDescriptorProto) -> bool {
    let options = described
        .options
        .iter()
        .flat_map(|it| &it.uninterpreted_option);
    let mut names = options.flat_map(|option| &option.name);
    names.any(|part| part.name_part == "allow_alias")
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message
        .options
        .as_ref()
        .is_some_and(prost_types::MessageOptions::map_entry)
}

/// As protobuf makes JSON names.
fn camel(name: &str) -> String {
    let mut upper = false;
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                text.push(c.to_ascii_uppercase());
                upper = false;
            }
            c => text.push(c),
        }
    }
    text
}
