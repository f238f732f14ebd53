//! Who is recorded. A recording belongs to the call of a party whose calls are recorded and has a
//! track of everybody that party talks with, in a conference too. What one says is tapped once,
//! however many recordings it is a part of.

use std::collections::{BTreeMap, BTreeSet};

use model::{CallId, EventBody, LegId, RecordingId, Rule, TapId};

use crate::{Effect, Switch, call::Stage, narrate::Narrator};

/// What one leg says, and the recordings that it goes to.
#[derive(Clone, Debug)]
struct Tap {
    tap: TapId,
    calls: BTreeSet<CallId>,
}

/// All recordings that go on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tapes {
    recordings: BTreeMap<CallId, RecordingId>,
    taps: BTreeMap<LegId, Tap>,
}

impl Tapes {
    /// The call is recorded from here on.
    fn begin(&mut self, call: CallId, tell: &mut Narrator) {
        if self.recordings.contains_key(&call) {
            return;
        }
        let recording = RecordingId(tell.random.next_u128());
        self.recordings.insert(call, recording);
        let body = EventBody::RecordingStarted { recording };
        tell.call(call, Rule::RecordAll, body);
    }

    /// What the leg says is a part of the call's recording, if there is one.
    fn add(&mut self, call: CallId, leg: LegId, tell: &mut Narrator) {
        let Some(&recording) = self.recordings.get(&call) else {
            return;
        };
        let known = self.taps.contains_key(&leg);
        let place = self.taps.entry(leg).or_insert_with(|| Tap {
            // Drawn, not counted: a replay that begins in the middle comes to the same. Two of one
            // number in the same minutes are as likely as a wrong number.
            tap: TapId(tell.random.below(u32::MAX)),
            calls: BTreeSet::new(),
        });
        if !place.calls.insert(call) {
            return;
        }
        let tap = place.tap;
        let body = EventBody::TrackStarted { recording, tap };
        tell.leg(call, leg, Rule::RecordAll, body);
        if !known {
            tell.wish(Effect::StartTap(leg, tap));
        }
    }

    /// The leg says nothing more.
    pub(crate) fn leave(&mut self, leg: LegId, tell: &mut Narrator) {
        if let Some(gone) = self.taps.remove(&leg) {
            tell.wish(Effect::StopTap(gone.tap));
        }
    }

    /// The call is over, and its recording with it.
    pub(crate) fn end(&mut self, call: CallId, tell: &mut Narrator) {
        let Some(recording) = self.recordings.remove(&call) else {
            return;
        };
        self.taps.retain(|_, tap| {
            tap.calls.remove(&call);
            if tap.calls.is_empty() {
                tell.wish(Effect::StopTap(tap.tap));
            }
            !tap.calls.is_empty()
        });
        let body = EventBody::RecordingEnded { recording };
        tell.call(call, Rule::RecordOver, body);
    }
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
            self.tapes.add(id, leg.id, &mut self.tell);
        }
    }

    /// Somebody came into a conference: everybody in it is a part of every recording made there.
    pub(crate) fn record_rooms(&mut self) {
        while let Some(joined) = self.rooms.joined() {
            let together = self.rooms.together_with(joined);
            for &(call, leg) in &together {
                self.tapes.add(call, joined, &mut self.tell);
                if let Some(&own) = self.legs.get(&joined) {
                    self.tapes.add(own, leg, &mut self.tell);
                }
            }
        }
    }
}
