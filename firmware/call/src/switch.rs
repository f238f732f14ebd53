//! The one machine of call control: all calls of the exchange.

use core::time::Duration;
use std::collections::BTreeMap;

use model::{
    CallId, Cause, EventBody, Instant, LegId, LegKind, Now, Party, Random, Rule, Target, limits,
};

use crate::{
    Dialled, Directory, Effect, LegEvent, NewCall, Phone, Progress, SetState, Sound,
    call::{Call, End, Leg, Phase, Stage},
    narrate::Narrator,
};

/// Times that are the same for every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// A lifted set must begin to dial within this time.
    pub dial: Duration,
    /// After each digit the next must come within this time.
    pub digit: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(15),
            digit: Duration::from_secs(4),
        }
    }
}

/// Why a call was not even begun; there is no call and no leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The limit on calls at once is reached; try again soon.
    TooManyCalls,
    /// The exchange is stopping.
    Stopping,
}

/// All calls. `start`, `leg_event`, `timeout`, `hang_up` and `stop` are the inputs; after each,
/// drain `poll`, then look at `next_deadline`.
#[derive(Clone, Debug)]
pub struct Switch {
    calls: BTreeMap<CallId, Call>,
    legs: BTreeMap<LegId, CallId>,
    timers: Timers,
    stop_at: Option<Instant>,
    tell: Narrator,
}

impl Switch {
    /// No calls yet. `random` (plain) draws the ids of calls, legs and parties.
    #[must_use]
    pub fn new(timers: Timers, random: Random) -> Self {
        Self {
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            timers,
            stop_at: None,
            tell: Narrator::new(random),
        }
    }

    /// Starts the randomness of ids anew.
    pub fn reseed(&mut self, random: Random) {
        self.tell.random = random;
    }

    /// Replaces the times for digits to come.
    pub const fn set_timers(&mut self, timers: Timers) {
        self.timers = timers;
    }

    /// The next wish or fact, in order.
    pub fn poll(&mut self) -> Option<Effect> {
        self.tell.out.pop_front()
    }

    /// When `timeout` is due next, and why.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let calls = self.calls.values().filter_map(Call::deadline);
        let stop = self.stop_at.map(|at| (at, "end of the grace time"));
        calls.chain(stop).min_by_key(|(at, _)| *at)
    }

    /// Calls that are not over yet.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The call of a leg that is not gone yet.
    #[must_use]
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    /// Begins a call: writes its first events and routes it, or waits for digits.
    ///
    /// # Errors
    /// [`Refusal`]: nothing was begun.
    pub fn start(
        &mut self,
        now: Now,
        new: NewCall,
        dir: &impl Directory,
    ) -> Result<(CallId, LegId), Refusal> {
        if self.stop_at.is_some() {
            return Err(Refusal::Stopping);
        }
        if self.calls.len() >= dir.calls_max().min(limits::CALLS) {
            return Err(Refusal::TooManyCalls);
        }
        let id = CallId(self.tell.random.next_u128());
        let leg = LegId(self.tell.random.next_u128());
        let rule = match new.kind {
            LegKind::Port { .. } => Rule::CallFromPort,
            LegKind::Phone { .. } | LegKind::Service => Rule::CallFromPhone,
        };
        let from_id = self.tell.party(new.from.clone());
        let to = self.tell.party(Party {
            number: new.dialled.clone().unwrap_or_default(),
            name: String::new(),
        });
        self.tell
            .call(id, rule, EventBody::CallStarted { from: from_id, to });
        let body = EventBody::LegStarted {
            kind: new.kind,
            outbound: false,
            party: Some(from_id),
        };
        self.tell.leg(id, leg, rule, body);
        let call = Call {
            id,
            started: now.mono,
            phase: Phase::Dialling {
                digits: String::new(),
                deadline: now.mono + self.timers.dial,
            },
            legs: vec![Leg::new(leg)],
            caller: leg,
            from: new.from,
            refusal: None,
        };
        self.calls.insert(id, call);
        self.legs.insert(leg, id);
        match (new.obstacle, new.dialled) {
            (Some((cause, rule)), _) => self.end(now, id, cause, rule),
            (None, Some(text)) => self.route(now, id, &text, new.own.as_ref(), dir),
            (None, None) => self.tell.wish(Effect::Play(leg, Sound::Dial)),
        }
        Ok((id, leg))
    }

    /// Tells what happened to a leg. Events of unknown legs are late ones and are dropped.
    pub fn leg_event(&mut self, now: Now, leg: LegId, event: LegEvent, dir: &impl Directory) {
        let Some(&id) = self.legs.get(&leg) else {
            return;
        };
        match event {
            LegEvent::Rang => self.rang(id, leg),
            LegEvent::EarlyMedia => self.early_media(id, leg),
            LegEvent::Answered(codec) => self.answered(now, id, leg, codec),
            LegEvent::CodecChanged(codec) => {
                let body = EventBody::LegCodecChanged { codec };
                self.tell.leg(id, leg, Rule::PhoneAnswered, body);
            }
            LegEvent::Refused { cause, status } => self.refused(now, id, leg, cause, status),
            LegEvent::Ended(cause) => self.ended(now, id, leg, cause),
            LegEvent::Held => self.hold(id, leg, true),
            LegEvent::Resumed => self.hold(id, leg, false),
            LegEvent::Digit(digit) => self.digit(now, id, leg, digit, dir),
            LegEvent::Gone(media) => self.gone(now, id, leg, media),
        }
    }

    /// Ends a call at an administrator's wish. Unknown calls are over already.
    pub fn hang_up(&mut self, now: Now, call: CallId) {
        self.end(now, call, Cause::Administrator, Rule::Operator);
    }

    /// Refuses new calls from now on and ends the rest at `at`.
    pub fn stop(&mut self, at: Instant) {
        self.stop_at = Some(at);
    }

    /// Whether [`Switch::stop`] was called.
    #[must_use]
    pub const fn is_stopping(&self) -> bool {
        self.stop_at.is_some()
    }

    /// Executes what is due.
    pub fn timeout(&mut self, now: Now, dir: &impl Directory) {
        let due = |call: &Call| call.deadline().is_some_and(|(at, _)| at <= now.mono);
        let calls: Vec<CallId> = self
            .calls
            .values()
            .filter(|call| due(call))
            .map(|call| call.id)
            .collect();
        for id in calls {
            self.call_timeout(now, id, dir);
        }
        if self.stop_at.is_some_and(|at| at <= now.mono) {
            self.stop_at = Some(Instant::FAR);
            let all: Vec<CallId> = self.calls.keys().copied().collect();
            for id in all {
                self.end(now, id, Cause::Stopping, Rule::Stopping);
            }
        }
    }

    fn call_timeout(&mut self, now: Now, id: CallId, dir: &impl Directory) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        match &call.phase {
            Phase::Dialling { digits, .. } if digits.is_empty() => {
                self.end(now, id, Cause::BadNumber, Rule::DialTimeout);
            }
            Phase::Dialling { digits, .. } => {
                let digits = digits.clone();
                self.dialled(now, id, &digits, Rule::DialTimeout, dir);
            }
            Phase::Ringing { .. } => self.end(now, id, Cause::NoAnswer, Rule::RingTimeout),
            Phase::Talking { .. } | Phase::Ending(_) => {}
        }
    }

    /// A set pressed a key: only dialling uses it so far.
    fn digit(
        &mut self,
        now: Now,
        id: CallId,
        leg: LegId,
        digit: model::Digit,
        dir: &impl Directory,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Phase::Dialling { digits, deadline } = &mut call.phase else {
            return;
        };
        if digits.is_empty() {
            self.tell.wish(Effect::Play(leg, Sound::Silence));
        }
        digits.push(digit.to_char());
        *deadline = now.mono + self.timers.digit;
        let digits = digits.clone();
        match dir.progress(&digits) {
            Progress::Complete => {
                self.dialled(now, id, &digits, Rule::CallFromPort, dir);
            }
            Progress::Hopeless => self.dialled(now, id, &digits, Rule::DialledTooMuch, dir),
            Progress::Ambiguous | Progress::Partial if digits.len() >= limits::NUMBER_LEN_MAX => {
                self.dialled(now, id, &digits, Rule::DialledTooMuch, dir);
            }
            Progress::Ambiguous | Progress::Partial => {}
        }
    }

    /// A set finished dialling.
    fn dialled(&mut self, now: Now, id: CallId, digits: &str, rule: Rule, dir: &impl Directory) {
        let Some(caller) = self.calls.get(&id).map(|call| call.caller) else {
            return;
        };
        let to = self.tell.party(Party {
            number: digits.to_owned(),
            name: String::new(),
        });
        self.tell.call(id, rule, EventBody::Dialled { to });
        self.tell.wish(Effect::DiallingDone(caller));
        self.route(now, id, digits, None, dir);
    }

    fn route(
        &mut self,
        now: Now,
        id: CallId,
        text: &str,
        own: Option<&Phone>,
        dir: &impl Directory,
    ) {
        let (target, rule) = match dir.dialled(text) {
            Dialled::Person(entry) => (Target::Person(entry), Rule::DialledPerson),
            Dialled::Login(entry) => (Target::Person(entry), Rule::DialledLogin),
            Dialled::Device(entry) => (Target::Device(entry), Rule::DialledDevice),
            Dialled::Analog(entry) => (Target::Analog(entry), Rule::DialledAnalog),
            Dialled::EchoTest => (Target::EchoTest, Rule::DialledEchoTest),
            Dialled::Unknown => {
                self.end(now, id, Cause::NotFound, Rule::DialledUnknown);
                return;
            }
        };
        let body = EventBody::Routed {
            target: target.clone(),
        };
        self.tell.call(id, rule, body);
        match target {
            Target::Person(entry) | Target::Device(entry) => {
                self.ring_person(now, id, &entry, own, dir)
            }
            Target::Analog(entry) => self.ring_set(now, id, &entry, dir),
            Target::EchoTest => self.echo_test(now, id),
        }
    }

    fn ring_person(
        &mut self,
        now: Now,
        id: CallId,
        entry: &model::EntryId,
        own: Option<&Phone>,
        dir: &impl Directory,
    ) {
        let all = dir.phones(entry);
        let oneself = own.is_some_and(|own| all.contains(own));
        let phones: Vec<Phone> = all
            .into_iter()
            .filter(|phone| Some(phone) != own)
            .take(limits::LEGS_PER_CALL - 1)
            .collect();
        if phones.is_empty() {
            let (cause, rule) = if oneself {
                (Cause::Busy, Rule::DialledOneself)
            } else {
                (Cause::Unreachable, Rule::RingNoPhone)
            };
            self.end(now, id, cause, rule);
            return;
        }
        for phone in phones {
            let kind = LegKind::Phone {
                owner: phone.owner.clone(),
                transport: phone.transport,
            };
            let party = dir.presented(entry);
            let Some((leg, from, caller)) = self.outbound(id, kind, party, Rule::RingAllPhones)
            else {
                return;
            };
            self.tell.wish(Effect::CallPhone {
                leg,
                call: id,
                phone,
                from,
                caller,
            });
        }
        self.begin_ringing(id, now.mono + dir.ring_timeout(entry));
    }

    fn ring_set(&mut self, now: Now, id: CallId, entry: &model::EntryId, dir: &impl Directory) {
        let port = match dir.set(entry) {
            SetState::Free(port) => port,
            SetState::Busy => {
                self.end(now, id, Cause::Busy, Rule::PortBusy);
                return;
            }
            SetState::Fault => {
                self.end(now, id, Cause::Unreachable, Rule::PortFault);
                return;
            }
        };
        let kind = LegKind::Port {
            owner: entry.clone(),
            port,
        };
        let party = dir.presented(entry);
        if let Some((leg, from, _)) = self.outbound(id, kind, party, Rule::RingPort) {
            self.tell.wish(Effect::RingPort {
                leg,
                call: id,
                port,
                from,
            });
        }
        self.begin_ringing(id, now.mono + dir.ring_timeout(entry));
    }

    fn begin_ringing(&mut self, id: CallId, deadline: Instant) {
        if let Some(call) = self.calls.get_mut(&id) {
            call.phase = Phase::Ringing { deadline };
        }
    }

    fn outbound(
        &mut self,
        id: CallId,
        kind: LegKind,
        party: Party,
        rule: Rule,
    ) -> Option<(LegId, Party, LegId)> {
        let leg = LegId(self.tell.random.next_u128());
        let party = self.tell.party(party);
        let body = EventBody::LegStarted {
            kind,
            outbound: true,
            party: Some(party),
        };
        self.tell.leg(id, leg, rule, body);
        let call = self.calls.get_mut(&id)?;
        call.legs.push(Leg::new(leg));
        self.legs.insert(leg, id);
        Some((leg, call.from.clone(), call.caller))
    }

    fn echo_test(&mut self, now: Now, id: CallId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let caller = call.caller;
        call.phase = Phase::Talking { since: now.mono };
        if let Some(leg) = call.leg(caller) {
            leg.stage = Stage::Up;
        }
        self.tell.wish(Effect::Answer(caller));
        self.tell.wish(Effect::Play(caller, Sound::Echo));
        self.tell.call(
            id,
            Rule::DialledEchoTest,
            EventBody::CallAnswered { by: caller },
        );
    }

    fn rang(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let first = !call.legs.iter().any(|leg| leg.rang);
        let caller = call.caller;
        match call.leg(leg) {
            Some(leg) if leg.stage == Stage::Trying && !leg.rang => leg.rang = true,
            _ => return,
        }
        self.tell.leg(id, leg, Rule::PhoneRang, EventBody::LegRang);
        if first {
            self.tell.wish(Effect::Alert(caller));
            self.tell.wish(Effect::Play(caller, Sound::Ringback));
        }
    }

    /// Sound before the answer is passed on when one phone is called; among several nobody is
    /// heard before the answer, or the caller would hear them all.
    fn early_media(&mut self, id: CallId, leg: LegId) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let alone = call.trying().count() == 1;
        let caller = call.caller;
        match call.leg(leg) {
            Some(leg) if leg.stage == Stage::Trying && !leg.early => leg.early = true,
            _ => return,
        }
        let body = EventBody::LegEarlyMedia;
        self.tell.leg(id, leg, Rule::PhoneEarlyMedia, body);
        if alone {
            self.tell.wish(Effect::ConnectEarly {
                caller,
                called: leg,
            });
        }
    }

    fn answered(&mut self, now: Now, id: CallId, leg: LegId, codec: Option<model::Codec>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let body = EventBody::LegAnswered { codec };
        let caller = call.caller;
        if leg == caller {
            self.tell.leg(id, leg, Rule::PhoneAnswered, body);
            return;
        }
        if !matches!(call.phase, Phase::Ringing { .. }) {
            // Two phones answered at once: the second is told that the first has it.
            self.release(id, leg, Cause::ElsewhereAnswered);
            return;
        }
        call.phase = Phase::Talking { since: now.mono };
        for up in [caller, leg] {
            if let Some(leg) = call.leg(up) {
                leg.stage = Stage::Up;
            }
        }
        let others: Vec<LegId> = call.trying().map(|leg| leg.id).collect();
        self.tell.leg(id, leg, Rule::PhoneAnswered, body);
        for other in others {
            self.release(id, other, Cause::ElsewhereAnswered);
        }
        self.tell.wish(Effect::Answer(caller));
        self.tell.wish(Effect::Connect(caller, leg));
        let body = EventBody::CallAnswered { by: leg };
        self.tell.call(id, Rule::PhoneAnswered, body);
    }

    fn refused(&mut self, now: Now, id: CallId, leg: LegId, cause: Cause, status: Option<u16>) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let is_caller = leg == call.caller;
        let rule = match status {
            Some(_) => Rule::PhoneRefused,
            None if cause == Cause::PeerLost => Rule::PhoneSilent,
            None => rule_of(cause),
        };
        if let Some(leg) = call.leg(leg) {
            leg.status = status;
        }
        call.note_refusal(cause, rule);
        let refusal = call.refusal.unwrap_or((cause, rule));
        self.release(id, leg, cause);
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let last = call.trying().next().is_none();
        if is_caller || (last && matches!(call.phase, Phase::Ringing { .. })) {
            let cause = match refusal.0 {
                Cause::PeerLost if !is_caller => Cause::Unreachable,
                other => other,
            };
            self.end(now, id, cause, refusal.1);
        }
    }

    fn ended(&mut self, now: Now, id: CallId, leg: LegId, cause: Cause) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let before_answer = matches!(call.phase, Phase::Ringing { .. } | Phase::Dialling { .. });
        if before_answer && leg != call.caller {
            self.refused(now, id, leg, cause, None);
            return;
        }
        let (cause, rule) = match cause {
            Cause::Normal | Cause::Cancelled if before_answer => {
                (Cause::Cancelled, Rule::CallerGaveUp)
            }
            Cause::Normal | Cause::Cancelled => (Cause::Normal, Rule::PartyHungUp),
            fault => (fault, rule_of(fault)),
        };
        let was_up = call.leg(leg).is_some_and(|leg| leg.stage != Stage::Leaving);
        self.release(id, leg, cause);
        if was_up {
            self.end(now, id, cause, rule);
        }
    }

    fn hold(&mut self, id: CallId, leg: LegId, held: bool) {
        let Some(leg_state) = self.calls.get_mut(&id).and_then(|call| call.leg(leg)) else {
            return;
        };
        if leg_state.held == held {
            return;
        }
        leg_state.held = held;
        let (rule, body) = if held {
            (Rule::PartyHeld, EventBody::LegHeld)
        } else {
            (Rule::PartyResumed, EventBody::LegResumed)
        };
        self.tell.leg(id, leg, rule, body);
    }

    /// Ends the call: every leg is released, and the last `Gone` writes `CallEnded`.
    fn end(&mut self, now: Now, id: CallId, cause: Cause, rule: Rule) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let talk = match call.phase {
            Phase::Ending(_) => return,
            Phase::Talking { since } => Some(now.mono.since(since)),
            Phase::Dialling { .. } | Phase::Ringing { .. } => None,
        };
        call.phase = Phase::Ending(End {
            cause,
            rule,
            at: now.mono,
            talk,
        });
        let legs: Vec<LegId> = call.legs.iter().map(|leg| leg.id).collect();
        for leg in legs {
            self.release(id, leg, cause);
        }
    }

    fn release(&mut self, id: CallId, leg: LegId, cause: Cause) {
        let Some(state) = self.calls.get_mut(&id).and_then(|call| call.leg(leg)) else {
            return;
        };
        if state.stage == Stage::Leaving {
            return;
        }
        state.stage = Stage::Leaving;
        state.cause = Some(cause);
        self.tell.wish(Effect::Release { leg, cause });
    }

    fn gone(&mut self, now: Now, id: CallId, leg: LegId, media: model::MediaFigures) {
        self.legs.remove(&leg);
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        let Some(at) = call.legs.iter().position(|known| known.id == leg) else {
            return;
        };
        let gone = call.legs.remove(at);
        let cause = gone.cause.unwrap_or(Cause::Internal);
        let rule = match (&call.phase, cause) {
            (_, Cause::ElsewhereAnswered) => Rule::AnsweredElsewhere,
            (Phase::Ending(end), _) if end.cause == cause => end.rule,
            (_, other) => rule_of(other),
        };
        let body = EventBody::LegEnded {
            cause,
            status: gone.status,
            media,
        };
        self.tell.leg(id, leg, rule, body);
        if !call.legs.is_empty() {
            return;
        }
        let end = match call.phase {
            Phase::Ending(end) => end,
            Phase::Dialling { .. } | Phase::Ringing { .. } | Phase::Talking { .. } => End {
                cause,
                rule,
                at: now.mono,
                talk: None,
            },
        };
        let body = EventBody::CallEnded {
            cause: end.cause,
            duration: end.at.since(call.started),
            talk: end.talk,
        };
        self.calls.remove(&id);
        self.tell.call(id, end.rule, body);
    }
}

/// The rule that stands behind a cause when nothing more precise is known.
const fn rule_of(cause: Cause) -> Rule {
    match cause {
        Cause::Normal => Rule::PartyHungUp,
        Cause::Cancelled => Rule::CallerGaveUp,
        Cause::Busy | Cause::Rejected | Cause::Forbidden => Rule::PhoneRefused,
        Cause::NoAnswer => Rule::RingTimeout,
        Cause::ElsewhereAnswered => Rule::AnsweredElsewhere,
        Cause::NotFound | Cause::BadNumber => Rule::DialledUnknown,
        Cause::Unreachable => Rule::RingNoPhone,
        Cause::NotAcceptable => Rule::NoCommonCodec,
        Cause::Congestion => Rule::NoMediaPorts,
        Cause::PeerLost => Rule::DialogLost,
        Cause::ProtocolError | Cause::Internal => Rule::PeerMisbehaved,
        Cause::Removed => Rule::ConfigSaved,
        Cause::Administrator => Rule::Operator,
        Cause::Stopping => Rule::Stopping,
        Cause::PowerLost => Rule::PowerLost,
    }
}
