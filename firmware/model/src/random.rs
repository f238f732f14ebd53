//! Randomness that repeats: ChaCha20 streams from a seed that the shell draws from the operating
//! system and a simulation from its own seed.

use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng},
};

/// 256 bits from which a stream starts.
pub type Seed = [u8; 32];

/// One stream of randomness. The exchange has two, never mixed: *plain* for tags, branches and
/// ids, reproducible in a replay; *secret* for nonces, keys and claim codes, whose values never
/// leave the box except on the wire where they belong.
#[derive(Clone, Debug)]
pub struct Random(ChaCha20Rng);

impl Random {
    /// A stream that starts at `seed`.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// The next 32 bits.
    pub fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// The next 128 bits: ids of calls, legs and parties.
    pub fn next_u128(&mut self) -> u128 {
        (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64())
    }

    /// Fills `out` from the stream.
    pub fn fill(&mut self, out: &mut [u8]) {
        self.0.fill_bytes(out);
    }

    /// A number below `end`, 0 if `end` is 0. Unbiased enough for games of chance with 2⁻³² error.
    pub fn below(&mut self, end: u32) -> u32 {
        let wide = u64::from(self.next_u32()).wrapping_mul(u64::from(end));
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// A new stream that depends on this seed and on `name` only, so that one more user of
    /// randomness does not reshuffle the others.
    #[must_use]
    pub fn derive(seed: Seed, name: &str) -> Self {
        let mut mixed = seed;
        for (at, byte) in name.bytes().enumerate() {
            let slot = &mut mixed[at % 32];
            *slot = slot.rotate_left(3) ^ byte.wrapping_mul(31).wrapping_add(7);
        }
        let mut stream = Self::new(mixed);
        let _ = stream.next_u128();
        stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_and_names_differ() {
        let seed = [7; 32];
        assert_eq!(Random::new(seed).next_u128(), Random::new(seed).next_u128());
        let mut a = Random::derive(seed, "network");
        let mut b = Random::derive(seed, "people");
        assert_ne!(a.next_u64(), b.next_u64());
        assert!((0..1000).all(|_| a.below(7) < 7));
    }
}
