//! Offer and answer of one leg: which codec, where to, who may speak (RFC 3264).

use std::net::IpAddr;

use model::{Codec, Learn, RtpParams};
use sip::sdp::{self, Agreed, Direction, Ours, Session};

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TalkError {
    /// The bytes are no session description.
    Malformed,
    /// Nothing in common.
    NothingCommon,
}

/// What a new offer/answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The codec is another one.
    pub(crate) codec: bool,
}

/// The session of one leg as negotiated so far.
#[derive(Debug)]
pub(crate) struct Talk {
    address: IpAddr,
    port: u16,
    id: u64,
    version: u64,
    /// What we said last.
    said: Option<Session>,
    /// An offer of theirs that we have not answered.
    open: Option<Session>,
    /// Their codecs in their order, from their last offer.
    offered: Vec<Codec>,
    agreed: Option<Agreed>,
}

impl Talk {
    /// Nothing said yet. `address` is the one that the far end is told.
    pub(crate) fn new(address: IpAddr, id: u64) -> Self {
        Self {
            address,
            port: 0,
            // RFC 8866 §5.2: a number of at most 63 bits is read by everybody.
            id: id >> 1,
            version: 1,
            said: None,
            open: None,
            offered: Vec::new(),
            agreed: None,
        }
    }

    pub(crate) const fn set_port(&mut self, port: u16) {
        self.port = port;
    }

    /// Takes their offer; an empty body means that we shall offer.
    pub(crate) fn hear_offer(&mut self, body: &[u8]) -> Result<(), TalkError> {
        if body.is_empty() {
            return Ok(());
        }
        let offer = sdp::parse(body).map_err(|_| TalkError::Malformed)?;
        let ours = self.ours(vec![Codec::Pcma, Codec::Pcmu]);
        let (_, agreed) = sdp::answer(&offer, &ours).map_err(|_| TalkError::NothingCommon)?;
        let media = offer.media.get(agreed.media);
        self.offered = media
            .map(|media| media.codecs().map(|(_, codec)| codec).collect())
            .unwrap_or_default();
        self.open = Some(offer);
        Ok(())
    }

    /// Their codecs in their order.
    pub(crate) fn offered(&self) -> &[Codec] {
        &self.offered
    }

    /// The codec agreed on.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.map(|agreed| agreed.codec)
    }

    /// Whether the far end holds us.
    pub(crate) fn is_held(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.held)
    }

    /// Our first offer: what the other party likes first, then the country's law.
    pub(crate) fn offer(&mut self, preferred: &[Codec], law: Codec) -> Vec<u8> {
        let ours = self.ours(order(preferred, law));
        self.say(sdp::offer(&ours))
    }

    /// Our description when the far end asks for it in a running session.
    pub(crate) fn offer_again(&mut self, law: Codec) -> Vec<u8> {
        let current: Vec<Codec> = self.codec().into_iter().collect();
        let ours = self.ours(order(&current, law));
        let next = match (&self.said, self.agreed) {
            (Some(said), Some(agreed)) => sdp::offer_again(&ours, said, agreed.media),
            _ => sdp::offer(&ours),
        };
        self.say(next)
    }

    /// Our answer to their offer, or our offer if they made none. Given once: asked again, it says
    /// the same.
    pub(crate) fn answer(
        &mut self,
        preferred: Option<Codec>,
        law: Codec,
    ) -> Result<Vec<u8>, TalkError> {
        let Some(offer) = self.open.take() else {
            return Ok(match &self.said {
                Some(said) => said.to_string().into_bytes(),
                None => self.offer(&[], law),
            });
        };
        let wanted: Vec<Codec> = preferred
            .into_iter()
            .chain(self.offered.iter().copied())
            .collect();
        let ours = self.ours(order(&wanted, law));
        let (session, agreed) = sdp::answer(&offer, &ours).map_err(|_| TalkError::NothingCommon)?;
        self.agreed = Some(agreed);
        Ok(self.say(session))
    }

    /// The answer before the call is answered; only to an offer of theirs.
    pub(crate) fn early_answer(
        &mut self,
        preferred: Option<Codec>,
        law: Codec,
    ) -> Result<Vec<u8>, TalkError> {
        if self.open.is_none() && self.agreed.is_none() {
            return Err(TalkError::NothingCommon);
        }
        self.answer(preferred, law)
    }

    /// Takes their answer to what we said last.
    pub(crate) fn hear_answer(&mut self, body: &[u8]) -> Result<(), TalkError> {
        let answer = sdp::parse(body).map_err(|_| TalkError::Malformed)?;
        let said = self.said.as_ref().ok_or(TalkError::NothingCommon)?;
        let agreed = sdp::accept_answer(said, &answer).map_err(|_| TalkError::NothingCommon)?;
        self.agreed = Some(agreed);
        Ok(())
    }

    /// What the media plane has to know, once there is an agreement. `source` is where the far
    /// end's signalling comes from: another address in its SDP shows a NAT (design §3).
    pub(crate) fn params(&self, source: IpAddr) -> Option<RtpParams> {
        let agreed = self.agreed?;
        let behind_nat = agreed
            .remote
            .is_some_and(|remote| remote.ip().to_canonical() != source.to_canonical());
        Some(RtpParams {
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
            ptime_ms: agreed.ptime_ms,
            send: agreed.send,
            receive: agreed.receive,
            ..RtpParams::of(agreed.codec)
        })
    }

    fn ours(&self, codecs: Vec<Codec>) -> Ours {
        Ours {
            address: self.address,
            port: self.port,
            id: self.id,
            version: self.version,
            codecs,
            events: true,
            ptime_ms: 20,
            direction: Direction::SendRecv,
        }
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
        let bytes = session.to_string().into_bytes();
        self.said = Some(session);
        bytes
    }
}

/// `preferred` first, each once, then what is left with the country's law first.
fn order(preferred: &[Codec], law: Codec) -> Vec<Codec> {
    let mut out = Vec::new();
    for &codec in preferred.iter().chain(&[law, Codec::Pcma, Codec::Pcmu]) {
        if !out.contains(&codec) {
            out.push(codec);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn talk(port: u16) -> Talk {
        let mut talk = Talk::new(IpAddr::from([127, 0, 0, 1]), 7);
        talk.set_port(port);
        talk
    }

    #[test]
    fn both_legs_of_a_call_come_to_one_codec() {
        let (mut caller, mut inbound) = (talk(4000), talk(5000));
        let offer = caller.offer(&[Codec::Pcmu], Codec::Pcma);
        inbound.hear_offer(&offer).expect("a legal offer");
        assert_eq!(inbound.offered(), [Codec::Pcmu, Codec::Pcma]);
        let answer = inbound
            .answer(Some(Codec::Pcma), Codec::Pcmu)
            .expect("common");
        assert_eq!(
            inbound.answer(None, Codec::Pcmu),
            Ok(answer.clone()),
            "given once"
        );
        caller.hear_answer(&answer).expect("fits the offer");
        assert_eq!(caller.codec(), Some(Codec::Pcma));
        let params = caller.params(IpAddr::from([127, 0, 0, 1])).expect("agreed");
        assert_eq!(
            (params.learn, params.remote.map(|r| r.port())),
            (Learn::Never, Some(5000))
        );
        let params = caller.params(IpAddr::from([192, 0, 2, 1])).expect("agreed");
        assert_eq!(params.learn, Learn::From(IpAddr::from([192, 0, 2, 1])));
    }

    #[test]
    fn a_changed_description_has_a_new_version_and_an_equal_one_has_not() {
        let mut talk = talk(4000);
        let first = talk.offer(&[], Codec::Pcma);
        assert_eq!(talk.offer_again(Codec::Pcma), first);
        let other = talk.offer(&[Codec::Pcmu], Codec::Pcma);
        assert!(String::from_utf8_lossy(&other).starts_with("v=0\r\no=- 3 2 "));
    }
}
