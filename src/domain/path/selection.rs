//! What a list of patterns selects, told segment by segment, so that whole directories can be taken or left unread.
//!
//! Each pattern becomes one or more shapes (`{a,b}/*` is two), and a walk from the root carries along how far each shape has
//! matched. What a shape cannot express (classes, escapes, braces with `**` around or in them) is left to the pattern
//! itself, path by path, from there on. All this follows from the patterns and the path alone, never from what is in a tree.

use super::{Pattern, RepoPath};

/// More ways than this to read the braces of one pattern, and it is matched path by path.
const MOST_SHAPES: usize = 64;

/// Some patterns; a path is selected if any of them matches it.
#[derive(Debug, Clone)]
pub struct Selection {
    patterns: Vec<Pattern>,
    shapes: Vec<Shape>,
}

#[derive(Debug, Clone)]
struct Shape {
    segments: Vec<Segment>,
    /// What is below a path that it matches, is selected too.
    below: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(Box<[u8]>),
    /// With `*` and `?` in it.
    Wild(Box<[u8]>),
    /// `**`: any number of segments; at the end of a shape at least one.
    Any,
    /// From here on, the pattern at this index has to be asked.
    Opaque(usize),
}

/// How far the shapes have matched at one directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stage {
    /// Shape, and the segment of it that is to be matched next. Ascending, each once.
    threads: Vec<(u16, u16)>,
}

/// What is selected of all that is below a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    Nothing,
    Everything,
    /// Maybe something.
    Some(Stage),
}

impl Selection {
    pub fn new(patterns: &[Pattern]) -> Selection {
        let shapes = patterns.iter().enumerate().flat_map(|(index, pattern)| {
            shapes(pattern.as_str())
                .unwrap_or_else(|| vec![opaque(pattern.as_str(), index)])
                .into_iter()
                .map(|segments| Shape {
                    segments,
                    below: pattern.below.is_some(),
                })
        });
        Selection {
            shapes: shapes.collect(),
            patterns: patterns.to_vec(),
        }
    }

    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    pub fn matches(&self, path: &RepoPath) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(path))
    }

    /// Whether it takes more than the directories on the way to a few places to tell what is selected.
    pub fn looks_everywhere(&self) -> bool {
        self.shapes.iter().any(|shape| {
            let (last, others) = match shape.segments.split_last() {
                Some((last, others)) => (Some(last), others),
                None => (None, &[][..]),
            };
            others.contains(&Segment::Any) || matches!(last, Some(Segment::Opaque(_)))
        })
    }

    /// What is selected of a whole tree.
    pub fn root(&self) -> Reach {
        let starts = (0..self.shapes.len()).map(|shape| (shape, 0));
        self.reach(starts)
    }

    /// Whether the file `name` in a directory at this stage is selected; `path` is its whole path.
    pub fn takes(&self, stage: &Stage, name: &[u8], path: &[u8]) -> bool {
        self.threads(stage).any(|(shape, at)| {
            let segments = &self.shapes[shape].segments;
            let last = at + 1 == segments.len();
            match &segments[at] {
                Segment::Opaque(pattern) => self.patterns[*pattern].matches_bytes(path),
                // Where it is not the last, the thread of what follows speaks for itself.
                Segment::Any => last,
                segment => last && segment.matches(name),
            }
        })
    }

    /// What is selected below the directory `name` in a directory at this stage.
    pub fn below(&self, stage: &Stage, name: &[u8]) -> Reach {
        let next =
            self.threads(stage)
                .filter_map(|(shape, at)| match &self.shapes[shape].segments[at] {
                    Segment::Any | Segment::Opaque(_) => Some((shape, at)),
                    segment => segment.matches(name).then_some((shape, at + 1)),
                });
        self.reach(next)
    }

    /// Whether what is selected at this stage may depend on where it is.
    pub fn depends_on_place(&self, stage: &Stage) -> bool {
        self.threads(stage)
            .any(|(shape, at)| matches!(self.shapes[shape].segments[at], Segment::Opaque(_)))
    }

    fn threads(&self, stage: &Stage) -> impl Iterator<Item = (usize, usize)> {
        let threads = stage.threads.iter();
        threads.map(|(shape, at)| (usize::from(*shape), usize::from(*at)))
    }

    fn reach(&self, positions: impl Iterator<Item = (usize, usize)>) -> Reach {
        let mut threads = Vec::new();
        for (shape, mut at) in positions {
            let Shape { segments, below } = &self.shapes[shape];
            loop {
                match segments.get(at) {
                    // All of it has matched the directory itself.
                    None if *below => return Reach::Everything,
                    None => break,
                    Some(Segment::Any) if at + 1 == segments.len() => return Reach::Everything,
                    Some(segment) => {
                        threads.extend(u16::try_from(shape).ok().zip(u16::try_from(at).ok()));
                        if *segment != Segment::Any {
                            break;
                        }
                        // It may stand for no segment at all.
                        at += 1;
                    }
                }
            }
        }
        if threads.is_empty() {
            return Reach::Nothing;
        }
        threads.sort_unstable();
        threads.dedup();
        Reach::Some(Stage { threads })
    }
}

impl Stage {
    /// The same bytes for the same stage of the same patterns.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = self.threads.iter().flat_map(|(shape, at)| [*shape, *at]);
        numbers.flat_map(u16::to_le_bytes).collect()
    }
}

impl Segment {
    fn matches(&self, name: &[u8]) -> bool {
        match self {
            Segment::Literal(literal) => **literal == *name,
            Segment::Wild(wild) => wild_matches(wild, name),
            Segment::Any | Segment::Opaque(_) => true,
        }
    }
}

/// `*` stands for any bytes, `?` for one.
fn wild_matches(mut wild: &[u8], mut name: &[u8]) -> bool {
    // Behind the last `*`, and where its match is taken to end.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (wild.split_first(), name.split_first()) {
            (Some((b'*', rest)), _) => {
                wild = rest;
                retry = Some((rest, name));
            }
            (Some((want, wild_rest)), Some((byte, name_rest))) if *want == b'?' || want == byte => {
                (wild, name) = (wild_rest, name_rest);
            }
            (None, None) => return true,
            _ => match retry {
                Some((behind, [_, rest @ ..])) => {
                    (wild, name) = (behind, rest);
                    retry = Some((behind, rest));
                }
                _ => return false,
            },
        }
    }
}

/// `None`: no shapes say the same as this pattern.
fn shapes(pattern: &str) -> Option<Vec<Vec<Segment>>> {
    let text = pattern.strip_suffix('/').unwrap_or(pattern);
    if text.contains(['[', '\\']) {
        return None;
    }
    let texts = if text.contains(['{', '}']) {
        let stars = |text: &str| -> Option<usize> {
            let with_stars = text.split('/').filter(|segment| segment.contains("**"));
            with_stars
                .map(|segment| (segment == "**").then_some(1))
                .sum()
        };
        // Beside or inside braces, `**` means something else than on its own, and so does `*` beside `*`.
        let texts = spelled_out(text)?;
        let own = stars(text)?;
        let same = texts.iter().all(|text| stars(text) == Some(own));
        if !same || braces_hold(text, "**") {
            return None;
        }
        texts
    } else {
        vec![text.to_owned()]
    };
    // A segment that is too far in for a stage to count to it.
    let small = texts.iter().all(|text| text.len() < usize::from(u16::MAX));
    small.then(|| texts.iter().map(|text| segments(text)).collect())
}

fn segments(text: &str) -> Vec<Segment> {
    let mut segments: Vec<Segment> = text.split('/').map(segment).collect();
    segments.dedup_by(|a, b| *a == Segment::Any && *b == Segment::Any);
    segments
}

fn segment(text: &str) -> Segment {
    match text {
        "**" => Segment::Any,
        _ if text.contains(['*', '?']) => Segment::Wild(text.as_bytes().into()),
        _ => Segment::Literal(text.as_bytes().into()),
    }
}

/// Literal segments in front, and from then on the pattern itself.
fn opaque(pattern: &str, index: usize) -> Vec<Segment> {
    let plain = |text: &&str| !text.contains(['*', '?', '[', '{', '\\']);
    let mut segments: Vec<Segment> = pattern.split('/').take_while(plain).map(segment).collect();
    segments.push(Segment::Opaque(index));
    segments
}

/// Whether `what` stands inside braces.
fn braces_hold(text: &str, what: &str) -> bool {
    let inner = text.split('{').skip(1);
    inner
        .filter_map(|part| part.split('}').next())
        .any(|part| part.contains(what))
}

/// Every way to read the braces; `None` where they are nested or have an empty way, or there are too many.
fn spelled_out(text: &str) -> Option<Vec<String>> {
    let mut texts = vec![String::new()];
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (inner, after) = after.split_once('}')?;
        let ways: Vec<&str> = inner.split(',').collect();
        if before.contains('}') || inner.contains('{') || ways.contains(&"") {
            return None;
        }
        texts = texts
            .iter()
            .flat_map(|text| ways.iter().map(move |way| format!("{text}{before}{way}")))
            .collect();
        if texts.len() > MOST_SHAPES {
            return None;
        }
        rest = after;
    }
    if rest.contains('}') {
        return None;
    }
    for text in &mut texts {
        text.push_str(rest);
    }
    Some(texts)
}

#[cfg(test)]
mod tests;
