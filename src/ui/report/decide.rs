//! The answer of `tracks decide`.

use serde_json::{Value, json};

use super::{document, with};
use crate::domain::path::Pattern;
use crate::domain::resolution::Decision;
use crate::ops::decide::Report;
use crate::ui::style::{DIM, GOOD, HINT, STRONG, paint, tame};
use crate::ui::table::{Table, cell, styled};

pub fn json(report: &Report) -> Value {
    let head = document("decide", true);
    with(
        head,
        match report {
            Report::Listed(decisions) => {
                json!({ "decisions": decisions.iter().map(decision_json).collect::<Vec<_>>() })
            }
            Report::Decided { decision, earlier } => json!({
                "outcome": "decided",
                "decision": decision_json(decision),
                "earlier": earlier,
            }),
            Report::Revoked { id } => json!({ "outcome": "revoked", "id": id }),
        },
    )
}

fn decision_json(decision: &Decision) -> Value {
    json!({
        "id": decision.id,
        "who": decision.who,
        "time": decision.when.to_string(),
        "prefer": decision.prefer.as_str(),
        "over": decision.over.as_str(),
        "because": decision.because,
        "paths": decision.paths.iter().map(Pattern::as_str).collect::<Vec<_>>(),
    })
}

pub fn text(report: &Report) -> String {
    match report {
        Report::Listed(decisions) if decisions.is_empty() => "nothing is decided\n".to_owned(),
        Report::Listed(decisions) => {
            let mut table = Table::default();
            for decision in decisions {
                table.row(vec![
                    styled(STRONG, decision.id.clone()),
                    cell(format!("{} before {}", decision.prefer, decision.over)),
                    cell(places(decision, "everywhere")),
                    cell(decision.because.clone()),
                    styled(DIM, format!("{} {}", decision.when, decision.who)),
                ]);
            }
            table.render(0)
        }
        Report::Decided { decision, earlier } => {
            let mut text = format!(
                "{} {}: {} before {} {}; rounds go by it from now on\n",
                paint(GOOD, "decided"),
                paint(STRONG, &decision.id),
                decision.prefer,
                decision.over,
                places(decision, "everywhere")
            );
            if !earlier.is_empty() {
                text.push_str(&format!(
                    "{} {} about the same pair: where this one is about a path, it counts\n",
                    paint(HINT, "note:"),
                    earlier.join(", ")
                ));
            }
            text
        }
        Report::Revoked { id } => format!("revoked {}\n", paint(STRONG, id)),
    }
}

pub fn markdown(report: &Report) -> String {
    match report {
        Report::Listed(decisions) => {
            let sections = decisions.iter().map(section);
            format!("# Decisions\n{}", sections.collect::<String>())
        }
        Report::Decided { decision, .. } => section(decision).trim_start().to_owned(),
        Report::Revoked { .. } => text(report),
    }
}

fn section(decision: &Decision) -> String {
    format!(
        "\n## {} before {} ({})\n\n- Where: {}\n- When: {}\n- Who: {}\n\n{}\n",
        decision.prefer,
        decision.over,
        decision.id,
        match decision.paths.as_slice() {
            [] => "everywhere".to_owned(),
            paths => {
                let paths = paths.iter().map(|path| format!("`{}`", path.as_str()));
                paths.collect::<Vec<_>>().join(", ")
            }
        },
        decision.when,
        tame(&decision.who),
        tame(&decision.because)
    )
}

fn places(decision: &Decision, otherwise: &str) -> String {
    match decision.paths.as_slice() {
        [] => otherwise.to_owned(),
        paths => {
            let paths = paths.iter().map(Pattern::as_str);
            format!("in {}", paths.collect::<Vec<_>>().join(", "))
        }
    }
}
