//! `tracks explain`.

use crate::failure::{DONE, Failure};
use crate::ops::explain::explain;
use crate::ops::{OpenOptions, Session};
use crate::process::Interrupt;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Say what a rule means: the law, why it is one, an example, and the way out.
///
/// Without a code, all rules with the severity that they have here.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code of a rule, such as OWN01.
    code: Option<String>,
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    // Rules mean the same everywhere: without a tracks.toml, their own severity counts.
    let session = Session::open(OpenOptions {
        dir: context.dir.clone(),
        prefer_remote: false,
        interrupt: Interrupt::never(),
    });
    let rules = explain(session.as_ref().ok(), args.code.as_deref())?;
    let width = context.terminal.columns().unwrap_or(80);
    match (context.terminal.format, rules.as_slice()) {
        (Format::Text, [one]) if args.code.is_some() => {
            context.terminal.answer(&report::explain::text(one, width));
        }
        (Format::Text, all) => context.terminal.answer(&report::explain::table(all, width)),
        (Format::Json | Format::JsonLines, all) => {
            context.terminal.document(&report::explain::json(all));
        }
    }
    Ok(DONE)
}
