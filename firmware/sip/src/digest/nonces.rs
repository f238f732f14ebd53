//! Nonces that prove themselves: nothing is stored for a challenge, so that a flood of requests
//! without credentials costs no memory. What is stored is the count of nonces that were answered
//! rightly, in a table of fixed size.

use core::time::Duration;
use std::net::IpAddr;

use model::{Instant, limits::DIGEST_NONCES};
use sha2::{Digest as _, Sha256};

use super::{
    Algorithm, Challenge, Credentials,
    hash::{hex, same_hex},
};
use crate::{Request, Uri, grammar::Hex};

/// Seconds for which a nonce is good. Then the phone is told `stale=true` and answers anew
/// without asking its user.
pub const NONCE_LIFETIME_S: u64 = 600;

/// Counts below the highest one that may still arrive late, by reordering on the way.
const WINDOW: u32 = 64;

/// Which algorithm stands first in a challenge. Phones that know only one take theirs, browser
/// stacks and some phones read only the first header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum First {
    /// The stronger one, RFC 8760 §2.3.
    Sha256,
    /// For WebSocket, and for devices that were seen to know nothing else.
    Md5,
}

/// What credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The password is right and the nonce is fresh: let it pass.
    Fresh,
    /// The password is right; the nonce is too old, not ours, or of another source: challenge
    /// with `stale=true`.
    Stale,
    /// The password is right; the count was used before: challenge with `stale=true`.
    Replay,
    /// The password, the realm or the URI is not right: challenge again, never say which.
    Wrong,
}

/// Issues nonces and judges credentials.
#[derive(Clone)]
pub struct Nonces {
    secret: [u8; 32],
    serial: u64,
    used: Vec<Used>,
}

/// The counts seen of one nonce.
#[derive(Clone, Copy, Default)]
struct Used {
    serial: u64,
    /// 0 = the slot is empty; `u32::MAX` also after an answer without a count.
    highest: u32,
    /// Bit n: count `highest - n` was used.
    seen: u64,
}

impl Nonces {
    /// `secret` comes from the secret stream of randomness, new at each start.
    #[must_use]
    pub fn new(secret: [u8; 32]) -> Self {
        Self {
            secret,
            serial: 0,
            used: vec![Used::default(); DIGEST_NONCES],
        }
    }

    /// A challenge for each algorithm, each with a nonce of its own, for separate headers in this
    /// order.
    pub fn challenge(
        &mut self,
        now: Instant,
        source: IpAddr,
        realm: &str,
        first: First,
        stale: bool,
    ) -> [Challenge; 2] {
        let order = match first {
            First::Sha256 => [Algorithm::Sha256, Algorithm::Md5],
            First::Md5 => [Algorithm::Md5, Algorithm::Sha256],
        };
        order.map(|algorithm| Challenge {
            realm: realm.to_owned(),
            nonce: self.issue(now, source),
            opaque: None,
            algorithm,
            qop: true,
            stale,
        })
    }

    /// Judges `credentials` of `request` that came from `source`, for a user whose password in
    /// `realm` is `password`. A `Fresh` verdict uses the nonce count up.
    pub fn judge(
        &mut self,
        now: Instant,
        source: IpAddr,
        request: &Request,
        credentials: &Credentials,
        (realm, password): (&str, &str),
    ) -> Verdict {
        let expected = credentials.expected(&request.method, password);
        let right = same_hex(&expected, &credentials.response);
        if !right || credentials.realm != realm || !same_target(&credentials.uri, &request.uri) {
            return Verdict::Wrong;
        }
        if credentials.qop.is_some() && credentials.count().is_none() {
            return Verdict::Replay;
        }
        match self.age(now, source, &credentials.nonce) {
            Some((serial, age)) if age <= Duration::from_secs(NONCE_LIFETIME_S) => {
                self.use_up(serial, credentials.count())
            }
            Some(_) | None => Verdict::Stale,
        }
    }

    /// A new nonce: time, serial number, and a hash over both, the source and the secret.
    fn issue(&mut self, now: Instant, source: IpAddr) -> String {
        self.serial += 1;
        let ms = now.as_millis();
        let proof = self.proof(ms, self.serial, source);
        let (ms, serial) = (Hex::of(ms), Hex::of(self.serial));
        [ms.digits(12), serial.digits(12), &proof].concat()
    }

    /// The serial number and age of a nonce that we issued to `source`.
    fn age(&self, now: Instant, source: IpAddr, nonce: &str) -> Option<(u64, Duration)> {
        if nonce.len() != 56 || !nonce.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = |range| {
            nonce
                .get(range)
                .and_then(|t| u64::from_str_radix(t, 16).ok())
        };
        let (ms, serial) = (number(0..12)?, number(12..24)?);
        if !same_hex(&self.proof(ms, serial, source), &nonce[24..]) {
            return None;
        }
        Some((serial, now.since(Instant::from_millis(ms))))
    }

    /// 128 bits of a keyed hash. All fields have a fixed length and the hash is cut, so neither
    /// shifting bytes between fields nor appending works.
    fn proof(&self, ms: u64, serial: u64, source: IpAddr) -> String {
        let address = match source {
            IpAddr::V4(v4) => v4.to_ipv6_mapped(),
            IpAddr::V6(v6) => v6,
        };
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(ms.to_be_bytes());
        hash.update(serial.to_be_bytes());
        hash.update(address.octets());
        hex(&hash.finalize()[..16])
    }

    /// Notes that `count` of nonce `serial` was used (all counts, where there is none: an answer
    /// without qop could be repeated by anybody who saw it).
    ///
    /// Two nonces may meet in one slot. The newer one takes it, and the older one counts as stale
    /// from then on: forgetting its counts would let them be replayed.
    fn use_up(&mut self, serial: u64, count: Option<u32>) -> Verdict {
        let slots = u64::try_from(self.used.len()).unwrap_or(1).max(1);
        let at = usize::try_from(serial % slots).unwrap_or(0);
        let Some(slot) = self.used.get_mut(at) else {
            return Verdict::Stale;
        };
        if slot.highest != 0 && slot.serial > serial {
            return Verdict::Stale;
        }
        if slot.highest == 0 || slot.serial < serial {
            *slot = Used {
                serial,
                highest: 0,
                seen: 0,
            };
        }
        let Some(count) = count else {
            let unused = slot.highest == 0;
            slot.highest = u32::MAX;
            slot.seen = u64::MAX;
            return if unused {
                Verdict::Fresh
            } else {
                Verdict::Replay
            };
        };
        slot.take(count)
    }
}

impl Used {
    fn take(&mut self, count: u32) -> Verdict {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = if ahead < WINDOW {
                self.seen << ahead
            } else {
                0
            };
            self.seen |= 1;
            self.highest = count;
            return Verdict::Fresh;
        }
        let behind = self.highest - count;
        if behind >= WINDOW || self.seen & (1 << behind) != 0 {
            return Verdict::Replay;
        }
        self.seen |= 1 << behind;
        Verdict::Fresh
    }
}

/// Whether the `uri` field means the request's target. Phones differ from their own request line
/// in port and parameters, so only the user is compared: credentials caught on the way cannot be
/// used to call somebody else.
fn same_target(field: &str, target: &Uri) -> bool {
    if field == target.as_str() {
        return true;
    }
    Uri::parse(field).is_ok_and(|uri| uri.user() == target.user())
}

impl core::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // The secret must not reach a log.
        f.debug_struct("Nonces")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}
