//! `tracks new`.

use crate::failure::{DONE, Failure};
use crate::ops::new_migration::{self, Options};
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Make something new: the next migration of a track.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Migration(MigrationArgs),
}

/// Make the next migration, named as `[migrations] name` says, in the worktree of its track.
///
/// Its version is above all that base and any track has, uncommitted work included, and nobody who asks at the same time gets
/// the same one. Both ways are made where migrations have two; for alembic and django it follows the head that the track has.
/// Nothing is ever overwritten.
#[derive(Debug, clap::Args)]
struct MigrationArgs {
    /// What it is for, in words: "add agent registry".
    #[arg(value_name = "TITLE")]
    title: String,
    /// The track that it is for; default: the one in whose worktree this is.
    #[arg(long, value_name = "TRACK")]
    track: Option<String>,
    /// The directory that it goes to, from the root of the repository; needed where there are several.
    #[arg(long = "in", value_name = "DIR")]
    directory: Option<String>,
    /// Only show it; nothing is made, and nothing reserved.
    #[arg(long)]
    dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    format: ShortFormat,
}

impl Args {
    pub fn format(&self) -> ShortFormat {
        match &self.what {
            What::Migration(args) => args.format,
        }
    }
}

pub(crate) fn run(args: Args, context: &Context) -> Result<u8, Failure> {
    let What::Migration(args) = args.what;
    let session = context.session(false, Interrupt::never())?;
    let options = Options {
        title: args.title,
        track: args.track,
        directory: args.directory,
        dry_run: args.dry_run,
    };
    let report = new_migration::run(&session, &options)?;
    match context.terminal.format {
        Format::Text => {
            context
                .terminal
                .answer(&report::new_migration::text(&report));
            if let Some(note) = report::new_migration::note(&report) {
                context.note(note);
            }
        }
        Format::Json | Format::JsonLines => {
            context
                .terminal
                .document(&report::new_migration::json(&report));
        }
    }
    Ok(DONE)
}
