//! Names that stand for something elsewhere in the file: tracks, checks, contracts, resources, services.

use std::ops::Range;

use super::super::raw::{OneOrMany, Placed};
use super::super::read::listed;
use super::Context;
use crate::domain::name::{CheckName, ContractName, TrackId, nearest};

/// What a name may stand for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Track,
    Check,
    Contract,
    Resource,
    Service,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Kind::Track => "track",
            Kind::Check => "check",
            Kind::Contract => "contract",
            Kind::Resource => "resource",
            Kind::Service => "service",
        }
    }
}

impl Context<'_> {
    fn names_of(&self, kind: Kind) -> Vec<String> {
        let names: Vec<&str> = match kind {
            Kind::Track => self.file.track.keys().collect(),
            Kind::Check => self.file.check.keys().collect(),
            Kind::Contract => self.file.contract.keys().collect(),
            Kind::Resource => self.file.resource.keys().collect(),
            Kind::Service => self.file.service.keys().collect(),
        };
        names.into_iter().map(str::to_owned).collect()
    }

    /// Whether there is something of that name; complains at `span` where not.
    pub(super) fn is_known(
        &mut self,
        kind: Kind,
        name: &str,
        span: Range<usize>,
        place: &str,
    ) -> bool {
        let names = self.names_of(kind);
        if names.iter().any(|known| known == name) {
            return true;
        }
        if self.lost.mentions(name) {
            return false;
        }
        let noun = kind.noun();
        let help = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => format!("this file has no {noun}; add `[{noun}.{name}]`"),
            None => format!("the {noun}s are {}", listed(&names)),
        };
        let diagnostic = self.error(span, format!("unknown {noun} `{name}` in `{place}`"));
        diagnostic.label = Some(format!("no [{noun}.{name}] in this file"));
        diagnostic.help = Some(help);
        false
    }

    pub(super) fn track(&mut self, name: &Placed<String>, place: &str) -> Option<TrackId> {
        let known = self.is_known(Kind::Track, name, name.span(), place);
        known.then(|| TrackId::new(name).ok()).flatten()
    }

    pub(super) fn tracks(&mut self, list: Option<&OneOrMany<String>>, place: &str) -> Vec<TrackId> {
        self.once_each(list, place)
            .into_iter()
            .filter_map(|name| self.track(name, place))
            .collect()
    }

    pub(super) fn check(&mut self, name: &Placed<String>, place: &str) -> Option<CheckName> {
        let known = self.is_known(Kind::Check, name, name.span(), place);
        known.then(|| CheckName::new(name).ok()).flatten()
    }

    pub(super) fn contract(
        &mut self,
        name: &str,
        span: Range<usize>,
        place: &str,
    ) -> Option<ContractName> {
        let known = self.is_known(Kind::Contract, name, span, place);
        known.then(|| ContractName::new(name).ok()).flatten()
    }

    /// Names of resources or services.
    pub(super) fn known_names(
        &mut self,
        kind: Kind,
        list: Option<&OneOrMany<String>>,
        place: &str,
    ) -> Vec<String> {
        let names = self.once_each(list, place);
        let mut known = Vec::new();
        for name in names {
            if self.is_known(kind, name, name.span(), place) {
                known.push(name.to_string());
            }
        }
        known
    }

    /// The elements of a list of names, of which none may come twice.
    pub(super) fn once_each<'l>(
        &mut self,
        list: Option<&'l OneOrMany<String>>,
        place: &str,
    ) -> Vec<&'l Placed<String>> {
        let mut seen: Vec<&Placed<String>> = Vec::new();
        for name in list.into_iter().flat_map(|list| list.iter()) {
            let earlier = seen
                .iter()
                .find(|earlier| earlier.as_str() == name.as_str());
            if let Some(earlier) = earlier {
                let message = format!("`{place}` names `{}` twice", name.as_str());
                let also = Some((earlier.span(), "the first time".to_owned()));
                let diagnostic = self.error(name.span(), message);
                diagnostic.label = Some("the second time".to_owned());
                diagnostic.also = also;
            } else {
                seen.push(name);
            }
        }
        seen
    }
}
