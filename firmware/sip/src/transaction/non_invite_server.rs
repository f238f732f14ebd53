//! Non-INVITE server transaction: RFC 3261 §17.2.2.

use super::{Effects, Timer, Timing};

/// Where a request other than INVITE and ACK stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing answered yet.
    Trying,
    /// A provisional response was sent.
    Proceeding,
    /// The final response was sent.
    Completed,
    /// Nothing more will happen.
    Terminated,
}

/// The machine. Timer J is [`Timer::Linger`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NonInviteServer {
    state: State,
    reliable: bool,
}

impl NonInviteServer {
    /// The request arrived now.
    pub(crate) const fn start(reliable: bool) -> Self {
        Self {
            state: State::Trying,
            reliable,
        }
    }

    /// The request arrived again.
    pub(crate) const fn repeated(&self) -> Effects {
        match self.state {
            State::Proceeding | State::Completed => Effects::SEND,
            State::Trying | State::Terminated => Effects::NONE,
        }
    }

    /// The user answers with `status`. Refused (no effect at all) after a final response.
    pub(crate) fn respond(&mut self, timing: &Timing, status: u16) -> Effects {
        match (self.state, status / 100) {
            (State::Trying | State::Proceeding, 1) => {
                self.state = State::Proceeding;
                Effects::SEND
            }
            (State::Trying | State::Proceeding, _) => {
                self.state = State::Completed;
                Effects::SEND.linger(timing.j(self.reliable))
            }
            (State::Completed | State::Terminated, _) => Effects::NONE,
        }
    }

    /// A timer ran out.
    pub(crate) fn timer(&mut self, timer: Timer) -> Effects {
        match (self.state, timer) {
            (State::Completed, Timer::Linger) => {
                self.state = State::Terminated;
                Effects::DONE
            }
            (State::Trying | State::Proceeding | State::Terminated, _)
            | (State::Completed, Timer::Retransmit | Timer::GiveUp) => Effects::NONE,
        }
    }

    /// Whether the final response was sent.
    pub(crate) const fn is_final(&self) -> bool {
        match self.state {
            State::Trying | State::Proceeding => false,
            State::Completed | State::Terminated => true,
        }
    }
}
