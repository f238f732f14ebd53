//! Protected voice at the phone: keys in descriptions (RFC 4568).

use model::{Instant, Random};

use super::session::ON_ITS_WAY;
use crate::meddler::Meddler;
use crate::srtp::{Context, Key, SUITES};

/// Lines with keys that a description has at most: one for every suite.
const LINES: usize = SUITES.len();

/// What a phone knows of protected voice, and what it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Srtp {
    /// Nothing.
    #[default]
    None,
    /// It offers `RTP/SAVP`, and nothing else.
    Savp,
    /// It offers keys under `RTP/AVP` and can do without (RFC 8643).
    BestEffort,
}

/// What a description says of protection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Its profile is `RTP/SAVP`.
    pub(super) savp: bool,
    /// Numbers and keys, best first.
    pub(super) keys: [Option<(u32, Key)>; LINES],
}

impl Said {
    /// What somebody says who names these keys.
    pub(super) fn new(savp: bool, lines: impl Iterator<Item = (u32, Key)>) -> Self {
        let mut keys = [None; LINES];
        for (place, line) in keys.iter_mut().zip(lines) {
            *place = Some(line);
        }
        Self { savp, keys }
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (u32, Key)> {
        self.keys.into_iter().flatten()
    }
}

/// The keys of one call.
#[derive(Clone, Debug)]
pub(super) struct Shield {
    srtp: Srtp,
    /// Our keys, one for each suite that the phone wants, best first: what we say of them may not have
    /// been heard yet.
    own: Vec<Key>,
    sends: Option<Context>,
    opens: Option<Context>,
    /// What opened packets before, and since when it does not any more.
    before: Option<(Context, Instant)>,
    /// Since when every packet is protected.
    since: Instant,
    /// What came under no key that we know while nobody had answered our offer: theirs is in an answer that may be
    /// later than their first packets.
    early: Vec<Vec<u8>>,
    /// Somebody on the way to the exchange.
    meddler: Meddler,
}

impl Shield {
    pub(super) fn new(srtp: Srtp, random: &mut Random) -> Self {
        Self {
            srtp,
            own: Self::keys(random),
            sends: None,
            opens: None,
            before: None,
            since: Instant::ZERO,
            early: Vec::new(),
            meddler: Meddler::default(),
        }
    }

    /// Keys for some suites, best first.
    fn keys(random: &mut Random) -> Vec<Key> {
        let mut suites: Vec<_> = SUITES.iter().collect();
        let most = 1 + random.below(LINES as u32);
        let mut draw = || {
            let at = random.below(suites.len() as u32) as usize;
            Key::draw(random, suites.remove(at))
        };
        (0..most).map(|_| draw()).collect()
    }

    /// Our next description has other keys, of other suites too.
    pub(super) fn draw(&mut self, random: &mut Random) {
        self.own = Self::keys(random);
    }

    /// What our offer says.
    pub(super) fn offers(&self) -> Said {
        let own = self.own.iter().filter(|_| self.srtp != Srtp::None);
        Said::new(self.srtp == Srtp::Savp, (1..).zip(own.copied()))
    }

    /// Whether a session can come of what they said: with keys where keys are a must.
    pub(super) fn suits(srtp: Srtp, said: &Said) -> bool {
        match srtp {
            Srtp::None => !said.savp,
            Srtp::Savp => said.keys[0].is_some(),
            Srtp::BestEffort => !said.savp || said.keys[0].is_some(),
        }
    }

    /// What our answer to their offer says, which has the suite that we want most; from now on it counts.
    pub(super) fn answers(&mut self, now: Instant, said: &Said) -> Said {
        let both = |own: &Key| {
            let same = said.lines().find(|(_, theirs)| theirs.suite == own.suite);
            same.map(|(number, theirs)| (number, *own, theirs))
        };
        // An offer of other suites that came to nothing leaves the one that runs, and they offer that alone.
        let running = self.sends.iter().map(|sends| &sends.key);
        let mut own = self.own.iter().chain(running);
        let agreed = own.find_map(both).filter(|_| self.srtp != Srtp::None);
        self.agree(now, agreed.map(|(_, own, theirs)| (own, theirs)));
        let line = agreed.map(|(number, own, _)| (number, own));
        Said::new(said.savp, line.into_iter())
    }

    /// They answered our offer: the number of their line says which of ours they took.
    pub(super) fn answered(&mut self, now: Instant, said: &Said) {
        let agreed = said.lines().next().and_then(|(number, theirs)| {
            let own = (1..).zip(&self.own).find(|(ours, _)| *ours == number)?.1;
            (own.suite == theirs.suite).then_some((*own, theirs))
        });
        self.agree(now, agreed.filter(|_| self.srtp != Srtp::None));
    }

    /// Both sides know both keys, ours first, or there are none.
    fn agree(&mut self, now: Instant, keys: Option<(Key, Key)>) {
        let Some((own, theirs)) = keys else {
            (self.sends, self.opens) = (None, None);
            return;
        };
        if self.sends.as_ref().is_none_or(|sends| sends.key != own) {
            self.sends = Some(Context::new(own));
            self.meddler = Meddler::default();
        }
        if self.opens.as_ref().is_none_or(|opens| opens.key != theirs) {
            let before = self.opens.replace(Context::new(theirs));
            self.before = before.map(|before| (before, now));
            self.since = now;
        }
    }

    /// Protects what we send, if that was agreed on; gives what goes to the exchange then.
    pub(super) fn seal(&mut self, packet: Vec<u8>) -> Vec<Vec<u8>> {
        match &mut self.sends {
            Some(context) => self.meddler.sees(&packet, context.seal(packet.clone())),
            None => vec![packet],
        }
    }

    /// What came; an error if it is not as it was agreed on. `asked`: nobody has answered our offer yet.
    pub(super) fn open(
        &mut self,
        now: Instant,
        packet: &[u8],
        asked: bool,
    ) -> Result<Option<Vec<u8>>, &'static str> {
        let Some(opens) = &mut self.opens else {
            return Ok(Some(packet.to_vec()));
        };
        if !asked && !self.early.is_empty() {
            let mut answered = opens.clone();
            let early = core::mem::take(&mut self.early);
            if !early.iter().all(|packet| answered.open(packet).is_some()) {
                return Err("a packet came early that is not under the key of the answer");
            }
        }
        if let Some(packet) = opens.open(packet) {
            return Ok(Some(packet));
        }
        let late = |since: Instant| now.since(since) <= ON_ITS_WAY;
        let before = self.before.as_mut().filter(|(_, until)| late(*until));
        let opened = before.and_then(|(context, _)| context.open(packet));
        match opened {
            None if asked => {
                self.early.push(packet.to_vec());
                Ok(None)
            }
            None if !late(self.since) => Err("a packet comes that is not under the agreed key"),
            opened => Ok(opened),
        }
    }
}
