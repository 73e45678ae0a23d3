//! Which tasks a tree has: the checks in the order of their needs, what each pass is keyed by, and the numbers that theirs
//! are compared with.

use std::collections::BTreeMap;

use crate::domain::name::{CheckName, Side};
use crate::domain::project::Check;
use crate::domain::revision::TreeId;
use crate::domain::trust::TrustedCommand;
use crate::git::{GitError, Merger};

use super::Session;
use super::figures::Earlier;
use super::keys::Keys;
use super::runner::Task;

/// What is read once for many trees.
pub(super) struct Tasks<'k, 's> {
    pub session: &'s Session,
    pub keys: &'k Keys<'s>,
    pub earlier: &'k Earlier,
}

/// One tree.
pub(super) struct Judged<'t> {
    pub side: &'t Side,
    /// `None`: what is there is no tree, so nothing is known of it, or kept.
    pub tree: Option<TreeId>,
    /// The setup of the worktree it is judged in.
    pub setup: &'t [TrustedCommand],
    /// Setups of worktrees that base may have been judged in.
    pub setups_of_base: &'t [&'t [TrustedCommand]],
}

impl Tasks<'_, '_> {
    /// One for each check. `merger` can read the tree.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub(super) fn of<'a>(
        &self,
        merger: &Merger<'_>,
        judged: &Judged<'_>,
        checks: &[&'a Check],
    ) -> Result<Vec<Task<'a>>, GitError> {
        let mut tasks: Vec<Task<'a>> = Vec::new();
        let mut index_of: BTreeMap<&CheckName, usize> = BTreeMap::new();
        for check in in_order_of_needs(checks.to_vec()) {
            let key = match judged.tree {
                Some(tree) => self.keys.key(merger, check, judged.setup, tree)?,
                None => None,
            };
            let asked = (check, judged.side);
            let before = (self.earlier).before(
                self.session,
                merger,
                self.keys,
                asked,
                judged.setups_of_base,
            )?;
            let needs = check.needs.iter();
            let needs = needs.filter_map(|need| index_of.get(need).copied());
            let needs: Vec<usize> = needs.collect();
            index_of.insert(&check.name, tasks.len());
            tasks.push(Task {
                check,
                key,
                needs,
                before,
            });
        }
        Ok(tasks)
    }
}

/// Needs before what needs them; otherwise the order of the file.
fn in_order_of_needs(checks: Vec<&Check>) -> Vec<&Check> {
    let mut rest = checks;
    let mut ordered: Vec<&Check> = Vec::new();
    while !rest.is_empty() {
        let free = rest
            .iter()
            .position(|check| !rest.iter().any(|other| check.needs.contains(&other.name)));
        // `config` refuses cycles; the order of the file is as good as any, should one get here.
        ordered.push(rest.remove(free.unwrap_or(0)));
    }
    ordered
}
