//! What a run leaves behind: a hash over every effect, and for people a line for each.

use core::fmt::Arguments;

use model::Instant;

/// Hash and, if wanted, lines.
#[derive(Debug)]
pub struct Trace {
    hash: u64,
    /// Effects so far.
    pub effects: u64,
    print: Option<fn(&str)>,
}

impl Trace {
    /// Hands every line to `print`, if there is one.
    #[must_use]
    pub const fn new(print: Option<fn(&str)>) -> Self {
        Self {
            hash: 0xcbf2_9ce4_8422_2325,
            effects: 0,
            print,
        }
    }

    /// The hash over all effects so far.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// Somebody reads the lines.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.print.is_some()
    }

    /// An effect: its time and bytes go into the hash.
    pub fn effect(&mut self, now: Instant, bytes: &[u8]) {
        self.effects += 1;
        self.mix(now.as_nanos());
        self.mix(bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    /// A line: time, who, what happened, details.
    pub fn line(&mut self, now: Instant, who: &str, what: &str, details: Arguments<'_>) {
        if let Some(print) = self.print {
            let (s, us) = (
                now.as_nanos() / 1_000_000_000,
                now.as_nanos() / 1_000 % 1_000_000,
            );
            print(&format!("{s:>6}.{us:06}  {who:<10}  {what:<10}  {details}"));
        }
    }

    fn mix(&mut self, word: u64) {
        self.hash = (self.hash ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
}
