//! The four transaction machines of RFC 3261 §17 with the corrections of RFC 6026, as plain state
//! machines: they know no message, no peer and no clock, only what has to happen next.
//!
//! The agent keeps one machine per transaction beside the bytes it may have to send again, hands it
//! what arrived and does what the returned [`Effects`] ask for.

mod invite_client;
mod invite_server;
mod non_invite_client;
mod non_invite_server;
mod timing;

pub(crate) use invite_client::InviteClient;
pub(crate) use invite_server::InviteServer;
pub(crate) use non_invite_client::NonInviteClient;
pub(crate) use non_invite_server::NonInviteServer;
pub use timing::Timing;

use core::time::Duration;

/// A client transaction: a request that we sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientKey(pub(crate) u64);

/// A server transaction: a request that we were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServerKey(pub(crate) u64);

/// The timers of a transaction. A transaction has at most one of each running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A, E or G: send again.
    Retransmit,
    /// B, F or H: give up.
    GiveUp,
    /// D, I, J, K, L or M: absorb what still comes, then forget.
    Linger,
}

/// What a machine asks for after one input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Effects {
    /// Send the kept bytes (again): the request of a client, the last response of a server.
    pub(crate) send: bool,
    /// Acknowledge the final response (INVITE client, §17.1.1.3).
    pub(crate) ack: bool,
    /// Hand what arrived to the user of the transaction.
    pub(crate) pass: bool,
    /// Tell the user that nothing more will come.
    pub(crate) timed_out: bool,
    /// Timers to start anew.
    pub(crate) start: [Option<(Timer, Duration)>; 2],
    /// Timers to stop.
    pub(crate) stop: [Option<Timer>; 2],
    /// The transaction is over and can be forgotten.
    pub(crate) done: bool,
}

impl Effects {
    /// Nothing has to happen.
    pub(crate) const NONE: Self = Self {
        send: false,
        ack: false,
        pass: false,
        timed_out: false,
        start: [None, None],
        stop: [None, None],
        done: false,
    };
    /// Only hand on what arrived.
    pub(crate) const PASS: Self = Self {
        pass: true,
        ..Self::NONE
    };
    /// Only send again.
    pub(crate) const SEND: Self = Self {
        send: true,
        ..Self::NONE
    };
    /// Only forget the transaction.
    pub(crate) const DONE: Self = Self {
        done: true,
        ..Self::NONE
    };

    /// Enters a state of absorbing for `linger`, or is done at once where that is zero.
    pub(crate) const fn linger(mut self, linger: Duration) -> Self {
        if linger.is_zero() {
            self.done = true;
        } else {
            self.start[0] = Some((Timer::Linger, linger));
            self.stop = [Some(Timer::Retransmit), Some(Timer::GiveUp)];
        }
        self
    }
}

#[cfg(test)]
mod tests;
