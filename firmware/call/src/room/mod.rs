//! Conference rooms: who is let in, who is heard, who waits, who leaves.
//!
//! A machine of its own inside the switch. Everybody who dialled the number of a conference is a
//! *guest*; a guest who was let in, and has heard the greeting, is a *member* of the room. A room exists while it has members.
//!
//! The keys, after `*` and within four seconds: `6` mute myself; `*` hear the keys; for moderators
//! also `5` mute all others, `7` lock, `8` remove who came last, `0` end the conference. Pressed
//! again, `5`, `6` and `7` undo what they did.

mod enter;
mod greeting;
mod keys;
mod member;
#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::BTreeMap;

use model::{
    CallId, Cause, Chime, ConferenceEvent, EntryId, EventBody, Instant, LegId, Now, Prompt, Rule,
};

use crate::{Effect, RoomRules, Sound, narrate::Narrator, tapes::Whose};
pub(crate) use enter::Admission;
use enter::Gate;
use greeting::Greeting;
use member::{Member, Place};

/// A prompt is taken to be over after this time even if nobody says so.
const PROMPT_MOST: Duration = Duration::from_secs(30);

/// What a guest is doing.
#[derive(Clone, Debug)]
enum State {
    /// Has dialled, is not answered yet.
    Coming,
    /// Is asked for a PIN.
    Gate(Gate),
    /// May enter, and hears the greeting first.
    Greeting(Greeting),
    /// In the room.
    Member(Member),
    /// Hears why the call is about to end.
    Parting {
        cause: Cause,
        rule: Rule,
        until: Instant,
    },
}

/// Somebody who dialled the number of a conference.
#[derive(Clone, Debug)]
struct Guest {
    call: CallId,
    room: EntryId,
    /// The rules of the room when the guest dialled.
    rules: RoomRules,
    /// The guest holds the room, or whatever comes before it.
    held: bool,
    state: State,
}

/// A conference that people are in.
#[derive(Clone, Debug, Default)]
struct Room {
    rules: RoomRules,
    /// In the order in which they came.
    members: Vec<LegId>,
    /// Only moderators are let in.
    locked: bool,
    /// Only moderators are heard.
    quiet: bool,
}

/// A guest's call that is to end now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Farewell {
    pub(crate) call: CallId,
    pub(crate) cause: Cause,
    pub(crate) rule: Rule,
}

/// All rooms. What they decide goes to the narrator; the switch ends the calls of `farewell`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rooms {
    guests: BTreeMap<LegId, Guest>,
    rooms: BTreeMap<EntryId, Room>,
    farewells: Vec<Farewell>,
    /// Who began to talk with the others, until somebody asks.
    joined: Vec<LegId>,
}

impl Rooms {
    /// The next call that is to end.
    pub(crate) fn farewell(&mut self) -> Option<Farewell> {
        self.farewells.pop()
    }

    /// Somebody who began to talk with the others of a room.
    pub(crate) fn joined(&mut self) -> Option<LegId> {
        self.joined.pop()
    }

    /// The others who talk in the room of this leg.
    pub(crate) fn together_with(&self, leg: LegId) -> Vec<Whose> {
        let Some(guest) = self.guests.get(&leg) else {
            return Vec::new();
        };
        let members = self
            .rooms
            .get(&guest.room)
            .map(|room| room.members.as_slice());
        let talks = |&other: &LegId| {
            let guest = self.guests.get(&other).filter(|_| other != leg)?;
            let call = guest.call;
            match &guest.state {
                State::Member(member) if member.place == Place::Talking => {
                    Some(Whose { call, leg: other })
                }
                _ => None,
            }
        };
        members.unwrap_or(&[]).iter().filter_map(talks).collect()
    }

    /// When `timeout` is due next.
    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let at = |guest: &Guest| match &guest.state {
            State::Coming => None,
            State::Gate(gate) => Some(gate.next_deadline()),
            State::Greeting(greeting) => Some(greeting.until),
            State::Member(member) => member.next_deadline(),
            State::Parting { until, .. } => Some(*until),
        };
        let first = self.guests.values().filter_map(at).min();
        first.map(|at| (at, "a guest of a conference"))
    }

    /// Executes what is due.
    pub(crate) fn timeout(&mut self, now: Now, tell: &mut Narrator) {
        let legs: Vec<LegId> = self.guests.keys().copied().collect();
        for leg in legs {
            let Some(guest) = self.guests.get_mut(&leg) else {
                continue;
            };
            match &mut guest.state {
                State::Coming => {}
                State::Gate(gate) if gate.next_deadline() <= now.mono => {
                    self.gate_timeout(now, leg, tell);
                }
                State::Greeting(greeting) if greeting.until <= now.mono => {
                    self.greeted(now, leg, tell);
                }
                State::Member(member) => member.timeout(now.mono, leg, tell),
                State::Parting { until, .. } if *until <= now.mono => self.say_farewell(leg),
                State::Gate(_) | State::Greeting(_) | State::Parting { .. } => {}
            }
        }
    }

    /// What was played to the guest is over.
    pub(crate) fn sound_ended(&mut self, now: Now, leg: LegId, tell: &mut Narrator) {
        match self.guests.get_mut(&leg).map(|guest| &mut guest.state) {
            Some(State::Gate(gate)) => gate.asked(now.mono),
            Some(State::Greeting(_)) => self.greeted(now, leg, tell),
            Some(State::Member(member)) => member.prompt_ended(leg, tell),
            Some(State::Parting { .. }) => self.say_farewell(leg),
            Some(State::Coming) | None => {}
        }
    }

    /// The guest put the room on hold, or is back: nobody shall hear the music of a phone.
    pub(crate) fn held(&mut self, leg: LegId, held: bool, tell: &mut Narrator) {
        if let Some(guest) = self.guests.get_mut(&leg) {
            guest.held = held;
        }
        let Some((room, member)) = self.member(leg) else {
            return;
        };
        member.held = held;
        let room = room.clone();
        self.settle_voices(&room, tell);
    }

    /// The guest's call ends.
    pub(crate) fn leave(&mut self, now: Now, leg: LegId, rule: Rule, tell: &mut Narrator) {
        let Some(guest) = self.guests.remove(&leg) else {
            return;
        };
        if let State::Member(_) = guest.state {
            self.member_left(now, leg, guest.call, &guest.room, rule, tell);
        }
    }

    /// A member is taken out of the room's list; the others are told.
    fn member_left(
        &mut self,
        now: Now,
        leg: LegId,
        call: CallId,
        id: &EntryId,
        rule: Rule,
        tell: &mut Narrator,
    ) {
        tell.leg(
            call,
            leg,
            rule,
            EventBody::Conference(ConferenceEvent::Left),
        );
        let Some(room) = self.rooms.get_mut(id) else {
            return;
        };
        room.members.retain(|member| *member != leg);
        if room.members.is_empty() {
            self.rooms.remove(id);
            return;
        }
        self.settle(now, id, tell);
        self.chime(id, Chime::Left, tell);
    }

    /// Whether the digits that this guest dials decide something: `digit` is part of a PIN or of a
    /// command. All other keys are people's affairs.
    pub(crate) fn listens(&self, leg: LegId, digit: model::Digit) -> bool {
        match self.guests.get(&leg).map(|guest| &guest.state) {
            Some(State::Gate(_)) => true,
            Some(State::Member(member)) => member.is_commanding() || digit.to_char() == '*',
            Some(State::Coming | State::Greeting(_) | State::Parting { .. }) | None => false,
        }
    }

    fn member(&mut self, leg: LegId) -> Option<(&EntryId, &mut Member)> {
        let guest = self.guests.get_mut(&leg)?;
        match &mut guest.state {
            State::Member(member) => Some((&guest.room, member)),
            State::Coming | State::Gate(_) | State::Greeting(_) | State::Parting { .. } => None,
        }
    }

    fn member_of(&self, leg: LegId) -> Option<&Member> {
        match &self.guests.get(&leg)?.state {
            State::Member(member) => Some(member),
            State::Coming | State::Gate(_) | State::Greeting(_) | State::Parting { .. } => None,
        }
    }

    /// Gives every member the place that follows from who is there.
    fn settle(&mut self, now: Now, id: &EntryId, tell: &mut Narrator) {
        let Some(room) = self.rooms.get(id) else {
            return;
        };
        let members = room.members.clone();
        let leads = |leg: &LegId| self.member_of(*leg).is_some_and(|member| member.moderator);
        let open = room.rules.moderator_pin.is_none() || members.iter().any(leads);
        for &leg in &members {
            let Some(guest) = self.guests.get_mut(&leg) else {
                continue;
            };
            let State::Member(member) = &mut guest.state else {
                continue;
            };
            let until = now.mono + PROMPT_MOST;
            match (open, members.len()) {
                (false, _) if !member.place.is_waiting() => {
                    member.place = Place::Waiting(Some(until));
                    let rule = Rule::ConferenceNoModerator;
                    tell.leg(
                        guest.call,
                        leg,
                        rule,
                        EventBody::Conference(ConferenceEvent::Waits),
                    );
                    tell.wish(Effect::Play(leg, Sound::Prompt(Prompt::Waiting)));
                }
                (true, 1) if !member.place.is_alone() => {
                    member.place = Place::Alone(Some(until));
                    tell.wish(Effect::Play(leg, Sound::Prompt(Prompt::OnlyOne)));
                }
                (true, 2..) if member.place != Place::Talking => {
                    member.place = Place::Talking;
                    // What was said of a leg is forgotten with its place in the bridge.
                    member.silent = false;
                    let room = id.clone();
                    tell.wish(Effect::Join { leg, room });
                    self.joined.push(leg);
                    self.hush_others(&members, leg, tell);
                }
                _ => {}
            }
        }
        self.settle_voices(id, tell);
    }

    /// A member came into the bridge: whoever is not heard is not heard by this one either.
    fn hush_others(&self, members: &[LegId], listener: LegId, tell: &mut Narrator) {
        for &speaker in members {
            let silent = self
                .member_of(speaker)
                .is_some_and(|member| member.silent && member.place == Place::Talking);
            if silent && speaker != listener {
                tell.wish(Effect::Hearing {
                    listener,
                    speaker,
                    heard: false,
                });
            }
        }
    }

    /// Says of every member in the bridge whether the others hear it, where that has changed.
    fn settle_voices(&mut self, id: &EntryId, tell: &mut Narrator) {
        let Some(room) = self.rooms.get(id) else {
            return;
        };
        let (members, quiet) = (room.members.clone(), room.quiet);
        for &speaker in &members {
            let Some((_, member)) = self.member(speaker) else {
                continue;
            };
            let silent = member.is_silent(quiet);
            if member.place != Place::Talking || member.silent == silent {
                continue;
            }
            member.silent = silent;
            let others = members.iter().filter(|leg| **leg != speaker);
            for &listener in others {
                let there = self.member_of(listener).map(|other| other.place);
                if there == Some(Place::Talking) {
                    tell.wish(Effect::Hearing {
                        listener,
                        speaker,
                        heard: !silent,
                    });
                }
            }
        }
    }

    /// A signal for those who talk, if the conference announces coming and going.
    fn chime(&self, id: &EntryId, chime: Chime, tell: &mut Narrator) {
        let Some(room) = self.rooms.get(id).filter(|room| room.rules.announce) else {
            return;
        };
        let talks = |leg: &LegId| {
            let place = self.member_of(*leg).map(|member| member.place);
            place == Some(Place::Talking)
        };
        if room.members.iter().any(talks) {
            let room = id.clone();
            tell.wish(Effect::Chime { room, chime });
        }
    }

    /// The guest hears why, then the call ends.
    fn part(
        &mut self,
        now: Now,
        leg: LegId,
        prompt: Prompt,
        (cause, rule): (Cause, Rule),
        tell: &mut Narrator,
    ) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let until = now.mono + PROMPT_MOST;
        guest.state = State::Parting { cause, rule, until };
        tell.wish(Effect::Play(leg, Sound::Prompt(prompt)));
    }

    fn say_farewell(&mut self, leg: LegId) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        if let State::Parting { cause, rule, until } = &mut guest.state {
            *until = Instant::FAR;
            self.farewells.push(Farewell {
                call: guest.call,
                cause: *cause,
                rule: *rule,
            });
        }
    }
}
