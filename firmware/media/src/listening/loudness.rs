//! How loud a talker is of late, to tell the moments in which nobody hears that time changes.

/// A block whose largest sample is this much below the talker's is soft: 30 dB.
const SOFT: u16 = 32;
/// What is kept of the largest sample in a block of 10 ms: half is forgotten in 3.5 s, since pauses
/// between sentences do not make a talker less loud.
const KEEP: f32 = 0.998;

/// The largest sample of late.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loudness(f32);

impl Loudness {
    pub(super) const fn new() -> Self {
        Self(0.0)
    }

    /// Another block of 10 ms, with this largest sample, was played.
    pub(super) fn follow(&mut self, peak: u16) {
        self.0 = (self.0 * KEEP).max(f32::from(peak));
    }

    /// Whether a block with this largest sample is in the middle of speech.
    pub(super) fn is_loud(self, peak: u16) -> bool {
        f32::from(peak.saturating_mul(SOFT)) > self.0
    }
}
