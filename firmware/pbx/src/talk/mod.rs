//! Offer and answer of one leg: which codec, where to, who may speak, with what keys (RFC 3264).

mod keys;
mod terms;

use std::net::IpAddr;

use model::{
    Cause, Codec, DtlsRole, Fingerprint, IceParams, IceText, Instant, Learn, MediaCommand,
    MediaLeg, Protection, RtpParams,
};
use sip::sdp::{self, Agreed, Direction, Ours, SdpRefusal, Session, Shield};

pub(crate) use keys::Form;
pub(crate) use terms::{Secrets, Terms};

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TalkError {
    /// The bytes are no session description.
    Malformed,
    /// Nothing in common.
    NothingCommon,
    /// One side insists on protection that the other does not give.
    Unprotected,
}

impl TalkError {
    /// Why a leg ends that has no session.
    pub(crate) const fn cause(self) -> Cause {
        match self {
            Self::Malformed | Self::NothingCommon => Cause::NotAcceptable,
            Self::Unprotected => Cause::Unprotected,
        }
    }
}

impl From<SdpRefusal> for TalkError {
    fn from(refusal: SdpRefusal) -> Self {
        match refusal {
            SdpRefusal::NoProtection => Self::Unprotected,
            SdpRefusal::NoAudio | SdpRefusal::NoCodec | SdpRefusal::Unfit => Self::NothingCommon,
        }
    }
}

/// What an offer/answer came to, as far as others want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) codec: Codec,
    pub(crate) protection: Protection,
}

/// The session of one leg as negotiated so far.
#[derive(Debug)]
pub(crate) struct Talk {
    address: IpAddr,
    port: u16,
    id: u64,
    version: u64,
    terms: Terms,
    secrets: Secrets,
    /// What we said last.
    said: Option<Session>,
    /// An offer of theirs that we have not answered.
    open: Option<Session>,
    /// Their codecs in their order, from their last offer.
    offered: Vec<Codec>,
    /// Every codec that a description of theirs has named.
    named: Vec<Codec>,
    agreed: Option<Agreed>,
    told: Told,
    keys: keys::Twins,
}

/// What the media plane knows already of things that must not be started twice.
#[derive(Clone, Copy, Debug, Default)]
struct Told {
    /// Our name and theirs, and whether they have all that they need.
    ice: Option<(IceText, IceText, bool)>,
    dtls: Option<(DtlsRole, Fingerprint)>,
}

impl Talk {
    /// Nothing said yet. `address` is the one that the far end is told.
    pub(crate) fn new(address: IpAddr, id: u64, terms: Terms, secrets: Secrets) -> Self {
        Self {
            address,
            port: 0,
            // RFC 8866 §5.2: a number of at most 63 bits is read by everybody.
            id: id >> 1,
            version: 1,
            terms,
            secrets,
            said: None,
            open: None,
            offered: Vec::new(),
            named: Vec::new(),
            agreed: None,
            told: Told::default(),
            keys: keys::Twins::default(),
        }
    }

    pub(crate) const fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    /// The settings of the phone.
    pub(crate) const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// See [`Terms::carry_data`]. Counts for what is said from now on.
    pub(crate) fn carry_data(&mut self) {
        self.terms.carry_data();
    }

    /// Whether a key that comes now is a press of its own.
    pub(crate) fn hears_key(&mut self, now: Instant, form: Form) -> bool {
        self.keys.is_new(now, form)
    }

    /// Takes their offer; an empty body means that we shall offer.
    pub(crate) fn hear_offer(&mut self, body: &[u8]) -> Result<(), TalkError> {
        if body.is_empty() {
            return Ok(());
        }
        let offer = sdp::parse(body).map_err(|_| TalkError::Malformed)?;
        let ours = self.ours(&[], Some(&offer));
        let agreed = match sdp::agree(&offer, &ours) {
            Err(_) if self.has_keys() => sdp::agree(&offer, &self.with_fresh_keys(ours)),
            agreed => agreed,
        }?;
        self.offered = self.hear_codecs(&offer, agreed.media);
        self.open = Some(offer);
        Ok(())
    }

    /// Their codecs in their order as far as the phone may have them.
    pub(crate) fn offered(&self) -> Vec<Codec> {
        let mut offered = self.terms.codecs(&self.offered);
        offered.retain(|codec| self.offered.contains(codec));
        offered
    }

    /// Codecs of 8 kHz that the phone may have, those that it likes first: what there is to an analog
    /// set, so that nothing wider is made for it.
    pub(crate) fn narrow(&self) -> Vec<Codec> {
        let mut codecs = self.terms.codecs(&self.offered);
        codecs.retain(|codec| codec.sample_hz() == 8_000);
        codecs
    }

    /// Whether the far end has shown that it has this codec, and may use it.
    pub(crate) fn can(&self, codec: Codec) -> bool {
        self.named.contains(&codec) && self.terms.codecs(&[]).contains(&codec)
    }

    /// What was agreed on.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.agreed.map(|agreed| Outcome {
            codec: agreed.codec,
            protection: protection(&agreed),
        })
    }

    /// The codec agreed on.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.map(|agreed| agreed.codec)
    }

    /// Whether the far end holds us.
    pub(crate) fn is_held(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.held)
    }

    /// Our first offer: what the other party likes first, then what the phone may have besides.
    pub(crate) fn offer(&mut self, preferred: &[Codec]) -> Vec<u8> {
        let ours = self.ours(preferred, None);
        self.say(sdp::offer(&ours))
    }

    /// Our description in a running session: when the far end asks for it, or to change the codec.
    pub(crate) fn offer_again(&mut self, preferred: &[Codec]) -> Vec<u8> {
        let wanted: Vec<Codec> = preferred.iter().copied().chain(self.codec()).collect();
        let ours = self.ours(&wanted, None);
        let next = match (&self.said, self.agreed) {
            (Some(said), Some(agreed)) => sdp::offer_again(&ours, said, agreed.media),
            _ => sdp::offer(&ours),
        };
        self.say(next)
    }

    /// Our answer to their offer, or our offer if they made none. Given once: asked again, it says
    /// the same. `preferred` codecs come before those that they like.
    pub(crate) fn answer(&mut self, preferred: &[Codec]) -> Result<Vec<u8>, TalkError> {
        let Some(offer) = self.open.take() else {
            return Ok(match &self.said {
                Some(said) => said.write(),
                None => self.offer(preferred),
            });
        };
        if self.restarts_ice(&offer) {
            self.secrets.restart_ice();
        }
        let wanted: Vec<Codec> = preferred.iter().chain(&self.offered).copied().collect();
        let ours = self.ours(&wanted, Some(&offer));
        let (session, agreed) = match sdp::answer(&offer, &ours) {
            Err(_) if self.has_keys() => {
                let answered = sdp::answer(&offer, &self.with_fresh_keys(ours))?;
                self.secrets.renew();
                answered
            }
            answered => answered?,
        };
        self.agreed = Some(agreed);
        Ok(self.say(session))
    }

    /// The answer before the call is answered; only to an offer of theirs.
    pub(crate) fn early_answer(&mut self, preferred: &[Codec]) -> Result<Vec<u8>, TalkError> {
        if self.open.is_none() && self.agreed.is_none() {
            return Err(TalkError::NothingCommon);
        }
        self.answer(preferred)
    }

    /// Takes their answer to what we said last.
    pub(crate) fn hear_answer(&mut self, body: &[u8]) -> Result<(), TalkError> {
        let answer = sdp::parse(body).map_err(|_| TalkError::Malformed)?;
        let said = self.said.as_ref().ok_or(TalkError::NothingCommon)?;
        let agreed = sdp::accept_answer(said, &answer)?;
        let before = self.agreed.map(|agreed| protection(&agreed));
        if before == Some(Protection::Srtp) && protection(&agreed) == Protection::Clear {
            return Err(TalkError::Unprotected);
        }
        self.hear_codecs(&answer, agreed.media);
        self.agreed = Some(agreed);
        Ok(())
    }

    /// What the media plane has to know, once there is an agreement, of a leg that `is_up` if it is answered.
    /// `source` is where the far end's signalling comes from: another address in its SDP shows a NAT (design §3).
    pub(crate) fn commands(
        &mut self,
        leg: MediaLeg,
        source: IpAddr,
        is_up: bool,
    ) -> Vec<MediaCommand> {
        let Some(agreed) = self.agreed else {
            return Vec::new();
        };
        let params = self.params(&agreed, source);
        let mut out = vec![MediaCommand::SetRtp { leg, params }];
        if let Some(theirs) = agreed.ice
            && let Some((local_name, local_password)) = self.secrets.ice()
            && let fresh = Some((local_name, theirs.name, is_up))
            && core::mem::replace(&mut self.told.ice, fresh) != fresh
        {
            let ice = IceParams {
                local_name,
                local_password,
                remote_name: theirs.name,
                remote_password: theirs.password,
            };
            let begins = is_up;
            out.push(MediaCommand::SetIce { leg, ice, begins });
        }
        match agreed.shield {
            Shield::None => {}
            Shield::Keys { send, receive } => {
                out.push(MediaCommand::SetKeys { leg, send, receive });
            }
            Shield::Dtls { role, fingerprint } => {
                let now = Some((role, fingerprint));
                if core::mem::replace(&mut self.told.dtls, now) != now {
                    out.push(MediaCommand::StartDtls {
                        leg,
                        role,
                        fingerprint,
                    });
                }
            }
        }
        out
    }

    fn params(&self, agreed: &Agreed, source: IpAddr) -> RtpParams {
        let behind_nat = agreed
            .remote
            .is_some_and(|remote| remote.ip().to_canonical() != source.to_canonical());
        RtpParams {
            remote: agreed.remote,
            remote_rtcp: agreed.remote_rtcp,
            learn: if behind_nat {
                Learn::From(source)
            } else {
                Learn::Never
            },
            codec: agreed.codec,
            pt_out: agreed.pt_out,
            pt_in: agreed.pt_in,
            event_pt_out: agreed.event_pt_out,
            event_pt_in: agreed.event_pt_in,
            event_clock_hz: agreed.event_clock_hz,
            digits_in_signalling: self.terms.sends_info(),
            ptime_ms: agreed.ptime_ms,
            send: agreed.send,
            receive: agreed.receive,
            protection: protection(agreed),
            rtcp_mux: agreed.rtcp_mux,
            comfort_pt: agreed.comfort_pt,
            saves_silence: self.terms.saves_silence(),
            opus: agreed.opus,
            xr: agreed.metrics,
        }
    }

    /// Our side of an answer to `theirs`, or of an offer.
    fn ours(&self, preferred: &[Codec], theirs: Option<&Session>) -> Ours {
        let agreed = self.agreed.as_ref();
        let protecting = self.terms.protecting(&self.secrets, agreed, theirs);
        Ours {
            address: self.address,
            port: self.port,
            id: self.id,
            version: self.version,
            codecs: self.terms.codecs(preferred),
            events: self.terms.events(),
            comfort: self.terms.takes_comfort(),
            ptime_ms: 20,
            direction: Direction::SendRecv,
            profile: protecting.profile,
            plain: protecting.plain,
            keys: protecting.keys,
            dtls: protecting.dtls,
        }
    }

    /// Whether the leg is protected by keys that both sides brought.
    fn has_keys(&self) -> bool {
        let shield = self.agreed.map(|agreed| agreed.shield);
        matches!(shield, Some(Shield::Keys { .. }))
    }

    /// Our side where they have left the suite in use: a key for each suite that never was in use.
    fn with_fresh_keys(&self, ours: Ours) -> Ours {
        Ours {
            keys: self.secrets.fresh_keys(),
            ..ours
        }
    }

    /// Remembers what their description names, and gives it in their order.
    fn hear_codecs(&mut self, theirs: &Session, at: usize) -> Vec<Codec> {
        let media = theirs.media.get(at);
        let codecs: Vec<Codec> = media
            .map(|media| media.codecs().map(|(_, codec)| codec).collect())
            .unwrap_or_default();
        for &codec in &codecs {
            if !self.named.contains(&codec) {
                self.named.push(codec);
            }
        }
        codecs
    }

    /// Whether their offer begins new checks: another name than before (RFC 8839 §4.4.1.1.1).
    fn restarts_ice(&self, offer: &Session) -> bool {
        let Some(agreed) = self.agreed else {
            return false;
        };
        let name = offer.attribute_of(agreed.media, "ice-ufrag");
        let before = agreed.ice.as_ref().map(|ice| ice.name.as_str());
        before.is_some() && name.map(str::trim) != before
    }

    /// Notes what we say; the version grows only with a difference (RFC 3264 §8).
    fn say(&mut self, mut session: Session) -> Vec<u8> {
        if let Some(before) = &self.said {
            session.origin.version = before.origin.version;
            if session != *before {
                self.version = before.origin.version + 1;
                session.origin.version = self.version;
            }
        }
        let bytes = session.write();
        self.said = Some(session);
        bytes
    }
}

const fn protection(agreed: &Agreed) -> Protection {
    match agreed.shield {
        Shield::None => Protection::Clear,
        Shield::Keys { .. } | Shield::Dtls { .. } => Protection::Srtp,
    }
}

#[cfg(test)]
mod tests;
