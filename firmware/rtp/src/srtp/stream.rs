//! What is remembered of each synchronisation source: rollover counter and replay windows.

use super::{SOURCES, SrtpError};

/// Numbers behind the newest that are remembered (RFC 3711 §3.3.2 asks for 64 at least).
const WINDOW: u64 = 128;
/// First index that does not exist: 48 bits.
const INDEX_END: u64 = 1 << 48;

/// The newest index and which of those below it were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    newest: u64,
    /// Bit n is `newest` − n; 0 = nothing was seen yet.
    seen: u128,
}

impl Window {
    /// The newest index, once there is one.
    pub(super) const fn newest(&self) -> Option<u64> {
        match self.seen {
            0 => None,
            _ => Some(self.newest),
        }
    }

    /// Whether `index` is new.
    pub(super) fn check(&self, index: u64) -> Result<(), SrtpError> {
        if self.seen == 0 {
            return Ok(());
        }
        let Some(behind) = self.newest.checked_sub(index) else {
            return Ok(());
        };
        let bit = u32::try_from(behind).ok().filter(|_| behind < WINDOW);
        let seen = bit.and_then(|bit| self.seen.checked_shr(bit));
        match seen {
            Some(bits) if bits & 1 == 0 => Ok(()),
            Some(_) | None => Err(SrtpError::Replayed),
        }
    }

    /// `index` was seen.
    pub(super) fn accept(&mut self, index: u64) {
        let Some(behind) = self.newest.checked_sub(index).filter(|_| self.seen != 0) else {
            let ahead = index.saturating_sub(self.newest);
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.seen = self.seen.checked_shl(shift).unwrap_or(0) | 1;
            self.newest = index;
            return;
        };
        let bit = u32::try_from(behind).unwrap_or(u32::MAX);
        self.seen |= 1_u128.checked_shl(bit).unwrap_or(0);
    }

    /// The index of sequence number `seq`, guessed from the newest (RFC 3711 §3.3.1): the one of
    /// the three possible that is nearest.
    pub(super) fn index_of(&self, seq: u16) -> Result<u64, SrtpError> {
        let wide = u64::from(seq);
        let Some(newest) = self.newest() else {
            return Ok(wide);
        };
        let high = newest >> 16;
        let low = u16::try_from(newest & 0xffff).unwrap_or(0);
        let high = if low < 0x8000 && i32::from(seq).saturating_sub(i32::from(low)) > 0x8000 {
            // Before the stream began: nothing that is known to be new.
            high.checked_sub(1).ok_or(SrtpError::Replayed)?
        } else if low >= 0x8000 && i32::from(low).saturating_sub(0x8000) > i32::from(seq) {
            high.saturating_add(1)
        } else {
            high
        };
        let index = (high << 16) | wide;
        if index >= INDEX_END {
            return Err(SrtpError::Spent);
        }
        Ok(index)
    }
}

/// One synchronisation source.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    pub(super) ssrc: u32,
    pub(super) rtp: Window,
    pub(super) rtcp: Window,
}

/// All sources of a key.
#[derive(Clone, Debug)]
pub(super) struct Streams {
    all: [Stream; SOURCES],
    used: usize,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            all: [Stream::default(); SOURCES],
            used: 0,
        }
    }

    /// What is remembered of `ssrc`: nothing, if it is new. Refused if there is no room for it.
    pub(super) fn of(&self, ssrc: u32) -> Result<Stream, SrtpError> {
        let used = self.all.get(..self.used).unwrap_or(&[]);
        if let Some(known) = used.iter().find(|stream| stream.ssrc == ssrc) {
            return Ok(*known);
        }
        if self.used >= SOURCES {
            return Err(SrtpError::Sources);
        }
        Ok(Stream {
            ssrc,
            ..Stream::default()
        })
    }

    /// Remembers `stream`, which [`Streams::of`] gave.
    pub(super) fn keep(&mut self, stream: Stream) {
        let used = self.all.get_mut(..self.used).unwrap_or(&mut []);
        if let Some(known) = used.iter_mut().find(|known| known.ssrc == stream.ssrc) {
            *known = stream;
        } else if let Some(place) = self.all.get_mut(self.used) {
            *place = stream;
            self.used = self.used.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The window against a list of everything that was ever seen.
        #[test]
        fn the_window_is_a_short_memory_of_all(steps in prop::collection::vec(0_u64..400, 1..300)) {
            let mut window = Window::default();
            let mut seen: BTreeSet<u64> = BTreeSet::new();
            let mut base = 1_000_u64;
            for step in steps {
                let index = base + step - 200;
                let newest = seen.last().copied();
                let naive = !seen.contains(&index)
                    && newest.is_none_or(|newest| index + WINDOW > newest);
                prop_assert_eq!(window.check(index).is_ok(), naive, "{}", index);
                if naive {
                    window.accept(index);
                    seen.insert(index);
                    base = base.max(index);
                }
            }
        }

        /// The guess is right as long as less than half a round is lost or out of order.
        #[test]
        fn the_index_is_found_again(start in 0_u64..1 << 20, jumps in prop::collection::vec(-32_767_i64..32_767, 1..50)) {
            let mut window = Window::default();
            let mut newest = start & 0xffff;
            window.accept(newest);
            for jump in jumps {
                let Some(index) = newest.checked_add_signed(jump) else { continue };
                let seq = u16::try_from(index & 0xffff).expect("16 bits");
                prop_assert_eq!(window.index_of(seq), Ok(index));
                if index > newest {
                    window.accept(index);
                    newest = index;
                }
            }
        }
    }

    #[test]
    fn a_key_ends_with_its_last_index() {
        let mut window = Window::default();
        window.accept(INDEX_END - 1);
        assert_eq!(window.index_of(0xffff), Ok(INDEX_END - 1));
        assert_eq!(window.index_of(0), Err(SrtpError::Spent));
    }

    #[test]
    fn there_is_nothing_before_the_first_round() {
        let mut window = Window::default();
        window.accept(3);
        assert_eq!(window.index_of(65_000), Err(SrtpError::Replayed));
    }
}
