//! Non-INVITE client transaction: RFC 3261 §17.1.2.

use core::time::Duration;

use super::{Effects, Timer, Timing};

/// Where a request other than INVITE stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Sent, nothing heard; `pause` is the time to the next retransmission (timer E).
    Trying { pause: Duration },
    /// A provisional response came.
    Proceeding,
    /// The final response came.
    Completed,
    /// Nothing more will happen.
    Terminated,
}

/// The machine. Timer E is [`Timer::Retransmit`], F is [`Timer::GiveUp`], K is [`Timer::Linger`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NonInviteClient {
    state: State,
    reliable: bool,
}

impl NonInviteClient {
    /// The request goes out now.
    pub(crate) fn start(timing: &Timing, reliable: bool) -> (Self, Effects) {
        let state = State::Trying { pause: timing.t1 };
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
            (State::Trying { .. } | State::Proceeding, 1) => {
                self.state = State::Proceeding;
                Effects::PASS
            }
            (State::Trying { .. } | State::Proceeding, _) => {
                self.state = State::Completed;
                Effects::PASS.linger(timing.t4_or_zero(self.reliable))
            }
            (State::Completed | State::Terminated, _) => Effects::NONE,
        }
    }

    /// A timer ran out.
    pub(crate) fn timer(&mut self, timing: &Timing, timer: Timer) -> Effects {
        match (self.state, timer) {
            (State::Trying { pause }, Timer::Retransmit) => {
                let pause = timing.doubled(pause);
                self.state = State::Trying { pause };
                Self::again(pause)
            }
            // §17.1.2.2: in Proceeding the request is repeated every T2.
            (State::Proceeding, Timer::Retransmit) => Self::again(timing.t2),
            (State::Trying { .. } | State::Proceeding, Timer::GiveUp) => {
                self.state = State::Terminated;
                Effects {
                    timed_out: true,
                    ..Effects::DONE
                }
            }
            (State::Completed, Timer::Linger) => {
                self.state = State::Terminated;
                Effects::DONE
            }
            (State::Trying { .. } | State::Proceeding, Timer::Linger)
            | (State::Completed, Timer::Retransmit | Timer::GiveUp)
            | (State::Terminated, _) => Effects::NONE,
        }
    }

    fn again(pause: Duration) -> Effects {
        let mut effects = Effects::SEND;
        effects.start[0] = Some((Timer::Retransmit, pause));
        effects
    }

    /// Whether a final response came.
    pub(crate) const fn is_final(&self) -> bool {
        match self.state {
            State::Trying { .. } | State::Proceeding => false,
            State::Completed | State::Terminated => true,
        }
    }
}
