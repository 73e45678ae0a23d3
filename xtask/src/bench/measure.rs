//! Times of contenders that run in turns, so that what disturbs the machine disturbs them alike.

use std::time::{Duration, Instant};

use crate::failure::Failure;

/// One way to do the job.
pub(super) struct Contender<'a> {
    pub(super) name: String,
    /// Not timed: puts things as they have to be before each run.
    pub(super) prepare: Box<dyn FnMut() -> Result<(), Failure> + 'a>,
    pub(super) run: Box<dyn FnMut() -> Result<(), Failure> + 'a>,
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
        }
    }

    pub(super) fn prepared_by(mut self, prepare: impl FnMut() -> Result<(), Failure> + 'a) -> Self {
        self.prepare = Box::new(prepare);
        self
    }
}

/// What one contender needed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Times {
    name: String,
    sorted: Vec<Duration>,
}

impl Times {
    pub(super) fn median(&self) -> Duration {
        let middle = self.sorted.len() / 2;
        match self.sorted.len() {
            0 => Duration::ZERO,
            n if n % 2 == 1 => self.sorted[middle],
            _ => (self.sorted[middle - 1] + self.sorted[middle]) / 2,
        }
    }

    pub(super) fn least(&self) -> Duration {
        self.sorted.first().copied().unwrap_or_default()
    }
}

/// A B C A B C …: one untimed turn to warm up, then `runs` timed ones.
pub(super) fn in_turns(
    runs: usize,
    mut contenders: Vec<Contender<'_>>,
) -> Result<Vec<Times>, Failure> {
    let mut times: Vec<Times> = contenders
        .iter()
        .map(|contender| Times {
            name: contender.name.clone(),
            sorted: Vec::new(),
        })
        .collect();
    for turn in 0..=runs {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            (contender.prepare)()?;
            let started = Instant::now();
            (contender.run)()?;
            let time = started.elapsed();
            if turn > 0 {
                times.sorted.push(time);
            }
        }
    }
    for times in &mut times {
        times.sorted.sort_unstable();
    }
    Ok(times)
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
        text.push_str(&format!(
            "  {:<width$}  {:>10}  {:>10}  {ratio:>7.1} ×  ({} runs)\n",
            row.name,
            milliseconds(row.median()),
            milliseconds(row.least()),
            row.sorted.len(),
        ));
    }
    text
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn times(name: &str, milliseconds: &[u64]) -> Times {
        let sorted = milliseconds
            .iter()
            .copied()
            .map(Duration::from_millis)
            .collect();
        Times {
            name: name.to_owned(),
            sorted,
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
    fn a_failing_contender_ends_the_measurement() {
        let contenders = vec![Contender::new("a", || Err(Failure::new("broken")))];
        assert!(in_turns(1, contenders).is_err());
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
