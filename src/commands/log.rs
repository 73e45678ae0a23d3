//! `tracks log`.

use crate::failure::{DONE, Failure};
use crate::ops;
use crate::store::Store;
use crate::ui::{Format, report};

use super::{Context, ShortFormat};

/// Show the operations that changed something here, newest first.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(long, value_enum, default_value = "text")]
    pub format: ShortFormat,
}

pub(crate) fn run(_: &Args, context: &Context) -> Result<u8, Failure> {
    let repository = ops::open_repository(&context.dir)?;
    let operations = Store::new(repository.common_dir()).operations()?;
    match context.terminal.format {
        Format::Text => context.terminal.answer(&report::log::text(&operations)),
        Format::Json | Format::JsonLines => {
            context.terminal.document(&report::log::json(&operations));
        }
    }
    Ok(DONE)
}
