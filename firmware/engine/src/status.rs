//! What a media thread says about itself, readable from every thread without a lock.

use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: AtomicU64,)*
            /// How much of its core the thread used in the last second it worked in, in per mille.
            pub(crate) load_permille: AtomicU64,
            /// What it gave up: 0 nothing, 1 what is only looked at, 2 new calls too.
            pub(crate) level: AtomicU64,
            /// Legs on it that speak RTP.
            pub(crate) legs: AtomicU64,
            /// 0 = asked for nothing yet, 1 = granted, below = the refusal's errno, negative.
            pub(crate) real_time: AtomicI32,
            pub(crate) locked: AtomicI32,
        }

        /// A snapshot of what the media threads and their helper counted, or one of them, and how
        /// they run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct EngineStatus {
            $($(#[$doc])* pub $name: u64,)*
            /// How much of its core the busiest thread used in the last second it worked in, in per
            /// mille.
            pub load_permille: u64,
            /// What the most loaded thread gave up: 0 nothing, 1 what is only looked at, 2 new calls
            /// too.
            pub level: u64,
            /// Legs that speak RTP.
            pub legs: u64,
            /// Whether all media threads run with real-time priority.
            pub real_time: Granted,
            /// Whether the memory of all media threads is locked.
            pub locked: Granted,
        }

        impl EngineStatus {
            /// Every figure that only grows, with its name, for the metrics.
            #[must_use]
            pub fn figures(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }

            /// What two threads counted together; of maxima the larger one.
            pub(crate) fn and(self, other: Self) -> Self {
                Self {
                    $($name: together(stringify!($name), self.$name, other.$name),)*
                    load_permille: self.load_permille.max(other.load_permille),
                    level: self.level.max(other.level),
                    legs: self.legs + other.legs,
                    real_time: self.real_time.and(other.real_time),
                    locked: self.locked.and(other.locked),
                }
            }
        }

        impl Counters {
            pub(crate) fn read(&self) -> EngineStatus {
                EngineStatus {
                    $($name: self.$name.load(Relaxed),)*
                    load_permille: self.load_permille.load(Relaxed),
                    level: self.level.load(Relaxed),
                    legs: self.legs.load(Relaxed),
                    real_time: Granted::of(self.real_time.load(Relaxed)),
                    locked: Granted::of(self.locked.load(Relaxed)),
                }
            }
        }
    };
}

counters! {
    /// Turns of the media thread: grows when it is woken, stands still while nothing is to do.
    wakes,
    /// Datagrams received on all sockets.
    datagrams_in,
    /// Datagrams sent.
    datagrams_out,
    /// Datagrams that the system did not take.
    send_failed,
    /// Ticks that ran.
    ticks,
    /// Ticks left out because the thread ran too late.
    ticks_missed,
    /// Ticks that ran so late that the next was due: the flight recorder is worth a look.
    overruns,
    /// Processor time that the media thread has used, in µs, as of the last second it worked in.
    cpu_us,
    /// Times that new calls had to be refused because the media thread was at its limit.
    overloads,
    /// Flows of relayed calls in which nothing but heads is rewritten, as of the last second the
    /// media thread worked in.
    flows,
    /// Longest delay of a tick after its time, in µs.
    tick_late_us_max,
    /// Longest time of one turn of the media thread, in µs.
    turn_us_max,
    /// Commands about legs that are not there, or that cannot be.
    refused,
    /// Packets for legs that are not there.
    orphans,
    /// Legs that went to another media thread, to be with those in its bridge.
    moves,
    /// Events that were lost because the control thread did not take them.
    events_lost,
    /// Commands that were lost because the helper did not take them.
    commands_lost,
    /// Pairs of ports that could not be bound: in use by another program.
    binds_failed,
    /// DTLS handshakes that came to their end with keys.
    handshakes_done,
    /// DTLS handshakes that failed.
    handshakes_failed,
    /// Datagrams of handshakes that found no room between the threads.
    flights_lost,
    /// Packets of protected legs that were in clear, forged or repeated.
    unauthentic,
    /// Connectivity checks without the password, of another session, or too many.
    checks_refused,
    /// Packets of ours that could not be protected and were not sent.
    unprotected,
    /// Samples that the board's hardware lost or played without having any.
    card_slips,
}

fn together(name: &str, one: u64, other: u64) -> u64 {
    if name.ends_with("_max") {
        one.max(other)
    } else {
        one.saturating_add(other)
    }
}

/// How the system answered a wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Granted {
    /// Not asked yet.
    #[default]
    NotAsked,
    /// Yes.
    Yes,
    /// No, with this error number.
    No(i32),
}

impl Granted {
    fn of(code: i32) -> Self {
        match code {
            0 => Self::NotAsked,
            1 => Self::Yes,
            errno => Self::No(-errno),
        }
    }

    /// The worse of two answers; who did not ask has no say.
    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::NotAsked, answer) | (answer @ Self::No(_), _) => answer,
            (Self::Yes, Self::NotAsked) => Self::Yes,
            (Self::Yes, answer) => answer,
        }
    }
}

/// Records the system's answer.
pub(crate) fn answered(place: &AtomicI32, answer: &std::io::Result<()>) {
    let code = match answer {
        Ok(()) => 1,
        Err(error) => -error.raw_os_error().unwrap_or(libc::EIO),
    };
    place.store(code, Relaxed);
}

/// Adds to a counter.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Relaxed);
}

/// Raises a maximum.
pub(crate) fn raise(counter: &AtomicU64, to: u64) {
    counter.fetch_max(to, Relaxed);
}
