//! Merges judged by commit ids alone, through the matrix: what `cargo xtask replay` and the tests ask, to hold each answer
//! against git's own. Needs a repository, and no tracks.toml.

use std::collections::BTreeMap;

use crate::domain::merge::{Basis, Pair, Verdict};
use crate::domain::name::{Side, TrackId};
use crate::domain::revision::{CommitId, TreeId};
use crate::git::{GitError, MergeAnswer, Merger, Repository};
use crate::store::Store;

use super::matrix::{self, Scope, TrackSide};

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

/// Who found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    Process,
    Git,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    pub basis: Basis,
    pub verdict: Verdict,
    pub by: DecidedBy,
    /// Of a clean merge, where it is known.
    pub tree: Option<TreeId>,
}

/// Answers questions in their order, those about one base in one run of the matrix over all tracks that they name. In such
/// a run the track that is named first is ours of every pair it is in.
///
/// # Errors
/// When git cannot be run, or the scratch directory cannot be made.
pub fn judge(repository: &Repository, questions: &[Question]) -> Result<Vec<Judgement>, GitError> {
    let mut judgements = Vec::with_capacity(questions.len());
    for batch in questions.chunk_by(|one, next| one.base == next.base) {
        judgements.extend(judge_batch(repository, batch)?);
    }
    Ok(judgements)
}

/// Where a question's two ends stand among the tracks of its batch.
type Ends = (usize, Option<usize>);

fn judge_batch(repository: &Repository, batch: &[Question]) -> Result<Vec<Judgement>, GitError> {
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
    let matrix = Matrix::new(repository, first.base, &tracks, &ends)?;
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

/// What the matrix says about the tracks of one batch: the one place that knows how it is asked.
struct Matrix {
    onto_base: Vec<Judgement>,
    between: BTreeMap<(usize, usize), Judgement>,
}

impl Matrix {
    fn new(
        repository: &Repository,
        base: CommitId,
        tracks: &[CommitId],
        ends: &[Ends],
    ) -> Result<Self, GitError> {
        let scratch = Store::new(repository.common_dir()).scratch_root();
        let merger = Merger::scratch(repository, base, &scratch)?;
        let sides: Vec<TrackSide> = tracks.iter().enumerate().map(side).collect();
        let on_base = matrix::merge_into_base(&merger, base, &sides)?;
        let mut onto_base = Vec::with_capacity(sides.len());
        for side in &sides {
            let merged = on_base.get(&side.track);
            let commit = merged.and_then(|merged| merged.merged);
            onto_base.push(Judgement {
                basis: Basis::Tips,
                verdict: merged.map_or_else(unasked, |merged| merged.verdict.clone()),
                by: DecidedBy::Git,
                tree: commit.map(|commit| merger.tree_of(commit)).transpose()?,
            });
        }
        let mut between = BTreeMap::new();
        if ends.iter().any(|(_, other)| other.is_some()) {
            let numbers: BTreeMap<&TrackId, usize> =
                sides.iter().map(|side| &side.track).zip(0..).collect();
            let pairs = matrix::between_tracks(&merger, &sides, &on_base, Scope::All)?;
            let trees = trees(&merger, &pairs)?;
            for (pair, tree) in pairs.into_iter().zip(trees) {
                let (Side::Track(a), Side::Track(b)) = (&pair.a, &pair.b) else {
                    continue;
                };
                let (Some(a), Some(b)) = (numbers.get(a), numbers.get(b)) else {
                    continue;
                };
                between.insert((*a, *b), judgement(pair, tree));
            }
        }
        Ok(Matrix { onto_base, between })
    }

    fn judgement(&self, (track, other): Ends) -> Judgement {
        let found = match other {
            None => self.onto_base.get(track),
            Some(other) => self.between.get(&(track.min(other), track.max(other))),
        };
        found.cloned().unwrap_or_else(|| Judgement {
            basis: Basis::Tips,
            verdict: unasked(),
            by: DecidedBy::Git,
            tree: None,
        })
    }
}

fn judgement(pair: Pair, tree: Option<TreeId>) -> Judgement {
    Judgement {
        basis: pair.basis,
        verdict: pair.verdict,
        by: DecidedBy::Git,
        tree,
    }
}

/// The merged trees of the clean pairs; a pair does not say.
fn trees(merger: &Merger<'_>, pairs: &[Pair]) -> Result<Vec<Option<TreeId>>, GitError> {
    let (places, merges): (Vec<usize>, Vec<_>) = pairs
        .iter()
        .enumerate()
        .filter(|(_, pair)| pair.verdict.is_clean())
        .filter_map(|(place, pair)| Some((place, pair.merged?)))
        .unzip();
    let mut trees = vec![None; pairs.len()];
    for (place, answer) in places.into_iter().zip(merger.merge_all(&merges)?) {
        if let MergeAnswer::Merged { tree } = answer {
            trees[place] = Some(tree);
        }
    }
    Ok(trees)
}

fn unasked() -> Verdict {
    Verdict::Unavailable("the matrix gave no answer".to_owned())
}

fn side((number, tip): (usize, &CommitId)) -> TrackSide {
    TrackSide {
        track: TrackId::numbered(number),
        tip: Some(*tip),
        commit: Some(*tip),
        tree: None,
        dirty: false,
        unavailable: None,
        note: None,
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
