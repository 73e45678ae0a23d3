//! From what is written to what is meant: defaults filled in, names checked, everything that is referred to looked up.
//! Nothing stops here: what is wrong is noted and replaced by something harmless, so that the rest is looked at too.

mod check;
mod collision;
mod contract;
mod coordination;
mod cycle;
mod hooks;
mod integration;
mod layout;
mod migration;
mod profile;
mod project;
mod reference;
mod rules;
mod track;

use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Level};
use super::overlay::Own;
use super::raw::{File, Glob, OneOrMany, Run, Text};
use super::read::Lost;
use crate::domain::path::Pattern;
use crate::domain::project::{Command, Project};

/// The project that `file` means, as far as there is one; it counts only if no error was added to `out`.
pub(super) fn lower(
    text: &str,
    file: &File,
    tree: &DeTable<'_>,
    directory_name: &str,
    lost: &Lost,
    out: &mut Vec<Diagnostic>,
) -> Option<Project> {
    let mut cx = Context {
        file,
        judging: file,
        lost,
        own: None,
        out,
    };
    let identity = project::identity(&mut cx, directory_name);
    let layout = layout::layout(&mut cx, &identity);
    let run = project::run(&mut cx);
    let (tracks, names) = track::tracks(&mut cx, &identity, &layout);
    let checks = check::checks(&mut cx, &run);
    let branch = integration::branch(&mut cx, &identity);
    collision::no_two_alike(&mut cx, &layout, &identity, &names, branch.as_ref());
    let integration = integration::integration(&mut cx, branch.clone());
    let around = profile::Around {
        identity: &identity,
        layout: &layout,
        names: &names,
        branch,
    };
    let profiles = profile::profiles(&mut cx, text, tree, &around);
    Some(Project {
        name: identity.name,
        phase: identity.phase,
        base: identity.base,
        remote: identity.remote,
        calendar: identity.calendar,
        start: identity.start,
        layout,
        run,
        resources: project::resources(&mut cx),
        services: project::services(&mut cx),
        profiles,
        tracks,
        checks,
        ownership: rules::ownership(&mut cx),
        shared: rules::shared(&mut cx),
        allow: rules::allow(&mut cx),
        migrations: migration::migrations(&mut cx),
        contracts: contract::contracts(&mut cx),
        commit: rules::commit(&mut cx),
        names: rules::names(&mut cx),
        severity: rules::severity(&mut cx),
        hooks: hooks::hooks(&mut cx, file.hooks.as_ref(), "[hooks]").unwrap_or_default(),
        notify: hooks::notify(file.notify.as_ref()),
        coordination: coordination::coordination(&mut cx),
        land: hooks::land(&mut cx),
        report_templates: hooks::report_templates(&mut cx),
        // Last, because it may end here, and everything above has to be looked at.
        integration: integration?,
    })
}

/// What every part of lowering needs.
struct Context<'a> {
    file: &'a File,
    /// Whose `[run]`, `[check]` and `[integration]` are looked at: the file's, or those with a profile on top.
    judging: &'a File,
    lost: &'a Lost,
    /// Where the profile on top says something itself.
    own: Option<&'a Own>,
    out: &'a mut Vec<Diagnostic>,
}

impl Context<'_> {
    /// Notes an error; what it returns may be given a label, a second place and help.
    fn error(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        self.note(Level::Error, span, message.into())
    }

    fn warning(&mut self, span: Range<usize>, message: impl Into<String>) -> &mut Diagnostic {
        self.note(Level::Warning, span, message.into())
    }

    fn note(&mut self, level: Level, span: Range<usize>, message: String) -> &mut Diagnostic {
        self.out.push(Diagnostic {
            level,
            message,
            span,
            label: None,
            also: None,
            help: None,
        });
        let last = self.out.len() - 1;
        &mut self.out[last]
    }

    /// A key without which its table means nothing; `table` is where the table stands.
    fn missing(&mut self, table: Range<usize>, header: &str, key: &str, example: &str) {
        if self.lost.inside(&table) {
            return;
        }
        let diagnostic = self.error(table, format!("{header} has no `{key}`"));
        diagnostic.label = Some(format!("`{key}` is required"));
        diagnostic.help = Some(format!("add `{key} = {example}`"));
    }

    /// A path from the root of the repository that does not leave it.
    fn inner_path(&mut self, path: &str, span: Range<usize>, place: &str) -> String {
        if let Some(why) = why_not_inside(path) {
            let diagnostic = self.error(span, format!("`{place}` {why}"));
            diagnostic.label = Some("expected a path inside the repository".to_owned());
        }
        path.to_owned()
    }
}

/// Continues "the path …".
fn why_not_inside(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.starts_with('/') {
        Some("is absolute")
    } else if path.split('/').any(|part| part == "..") {
        Some("leaves the repository with `..`")
    } else if path.chars().any(char::is_control) {
        Some("has a control character")
    } else {
        None
    }
}

fn patterns(list: Option<&OneOrMany<Glob>>) -> Vec<Pattern> {
    list.into_iter()
        .flat_map(|list| list.iter())
        .map(|glob| glob.0.clone())
        .collect()
}

fn texts(list: Option<&OneOrMany<Text>>) -> Vec<String> {
    list.into_iter()
        .flat_map(|list| list.iter())
        .map(|text| text.0.clone())
        .collect()
}

fn commands(list: Option<&OneOrMany<Run>>) -> Vec<Command> {
    list.into_iter()
        .flat_map(|list| list.iter())
        .map(|run| run.0.clone())
        .collect()
}
