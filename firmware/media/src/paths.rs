//! The paths to a far end that does ICE (RFC 8445, we are lite): which addresses its checks came
//! from, and which one it chose for the media.

use core::time::Duration;
use std::net::SocketAddr;

use model::{IceParams, Instant, limits};
use rtp::stun::{ANSWER_MAX, Check, Outcome, Transaction};

/// Checks that are remembered, so that one that somebody caught and sends from elsewhere is none.
const REMEMBERED: usize = 16;
/// Nanoseconds after which one more check is answered.
const ANSWER_EVERY_NS: u64 = 1_000_000_000 / limits::ICE_ANSWERS_PER_S;

/// So long after its last sign of life the far end is gone.
const SILENT: Duration = Duration::from_secs(limits::ICE_SILENT_S);

/// A check that gets an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Its octets in the buffer.
    pub(crate) len: usize,
    /// The media goes to another address from now on.
    pub(crate) moved: bool,
}

/// All paths of one leg.
#[derive(Clone, Debug)]
pub struct Paths {
    ice: IceParams,
    /// The far end has all that it needs.
    begins: bool,
    nominated: Option<SocketAddr>,
    checked: [Option<SocketAddr>; limits::ICE_PATHS],
    next_checked: usize,
    checks: [Option<(Transaction, SocketAddr)>; REMEMBERED],
    next_check: usize,
    /// When all answers of a second are allowed again: later than now by those given.
    answered_until: Instant,
    /// When the far end showed last that it is here, or could begin; never, as long as it need not, and when it was given
    /// up.
    heard_at: Option<Instant>,
}

impl Paths {
    const fn new(ice: IceParams, begins: bool) -> Self {
        Self {
            ice,
            begins,
            nominated: None,
            checked: [None; limits::ICE_PATHS],
            next_checked: 0,
            checks: [None; REMEMBERED],
            next_check: 0,
            answered_until: Instant::ZERO,
            heard_at: None,
        }
    }

    /// Paths of a leg whose far end does ICE by these names and passwords, and has all that it needs if it
    /// `begins`. Called by the control thread: it allocates.
    #[must_use]
    pub fn boxed(ice: IceParams, begins: bool) -> Box<Self> {
        Box::new(Self::new(ice, begins))
    }

    /// Takes the place of `before`. Other names are a restart: what was checked before counts no
    /// more, but the media stays where it is until another path is chosen (RFC 8445 §9).
    pub(crate) fn follow(&mut self, before: &Self) {
        if self.ice == before.ice {
            let begins = self.begins;
            self.clone_from(before);
            self.begins = begins;
        } else {
            self.nominated = before.nominated;
            self.answered_until = before.answered_until;
            self.heard_at = before.heard_at;
        }
    }

    /// Where the media goes.
    pub(crate) const fn nominated(&self) -> Option<SocketAddr> {
        self.nominated
    }

    /// A packet came that nobody else can have sent.
    pub(crate) const fn heard(&mut self, now: Instant) {
        self.heard_at = Some(now);
    }

    /// What was said of the far end counts from now on. Its tab may be closed before its first check.
    pub(crate) fn begin(&mut self, now: Instant) {
        if self.begins {
            self.heard_at.get_or_insert(now);
        }
    }

    /// When the far end is gone if nothing comes.
    pub(crate) fn silent_at(&self) -> Instant {
        self.heard_at
            .map_or(Instant::FAR, |heard_at| heard_at.plus(SILENT))
    }

    /// The far end is gone: nothing is sent until it chooses a path again.
    pub(crate) const fn give_up(&mut self) {
        self.nominated = None;
        self.checked = [None; limits::ICE_PATHS];
        self.heard_at = None;
    }

    /// Whether the far end has shown with a signed check that it is here.
    pub(crate) fn contains(&self, from: SocketAddr) -> bool {
        self.nominated == Some(from) || self.checked.contains(&Some(from))
    }

    /// Judges a check and writes the answer; `None` if it gets none.
    pub(crate) fn check(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
        out: &mut [u8; ANSWER_MAX],
    ) -> Option<Answer> {
        let check = Check::read(datagram, &self.ice).ok()?;
        if !self.is_fresh(&check, from) || !self.may_answer(now) {
            return None;
        }
        let len = check.answer(&self.ice, from, out)?;
        self.heard(now);
        let mut moved = false;
        if let Outcome::Path { nominated } = check.outcome {
            if !self.checked.contains(&Some(from)) {
                if let Some(place) = self.checked.get_mut(self.next_checked) {
                    *place = Some(from);
                }
                self.next_checked = next(self.next_checked, limits::ICE_PATHS);
            }
            if nominated {
                moved = self.nominated != Some(from);
                self.nominated = Some(from);
            }
        }
        Some(Answer { len, moved })
    }

    /// Whether the check was not heard from elsewhere before; a repeated one is as good as new.
    fn is_fresh(&mut self, check: &Check, from: SocketAddr) -> bool {
        let mut known = self.checks.iter().flatten();
        let known = known.find(|(transaction, _)| *transaction == check.transaction);
        if let Some((_, first)) = known {
            return *first == from;
        }
        if let Some(place) = self.checks.get_mut(self.next_check) {
            *place = Some((check.transaction, from));
        }
        self.next_check = next(self.next_check, REMEMBERED);
        true
    }

    fn may_answer(&mut self, now: Instant) -> bool {
        let from = self.answered_until.max(now);
        if from.since(now).as_nanos() >= 1_000_000_000 {
            return false;
        }
        self.answered_until = from.plus(Duration::from_nanos(ANSWER_EVERY_NS));
        true
    }
}

fn next(at: usize, len: usize) -> usize {
    let next = at.saturating_add(1);
    if next < len { next } else { 0 }
}
