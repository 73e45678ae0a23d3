//! Times of contenders that run in turns, so that what disturbs the machine disturbs them alike.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// One way to do the job.
pub(super) struct Contender<'a> {
    pub(super) name: String,
    /// Not timed: puts things as they have to be before each run.
    pub(super) prepare: Box<dyn FnMut() -> Result<(), Failure> + 'a>,
    pub(super) run: Box<dyn FnMut() -> Result<(), Failure> + 'a>,
    /// At most so many timed runs; one that runs once is not warmed up.
    most: usize,
    /// What ran was such a part of the whole job.
    part: f64,
}

impl<'a> Contender<'a> {
    pub(super) fn new(
        name: impl Into<String>,
        run: impl FnMut() -> Result<(), Failure> + 'a,
    ) -> Self {
        Contender {
            name: name.into(),
            prepare: Box::new(|| Ok(())),
            run: Box::new(run),
            most: usize::MAX,
            part: 1.0,
        }
    }

    /// For what takes minutes.
    pub(super) fn once(self) -> Self {
        self.at_most(1)
    }

    pub(super) fn at_most(mut self, runs: usize) -> Self {
        self.most = runs;
        self
    }

    /// Times count as those of the whole, of which this part runs.
    pub(super) fn part_of_the_whole(mut self, part: f64) -> Self {
        self.part = part;
        self
    }

    pub(super) fn prepared_by(mut self, prepare: impl FnMut() -> Result<(), Failure> + 'a) -> Self {
        self.prepare = Box::new(prepare);
        self
    }
}

/// What one contender needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    pub(super) name: String,
    sorted: Vec<Duration>,
    /// One a turn.
    turns: Vec<Duration>,
    /// Of the newest run.
    pub(super) last: Duration,
    /// What its processes computed, in the same order of size: on a busy machine this says more than the clock. Empty where
    /// the system does not tell.
    cpu: Vec<Duration>,
}

impl Times {
    pub(super) fn median(&self) -> Duration {
        median(&self.sorted)
    }

    pub(super) fn most(&self) -> Duration {
        self.sorted.last().copied().unwrap_or_default()
    }

    pub(super) fn least(&self) -> Duration {
        self.sorted.first().copied().unwrap_or_default()
    }

    /// What this one needed more than the other in the same turn, in milliseconds: the median, and the two between which the
    /// middle half lies. Below zero where it needed less.
    pub(super) fn over(&self, other: &Times) -> Over {
        let ms = |time: &Duration| time.as_secs_f64() * 1000.0;
        let both = self.turns.iter().zip(&other.turns);
        let mut over: Vec<f64> = both.map(|(one, two)| ms(one) - ms(two)).collect();
        over.sort_unstable_by(f64::total_cmp);
        let at = |part: usize| over.get(over.len() * part / 4).copied();
        let middle = over.len() / 2;
        let median = match over.len() {
            0 => 0.0,
            n if n % 2 == 1 => over[middle],
            _ => (over[middle - 1] + over[middle]) / 2.0,
        };
        Over {
            median,
            middle_half: (at(1).unwrap_or(0.0), at(3).unwrap_or(0.0)),
        }
    }
}

/// Differences between two contenders. Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Over {
    pub(super) median: f64,
    pub(super) middle_half: (f64, f64),
}

fn median(sorted: &[Duration]) -> Duration {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => Duration::ZERO,
        n if n % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2,
    }
}

/// A B C A B C …: one untimed turn to warm up, then `runs` timed ones. Whoever runs but once does so in the first timed turn.
pub(super) fn in_turns(
    runs: usize,
    mut contenders: Vec<Contender<'_>>,
) -> Result<Vec<Times>, Failure> {
    let mut times: Vec<Times> = contenders
        .iter()
        .map(|contender| Times {
            name: contender.name.clone(),
            sorted: Vec::new(),
            turns: Vec::new(),
            last: Duration::ZERO,
            cpu: Vec::new(),
        })
        .collect();
    for turn in 0..=runs {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            if turn > contender.most || (turn == 0 && contender.most == 1) {
                continue;
            }
            (contender.prepare)()?;
            let (started, before) = (Instant::now(), children_computed());
            (contender.run)()?;
            let (time, after) = (started.elapsed(), children_computed());
            times.last = time;
            if turn > 0 {
                times.turns.push(time.div_f64(contender.part));
                let cpu = after.zip(before).map(|(after, before)| after - before);
                times.cpu.extend(cpu.map(|cpu| cpu.div_f64(contender.part)));
            }
        }
    }
    for times in &mut times {
        times.sorted.clone_from(&times.turns);
        times.sorted.sort_unstable();
        times.cpu.sort_unstable();
    }
    Ok(times)
}

/// What all children that have ended have computed, themselves and in the kernel; where there is a /proc to read it from.
fn children_computed() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    children_in(&stat)
}

/// Of Linux's line on a process, the 16th and 17th field: hundredths of seconds.
fn children_in(stat: &str) -> Option<Duration> {
    // The name of the program, in parentheses, may have blanks in it.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(13);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis(10 * (user + system)))
}

/// The rows of a measurement, the first being what the others are compared with.
pub(super) fn table(title: &str, times: &[Times]) -> String {
    let width = times
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = format!("\n{title}\n");
    let first = times.first().map_or(0.0, |row| row.median().as_secs_f64());
    for row in times {
        let ratio = row.median().as_secs_f64() / first.max(f64::MIN_POSITIVE);
        let cpu = match row.cpu.as_slice() {
            [] => String::new(),
            cpu => format!("  cpu {:>10}", milliseconds(median(cpu))),
        };
        text.push_str(&format!(
            "  {:<width$}  {:>10}  {:>10}  {ratio:>7.1} ×{cpu}  ({} {})\n",
            row.name,
            milliseconds(row.median()),
            milliseconds(row.least()),
            row.sorted.len(),
            if row.sorted.len() == 1 { "run" } else { "runs" },
        ));
    }
    text
}

pub(super) fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn times(name: &str, milliseconds: &[u64]) -> Times {
        let turns: Vec<Duration> = milliseconds
            .iter()
            .copied()
            .map(Duration::from_millis)
            .collect();
        let mut sorted = turns.clone();
        sorted.sort_unstable();
        Times {
            name: name.to_owned(),
            sorted,
            turns,
            last: Duration::ZERO,
            cpu: Vec::new(),
        }
    }

    #[test]
    fn contenders_take_turns_and_are_prepared_each_time() {
        let order = RefCell::new(String::new());
        let note = |c: char| {
            let order = &order;
            move || {
                order.borrow_mut().push(c);
                Ok(())
            }
        };
        let contenders = vec![
            Contender::new("a", note('a')).prepared_by(note('p')),
            Contender::new("b", note('b')),
        ];
        let times = in_turns(2, contenders).unwrap();
        assert_eq!(*order.borrow(), "pabpabpab");
        assert_eq!(
            times.iter().map(|t| t.sorted.len()).collect::<Vec<_>>(),
            [2, 2]
        );
    }

    #[test]
    fn who_runs_once_is_not_warmed_up_and_a_part_counts_as_the_whole() {
        let runs = RefCell::new(0);
        let contender = Contender::new("a", || {
            *runs.borrow_mut() += 1;
            std::thread::park_timeout(Duration::from_millis(1));
            Ok(())
        });
        let times = in_turns(3, vec![contender.once().part_of_the_whole(0.001)]).unwrap();
        assert_eq!((*runs.borrow(), times[0].sorted.len()), (1, 1));
        assert!(times[0].median() >= times[0].last * 999);
    }

    #[test]
    fn what_children_computed_stands_behind_the_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 10 2000 0 5 1 2 130 21 20 0 1 0 99";
        assert_eq!(children_in(stat), Some(Duration::from_millis(1510)));
        assert_eq!(children_in("7 (a) S 1"), None);
    }

    #[test]
    fn a_failing_contender_ends_the_measurement() {
        let contenders = vec![Contender::new("a", || Err(Failure::new("broken")))];
        assert!(in_turns(1, contenders).is_err());
    }

    #[test]
    fn differences_are_those_of_the_same_turn() {
        let (one, two) = (times("a", &[30, 11, 25, 12]), times("b", &[20, 12, 5, 10]));
        let over = one.over(&two);
        assert_eq!((over.median, over.middle_half), (6.0, (2.0, 20.0)));
        assert_eq!(two.over(&one).median, -6.0);
        assert_eq!(times("a", &[]).over(&two).median, 0.0);
    }

    #[test]
    fn medians_ratios_and_least_are_what_they_say() {
        for (sample, median) in [
            (vec![], 0),
            (vec![3], 3),
            (vec![1, 2, 9], 2),
            (vec![1, 3, 5, 9], 4),
        ] {
            assert_eq!(times("x", &sample).median(), Duration::from_millis(median));
        }
        let text = table(
            "Title",
            &[times("ours", &[1, 2, 9]), times("git's", &[8, 9, 10])],
        );
        assert_eq!(
            text,
            "\nTitle\n  ours       2.0 ms      1.0 ms      1.0 ×  (3 runs)\n  git's      9.0 ms      8.0 ms      4.5 ×  (3 runs)\n"
        );
    }
}
