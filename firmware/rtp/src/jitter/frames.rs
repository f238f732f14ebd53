//! Encoded frames by media time, in one piece of memory: a ring of octets, each frame in one run of
//! them, and a list of the frames in playing order.

use model::limits::{JITTER_FRAMES, JITTER_OCTETS};

/// A stored frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    /// Media time of its first unit.
    pub(super) time: u64,
    /// Units that it lasts.
    pub(super) units: u32,
    pub(super) seq: u16,
    /// It describes the noise of a pause.
    pub(super) comfort: bool,
    /// Where its payload is; set by [`Frames::put`].
    pub(super) start: u16,
    pub(super) length: u16,
}

impl Stored {
    /// One after its last unit.
    pub(super) const fn end(&self) -> u64 {
        self.time.saturating_add(self.units as u64)
    }

    /// Octets of its payload.
    pub(super) const fn len(&self) -> usize {
        self.length as usize
    }

    const fn octets_end(&self) -> u16 {
        self.start.saturating_add(self.length)
    }
}

/// All frames that wait.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    octets: Box<[u8]>,
    list: [Stored; JITTER_FRAMES],
    len: usize,
    /// Where the next payload goes.
    head: u16,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            octets: vec![0; JITTER_OCTETS].into_boxed_slice(),
            list: [Stored::default(); JITTER_FRAMES],
            len: 0,
            head: 0,
        }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    fn all(&self) -> &[Stored] {
        self.list.get(..self.len).unwrap_or(&[])
    }

    /// The frame that is played first.
    pub(super) fn first(&self) -> Option<&Stored> {
        self.all().first()
    }

    /// Stores a frame; false if one of the same time is there. When there is no room the first ones
    /// are given up; their number is told.
    pub(super) fn put(&mut self, mut frame: Stored, payload: &[u8]) -> Result<usize, Taken> {
        let place = self.all().partition_point(|other| other.time < frame.time);
        if self.all().get(place).is_some_and(|o| o.time == frame.time) {
            return Err(Taken);
        }
        frame.length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let mut given_up = 0;
        frame.start = loop {
            if self.len < JITTER_FRAMES
                && let Some(start) = self.room(frame.length)
            {
                break start;
            }
            if self.len == 0 {
                return Err(Taken);
            }
            self.drop_first();
            given_up = usize::saturating_add(given_up, 1);
        };
        let from = usize::from(frame.start);
        let octets = self
            .octets
            .get_mut(from..from.saturating_add(payload.len()));
        octets.unwrap_or(&mut []).copy_from_slice(payload);
        self.head = frame.octets_end();
        let place = place.saturating_sub(given_up);
        self.len = self.len.saturating_add(1);
        let tail = self.list.get_mut(place..self.len).unwrap_or(&mut []);
        tail.rotate_right(1);
        if let Some(slot) = tail.first_mut() {
            *slot = frame;
        }
        Ok(given_up)
    }

    /// Where so many octets are free.
    fn room(&self, length: u16) -> Option<u16> {
        let whole = u16::try_from(JITTER_OCTETS).unwrap_or(u16::MAX);
        let start = if length > whole.saturating_sub(self.head) {
            0
        } else {
            self.head
        };
        let end = start.checked_add(length).filter(|&end| end <= whole)?;
        let free = |other: &Stored| other.octets_end() <= start || other.start >= end;
        self.all().iter().all(free).then_some(start)
    }

    /// Takes the first frame out. Its payload can be read until the next [`Frames::put`].
    pub(super) fn take_first(&mut self) -> Option<Stored> {
        let first = *self.first()?;
        self.drop_first();
        Some(first)
    }

    fn drop_first(&mut self) {
        let list = self.list.get_mut(..self.len).unwrap_or(&mut []);
        if !list.is_empty() {
            list.copy_within(1.., 0);
        }
        self.len = self.len.saturating_sub(1);
    }

    /// The payload of a frame.
    pub(super) fn payload(&self, frame: &Stored) -> &[u8] {
        let from = usize::from(frame.start);
        let octets = self.octets.get(from..from.saturating_add(frame.len()));
        octets.unwrap_or(&[])
    }
}

/// A frame of that time is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(time: u64) -> Stored {
        Stored {
            time,
            units: 160,
            ..Stored::default()
        }
    }

    #[test]
    fn frames_come_out_in_order_with_their_octets() {
        let mut frames = Frames::new();
        for round in 0..50 {
            for n in [2, 0, 1, 4, 3] {
                let time = round * 800 + n * 160;
                assert_eq!(frames.put(frame(time), &[time as u8; 160]), Ok(0));
                assert_eq!(frames.put(frame(time), &[0; 20]), Err(Taken));
            }
            for n in 0..5 {
                let time = round * 800 + n * 160;
                let first = frames.take_first().expect("stored");
                assert_eq!(first.time, time);
                assert_eq!(frames.payload(&first), [time as u8; 160]);
            }
        }
        assert!(frames.take_first().is_none());
    }

    #[test]
    fn without_room_the_first_are_given_up() {
        let mut frames = Frames::new();
        let mut given_up = 0;
        for n in 0..200_u64 {
            let length = 40 + (n as usize * 37) % 300;
            given_up += frames
                .put(frame(n * 160), &vec![n as u8; length])
                .expect("new");
            for stored in frames.all() {
                let wanted = (stored.time / 160) as u8;
                assert!(frames.payload(stored).iter().all(|&o| o == wanted));
            }
        }
        assert_eq!(given_up + frames.len, 200);
        assert!(frames.len > 10);
        for n in 200..300 {
            frames.put(frame(n * 160), &[1; 1]).expect("new");
        }
        assert_eq!(frames.len, JITTER_FRAMES);
        assert_eq!(frames.all().last().map(|last| last.time), Some(299 * 160));
    }
}
