//! Protected voice at the phone: keys in descriptions (RFC 4568).

use model::{Instant, Random};

use super::session::ON_ITS_WAY;
use crate::srtp::{Context, Key};

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
    /// The number and the key of the line that counts.
    pub(super) key: Option<(u32, Key)>,
}

/// The keys of one call.
#[derive(Clone, Debug)]
pub(super) struct Shield {
    srtp: Srtp,
    /// Our key: what we say of it may not have been heard yet.
    own: Key,
    sends: Option<Context>,
    opens: Option<Context>,
    /// What opened packets before, and since when it does not any more.
    before: Option<(Context, Instant)>,
    /// Since when every packet is protected.
    since: Instant,
}

impl Shield {
    pub(super) fn new(srtp: Srtp, random: &mut Random) -> Self {
        let short = random.below(4) == 0;
        Self {
            srtp,
            own: Key::draw(random, short),
            sends: None,
            opens: None,
            before: None,
            since: Instant::ZERO,
        }
    }

    /// What our offer says.
    pub(super) fn offers(&self) -> Said {
        let key = (self.srtp != Srtp::None).then_some((1, self.own));
        let savp = self.srtp == Srtp::Savp;
        Said { savp, key }
    }

    /// Whether a session can come of what they said: with keys where keys are a must.
    pub(super) fn suits(srtp: Srtp, said: &Said) -> bool {
        match srtp {
            Srtp::None => !said.savp,
            Srtp::Savp => said.key.is_some(),
            Srtp::BestEffort => !said.savp || said.key.is_some(),
        }
    }

    /// What our answer to their offer says; from now on it counts.
    pub(super) fn answers(&mut self, now: Instant, said: &Said, random: &mut Random) -> Said {
        let theirs = said.key.filter(|_| self.srtp != Srtp::None);
        if let Some((_, key)) = theirs.filter(|(_, key)| key.tag != self.own.tag) {
            self.own = Key::draw(random, key.tag == 4);
        }
        self.agreed(now, theirs.map(|(_, key)| key));
        let key = theirs.map(|(number, _)| (number, self.own));
        Said {
            savp: said.savp,
            key,
        }
    }

    /// Both sides know both keys, or there are none.
    pub(super) fn agreed(&mut self, now: Instant, theirs: Option<Key>) {
        let Some(theirs) = theirs.filter(|_| self.srtp != Srtp::None) else {
            (self.sends, self.opens) = (None, None);
            return;
        };
        let own = self.own;
        if self.sends.as_ref().is_none_or(|sends| sends.key != own) {
            self.sends = Some(Context::new(own));
        }
        if self.opens.as_ref().is_none_or(|opens| opens.key != theirs) {
            let before = self.opens.replace(Context::new(theirs));
            self.before = before.map(|before| (before, now));
            self.since = now;
        }
    }

    /// Our next description has another key.
    pub(super) fn draw(&mut self, random: &mut Random) {
        self.own = Key::draw(random, self.own.tag == 4);
    }

    /// Protects what we send, if that was agreed on.
    pub(super) fn seal(&mut self, packet: Vec<u8>) -> Vec<u8> {
        match &mut self.sends {
            Some(context) => context.seal(packet),
            None => packet,
        }
    }

    /// What came; an error if it is not as it was agreed on.
    pub(super) fn open(
        &mut self,
        now: Instant,
        packet: &[u8],
    ) -> Result<Option<Vec<u8>>, &'static str> {
        let Some(opens) = &mut self.opens else {
            return Ok(Some(packet.to_vec()));
        };
        if let Some(packet) = opens.open(packet) {
            return Ok(Some(packet));
        }
        let late = |since: Instant| now.since(since) <= ON_ITS_WAY;
        let before = self.before.as_mut().filter(|(_, until)| late(*until));
        let opened = before.and_then(|(context, _)| context.open(packet));
        match opened {
            None if !late(self.since) => Err("a packet comes that is not under the agreed key"),
            opened => Ok(opened),
        }
    }
}
