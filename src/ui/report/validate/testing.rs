//! Made-up answers, for the tests of the formats.

use std::collections::BTreeMap;

use crate::domain::merge::Verdict;
use crate::domain::name::{BranchName, TrackId};
use crate::domain::revision::CommitId;
use crate::domain::rule::{self, Finding};
use crate::ops::BasePoint;
use crate::ops::validate::{Judged, Report};

/// Track `a`, in which this was found.
pub(super) fn judged(findings: Vec<Finding>) -> Judged {
    Judged {
        track: TrackId::new("a").unwrap(),
        branch: BranchName::new("track/a").unwrap(),
        head: CommitId::from_bytes(&[1; 20]).unwrap(),
        findings,
        with_base: Verdict::Clean,
        with_integration: None,
        foreseen: BTreeMap::new(),
        deliverables: Vec::new(),
        delivers: false,
        open: None,
        runs: Vec::new(),
        runs_on_base: Vec::new(),
        mending: None,
        notes: Vec::new(),
    }
}

/// As in a clone that lacks the history for it.
pub(super) fn cut_off() -> Judged {
    let reason = "history is cut off".to_owned();
    Judged {
        with_base: Verdict::Unavailable(reason.clone()),
        open: Some(reason),
        ..judged(Vec::new())
    }
}

pub(super) fn report(judged: Judged) -> Report {
    Report {
        base: BasePoint {
            name: "main".to_owned(),
            branch: None,
            remote: None,
            commit: CommitId::from_bytes(&[2; 20]).unwrap(),
        },
        all: false,
        without_checks: false,
        tracks: vec![judged],
        notes: Vec::new(),
    }
}

pub(super) fn finding(code: &str, message: &str) -> Finding {
    Finding::new(rule::find(code).unwrap(), message, "do it")
}
