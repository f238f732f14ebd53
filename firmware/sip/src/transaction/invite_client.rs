//! INVITE client transaction: RFC 3261 §17.1.1 with the Accepted state of RFC 6026 §7.2.

use core::time::Duration;

use super::{Effects, Timer, Timing};

/// Where an INVITE that we sent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Sent, nothing heard; `pause` is the time to the next retransmission (timer A).
    Calling { pause: Duration },
    /// A provisional response came. Without a CANCEL it may ring for ever.
    Proceeding,
    /// A CANCEL was sent; the final response must come in 64·T1 (RFC 3261 §9.1).
    Cancelled,
    /// A final response of 300 to 699 came and was acknowledged.
    Completed,
    /// A 2xx came; more of them, also from other forks, go to the user (RFC 6026).
    Accepted,
    /// Nothing more will happen.
    Terminated,
}

/// The machine. Timer A is [`Timer::Retransmit`], B is [`Timer::GiveUp`], D and M are
/// [`Timer::Linger`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct InviteClient {
    state: State,
    reliable: bool,
}

impl InviteClient {
    /// The INVITE goes out now.
    pub(crate) fn start(timing: &Timing, reliable: bool) -> (Self, Effects) {
        let state = State::Calling { pause: timing.t1 };
        let mut effects = Effects::SEND;
        effects.start[0] = Some((Timer::GiveUp, timing.give_up()));
        if !reliable {
            effects.start[1] = Some((Timer::Retransmit, timing.t1));
        }
        (Self { state, reliable }, effects)
    }

    /// A response with `status` arrived.
    pub(crate) fn response(&mut self, timing: &Timing, status: u16) -> Effects {
        match (self.state, status / 100) {
            (State::Calling { .. }, 1) => {
                self.state = State::Proceeding;
                Effects {
                    // RFC 3261 §17.1.1.2 stops timers A and B at the first 1xx: from here on it
                    // may ring for ever, and the user's own ringing limit decides.
                    stop: [Some(Timer::Retransmit), Some(Timer::GiveUp)],
                    ..Effects::PASS
                }
            }
            (State::Proceeding, 1) => Effects::PASS,
            (State::Cancelled, 1) => Effects::NONE,
            (State::Calling { .. } | State::Proceeding | State::Cancelled, 2) => {
                self.state = State::Accepted;
                // RFC 6026 §7.2: timer M runs on every transport, because forks answer late.
                Effects::PASS.linger(timing.give_up())
            }
            (State::Calling { .. } | State::Proceeding | State::Cancelled, _) => {
                self.state = State::Completed;
                Effects {
                    ack: true,
                    ..Effects::PASS
                }
                .linger(timing.d(self.reliable))
            }
            (State::Accepted, 2) => Effects::PASS,
            (State::Completed, 3..=6) => Effects {
                ack: true,
                ..Effects::NONE
            },
            (State::Accepted | State::Completed | State::Terminated, _) => Effects::NONE,
        }
    }

    /// A CANCEL was sent for this INVITE.
    pub(crate) fn cancelled(&mut self, timing: &Timing) -> Effects {
        match self.state {
            State::Proceeding => {
                self.state = State::Cancelled;
                let mut effects = Effects::NONE;
                effects.start[0] = Some((Timer::GiveUp, timing.give_up()));
                effects
            }
            State::Calling { .. }
            | State::Cancelled
            | State::Completed
            | State::Accepted
            | State::Terminated => Effects::NONE,
        }
    }

    /// A timer ran out.
    pub(crate) fn timer(&mut self, timer: Timer) -> Effects {
        match (self.state, timer) {
            (State::Calling { pause }, Timer::Retransmit) => {
                let pause = pause * 2;
                self.state = State::Calling { pause };
                let mut effects = Effects::SEND;
                effects.start[0] = Some((Timer::Retransmit, pause));
                effects
            }
            (State::Calling { .. } | State::Cancelled, Timer::GiveUp) => {
                self.state = State::Terminated;
                Effects {
                    timed_out: true,
                    ..Effects::DONE
                }
            }
            (State::Accepted | State::Completed, Timer::Linger) => {
                self.state = State::Terminated;
                Effects::DONE
            }
            (State::Calling { .. }, Timer::Linger)
            | (State::Cancelled, Timer::Retransmit | Timer::Linger)
            | (State::Proceeding | State::Terminated, _)
            | (State::Accepted | State::Completed, Timer::Retransmit | Timer::GiveUp) => {
                Effects::NONE
            }
        }
    }

    /// Whether a final response came.
    pub(crate) const fn is_final(&self) -> bool {
        match self.state {
            State::Calling { .. } | State::Proceeding | State::Cancelled => false,
            State::Completed | State::Accepted | State::Terminated => true,
        }
    }

    /// Whether it rings: a CANCEL may be sent.
    pub(crate) const fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding)
    }
}
