//! The way into a conference: the number, the PIN, the limit.

use core::time::Duration;

use model::{
    CallId, Cause, Chime, ConferenceEvent, Digit, EntryId, EventBody, Instant, LegId, Now, Prompt,
    Rule,
};

use super::{Guest, Member, Room, Rooms, State};
use crate::{Effect, RoomRules, Sound, narrate::Narrator};

/// Wrong PINs until the call ends.
const TRIES: u8 = 3;
/// The first digit must come within this time after the question.
const FIRST_DIGIT: Duration = Duration::from_secs(10);
/// Each further digit must come within this time, or the PIN is taken as it is.
const NEXT_DIGIT: Duration = Duration::from_secs(4);
/// The PIN must be right this long after the first question, prompts included.
const ALL_DIGITS: Duration = Duration::from_secs(90);
/// Digits of the longest PIN; more are wrong.
const DIGITS_MOST: usize = 12;

/// A guest who is asked for a PIN.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    digits: String,
    /// Tries left.
    tries: u8,
    /// When the digits are taken as they are.
    next: Instant,
    /// When patience ends.
    last: Instant,
    /// The question is being played.
    asking: bool,
}

impl Gate {
    fn new(now: Instant) -> Self {
        Self {
            digits: String::new(),
            tries: TRIES,
            next: now + super::PROMPT_MOST,
            last: now + ALL_DIGITS,
            asking: true,
        }
    }

    pub(super) fn next_deadline(&self) -> Instant {
        self.next.min(self.last)
    }

    /// The question was heard to its end.
    pub(super) fn asked(&mut self, now: Instant) {
        if core::mem::take(&mut self.asking) && self.digits.is_empty() {
            self.next = now + FIRST_DIGIT;
        }
    }
}

/// What becomes of a call to a conference before it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is answered.
    Answer,
    /// It hears why not, unanswered, and ends.
    TurnAway,
}

/// As what somebody may enter, and by which rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct Right {
    pub(super) moderator: bool,
    pub(super) rule: Rule,
}

impl Right {
    const fn member(rule: Rule) -> Self {
        Self {
            moderator: false,
            rule,
        }
    }
}

/// What dialled digits are worth.
enum Judged {
    Moderator,
    Member(Rule),
    Wrong,
}

fn judge(rules: &RoomRules, digits: &str) -> Judged {
    if rules.moderator_pin.as_deref() == Some(digits) {
        return Judged::Moderator;
    }
    match rules.pin.as_deref() {
        Some(pin) if pin == digits => Judged::Member(Rule::ConferencePin),
        None if digits.is_empty() => Judged::Member(Rule::ConferenceOpen),
        Some(_) | None => Judged::Wrong,
    }
}

/// Whether `digits` are a PIN and no longer one begins with them: nothing is left to wait for.
fn is_whole(rules: &RoomRules, digits: &str) -> bool {
    let pins = [&rules.pin, &rules.moderator_pin];
    let mut known = pins.into_iter().flatten().map(String::as_str);
    let longer = known
        .clone()
        .any(|pin| pin != digits && pin.starts_with(digits));
    !longer && known.any(|pin| pin == digits)
}

impl Rooms {
    /// Somebody dialled the number of the conference `id`.
    pub(crate) fn dialled(
        &mut self,
        now: Now,
        (call, leg): (CallId, LegId),
        id: &EntryId,
        rules: RoomRules,
        tell: &mut Narrator,
    ) -> Admission {
        // A moderator may come into a locked room, nobody into a full one.
        let no_moderators = rules.moderator_pin.is_none();
        let guest = Guest {
            call,
            room: id.clone(),
            rules,
            held: false,
            state: State::Coming,
        };
        self.guests.insert(leg, guest);
        match self.rooms.get(id).and_then(Room::obstacle) {
            Some(why) if why == Obstacle::Full || no_moderators => {
                tell.wish(Effect::AnswerEarly(leg));
                self.turn_away(now, leg, why, tell);
                Admission::TurnAway
            }
            Some(_) | None => Admission::Answer,
        }
    }

    /// The guest was answered: asked for the PIN, or let in.
    pub(crate) fn answered(&mut self, now: Now, leg: LegId, tell: &mut Narrator) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        if !matches!(guest.state, State::Coming) {
            return;
        }
        let question = match (&guest.rules.pin, &guest.rules.moderator_pin) {
            (Some(_), _) => Prompt::EnterPin,
            (None, Some(_)) => Prompt::EnterPinOrHash,
            (None, None) => {
                self.admit(now, leg, Right::member(Rule::ConferenceOpen), tell);
                return;
            }
        };
        guest.state = State::Gate(Gate::new(now.mono));
        tell.wish(Effect::Play(leg, Sound::Prompt(question)));
    }

    /// A key at the gate.
    pub(super) fn gate_digit(&mut self, now: Now, leg: LegId, digit: Digit, tell: &mut Narrator) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let State::Gate(gate) = &mut guest.state else {
            return;
        };
        if core::mem::take(&mut gate.asking) {
            tell.wish(Effect::Play(leg, Sound::Silence));
        }
        gate.next = now.mono + NEXT_DIGIT;
        match digit.to_char() {
            '#' => self.gate_judge(now, leg, tell),
            '*' => gate.digits.clear(),
            key => {
                gate.digits.push(key);
                let too_many = gate.digits.len() > DIGITS_MOST;
                if too_many || is_whole(&guest.rules, &gate.digits) {
                    self.gate_judge(now, leg, tell);
                }
            }
        }
    }

    /// No digit came in time.
    pub(super) fn gate_timeout(&mut self, now: Now, leg: LegId, tell: &mut Narrator) {
        match self.guests.get(&leg).map(|guest| &guest.state) {
            Some(State::Gate(gate)) if gate.last <= now.mono => {
                let why = (Cause::Forbidden, Rule::ConferencePinMissing);
                self.turn_out(now, leg, Prompt::NoMorePins, why, tell);
            }
            Some(_) | None => self.gate_judge(now, leg, tell),
        }
    }

    /// The digits are taken as they are.
    fn gate_judge(&mut self, now: Now, leg: LegId, tell: &mut Narrator) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let State::Gate(gate) = &mut guest.state else {
            return;
        };
        let digits = core::mem::take(&mut gate.digits);
        match judge(&guest.rules, &digits) {
            Judged::Moderator => {
                let rule = Rule::ConferenceModeratorPin;
                let moderator = true;
                self.admit(now, leg, Right { moderator, rule }, tell);
            }
            Judged::Member(rule) => self.admit(now, leg, Right::member(rule), tell),
            Judged::Wrong => {
                gate.tries -= 1;
                gate.asking = true;
                gate.next = now.mono + super::PROMPT_MOST;
                if gate.tries > 0 {
                    tell.wish(Effect::Play(leg, Sound::Prompt(Prompt::WrongPin)));
                    return;
                }
                let rule = if digits.is_empty() {
                    Rule::ConferencePinMissing
                } else {
                    Rule::ConferencePinWrong
                };
                let why = (Cause::Forbidden, rule);
                self.turn_out(now, leg, Prompt::NoMorePins, why, tell);
            }
        }
    }

    /// The guest may enter, if the room takes anybody: at once, or after the greeting.
    fn admit(&mut self, now: Now, leg: LegId, right: Right, tell: &mut Narrator) {
        let greeting = self.guests.get(&leg).and_then(|guest| guest.rules.greeting);
        match (greeting, self.obstacle_to(leg, right)) {
            (Some(clip), None) => self.greet(now, leg, right, clip, tell),
            (_, _) => self.enter(now, leg, right, tell),
        }
    }

    /// What keeps the guest out of the room as it is now.
    fn obstacle_to(&mut self, leg: LegId, right: Right) -> Option<Obstacle> {
        let guest = self.guests.get(&leg)?;
        let room = self.rooms.get_mut(&guest.room)?;
        // The configuration may have changed since the first one came.
        room.rules = guest.rules.clone();
        let obstacle = room.obstacle()?;
        (obstacle == Obstacle::Full || !right.moderator).then_some(obstacle)
    }

    /// Lets the guest in, if the room takes anybody.
    pub(super) fn enter(&mut self, now: Now, leg: LegId, right: Right, tell: &mut Narrator) {
        if let Some(why) = self.obstacle_to(leg, right) {
            self.turn_away(now, leg, why, tell);
            return;
        }
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let (id, call, Right { moderator, rule }) = (guest.room.clone(), guest.call, right);
        guest.state = State::Member(Member::new(moderator, guest.held));
        let room = self.rooms.entry(id.clone()).or_default();
        room.rules = guest.rules.clone();
        room.members.push(leg);
        tell.leg(
            call,
            leg,
            rule,
            EventBody::Conference(ConferenceEvent::Joined { moderator }),
        );
        self.settle(now, &id, tell);
        self.chime(&id, Chime::Joined, tell);
    }

    /// The room takes nobody.
    fn turn_away(&mut self, now: Now, leg: LegId, obstacle: Obstacle, tell: &mut Narrator) {
        let (prompt, why) = match obstacle {
            Obstacle::Full => (Prompt::Full, (Cause::Busy, Rule::ConferenceFull)),
            Obstacle::Locked => (Prompt::Locked, (Cause::Rejected, Rule::ConferenceLocked)),
        };
        self.turn_out(now, leg, prompt, why, tell);
    }

    /// The guest is refused and hears why.
    fn turn_out(
        &mut self,
        now: Now,
        leg: LegId,
        prompt: Prompt,
        why: (Cause, Rule),
        tell: &mut Narrator,
    ) {
        if let Some(guest) = self.guests.get(&leg) {
            tell.leg(
                guest.call,
                leg,
                why.1,
                EventBody::Conference(ConferenceEvent::Refused),
            );
        }
        self.part(now, leg, prompt, why, tell);
    }
}

/// Why a room takes nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    Full,
    Locked,
}

impl Room {
    fn obstacle(&self) -> Option<Obstacle> {
        if self.members.len() >= self.rules.limit {
            return Some(Obstacle::Full);
        }
        self.locked.then_some(Obstacle::Locked)
    }
}
