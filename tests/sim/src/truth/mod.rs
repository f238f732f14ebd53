//! What truly happened, seen at the wires of the exchange and never asked of it: who called whom,
//! who answered, who is connected with whom, and which answer is still owed.

mod lines;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use model::Instant;

use crate::office::{ECHO, EMERGENCY, Office, RING_S, ROOM, is_outside};
use crate::phone::{Message, uri_of, user_of};
use crate::sound::MARKS_HZ;
use lines::OnLines;

/// An INVITE has its final answer after this time: the ring time and what signalling needs.
const ANSWER_OWED: Duration = Duration::from_secs(RING_S + 10);
/// The same for a number of the public network: a telephone out there may ring for long.
const OUTSIDE_OWED: Duration = Duration::from_secs(150);
/// How long a phone may ring on when its caller is gone, on a path that loses next to nothing.
const RINGS_ON: Duration = Duration::from_secs(2);
/// How long after the end of a connection its sound may still be on its way.
const ECHO_OF_THE_PAST: Duration = Duration::from_millis(700);

/// Something that reached the exchange, or that it did, at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A call with credentials to this number.
    Invited(String),
    /// A set was lifted.
    Lifted,
    /// A set was hung up.
    HungUp,
    /// A phone answered its call.
    Answered,
    /// A phone refused its call with this status.
    Refused(u16),
    /// A caller took the call back.
    Cancelled,
    /// A phone ended its call.
    Bye,
    /// The far party of a line answered.
    FarAnswered,
    /// The far party of a line hung up.
    FarHungUp,
    /// A carrier took this number from a line.
    Dialled(String),
    /// A carrier turned a call away.
    TurnedAway,
    /// A line lost its battery.
    LineDied,
    /// The exchange gave a caller this final answer.
    Told(u16),
    /// The power failed.
    PowerCut,
    /// The power came (back).
    PowerOn,
    /// A set that was lifted on its lifeline came back to its port.
    CameBack,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Trying,
    Rung,
    Up,
    Over,
}

/// One party's side of a call.
#[derive(Clone, Debug)]
struct Leg {
    seat: usize,
    call_id: String,
    outgoing: bool,
    /// Dialled, or shown.
    number: String,
    /// The CSeq of the newest INVITE with credentials that came.
    asked: u32,
    stage: Stage,
    /// Since when it rings for nobody.
    alone: Option<Instant>,
    /// In the conference: muted by its own keys.
    muted: bool,
    /// `*` was pressed.
    star: bool,
    /// The last key that came, by its CSeq.
    key: u32,
    /// The caller was told that the call is answered.
    told: bool,
    /// The caller on a line gave up; the exchange may not know yet.
    gone: Option<Instant>,
}

impl Leg {
    /// A party's side of a call to it that has just begun.
    fn new(seat: usize, id: &str) -> Self {
        Self {
            seat,
            call_id: id.to_owned(),
            outgoing: false,
            number: String::new(),
            asked: 0,
            stage: Stage::Trying,
            alone: None,
            muted: false,
            star: false,
            key: 0,
            told: false,
            gone: None,
        }
    }
}

/// Two seats that hear each other.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// One of them.
    pub a: usize,
    /// The other; the same for the echo test.
    pub b: usize,
    pub(crate) legs: [(usize, String); 2],
    /// Since when.
    pub begin: Instant,
    /// Until when.
    pub end: Option<Instant>,
    /// Answered, and beyond doubt who with whom.
    pub certain: bool,
}

/// The observer.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// All facts by time, with the seat.
    pub facts: BTreeMap<Instant, Vec<(usize, Fact)>>,
    legs: Vec<Leg>,
    /// Who is not heard in the conference, since when.
    muted: BTreeMap<usize, Instant>,
    /// Whose phone is mute, since when.
    shut: BTreeMap<usize, Instant>,
    /// Connections that are there or were a moment ago.
    pub connections: Vec<Connection>,
    /// INVITEs without a final answer: seat, Call-ID and CSeq.
    owed: BTreeMap<(usize, String, u32), Instant>,
    paid: BTreeSet<(usize, String, u32)>,
    /// INVITEs that came before already, by time and seat.
    pub repeated: BTreeSet<(Instant, usize)>,
    /// Seats that hear something else from now on, for the oracle of sound.
    pub(crate) changed: Vec<usize>,
    /// Seats that were connected anew since somebody asked.
    pub(crate) joined: Vec<(usize, Instant)>,
    /// What happened on lines.
    pub(crate) lines: OnLines,
    /// INVITEs that came, for the figures.
    pub invites: u64,
    /// Connections that there were, for the figures.
    pub talks: u64,
    /// How often a phone was made mute, for the figures.
    pub shuts: u64,
}

impl Truth {
    fn note(&mut self, now: Instant, seat: usize, fact: Fact) {
        self.facts.entry(now).or_default().push((seat, fact));
    }

    /// Whether this happened at this instant.
    #[must_use]
    pub(crate) fn happened(&self, at: Instant, fact: impl Fn(usize, &Fact) -> bool) -> bool {
        let facts = self.facts.get(&at).into_iter().flatten();
        facts.into_iter().any(|(seat, known)| fact(*seat, known))
    }

    /// A datagram of `seat` reaches the exchange.
    pub(crate) fn reached(
        &mut self,
        now: Instant,
        seat: usize,
        message: &Message,
        office: &Office,
    ) {
        let id = message.get("call-id").to_owned();
        match (message.status(), message.method()) {
            (None, "INVITE") => self.invite_came(now, seat, message, id),
            (None, "BYE") => {
                self.note(now, seat, Fact::Bye);
                self.leg_over(now, seat, &id);
            }
            (None, "INFO") => self.key_came(now, seat, &id, message),
            (None, "CANCEL") => self.note(now, seat, Fact::Cancelled),
            (Some(status), "INVITE") => self.response_came(now, seat, status, message, office),
            _ => {}
        }
    }

    fn invite_came(&mut self, now: Instant, seat: usize, message: &Message, id: String) {
        let key = (seat, id.clone(), message.cseq());
        let repeated = self.paid.contains(&key) || self.owed.contains_key(&key);
        if repeated {
            self.repeated.insert((now, seat));
        } else {
            self.owed.insert(key, now);
            self.invites += 1;
        }
        if !message.to_tag().is_empty() {
            self.stir(seat);
        }
        let fresh = message.to_tag().is_empty() && !message.get("authorization").is_empty();
        if !fresh {
            return;
        }
        let number = user_of(message.uri()).to_owned();
        self.note(now, seat, Fact::Invited(number.clone()));
        self.note_outside(&number);
        let asked = message.cseq();
        match self.leg(seat, &id) {
            Some(_) if repeated => {}
            Some(leg) => {
                leg.asked = asked;
                if leg.stage == Stage::Over {
                    // Was challenged.
                    leg.stage = Stage::Trying;
                }
            }
            None => self.legs.push(Leg {
                outgoing: true,
                number,
                asked,
                ..Leg::new(seat, &id)
            }),
        }
    }

    fn response_came(
        &mut self,
        now: Instant,
        seat: usize,
        status: u16,
        message: &Message,
        office: &Office,
    ) {
        let id = message.get("call-id").to_owned();
        match status {
            200..300 => {
                let known = self.leg(seat, &id);
                if known.is_some_and(|leg| leg.stage == Stage::Up) {
                    self.stir(seat);
                }
                self.note(now, seat, Fact::Answered);
                self.answered(now, seat, &id, office);
            }
            183 if !message.body.is_empty() => self.connect(now, seat, &id, office, false),
            300.. => {
                // RFC 3261 §12.2.1.2: inside a call these two end it, all else only the offer.
                let up = self
                    .leg(seat, &id)
                    .is_some_and(|leg| leg.stage == Stage::Up);
                if !up || matches!(status, 408 | 481) {
                    self.note(now, seat, Fact::Refused(status));
                    self.leg_over(now, seat, &id);
                }
            }
            _ => {}
        }
    }

    /// A datagram leaves the exchange for `seat`.
    pub(crate) fn left(&mut self, now: Instant, seat: usize, message: &Message) {
        let id = message.get("call-id").to_owned();
        match (message.status(), message.method()) {
            (None, "INVITE") if message.to_tag().is_empty() && self.leg(seat, &id).is_none() => {
                self.legs.push(Leg {
                    number: user_of(uri_of(message.get("from"))).to_owned(),
                    ..Leg::new(seat, &id)
                });
            }
            (None, "BYE" | "CANCEL") => self.leg_over(now, seat, &id),
            (Some(status), "INVITE") => self.told(now, seat, status, message, &id),
            _ => {}
        }
    }

    fn told(&mut self, now: Instant, seat: usize, status: u16, message: &Message, id: &str) {
        if status >= 200 {
            let key = (seat, id.to_owned(), message.cseq());
            self.owed.remove(&key);
            self.paid.insert(key);
            self.note(now, seat, Fact::Told(status));
        }
        let Some(leg) = self.leg(seat, id) else {
            return;
        };
        match status {
            101..200 if leg.stage == Stage::Trying => leg.stage = Stage::Rung,
            200..300 if leg.number == ECHO && leg.stage != Stage::Up => {
                leg.stage = Stage::Up;
                self.join(now, [(seat, id.to_owned()), (seat, id.to_owned())], true);
            }
            200..300 if leg.number == ROOM && leg.stage != Stage::Up => {
                leg.stage = Stage::Up;
                self.enter_room(now, (seat, id.to_owned()), true);
            }
            200..300 if is_outside(&leg.number) => {
                leg.told = true;
                leg.stage = Stage::Up;
                // Of two who call in need at once nobody can tell whose line is whose.
                if leg.number != EMERGENCY {
                    self.outside_told(now, seat, id);
                }
            }
            // Who gave up meanwhile does not ask again. The challenge of an older INVITE may be repeated long after
            // its answer came.
            401 if leg.stage != Stage::Up && leg.asked == message.cseq() => {
                leg.stage = Stage::Over;
            }
            300.. if status != 401 && leg.stage != Stage::Up => self.leg_over(now, seat, id),
            _ => {}
        }
    }

    /// Somebody is let into the conference: connected with all who are there.
    fn enter_room(&mut self, now: Instant, me: (usize, String), certain: bool) {
        let there = |leg: &&Leg| leg.outgoing && leg.number == ROOM && leg.stage == Stage::Up;
        let others: Vec<(usize, String)> = self
            .legs
            .iter()
            .filter(there)
            .map(|leg| (leg.seat, leg.call_id.clone()))
            .filter(|other| *other != me)
            .collect();
        self.changed.push(me.0);
        for other in others {
            self.changed.push(other.0);
            self.join(now, [me.clone(), other], certain);
        }
    }

    /// A session changes: whoever is in it, alone with one other, may hear nothing for a moment.
    fn stir(&mut self, seat: usize) {
        let open = self.connections.iter().filter(|c| c.end.is_none());
        let mut mine = open.filter(|c| c.a == seat || c.b == seat);
        self.changed.push(seat);
        if let (Some(connection), None) = (mine.next(), mine.next()) {
            self.changed.extend([connection.a, connection.b]);
        }
    }

    /// A key in a call, told by INFO.
    fn key_came(&mut self, now: Instant, seat: usize, id: &str, message: &Message) {
        // A repeated request is none.
        let fresh = |leg: &&mut Leg| leg.key < message.cseq();
        if let Some(leg) = self.leg(seat, id).filter(fresh) {
            leg.key = message.cseq();
            self.pressed(now, seat, message.key());
        }
    }

    /// A key in a call: `*6` mutes and unmutes in the conference.
    pub(crate) fn pressed(&mut self, now: Instant, seat: usize, key: Option<char>) {
        let up = |leg: &&mut Leg| leg.seat == seat && leg.stage == Stage::Up;
        let leg = self.legs.iter_mut().rev().find(up);
        let Some(leg) = leg.filter(|leg| leg.number == ROOM) else {
            return;
        };
        match key {
            Some('*') => leg.star = true,
            Some('6') if leg.star => {
                leg.star = false;
                leg.muted = !leg.muted;
                let muted = leg.muted;
                self.changed.extend(0..MARKS_HZ.len());
                if muted {
                    self.muted.insert(seat, now);
                } else {
                    self.muted.remove(&seat);
                }
            }
            _ => leg.star = false,
        }
    }

    fn leg(&mut self, seat: usize, id: &str) -> Option<&mut Leg> {
        let mut legs = self.legs.iter_mut().rev();
        legs.find(|leg| leg.seat == seat && leg.call_id == id)
    }

    /// Callers that wait for `seat` to answer: they dialled its number and are shown to it.
    fn waiting_for(&self, seat: usize, shown: Option<&str>, office: &Office) -> Vec<usize> {
        let number = &office.seats[seat].number;
        let fits = |leg: &Leg| {
            leg.outgoing
                && leg.number == *number
                && matches!(leg.stage, Stage::Trying | Stage::Rung)
                && shown.is_none_or(|shown| self.is_shown(leg, shown, office))
        };
        let legs = self.legs.iter().enumerate();
        legs.filter(|(_, leg)| fits(leg))
            .map(|(at, _)| at)
            .collect()
    }

    fn connect(&mut self, now: Instant, seat: usize, id: &str, office: &Office, up: bool) {
        let Some(leg) = self.leg(seat, id).filter(|leg| !leg.outgoing) else {
            return;
        };
        if matches!(leg.stage, Stage::Up | Stage::Over) {
            return;
        }
        if up {
            leg.stage = Stage::Up;
        }
        let shown = leg.number.clone();
        let callers = self.waiting_for(seat, Some(&shown), office);
        self.pair(now, (seat, id), &callers, up);
    }

    fn pair(&mut self, now: Instant, (seat, id): (usize, &str), callers: &[usize], up: bool) {
        let certain = up && callers.len() == 1;
        for &at in callers {
            let caller = (self.legs[at].seat, self.legs[at].call_id.clone());
            if up {
                self.legs[at].stage = Stage::Up;
            }
            self.join(now, [caller, (seat, id.to_owned())], certain);
        }
    }

    pub(crate) fn join(&mut self, now: Instant, legs: [(usize, String); 2], certain: bool) {
        self.talks += 1;
        self.joined.extend([(legs[0].0, now), (legs[1].0, now)]);
        self.connections.push(Connection {
            a: legs[0].0,
            b: legs[1].0,
            legs,
            begin: now,
            end: None,
            certain,
        });
    }

    fn answered(&mut self, now: Instant, seat: usize, id: &str, office: &Office) {
        self.connect(now, seat, id, office, true);
    }

    fn leg_over(&mut self, now: Instant, seat: usize, id: &str) {
        let Some(leg) = self.leg(seat, id) else {
            return;
        };
        leg.stage = Stage::Over;
        if leg.number == ROOM {
            self.muted.remove(&seat);
            self.changed.extend(0..MARKS_HZ.len());
        }
        let open = self.connections.iter_mut().filter(|c| c.end.is_none());
        for connection in open {
            if connection.legs.iter().any(|(s, i)| *s == seat && i == id) {
                connection.end = Some(now);
            }
        }
    }

    /// A set is lifted; `rung` says whether its bell was on.
    pub(crate) fn lifted(&mut self, now: Instant, seat: usize, rung: bool, office: &Office) {
        self.note(now, seat, Fact::Lifted);
        let id = format!("stay {}", now.as_nanos());
        let callers = if rung {
            self.waiting_for(seat, None, office)
        } else {
            Vec::new()
        };
        self.legs.push(Leg {
            outgoing: !rung,
            stage: if rung { Stage::Up } else { Stage::Trying },
            ..Leg::new(seat, &id)
        });
        self.pair(now, (seat, &id), &callers, true);
    }

    /// A set that was lifted before it was given back is at its port again: what is dialled there by then is no number.
    pub(crate) fn came_back(&mut self, now: Instant, seat: usize) {
        self.note(now, seat, Fact::CameBack);
    }

    /// The person at a set that was lifted dials.
    pub(crate) fn dialled(&mut self, now: Instant, seat: usize, number: &str) {
        let legs = self.legs.iter_mut().rev();
        let mut mine = legs.filter(|leg| leg.seat == seat && leg.stage == Stage::Trying);
        let Some(leg) = mine.next() else { return };
        leg.number = number.to_owned();
        self.note_outside(number);
        let Some(leg) = self.legs.iter_mut().rev().find(|leg| leg.seat == seat) else {
            return;
        };
        if number == ECHO {
            leg.stage = Stage::Up;
            let me = (seat, leg.call_id.clone());
            self.join(now, [me.clone(), me], false);
        } else if number == ROOM {
            leg.stage = Stage::Up;
            let me = (seat, leg.call_id.clone());
            self.enter_room(now, me, false);
        }
    }

    /// A set is hung up.
    pub(crate) fn hung_up(&mut self, now: Instant, seat: usize) {
        self.note(now, seat, Fact::HungUp);
        let of_seat = |leg: &&Leg| leg.seat == seat && leg.stage != Stage::Over;
        let ids: Vec<String> = self
            .legs
            .iter()
            .filter(of_seat)
            .map(|l| l.call_id.clone())
            .collect();
        for id in ids {
            self.leg_over(now, seat, &id);
        }
    }

    /// The connection of a seat broke: what was asked over it cannot be answered.
    pub(crate) fn connection_lost(&mut self, seat: usize) {
        self.owed.retain(|(of, ..), _| *of != seat);
    }

    /// The power of the exchange fails.
    pub(crate) fn power_cut(&mut self, now: Instant) {
        self.note(now, usize::MAX, Fact::PowerCut);
        self.owed.clear();
        self.paid.clear();
        self.muted.clear();
        // Whoever calls on a line hears it ring on.
        let rings = |leg: &Leg| {
            leg.outgoing
                && leg.stage == Stage::Trying
                && self
                    .lines
                    .calls
                    .iter()
                    .any(|call| call.seat == leg.seat && call.end.is_none())
        };
        let mut legs = core::mem::take(&mut self.legs);
        for leg in legs.iter_mut().filter(|leg| !rings(leg)) {
            leg.stage = Stage::Over;
        }
        self.legs = legs;
        for connection in self.connections.iter_mut().filter(|c| c.end.is_none()) {
            connection.end = Some(now);
        }
    }

    /// The power of the exchange is there.
    pub(crate) fn power_on(&mut self, now: Instant) {
        self.note(now, usize::MAX, Fact::PowerOn);
    }

    /// Whether `listener` may hear `talker` now.
    #[must_use]
    pub(crate) fn may_hear(&self, now: Instant, listener: usize, talker: usize) -> bool {
        let since = self.muted.get(&talker);
        if since.is_some_and(|since| now.since(*since) > ECHO_OF_THE_PAST) {
            return false;
        }
        self.connections.iter().any(|c| {
            let both = (c.a, c.b) == (listener, talker) || (c.b, c.a) == (listener, talker);
            both && c.end.is_none_or(|end| now.since(end) <= ECHO_OF_THE_PAST)
        })
    }

    /// A phone is mute since then, or is not.
    pub(crate) fn phone_shuts(&mut self, seat: usize, since: Option<Instant>) {
        let before = match since {
            Some(since) => self.shut.insert(seat, since),
            None => self.shut.remove(&seat),
        };
        match (before, since) {
            (None, Some(_)) => self.shuts += 1,
            (Some(_), None) => self.changed.push(seat),
            _ => {}
        }
    }

    /// Whether a voice of this seat may be heard by anybody now.
    #[must_use]
    pub(crate) fn may_speak(&self, now: Instant, talker: usize) -> bool {
        let since = self.shut.get(&talker);
        since.is_none_or(|since| now.since(*since) <= ECHO_OF_THE_PAST)
    }

    /// Whether no others are to hear this seat, muted in the conference or by its phone.
    #[must_use]
    pub(crate) fn is_mute(&self, talker: usize) -> bool {
        self.muted.contains_key(&talker) || self.is_shut(talker)
    }

    /// Whether the phone of this seat is mute.
    #[must_use]
    pub(crate) fn is_shut(&self, talker: usize) -> bool {
        self.shut.contains_key(&talker)
    }

    /// Names the phones that go on ringing though their caller is gone or was answered elsewhere.
    pub(crate) fn ring_for_nobody(&mut self, now: Instant, office: &Office) -> Vec<String> {
        let mut wrong = Vec::new();
        for at in 0..self.legs.len() {
            let leg = &self.legs[at];
            let rings = !leg.outgoing && leg.stage == Stage::Trying;
            let wanted = !self
                .waiting_for(leg.seat, Some(&leg.number), office)
                .is_empty();
            let leg = &mut self.legs[at];
            if !rings || wanted {
                leg.alone = None;
            } else if now.since(*leg.alone.get_or_insert(now)) > RINGS_ON {
                leg.stage = Stage::Over;
                wrong.push(format!("seat {} rings for nobody", leg.seat));
            }
        }
        wrong
    }

    /// Forgets what no longer matters, and names the answers that are owed for too long.
    pub(crate) fn review(&mut self, now: Instant) -> Vec<String> {
        let recent = |end: Instant| now.since(end) <= ECHO_OF_THE_PAST;
        self.forget_those_who_gave_up(now);
        self.connections.retain(|c| c.end.is_none_or(recent));
        let legs = &self.legs;
        let outside = |(seat, id, _): &(usize, String, u32)| {
            let leg = legs
                .iter()
                .find(|leg| leg.seat == *seat && leg.call_id == *id);
            leg.is_some_and(|leg| is_outside(&leg.number))
        };
        let owed = |key: &_| {
            if outside(key) {
                OUTSIDE_OWED
            } else {
                ANSWER_OWED
            }
        };
        let late = |(key, at): (&(usize, String, u32), &Instant)| {
            let age = now.since(*at);
            (age > owed(key)).then(|| format!("INVITE {key:?} has no final answer after {age:?}"))
        };
        let late: Vec<String> = self.owed.iter().filter_map(late).collect();
        self.owed.retain(|key, at| now.since(*at) <= owed(key));
        self.legs.retain(|leg| leg.stage != Stage::Over);
        late
    }
}
