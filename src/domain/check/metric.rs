//! Numbers that checks yield: how they are read, held against their limits, and added up to one score.

use std::fmt::Write as _;

use crate::domain::project::{Better, Loss, Metric};

/// For comparing with what is computed from base: `96.1 - 2%` is no round number.
const ROUNDING: f64 = 1e-9;

/// One number of one run, held against its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub name: String,
    /// `None`: it could not be taken; `complaint` says why.
    pub value: Option<f64>,
    /// How much it counts in the score; above 0.
    pub weight: f64,
    /// What it is on base, where that is known.
    pub base: Option<f64>,
    /// What it was the last time, on the same side.
    pub last: Option<f64>,
    /// How far it meets its limits: 1 where it does, else a share of 1. `None`: it has none.
    pub met: Option<f64>,
    /// What is wrong with it, as a sentence without its end.
    pub complaint: Option<String>,
}

impl Figure {
    /// Holds a number, or the reason why there is none, against the metric's limits. A loss against base counts only where
    /// base's number is known.
    pub fn judge(
        metric: &Metric,
        taken: Result<f64, String>,
        base: Option<f64>,
        last: Option<f64>,
    ) -> Self {
        let limited = metric.is_limited();
        let (value, broken) = match taken {
            Ok(value) => (Some(value), broken_limits(metric, value, base)),
            Err(why) => (None, vec![(0.0, format!("{}: {why}", metric.name))]),
        };
        let met = broken.iter().map(|(share, _)| *share).fold(1.0, f64::min);
        let complaints: Vec<String> = broken.into_iter().map(|(_, text)| text).collect();
        Figure {
            name: metric.name.clone(),
            value,
            weight: metric.weight,
            base,
            last,
            met: limited.then_some(met),
            complaint: (!complaints.is_empty()).then(|| complaints.join("; ")),
        }
    }

    /// Whether a check that has it cannot count as passed.
    pub fn fails(&self) -> bool {
        self.met.is_some() && self.complaint.is_some()
    }

    /// "coverage 95.2 (base 94.8 ↑, last 95.2)": an arrow where it went up or down since. `None` without a number.
    pub fn trend(&self) -> Option<String> {
        let value = self.value?;
        let mut text = format!("{} {value}", self.name);
        let before = [("base", self.base), ("last", self.last)];
        let compared: Vec<String> = before
            .into_iter()
            .filter_map(|(what, before)| Some((what, before?)))
            .map(|(what, before)| format!("{what} {before}{}", arrow(before, value)))
            .collect();
        if !compared.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(text, " ({})", compared.join(", "));
        }
        Some(text)
    }
}

/// How far all limits are met together, 0 to 1, by weight; `None` where no figure has a limit.
pub fn score<'a>(figures: impl IntoIterator<Item = &'a Figure>) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for figure in figures {
        if let Some(met) = figure.met {
            sum += met * figure.weight;
            weights += figure.weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

/// A number as tools write it: `95`, `-0.5`, `1e3`, `95.`; digits before the point may be grouped by `_`, or in threes by `,`
/// (`1,234.5`). A decimal comma is not understood: `0,5` and `1,25` are no numbers.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = digits(&whole.replace(['_', ','], ""))
        && digits(fraction)
        && (!whole.is_empty() || !fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
        && is_grouped_well(whole);
    if !well_formed {
        return None;
    }
    let plain = text.replace(['_', ','], "");
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_grouped_well(whole: &str) -> bool {
    if whole.contains('_') {
        return !whole.contains(',') && whole.split('_').all(|group| !group.is_empty());
    }
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut rest = groups.peekable();
    rest.peek().is_none()
        || (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && rest.all(|group| group.len() == 3)
}

fn arrow(before: f64, now: f64) -> &'static str {
    if now > before {
        " ↑"
    } else if now < before {
        " ↓"
    } else {
        ""
    }
}

/// Each limit that is broken: how far it is met all the same, and a sentence.
fn broken_limits(metric: &Metric, value: f64, base: Option<f64>) -> Vec<(f64, String)> {
    let name = &metric.name;
    let mut broken = Vec::new();
    if let Some(min) = metric.min.filter(|min| value < *min) {
        let text = format!("{name} {value} is below min {min}");
        broken.push((share(value, min), text));
    }
    if let Some(max) = metric.max.filter(|max| value > *max) {
        let text = format!("{name} {value} is above max {max}");
        broken.push((share(max, value), text));
    }
    if let (Some(regression), Some(base)) = (&metric.max_regression, base) {
        let (allowed, written) = match regression.loss {
            Loss::Absolute(loss) => (loss, loss.to_string()),
            Loss::Percent(percent) => (base.abs() * percent / 100.0, format!("{percent}%")),
        };
        let rounding = ROUNDING * base.abs().max(allowed);
        let (worse, share) = match regression.better {
            Better::Higher => (base - value, share(value, base - allowed)),
            Better::Lower => (value - base, share(base + allowed, value)),
        };
        if worse > allowed + rounding {
            let text = match allowed {
                0.0 => format!("{name} {value} is worse than base's {base}"),
                _ => format!("{name} {value} is more than {written} worse than base's {base}"),
            };
            broken.push((share, text));
        }
    }
    broken
}

/// What a limit that is broken counts all the same. Below zero there are no shares.
fn share(part: f64, whole: f64) -> f64 {
    if part > 0.0 && whole > 0.0 {
        (part / whole).min(1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::{MetricSource, Regression};

    fn metric(min: Option<f64>, max: Option<f64>, regression: Option<(Better, Loss)>) -> Metric {
        Metric {
            name: "m".to_owned(),
            source: MetricSource::Pattern("(.)".to_owned()),
            min,
            max,
            max_regression: regression.map(|(better, loss)| Regression { loss, better }),
            weight: 1.0,
        }
    }

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("95", Some(95.0)),
            (" 95.2\r", Some(95.2)),
            ("-0.5", Some(-0.5)),
            ("+3", Some(3.0)),
            (".5", Some(0.5)),
            ("95.", Some(95.0)),
            ("1e3", Some(1000.0)),
            ("1.5E-2", Some(0.015)),
            ("1_000", Some(1000.0)),
            ("1,000", Some(1000.0)),
            ("12,345,678.9", Some(12_345_678.9)),
            ("1_0_0", Some(100.0)),
            ("1,25", None),
            ("0,500", None),
            ("1234,567", None),
            ("1,2345", None),
            (",123", None),
            ("1_000,000", None),
            ("_1", None),
            ("1__0", None),
            ("1.000,5", None),
            ("1.2.3", None),
            ("", None),
            (".", None),
            ("-", None),
            ("e3", None),
            ("1e", None),
            ("1e999", None),
            ("nan", None),
            ("inf", None),
            ("0x10", None),
            ("95%", None),
            ("٣", None),
        ] {
            assert_eq!(number(text), expected, "{text:?}");
        }
    }

    #[test]
    fn limits() {
        use Better::{Higher, Lower};
        use Loss::{Absolute, Percent};
        // Limits, value, base → what is met, complaint.
        for (metric, value, base, met, complaint) in [
            (metric(None, None, None), 1.0, Some(9.0), None, None),
            (metric(Some(95.0), None, None), 95.0, None, Some(1.0), None),
            (
                metric(Some(95.0), None, None),
                47.5,
                None,
                Some(0.5),
                Some("m 47.5 is below min 95"),
            ),
            (
                metric(None, Some(200.0), None),
                200.0,
                None,
                Some(1.0),
                None,
            ),
            (
                metric(None, Some(200.0), None),
                400.0,
                None,
                Some(0.5),
                Some("m 400 is above max 200"),
            ),
            (
                metric(None, Some(0.0), None),
                3.0,
                None,
                Some(0.0),
                Some("m 3 is above max 0"),
            ),
            (
                metric(Some(-5.0), None, None),
                -10.0,
                None,
                Some(0.0),
                Some("m -10 is below min -5"),
            ),
            (
                metric(Some(1.0), Some(2.0), None),
                4.0,
                None,
                Some(0.5),
                Some("m 4 is above max 2"),
            ),
            (
                metric(None, None, Some((Higher, Percent(2.0)))),
                93.0,
                Some(96.1),
                Some(93.0 / (96.1 - 96.1 * 2.0 / 100.0)),
                Some("m 93 is more than 2% worse than base's 96.1"),
            ),
            (
                metric(None, None, Some((Higher, Percent(10.0)))),
                90.0,
                Some(100.0),
                Some(1.0),
                None,
            ),
            (
                metric(None, None, Some((Higher, Absolute(0.1)))),
                0.2,
                Some(0.3),
                Some(1.0),
                None,
            ),
            (
                metric(None, None, Some((Higher, Percent(2.0)))),
                1.0,
                None,
                Some(1.0),
                None,
            ),
            (
                metric(None, None, Some((Lower, Absolute(3.0)))),
                26.0,
                Some(10.0),
                Some(0.5),
                Some("m 26 is more than 3 worse than base's 10"),
            ),
            (
                metric(None, None, Some((Lower, Absolute(3.0)))),
                1.0,
                Some(10.0),
                Some(1.0),
                None,
            ),
            (
                metric(None, None, Some((Lower, Percent(50.0)))),
                -6.0,
                Some(-4.0),
                Some(1.0),
                None,
            ),
            (
                metric(None, None, Some((Lower, Absolute(0.0)))),
                1.0,
                Some(0.0),
                Some(0.0),
                Some("m 1 is worse than base's 0"),
            ),
            (
                metric(Some(80.0), None, Some((Higher, Absolute(1.0)))),
                40.0,
                Some(90.0),
                Some(40.0 / 89.0),
                Some("m 40 is below min 80; m 40 is more than 1 worse than base's 90"),
            ),
        ] {
            let figure = Figure::judge(&metric, Ok(value), base, None);
            assert_eq!(figure.complaint.as_deref(), complaint, "{metric:?}");
            assert_eq!(figure.met, met, "{metric:?}");
            assert_eq!(figure.fails(), complaint.is_some(), "{metric:?}");
        }
    }

    #[test]
    fn a_number_that_is_missing_fails_only_where_it_has_a_limit() {
        for (metric, met, fails) in [
            (metric(None, None, None), None, false),
            (metric(Some(1.0), None, None), Some(0.0), true),
        ] {
            let figure = Figure::judge(&metric, Err("no such thing".to_owned()), None, None);
            assert_eq!(figure.complaint.as_deref(), Some("m: no such thing"));
            assert_eq!((figure.met, figure.fails()), (met, fails));
            assert_eq!(figure.trend(), None);
        }
    }

    #[test]
    fn trends() {
        for (base, last, expected) in [
            (None, None, "m 95.2"),
            (Some(94.8), Some(95.2), "m 95.2 (base 94.8 ↑, last 95.2)"),
            (Some(96.0), None, "m 95.2 (base 96 ↓)"),
            (None, Some(1000.0), "m 95.2 (last 1000 ↓)"),
        ] {
            let figure = Figure::judge(&metric(None, None, None), Ok(95.2), base, last);
            assert_eq!(figure.trend().as_deref(), Some(expected));
        }
    }

    #[test]
    fn scores_are_weighted_means_of_what_has_limits() {
        let figure = |met: Option<f64>, weight: f64| Figure {
            weight,
            met,
            ..Figure::judge(&metric(None, None, None), Ok(1.0), None, None)
        };
        for (figures, expected) in [
            (vec![], None),
            (vec![figure(None, 1.0)], None),
            (vec![figure(Some(1.0), 5.0)], Some(1.0)),
            (
                vec![
                    figure(Some(1.0), 3.0),
                    figure(Some(0.0), 1.0),
                    figure(None, 9.0),
                ],
                Some(0.75),
            ),
        ] {
            assert_eq!(score(&figures), expected);
        }
    }
}
