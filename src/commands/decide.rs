//! `tracks decide`.

use clap::ValueEnum;

use crate::domain::path::Pattern;
use crate::failure::{DONE, Failure};
use crate::ops;
use crate::ops::decide::Wanted;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::Context;

/// Decide which of two tracks takes precedence, and record why.
///
/// In the lines that conflict, rounds take those of the preferred track; a version that is deleted, binary or of another mode
/// is taken whole. Critical paths are left alone. Of several decisions about a pair, the newest that is about a path counts.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The two tracks.
    #[arg(value_name = "TRACK", num_args = 2, required_unless_present_any = ["list", "revoke"])]
    tracks: Vec<String>,
    /// Which of the two takes precedence.
    #[arg(long, value_name = "TRACK", requires = "tracks", required_unless_present_any = ["list", "revoke"])]
    prefer: Option<String>,
    /// Why, in a sentence.
    #[arg(long, value_name = "REASON", requires = "tracks", required_unless_present_any = ["list", "revoke"])]
    because: Option<String>,
    /// Only in these paths: a pattern as in tracks.toml. May be given several times.
    #[arg(long, value_name = "PATTERN", num_args = 1.., requires = "tracks")]
    paths: Vec<String>,
    /// List what was decided.
    #[arg(long, conflicts_with_all = ["tracks", "revoke"])]
    list: bool,
    /// Take a decision back, by the beginning of its id.
    #[arg(long, value_name = "ID", conflicts_with = "tracks")]
    revoke: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DecideFormat,
}

/// How the answer of `decide` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecideFormat {
    Text,
    Json,
    /// A section for each decision, for a page that people read.
    Markdown,
}

impl From<DecideFormat> for Format {
    fn from(format: DecideFormat) -> Self {
        match format {
            DecideFormat::Text | DecideFormat::Markdown => Format::Text,
            DecideFormat::Json => Format::Json,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let wanted = wanted(args)?;
    let session = context.session(false, Interrupt::never())?;
    let report = ops::decide::run(&session, &wanted, &command(args))?;
    match args.format {
        DecideFormat::Text => context.terminal.answer(&report::decide::text(&report)),
        DecideFormat::Markdown => context.terminal.answer(&report::decide::markdown(&report)),
        DecideFormat::Json => context.terminal.document(&report::decide::json(&report)),
    }
    Ok(DONE)
}

fn wanted(args: &Args) -> Result<Wanted, Failure> {
    if let Some(id) = &args.revoke {
        return Ok(Wanted::Revoke(id.clone()));
    }
    let ([a, b], Some(prefer), Some(because)) =
        (args.tracks.as_slice(), &args.prefer, &args.because)
    else {
        return Ok(Wanted::List);
    };
    let paths = args.paths.iter().map(|text| Pattern::new(text));
    let paths: Result<Vec<Pattern>, _> = paths.collect();
    Ok(Wanted::Decide {
        tracks: [a.clone(), b.clone()],
        prefer: prefer.clone(),
        because: because.clone(),
        paths: paths.map_err(|error| Failure::usage(error.to_string()))?,
    })
}

/// The command line, for the operation log.
fn command(args: &Args) -> String {
    match (&args.revoke, args.tracks.as_slice(), &args.prefer) {
        (Some(id), _, _) => format!("decide --revoke {id}"),
        (None, [a, b], Some(prefer)) => format!("decide {a} {b} --prefer {prefer}"),
        _ => "decide".to_owned(),
    }
}
