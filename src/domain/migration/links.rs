//! Which migrations one says it follows: in Python files for alembic and django, in the first lines for SQL.

use super::Links;
use super::python::{self, Assignment, Value};

/// `None`: it has no `revision`, and so is none.
pub(super) fn alembic(text: &str) -> Option<Links> {
    let all = python::assignments(text);
    let find = |name: &str| (all.iter()).rfind(|it| it.class.is_none() && it.name == name);
    let texts = |name: &str| find(name).map_or_else(Vec::new, |it| owned(&it.value));
    let revision = find("revision")?;
    let Value::Text(id) = &revision.value else {
        return None;
    };
    Some(Links {
        revision: id.clone(),
        parents: texts("down_revision"),
        depends_on: texts("depends_on"),
        replaces: Vec::new(),
        labels: texts("branch_labels"),
        line: find("down_revision").unwrap_or(revision).line,
    })
}

/// `None`: it has no class `Migration`, and so is none.
pub(super) fn django(text: &str, app: &str, name: &str) -> Option<Links> {
    let all = python::assignments(text);
    let of_class = |it: &&Assignment| it.class.as_deref() == Some("Migration");
    let has_class = all.iter().any(|it| of_class(&it)) || text.contains("class Migration");
    if !has_class {
        return None;
    }
    let pairs = |name: &str| -> (Vec<String>, Option<usize>) {
        let found = (all.iter()).filter(of_class).rfind(|it| it.name == name);
        let pairs = found.map_or_else(Vec::new, |it| pairs(&it.value));
        (pairs, found.map(|it| it.line))
    };
    let (dependencies, line) = pairs("dependencies");
    Some(Links {
        revision: format!("{app}.{name}"),
        parents: dependencies,
        depends_on: Vec::new(),
        replaces: pairs("replaces").0,
        labels: Vec::new(),
        line: line.unwrap_or(1),
    })
}

fn owned(value: &Value) -> Vec<String> {
    value.texts().into_iter().map(str::to_owned).collect()
}

/// `[("app", "0001_initial"), …]` as `app.0001_initial`.
fn pairs(value: &Value) -> Vec<String> {
    let Value::List(items) = value else {
        return Vec::new();
    };
    let pair = |item: &Value| match item {
        Value::List(pair) => match pair.as_slice() {
            [Value::Text(app), Value::Text(name)] => Some(format!("{app}.{name}")),
            _ => None,
        },
        _ => None,
    };
    items.iter().filter_map(pair).collect()
}

/// How far into a file its header may go.
const HEADER_LINES: usize = 50;

/// `-- tracks: needs 20241001, 20241002` in the comments at the top: versions that must have run before.
pub(super) fn of_header(text: &str) -> Option<Links> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut links: Option<Links> = None;
    for (number, line) in text.lines().take(HEADER_LINES).enumerate() {
        let line = line.trim();
        if !(line.is_empty() || line.starts_with("--") || line.starts_with('#')) {
            break;
        }
        let said = line.trim_start_matches(['-', '#']).trim_start();
        let said = said.strip_prefix("tracks:").map(str::trim_start);
        let Some(needs) = said.and_then(|said| said.strip_prefix("needs ")) else {
            continue;
        };
        let links = links.get_or_insert_with(|| Links {
            line: number + 1,
            ..Links::default()
        });
        let names = needs.split([',', ' ']).filter(|name| !name.is_empty());
        links.depends_on.extend(names.map(str::to_owned));
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_alembic_follows() {
        let links = alembic(
            "\"\"\"add x\n\nRevision ID: no\n\"\"\"\nfrom typing import Union\n\nrevision: str = 'b1'\n\
             down_revision: Union[str, None] = ('a1', 'a2')\nbranch_labels = None\ndepends_on = 'c1'\n",
        )
        .unwrap();
        assert_eq!(links.revision, "b1");
        assert_eq!(links.parents, ["a1", "a2"]);
        assert_eq!(links.depends_on, ["c1"]);
        assert_eq!(links.line, 8);
        assert!(links.labels.is_empty());
        let first = alembic("revision = 'a'\r\ndown_revision = None\r\nbranch_labels = ('x',)\r\n")
            .unwrap();
        assert!(first.parents.is_empty());
        assert_eq!(first.labels, ["x"]);
        assert_eq!(alembic("def upgrade():\n    revision = 'x'\n"), None);
        assert_eq!(alembic("revision = make()\n"), None);
    }

    #[test]
    fn what_django_follows() {
        let links = django(
            "class Migration(migrations.Migration):\n    initial = True\n    replaces = [('shop', '0001_a')]\n    \
             dependencies = [\n        ('shop', '0002_b'),\n        ('auth', '__first__'),\n        \
             migrations.swappable_dependency(settings.AUTH_USER_MODEL),\n    ]\n",
            "shop",
            "0003_c",
        )
        .unwrap();
        assert_eq!(links.revision, "shop.0003_c");
        assert_eq!(links.parents, ["shop.0002_b", "auth.__first__"]);
        assert_eq!(links.replaces, ["shop.0001_a"]);
        assert_eq!(links.line, 4);
        let bare = django(
            "class Migration(migrations.Migration):\n    pass\n",
            "shop",
            "0001_a",
        );
        assert_eq!(bare.unwrap().parents, [""; 0]);
        assert_eq!(django("x = 1\n", "shop", "helpers"), None);
    }

    #[test]
    fn what_a_header_says() {
        for (text, line, needs) in [
            ("-- tracks: needs 7\ncreate table x();", 1, &["7"][..]),
            (
                "\u{feff}-- hello\r\n\r\n--tracks: needs 7, 8 9\r\n",
                3,
                &["7", "8", "9"],
            ),
            ("# tracks: needs a\n# tracks: needs b\n", 1, &["a", "b"]),
        ] {
            let links = of_header(text).unwrap();
            assert_eq!(
                (links.line, links.depends_on.as_slice()),
                (
                    line,
                    &*needs.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()
                )
            );
        }
        for text in [
            "create table x();\n-- tracks: needs 7\n",
            "-- tracks: touches a\n",
            "",
        ] {
            assert_eq!(of_header(text), None);
        }
    }
}
