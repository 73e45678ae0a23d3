//! One crate, one room: which outside crate may be named where.

use super::storeys::words;
use super::{Breach, Source};

/// A crate (or an item of one) and the only places below `src/` that name it: folders end with `/`.
struct Tenant {
    name: &'static str,
    kind: Kind,
    places: &'static [&'static str],
}

/// How a name gives itself away.
#[derive(PartialEq)]
enum Kind {
    /// `name::…`, `use name;`, `use name as …`
    Crate,
    /// The bare word: what is imported from a crate that itself may be named in more places.
    Item,
}

const TENANTS: &[Tenant] = &[
    outside("gix", &["src/git/"]),
    outside("gix_imara_diff", &["src/git/"]),
    outside("tokio", &["src/process/"]),
    outside("which", &["src/process/"]),
    outside("toml", &["src/config/"]),
    outside("toml_edit", &["src/config/"]),
    item("Deserialize", &["src/config/", "src/store/"]),
    item("DeserializeOwned", &["src/config/", "src/store/"]),
    // files: the numbers that checks leave in JSON and XML files of theirs.
    outside(
        "serde_json",
        &[
            "src/ui/",
            "src/store/",
            "src/config/",
            "src/files/figures.rs",
            // Contracts are data in JSON; here it is read, never written.
            "src/domain/contract/",
        ],
    ),
    outside("saphyr_parser", &["src/domain/contract/"]),
    outside("prost_types", &["src/domain/contract/"]),
    outside("protox_parse", &["src/domain/contract/"]),
    outside("squawk_syntax", &["src/domain/sql/"]),
    outside("sqlparser", &["src/domain/sql/"]),
    outside("quick_xml", &["src/files/junit.rs", "src/ui/report/xml.rs"]),
    outside("schemars", &["src/config/"]),
    outside("indicatif", &["src/ui/progress/moving.rs"]),
    outside("similar", &["src/ui/"]),
    outside("annotate_snippets", &["src/ui/"]),
    outside("clap", &["src/cli.rs", "src/commands/"]),
    outside("clap_complete", &["src/cli.rs", "src/commands/"]),
    outside("globset", &["src/domain/path.rs", "src/domain/path/"]),
    outside("jiff", &["src/domain/time.rs"]),
    outside("reflink_copy", &["src/files/"]),
    outside("notify", &["src/files/"]),
];

const fn outside(name: &'static str, places: &'static [&'static str]) -> Tenant {
    Tenant {
        name,
        kind: Kind::Crate,
        places,
    }
}

const fn item(name: &'static str, places: &'static [&'static str]) -> Tenant {
    Tenant {
        name,
        kind: Kind::Item,
        places,
    }
}

/// Crates that are named outside their rooms.
pub(crate) fn check(source: &Source) -> Vec<Breach> {
    if !source.path.starts_with("src/") {
        return Vec::new();
    }
    TENANTS
        .iter()
        .filter(|tenant| {
            !tenant
                .places
                .iter()
                .any(|place| within(&source.path, place))
        })
        .flat_map(|tenant| {
            words(&source.code, tenant.name)
                .filter(|at| {
                    tenant.kind == Kind::Item || names_a_crate(&source.code, *at, tenant.name)
                })
                .map(|at| {
                    let places: Vec<&str> = tenant
                        .places
                        .iter()
                        .map(|place| place.trim_end_matches('/'))
                        .collect();
                    let message = format!("{} is named only in {}", tenant.name, places.join(", "));
                    source.breach(at, message)
                })
        })
        .collect()
}

fn within(path: &str, place: &str) -> bool {
    path == place || (place.ends_with('/') && path.starts_with(place))
}

/// Not a variable, a field, a module of our own below `crate::`, or a part of a longer path.
fn names_a_crate(code: &str, at: usize, name: &str) -> bool {
    let before = code[..at].trim_end();
    let after = code[at + name.len()..].trim_start();
    if let Some(path) = before.strip_suffix("::") {
        // `::gix` is the crate; `crate::gix` and `module::gix` are not.
        let of_ours = path.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '>');
        if of_ours {
            return false;
        }
    }
    let used = before.ends_with("use") || before.ends_with("extern crate");
    let whole = after.starts_with(';') || after.starts_with("as ");
    after.starts_with("::") || (used && whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaches(path: &str, text: &str) -> usize {
        check(&Source::new(path, text)).len()
    }

    #[test]
    fn each_crate_is_at_home_in_its_room_and_a_stranger_elsewhere() {
        for tenant in TENANTS {
            let text = match tenant.kind {
                Kind::Crate => format!("use {}::Thing;", tenant.name),
                Kind::Item => format!("#[derive({})] struct X;", tenant.name),
            };
            for place in tenant.places {
                let file = if place.ends_with('/') {
                    format!("{place}x.rs")
                } else {
                    (*place).to_owned()
                };
                assert_eq!(breaches(&file, &text), 0, "{text} in {file}");
            }
            assert_eq!(breaches("src/ops/sync.rs", &text), 1, "{text} in src/ops");
        }
        assert_eq!(breaches("tests/it/world.rs", "use serde_json::Value;"), 0);
        assert_eq!(breaches("src/ui/progress_bar.rs", "use indicatif::X;"), 1);
    }

    #[test]
    fn a_name_counts_only_where_it_means_the_crate() {
        for (text, expected) in [
            ("let r: gix::Id = x;", 1),
            ("use ::gix::Id;", 1),
            ("use gix;", 1),
            ("use gix as g;", 1),
            ("use {gix::Id, std::fs};", 1),
            ("pub(crate) use gix::Id;", 1),
            ("crate::gix::x()", 0),
            ("let gix = 1; f(gix)", 0),
            ("gix_like::x()", 0),
            ("// gix::open", 0),
            ("\"gix::open\"", 0),
            ("mod gix;", 0),
        ] {
            assert_eq!(breaches("src/ops/sync.rs", text), expected, "{text}");
        }
    }
}
