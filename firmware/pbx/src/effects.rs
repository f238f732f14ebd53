//! What call control wishes, carried out on SIP legs, sets and the media plane.

use core::time::Duration;

use call::{Effect, LegEvent, Phone, Sound};
use config::Tone;
use model::{
    CallId, Cause, LegId, MediaFigures, Now, Party, Protection, Route, StateChange, limits,
};
use sip::{HeaderName, Headers, InviteParams, NameAddr, Reason};

use crate::{
    Output, Pbx,
    incoming::retry_after,
    leg::{SipLeg, Stage},
    pbx::Owner,
    status::status_of,
};

/// How long the media plane may take to report the end of a leg.
const MEDIA_PATIENCE: Duration = Duration::from_secs(2);

impl Pbx {
    pub(crate) fn effect(&mut self, now: Now, effect: Effect) {
        match effect {
            Effect::Event(event) => self.record(now, event),
            Effect::Party(id, party) => self.out.push_back(Output::Party(id, cut(party))),
            Effect::CallPhone {
                leg,
                call,
                phone,
                from,
                caller,
            } => self.call_phone(now, leg, call, &phone, &from, caller),
            Effect::RingPort {
                leg,
                call,
                port,
                from,
                ring,
            } => self.ring_set(now, (leg, call), port, &from, ring),
            Effect::CallLine {
                leg, port, number, ..
            } => self.call_line(now, leg, port, number),
            Effect::WaitPort {
                leg,
                call,
                port,
                from,
            } => self.wait_port(now, (leg, call), port, &from),
            Effect::Attend { leg, port } => self.attend(now, leg, port),
            Effect::Unite {
                port,
                legs,
                parties,
            } => self.unite(now, port, legs, parties),
            Effect::Alert(leg) => {
                if let Some(usage) = self.usage_of(leg) {
                    // A usage that is gone does not ring; its end is on the way.
                    let _ = self.agent.ring(now.mono, usage, 180, None);
                }
            }
            Effect::Answer(leg) => self.answer(now, leg),
            Effect::Release { leg, cause } => self.release(now, leg, cause),
            Effect::Connect(a, b) => self.bridge(now, a, b),
            Effect::ConnectEarly { caller, called } => self.connect_early(now, caller, called),
            Effect::Play(leg, sound) => self.play(leg, sound),
            Effect::AnswerEarly(leg) => {
                if !self.answer_early(now, leg) {
                    // Whoever cannot be given sound before the answer has heard all there is.
                    self.leg_event(now, leg, LegEvent::PromptEnded);
                }
            }
            Effect::Return(leg) => self.return_to_bridge(leg),
            Effect::Join { leg, room } => self.join_room(now, leg, room),
            Effect::Hearing {
                listener,
                speaker,
                heard,
            } => self.set_hearing(listener, speaker, heard),
            Effect::Say(leg, prompt) => self.say(leg, prompt),
            Effect::Chime { room, chime } => self.chime(&room, chime),
            Effect::StartTap(leg, tap) => self.start_tap(leg, tap),
            Effect::PauseTap { tap, paused } => self.pause_tap(tap, paused),
            Effect::StopTap(tap) => self.stop_tap(tap),
        }
    }

    fn usage_of(&self, leg: LegId) -> Option<sip::UsageKey> {
        self.legs.get(&leg)?.usage
    }

    fn play(&mut self, leg: LegId, sound: Sound) {
        if !self.can_hear(leg) {
            return;
        }
        self.forget_clip(leg);
        let country = &self.config.country;
        let route = match sound {
            Sound::Silence => Route::Silence,
            Sound::Dial if self.has_messages(leg) => Route::Tone(*country.tone(Tone::StutterDial)),
            Sound::Dial => Route::Tone(*country.tone(Tone::Dial)),
            Sound::RecallDial => Route::Tone(*country.tone(Tone::RecallDial)),
            // A SIP phone that was told 180 makes its own ringback.
            Sound::Ringback if self.is_early(leg) => return,
            Sound::Ringback => Route::Tone(*country.tone(Tone::Ringback)),
            Sound::Echo => Route::Echo,
            Sound::Music => {
                self.play_music(leg);
                return;
            }
            Sound::Prompt(prompt) => {
                self.play_prompt(leg, prompt);
                return;
            }
            Sound::Greeting(clip) => {
                self.play_clip(leg, clip.id());
                return;
            }
        };
        self.route(leg, route);
    }

    /// Whether this is a SIP leg that is not answered.
    fn is_early(&self, leg: LegId) -> bool {
        let stage = self.legs.get(&leg).map(|leg| leg.stage);
        stage.is_some_and(|stage| stage != Stage::Up)
    }

    fn call_phone(
        &mut self,
        now: Now,
        leg: LegId,
        call: CallId,
        phone: &Phone,
        from: &Party,
        caller: LegId,
    ) {
        let Some(binding) = self.registrar.get(&phone.owner, &phone.key).cloned() else {
            self.leg_event(now, leg, refusal(Cause::Unreachable));
            return;
        };
        let Some(seat) = self.take_seat() else {
            self.leg_event(now, leg, refusal(Cause::Congestion));
            return;
        };
        let Some((peer, uri)) = self.way_to(&binding) else {
            self.leave_seat(seat);
            self.leg_event(now, leg, refusal(Cause::Unreachable));
            return;
        };
        let mut talk = self.talk_towards(call, &phone.owner, &peer);
        talk.set_port(seat.port);
        let offered = self.legs.get(&caller).map(|leg| leg.talk.offered());
        // A caller that is no phone is a set.
        let offer = talk.offer(&offered.unwrap_or_else(|| talk.narrow()));
        let us = self.signalling_uri(&peer, &from.number);
        let params = InviteParams {
            peer,
            to: NameAddr::new(uri.clone()),
            request_uri: uri,
            from: NameAddr {
                display: Some(from.name.clone()).filter(|name| !name.is_empty()),
                ..NameAddr::new(us.clone())
            },
            contact: Some(NameAddr::new(us)),
            route: binding
                .path
                .iter()
                .filter_map(|path| NameAddr::parse(path).ok())
                .collect(),
            headers: Headers::default(),
            offer: Some(offer),
            max_forwards: 70,
        };
        match self.agent.invite(now.mono, params) {
            Ok(usage) => {
                let media = self.sit_down(Owner::Sip(leg), seat, &mut talk, Some(caller));
                let sip = SipLeg {
                    id: leg,
                    call,
                    owner: phone.owner.clone(),
                    usage: Some(usage),
                    peer,
                    inbound: false,
                    stage: Stage::Early,
                    media: Some(media),
                    talk,
                };
                self.legs.insert(leg, Box::new(sip));
                self.by_usage.insert(usage, leg);
            }
            Err(_) => {
                self.leave_seat(seat);
                self.leg_event(now, leg, refusal(Cause::Congestion));
            }
        }
    }

    /// Answers the caller: at once if the start of the call is on disk, else as soon as it is, at
    /// the latest after 50 ms (design §3, durability).
    fn answer(&mut self, now: Now, id: LegId) {
        if self.lines.of_leg(id).is_some() {
            self.answer_line(now, id);
            return;
        }
        let Some(leg) = self.legs.get_mut(&id) else {
            // A set is answered by connecting it.
            self.set_was_answered(now, id);
            self.leg_event(now, id, LegEvent::Answered(None, Protection::Clear));
            return;
        };
        let wait_for = self.started_at.get(&leg.call).copied();
        match wait_for {
            Some(wait_for) if wait_for > self.durable => {
                let until = now.mono + Duration::from_millis(limits::DURABLE_WAIT_MS_MAX);
                leg.stage = Stage::Answering { wait_for, until };
                self.waiting.insert((until, id));
                self.awaited = self.awaited.max(wait_for);
            }
            Some(_) | None => self.answer_now(now, id),
        }
    }

    fn answer_now(&mut self, now: Now, id: LegId) {
        self.suit_fax(id);
        let preferred = self.partner_codecs(id);
        let Some(leg) = self.legs.get_mut(&id) else {
            return;
        };
        if let Stage::Answering { until, .. } = leg.stage {
            self.waiting.remove(&(until, id));
        }
        let Some(usage) = leg.usage else { return };
        let sdp = leg.talk.answer(&preferred);
        match sdp {
            Ok(sdp) => {
                leg.stage = Stage::Up;
                // The end of a caller that hung up this moment is on its way.
                if self.agent.answer(now.mono, usage, sdp).is_err() {
                    return;
                }
                self.apply_talk(id);
                if let Some(outcome) = self.legs.get(&id).and_then(|leg| leg.talk.outcome()) {
                    let answered = LegEvent::Answered(Some(outcome.codec), outcome.protection);
                    self.leg_event(now, id, answered);
                }
            }
            Err(error) => self.leg_event(now, id, LegEvent::Ended(error.cause())),
        }
    }

    pub(crate) fn answer_what_is_durable(&mut self, now: Now) {
        let durable = self.durable;
        let ready: Vec<LegId> = self
            .waiting
            .iter()
            .map(|&(_, id)| id)
            .filter(|id| {
                let stage = self.legs.get(id).map(|leg| leg.stage);
                matches!(stage, Some(Stage::Answering { wait_for, .. }) if wait_for <= durable)
            })
            .collect();
        for id in ready {
            self.answer_now(now, id);
        }
    }

    /// A leg has waited long enough.
    pub(crate) fn leg_waited(&mut self, now: Now, id: LegId) {
        match self.legs.get(&id).map(|leg| leg.stage) {
            Some(Stage::Answering { .. }) => {
                self.counters.durable_late += 1;
                self.answer_now(now, id);
            }
            Some(Stage::Leaving { .. }) => {
                self.counters.media_silent += 1;
                self.leg_gone(now, id, MediaFigures::default());
            }
            Some(Stage::Early | Stage::Up) | None => {}
        }
    }

    fn connect_early(&mut self, now: Now, caller: LegId, called: LegId) {
        if self.answer_early(now, caller) {
            self.bridge(now, caller, called);
        }
    }

    /// Opens the way to the caller's ear before the answer; whether there is one. A caller without
    /// an offer cannot be given sound before the answer.
    fn answer_early(&mut self, now: Now, caller: LegId) -> bool {
        // Before the answer a line is on hook.
        if self.lines.is_deaf(caller) {
            return false;
        }
        let preferred = self.partner_codecs(caller);
        if let Some(leg) = self.legs.get_mut(&caller)
            && let Some(usage) = leg.usage
        {
            let Ok(sdp) = leg.talk.early_answer(&preferred) else {
                return false;
            };
            // A usage that is gone has its end on the way.
            let _ = self.agent.ring(now.mono, usage, 183, Some(sdp));
            self.apply_talk(caller);
        }
        true
    }

    fn release(&mut self, now: Now, id: LegId, cause: Cause) {
        let Some(leg) = self.legs.get_mut(&id) else {
            if !self.release_line(now, id) {
                self.release_set(now, id, cause);
            }
            return;
        };
        let before = leg.stage;
        let (usage, inbound, media) = (leg.usage, leg.inbound, leg.media);
        let until = now.mono + MEDIA_PATIENCE;
        leg.stage = Stage::Leaving { until };
        if let Stage::Answering { until, .. } = before {
            self.waiting.remove(&(until, id));
        }
        self.waiting.insert((until, id));
        self.leave_bridge(id);
        self.forget_clip(id);
        if let Some(usage) = usage {
            self.end_usage(now, usage, inbound && before != Stage::Up, cause);
        }
        match media {
            Some(media) => self.remove_media(media),
            None => self.leg_gone(now, id, MediaFigures::default()),
        }
    }

    fn end_usage(&mut self, now: Now, usage: sip::UsageKey, refuse: bool, cause: Cause) {
        if refuse {
            let status = status_of(cause);
            let mut headers = if status == 503 {
                retry_after()
            } else {
                Headers::default()
            };
            let reason = Reason::q850(u16::from(cause.q850()), "");
            headers.push(HeaderName::Reason, reason.to_string());
            self.reject(now, usage, status, headers);
            return;
        }
        let reason = match cause {
            // RFC 3326 and RFC 3261 §9: so that phones do not list a missed call.
            Cause::ElsewhereAnswered => Reason::sip(200, "Call completed elsewhere"),
            other => Reason::q850(u16::from(other.q850()), ""),
        };
        // A usage that is gone needs no goodbye.
        let _ = self.agent.hang_up(now.mono, usage, Some(reason));
    }

    pub(crate) fn state(&mut self, change: StateChange) {
        self.out.push_back(Output::State(change));
    }
}

/// A leg that came to nothing before it reached a phone.
const fn refusal(cause: Cause) -> LegEvent {
    LegEvent::Refused {
        cause,
        status: None,
    }
}

/// People's data within its limits and without control characters.
pub(crate) fn cut(party: Party) -> Party {
    Party {
        number: clean(&party.number),
        name: clean(&party.name),
    }
}

/// Text from outside as it may be stored and shown.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_control()) {
        if out.len() + c.len_utf8() > limits::PARTY_TEXT_MAX {
            break;
        }
        out.push(c);
    }
    out
}
