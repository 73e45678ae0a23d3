//! The brief for programs.

use serde_json::{Map, Value, json};

use super::super::who::policy_name;
use super::super::{document, names, path_fields, with};
use super::{command, dependency, unowned_name};
use crate::domain::contract::Behind;
use crate::domain::hook::Judge;
use crate::domain::path::Pattern;
use crate::domain::project::Contract;
use crate::ops::brief::{Report, meaning};

pub fn json(report: &Report) -> Value {
    let (track, row) = (&report.track, &report.row);
    let mut map = document("brief", true);
    let set = |key: &str, value: Value, map: &mut Map<String, Value>| {
        if !value.is_null() && value != json!([]) {
            map.insert(key.to_owned(), value);
        }
    };
    map.insert("track".to_owned(), json!(track.id.as_str()));
    // Keys that are not set are absent.
    for (key, value) in [
        ("title", json!(track.title)),
        ("agent", json!(track.agent)),
        ("contact", json!(track.contact)),
        ("responsibilities", json!(track.responsibilities)),
        ("milestones", json!(track.milestones)),
        ("due", json!(track.due)),
        ("timeline", json!(track.timeline)),
        ("reviewers", json!(track.reviewers)),
    ] {
        set(key, value, &mut map);
    }
    let checks = report.checks.iter().map(|(check, approved)| {
        let name = check.name.to_string();
        let state = match () {
            () if row.checks.passed.contains(&name) => "passed",
            () if row.checks.failed.contains(&name) => "failed",
            () => "unknown",
        };
        json!({
            "check": name,
            "run": command(&check.run),
            "cwd": check.cwd,
            "needs": check.needs.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "allow_failure": check.allow_failure,
            "approved": approved,
            "state": state,
        })
    });
    let neighbours = report.neighbours.iter();
    let owners = report.owners.iter();
    let shared = report.shared.iter().map(|shared| {
        json!({
            "pattern": shared.pattern.as_str(),
            "owner": shared.owner.as_ref().map(ToString::to_string),
            "policy": policy_name(shared.policy),
            "meaning": meaning(shared.policy),
        })
    });
    let hooks = report.hooks.iter().map(|(hook, judges)| {
        json!({ "hook": hook.name(), "judges": judges.iter().map(judge).collect::<Vec<_>>() })
    });
    let deliverables = report.deliverables.iter().map(|delivery| {
        json!({
            "path": delivery.path,
            "present": delivery.present,
            "missing_sections": delivery.missing_sections,
        })
    });
    let consumes = report.consumes.iter().map(|(contract, behind)| {
        let mut value = contract_json(contract);
        value["behind"] = behind.iter().map(behind_json).collect();
        value
    });
    let migrations = report.migrations.as_ref().map(|migrations| {
        json!({
            "paths": migrations.paths,
            "names": migrations.names,
            "code": track.code,
            "next": migrations.next.as_ref().ok().map(|files| {
                files.iter().map(|path| path.lossy().into_owned()).collect::<Vec<_>>()
            }),
            "reason": migrations.next.as_ref().err(),
            "make": "tracks new migration TITLE",
        })
    });
    with(
        map,
        json!({
            "branch": track.branch.as_str(),
            "worktree": row.worktree.as_ref().map(|dir| dir.to_string_lossy()),
            "base": { "branch": report.base.name, "commit": report.base.commit.to_string() },
            "integration": report.integration.as_str(),
            "commit": row.commit.map(|commit| commit.to_string()),
            "ahead": row.ahead,
            "behind": row.behind,
            "state": if row.landed { "landed" } else { row.declared.as_str() },
            "owns": patterns(&track.owns),
            "tables": track.tables,
            "objects": track.objects,
            "migrations": migrations,
            "neighbours": neighbours.map(|(track, owns)| json!({ "track": track.as_str(), "owns": owns })).collect::<Vec<_>>(),
            "others": owners.map(|(track, owns)| json!({ "track": track.as_str(), "owns": owns })).collect::<Vec<_>>(),
            "frozen": patterns(&report.ownership.frozen),
            "unowned": unowned_name(report.ownership.unowned),
            "shared": shared.collect::<Vec<_>>(),
            "provides": report.provides.iter().map(contract_json).collect::<Vec<_>>(),
            "consumes": consumes.collect::<Vec<_>>(),
            "depends_on": track.depends_on.iter().map(dependency).collect::<Vec<_>>(),
            "needed_by": names(&report.needed_by),
            "checks": checks.collect::<Vec<_>>(),
            "deliverables": deliverables.collect::<Vec<_>>(),
            "commits": {
                "pattern": report.commit.pattern,
                "trailer": report.commit.trailer.then(|| format!("Track: {}", track.id)),
                "trailer_by_hook": report.commit.trailer && report.adds_trailer,
            },
            "hooks": hooks.collect::<Vec<_>>(),
            "open": {
                "collisions": names(&row.collisions),
                "conflicts_with_base": row.conflicts_with_base,
                "broken": row.broken,
                "missing": row.missing,
                "notes": report.notes,
            },
        }),
    )
}

fn judge(judge: &Judge) -> String {
    match judge {
        Judge::Rules(family) => family.name().to_owned(),
        Judge::Check(check) => check.to_string(),
    }
}

fn patterns(patterns: &[Pattern]) -> Vec<&str> {
    patterns.iter().map(Pattern::as_str).collect()
}

fn contract_json(contract: &Contract) -> Value {
    json!({
        "contract": contract.name.as_str(),
        "paths": patterns(&contract.paths),
        "owner": contract.owner.as_ref().map(ToString::to_string),
        "consumers": names(&contract.consumers),
    })
}

fn behind_json(behind: &Behind) -> Value {
    let files = behind
        .files
        .iter()
        .map(|file| Value::Object(path_fields(file)));
    json!({
        "files": files.collect::<Vec<_>>(),
        "coming_from": behind.coming_from.as_ref().map(ToString::to_string),
    })
}
