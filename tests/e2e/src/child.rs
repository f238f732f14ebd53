//! A program as a child: its lines as they come, its end, and never left behind.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{self, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use nix::{sys::signal, unistd::Pid};

pub use nix::sys::signal::Signal;

use crate::wait::{Deadline, until, within};

/// Lines kept; a program that says more has its first ones forgotten.
const LINES_MAX: usize = 20_000;

/// A running program.
#[derive(Debug)]
pub struct Child {
    name: String,
    process: process::Child,
    heard: Arc<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    lines: Mutex<Vec<String>>,
    more: Condvar,
}

impl Heard {
    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.lines.lock().expect("nobody panics with the lines")
    }

    fn listen(self: &Arc<Self>, from: impl Read + Send + 'static) {
        let heard = Arc::clone(self);
        thread::spawn(move || {
            let mut reader = BufReader::new(from);
            let mut line = Vec::new();
            while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                let mut lines = heard.lines();
                if lines.len() < LINES_MAX {
                    lines.push(text);
                }
                heard.more.notify_all();
                line.clear();
            }
        });
    }
}

impl Child {
    /// Starts `command`; `package` is the Debian package that brings it.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    #[track_caller]
    pub fn start(name: &str, mut command: Command, package: &str) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = match command.spawn() {
            Ok(process) => process,
            Err(error) => panic!("{command:?} does not start ({error}): it comes with {package}"),
        };
        let heard = Arc::new(Heard::default());
        heard.listen(process.stdout.take().expect("it is piped"));
        heard.listen(process.stderr.take().expect("it is piped"));
        Self {
            name: name.into(),
            process,
            heard,
        }
    }

    /// Waits for a line with `part` in it.
    ///
    /// # Panics
    /// If none comes in time, or the program ends before.
    #[track_caller]
    pub fn line_with(&mut self, part: &str, limit: Duration) -> String {
        let deadline = Deadline::after(limit);
        loop {
            {
                let mut lines = self.heard.lines();
                if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                    return line.clone();
                }
                let left = deadline.left().unwrap_or_default();
                let step = left.min(Duration::from_millis(100));
                lines = match self.heard.more.wait_timeout(lines, step) {
                    Ok((lines, _)) => lines,
                    Err(_) => panic!("nobody panics with the lines"),
                };
                if let Some(line) = lines.iter().find(|line| line.contains(part)) {
                    return line.clone();
                }
            }
            let ended = self.try_exit();
            assert!(
                ended.is_none() && deadline.left().is_some(),
                "{} did not say {part:?} within {limit:?} (ended: {ended:?}):\n{}",
                self.name,
                self.said()
            );
        }
    }

    /// How it ended, if it has.
    pub fn try_exit(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("it is our child")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end in time.
    #[track_caller]
    pub fn exit(&mut self, limit: Duration) -> ExitStatus {
        let ended = within(limit, || self.try_exit());
        match ended {
            Some(status) => status,
            None => panic!(
                "{} did not end within {limit:?}:\n{}",
                self.name,
                self.said()
            ),
        }
    }

    /// Everything it said so far.
    #[must_use]
    pub fn said(&self) -> String {
        self.heard.lines().join("\n")
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        self.try_exit().is_none()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If it is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).expect("Linux counts processes in i32");
        signal::kill(Pid::from_raw(pid), signal).expect("it is our child");
    }

    /// Ends it as a power failure would.
    ///
    /// # Panics
    /// If it survives that.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        until(Duration::from_secs(10), "the end after SIGKILL", || {
            self.try_exit()
        });
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("---- {} said:\n{}", self.name, self.said());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
