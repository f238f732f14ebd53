//! Sockets, and when they are looked at. What comes for legs that are only mixed is not needed before
//! the tick, so it wakes nobody: before each tick all of it is taken in one go. A conference of 30 wakes its thread
//! 50 times a second instead of 1,600 times. When a datagram came is asked of the kernel, for the
//! jitter buffer learns the network from it.

use std::io;
use std::os::fd::AsFd;

use media::{Channel, Pace};
use model::{Instant, MediaLeg, limits};

use crate::link::Pair;
use crate::sys::{self, Epoll, Socket};
use crate::worker::{Seat, Worker, token, untoken};

/// Sockets served per turn.
const READY_MAX: usize = 128;

/// Looks at all of them before one tick: a far end sends a packet in one or two ticks, and who sends
/// more is served in the next.
const ROUNDS: usize = 4;

/// All sockets of the thread.
pub(crate) struct Watch {
    /// Those that wake it.
    pub(crate) hasty: Epoll,
    /// Those that are looked at before each tick.
    later: Epoll,
    /// How many these are.
    waiting: usize,
    /// When they were looked at last: nothing that is found now came earlier.
    looked: Instant,
}

impl Watch {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            hasty: Epoll::new(READY_MAX)?,
            later: Epoll::new(limits::MEDIA_LEGS)?,
            waiting: 0,
            looked: Instant::ZERO,
        })
    }

    /// Looks at the RTP socket of a leg at this pace. Where the system refuses, for want of memory,
    /// all stays as it was.
    pub(crate) fn pace(&mut self, seats: &mut [Option<Seat>], leg: MediaLeg, pace: Pace) {
        let seat = seats.get_mut(usize::from(leg.slot));
        let Some(Some(seat)) = seat.filter(|seat| is_of(seat, leg)) else {
            return;
        };
        let (socket, token) = (&seat.pair.rtp, token(leg.slot, Channel::Rtp));
        match pace {
            Pace::Tick if self.later.add(socket.as_fd(), token).is_ok() => {
                self.hasty.remove(socket.as_fd());
                self.waiting = self.waiting.saturating_add(1);
                sys::stamp(socket, true);
            }
            Pace::AtOnce if self.hasty.add(socket.as_fd(), token).is_ok() => {
                self.forget(socket);
                sys::stamp(socket, false);
            }
            Pace::Tick | Pace::AtOnce => return,
        }
        seat.pace = pace;
    }

    /// Looks at the sockets of a leg, at once.
    pub(crate) fn begin(&self, leg: MediaLeg, pair: &Pair) {
        for channel in [Channel::Rtp, Channel::Rtcp] {
            // A socket that cannot be watched is one that nothing is heard from: the call's own
            // supervision ends it. The system refuses only for want of memory.
            let socket = pair.socket(channel);
            let _ = self.hasty.add(socket.as_fd(), token(leg.slot, channel));
        }
    }

    /// Looks at the sockets of a leg no more.
    pub(crate) fn end(&mut self, seat: &Seat) {
        match seat.pace {
            Pace::AtOnce => self.hasty.remove(seat.pair.rtp.as_fd()),
            Pace::Tick => self.forget(&seat.pair.rtp),
        }
        self.hasty.remove(seat.pair.rtcp.as_fd());
    }

    fn forget(&mut self, socket: &Socket) {
        self.later.remove(socket.as_fd());
        self.waiting = self.waiting.saturating_sub(1);
    }
}

/// Whether these sockets are those of this very leg.
pub(crate) fn is_of(seat: &Option<Seat>, leg: MediaLeg) -> bool {
    seat.as_ref().is_some_and(|seat| seat.leg == leg)
}

impl Worker {
    /// Takes all datagrams that waited for the tick at `now`.
    pub(crate) fn gather(&mut self, now: Instant) {
        if self.watch.waiting == 0 {
            self.watch.looked = now;
            return;
        }
        let calendar = sys::calendar_ns();
        for _ in 0..ROUNDS {
            self.watch.later.wait(Some(0));
            let mut index = 0;
            while let Some(token) = self.watch.later.token(index) {
                self.take_waiting((now, calendar), token);
                index += 1;
            }
            if index == 0 {
                break;
            }
        }
        self.watch.looked = now;
    }

    /// Takes one datagram that waited. The calendar at this moment tells how long; should it have
    /// jumped, the datagram came after we looked last all the same.
    fn take_waiting(&mut self, (now, calendar): (Instant, u64), token: u64) {
        let (slot, channel) = untoken(token);
        let Some(Some(seat)) = self.seats.get(slot) else {
            return;
        };
        let leg = seat.leg;
        let socket = seat.pair.socket(channel);
        let found = sys::receive_stamped(socket, &mut *self.buffer);
        let Some((len, from, stamp)) = found else {
            return;
        };
        let age = stamp.map_or(0, |stamp| calendar.saturating_sub(stamp));
        let came = Instant::from_nanos(now.as_nanos().saturating_sub(age)).max(self.watch.looked);
        self.doing.current.datagrams_in += 1;
        let datagram = self.buffer.get(..len).unwrap_or(&[]);
        self.plane
            .packet(came.min(now), leg, channel, from, datagram);
        self.drain();
    }
}
