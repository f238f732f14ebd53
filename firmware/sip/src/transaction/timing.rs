//! The base values of every SIP timer.

use core::time::Duration;

/// RFC 3261 table 4: all timers of transactions follow from these three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Estimate of the round-trip time; 500 ms.
    pub t1: Duration,
    /// Longest pause between two retransmissions of a non-INVITE request or INVITE response; 4 s.
    pub t2: Duration,
    /// Longest time a message stays in the network; 5 s.
    pub t4: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
        }
    }
}

impl Timing {
    /// When an INVITE is answered with 100 if nothing else was said: §17.2.1 wants it within 200 ms,
    /// and it must arrive before the INVITE is sent again after T1.
    #[must_use]
    pub fn trying(&self) -> Duration {
        (self.t1 / 4).min(Duration::from_millis(150))
    }

    /// 64·T1: timers B, F, H, J, L and M, and the wait for an ACK (§13.3.1.4).
    #[must_use]
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }

    /// Timer D: at least 32 s on UDP, zero where the transport itself repeats (§17.1.1.2).
    #[must_use]
    pub fn d(&self, reliable: bool) -> Duration {
        if reliable {
            Duration::ZERO
        } else {
            self.give_up().max(Duration::from_secs(32))
        }
    }

    /// Timers I and K: T4 on UDP, zero where the transport itself repeats.
    #[must_use]
    pub fn t4_or_zero(&self, reliable: bool) -> Duration {
        if reliable { Duration::ZERO } else { self.t4 }
    }

    /// Timer J: 64·T1 on UDP, zero where the transport itself repeats.
    #[must_use]
    pub fn j(&self, reliable: bool) -> Duration {
        if reliable {
            Duration::ZERO
        } else {
            self.give_up()
        }
    }

    /// The pause after `pause`: doubled, up to T2.
    #[must_use]
    pub fn doubled(&self, pause: Duration) -> Duration {
        (pause * 2).min(self.t2)
    }
}
