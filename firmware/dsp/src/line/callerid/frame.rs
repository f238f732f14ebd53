//! A message as the octets that the modem carries.

/// Octets of the longest message: type, length, 255 of content, checksum.
pub(super) const FRAME_OCTETS: usize = 258;

/// The octets of one message, with its checksum.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    octets: [u8; FRAME_OCTETS],
    len: usize,
}

impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        self.octets() == other.octets()
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl Frame {
    /// No octet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            octets: [0; FRAME_OCTETS],
            len: 0,
        }
    }

    /// Adds an octet; `false` if there is no room.
    pub fn push(&mut self, octet: u8) -> bool {
        let Some(slot) = self.octets.get_mut(self.len) else {
            return false;
        };
        *slot = octet;
        self.len = self.len.saturating_add(1);
        true
    }

    /// Adds octets, as many as there is room for.
    pub fn extend(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.push(octet);
        }
    }

    /// The octets so far.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or(&[])
    }

    /// Replaces an octet that is there already.
    pub fn replace(&mut self, at: usize, octet: u8) {
        if let Some(slot) = self.octets.get_mut(at).filter(|_| at < self.len) {
            *slot = octet;
        }
    }
}

/// What makes the sum of all octets 0 modulo 256 (GR-30-CORE §2.2.1, EN 300 659-3 §5.2).
#[must_use]
pub(super) fn checksum(octets: &[u8]) -> u8 {
    let sum = octets.iter().fold(0_u8, |sum, &o| sum.wrapping_add(o));
    sum.wrapping_neg()
}
