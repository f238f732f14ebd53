//! The media helper: a normal thread that does for the media thread what that must not do itself:
//! binds ports ahead of need, builds the objects of legs, frees them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use media::{PlaneCommand, PortLeg, RtpLeg};
use model::{Instant, MediaCommand, MediaEvent, MediaFault};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::link::{Dead, Sender, ToMedia, Waker};
use crate::pool::Pool;
use crate::status::{Counters, count};

/// Commands executed and objects freed per turn, so that binding goes on beside them.
const TURN: usize = 64;
/// How often a full ring is tried again, in ms.
const RETRY_MS: i32 = 1;

/// Everything the helper owns.
pub(crate) struct Helper {
    pub(crate) clock: Clock,
    pub(crate) pool: Pool,
    pub(crate) commands: Consumer<MediaCommand>,
    pub(crate) dead: Consumer<Dead>,
    pub(crate) to_media: Sender<ToMedia>,
    pub(crate) events: Sender<MediaEvent>,
    pub(crate) waker: Waker,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) counters: Arc<Counters>,
}

impl Helper {
    /// Runs until `stop`.
    pub(crate) fn run(mut self) {
        while !self.stop.load(Ordering::Acquire) {
            let more = self.turn();
            let timeout_ms = if more { 0 } else { self.wait_ms() };
            crate::sys::wait_readable(self.waker.fd(), timeout_ms);
            self.waker.clear();
        }
    }

    /// One turn; whether there is more to do at once.
    fn turn(&mut self) -> bool {
        let now = self.clock.now();
        let mut more = self.bury(now);
        // Commands keep their order, so none is taken while an earlier one waits.
        if self.to_media.flush() {
            more |= self.execute(now);
        }
        self.pool.release(now);
        more |= self.fill(now);
        self.to_media.wake();
        self.events.flush();
        self.events.wake();
        more
    }

    /// How long nothing needs to be done, in ms; −1 = until woken.
    fn wait_ms(&mut self) -> i32 {
        if !self.to_media.flush() || !self.events.flush() {
            return RETRY_MS;
        }
        let now = self.clock.now();
        self.pool.next_deadline().map_or(-1, |due| {
            let ms = due.since(now).as_millis().saturating_add(1);
            i32::try_from(ms).unwrap_or(i32::MAX)
        })
    }

    /// Frees what the media thread gave back; whether there may be more.
    fn bury(&mut self, now: Instant) -> bool {
        for _ in 0..TURN {
            let Ok(Dead { object, pair }) = self.dead.pop() else {
                return false;
            };
            drop(object);
            if let Some(pair) = pair {
                self.pool.close(now, pair);
            }
        }
        true
    }

    /// Passes commands on, with the objects that they need; whether there may be more.
    fn execute(&mut self, now: Instant) -> bool {
        for _ in 0..TURN {
            let Ok(command) = self.commands.pop() else {
                return false;
            };
            let Some(message) = self.prepare(now, command) else {
                continue;
            };
            if self.to_media.send(message).is_err() {
                count(&self.counters.commands_lost, 1);
            }
            if !self.to_media.flush() {
                return false;
            }
        }
        true
    }

    fn prepare(&mut self, now: Instant, command: MediaCommand) -> Option<ToMedia> {
        Some(ToMedia::Command(match command {
            MediaCommand::AddRtpLeg {
                leg,
                pair,
                identity,
            } => {
                let Some(pair) = self.pool.take(pair) else {
                    self.tell(MediaEvent::LegFailed {
                        leg,
                        fault: MediaFault::NoPair,
                    });
                    return None;
                };
                return Some(ToMedia::AddRtpLeg(leg, RtpLeg::boxed(identity), pair));
            }
            MediaCommand::DropPair { pair } => {
                if let Some(pair) = self.pool.take(pair) {
                    self.pool.close(now, pair);
                }
                return None;
            }
            MediaCommand::AddPortLeg { leg, port } => PlaneCommand::AddPortLeg {
                leg,
                object: PortLeg::boxed(port),
            },
            command => command.into(),
        }))
    }

    /// Binds a pair and announces it; whether another is wanted.
    fn fill(&mut self, now: Instant) -> bool {
        let failed = self.pool.failed;
        let bound = self.pool.fill_one(now);
        count(&self.counters.binds_failed, self.pool.failed - failed);
        match bound {
            Some((pair, port)) => {
                self.tell(MediaEvent::PairReady { pair, port });
                true
            }
            None => false,
        }
    }

    fn tell(&mut self, event: MediaEvent) {
        if self.events.send(event).is_err() {
            count(&self.counters.events_lost, 1);
        }
    }
}
