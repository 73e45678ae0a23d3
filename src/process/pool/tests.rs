//! The pool against real children.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use super::*;
use crate::process::{Cmd, environment};

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<ShellJob>,
    at_once: usize,
    running: usize,
    most_running: usize,
    results: BTreeMap<usize, JobResult>,
    fail_fast: bool,
    /// How often nothing may start yet.
    refusals: Cell<usize>,
    asked: usize,
    calls: Vec<usize>,
    called: Vec<usize>,
}

impl Work<'_> for Jobs {
    fn next(&mut self) -> Option<Job<'static>> {
        self.asked += 1;
        if self.running == self.at_once || self.refusals.get() > 0 {
            return None;
        }
        if let Some(key) = self.calls.pop() {
            let call = Box::new(|| ());
            return Some(Job::Call(Call { key, call }));
        }
        let job = self.waiting.pop_front()?;
        self.running += 1;
        self.most_running = self.most_running.max(self.running);
        Some(Job::Command(job))
    }

    fn ended(&mut self, key: usize, result: &JobResult) {
        self.running -= 1;
        let before = self.results.insert(key, result.clone());
        assert_eq!(before, None, "job {key} ended twice");
    }

    fn called(&mut self, key: usize) {
        self.called.push(key);
    }

    fn to_stop(&mut self) -> Vec<usize> {
        let red = self.results.values().any(|r| r.end != End::Exited(0));
        if self.fail_fast && red {
            (0..9).collect()
        } else {
            Vec::new()
        }
    }

    fn ask_again(&self) -> Option<Duration> {
        let left = self.refusals.get().checked_sub(1)?;
        self.refusals.set(left);
        Some(BETWEEN_QUESTIONS)
    }
}

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(10);

struct Bench {
    dir: tempfile::TempDir,
    interrupt: Interrupt,
    jobs: Jobs,
    events: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        Bench::below(&std::env::temp_dir())
    }

    fn below(dir: &Path) -> Self {
        Bench {
            dir: tempfile::tempdir_in(dir).unwrap(),
            interrupt: Interrupt::never(),
            jobs: Jobs {
                at_once: 4,
                ..Jobs::default()
            },
            events: Vec::new(),
        }
    }

    fn job(&self, script: &str) -> ShellJob {
        let key = self.jobs.waiting.len();
        ShellJob {
            key,
            command: Command::Shell(script.to_owned()),
            cwd: self.dir.path().to_owned(),
            env: Vec::new(),
            stdin: Vec::new(),
            log: self.dir.path().join(format!("logs/{key}.log")),
            timeout: Some(Duration::from_secs(60)),
            grace: Duration::from_secs(20),
            stall: None,
            end_stalled: false,
        }
    }

    fn add(&mut self, job: ShellJob) {
        self.jobs.waiting.push_back(job);
    }

    fn add_script(&mut self, script: &str) {
        self.add(self.job(script));
    }

    fn run(&mut self) -> Duration {
        let start = Instant::now();
        let events = &mut self.events;
        let pool = Pool {
            interrupt: &self.interrupt,
        };
        pool.run(&mut self.jobs, &mut |event| {
            events.push(match event {
                PoolEvent::Output { key, line } => format!("{key}: {line}"),
                PoolEvent::Stalled { key, .. } => format!("{key} stalled"),
            });
        })
        .unwrap();
        start.elapsed()
    }

    fn ends(&self) -> Vec<End> {
        self.jobs.results.values().map(|r| r.end.clone()).collect()
    }

    fn log(&self, key: usize) -> String {
        fs::read_to_string(self.dir.path().join(format!("logs/{key}.log"))).unwrap()
    }

    /// A named pipe that a process can hold open by `exec 9>alive`, and the end that shows whether somebody does.
    fn watched(&self) -> fs::File {
        let path = self.dir.path().join("alive");
        let made = Cmd::new("mkfifo").arg(&path).output().unwrap();
        assert_eq!(made.status, Some(0));
        fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
            .unwrap()
    }
}

/// Returns when no process holds the pipe any more: a killed one needs a moment.
fn wait_until_gone(mut watched: fs::File) {
    let start = Instant::now();
    let mut buffer = [0; 16];
    loop {
        match watched.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
        assert!(start.elapsed() < Duration::from_secs(10), "still alive");
        std::thread::yield_now();
    }
}

/// Children that outlive their parent, deaf to TERM, with the pipe `alive` and the output open.
const DEAF_GRANDCHILD: &str =
    "(trap '' TERM; exec 9>alive; echo ready >ready; while :; do sleep 1; done) &
     while ! test -s ready; do sleep 0.01; done";

#[test]
fn ends() {
    let mut bench = Bench::new();
    for script in ["true", "exit 3", "kill -9 $$", "no-such-program-here"] {
        bench.add_script(script);
    }
    let mut job = bench.job("");
    job.command = Command::Argv(vec!["no-such-program-here".to_owned()]);
    bench.add(job);
    let mut job = bench.job("true");
    job.cwd = "/no/such/dir".into();
    bench.add(job);
    let mut job = bench.job("");
    job.command = Command::Argv(vec!["/".to_owned()]);
    bench.add(job);
    bench.run();
    assert_eq!(
        bench.ends(),
        [
            End::Exited(0),
            End::Exited(3),
            End::Signalled(9),
            End::Exited(127),
            End::CouldNotStart(
                "there is no program `no-such-program-here`, or what should interpret it is missing"
                    .to_owned()
            ),
            End::CouldNotStart("there is no directory /no/such/dir".to_owned()),
            End::CouldNotStart(
                "`/` cannot be started: Permission denied (os error 13)".to_owned()
            ),
        ]
    );
}

#[test]
fn both_streams_in_the_order_they_came() {
    let mut bench = Bench::new();
    bench.add_script("echo 1; echo 2 >&2; echo 3; echo 4 >&2; printf 5");
    bench.run();
    assert_eq!(bench.log(0), "1\n2\n3\n4\n5");
    assert_eq!(bench.events.last().unwrap(), "0: 5");
}

#[test]
fn a_flood_is_logged_whole_and_announced_rarely() {
    let mut bench = Bench::new();
    bench.add_script("yes a-line-of-twenty-bytes | head -n 200000");
    let wall = bench.run();
    assert_eq!(bench.log(0).lines().count(), 200_000);
    let announced = bench.events.len();
    let most = usize::try_from(wall.as_millis() / 50).unwrap() + 3;
    assert!(
        announced >= 1 && announced <= most,
        "{announced} in {wall:?}"
    );
}

#[test]
fn environment_and_input() {
    let mut bench = Bench::new();
    let mut job = bench.job("cat; echo \"$A ${GIT_DIR-none} $(pwd -P)\"");
    job.env = vec![("A".to_owned(), "a b".to_owned())];
    bench.add(job);
    bench.run();
    let dir = bench.dir.path().canonicalize().unwrap();
    assert_eq!(bench.log(0), format!("a b none {}\n", dir.display()));
}

#[test]
fn usage_is_told() {
    let mut bench = Bench::new();
    bench.add_script("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done");
    bench.run();
    let result = &bench.jobs.results[&0];
    assert!(result.cpu.unwrap() > Duration::ZERO);
    assert!(result.wall > Duration::ZERO);
    assert!(result.peak_memory.unwrap() > 100_000);
}

#[test]
fn a_timeout_ends_the_whole_group() {
    let mut bench = Bench::new();
    let watched = bench.watched();
    let mut job = bench.job(&format!("{DEAF_GRANDCHILD}; echo up; wait"));
    job.timeout = Some(Duration::from_secs(1));
    job.grace = Duration::from_millis(100);
    bench.add(job);
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::TimedOut]);
    assert!(wall < Duration::from_secs(10), "{wall:?}");
    assert_eq!(bench.log(0), "up\n");
    wait_until_gone(watched);
}

#[test]
fn the_grace_is_for_cleaning_up_and_ends_early() {
    let mut bench = Bench::new();
    let mut job =
        bench.job("trap 'echo cleaned; exit 0' TERM; echo up; while :; do sleep 0.05; done");
    job.timeout = Some(Duration::from_millis(500));
    bench.add(job);
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::TimedOut]);
    assert!(bench.log(0).ends_with("cleaned\n"), "{}", bench.log(0));
    assert!(wall < Duration::from_secs(10), "{wall:?}");
}

#[test]
fn a_stopped_child_hears_the_end_too() {
    let mut bench = Bench::new();
    let mut job = bench.job("kill -STOP $$");
    job.timeout = Some(Duration::from_millis(200));
    bench.add(job);
    assert!(bench.run() < Duration::from_secs(10));
    assert_eq!(bench.ends(), [End::TimedOut]);
}

#[test]
fn what_a_child_leaves_behind_is_killed() {
    let mut bench = Bench::new();
    let watched = bench.watched();
    bench.add_script(&format!("{DEAF_GRANDCHILD}; exit 4"));
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::Exited(4)]);
    assert!(wall < Duration::from_secs(10), "{wall:?}");
    wait_until_gone(watched);
}

#[test]
fn a_panic_of_the_caller_leaves_no_child() {
    let mut bench = Bench::new();
    let watched = bench.watched();
    bench.add_script(&format!("{DEAF_GRANDCHILD}; echo up; wait"));
    let pool = Pool {
        interrupt: &bench.interrupt,
    };
    let result = catch_unwind(AssertUnwindSafe(|| {
        pool.run(&mut bench.jobs, &mut |event| {
            assert!(!matches!(event, PoolEvent::Output { .. }), "on purpose");
        })
    }));
    assert!(result.is_err());
    wait_until_gone(watched);
}

#[test]
fn thirty_jobs_four_at_once() {
    let mut bench = Bench::new();
    for n in 0..30 {
        bench.add_script(&format!("echo {n}; exit {}", n % 2));
    }
    bench.run();
    for (n, end) in bench.ends().into_iter().enumerate() {
        assert_eq!(end, End::Exited(i32::from(n % 2 == 1)));
        assert_eq!(bench.log(n), format!("{n}\n"));
    }
    assert_eq!(bench.jobs.results.len(), 30);
    assert_eq!(bench.jobs.most_running, 4);
}

#[test]
fn failing_fast_stops_the_others() {
    let mut bench = Bench::new();
    bench.jobs.fail_fast = true;
    bench.add_script("sleep 100");
    bench.add_script("exit 1");
    assert!(bench.run() < Duration::from_secs(10));
    assert_eq!(bench.ends(), [End::Cancelled, End::Exited(1)]);
}

#[test]
fn an_interrupt_stops_what_runs_and_starts_nothing_more() {
    let mut bench = Bench::new();
    bench.jobs.at_once = 1;
    bench.add_script("echo up; sleep 100");
    bench.add_script("true");
    let interrupt = bench.interrupt.clone();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let start = Instant::now();
    Pool {
        interrupt: &interrupt,
    }
    .run(&mut bench.jobs, &mut |event| {
        if let PoolEvent::Output { line, .. } = event {
            seen.borrow_mut().push(line.to_owned());
            interrupt.raise(130);
        }
    })
    .unwrap();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(*seen.borrow(), ["up"]);
    assert_eq!(bench.ends(), [End::Cancelled]);
    assert_eq!(bench.jobs.waiting.len(), 1);

    bench.run();
    assert_eq!(bench.jobs.waiting.len(), 1, "interrupted before it began");
}

#[test]
fn jobs_that_cannot_start_do_not_stop_the_others() {
    let mut bench = Bench::new();
    bench.jobs.at_once = 1;
    for script in ["true", "false", "true"] {
        let mut job = bench.job(script);
        if script == "true" {
            job.cwd = "/no/such/dir".into();
        }
        bench.add(job);
    }
    bench.run();
    let ends = bench.ends();
    assert_eq!(ends[1], End::Exited(1));
    for end in [&ends[0], &ends[2]] {
        assert!(matches!(end, End::CouldNotStart(_)), "{end:?}");
    }
}

#[test]
fn work_is_asked_again_when_it_wants_to_be() {
    let mut bench = Bench::new();
    bench.jobs.refusals = Cell::new(3);
    bench.add_script("true");
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::Exited(0)]);
    assert!(wall >= 3 * BETWEEN_QUESTIONS, "{wall:?}");
    assert!(bench.jobs.asked >= 4);
}

#[test]
fn an_interrupt_is_heard_while_nothing_may_start() {
    let mut bench = Bench::new();
    bench.jobs.refusals = Cell::new(usize::MAX);
    bench.add_script("true");
    let interrupt = bench.interrupt.clone();
    let raise = std::thread::spawn(move || interrupt.raise(143));
    bench.run();
    raise.join().unwrap();
    assert_eq!(bench.ends(), []);
}

#[test]
fn calls_are_made_beside_commands() {
    let mut bench = Bench::new();
    bench.jobs.calls = vec![7, 8];
    bench.add_script("true");
    bench.run();
    bench.jobs.called.sort_unstable();
    assert_eq!(bench.jobs.called, [7, 8]);
    assert_eq!(bench.ends(), [End::Exited(0)]);
}

#[test]
fn a_call_that_panics_leaves_no_child_and_is_passed_on() {
    struct Panics(VecDeque<Job<'static>>);
    impl Work<'static> for Panics {
        fn next(&mut self) -> Option<Job<'static>> {
            self.0.pop_front()
        }
        fn ended(&mut self, _key: usize, _result: &JobResult) {}
    }
    let bench = Bench::new();
    let call = Box::new(|| panic!("on purpose"));
    let mut work = Panics(VecDeque::from([
        Job::Call(Call { key: 1, call }),
        Job::Command(bench.job("true")),
    ]));
    let pool = Pool {
        interrupt: &bench.interrupt,
    };
    let run = || pool.run(&mut work, &mut |_| {});
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}

#[test]
fn silence_is_announced_and_may_be_the_end() {
    let mut bench = Bench::new();
    let mut patient = bench.job("echo up; sleep 0.7; echo again; sleep 0.1");
    patient.stall = Some(Duration::from_millis(250));
    bench.add(patient);
    let mut strict = bench.job("echo up; sleep 60");
    strict.stall = Some(Duration::from_millis(250));
    strict.end_stalled = true;
    bench.add(strict);
    let mut chatty = bench.job("for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done");
    chatty.stall = Some(Duration::from_secs(20));
    bench.add(chatty);
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(0), End::Stalled, End::Exited(0)]);
    let stalled = |what: &str| bench.events.iter().filter(|event| *event == what).count();
    assert!(
        (1..=2).contains(&stalled("0 stalled")),
        "{:?}",
        bench.events
    );
    assert_eq!((stalled("1 stalled"), stalled("2 stalled")), (1, 0));
}

#[test]
fn what_is_left_behind_is_told() {
    let mut bench = Bench::new();
    bench.add_script("true");
    bench.add_script("sleep 100 & exit 3");
    bench.add_script("sleep 100 >/dev/null 2>&1 & exit 0");
    bench.add_script("(sleep 0.05; echo late) & exit 0");
    bench.run();
    let leaked: Vec<bool> = bench.jobs.results.values().map(|r| r.leaked).collect();
    assert_eq!(
        leaked,
        [false, true, true, false],
        "the last one ends in time"
    );
    assert_eq!(bench.log(3), "late\n");
}

#[test]
fn what_closes_its_output_is_waited_for() {
    let mut bench = Bench::new();
    bench.add_script("exec >&- 2>&-; sleep 0.3; exit 5");
    let wall = bench.run();
    assert_eq!(bench.ends(), [End::Exited(5)]);
    assert!(wall >= Duration::from_millis(300), "{wall:?}");
}

#[test]
fn bytes_that_are_no_text_are_logged_as_they_are() {
    let mut bench = Bench::new();
    bench.add_script(r"printf '\377\000\376\n'");
    bench.run();
    let log = fs::read(bench.dir.path().join("logs/0.log")).unwrap();
    assert_eq!(log, b"\xff\x00\xfe\n");
}

/// Only Linux has a file that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_does_not_change_how_a_job_ends() {
    let mut bench = Bench::new();
    let mut job = bench.job("echo lost; exit 4");
    job.log = "/dev/full".into();
    bench.add(job);
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(4)]);
    let trouble = bench.jobs.results[&0].log_trouble.clone().unwrap();
    assert!(
        trouble.starts_with("its log could not be written: No space"),
        "{trouble}"
    );
}

#[test]
fn of_a_flood_the_beginning_and_the_end_are_kept() {
    let mut bench = Bench::new();
    bench.add_script("echo first; yes 0123456789abcdef | head -c 120000000; echo last");
    bench.run();
    assert_eq!(bench.ends(), [End::Exited(0)]);
    let log = bench.log(0);
    assert!(log.starts_with("first\n") && log.ends_with("last\n"));
    assert!(log.len() < 40_000_000, "{}", log.len());
    assert!(log.contains("bytes are left out here]"));
    assert!(bench.jobs.results[&0].log_trouble.is_some());
}

/// The test starts itself once more, to be the process that is killed.
#[test]
fn who_is_killed_takes_its_children_along() {
    const CHILD: &str = "TRACKS_TEST_KILLED";
    if let Some(dir) = environment::var(CHILD) {
        let mut bench = Bench::below(Path::new(&dir));
        let mut job = bench.job(&format!("{DEAF_GRANDCHILD}; kill -KILL $PPID; sleep 100"));
        job.cwd = dir.into();
        bench.add(job);
        bench.run();
        panic!("it was not killed");
    }
    let bench = Bench::new();
    let watched = bench.watched();
    let name = "process::pool::tests::who_is_killed_takes_its_children_along";
    let child = Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, bench.dir.path())
        .output()
        .unwrap();
    assert_eq!(child.status, None);
    wait_until_gone(watched);
}

/// The test starts itself once more, to be the process that is signalled.
#[test]
fn a_second_signal_ends_children_and_process_at_once() {
    const CHILD: &str = "TRACKS_TEST_SIGNALLED";
    if let Some(dir) = environment::var(CHILD) {
        // Whoever ends at once cannot clean up: the other one does.
        let mut bench = Bench::below(Path::new(&dir));
        bench.interrupt = Interrupt::listen();
        let mut job = bench.job(&format!(
            "{DEAF_GRANDCHILD}; trap '' TERM; kill -TERM $PPID; while sleep 0.5; do kill -INT $PPID; done"
        ));
        job.cwd = dir.into();
        bench.add(job);
        bench.run();
        panic!("the grace was waited for");
    }
    let bench = Bench::new();
    let watched = bench.watched();
    let name = "process::pool::tests::a_second_signal_ends_children_and_process_at_once";
    let child = Cmd::new(std::env::current_exe().unwrap())
        .args(["--exact", name])
        .env(CHILD, bench.dir.path())
        .output()
        .unwrap();
    assert_eq!(child.status, Some(130));
    wait_until_gone(watched);
}

#[test]
fn input_is_given_whole_and_need_not_be_read() {
    let mut bench = Bench::new();
    let input = vec![b'x'; 1 << 20];
    for script in ["wc -c", "true", "head -c 3; cat > /dev/null; cat"] {
        let job = ShellJob {
            stdin: input.clone(),
            ..bench.job(script)
        };
        bench.add(job);
    }
    bench.run();
    assert_eq!(bench.ends(), vec![End::Exited(0); 3]);
    assert_eq!(bench.log(0).trim(), "1048576");
    assert_eq!(bench.log(2), "xxx");
}
