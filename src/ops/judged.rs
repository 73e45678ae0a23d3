//! Merges judged by commit ids alone, through the matrix: what `cargo xtask replay` and the tests ask, to hold each answer
//! against git's own. Needs a repository, and no tracks.toml.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::merge::{Basis, Verdict};
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{
    Answer, DecidedBy, Engine, GitError, Memo, Merger, Outcome, Repository, Tip, VirtualCommit,
    Want,
};
use crate::store::Store;

use super::matrix::verdict;

/// One merge that is asked for. Attributes come from `base`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub base: CommitId,
    pub track: CommitId,
    /// `None`: the merge of the track into base. Else the two tracks, compared as the matrix compares them.
    pub other: Option<CommitId>,
}

/// A line that asks nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error(transparent)]
    NoId(#[from] crate::domain::revision::IdError),
    #[error("`{0}` is neither `BASE TRACK` nor `BASE A B`")]
    NoQuestion(String),
}

impl Question {
    /// Reads `BASE TRACK` or `BASE A B`, each a full commit id.
    ///
    /// # Errors
    /// When the line is anything else.
    pub fn read(line: &str) -> Result<Question, QuestionError> {
        let ids: Vec<CommitId> = line
            .split_whitespace()
            .map(CommitId::from_hex)
            .collect::<Result<_, _>>()?;
        let (base, track, other) = match ids[..] {
            [base, track] => (base, track, None),
            [base, a, b] => (base, a, Some(b)),
            _ => return Err(QuestionError::NoQuestion(line.to_owned())),
        };
        Ok(Question { base, track, other })
    }
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub basis: Basis,
    pub verdict: Verdict,
    /// Was it found out without git?
    pub in_process: bool,
    /// Of a clean merge, where it is known.
    pub tree: Option<TreeId>,
}

/// Answers questions in their order, those about one base in one run of the matrix over all tracks that they name. In such
/// a run the track that is named first is ours of every pair it is in.
///
/// # Errors
/// When git cannot be run, or the scratch directory cannot be made.
pub fn judge(
    repository: &Repository,
    memo: &Memo,
    questions: &[Question],
) -> Result<Vec<Judgement>, GitError> {
    let mut judgements = Vec::with_capacity(questions.len());
    for batch in questions.chunk_by(|one, next| one.base == next.base) {
        judgements.extend(judge_batch(repository, memo, batch)?);
    }
    Ok(judgements)
}

/// Where a question's two ends stand among the tracks of its batch.
type Ends = (usize, Option<usize>);

fn judge_batch(
    repository: &Repository,
    memo: &Memo,
    batch: &[Question],
) -> Result<Vec<Judgement>, GitError> {
    let Some(first) = batch.first() else {
        return Ok(Vec::new());
    };
    let mut tracks: Vec<CommitId> = Vec::new();
    let ends: Vec<Ends> = batch
        .iter()
        .map(|question| {
            let track = place(&mut tracks, question.track, None);
            let other = question
                .other
                .map(|other| place(&mut tracks, other, Some(track)));
            (track, other)
        })
        .collect();
    let matrix = Matrix::new(repository, memo, first.base, &tracks, &ends)?;
    Ok(ends.iter().map(|ends| matrix.judgement(*ends)).collect())
}

/// The number of a track, new or known. A commit that is asked against itself is two tracks.
fn place(tracks: &mut Vec<CommitId>, commit: CommitId, beside: Option<usize>) -> usize {
    let known = tracks
        .iter()
        .enumerate()
        .position(|(number, track)| *track == commit && Some(number) != beside);
    known.unwrap_or_else(|| {
        tracks.push(commit);
        tracks.len() - 1
    })
}

/// The tracks of one batch, merged as the matrix merges them: the one place that knows how.
struct Matrix {
    onto_base: Vec<Judgement>,
    between: BTreeMap<(usize, usize), Judgement>,
}

impl Matrix {
    fn new(
        repository: &Repository,
        memo: &Memo,
        base: CommitId,
        tracks: &[CommitId],
        ends: &[Ends],
    ) -> Result<Self, GitError> {
        let scratch = Store::new(repository.common_dir()).scratch_root();
        let merger = Merger::scratch(repository, base, &scratch)?;
        if merger.tree_of(base).is_err() {
            return Ok(Matrix {
                onto_base: vec![not_here(base); tracks.len()],
                between: BTreeMap::new(),
            });
        }
        let here: Vec<(usize, Tip)> = tracks
            .iter()
            .enumerate()
            .filter_map(|(number, commit)| Some((number, tip(&merger, *commit)?)))
            .collect();
        let tips: Vec<Tip> = here.iter().map(|(_, tip)| *tip).collect();
        let engine = Engine::new(&merger, base, &tips, memo)?;
        let mut matrix = Matrix {
            onto_base: tracks.iter().map(|track| not_here(*track)).collect(),
            between: BTreeMap::new(),
        };
        let requests: Vec<_> = engine
            .tips()
            .iter()
            .map(|tip| (engine.base(), tip))
            .collect();
        let mut merged: BTreeMap<usize, VirtualCommit> = BTreeMap::new();
        let answers = engine.merge_all(&requests, Want::Results)?;
        for ((number, _), (request, answer)) in here.iter().zip(requests.iter().zip(answers)) {
            if let Outcome::Clean(combined) = &answer.outcome {
                let commit = engine.merged(request.0, request.1, combined, "base and track\n")?;
                merged.insert(*number, commit);
            }
            let tree = merged.get(number).map(|commit| engine.tree(commit));
            matrix.onto_base[*number] = judgement(Basis::Tips, answer, tree.transpose()?);
        }
        if ends.iter().any(|(_, other)| other.is_some()) {
            let numbers = here.iter().map(|(number, _)| *number);
            let tips: BTreeMap<usize, &VirtualCommit> = numbers.zip(engine.tips()).collect();
            matrix.between = between(&engine, &tips, &merged)?;
        }
        Ok(matrix)
    }

    fn judgement(&self, (track, other): Ends) -> Judgement {
        let Some(other) = other else {
            return self.onto_base[track].clone();
        };
        let both = (track.min(other), track.max(other));
        let missing = |number: usize| {
            let alone = &self.onto_base[number];
            matches!(alone.verdict, Verdict::Unavailable(_)).then(|| alone.clone())
        };
        let found = self.between.get(&both).cloned();
        found
            .or_else(|| missing(both.0))
            .or_else(|| missing(both.1))
            .unwrap_or_else(|| self.onto_base[track].clone())
    }
}

/// Every pair: the verdict as the matrix asks for it, and where it is clean the merge once more with its result.
fn between(
    engine: &Engine<'_, '_>,
    tips: &BTreeMap<usize, &VirtualCommit>,
    merged: &BTreeMap<usize, VirtualCommit>,
) -> Result<BTreeMap<(usize, usize), Judgement>, GitError> {
    let (places, commits): (Vec<usize>, Vec<&VirtualCommit>) = merged.iter().unzip();
    let meeting: BTreeSet<(usize, usize)> = engine
        .meeting(&commits)
        .into_iter()
        .map(|(a, b)| (places[a], places[b]))
        .collect();
    let mut judgements = BTreeMap::new();
    let mut pairs: Vec<((usize, usize), Basis)> = Vec::new();
    let mut sides: Vec<(&VirtualCommit, &VirtualCommit)> = Vec::new();
    for (a, left) in tips {
        for (b, right) in tips.range(a + 1..) {
            let (basis, both) = match (merged.get(a), merged.get(b)) {
                (Some(ours), Some(theirs)) => (Basis::BasePlusTrack, (ours, theirs)),
                _ => (Basis::Tips, (*left, *right)),
            };
            pairs.push(((*a, *b), basis));
            sides.push(both);
        }
    }
    let asked: Vec<usize> = (0..pairs.len())
        .filter(|place| {
            let (both, basis) = &pairs[*place];
            *basis == Basis::Tips || meeting.contains(both)
        })
        .collect();
    let requests: Vec<_> = asked.iter().map(|place| sides[*place]).collect();
    let answers = engine.merge_all(&requests, Want::Verdicts)?;
    for (place, answer) in asked.into_iter().zip(answers) {
        let (both, basis) = pairs[place];
        judgements.insert(both, judgement(basis, answer, None));
    }
    for (both, basis) in &pairs {
        judgements.entry(*both).or_insert_with(|| Judgement {
            basis: *basis,
            verdict: Verdict::Clean,
            in_process: true,
            tree: None,
        });
    }
    let results = engine.merge_all(&sides, Want::Results)?;
    for (((both, _), (ours, theirs)), result) in pairs.iter().zip(sides).zip(results) {
        let Some(judgement) = judgements.get_mut(both) else {
            continue;
        };
        // Where the two disagree, the verdict is what the matrix shows; that it has no tree gives it away.
        if let (Outcome::Clean(combined), Verdict::Clean) = (&result.outcome, &judgement.verdict) {
            let commit = engine.merged(ours, theirs, combined, "both\n")?;
            judgement.tree = Some(engine.tree(&commit)?);
        }
    }
    Ok(judgements)
}

fn judgement(basis: Basis, answer: Answer, tree: Option<TreeId>) -> Judgement {
    Judgement {
        basis,
        in_process: answer.by == DecidedBy::Process,
        verdict: verdict(answer.outcome),
        tree,
    }
}

fn tip(merger: &Merger<'_>, commit: CommitId) -> Option<Tip> {
    Some(Tip {
        commit,
        history: commit,
        tree: merger.tree_of(commit).ok()?,
    })
}

fn not_here(commit: CommitId) -> Judgement {
    Judgement {
        basis: Basis::Tips,
        verdict: Verdict::Unavailable(format!("commit {} is not here", commit.short())),
        in_process: true,
        tree: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> CommitId {
        CommitId::from_hex(&digit.to_string().repeat(40)).unwrap()
    }

    #[test]
    fn lines_are_read_or_refused() {
        let (a, b, c) = (
            id('a').to_string(),
            id('b').to_string(),
            id('c').to_string(),
        );
        assert_eq!(
            Question::read(&format!("{a} {b}\n")).unwrap(),
            Question {
                base: id('a'),
                track: id('b'),
                other: None
            }
        );
        assert_eq!(
            Question::read(&format!("{a} {b} {c}")).unwrap().other,
            Some(id('c'))
        );
        for line in ["", &a, &format!("{a} {b} {c} {a}"), &format!("{a} main")] {
            assert!(Question::read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn each_commit_is_one_track_but_against_itself() {
        let mut tracks = Vec::new();
        let a = place(&mut tracks, id('a'), None);
        let b = place(&mut tracks, id('b'), Some(a));
        assert_eq!((a, b), (0, 1));
        assert_eq!(place(&mut tracks, id('a'), Some(b)), 0);
        assert_eq!(place(&mut tracks, id('a'), Some(0)), 2);
        assert_eq!(tracks, [id('a'), id('b'), id('a')]);
    }
}
