//! Who a request is from: challenges, passwords, and which digest a phone can cope with (design §3).

use core::hash::{Hash as _, Hasher as _};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
};

use config::{Config, SecretId};
use model::{Digit, EntryId, Instant, Now, Random, Seed, StateChange, Transport};
use sip::{
    HeaderName, Headers, Method, Peer, Request,
    digest::{self, Algorithm, Challenge, Credentials, First, Nonces},
};

/// The realm of every challenge. Fixed, so that phones may store hashes instead of passwords.
pub(crate) const REALM: &str = "centralka";
/// REGISTERs without credentials that are remembered, to see which phone asks twice.
const ASKED_MAX: usize = 1_024;

/// What the vault is asked: are these credentials right for that secret?
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// When.
    pub now: Instant,
    /// Where the request came from.
    pub source: IpAddr,
    /// The request.
    pub request: &'q Request,
    /// One of its Authorization headers.
    pub credentials: &'q Credentials,
    /// The password's place in the store; `None` for a name that nobody has.
    pub secret: Option<&'q SecretId>,
}

/// What credentials are worth.
pub use sip::digest::Verdict;

/// Everything that needs a secret: issuing nonces and judging passwords. A replay answers from the
/// tape of the first run, so that neither passwords nor nonces leave the box.
pub trait Vault {
    /// A challenge for each algorithm, in the order in which they stand in the response.
    fn challenge(
        &mut self,
        now: Instant,
        source: IpAddr,
        first: First,
        stale: bool,
    ) -> [Challenge; 2];

    /// What the credentials are worth; [`Verdict::Wrong`] where the secret is not known.
    fn judge(&mut self, question: Question<'_>) -> Verdict;

    /// Where the keys of one leg start from (SRTP, ICE).
    fn seed(&mut self) -> Seed;

    /// A digit that came in signalling, as it goes on from here. The tape has it only if it `decides`
    /// something.
    fn digit(&mut self, digit: Digit, decides: bool) -> Digit;

    /// Takes over the passwords of a new version of the configuration.
    fn replace(&mut self, passwords: Passwords);
}

/// Every SIP password by its place in the store.
pub type Passwords = BTreeMap<SecretId, String>;

/// The vault of a running exchange.
#[derive(Clone)]
pub struct Keys {
    nonces: Nonces,
    legs: Random,
    passwords: Passwords,
}

impl Keys {
    /// `seed` comes from the secret stream.
    #[must_use]
    pub fn new(seed: [u8; 32], passwords: Passwords) -> Self {
        Self {
            nonces: Nonces::new(seed),
            legs: Random::derive(seed, "legs"),
            passwords,
        }
    }
}

impl Vault for Keys {
    fn challenge(
        &mut self,
        now: Instant,
        source: IpAddr,
        first: First,
        stale: bool,
    ) -> [Challenge; 2] {
        self.nonces.challenge(now, source, REALM, first, stale)
    }

    fn judge(&mut self, question: Question<'_>) -> Verdict {
        let known = question.secret.and_then(|id| self.passwords.get(id));
        let password = known.map_or("", String::as_str);
        let verdict = self.nonces.judge(
            question.now,
            question.source,
            question.request,
            question.credentials,
            (REALM, password),
        );
        if known.is_some() {
            verdict
        } else {
            Verdict::Wrong
        }
    }

    fn seed(&mut self) -> Seed {
        let mut seed = Seed::default();
        self.legs.fill(&mut seed);
        seed
    }

    fn digit(&mut self, digit: Digit, _: bool) -> Digit {
        digit
    }

    fn replace(&mut self, passwords: Passwords) {
        self.passwords = passwords;
    }
}

/// How a request that is not let in is answered.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
}

impl Refused {
    /// With nothing but a status.
    pub(crate) fn plainly(status: u16) -> Self {
        let headers = Headers::default();
        Self { status, headers }
    }
}

/// What became of a request's credentials.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) result: Result<EntryId, Refused>,
    /// The verdict on the credentials, if there were any.
    pub(crate) verdict: Option<Verdict>,
    /// Something learned about the phone, to be stored.
    pub(crate) learned: Option<StateChange>,
}

/// The challenges of one response.
#[derive(Clone, Copy, Debug)]
struct Offer {
    /// Which algorithm stands first.
    first: First,
    /// Whether the other one is left out.
    alone: bool,
    /// Whether the first one stands last too.
    framed: bool,
}

impl Offer {
    /// MD5 alone, or both with the better one first.
    const fn of(md5_only: bool) -> Self {
        Self {
            first: if md5_only { First::Md5 } else { First::Sha256 },
            alone: md5_only,
            framed: false,
        }
    }
}

/// Decides who must prove what, and in which algorithm.
#[derive(Debug)]
pub(crate) struct Challenger {
    /// Owners whose phones know MD5 only.
    md5: BTreeSet<EntryId>,
    /// Call-ID and source of recent REGISTERs without credentials, as hashes, oldest first.
    asked: VecDeque<u64>,
    /// Those who were offered MD5 alone.
    offered_md5: VecDeque<u64>,
    key: u64,
}

impl Challenger {
    pub(crate) fn new(md5: &[EntryId], key: u64) -> Self {
        Self {
            md5: md5.iter().cloned().collect(),
            asked: VecDeque::new(),
            offered_md5: VecDeque::new(),
            key,
        }
    }

    /// Owners whose phones know MD5 only.
    pub(crate) fn md5_only(&self) -> Vec<EntryId> {
        self.md5.iter().cloned().collect()
    }

    pub(crate) fn check(
        &mut self,
        now: Now,
        request: &Request,
        peer: &Peer,
        config: &Config,
        vault: &mut dyn Vault,
    ) -> Checked {
        let all = digest::credentials_of(&request.headers, false);
        let mut verdict = None;
        for credentials in &all {
            let owner = config.sip_owner(&credentials.username);
            // An unknown name costs the same work and gets the same answer as a wrong password.
            let found = vault.judge(Question {
                now: now.mono,
                source: peer.remote.ip(),
                request,
                credentials,
                secret: owner.and_then(|owner| owner.secret()),
            });
            // Whoever answers was served by what was offered: asking again, to refresh, is no riddle.
            if found == Verdict::Fresh || credentials.algorithm == Algorithm::Sha256 {
                let asker = self.asker(request, peer);
                self.asked.retain(|&other| other != asker);
            }
            if let (Verdict::Fresh, Some(owner)) = (found, owner) {
                let learned = self.learn(request, peer, credentials, owner.id());
                return Checked {
                    result: Ok(owner.id().clone()),
                    verdict: Some(found),
                    learned,
                };
            }
            // One wrong of several weighs less than one that only needs a fresh nonce.
            if !matches!(verdict, Some(Verdict::Stale | Verdict::Replay)) {
                verdict = Some(found);
            }
        }
        let stale = matches!(verdict, Some(Verdict::Stale | Verdict::Replay));
        let offer = self.offer(request, peer, config, all.is_empty());
        let challenges = vault.challenge(now.mono, peer.remote.ip(), offer.first, stale);
        let mut headers = Headers::default();
        let count = if offer.alone { 1 } else { 2 };
        let first = challenges.first().filter(|_| offer.framed);
        for challenge in challenges.iter().take(count).chain(first) {
            headers.push(HeaderName::WwwAuthenticate, challenge.text());
        }
        Checked {
            result: Err(Refused {
                status: 401,
                headers,
            }),
            verdict,
            learned: None,
        }
    }

    /// What is offered. libre before 2.10 (baresip of Debian 12) gives up when it sees an algorithm
    /// it does not know in any challenge, wherever it stands: such a phone is served only by MD5
    /// alone. Who asks once more gets the other offer, so that nobody is locked out by a wrong guess.
    fn offer(
        &mut self,
        request: &Request,
        peer: &Peer,
        config: &Config,
        without_credentials: bool,
    ) -> Offer {
        // Browser stacks know MD5 only, and read one challenge only: some the first, JsSIP 3.13 (and
        // what comes of its parser) the last.
        if matches!(peer.transport, Transport::Ws | Transport::Wss) {
            return Offer {
                first: First::Md5,
                alone: false,
                framed: true,
            };
        }
        let from = request.headers.from_().ok();
        let user = from.as_ref().and_then(|from| from.uri.user());
        let owner = user.and_then(|user| config.sip_owner(&user).map(|owner| owner.id()));
        let known = owner.is_some_and(|owner| self.md5.contains(owner));
        if request.method != Method::Register || !without_credentials {
            return Offer::of(known);
        }
        let asker = self.asker(request, peer);
        let again = self.asked.contains(&asker);
        if again {
            // The third time is a first time.
            self.asked.retain(|&other| other != asker);
        } else {
            remember(&mut self.asked, asker);
        }
        let offer = Offer::of(known != again);
        if offer.alone {
            remember(&mut self.offered_md5, asker);
        }
        offer
    }

    /// MD5 is remembered only after it succeeded where SHA-256 had been passed over.
    fn learn(
        &mut self,
        request: &Request,
        peer: &Peer,
        credentials: &Credentials,
        owner: &EntryId,
    ) -> Option<StateChange> {
        let known = self.md5.contains(owner);
        let md5 = credentials.algorithm == Algorithm::Md5;
        if known == md5 {
            return None;
        }
        let asker = self.asker(request, peer);
        if md5 && !self.offered_md5.contains(&asker) {
            return None;
        }
        if md5 {
            self.md5.insert(owner.clone());
        } else {
            self.md5.remove(owner);
        }
        Some(StateChange::DigestMd5 {
            owner: owner.clone(),
            md5,
        })
    }

    /// Call-ID and source as one number; the key keeps outsiders from choosing collisions.
    fn asker(&self, request: &Request, peer: &Peer) -> u64 {
        #[expect(
            deprecated,
            reason = "the one keyed hash of the standard library with a chosen key"
        )]
        let mut hash = core::hash::SipHasher::new_with_keys(self.key, 1);
        hash.write(request.headers.call_id().unwrap_or("").as_bytes());
        peer.remote.hash(&mut hash);
        hash.finish()
    }
}

fn remember(ring: &mut VecDeque<u64>, asker: u64) {
    if ring.len() >= ASKED_MAX {
        ring.pop_front();
    }
    ring.push_back(asker);
}
