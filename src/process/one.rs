//! One command with a log and a timeout, run to its end.

use super::{End, Interrupt, Job, JobResult, Pool, ShellJob, Work};

struct One {
    job: Option<ShellJob>,
    result: Option<JobResult>,
}

impl Work<'_> for One {
    fn next(&mut self) -> Option<Job<'static>> {
        self.job.take().map(Job::Command)
    }

    fn ended(&mut self, _key: usize, result: &JobResult) {
        self.result = Some(result.clone());
    }
}

/// Runs it as a pool would that has nothing else to do.
pub fn run_one(job: ShellJob, interrupt: &Interrupt) -> JobResult {
    let mut one = One {
        job: Some(job),
        result: None,
    };
    match (Pool { interrupt }).run(&mut one, &mut |_| {}) {
        Ok(()) => one
            .result
            // It was interrupted before it began.
            .unwrap_or_else(|| JobResult::unstarted(End::Cancelled)),
        Err(error) => JobResult::unstarted(End::CouldNotStart(error.to_string())),
    }
}
