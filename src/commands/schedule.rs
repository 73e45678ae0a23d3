//! `tracks schedule`.

use std::time::Duration;

use clap::ValueEnum;

use crate::domain::schedule::Timer;
use crate::failure::{DONE, Failure};
use crate::ops;
use crate::process::Interrupt;
use crate::ui::report;

use super::{Context, duration};

/// Print what makes a timer run a round every `[integration] every`; nothing is written anywhere.
///
/// Without an argument, show which timers there are. `tracks sync --watch` needs none of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose timer.
    #[arg(value_enum, value_name = "TIMER")]
    timer: Option<Kind>,
    /// So often, instead of `[integration] every`, like `4h` or `2d`.
    #[arg(long, value_name = "DURATION", requires = "timer", value_parser = duration)]
    every: Option<Duration>,
    /// What `tracks` is to do, its words separated by blanks; otherwise `sync`, for a forge `sync --fetch --push`.
    #[arg(long, value_name = "COMMAND", requires = "timer")]
    command: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Systemd,
    Cron,
    Github,
    Gitlab,
}

impl From<Kind> for Timer {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Systemd => Timer::Systemd,
            Kind::Cron => Timer::Cron,
            Kind::Github => Timer::Github,
            Kind::Gitlab => Timer::Gitlab,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, Failure> {
    let Some(timer) = args.timer else {
        context.terminal.answer(&report::schedule::timers());
        return Ok(DONE);
    };
    let command: Option<Vec<String>> = args
        .command
        .as_ref()
        .map(|command| command.split_whitespace().map(str::to_owned).collect());
    if command.as_ref().is_some_and(Vec::is_empty) {
        return Err(Failure::usage("`--command` names no command")
            .hint("for example `--command 'sync --fetch --push'`"));
    }
    let session = context.session(false, Interrupt::never())?;
    let schedule = ops::schedule::run(&session, timer.into(), args.every, command.as_deref())?;
    if let Some(note) = schedule.note {
        context.note(note);
    }
    context.terminal.answer(&schedule.text);
    Ok(DONE)
}
