//! INVITE server transaction: RFC 3261 §17.2.1 with the Accepted state of RFC 6026 §7.1.

use core::time::Duration;

use super::{Effects, Timer, Timing};

/// Where an INVITE that we were sent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No final response yet.
    Proceeding,
    /// 300 to 699 sent, no ACK yet; `pause` is the time to the next retransmission (timer G).
    Completed { pause: Duration },
    /// The ACK came; more of them are absorbed (timer I).
    Confirmed,
    /// 2xx sent. Its retransmission is the user's affair; the INVITE is only absorbed (RFC 6026).
    Accepted,
    /// Nothing more will happen.
    Terminated,
}

/// The machine. Timer G is [`Timer::Retransmit`], as is the one of the 100 before any answer; H is [`Timer::GiveUp`], I and L are
/// [`Timer::Linger`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct InviteServer {
    state: State,
    reliable: bool,
}

/// Another answer came before the 100.
const SEND_INSTEAD_OF_TRYING: Effects = Effects {
    stop: [Some(Timer::Retransmit), None],
    ..Effects::SEND
};

impl InviteServer {
    /// The INVITE arrived now.
    pub(crate) const fn start(reliable: bool) -> Self {
        Self {
            state: State::Proceeding,
            reliable,
        }
    }

    /// The INVITE arrived again.
    pub(crate) const fn repeated(&self) -> Effects {
        match self.state {
            State::Proceeding | State::Completed { .. } => Effects::SEND,
            State::Confirmed | State::Accepted | State::Terminated => Effects::NONE,
        }
    }

    /// The user answers with `status`. Refused (no effect at all) after a final response, but for
    /// further 2xx, which the user repeats itself.
    pub(crate) fn respond(&mut self, timing: &Timing, status: u16) -> Effects {
        match (self.state, status / 100) {
            (State::Accepted, 2) => Effects::SEND,
            (State::Proceeding, 1) => SEND_INSTEAD_OF_TRYING,
            (State::Proceeding, 2) => {
                self.state = State::Accepted;
                Effects::SEND.linger(timing.give_up())
            }
            (State::Proceeding, _) => {
                self.state = State::Completed { pause: timing.t1 };
                let mut effects = SEND_INSTEAD_OF_TRYING;
                effects.start[0] = Some((Timer::GiveUp, timing.give_up()));
                if !self.reliable {
                    effects.start[1] = Some((Timer::Retransmit, timing.t1));
                }
                effects
            }
            (
                State::Completed { .. } | State::Confirmed | State::Accepted | State::Terminated,
                _,
            ) => Effects::NONE,
        }
    }

    /// An ACK arrived.
    pub(crate) fn ack(&mut self, timing: &Timing) -> Effects {
        match self.state {
            State::Completed { .. } => {
                self.state = State::Confirmed;
                Effects::NONE.linger(timing.t4_or_zero(self.reliable))
            }
            // RFC 6026 §7.1: the ACK of a 2xx belongs to the user.
            State::Accepted => Effects::PASS,
            State::Proceeding | State::Confirmed | State::Terminated => Effects::NONE,
        }
    }

    /// A timer ran out.
    pub(crate) fn timer(&mut self, timing: &Timing, timer: Timer) -> Effects {
        match (self.state, timer) {
            (State::Completed { pause }, Timer::Retransmit) => {
                let pause = timing.doubled(pause);
                self.state = State::Completed { pause };
                let mut effects = Effects::SEND;
                effects.start[0] = Some((Timer::Retransmit, pause));
                effects
            }
            // Nothing was answered yet: the 100 that is kept as the last response.
            (State::Proceeding, Timer::Retransmit) => Effects::SEND,
            // §17.2.1: the missing ACK of a refusal interests nobody; the session never was.
            (State::Completed { .. }, Timer::GiveUp)
            | (State::Confirmed | State::Accepted, Timer::Linger) => {
                self.state = State::Terminated;
                Effects::DONE
            }
            (State::Completed { .. }, Timer::Linger)
            | (State::Confirmed | State::Accepted, Timer::Retransmit | Timer::GiveUp)
            | (State::Proceeding, Timer::GiveUp | Timer::Linger)
            | (State::Terminated, _) => Effects::NONE,
        }
    }

    /// Whether a 2xx was sent.
    pub(crate) const fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted)
    }

    /// Whether a final response was sent.
    pub(crate) const fn is_final(&self) -> bool {
        match self.state {
            State::Proceeding => false,
            State::Completed { .. } | State::Confirmed | State::Accepted | State::Terminated => {
                true
            }
        }
    }
}
