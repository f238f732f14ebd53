//! The media helper: a normal thread that does for the media threads what they must not do themselves:
//! binds ports ahead of need, frees objects, does DTLS handshakes. Nobody waits for it, so it is woken rarely: when pairs
//! run low, and by itself once a second while legs are in use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use media::{Clip, Keys};
use model::{ClipId, Instant, MediaCommand, MediaEvent, limits};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::dtls::{Handshakes, Verdict};
use crate::link::{Dead, Sender, ToControl, ToHelper, Waker};
use crate::pool::Pool;
use crate::status::{Counters, count};
use crate::tracks::ClipSource;

/// Commands executed and objects freed per turn, so that binding goes on beside them.
const TURN: usize = 64;
/// How often a full ring is tried again, in ms.
const RETRY_MS: i32 = 1;
/// How often legs that are over are looked for, in ms.
const LOOK_MS: i32 = 1_000;

/// Everything the helper owns.
pub(crate) struct Helper {
    pub(crate) clock: Clock,
    pub(crate) pool: Pool,
    pub(crate) wishes: Consumer<ToHelper>,
    /// By media thread.
    pub(crate) dead: Vec<Consumer<Dead>>,
    pub(crate) to_control: Sender<ToControl>,
    pub(crate) handshakes: Handshakes,
    pub(crate) clips: Box<dyn ClipSource>,
    /// Pairs that the control thread has or will find in its ring.
    pub(crate) stock: Arc<AtomicUsize>,
    /// Pairs that were handed out and did not come back.
    pub(crate) out: usize,
    pub(crate) waker: Waker,
    pub(crate) stop: Arc<AtomicBool>,
    pub(crate) counters: Arc<Counters>,
}

impl Helper {
    /// Binds the first pairs, on the thread that starts the engine: a call that comes at once must not be
    /// refused because the helper has not had its turn yet.
    pub(crate) fn prepare(&mut self) {
        self.fill(self.clock.now());
    }

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
        self.pool.release(now);
        // Before clips, which take their time.
        more |= self.fill(now);
        more |= self.execute(now);
        more |= self.shake(now);
        self.to_control.flush();
        self.to_control.wake();
        more
    }

    /// How long nothing needs to be done, in ms; −1 = until woken.
    fn wait_ms(&mut self) -> i32 {
        if !self.to_control.flush() {
            return RETRY_MS;
        }
        let stock = self.stock.load(Ordering::Acquire);
        let look = (self.out > stock).then_some(LOOK_MS);
        let wanted = stock < limits::PAIRS_AHEAD;
        let due = self.pool.next_deadline().filter(|_| wanted).map(|due| {
            let ms = due.since(self.clock.now()).as_millis().saturating_add(1);
            i32::try_from(ms).unwrap_or(i32::MAX)
        });
        let shake = self.handshakes.next_deadline().map(|due| {
            let ms = due.since(self.clock.now()).as_millis().saturating_add(1);
            i32::try_from(ms).unwrap_or(i32::MAX)
        });
        let all = look.into_iter().chain(due).chain(shake);
        all.min().unwrap_or(-1)
    }

    /// Frees what the media threads gave back; whether there may be more.
    fn bury(&mut self, now: Instant) -> bool {
        let mut more = false;
        for thread in 0..self.dead.len() {
            more |= self.bury_of(now, thread);
        }
        more
    }

    fn bury_of(&mut self, now: Instant, thread: usize) -> bool {
        for _ in 0..TURN {
            let next = self.dead.get_mut(thread).and_then(|dead| dead.pop().ok());
            let Some(Dead { object, pair }) = next else {
                return false;
            };
            drop(object);
            if let Some(pair) = pair {
                self.take_back(now, pair);
            }
        }
        true
    }

    fn take_back(&mut self, now: Instant, pair: crate::link::Pair) {
        self.out = self.out.saturating_sub(1);
        self.pool.give_back(now, pair);
    }

    /// Does what the control thread wishes; whether there may be more.
    fn execute(&mut self, now: Instant) -> bool {
        for _ in 0..TURN {
            match self.wishes.pop() {
                Err(_) => return false,
                Ok(ToHelper::Spare(pair)) => self.take_back(now, pair),
                Ok(ToHelper::Command(MediaCommand::LoadClip { clip })) => self.load(clip),
                Ok(ToHelper::Command(MediaCommand::UsePorts { first, last })) => {
                    self.pool.use_range(first, last);
                }
                Ok(ToHelper::Command(command)) => self.answer(ToControl::Command(command)),
                Ok(ToHelper::Shake {
                    thread,
                    leg,
                    role,
                    fingerprint,
                }) => {
                    let begun = self.handshakes.start(now, (leg, thread), role, fingerprint);
                    if let Err(fault) = begun {
                        self.judge(Verdict::Failed(leg, fault));
                    }
                }
                Ok(ToHelper::Moved(leg, thread)) => self.handshakes.follow(leg, thread),
            }
        }
        true
    }

    fn load(&mut self, clip: ClipId) {
        match self.clips.load(clip) {
            Some(sound) => {
                for thread in 0..self.dead.len() {
                    let object = Clip::boxed(sound.clone());
                    self.answer(ToControl::Clip(thread, clip, object));
                }
            }
            None => self.tell(MediaEvent::ClipFailed { clip }),
        }
    }

    fn tell(&mut self, event: MediaEvent) {
        self.answer(ToControl::Event(event));
    }

    fn answer(&mut self, answer: ToControl) {
        if let Err(lost) = self.to_control.send(answer) {
            let counter = match lost {
                ToControl::Event(_) => &self.counters.events_lost,
                _ => &self.counters.commands_lost,
            };
            count(counter, 1);
        }
    }

    /// Goes on with the handshakes; whether there may be more to do.
    fn shake(&mut self, now: Instant) -> bool {
        let mut verdicts = Vec::new();
        let more = self.handshakes.turn(now, &mut verdicts);
        for verdict in verdicts {
            self.judge(verdict);
        }
        let lost = std::mem::take(&mut self.handshakes.lost);
        count(&self.counters.flights_lost, lost);
        more
    }

    /// Hands keys, or the failure, to the control thread, which knows where the leg is.
    fn judge(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Keys { leg, send, receive } => {
                count(&self.counters.handshakes_done, 1);
                let keys = Keys::boxed(&send, &receive);
                self.answer(ToControl::Keys(leg, keys));
            }
            Verdict::Failed(leg, fault) => {
                count(&self.counters.handshakes_failed, 1);
                let event = MediaEvent::SecurityFailed { leg, fault };
                self.tell(event);
            }
        }
    }

    /// Hands out pairs until there are enough ahead; whether more could be wanted at once.
    fn fill(&mut self, now: Instant) -> bool {
        for _ in 0..TURN {
            if self.stock.load(Ordering::Acquire) >= limits::PAIRS_AHEAD {
                return false;
            }
            let failed = self.pool.failed;
            let found = self.pool.next(now);
            count(&self.counters.binds_failed, self.pool.failed - failed);
            let Some((id, pair)) = found else {
                return false;
            };
            self.stock.fetch_add(1, Ordering::AcqRel);
            self.out += 1;
            if self.to_control.send(ToControl::Pair(id, pair)).is_err() {
                self.stock.fetch_sub(1, Ordering::AcqRel);
                self.out -= 1;
                return false;
            }
        }
        true
    }
}
