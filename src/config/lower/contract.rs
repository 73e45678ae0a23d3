//! `[contract.NAME]`.

use super::super::raw::{ContractTable, Placed, Run};
use super::super::read::listed;
use super::{Context, patterns};
use crate::domain::name::{ContractName, nearest};
use crate::domain::project::{Command, Contract, Delivery};

pub(super) fn contracts(cx: &mut Context<'_>) -> Vec<Contract> {
    let mut all = Vec::new();
    for (name, table) in cx.file.contract.iter() {
        all.extend(contract(cx, name, table));
    }
    all
}

fn contract(
    cx: &mut Context<'_>,
    key: &Placed<String>,
    table: &Placed<ContractTable>,
) -> Option<Contract> {
    let header = format!("[contract.{}]", key.as_str());
    let name = ContractName::new(key).map_err(|error| {
        cx.error(key.span(), format!("the name of a contract {error}"));
    });
    let paths = patterns(table.paths.as_ref());
    if paths.is_empty() {
        cx.missing(table.span(), &header, "paths", "[\"api/openapi.yaml\"]");
    }
    let owner = table
        .owner
        .as_ref()
        .and_then(|owner| cx.track(owner, &format!("{header} owner")));
    let consumers = cx.tracks(table.consumers.as_ref(), &format!("{header} consumers"));
    if let (Some(owner), Some(written)) = (&owner, &table.owner)
        && consumers.contains(owner)
    {
        let message = format!("`{owner}` is both the owner and a consumer of {header}");
        cx.error(written.span(), message);
    }
    let compatible = table
        .compatible
        .as_ref()
        .map(|run| comparer(cx, run, &header));
    let delivery = delivery(cx, table, &header);
    Some(Contract {
        name: name.ok()?,
        paths,
        owner,
        consumers,
        compatible,
        delivery,
    })
}

/// A built-in comparer by its name, or a command that is given both versions.
fn comparer(cx: &mut Context<'_>, run: &Placed<Run>, header: &str) -> Command {
    const BUILT_IN: [&str; 5] = ["json-schema", "openapi", "protobuf", "sql-ddl", "text"];
    let words: Vec<&str> = match &run.0 {
        Command::Shell(text) => vec![text.as_str()],
        Command::Argv(words) => words.iter().map(String::as_str).collect(),
    };
    let has = |field: &str| words.iter().any(|word| word.contains(field));
    let built_in = words.len() == 1 && BUILT_IN.contains(&words[0]);
    if !(built_in || has("{old}") && has("{new}")) {
        let near = nearest(words[0], BUILT_IN);
        let message = format!(
            "`{header} compatible` is neither a built-in comparer nor a command with `{{old}}` and `{{new}}`"
        );
        let diagnostic = cx.error(run.span(), message);
        diagnostic.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the built-in ones are {}", listed(&BUILT_IN)),
        });
    }
    run.0.clone()
}

fn delivery(cx: &mut Context<'_>, table: &ContractTable, header: &str) -> Vec<Delivery> {
    let mut levels: Vec<Delivery> = Vec::new();
    for written in &table.delivery {
        let Some(level) = &written.level else {
            cx.missing(
                written.span(),
                &format!("a delivery of {header}"),
                "level",
                "\"full\"",
            );
            continue;
        };
        if levels.iter().any(|earlier| earlier.level == level.0) {
            cx.error(
                level.span(),
                format!("{header} has the level `{}` twice", level.0),
            );
        }
        levels.push(Delivery {
            level: level.0.clone(),
            due: written.due.as_ref().map(|due| due.0.clone()),
        });
    }
    levels
}
