//! What the threads of the engine hand each other, and how they wake one another.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use media::{Channel, Clip, Keys, PlaneCommand, Retired};
use model::{
    BridgeId, ClipId, DtlsRole, Fingerprint, Instant, MediaCommand, MediaEvent, MediaLeg, PairId,
};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::sys::{self, Socket};

/// The two sockets of a leg.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) rtp: Socket,
    pub(crate) rtcp: Socket,
    /// Since when it is bound.
    pub(crate) bound: Instant,
}

impl Pair {
    /// The socket of a channel.
    pub(crate) const fn socket(&self, channel: Channel) -> &Socket {
        match channel {
            Channel::Rtp => &self.rtp,
            Channel::Rtcp => &self.rtcp,
        }
    }
}

/// From the helper to the control thread.
#[derive(Debug)]
pub(crate) enum ToControl {
    /// A pair of ports that waits for a leg.
    Pair(PairId, Pair),
    /// What became of something that the helper did.
    Event(MediaEvent),
    /// Something for the media threads that comes after what the helper did.
    Command(MediaCommand),
    /// The keys that a handshake ended with.
    Keys(MediaLeg, Box<Keys>),
    /// A clip for the media thread of that number: each has one of its own.
    Clip(usize, ClipId, Box<Clip>),
}

/// From a media thread to the control thread.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "slots of a ring are as large as events, which nearly all of them are"
)]
pub(crate) enum FromMedia {
    /// A fact of its plane.
    Event(MediaEvent),
    /// A leg came from another thread, or was not there to go to one.
    Arrived(MediaLeg),
}

/// From the control thread to the helper.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "slots of a ring are as large as commands, as in the one to the media thread"
)]
pub(crate) enum ToHelper {
    /// Something that the helper does before the media thread hears of it.
    Command(MediaCommand),
    /// A pair that is not needed.
    Spare(Pair),
    /// A handshake begins; its leg is on the media thread of that number.
    Shake {
        thread: usize,
        leg: MediaLeg,
        role: DtlsRole,
        fingerprint: Fingerprint,
    },
    /// A leg that has a handshake is on another media thread now.
    Moved(MediaLeg, usize),
}

/// To the media thread.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box of its own would have to be freed on the media thread"
)]
pub(crate) enum ToMedia {
    /// For the plane as it is.
    Command(PlaneCommand),
    /// A leg with its sockets.
    AddRtpLeg(MediaLeg, Box<media::RtpLeg>, Pair),
    /// A leg goes to the media thread of that number, into this bridge.
    Depart(MediaLeg, usize, BridgeId),
}

/// From the media thread to the helper: to be freed, closed and used again.
#[derive(Debug)]
pub(crate) struct Dead {
    pub(crate) object: Retired,
    pub(crate) pair: Option<Pair>,
}

/// Wakes the thread at the other end of a ring.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<OwnedFd>);

impl Waker {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(sys::eventfd()?)))
    }

    pub(crate) fn wake(&self) {
        sys::eventfd_wake(self.0.as_fd());
    }

    /// Takes the call back; whether there was one.
    pub(crate) fn clear(&self) -> bool {
        sys::eventfd_clear(self.0.as_fd())
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The sending end of a ring, with a queue for what does not fit at the moment.
#[derive(Debug)]
pub(crate) struct Sender<T> {
    ring: Producer<T>,
    waker: Waker,
    waiting: VecDeque<T>,
    limit: usize,
    /// Something was pushed since the other end was woken.
    news: bool,
    /// The same of what it is not woken for.
    left: bool,
}

/// A ring of `slots` towards the thread behind `waker`; up to `limit` more wait at the sender.
/// Nothing is allocated after this as long as `limit` items suffice.
pub(crate) fn ring<T>(slots: usize, limit: usize, waker: &Waker) -> (Sender<T>, Consumer<T>) {
    let (ring, consumer) = RingBuffer::new(slots);
    let sender = Sender {
        ring,
        waker: waker.clone(),
        waiting: VecDeque::with_capacity(limit),
        limit,
        news: false,
        left: false,
    };
    (sender, consumer)
}

impl<T> Sender<T> {
    /// Hands `item` over now or as soon as there is room, without news: the other end finds it when it
    /// looks the next time, unless [`Self::wake_for`] wakes it for many.
    ///
    /// # Errors
    /// `item` itself, when too many wait already.
    pub(crate) fn leave(&mut self, item: T) -> Result<(), T> {
        self.flush();
        let news = self.news;
        let sent = self.send(item);
        self.left |= self.news;
        self.news = news;
        sent
    }

    /// Hands `item` over now or as soon as there is room.
    ///
    /// # Errors
    /// `item` itself, when too many wait already.
    pub(crate) fn send(&mut self, item: T) -> Result<(), T> {
        self.flush();
        if self.waiting.is_empty() {
            match self.ring.push(item) {
                Ok(()) => self.news = true,
                Err(PushError::Full(item)) => self.waiting.push_back(item),
            }
            return Ok(());
        }
        if self.waiting.len() >= self.limit {
            return Err(item);
        }
        self.waiting.push_back(item);
        Ok(())
    }

    /// Makes room for so many items that are insisted on.
    pub(crate) fn keep_room(&mut self, items: usize) {
        self.waiting.reserve(self.limit.saturating_add(items));
    }

    /// Hands `item` over now or as soon as there is room, however many wait: for what somebody waits for who
    /// would wait for ever. There must be a limit to those elsewhere. Allocates nothing as long as the room that was
    /// kept for them suffices.
    pub(crate) fn insist(&mut self, item: T) {
        if let Err(item) = self.send(item) {
            self.waiting.push_back(item);
        }
    }

    /// Whether one more would be taken.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < self.limit
    }

    /// Hands over what waits, as far as there is room; whether nothing waits any more.
    pub(crate) fn flush(&mut self) -> bool {
        while let Some(item) = self.waiting.pop_front() {
            match self.ring.push(item) {
                Ok(()) => self.news = true,
                Err(PushError::Full(item)) => {
                    self.waiting.push_front(item);
                    return false;
                }
            }
        }
        true
    }

    /// Wakes the other end if so many items wait for it: it looks by itself now and then.
    pub(crate) fn wake_for(&mut self, many: usize) {
        let free = self.ring.slots();
        if self.ring.buffer().capacity().saturating_sub(free) >= many {
            self.news |= self.left;
            self.wake();
        }
    }

    /// Wakes the other end if there is news for it.
    pub(crate) fn wake(&mut self) {
        if std::mem::take(&mut self.news) {
            self.left = false;
            self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_insisted_on_is_never_lost() {
        let waker = Waker::new().expect("an eventfd");
        let (mut sender, mut receiver) = ring(1, 1, &waker);
        sender.keep_room(2);
        let room = sender.waiting.capacity();
        assert_eq!((sender.send(0), sender.send(1)), (Ok(()), Ok(())));
        assert_eq!(sender.send(2), Err(2), "the others are");
        sender.insist(3);
        sender.insist(4);
        assert_eq!(sender.send(5), Err(5));
        assert_eq!(sender.waiting.capacity(), room);
        for item in [0, 1, 3, 4] {
            assert_eq!(receiver.pop(), Ok(item), "in the order of sending");
            sender.flush();
        }
        assert_eq!(sender.send(6), Ok(()));
    }

    #[test]
    fn what_is_left_calls_nobody_until_there_is_much_of_it_or_news() {
        let waker = Waker::new().expect("an eventfd");
        let (mut sender, mut receiver) = ring(8, 2, &waker);
        assert_eq!(sender.leave(0), Ok(()));
        sender.wake();
        sender.wake_for(2);
        assert!(!waker.clear());
        assert_eq!(receiver.pop(), Ok(0), "whoever looks finds it");
        assert_eq!((sender.leave(1), sender.leave(2)), (Ok(()), Ok(())));
        sender.wake_for(2);
        assert!(waker.clear());
        sender.wake_for(2);
        assert!(!waker.clear(), "called once for the same");
        assert_eq!(
            (sender.leave(3), sender.send(4), sender.leave(5)),
            (Ok(()), Ok(()), Ok(()))
        );
        sender.wake();
        assert!(waker.clear());
    }

    #[test]
    fn what_does_not_fit_waits_in_order_up_to_the_limit() {
        let waker = Waker::new().expect("an eventfd");
        let (mut sender, mut receiver) = ring(2, 2, &waker);
        assert!((0..4).all(|n| sender.send(n).is_ok()));
        assert_eq!(sender.send(4), Err(4));
        sender.wake();
        assert!(waker.clear() && !waker.clear());
        assert_eq!(receiver.pop(), Ok(0));
        assert!(!sender.flush());
        let rest: Vec<_> = std::iter::from_fn(|| {
            sender.flush();
            receiver.pop().ok()
        })
        .collect();
        assert_eq!(rest, [1, 2, 3]);
        assert!(sender.flush());
    }
}
