//! Somebody on the way from a phone to the exchange who has no key, but hears what is said: repeats protected
//! packets, and makes them say something else, for what counter mode encrypts is easily bent (RFC 3711 §9.5). Only
//! tags and the memory of what came keep this out.

use crate::sound::bend;
use crate::srtp::HEADER;

/// A packet in so many is bent.
const BENT: u32 = 37;
/// One in so many is kept, and comes again so many packets later. The very first may come before the exchange knows
/// the key, and nobody has heard them.
const KEPT: u32 = 200;
const LATER: [u32; 4] = [1, 40, 100, 170];

/// What somebody on the way has seen under one key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meddler {
    seen: u32,
    kept: Vec<u8>,
}

impl Meddler {
    /// Sees a packet that was this before it was sealed; what goes on.
    pub(crate) fn sees(&mut self, clear: &[u8], sealed: Vec<u8>) -> Vec<Vec<u8>> {
        self.seen += 1;
        let mut go_on = Vec::new();
        if self.seen.is_multiple_of(BENT) {
            let mut bent = sealed.clone();
            bend(&mut bent[HEADER..], &clear[HEADER..], self.seen / BENT);
            go_on.push(bent);
        }
        if self.seen.is_multiple_of(KEPT) {
            self.kept.clone_from(&sealed);
        }
        go_on.push(sealed);
        if self.seen > KEPT && LATER.contains(&(self.seen % KEPT)) {
            go_on.push(self.kept.clone());
        }
        go_on
    }
}
