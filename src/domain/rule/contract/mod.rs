//! Rules about contracts: what becomes of those who build against them.

mod con01;
mod con02;
mod con03;
mod con04;

use super::Rule;
use crate::domain::contract::Break;
use crate::domain::name::TrackId;
use crate::domain::project::Contract;

pub(super) const RULES: &[&Rule] = &[&con01::RULE, &con02::RULE, &con03::RULE, &con04::RULE];

/// Those by which two tracks collide.
pub(super) const BETWEEN_TRACKS: &[&Rule] = &[&con02::RULE];

/// Of one file so many breaks are told one by one.
const TOLD: usize = 20;

/// "a, b and c", as subjects and objects of sentences.
fn names<'t>(tracks: impl Iterator<Item = &'t TrackId>) -> String {
    let names: Vec<&str> = tracks.map(TrackId::as_str).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nobody".to_owned(),
    }
}

/// Its consumers other than one track; without any, those who use it, whoever they are.
fn consumers_but(contract: &Contract, track: &TrackId) -> String {
    let mut others = contract
        .consumers
        .iter()
        .filter(|it| *it != track)
        .peekable();
    match others.peek() {
        Some(_) => names(others),
        None => "who builds against it".to_owned(),
    }
}

fn shown(broken: &Break) -> String {
    match broken.at.is_empty() {
        true => broken.message.clone(),
        false => format!("{}: {}", broken.at, broken.message),
    }
}
