//! Who is recorded. A recording belongs to the call of a party whose calls are recorded and has tracks
//! of everybody that party talks with, in a conference too. What one says is tapped once, however many
//! recordings it is a part of. Who comes to a conference begins a track, and the tracks of those who are
//! there are a part of the newcomer's recording from the beginning of that track on: one event a newcomer,
//! however many there are. Whenever else another set of recordings is to have what a leg says, a new track
//! begins. So a recording never has what was said before its party came or while it was paused.

use std::collections::{BTreeMap, BTreeSet};

use model::{CallId, EventBody, LegId, RecordingId, Rule, SharedTrack, TapId};

use crate::{Effect, Switch, call::Stage, narrate::Narrator};

/// A recording that goes on.
#[derive(Clone, Debug)]
struct Tape {
    recording: RecordingId,
    /// Nothing is recorded until somebody asks for it again.
    paused: bool,
    /// Legs that belong to it while it is paused and whose tracks go to others only, or to nobody.
    away: BTreeSet<LegId>,
}

/// What one leg says, and the calls whose recordings it goes to.
#[derive(Clone, Debug)]
struct Tap {
    tap: TapId,
    calls: BTreeSet<CallId>,
    /// Its only recording is paused.
    paused: bool,
}

/// A party, and the call that it is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whose {
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
}

/// All recordings that go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tapes {
    tapes: BTreeMap<CallId, Tape>,
    taps: BTreeMap<LegId, Tap>,
    /// Legs that are a part of the recordings of calls which are not theirs, for as long as they talk with those.
    guests: BTreeSet<(LegId, CallId)>,
}

impl Tapes {
    /// The call is recorded from here on.
    fn begin(&mut self, call: CallId, tell: &mut Narrator) {
        if self.tapes.contains_key(&call) {
            return;
        }
        let recording = RecordingId(tell.id());
        let tape = Tape {
            recording,
            paused: false,
            away: BTreeSet::new(),
        };
        self.tapes.insert(call, tape);
        let body = EventBody::RecordingStarted { recording };
        tell.call(call, Rule::RecordAll, body);
    }

    /// What the leg says is a part of these calls' recordings, where there are any.
    pub(crate) fn add(&mut self, calls: &BTreeSet<CallId>, whose: Whose, tell: &mut Narrator) {
        self.begin_track(calls, whose, vec![], tell);
    }

    /// Nobody is recorded.
    pub(crate) fn is_idle(&self) -> bool {
        self.tapes.is_empty()
    }

    /// The calls that are recorded.
    pub(crate) fn calls(&self) -> Vec<CallId> {
        self.tapes.keys().copied().collect()
    }

    /// What these legs say goes to the recordings of these calls from here on, and what others said who did not belong
    /// there goes there no more.
    pub(crate) fn invite(
        &mut self,
        guests: BTreeSet<(LegId, CallId)>,
        homes: &BTreeMap<LegId, CallId>,
        tell: &mut Narrator,
    ) {
        let before = core::mem::replace(&mut self.guests, guests.clone());
        let home = |leg: LegId, call: CallId| Whose {
            call: homes.get(&leg).copied().unwrap_or(call),
            leg,
        };
        for (leg, calls) in by_leg(before.difference(&guests)) {
            if let Some(&call) = calls.first() {
                self.dismiss(&calls, home(leg, call), tell);
            }
        }
        for (leg, calls) in by_leg(guests.difference(&before)) {
            if let Some(&call) = calls.first() {
                self.add(&calls, home(leg, call), tell);
            }
        }
    }

    /// What the leg says is no part of these calls' recordings any more.
    fn dismiss(&mut self, calls: &BTreeSet<CallId>, whose: Whose, tell: &mut Narrator) {
        let leg = whose.leg;
        let known = self.taps.get(&leg).map(|tap| tap.calls.clone());
        let known = known.unwrap_or_default();
        let rest: BTreeSet<CallId> = known.difference(calls).copied().collect();
        if rest.len() < known.len() {
            self.change(whose, rest, (Rule::RecordAll, vec![]), tell);
        }
        for call in calls {
            if let Some(tape) = self.tapes.get_mut(call) {
                tape.away.remove(&leg);
            }
        }
    }

    /// Somebody came to others in a conference: each of them is a part of every recording made there.
    fn meet(&mut self, newcomer: Whose, others: &[Whose], tell: &mut Narrator) {
        let own = newcomer.call;
        let runs = self.tapes.get(&own).is_some_and(|tape| !tape.paused);
        let (mut shares, mut rest) = (Vec::new(), Vec::new());
        for &other in others {
            let leg = other.leg;
            match self.taps.get_mut(&leg) {
                Some(tap) if runs && !tap.paused => {
                    if tap.calls.insert(own) {
                        let tap = tap.tap;
                        shares.push(SharedTrack { tap, leg });
                    }
                }
                _ => rest.push(other),
            }
        }
        let calls = others.iter().map(|other| other.call).collect();
        self.begin_track(&calls, newcomer, shares, tell);
        for other in rest {
            self.add(&BTreeSet::from([own]), other, tell);
        }
    }

    /// What the leg says is a part of these calls' recordings, and its own call's recording has further
    /// tracks from here on.
    fn begin_track(
        &mut self,
        calls: &BTreeSet<CallId>,
        whose: Whose,
        shares: Vec<SharedTrack>,
        tell: &mut Narrator,
    ) {
        let leg = whose.leg;
        let mut fresh = BTreeSet::new();
        for &call in calls {
            match self.tapes.get_mut(&call) {
                Some(tape) if tape.paused => {
                    let tap = self.taps.get(&leg);
                    if !tap.is_some_and(|tap| tap.calls.contains(&call)) {
                        tape.away.insert(leg);
                    }
                }
                Some(_) => {
                    fresh.insert(call);
                }
                None => {}
            }
        }
        let known = self.running(leg);
        if !fresh.is_subset(&known) || !shares.is_empty() {
            fresh.extend(known);
            if !shares.is_empty() {
                fresh.insert(whose.call);
            }
            self.change(whose, fresh, (Rule::RecordAll, shares), tell);
        }
    }

    /// The calls whose recordings have what the leg says now.
    fn running(&self, leg: LegId) -> BTreeSet<CallId> {
        let tap = self.taps.get(&leg).filter(|tap| !tap.paused);
        tap.map(|tap| tap.calls.clone()).unwrap_or_default()
    }

    /// From here on what the leg says goes to the recordings of exactly these calls, by a rule; what others
    /// say goes to that of its own call, which is among them then.
    fn change(
        &mut self,
        whose: Whose,
        calls: BTreeSet<CallId>,
        (why, shares): (Rule, Vec<SharedTrack>),
        tell: &mut Narrator,
    ) {
        let leg = whose.leg;
        if let Some(old) = self.taps.remove(&leg) {
            tell.wish(Effect::StopTap(old.tap));
            if old.paused {
                // The paused one has its turn when it is resumed.
                for call in old.calls.difference(&calls) {
                    if let Some(tape) = self.tapes.get_mut(call) {
                        tape.away.insert(leg);
                    }
                }
            }
        }
        if calls.is_empty() {
            return;
        }
        // Drawn, not counted: a replay that begins in the middle comes to the same. Two of one number
        // in the same minutes are as likely as a wrong number.
        let tap = TapId(tell.random.below(u32::MAX));
        let own = calls.get(&whose.call);
        let others = calls.iter().filter(|&&call| call != whose.call);
        let tapes = own.into_iter().chain(others);
        let mut recordings = tapes.filter_map(|call| Some(self.tapes.get(call)?.recording));
        if let Some(recording) = recordings.next() {
            let also = recordings.collect();
            let body = EventBody::TrackStarted {
                recording,
                also,
                tap,
                shares,
            };
            tell.leg(whose.call, leg, why, body);
        }
        tell.wish(Effect::StartTap(leg, tap));
        let paused = false;
        self.taps.insert(leg, Tap { tap, calls, paused });
    }

    /// Nothing of the call is recorded from here on.
    fn pause(&mut self, call: CallId, homes: &BTreeMap<LegId, CallId>, tell: &mut Narrator) {
        let Some(tape) = self.tapes.get_mut(&call).filter(|tape| !tape.paused) else {
            return;
        };
        tape.paused = true;
        let recording = tape.recording;
        let body = EventBody::RecordingPaused { recording };
        tell.call(call, Rule::RecordAsked, body);
        for leg in self.legs_of(call) {
            let mut others = self.running(leg);
            others.remove(&call);
            if others.is_empty() {
                if let Some(tap) = self.taps.get_mut(&leg) {
                    tap.paused = true;
                    let tap = tap.tap;
                    tell.wish(Effect::PauseTap { tap, paused: true });
                }
                continue;
            }
            if let Some(tape) = self.tapes.get_mut(&call) {
                tape.away.insert(leg);
            }
            let home = homes.get(&leg).copied().unwrap_or(call);
            let whose = Whose { call: home, leg };
            self.change(whose, others, (Rule::RecordAsked, vec![]), tell);
        }
    }

    /// The call is recorded again.
    fn resume(&mut self, call: CallId, homes: &BTreeMap<LegId, CallId>, tell: &mut Narrator) {
        let Some(tape) = self.tapes.get_mut(&call).filter(|tape| tape.paused) else {
            return;
        };
        tape.paused = false;
        let (recording, away) = (tape.recording, core::mem::take(&mut tape.away));
        let body = EventBody::RecordingResumed { recording };
        tell.call(call, Rule::RecordAsked, body);
        for leg in self.legs_of(call) {
            if let Some(tap) = self.taps.get_mut(&leg) {
                tap.paused = false;
                let (tap, paused) = (tap.tap, false);
                tell.wish(Effect::PauseTap { tap, paused });
            }
        }
        for leg in away {
            let mut calls = self.running(leg);
            calls.insert(call);
            let home = homes.get(&leg).copied().unwrap_or(call);
            let whose = Whose { call: home, leg };
            self.change(whose, calls, (Rule::RecordAsked, vec![]), tell);
        }
    }

    /// Legs whose track goes to the call's recording.
    fn legs_of(&self, call: CallId) -> Vec<LegId> {
        let legs = self.taps.iter();
        legs.filter(|(_, tap)| tap.calls.contains(&call))
            .map(|(&leg, _)| leg)
            .collect()
    }

    /// The leg says nothing more.
    pub(crate) fn leave(&mut self, leg: LegId, tell: &mut Narrator) {
        for tape in self.tapes.values_mut() {
            tape.away.remove(&leg);
        }
        if let Some(gone) = self.taps.remove(&leg) {
            tell.wish(Effect::StopTap(gone.tap));
        }
    }

    /// The call is over, and its recording with it.
    pub(crate) fn end(&mut self, call: CallId, tell: &mut Narrator) {
        let Some(tape) = self.tapes.remove(&call) else {
            return;
        };
        self.guests.retain(|(_, with)| *with != call);
        self.taps.retain(|_, tap| {
            tap.calls.remove(&call);
            if tap.calls.is_empty() {
                tell.wish(Effect::StopTap(tap.tap));
            }
            !tap.calls.is_empty()
        });
        let recording = tape.recording;
        let body = EventBody::RecordingEnded { recording };
        tell.call(call, Rule::RecordOver, body);
    }
}

/// The calls of each leg.
fn by_leg<'p>(
    pairs: impl Iterator<Item = &'p (LegId, CallId)>,
) -> BTreeMap<LegId, BTreeSet<CallId>> {
    let mut all: BTreeMap<LegId, BTreeSet<CallId>> = BTreeMap::new();
    for &(leg, call) in pairs {
        all.entry(leg).or_default().insert(call);
    }
    all
}

impl Switch {
    /// The call is answered: it is recorded if a party's calls are.
    pub(crate) fn record(&mut self, id: CallId) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let up = || call.legs.iter().filter(|leg| leg.stage == Stage::Up);
        if !up().any(|leg| leg.recorded) {
            return;
        }
        self.tapes.begin(id, &mut self.tell);
        for leg in up() {
            let whose = Whose {
                call: id,
                leg: leg.id,
            };
            self.tapes.add(&BTreeSet::from([id]), whose, &mut self.tell);
        }
    }

    /// Somebody came into a conference: everybody in it is a part of every recording made there.
    pub(crate) fn record_rooms(&mut self) {
        while let Some(joined) = self.rooms.joined() {
            let together = self.rooms.together_with(joined);
            let Some(&own) = self.legs.get(&joined) else {
                continue;
            };
            let newcomer = Whose {
                call: own,
                leg: joined,
            };
            self.tapes.meet(newcomer, &together, &mut self.tell);
        }
    }

    /// Records nothing of the call until [`Switch::resume_recording`]: a card number is being said. A
    /// call that is not recorded, or is paused, is left as it is.
    pub fn pause_recording(&mut self, call: CallId) {
        self.tapes.pause(call, &self.legs, &mut self.tell);
    }

    /// Records the call again, if its recording is paused.
    pub fn resume_recording(&mut self, call: CallId) {
        self.tapes.resume(call, &self.legs, &mut self.tell);
    }
}
