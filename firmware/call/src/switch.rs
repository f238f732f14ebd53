//! The one machine of call control: all calls of the exchange.

use core::time::Duration;
use std::collections::BTreeMap;

use model::{
    CallId, Cause, Digit, EntryId, EventBody, Instant, LegId, LegKind, Now, Party, Protection,
    Random, Rule, limits,
};

use crate::{
    Directory, Effect, LegEvent, NewCall, Ring,
    call::{Call, Leg, Phase},
    end::{rule_of, rule_of_fault},
    narrate::Narrator,
    room::{Farewell, Rooms},
    set::Sets,
    tapes::Tapes,
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
    pub(crate) calls: BTreeMap<CallId, Call>,
    pub(crate) legs: BTreeMap<LegId, CallId>,
    pub(crate) rooms: Rooms,
    pub(crate) sets: Sets,
    pub(crate) tapes: Tapes,
    pub(crate) timers: Timers,
    stop_at: Option<Instant>,
    pub(crate) tell: Narrator,
}

impl Switch {
    /// No calls yet. `random` (plain) draws the ids of calls, legs and parties.
    #[must_use]
    pub fn new(timers: Timers, random: Random) -> Self {
        Self {
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            rooms: Rooms::default(),
            sets: Sets::default(),
            tapes: Tapes::default(),
            timers,
            stop_at: None,
            tell: Narrator::new(random),
        }
    }

    /// Starts the randomness of ids anew.
    pub fn reseed(&mut self, random: Random) {
        self.tell.reseed(random);
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
        let rooms = self.rooms.next_deadline();
        let sets = self.sets.next_deadline();
        calls
            .chain(stop)
            .chain(rooms)
            .chain(sets)
            .min_by_key(|(at, _)| *at)
    }

    /// Calls that are not over yet.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// Whether a key pressed on this leg decides something: it is a digit of a number that is being
    /// dialled, or in a conference of a PIN or of a command.
    #[must_use]
    pub fn listens(&self, leg: LegId, digit: Digit) -> bool {
        let call = self.legs.get(&leg).and_then(|call| self.calls.get(call));
        let dials = call.is_some_and(|call| matches!(call.phase, Phase::Dialling { .. }));
        dials || self.sets.chooses(leg) || self.rooms.listens(leg, digit)
    }

    /// The call of a leg that is not gone yet.
    #[must_use]
    pub fn call_of(&self, leg: LegId) -> Option<CallId> {
        self.legs.get(&leg).copied()
    }

    /// The leg of whoever called.
    #[must_use]
    pub fn caller_of(&self, call: CallId) -> Option<LegId> {
        self.calls.get(&call).map(|call| call.caller)
    }

    /// The legs that hear this one or may come back to it: of its call, of the call it was joined with, of its room.
    #[must_use]
    pub fn company_of(&self, leg: LegId) -> Vec<LegId> {
        let own = self.legs.get(&leg).and_then(|id| self.calls.get(id));
        let joined = own.and_then(|call| self.calls.get(&call.joined?));
        let legs = own.into_iter().chain(joined).flat_map(|call| &call.legs);
        let room = self.rooms.together_with(leg).into_iter();
        legs.map(|other| other.id)
            .filter(|&other| other != leg)
            .chain(room.map(|whose| whose.leg))
            .collect()
    }

    /// A new call and its first leg, as a set that dials; writes their first events.
    pub(crate) fn open(
        &mut self,
        now: Now,
        kind: LegKind,
        from: Party,
        dialled: Option<String>,
        rule: Rule,
        dir: &impl Directory,
    ) -> Result<(CallId, LegId), Refusal> {
        if self.stop_at.is_some() {
            return Err(Refusal::Stopping);
        }
        if self.calls.len() >= dir.calls_max().min(limits::CALLS) {
            return Err(Refusal::TooManyCalls);
        }
        let id = CallId(self.tell.id());
        let leg = LegId(self.tell.id());
        let ring = match kind {
            LegKind::Line { .. } => Ring::Outside,
            LegKind::Phone { .. } | LegKind::Port { .. } | LegKind::Service => Ring::Inside,
        };
        let from_id = self.tell.party(from.clone());
        let to = self.tell.party(Party {
            number: dialled.unwrap_or_default(),
            name: String::new(),
        });
        self.tell
            .call(id, rule, EventBody::CallStarted { from: from_id, to });
        let recorded = owner_of(&kind).is_some_and(|owner| dir.records(owner));
        let body = EventBody::LegStarted {
            kind,
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
                warm: None,
            },
            legs: vec![Leg::new(leg, recorded)],
            caller: leg,
            from,
            service: None,
            ring,
            outside: None,
            joined: None,
            refusal: None,
        };
        self.calls.insert(id, call);
        self.legs.insert(leg, id);
        Ok((id, leg))
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
        let rule = match new.kind {
            LegKind::Port { .. } => Rule::CallFromPort,
            LegKind::Line { .. } => Rule::CallFromLine,
            LegKind::Phone { .. } | LegKind::Service => Rule::CallFromPhone,
        };
        let hot_line = match &new.kind {
            LegKind::Port { owner, .. } => dir.set_rules(owner).hot_line,
            LegKind::Phone { .. } | LegKind::Line { .. } | LegKind::Service => None,
        };
        let onward = match &new.kind {
            LegKind::Line { owner, .. } => dir.onward(owner),
            LegKind::Port { .. } | LegKind::Phone { .. } | LegKind::Service => None,
        };
        let set = match &new.kind {
            LegKind::Port { owner, port } => Some((*port, owner.clone())),
            LegKind::Phone { .. } | LegKind::Line { .. } | LegKind::Service => None,
        };
        let (id, leg) = self.open(now, new.kind, new.from, new.dialled.clone(), rule, dir)?;
        if let Some((port, owner)) = set {
            self.sets.first(port, owner, leg);
        }
        if let (None, Some(number)) = (new.obstacle, onward) {
            self.dial_out(now, id, number, Rule::LineOnward, dir);
            return Ok((id, leg));
        }
        match (new.obstacle, new.dialled) {
            (Some((cause, rule)), _) => self.end(now, id, cause, rule),
            (None, Some(text)) => self.route(now, id, &text, new.own.as_ref(), dir),
            (None, None) => self.invite(now, (id, leg), hot_line, dir),
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
            LegEvent::Waits(rule) => self.tell.leg(id, leg, rule, EventBody::LegWaits),
            LegEvent::EarlyMedia => self.early_media(id, leg),
            LegEvent::Answered(..) if self.sets.rung_back(leg).is_some() => {
                if let Some(port) = self.sets.rung_back(leg) {
                    self.recalled(port, leg);
                }
            }
            LegEvent::Answered(codec, protection) => {
                let body = EventBody::LegAnswered { codec, protection };
                self.answered(now, id, leg, body, Rule::PhoneAnswered);
            }
            LegEvent::LineAnswered(rule) => {
                let body = EventBody::LegAnswered {
                    codec: None,
                    protection: Protection::Clear,
                };
                self.answered(now, id, leg, body, rule);
            }
            LegEvent::LineRefused { cause, rule } => {
                self.refused_for(now, (id, leg), cause, None, rule);
            }
            LegEvent::LineFailed(rule) => self.line_failed(now, id, leg, rule, dir),
            LegEvent::LineEnded(rule) => self.line_ended(now, id, leg, rule),
            LegEvent::CodecChanged(codec, protection) => {
                let body = EventBody::LegCodecChanged { codec, protection };
                self.tell.leg(id, leg, Rule::PhoneAnswered, body);
            }
            LegEvent::Refused { cause, .. } if self.sets.rung_back(leg).is_some() => {
                self.end(now, id, cause, rule_of(cause));
            }
            LegEvent::Refused { cause, status } => self.refused(now, id, leg, cause, status),
            LegEvent::Ended(cause) => self.ended(now, id, leg, cause, rule_of(cause)),
            LegEvent::Lost(rule) => self.ended(now, id, leg, Cause::PeerLost, rule),
            LegEvent::PromptEnded => self.rooms.sound_ended(now, leg, &mut self.tell),
            LegEvent::Secured => {
                self.tell
                    .leg(id, leg, Rule::MediaSecured, EventBody::LegSecured);
            }
            LegEvent::SecurityFailed(fault) => {
                self.ended(now, id, leg, Cause::Unprotected, rule_of_fault(fault));
            }
            LegEvent::Held => self.hold(id, leg, true, Rule::PartyHeld),
            LegEvent::Resumed => self.hold(id, leg, false, Rule::PartyResumed),
            LegEvent::Digit(digit) if self.sets.chooses(leg) => {
                self.chosen(now, leg, digit, dir);
            }
            LegEvent::Digit(digit) => {
                self.digit(now, id, leg, digit, dir);
                self.rooms.digit(now, leg, digit, &mut self.tell);
            }
            LegEvent::Gone(media) => self.gone(now, id, leg, media),
        }
        self.say_farewells(now);
    }

    /// Ends a call at an administrator's wish. Unknown calls are over already.
    pub fn hang_up(&mut self, now: Now, call: CallId) {
        self.end(now, call, Cause::Administrator, Rule::Operator);
        self.record_company();
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
        self.rooms.timeout(now, &mut self.tell);
        self.sets_timeout(now);
        self.say_farewells(now);
        if self.stop_at.is_some_and(|at| at <= now.mono) {
            self.stop_at = Some(Instant::FAR);
            let all: Vec<CallId> = self.calls.keys().copied().collect();
            for id in all {
                self.end(now, id, Cause::Stopping, Rule::Stopping);
            }
        }
    }

    /// Ends the calls of those whom a conference sends away.
    pub(crate) fn say_farewells(&mut self, now: Now) {
        while let Some(Farewell { call, cause, rule }) = self.rooms.farewell() {
            self.end(now, call, cause, rule);
        }
        self.record_rooms();
        self.record_company();
    }

    fn call_timeout(&mut self, now: Now, id: CallId, dir: &impl Directory) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        match &call.phase {
            Phase::Dialling {
                warm: Some(number), ..
            } => {
                let number = number.clone();
                self.dialled(now, id, &number, Rule::WarmLine, dir);
            }
            Phase::Dialling { digits, .. } if digits.is_empty() => {
                self.end(now, id, Cause::BadNumber, Rule::DialTimeout);
            }
            Phase::Dialling { digits, .. } => {
                let digits = digits.clone();
                self.dialled(now, id, &digits, Rule::DialTimeout, dir);
            }
            Phase::Ringing { .. } => self.end(now, id, Cause::NoAnswer, Rule::RingTimeout),
            Phase::Answering { .. }
            | Phase::TurnedAway
            | Phase::Talking { .. }
            | Phase::Ending(_) => {}
        }
    }
}

/// The entry behind a leg; none for the exchange itself.
pub(crate) const fn owner_of(kind: &LegKind) -> Option<&EntryId> {
    match kind {
        LegKind::Phone { owner, .. }
        | LegKind::Port { owner, .. }
        | LegKind::Line { owner, .. } => Some(owner),
        LegKind::Service => None,
    }
}
