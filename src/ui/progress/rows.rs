//! How what is going on looks: the rows that move, what is printed above them, and the answer to who asks.

use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr as _;

use super::state::{Check, Line, State, What, service};
use crate::domain::check::Outcome;
use crate::ops::{Event, ServiceStep, TrackStep, Wait};
use crate::ui::report::failures::{self, Length};
use crate::ui::screen::cut;
use crate::ui::style::{BAD, DIM, GOOD, HINT, STRONG, WARN, paint, tame};

const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const TURN: u128 = 100;

/// No name moves the rest of its line farther to the right.
const WIDEST_NAME: usize = 40;

/// The bar, in columns.
const BAR: usize = 24;

/// A first estimate is mostly wrong.
const BEFORE_ESTIMATE: Duration = Duration::from_secs(1);

/// What moves, one string a row: never more rows than the terminal has, none wider than it.
pub(super) fn rows(state: &State, now: Instant, (width, height): (usize, usize)) -> Vec<String> {
    let mut bottom: Vec<String> = waits(state, now).map(|wait| paint(WARN, &wait)).collect();
    bottom.extend(overall(state, now));
    // The last row of the terminal is the cursor's.
    let room = height.saturating_sub(1 + bottom.len()).max(1);
    let fit = match state.lines.len() > room {
        true => room - 1,
        false => state.lines.len(),
    };
    let (shown, hidden) = state.lines.split_at(fit);
    let mut rows = lines(shown, now, &spinner(state, now));
    if !hidden.is_empty() {
        let more = format!("… and {} more", hidden.len());
        rows.push(format!("  {}", paint(DIM, &more)));
    }
    rows.extend(bottom);
    let surplus = rows.len().saturating_sub(height.saturating_sub(1).max(1));
    rows.drain(..surplus);
    rows.iter().map(|row| cut(row, width)).collect()
}

/// What is printed above, to stay; most events need nothing there.
pub(super) fn news(event: &Event<'_>, state: &State) -> String {
    match event {
        Event::Track {
            track,
            step: TrackStep::Failed(message),
        } => format!("{} {track}: {}\n", paint(BAD, "failed"), tame(message)),
        Event::Service {
            name,
            place,
            step: ServiceStep::Failed(message),
        } => {
            let name = tame(&service(name, *place));
            format!("{} {name}: {}\n", paint(BAD, "failed"), tame(message))
        }
        Event::CheckEnded { run }
            if run.outcome.is_red() && (run.allow_failure || failures::is_known(run)) =>
        {
            failures::line(run) + "\n"
        }
        Event::CheckEnded { run } if run.outcome.is_red() => {
            let length = match state.failures > failures::IN_FULL {
                true => Length::End,
                false => Length::Full,
            };
            failures::block(run, length, None)
        }
        Event::CheckEnded { run } if run.outcome == Outcome::CouldNotRun => {
            failures::line(run) + "\n"
        }
        _ => String::new(),
    }
}

/// The answer to who asks what is going on.
pub(super) fn status(state: &State, now: Instant) -> String {
    let mut text = match &state.stage {
        Some((stage, _)) => format!("{}: ", tame(stage)),
        None => String::new(),
    };
    let checks = state.checks();
    if state.total() > 0 {
        let failed = match state.failed {
            0 => String::new(),
            failed => format!(" ({failed} failed)"),
        };
        let left = state.total() - state.done - checks;
        text.push_str(&format!(
            "{} of {} ended{failed}, {checks} running, {left} to come",
            state.done,
            state.total()
        ));
        if let Some(remaining) = state.remaining(now) {
            text.push_str(&format!("; about {} left", short(remaining)));
        }
    } else {
        let since = state.stage.as_ref().map(|(_, since)| *since);
        let elapsed = since.map_or(Duration::ZERO, |since| now - since);
        text.push_str(&format!("for {}", short(elapsed)));
    }
    let mut text = paint(STRONG, &text) + "\n";
    let names = name_width(&state.lines);
    for line in &state.lines {
        let how = match &line.what {
            What::Other(words) => format!("{}, {words}", short(now - line.since)),
            What::Check(check) => asked(check, line, now),
        };
        text.push_str(&format!("  {}  {how}\n", padded(&line.key, names)));
    }
    for wait in waits(state, now) {
        text.push_str(&format!("  {}\n", paint(WARN, &wait)));
    }
    text
}

fn asked(check: &Check, line: &Line, now: Instant) -> String {
    let mut parts = vec![times(check, line, now)];
    if check.attempt > 1 {
        parts.push(format!("attempt {}", check.attempt));
    }
    parts.push(match (&check.again, &check.output) {
        (Some(_), _) => again(check, now),
        (None, None) => "no output yet".to_owned(),
        (None, Some((output, at))) => {
            let ago = short(now - *at);
            format!("last output {ago} ago: {}", paint(DIM, &in_one_row(output)))
        }
    });
    parts.join(", ")
}

/// `waiting for postgres (track-b unit, 1m04s)`, for each.
pub(super) fn waits(state: &State, now: Instant) -> impl Iterator<Item = String> {
    let waits = state.waits.iter();
    waits.map(move |(wait, at)| waiting(wait, now.saturating_duration_since(*at)))
}

/// `since` is how long ago it was said.
pub(super) fn waiting(wait: &Wait, since: Duration) -> String {
    let held = short(wait.held + since);
    tame(&format!(
        "waiting for {} ({}, {held})",
        wait.resource, wait.holder
    ))
}

/// `12s of ~40s`.
pub(super) fn times(check: &Check, line: &Line, now: Instant) -> String {
    let elapsed = short(now.saturating_duration_since(line.since));
    match check.expected {
        Some(expected) => format!("{elapsed} of ~{}", short(expected)),
        None => elapsed,
    }
}

fn lines(lines: &[Line], now: Instant, spinner: &str) -> Vec<String> {
    let names = name_width(lines);
    let time = |line: &Line| match &line.what {
        What::Check(check) if check.again.is_some() => again(check, now),
        What::Check(check) => times(check, line, now),
        What::Other(_) => short(now.saturating_duration_since(line.since)),
    };
    let widest = lines.iter().map(|line| time(line).width()).max();
    let row = |line: &Line| {
        let (style, rest) = match &line.what {
            What::Other(words) => (DIM, words.clone()),
            What::Check(check) => {
                let late = check.expected.is_some_and(|expected| {
                    now.saturating_duration_since(line.since) > expected + expected / 2
                });
                let style = if late || check.again.is_some() {
                    WARN
                } else {
                    DIM
                };
                (style, told(check, now))
            }
        };
        let time = match rest.as_str() {
            "" => time(line),
            _ => padded(&time(line), widest.unwrap_or(0)),
        };
        let time = paint(style, &time);
        let name = paint(STRONG, &padded(&line.key, names));
        let gap = if rest.is_empty() { "" } else { "  " };
        format!("{spinner} {name}  {time}{gap}{rest}")
    };
    lines.iter().map(row).collect()
}

/// What a check that runs has to say.
fn told(check: &Check, now: Instant) -> String {
    let mut parts = Vec::new();
    if check.again.is_some() {
        return String::new();
    }
    if let Some(since) = check.silent_since {
        let silent = coarse(now.saturating_duration_since(since));
        parts.push(paint(WARN, &format!("silent for {silent}")));
    }
    if check.attempt > 1 {
        parts.push(format!("attempt {}", check.attempt));
    }
    if let Some((output, _)) = &check.output {
        parts.push(paint(DIM, &in_one_row(output)));
    }
    parts.join("  ")
}

fn again(check: &Check, now: Instant) -> String {
    let at = check.again.unwrap_or(now);
    // Rounded up: it counts down to one, then it starts.
    let delay = at.saturating_duration_since(now).as_millis().div_ceil(1000);
    let delay = Duration::from_secs(u64::try_from(delay).unwrap_or(u64::MAX));
    format!("again in {} (attempt {})", short(delay), check.attempt + 1)
}

/// The last row: the stage, and with checks that are planned, the bar.
fn overall(state: &State, now: Instant) -> Option<String> {
    let (stage, _) = state.stage.as_ref()?;
    let mut parts = vec![format!("{} {}", spinner(state, now), tame(stage))];
    if state.plan.checks > 0 && state.done < state.total() {
        parts.push(bar(state));
        parts.push(format!("{}/{}", state.done, state.total()));
        let mut counts = vec![format!("{} running", state.checks())];
        if state.failed > 0 {
            counts.push(paint(BAD, &format!("{} failed", state.failed)));
        }
        parts.push(counts.join(", "));
        if state.elapsed(now) >= BEFORE_ESTIMATE
            && let Some(remaining) = state.remaining(now)
        {
            parts.push(paint(DIM, &format!("about {} left", short(remaining))));
        }
    }
    Some(parts.join("  "))
}

fn bar(state: &State) -> String {
    let full = state.done * BAR / state.total().max(1);
    let style = if state.failed > 0 { BAD } else { GOOD };
    let rest = paint(DIM, &"─".repeat(BAR - full));
    paint(style, &"━".repeat(full)) + &rest
}

fn spinner(state: &State, now: Instant) -> String {
    let turns = state.elapsed(now).as_millis() / TURN;
    let frame = usize::try_from(turns % SPINNER.len() as u128).unwrap_or(0);
    paint(HINT, SPINNER[frame])
}

fn name_width(lines: &[Line]) -> usize {
    let widest = lines.iter().map(|line| tame(&line.key).width()).max();
    widest.unwrap_or(0).min(WIDEST_NAME)
}

fn padded(text: &str, width: usize) -> String {
    let text = tame(text);
    let missing = width.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

/// A line of output as a part of a row of ours: without its colours and tabs.
pub(super) fn in_one_row(output: &str) -> String {
    let plain = anstream::adapter::strip_str(output).to_string();
    tame(&plain.replace('\t', " ")).trim().to_owned()
}

/// One word, in a line of several facts: `12s`, `1m04s`, `2h05m`.
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// Where a minute more or less says nothing: `45s`, `10m`, `2h05m`.
pub(super) fn coarse(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 60..3600 => format!("{}m", seconds / 60),
        _ => short(duration),
    }
}

#[cfg(test)]
mod tests;
