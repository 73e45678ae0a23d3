//! XML documents in memory.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::ui::style::tame;

/// Attributes by name, in the order in which they are written.
pub(super) type Attributes<'a> = [(&'a str, String)];

/// A document that is being written. Writing to memory does not fail.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
}

impl Xml {
    /// The whole document.
    pub(super) fn document(content: impl FnOnce(&mut Xml)) -> String {
        let mut xml = Xml {
            writer: Writer::new_with_indent(Vec::new(), b' ', 2),
        };
        xml.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        content(&mut xml);
        let mut bytes = xml.writer.into_inner();
        bytes.push(b'\n');
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(super) fn inside(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        content: impl FnOnce(&mut Self),
    ) {
        self.event(Event::Start(start(name, attributes)));
        content(self);
        self.event(Event::End(BytesEnd::new(name)));
    }

    pub(super) fn alone(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.event(Event::Empty(start(name, attributes)));
    }

    pub(super) fn text(&mut self, text: &str) {
        let text = harmless(text);
        self.event(Event::Text(BytesText::new(&text)));
    }

    fn event(&mut self, event: Event<'_>) {
        let _ = self.writer.write_event(event);
    }
}

fn start<'n>(name: &'n str, attributes: &Attributes<'_>) -> BytesStart<'n> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        start.push_attribute((*key, harmless(value).as_str()));
    }
    start
}

/// Text without colours and without what no XML document may hold.
fn harmless(text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let lines: Vec<String> = plain.split('\n').map(tame).collect();
    lines
        .join("\n")
        .replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_makes_it_something_else_than_xml() {
        let mut hostile: String = (0..=0x2ff_u32).filter_map(char::from_u32).collect();
        hostile.push_str("]]>&amp;</failure>\u{1b}[31mred\u{1b}[0m \u{fffe}\u{ffff}\u{10ffff}");
        let text = Xml::document(|xml| {
            xml.inside("suite", &[("name", hostile.clone())], |xml| {
                xml.inside("failure", &[], |xml| xml.text(&hostile));
            });
        });
        let allowed = |c: char| match c {
            '\t' | '\n' | '\r' => true,
            c => c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}',
        };
        assert!(text.chars().all(allowed), "{text}");
        let mut reader = quick_xml::Reader::from_str(&text);
        reader.config_mut().enable_all_checks(true);
        let mut names = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(element) => {
                    for attribute in element.attributes() {
                        attribute
                            .unwrap()
                            .normalized_value(quick_xml::XmlVersion::Explicit1_0)
                            .unwrap();
                    }
                    names.push(element.name().as_ref().to_owned());
                }
                Event::GeneralRef(entity) => {
                    let known = ["lt", "gt", "amp", "quot", "apos"].contains(&&*entity);
                    assert!(known || entity.is_char_ref(), "{entity:?}");
                }
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(names, ["suite", "failure"]);
    }
}
