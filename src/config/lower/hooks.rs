//! `[hooks]`, `[notify]`, `[land]` and `[report]`: what runs, or is shown, when something happens.

use std::collections::BTreeMap;

use super::super::raw::{HooksTable, MissingBinaryKey, NotifyTable, OneOrMany, RollbackKey};
use super::reference::Kind;
use super::{Context, commands, texts};
use crate::domain::hook::{Hook, Hooks, Judge};
use crate::domain::name::{CheckName, nearest};
use crate::domain::project::{Command, Land};
use crate::domain::rule::Family;

pub(super) fn hooks(
    cx: &mut Context<'_>,
    table: Option<&HooksTable>,
    header: &str,
) -> Option<Hooks> {
    let table = table?;
    let mut entries = |hook: Hook, list: &Option<OneOrMany<String>>| {
        let key = hook.name().replace('-', "_");
        let list = list.as_ref()?;
        let place = format!("{header} {key}");
        let mut judges = Vec::new();
        for entry in cx.once_each(Some(list), &place) {
            if let Some(family) = Family::named(entry) {
                if !hook.is_about(family) {
                    let message = format!("`{}` has nothing to say in `{place}`", entry.as_str());
                    cx.error(entry.span(), message).help = Some(what_it_knows(hook));
                }
                judges.push(Judge::Rules(family));
                continue;
            }
            let near_rule = nearest(entry, Family::ALL.map(Family::name));
            match near_rule.filter(|_| cx.file.check.get(entry).is_none()) {
                Some(near) => {
                    let message = format!("unknown entry `{}` in `{place}`", entry.as_str());
                    cx.error(entry.span(), message).help = Some(format!("did you mean `{near}`?"));
                }
                None => {
                    if !cx.is_known(Kind::Check, entry, entry.span(), &place) {
                        continue;
                    }
                    if !hook.takes_checks() {
                        let message = format!("no check runs in `{place}`");
                        cx.error(entry.span(), message).help = Some(what_it_knows(hook));
                    }
                    judges.extend(CheckName::new(entry).ok().map(Judge::Check));
                }
            }
        }
        Some(judges)
    };
    Some(Hooks {
        pre_commit: entries(Hook::PreCommit, &table.pre_commit),
        commit_msg: entries(Hook::CommitMsg, &table.commit_msg),
        prepare_commit_msg: entries(Hook::PrepareCommitMsg, &table.prepare_commit_msg),
        pre_merge_commit: entries(Hook::PreMergeCommit, &table.pre_merge_commit),
        pre_push: entries(Hook::PrePush, &table.pre_push),
        reference_transaction: table.reference_transaction,
        missing_binary_refuses: table
            .missing_binary
            .map(|key| key == MissingBinaryKey::Refuse),
    })
}

/// What a hook can judge by, for who has named something else.
fn what_it_knows(hook: Hook) -> String {
    let families = Family::ALL.into_iter().filter(|it| hook.is_about(*it));
    let names: Vec<String> = families.map(|it| format!("`{it}`")).collect();
    let checks = match hook.takes_checks() {
        true => ", and checks",
        false => "",
    };
    format!("it knows {}{checks}", names.join(", "))
}

pub(super) fn notify(table: Option<&NotifyTable>) -> BTreeMap<String, Command> {
    let Some(table) = table else {
        return BTreeMap::new();
    };
    [
        ("on_conflict", &table.on_conflict),
        ("on_sync", &table.on_sync),
        ("on_land", &table.on_land),
        ("on_blocker", &table.on_blocker),
        ("on_checkpoint", &table.on_checkpoint),
    ]
    .into_iter()
    .filter_map(|(event, run)| Some((event.to_owned(), run.as_ref()?.0.clone())))
    .collect()
}

pub(super) fn land(cx: &mut Context<'_>) -> Land {
    let default = Default::default();
    let table = cx.file.land.as_ref().unwrap_or(&default);
    Land {
        approve: texts(table.approve.as_ref()),
        after: commands(table.after.as_ref()),
        rollback_auto: table.rollback == Some(RollbackKey::Auto),
    }
}

pub(super) fn report_templates(cx: &mut Context<'_>) -> Option<String> {
    let templates = cx.file.report.as_ref()?.templates.as_ref()?;
    Some(cx.inner_path(templates, templates.span(), "[report] templates"))
}
