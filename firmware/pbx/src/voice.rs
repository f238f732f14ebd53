//! What offers, answers, pressed keys and fax machines of one leg mean for the media plane and for the
//! others.

use call::LegEvent;
use model::{
    CallId, Codec, Digit, EntryId, Event, EventBody, FaxTone, LegId, MediaCommand, MediaLeg, Now,
    Rule, SecurityFault, VoiceOptions,
};
use sip::{HeaderName, Headers, Method, Peer, UsageKey};

use crate::{
    Pbx,
    leg::Stage,
    pbx::Owner,
    talk::{Form, Secrets, Talk, Terms},
};

/// How long a key is played that came without a length, in ms.
const DIGIT_MS: u16 = 160;
/// The lengths that the media plane plays, in ms.
const DIGIT_MS_RANGE: core::ops::RangeInclusive<u16> = 40..=6_000;

impl Pbx {
    /// The session of a new leg with the phone of `owner`.
    pub(crate) fn talk_with(&mut self, owner: &EntryId, peer: &Peer) -> Talk {
        let terms = Terms::new(self.config.media_of(owner), peer.transport);
        let [id, name] = [self.plain.next_u64(), self.plain.next_u64()];
        let secrets = Secrets::new(self.vault.seed(), name, self.fingerprint);
        Talk::new(self.media_address(peer), id, terms, secrets)
    }

    /// The same for a phone that is called in this call.
    pub(crate) fn talk_towards(&mut self, call: CallId, owner: &EntryId, peer: &Peer) -> Talk {
        let mut talk = self.talk_with(owner, peer);
        if self.has_fax(call) {
            talk.carry_data();
        }
        talk
    }

    /// The codec of whoever else is in the call, so that nothing need be converted.
    pub(crate) fn partner_codec(&self, id: LegId) -> Option<Codec> {
        let call = self.legs.get(&id)?.call;
        self.legs
            .values()
            .filter(|other| other.call == call && other.id != id)
            .find_map(|other| other.talk.codec())
    }

    /// The codecs to answer with before all others: that of whoever else is in the call, or those of
    /// 8 kHz where that is an analog set.
    pub(crate) fn partner_codecs(&self, id: LegId) -> Vec<Codec> {
        if let Some(codec) = self.partner_codec(id) {
            return vec![codec];
        }
        let Some(leg) = self.legs.get(&id) else {
            return Vec::new();
        };
        let mut sets = self.jacks.legs();
        let with_set = sets.any(|set| self.switch.call_of(set) == Some(leg.call));
        if with_set {
            leg.talk.narrow()
        } else {
            Vec::new()
        }
    }

    /// Tells the media plane what offer and answer came to.
    pub(crate) fn apply_talk(&mut self, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        let Some(media) = leg.media else { return };
        let is_up = leg.stage == Stage::Up;
        for command in leg.talk.commands(media, leg.peer.remote.ip(), is_up) {
            self.media(command);
        }
    }

    /// The codec of `id` changed: the other party of the call is asked to change with it, if it can.
    /// If it does not, the media plane converts.
    pub(crate) fn align_partner(&mut self, now: Now, id: LegId) {
        let other = self.partner(id);
        if let Some((usage, _)) = other.and_then(|other| self.to_be_aligned(other)) {
            // A usage that is gone has its end on the way.
            let _ = self.agent.ask_turn(now.mono, usage);
        }
    }

    /// An offer may go to `id` now: whether it is still to have another codec is decided only here, for
    /// either side may have changed while the offer had to wait.
    pub(crate) fn align(&mut self, now: Now, id: LegId) {
        let Some((usage, codec)) = self.to_be_aligned(id) else {
            return;
        };
        if let Some(leg) = self.legs.get_mut(&id) {
            let sdp = leg.talk.offer_again(&[codec]);
            // As above.
            let _ = self.agent.offer(now.mono, usage, sdp);
        }
    }

    /// The codec that `id` is to be asked for: its partner's, if it can.
    fn to_be_aligned(&self, id: LegId) -> Option<(UsageKey, Codec)> {
        let codec = self.legs.get(&self.partner(id)?)?.talk.codec()?;
        let leg = self.legs.get(&id)?;
        let other = leg.talk.codec() != Some(codec) && leg.talk.can(codec);
        (leg.stage == Stage::Up && other).then_some((leg.usage?, codec))
    }

    /// The only other leg in the same bridge.
    pub(crate) fn partner(&self, id: LegId) -> Option<LegId> {
        let bridge = self.bridge_of.get(&id)?;
        let mut others = self
            .bridge_of
            .iter()
            .filter(|&(&leg, used)| used == bridge && leg != id);
        let (&other, _) = others.next()?;
        others.next().is_none().then_some(other)
    }

    /// A key came on the media path. The media plane passes it on itself, but not into signalling.
    pub(crate) fn digit_in_media(&mut self, now: Now, id: LegId, digit: Digit, ms: u16) {
        if let Some(leg) = self.legs.get_mut(&id)
            && !leg.talk.hears_key(now.mono, Form::Media)
        {
            return;
        }
        if let Some(other) = self.partner(id)
            && self.wants_info(other)
        {
            self.send_info(now, other, digit, ms);
        }
        self.key_for_flash(now, id, digit);
        self.leg_event(now, id, LegEvent::Digit(digit));
    }

    /// An INFO came, and was answered already. Keys are known in two forms; all else is let go.
    pub(crate) fn info(&mut self, now: Now, id: LegId, content_type: &str, body: &[u8]) {
        let Some((digit, ms)) = read_info(content_type, body) else {
            return;
        };
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if !leg.talk.terms().hears_info() || !leg.talk.hears_key(now.mono, Form::Info) {
            return;
        }
        let decides = leg.media.is_some_and(|media| self.decides(media, digit));
        let digit = self.vault.digit(digit, decides);
        if let Some(other) = self.partner(id) {
            if self.wants_info(other) {
                self.send_info(now, other, digit, ms);
            } else if let Some(leg) = self.media_of(other) {
                self.media(MediaCommand::SendDigit { leg, digit, ms });
            }
        }
        self.key_for_flash(now, id, digit);
        self.leg_event(now, id, LegEvent::Digit(digit));
    }

    fn wants_info(&self, id: LegId) -> bool {
        let leg = self.legs.get(&id);
        leg.is_some_and(|leg| leg.talk.terms().sends_info())
    }

    /// Sends a key in the form that most phones know.
    fn send_info(&mut self, now: Now, id: LegId, digit: Digit, ms: u16) {
        let Some(usage) = self.legs.get(&id).and_then(|leg| leg.usage) else {
            return;
        };
        let mut headers = Headers::default();
        headers.set(HeaderName::ContentType, "application/dtmf-relay");
        let body = format!("Signal={}\r\nDuration={ms}\r\n", digit.to_char());
        // A usage that is gone, or has no dialog yet, hears no keys.
        let _ = self
            .agent
            .request_in(now.mono, usage, Method::Info, &headers, body.into_bytes());
    }

    /// A fax machine is on the leg: nothing is done to the voices of its call any more, which are none.
    pub(crate) fn fax_heard(&mut self, now: Now, media: MediaLeg, tone: FaxTone) {
        let Some(id) = self.leg_of(media) else {
            return;
        };
        let call = self.switch.call_of(id);
        let event = Event {
            call,
            leg: Some(id),
            rule: Rule::MediaFax,
            body: EventBody::LegFax { tone },
        };
        self.record(now, event);
        let legs = self.legs.values().filter(|leg| Some(leg.call) == call);
        let seats: Vec<MediaLeg> = legs.filter_map(|leg| leg.media).collect();
        for leg in seats {
            let options = VoiceOptions {
                data: true,
                ..VoiceOptions::default()
            };
            self.media(MediaCommand::SetVoice { leg, options });
        }
        if let Some(&Owner::Port(port)) = self.by_media.get(&media) {
            self.tell_data_sound(port, media);
        }
    }

    /// Whether a set of this call is a fax machine.
    pub(crate) fn has_fax(&self, call: CallId) -> bool {
        let mut sets = self.jacks.legs();
        sets.any(|leg| {
            let port = self.jacks.of_leg(leg).map(|(port, _)| port);
            let jack = port.and_then(|port| self.jacks.get(port));
            let set = jack.and_then(|jack| self.config.analog_on(&jack.name));
            set.is_some_and(|set| set.fax) && self.switch.call_of(leg) == Some(call)
        })
    }

    /// A phone that is about to answer a fax machine's call, or to be answered by one, speaks as such
    /// machines want it.
    pub(crate) fn suit_fax(&mut self, id: LegId) {
        let call = self.legs.get(&id).map(|leg| leg.call);
        if !call.is_some_and(|call| self.has_fax(call)) {
            return;
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        leg.talk.carry_data();
        let options = leg.talk.terms().voice();
        if let Some(leg) = leg.media {
            self.media(MediaCommand::SetVoice { leg, options });
        }
    }

    /// The keys of a leg are there.
    pub(crate) fn leg_secured(&mut self, now: Now, id: LegId) {
        self.leg_event(now, id, LegEvent::Secured);
    }

    /// A leg has no protection although it must have.
    pub(crate) fn leg_unprotected(&mut self, now: Now, id: LegId, fault: SecurityFault) {
        self.counters.security_failed += 1;
        self.leg_event(now, id, LegEvent::SecurityFailed(fault));
    }
}

/// `application/dtmf-relay` (`Signal=5`, `Duration=160`) or `application/dtmf` (`5`).
fn read_info(content_type: &str, body: &[u8]) -> Option<(Digit, u16)> {
    let text = core::str::from_utf8(body).ok()?;
    let (signal, ms) = match content_type {
        "application/dtmf" => (text, None),
        "application/dtmf-relay" => {
            let field = |wanted: &str| {
                text.lines().find_map(|line| {
                    let (name, value) = line.split_once('=')?;
                    name.trim().eq_ignore_ascii_case(wanted).then_some(value)
                })
            };
            let ms = field("duration").and_then(|value| value.trim().parse::<u16>().ok());
            (field("signal")?, ms)
        }
        _ => return None,
    };
    let mut keys = signal.trim().chars();
    let digit = Digit::from_char(keys.next()?)?;
    // `hf` is a hook flash, `10` and `11` are numbers of events, which nobody asked for.
    let ms = ms.unwrap_or(DIGIT_MS);
    let (least, most) = DIGIT_MS_RANGE.into_inner();
    keys.next()
        .is_none()
        .then_some((digit, ms.clamp(least, most)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_info() {
        let read = |kind: &str, body: &str| {
            read_info(kind, body.as_bytes()).map(|(digit, ms)| (digit.to_char(), ms))
        };
        let relay = "application/dtmf-relay";
        assert_eq!(
            read(relay, "Signal=5\r\nDuration=250\r\n"),
            Some(('5', 250))
        );
        assert_eq!(read(relay, "signal= *\nduration = 1\n"), Some(('*', 40)));
        assert_eq!(read("application/dtmf", " # \r\n"), Some(('#', 160)));
        for (kind, body) in [
            (relay, "Signal=hf\r\n"),
            (relay, "Signal=10\r\n"),
            (relay, "Duration=100\r\n"),
            ("application/dtmf", ""),
            ("text/plain", "5"),
        ] {
            assert_eq!(read(kind, body), None, "{kind} {body:?}");
        }
        assert_eq!(read_info(relay, b"Signal=\xff"), None);
    }
}
