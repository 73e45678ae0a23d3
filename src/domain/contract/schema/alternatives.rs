//! `anyOf` and `oneOf`: which alternatives of two versions stand for each other, and what is said of those that are left.

use super::flat::{Choice, Flat, written};
use super::{DEEPEST_TRIAL, Differ, Leftover, Part, Use};

impl<'d> Differ<'d> {
    pub(super) fn alternatives(&mut self, old: &Flat<'d>, new: &Flat<'d>, by: Use) {
        let pairs = old.choices.iter().zip(&new.choices);
        for (before, after) in pairs {
            self.choice(before, after, by);
        }
        for choice in old.choices.iter().skip(new.choices.len()) {
            let at = choice.at.clone();
            self.widens(
                by,
                at,
                new.line,
                "is no choice between alternatives any more",
            );
        }
        for choice in new.choices.iter().skip(old.choices.len()) {
            let at = choice.at.clone();
            self.narrows(by, at, choice.line, "is a choice between alternatives now");
        }
    }

    /// Those that say the same first, then those that are compatible, then the others in their order.
    fn choice(&mut self, old: &Choice<'d>, new: &Choice<'d>, by: Use) {
        let mut left: Vec<&Part<'d>> = new.of.iter().collect();
        let mut open: Vec<&Part<'d>> = Vec::new();
        for before in &old.of {
            match left.iter().position(|after| self.are_same(before, after)) {
                Some(place) => {
                    let after = left.remove(place);
                    // What they refer to is compared where it stands.
                    self.ask(vec![before.clone()], vec![after.clone()], by);
                }
                None => open.push(before),
            }
        }
        open.retain(|before| {
            let fitting = left
                .iter()
                .position(|after| self.fits((*before).clone(), (*after).clone(), by));
            if let Some(place) = fitting {
                left.remove(place);
            }
            fitting.is_none()
        });
        let count = match self.leftover {
            Leftover::Paired => open.len().min(left.len()),
            Leftover::Apart => 0,
        };
        for (before, after) in open.drain(..count).zip(left.drain(..count)) {
            self.ask(vec![before.clone()], vec![after.clone()], by);
        }
        for before in open {
            let what = "is no alternative any more";
            self.narrows(by, shown(before), new.line, what);
        }
        for after in left {
            self.widens(by, shown(after), after.node.line, "is another alternative");
        }
    }

    fn are_same(&self, old: &Part<'d>, new: &Part<'d>) -> bool {
        match (old.node.text_at("$ref"), new.node.text_at("$ref")) {
            (Some(before), Some(after)) => before == after,
            (None, None) => written(self.old, old.node) == written(self.new, new.node),
            _ => false,
        }
    }

    fn fits(&mut self, old: Part<'d>, new: Part<'d>, by: Use) -> bool {
        if self.trials == 0 || self.depth == DEEPEST_TRIAL {
            return false;
        }
        let mut trial = Differ {
            trials: self.trials - 1,
            depth: self.depth + 1,
            ..Differ::new(self.old, self.new, self.leftover)
        };
        trial.compare(old, new, by);
        self.trials = trial.trials;
        trial.breaks.is_empty() && trial.dangling.is_empty()
    }
}

/// By what it refers to, which says more than its number.
fn shown(part: &Part<'_>) -> String {
    match part.node.text_at("$ref") {
        Some(reference) => format!("{} ({reference})", part.at),
        None => part.at.clone(),
    }
}
