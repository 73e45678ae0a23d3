//! One job of the pool, from its start to the end of its whole process group.

use std::ffi::OsStr;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::cmd::unbound;
use super::group::Group;
use super::guard::Mark;
use super::output::{Announcement, Log, Output};
use super::program::find_for;
use super::{End, Interrupt, JobResult, ShellJob, environment};
use crate::domain::project::Command;

/// For processes that the child left behind: how long they may go on writing to the log before they are killed.
const LINGER: Duration = Duration::from_millis(250);

/// What a process needs to be gone once it has closed everything.
const MOMENT: Duration = Duration::from_millis(5);

/// Children announce their end by SIGCHLD; who started us may have blocked it.
const LOOK_ANYWAY: Duration = Duration::from_millis(200);

/// A job that runs. Dropping it kills its process group.
pub(super) struct Job {
    group: Group,
    output: Output,
    child_signals: Signal,
    timeout: Option<Duration>,
    grace: Duration,
    stall: Option<Duration>,
    end_stalled: bool,
    started: Instant,
}

impl Job {
    /// # Errors
    /// Why it cannot be started, in one sentence.
    pub(super) fn start(
        job: &ShellJob,
        interrupt: &Interrupt,
        announcements: UnboundedSender<Announcement>,
    ) -> Result<Self, String> {
        let log = Log::create(&job.log)
            .map_err(|error| format!("the log {} cannot be made: {error}", job.log.display()))?;
        let system = |error: io::Error| format!("the system refuses: {error}");
        let (reader, writer) = io::pipe().map_err(system)?;
        let second_writer = writer.try_clone().map_err(system)?;
        let output = Output::new(job.key, reader, log, announcements).map_err(system)?;
        // Before the child exists, so that its end cannot be missed.
        let child_signals = signal(SignalKind::child()).map_err(system)?;

        let mark = Mark::of(&writer);
        let (program, mut command) = child(&job.command, &job.cwd, &job.env)?;
        command
            .stdin(input(&job.stdin).map_err(system)?)
            .stdout(writer)
            .stderr(second_writer);
        let started = Instant::now();
        let group = Group::spawn(&mut command, &mark, interrupt)
            .map_err(|error| cannot_start(program, &job.cwd, &error))?;
        Ok(Job {
            group,
            output,
            child_signals,
            timeout: job.timeout,
            grace: job.grace,
            stall: job.stall,
            end_stalled: job.end_stalled,
            started,
        })
    }

    /// Sees it through: nothing of its process group is left when this returns.
    pub(super) async fn run(mut self, cancelled: oneshot::Receiver<()>) -> JobResult {
        let stopped = self.ended_or_stopped(cancelled).await;
        let mut leaked = false;
        let wall = match stopped {
            None => {
                let wall = self.started.elapsed();
                leaked = timeout(LINGER, self.output.closed()).await.is_err();
                wall
            }
            Some(_) => {
                let _ = timeout(self.grace, self.leave()).await;
                self.group.kill();
                self.ended().await;
                self.started.elapsed()
            }
        };
        let reaped = self.group.reap();
        leaked |= stopped.is_none() && self.leaves_others().await;
        drop(self.group);
        // What is in the pipe still; whoever has left the group may keep it open for ever.
        let _ = timeout(LINGER, self.output.closed()).await;
        let log_trouble = self.output.finish();
        let (end, usage) = match reaped {
            Ok((status, usage)) => (stopped.unwrap_or_else(|| end_of(status)), Some(usage)),
            Err(error) => {
                let why = format!("how it ended cannot be told: {error}");
                (End::CouldNotStart(why), None)
            }
        };
        JobResult {
            end,
            wall,
            cpu: usage.map(|usage| usage.cpu),
            peak_memory: usage.map(|usage| usage.peak_memory),
            leaked,
            log_trouble,
        }
    }

    /// `None` once the leader has ended by itself, or else why it has to be stopped.
    async fn ended_or_stopped(&mut self, mut cancelled: oneshot::Receiver<()>) -> Option<End> {
        let timeout = self.timeout.map(|limit| self.started + limit);
        let mut silent_since = self.started;
        loop {
            let stalls = self.stall.map(|stall| silent_since + stall);
            let never = self.started;
            select! {
                // What has ended has ended, however late we come to look (we may have been suspended).
                biased;
                () = self.ended() => return None,
                () = sleep_until(timeout.unwrap_or(never)), if timeout.is_some() => return Some(End::TimedOut),
                _ = &mut cancelled => return Some(End::Cancelled),
                () = sleep_until(stalls.unwrap_or(never)), if stalls.is_some() => {}
            }
            // The time is up, unless it has printed something meanwhile.
            let last = self.output.last_sign().max(self.started);
            if last <= silent_since {
                self.output.announce_silence(last.elapsed());
                if self.end_stalled {
                    return Some(End::Stalled);
                }
                // Said again when it has been silent for as long once more.
                silent_since += self.stall.unwrap_or_default();
            } else {
                silent_since = last;
            }
        }
    }

    /// Asks the whole group to end, and returns when it has.
    async fn leave(&mut self) {
        self.group.terminate();
        self.ended().await;
        // A shell holds signals back while it starts a child; one that came into being just then has not heard the first.
        self.group.terminate();
        self.group_ended().await;
    }

    /// Returns when the leader of the group has ended; takes its output meanwhile.
    async fn ended(&mut self) {
        while !self.group.has_ended() {
            select! {
                () = self.output.progress() => {}
                _ = self.child_signals.recv() => {}
                () = sleep(LOOK_ANYWAY) => {}
            }
        }
    }

    /// Who is just ending closes its output a moment before it is gone.
    async fn leaves_others(&self) -> bool {
        let mut looks = 0;
        while self.group.others_live() {
            if looks == 5 {
                return true;
            }
            looks += 1;
            sleep(MOMENT).await;
        }
        false
    }

    /// As far as one can see: members that the leader leaves behind show by their hold on the pipe.
    async fn group_ended(&mut self) {
        self.ended().await;
        self.output.closed().await;
    }
}

/// A file without a name rather than a pipe: nobody has to write while the child reads, or does not.
fn input(bytes: &[u8]) -> io::Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(Stdio::from(file))
}

/// What is to be started, and how its program is called.
pub(super) fn child<'c>(
    command: &'c Command,
    cwd: &Path,
    env: &[(String, String)],
) -> Result<(&'c str, std::process::Command), String> {
    let (program, args) = argv(command)?;
    let inherited = environment::inherited();
    let own = env.iter().rev().find(|(name, _)| name == "PATH");
    let path = own.map(|(_, path)| OsStr::new(path.as_str())).or_else(|| {
        let path = inherited.iter().find(|(name, _)| name == "PATH");
        path.map(|(_, path)| path.as_os_str())
    });
    // Were it left to the child to look along its PATH, we would be copied for that first, with all our memory.
    let found = path
        .filter(|_| !program.contains('/'))
        .and_then(|path| find_for(program, path, cwd));
    let mut child = unbound(found.as_deref().unwrap_or(Path::new(program)));
    child
        .arg0(program)
        .args(args)
        .current_dir(cwd)
        .env_clear()
        .envs(inherited)
        .envs(env.iter().map(|(name, value)| (name, value)));
    Ok((program, child))
}

fn argv(command: &Command) -> Result<(&str, Vec<&str>), String> {
    match command {
        Command::Shell(script) => Ok(("sh", vec!["-c", script])),
        Command::Argv(words) => {
            let (program, args) = words.split_first().ok_or("the command is empty")?;
            Ok((program, args.iter().map(String::as_str).collect()))
        }
    }
}

pub(super) fn cannot_start(program: &str, cwd: &Path, error: &io::Error) -> String {
    if !cwd.is_dir() {
        // The system says "not found" for this too, as if the program were missing.
        return format!("there is no directory {}", cwd.display());
    }
    if error.kind() == io::ErrorKind::NotFound {
        return format!("there is no program `{program}`, or what should interpret it is missing");
    }
    format!("`{program}` cannot be started: {error}")
}

fn end_of(status: ExitStatus) -> End {
    match (status.code(), status.signal()) {
        (Some(code), _) => End::Exited(code),
        (None, signal) => End::Signalled(signal.unwrap_or_default()),
    }
}
