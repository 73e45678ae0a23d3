//! `tracks own`.

use std::ffi::OsString;

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Give paths to a track, or hand them over from one to another: edits `owns` in the working copy's tracks.toml.
///
/// Everything else in the file stays as it is. Where the other track's pattern is broader than the path, that pattern stays,
/// and a `[shared]` says who answers for the path. Ownership counts once base has it: commit the file there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files, directories, or patterns as in tracks.toml.
    #[arg(required_unless_present = "codeowners")]
    paths: Vec<OsString>,
    /// Who gets them.
    #[arg(long, value_name = "TRACK", required_unless_present = "codeowners")]
    track: Option<String>,
    /// Who gives them up.
    #[arg(long, value_name = "TRACK")]
    from: Option<String>,
    /// Write the CODEOWNERS file that `[ownership] codeowners` names.
    #[arg(long, conflicts_with_all = ["paths", "track", "from"])]
    codeowners: bool,
    /// Write it over one that was written by hand, or that has changes that are in no commit.
    #[arg(long, requires = "codeowners")]
    force: bool,
    /// Show what would change, and change nothing.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let session = context.session(false, Interrupt::never())?;
    let report = match (&args.track, args.codeowners) {
        (Some(track), false) => ops::own::hand_over(
            &session,
            &args.paths,
            track,
            args.from.as_deref(),
            &context.dir,
            args.dry_run,
        )?,
        _ => ops::own::write_codeowners(&session, args.dry_run, args.force)?,
    };
    match context.terminal.format {
        Format::Text => {
            let text = report::own::text(&report, args.dry_run);
            context.terminal.answer(&text);
        }
        Format::Json | Format::JsonLines => context.terminal.document(&report::own::json(&report)),
    }
    Ok(DONE)
}
