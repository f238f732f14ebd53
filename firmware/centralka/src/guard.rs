//! The guard thread: watches that the others live, and tells the service manager.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use engine::{EngineStatus, Granted, Watcher};

use crate::{
    notify, voice,
    word::{Mouth, Word},
};

/// How often the guard looks when the service manager does not say.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Looks without a sign of life before a thread counts as dead.
const SILENT_LOOKS_MAX: u32 = 3;

/// A sign of life.
#[derive(Debug, Default)]
pub(crate) struct Heart(AtomicU64);

impl Heart {
    /// I live.
    pub(crate) fn beat(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The running guard; dropping the sender ends it.
pub(crate) struct Guard {
    _stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Guard {
    /// Starts watching; what a thread that ran late did goes to the folder too.
    pub(crate) fn start(
        control: Arc<Heart>,
        mouth: Mouth,
        (media, data): (Watcher, PathBuf),
    ) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel(1);
        // Half the interval, as sd_watchdog_enabled(3) recommends.
        let every = notify::watchdog_interval().map_or(LOOK_EVERY, |interval| interval / 2);
        let thread = thread::Builder::new()
            .name("guard".into())
            .spawn(move || watch(&control, &mouth, (&media, &data), &stopped, every))?;
        Ok(Self {
            _stop: stop,
            thread,
        })
    }

    /// Ends the thread.
    pub(crate) fn stop(self) {
        drop(self._stop);
        // A guard that panicked has ended too.
        let _ = self.thread.join();
    }
}

fn watch(
    control: &Heart,
    mouth: &Mouth,
    (media, data): (&Watcher, &Path),
    stopped: &Receiver<()>,
    every: Duration,
) {
    let mut control_watch = Watch::new("control".into());
    let mut threads: Vec<(Watch, FlightLog)> = (0..media.threads().len())
        .map(|at| (Watch::new(format!("media-{at}")), FlightLog::new(at)))
        .collect();
    loop {
        // All answer with a beat even when the office is quiet.
        let _ = mouth.say(Word::Alive);
        media.ping();
        match stopped.recv_timeout(every) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
        }
        let mut live = control_watch.look(control.beats());
        for ((watch, flight), status) in threads.iter_mut().zip(media.threads()) {
            flight.look(media, &status, data);
            live &= watch.look(status.wakes);
        }
        if live {
            notify::alive();
        }
    }
}

/// Says in the log how a media thread fares when that is not as it should be.
struct FlightLog {
    /// The thread's number.
    thread: usize,
    told: bool,
    overruns: u64,
    /// Looks until an overrun is worth the log again.
    quiet: u32,
}

impl FlightLog {
    /// Looks between two dumps of the flight recorder.
    const QUIET: u32 = 12;
    /// Stretches around the worst one that are dumped.
    const AROUND: usize = 5;

    const fn new(thread: usize) -> Self {
        Self {
            thread,
            told: false,
            overruns: 0,
            quiet: 0,
        }
    }

    fn look(&mut self, media: &Watcher, status: &EngineStatus, data: &Path) {
        let thread = self.thread;
        if !std::mem::replace(&mut self.told, true) {
            // Worth a line, not worth an alarm: most machines carry an office without.
            if let Granted::No(errno) = status.real_time {
                tracing::info!(
                    thread,
                    errno,
                    "a media thread runs without real-time priority"
                );
            }
            if let Granted::No(errno) = status.locked {
                tracing::info!(thread, errno, "a media thread's memory is not locked");
            }
        }
        self.quiet = self.quiet.saturating_sub(1);
        let overruns = status.overruns - self.overruns;
        if overruns == 0 || self.quiet > 0 {
            return;
        }
        self.overruns = status.overruns;
        self.quiet = Self::QUIET;
        tracing::warn!(
            thread,
            overruns,
            "ticks of a media thread ran late; its last seconds:"
        );
        let flight = media.flight(thread);
        let file = voice::file(data, thread);
        if let Err(error) = std::fs::write(&file, voice::text(&flight)) {
            tracing::warn!(thread, %error, "the flight recorder could not be written");
        }
        let worst = (0..flight.len()).max_by_key(|&at| flight[at].late_us);
        let first = worst.unwrap_or(0).saturating_sub(Self::AROUND);
        for stretch in flight.iter().skip(first).take(2 * Self::AROUND + 1) {
            tracing::warn!(thread, ?stretch);
        }
    }
}

struct Watch {
    name: String,
    seen: u64,
    silent: u32,
}

impl Watch {
    const fn new(name: String) -> Self {
        Self {
            name,
            seen: 0,
            silent: 0,
        }
    }

    /// Whether the thread showed life lately.
    fn look(&mut self, beats: u64) -> bool {
        if beats == self.seen {
            self.silent += 1;
        } else {
            self.silent = 0;
        }
        self.seen = beats;
        if self.silent == SILENT_LOOKS_MAX {
            tracing::error!(
                thread = %self.name,
                "no sign of life; the watchdog will restart us"
            );
        }
        self.silent < SILENT_LOOKS_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_given_up_after_three_silent_looks_and_forgiven_at_once() {
        let mut watch = Watch::new("test".into());
        assert!(watch.look(1));
        assert_eq!(
            [watch.look(1), watch.look(1), watch.look(1)],
            [true, true, false]
        );
        assert!(watch.look(2));
    }
}
