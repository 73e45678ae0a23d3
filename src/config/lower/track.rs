//! `[track.ID]`.

use super::super::raw::{DeliverableKey, OneOrMany, Placed, TrackTable};
use super::cycle::Edge;
use super::layout::{Name, check_template, name_of_track};
use super::project::Identity;
use super::{Context, commands, hooks, patterns, texts, why_not_inside};
use crate::domain::layout::Fields;
use crate::domain::name::{BranchName, ContractName, TrackId, nearest};
use crate::domain::project::{Deliverable, Dependency, Layout, Track};

/// What the templates or the overrides give for one track, as far as they give something.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) branch: Option<BranchName>,
    pub(super) worktree: Option<String>,
}

/// The tracks that have everything, and the names of all of them in the order of the file.
pub(super) fn tracks(
    cx: &mut Context<'_>,
    identity: &Identity,
    layout: &Layout,
) -> (Vec<Track>, Vec<Names>) {
    if cx.file.track.iter().next().is_none() {
        no_tracks(cx);
    }
    let fields = Fields {
        phase: identity.phase.as_deref(),
        track: None,
        agent: None,
        project: &identity.name,
    };
    check_template(cx, Name::Branch, &layout.branch, fields);
    check_template(cx, Name::Worktree, &layout.worktree, fields);
    let mut tracks = Vec::new();
    let mut all_names = Vec::new();
    for (key, table) in cx.file.track.iter() {
        let id = TrackId::new(key).map_err(|error| {
            let diagnostic = cx.error(key.span(), format!("the track id {error}"));
            diagnostic.label = Some("expected an id such as `track-a`".to_owned());
        });
        let names = match id {
            Ok(_) => names(cx, key, table, layout, fields),
            Err(()) => Names {
                branch: None,
                worktree: None,
            },
        };
        tracks.extend(track(cx, id.ok(), key, table, &names));
        all_names.push(names);
    }
    no_circles(cx);
    codes_differ(cx);
    (tracks, all_names)
}

fn no_tracks(cx: &mut Context<'_>) {
    if cx.lost.mentions("track") {
        return;
    }
    let diagnostic = cx.warning(0..0, "this file has no track");
    diagnostic.help = Some("the smallest useful file is `[track.api]` and `[track.ui]`".to_owned());
}

fn names(
    cx: &mut Context<'_>,
    key: &Placed<String>,
    table: &TrackTable,
    layout: &Layout,
    fields: Fields<'_>,
) -> Names {
    let fields = Fields {
        track: Some(key),
        agent: table.agent.as_ref().map(|agent| agent.0.as_str()),
        ..fields
    };
    let branch = name_of_track(cx, Name::Branch, key, table, &layout.branch, fields);
    Names {
        branch: branch.and_then(|name| BranchName::new(&name).ok()),
        worktree: name_of_track(cx, Name::Worktree, key, table, &layout.worktree, fields),
    }
}

/// Looks at every key, also where the track has no name that could be used.
fn track(
    cx: &mut Context<'_>,
    id: Option<TrackId>,
    key: &str,
    table: &TrackTable,
    names: &Names,
) -> Option<Track> {
    let header = format!("[track.{key}]");
    let code = code(cx, key, table, &header);
    let depends_on = dependencies(cx, table.depends_on.as_ref(), &header);
    let objects = objects(cx, table.objects.as_ref(), &header);
    let deliverables = deliverables(cx, table.deliverables.as_ref(), &header);
    let own_hooks = hooks::hooks(cx, table.hooks.as_ref(), &format!("[track.{key}.hooks]"));
    Some(Track {
        id: id?,
        branch: names.branch.clone()?,
        worktree: names.worktree.clone()?,
        code,
        depends_on,
        objects,
        deliverables,
        hooks: own_hooks,
        title: table.title.as_ref().map(|text| text.0.clone()),
        agent: table.agent.as_ref().map(|text| text.0.clone()),
        contact: table.contact.as_ref().map(|text| text.0.clone()),
        priority: table.priority.unwrap_or(0),
        owns: patterns(table.owns.as_ref()),
        tables: texts(table.tables.as_ref()),
        responsibilities: texts(table.responsibilities.as_ref()),
        milestones: texts(table.milestones.as_ref()),
        due: table.due.as_ref().map(|due| due.0.clone()),
        timeline: table.timeline.as_ref().map(|timeline| timeline.0.clone()),
        reviewers: texts(table.reviewers.as_ref()),
        setup: table.setup.as_ref().map(|list| commands(Some(list))),
        copy: table.copy.as_ref().map(|list| patterns(Some(list))),
        sparse: table.sparse.unwrap_or(false),
        notify: hooks::notify(table.notify.as_ref()),
    })
}

fn code(cx: &mut Context<'_>, key: &str, table: &TrackTable, header: &str) -> String {
    let Some(code) = &table.code else {
        return key.to_owned();
    };
    let usable = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if code.is_empty() || !code.chars().all(usable) {
        let message = format!("`{header} code` must be letters, digits, `.`, `_` or `-`");
        cx.error(code.span(), message).label = Some("expected a code such as `trackA`".to_owned());
    }
    code.to_string()
}

/// Whose migration a file is must follow from its name.
fn codes_differ(cx: &mut Context<'_>) {
    let codes: Vec<(&Placed<String>, &str)> = cx
        .file
        .track
        .iter()
        .map(|(key, table)| (table.code.as_ref().unwrap_or(key), key.as_str()))
        .collect();
    for (index, (code, id)) in codes.iter().enumerate() {
        let same = |(other, _): &&(&Placed<String>, &str)| other.as_str() == code.as_str();
        let Some((earlier, earlier_id)) = codes[..index].iter().find(same) else {
            continue;
        };
        let message = format!(
            "[track.{earlier_id}] and [track.{id}] sign their migrations with the same code `{}`",
            code.as_str()
        );
        let diagnostic = cx.error(code.span(), message);
        diagnostic.label = Some(format!("[track.{id}]"));
        diagnostic.also = Some((earlier.span(), format!("[track.{earlier_id}]")));
        diagnostic.help = Some("give one of them another `code`".to_owned());
    }
}

fn dependencies(
    cx: &mut Context<'_>,
    list: Option<&OneOrMany<String>>,
    header: &str,
) -> Vec<Dependency> {
    let place = format!("{header} depends_on");
    let mut dependencies = Vec::new();
    for written in cx.once_each(list, &place) {
        let dependency = match written.strip_prefix("contract:") {
            Some(rest) => contract_level(cx, rest, written, &place)
                .map(|(name, level)| Dependency::Contract { name, level }),
            None => cx.track(written, &place).map(Dependency::Track),
        };
        dependencies.extend(dependency);
    }
    dependencies
}

/// `NAME` or `NAME>=LEVEL`, after `contract:`.
pub(super) fn contract_level(
    cx: &mut Context<'_>,
    text: &str,
    written: &Placed<String>,
    place: &str,
) -> Option<(ContractName, Option<String>)> {
    let (name, level) = match text.split_once(">=") {
        Some((name, level)) => (name.trim_end(), Some(level.trim_start())),
        None => (text, None),
    };
    let contract = cx.contract(name, written.span(), place)?;
    let delivery = cx
        .file
        .contract
        .get(name)
        .map_or(&[][..], |table| &table.delivery);
    let levels: Vec<&str> = delivery
        .iter()
        .filter_map(|delivery| delivery.level.as_ref())
        .map(|level| level.0.as_str())
        .collect();
    if let Some(level) = level
        && (level.is_empty() || !(levels.is_empty() || levels.contains(&level)))
    {
        let message =
            format!("contract `{name}` has no level `{level}`, which `{place}` waits for");
        let help = match nearest(level, levels.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its levels are {}", super::super::read::listed(&levels)),
        };
        cx.error(written.span(), message).help = Some(help);
    }
    Some((contract, level.map(str::to_owned)))
}

fn no_circles(cx: &mut Context<'_>) {
    let names: Vec<String> = cx.file.track.keys().map(str::to_owned).collect();
    let mut edges = Vec::new();
    for (from, (_, table)) in cx.file.track.iter().enumerate() {
        for dependency in table.depends_on.iter().flat_map(|list| list.iter()) {
            if let Some(to) = names.iter().position(|name| name == dependency.as_str()) {
                let span = dependency.span();
                edges.push(Edge { from, to, span });
            }
        }
    }
    cx.no_cycles(&names, &edges, "these tracks");
}

fn objects(cx: &mut Context<'_>, list: Option<&OneOrMany<String>>, header: &str) -> Vec<String> {
    const KINDS: [&str; 8] = [
        "view",
        "type",
        "function",
        "sequence",
        "policy",
        "extension",
        "schema",
        "role",
    ];
    let objects = cx.once_each(list, &format!("{header} objects"));
    for object in &objects {
        let (kind, name) = object.split_once(':').unwrap_or((object, ""));
        if name.is_empty() || !KINDS.contains(&kind) {
            let message = format!(
                "`{header} objects` must name kinds and objects, such as `view:analytics_*`"
            );
            let diagnostic = cx.error(object.span(), message);
            diagnostic.help = Some(match nearest(kind, KINDS) {
                Some(near) if near != kind => format!("did you mean `{near}:`?"),
                _ => format!("the kinds are {}", super::super::read::listed(&KINDS)),
            });
        }
    }
    objects
        .into_iter()
        .map(|object| object.to_string())
        .collect()
}

fn deliverables(
    cx: &mut Context<'_>,
    list: Option<&OneOrMany<DeliverableKey>>,
    header: &str,
) -> Vec<Deliverable> {
    let place = format!("{header} deliverables");
    let mut deliverables = Vec::new();
    for written in list.into_iter().flat_map(|list| list.iter()) {
        match &written.path {
            None => cx.missing(
                written.span(),
                &format!("an element of `{place}`"),
                "path",
                "\"…\"",
            ),
            Some(path) => {
                if let Some(why) = why_not_inside(path) {
                    cx.error(written.span(), format!("a path in `{place}` {why}"))
                        .label = Some("expected a path inside the repository".to_owned());
                }
                deliverables.push(Deliverable {
                    path: path.clone(),
                    sections: written.sections.clone(),
                });
            }
        }
    }
    deliverables
}
