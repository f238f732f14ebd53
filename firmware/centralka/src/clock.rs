//! The one clock of the program: everything else is handed [`Now`].

use std::time::SystemTime;

use model::{Instant, Now, Trust, Wall};

/// Reads the monotonic and the calendar clock of the operating system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: std::time::Instant,
    /// The calendar never starts before the last thing the ledger knows (a box without battery).
    floor: Wall,
}

impl Clock {
    /// A clock that starts now, not before `floor`.
    #[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
    pub(crate) fn start(floor: Wall) -> Self {
        Self {
            start: std::time::Instant::now(),
            floor,
        }
    }

    /// What time it is.
    #[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
    pub(crate) fn now(&self) -> Now {
        let mono = Instant::ZERO + self.start.elapsed();
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let system = since_epoch.map_or(Wall(0), |since| Wall(0).plus(since));
        if system < self.floor {
            return Now {
                mono,
                wall: self.floor.plus(mono.since(Instant::ZERO)),
                trust: Trust::Unset,
            };
        }
        Now {
            mono,
            wall: system,
            trust: if kernel_says_synced() {
                Trust::Synced
            } else {
                Trust::Restored
            },
        }
    }
}

/// systemd-timesyncd leaves this file once it has set the clock (systemd-timesyncd.service(8));
/// asked at most with each event, a lookup in a memory file system.
fn kernel_says_synced() -> bool {
    use std::sync::atomic::{AtomicU32, Ordering};
    static ASKED: AtomicU32 = AtomicU32::new(0);
    static SYNCED: AtomicU32 = AtomicU32::new(0);
    if ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(1_024) {
        let synced = std::path::Path::new("/run/systemd/timesync/synchronized").exists();
        SYNCED.store(u32::from(synced), Ordering::Relaxed);
    }
    SYNCED.load(Ordering::Relaxed) == 1
}
