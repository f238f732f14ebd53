//! The oracle of recordings: whose voice goes into which, against who is recorded, who talks with whom,
//! and when nothing was to be kept. It follows the ledger as the recorder does, and looks at every packet
//! on its way to the disk.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use model::{
    CallId, EntryId, EventBody, Instant, LegId, LegKind, Record, RecordingId, SharedTrack, TapId,
};

use crate::office::Office;
use crate::sound::unseal;
use crate::truth::Truth;

/// From the beginning of a talk, or a change of it, until it must be in the recording.
const SETTLING: Duration = Duration::from_millis(2_000);
/// A voice that is recorded was heard this long ago at most: who breathes is recorded too.
const FRESH: Duration = Duration::from_millis(500);
/// How long after the end of a connection its sound may still be on its way.
const ECHO_OF_THE_PAST: Duration = Duration::from_millis(700);

/// A step of a track on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The track begins.
    Began,
    /// A packet, as it came.
    Sound(Vec<u8>),
    /// Anything else.
    Other,
}

#[derive(Debug)]
struct Recording {
    call: CallId,
    paused: bool,
    /// Since when it has to be as it is.
    since: Instant,
    over: bool,
    /// Its tracks, and that from whose beginning on each is a part of it.
    tracks: BTreeMap<TapId, Option<TapId>>,
    /// When each seat was last heard in it.
    heard: BTreeMap<usize, Instant>,
}

#[derive(Debug)]
struct Track {
    leg: LegId,
    began: Option<Instant>,
}

/// A leg and whose it is.
#[derive(Debug)]
struct Leg {
    call: CallId,
    owner: EntryId,
    /// A phone's, whose packets say who spoke them.
    phone: bool,
}

/// The observer.
#[derive(Debug, Default)]
pub(crate) struct Tapes {
    recordings: BTreeMap<RecordingId, Recording>,
    tracks: BTreeMap<TapId, Track>,
    legs: BTreeMap<LegId, Leg>,
    /// Packets that were recorded, each once for each recording, for the figures.
    pub kept: u64,
    /// Spans without recording, for the figures.
    pub pauses: u64,
}

impl Tapes {
    /// A line of the ledger.
    pub(crate) fn record(&mut self, now: Instant, record: &Record) {
        let (call, leg) = (record.event.call, record.event.leg);
        match &record.event.body {
            EventBody::LegStarted { kind, .. } => {
                let (phone, owner) = match kind {
                    LegKind::Phone { owner, .. } => (true, owner),
                    LegKind::Port { owner, .. } | LegKind::Line { owner, .. } => (false, owner),
                    LegKind::Service => return,
                };
                if let (Some(call), Some(leg)) = (call, leg) {
                    let owner = owner.clone();
                    self.legs.insert(leg, Leg { call, owner, phone });
                }
            }
            EventBody::RecordingStarted { recording } => {
                let fresh = Recording {
                    call: call.unwrap_or(CallId(0)),
                    paused: false,
                    since: now,
                    over: false,
                    tracks: BTreeMap::new(),
                    heard: BTreeMap::new(),
                };
                self.recordings.insert(*recording, fresh);
            }
            EventBody::TrackStarted {
                recording,
                also,
                tap,
                shares,
            } => {
                let began = None;
                let leg = leg.unwrap_or(LegId(0));
                self.tracks.insert(*tap, Track { leg, began });
                for id in [recording].into_iter().chain(also) {
                    if let Some(recording) = self.recordings.get_mut(id) {
                        recording.tracks.insert(*tap, None);
                    }
                }
                if let Some(recording) = self.recordings.get_mut(recording) {
                    for SharedTrack { tap: of, .. } in shares {
                        recording.tracks.entry(*of).or_insert(Some(*tap));
                    }
                }
            }
            EventBody::RecordingPaused { recording } => self.turn(now, *recording, true),
            EventBody::RecordingResumed { recording } => self.turn(now, *recording, false),
            EventBody::RecordingEnded { recording } => {
                if let Some(recording) = self.recordings.get_mut(recording) {
                    recording.over = true;
                }
            }
            _ => {}
        }
    }

    fn turn(&mut self, now: Instant, id: RecordingId, paused: bool) {
        self.pauses += u64::from(paused);
        if let Some(recording) = self.recordings.get_mut(&id) {
            (recording.paused, recording.since) = (paused, now);
        }
    }

    /// The power fails: what was being made ends here.
    pub(crate) fn power_cut(&mut self) {
        self.tracks.clear();
        self.legs.clear();
        for recording in self.recordings.values_mut() {
            recording.over = true;
        }
    }

    /// Calls that are recorded now, or would be but for a pause.
    pub(crate) fn calls(&self) -> Vec<(CallId, bool)> {
        let open = self.recordings.values().filter(|r| !r.over);
        open.map(|r| (r.call, r.paused)).collect()
    }

    /// A step of a track; what is wrong with it, if anything. `at` is when its sound was said.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        (tap, at): (TapId, Instant),
        step: &Step,
        truth: &Truth,
        office: &Office,
    ) -> Option<String> {
        let track = self.tracks.get_mut(&tap)?;
        let Step::Sound(payload) = step else {
            if *step == Step::Began {
                track.began = Some(at);
            }
            return None;
        };
        let leg = self.legs.get(&track.leg)?;
        let seat_of = |owner: &str| office.seats.iter().position(|seat| seat.entry == *owner);
        let talker = match leg.phone {
            true => unseal(payload).map(|word| usize::from(word.talker)),
            false => seat_of(leg.owner.as_str()),
        };
        let of_owner = |seat: usize| office.seats[seat].entry == leg.owner.as_str();
        let Some(talker) = talker.filter(|&seat| seat < office.seats.len() && of_owner(seat))
        else {
            return Some(format!(
                "the track of {} has the voice of {talker:?}",
                leg.owner
            ));
        };
        let began = |tap: &TapId| self.tracks.get(tap).and_then(|track| track.began);
        let mut wrong = None;
        for (id, recording) in self.recordings.iter_mut().filter(|(_, r)| !r.over) {
            let visible = match recording.tracks.get(&tap) {
                None => false,
                Some(None) => true,
                Some(Some(since)) => began(since).is_some_and(|since| at >= since),
            };
            if !visible {
                continue;
            }
            self.kept += 1;
            recording.heard.insert(talker, now);
            let of_call = |leg: &&Leg| leg.call == recording.call;
            let together = leg.call == recording.call
                || self.legs.values().filter(of_call).any(|leg| {
                    let seats = office.seats.iter().enumerate();
                    let mut mine = seats.filter(|(_, seat)| seat.entry == leg.owner.as_str());
                    mine.any(|(seat, _)| are_together(truth, now, seat, talker))
                });
            if recording.paused {
                wrong = Some(format!("recording {id} has {talker} while it is paused"));
            } else if !together {
                wrong = Some(format!("recording {id} has the stranger {talker}"));
            }
        }
        wrong
    }

    /// Names those who are recorded and whose talk is not kept. `settled` says whether a seat has been
    /// heard as it is for a while, `talks` whether a party is still in this call.
    pub(crate) fn review(
        &self,
        now: Instant,
        (truth, office): (&Truth, &Office),
        settled: impl Fn(usize) -> bool,
        talks: impl Fn(&(usize, String)) -> bool,
    ) -> BTreeSet<String> {
        let mut wrong = BTreeSet::new();
        let sure = truth.connections.iter().filter(|connection| {
            let old = now.since(connection.begin) > SETTLING;
            let sure = connection.certain && connection.end.is_none() && old;
            sure && settled(connection.a) && settled(connection.b)
        });
        for connection in sure.filter(|c| c.legs.iter().all(&talks)) {
            let both = [connection.a, connection.b];
            for owner in both.into_iter().filter(|&seat| office.seats[seat].recorded) {
                let entry = office.seats[owner].entry.as_str();
                let mine = |recording: &&Recording| {
                    let mut legs = self.legs.values();
                    !recording.over
                        && legs.any(|l| l.call == recording.call && l.owner.as_str() == entry)
                };
                let all: Vec<&Recording> = self.recordings.values().filter(mine).collect();
                let fresh = |recording: &&Recording| {
                    let heard = |seat| recording.heard.get(seat);
                    let fresh = |at: &Instant| now.since(*at) <= FRESH;
                    both.iter()
                        .all(|seat| truth.is_shut(*seat) || heard(seat).is_some_and(fresh))
                };
                let young = |r: &&Recording| r.paused || now.since(r.since) <= SETTLING;
                if !all.iter().any(|r| young(r) || fresh(r)) {
                    wrong.insert(format!("what {both:?} say is not recorded for {owner}"));
                }
            }
        }
        wrong
    }

    /// Recordings that never ended.
    pub(crate) fn unfinished(&self) -> Vec<String> {
        let open = self.recordings.iter().filter(|(_, r)| !r.over);
        open.map(|(id, r)| format!("recording {id} of call {} never ends", r.call))
            .collect()
    }
}

/// Whether two seats are connected, or were a moment ago; who is muted is connected too.
fn are_together(truth: &Truth, now: Instant, a: usize, b: usize) -> bool {
    truth.connections.iter().any(|c| {
        let both = (c.a, c.b) == (a, b) || (c.b, c.a) == (a, b);
        both && c.end.is_none_or(|end| now.since(end) <= ECHO_OF_THE_PAST)
    })
}

#[cfg(test)]
mod tests {
    use model::{Codec, Event, Rule, Seq, Transport, Trust, Wall};

    use super::*;
    use crate::plan::{Plan, Profile};
    use crate::sound::Mouth;

    const CALL: CallId = CallId(7);
    const RECORDING: RecordingId = RecordingId(8);

    /// Seat 0 in a call of its own that is recorded, and who it is connected with.
    struct Case {
        tapes: Tapes,
        truth: Truth,
        office: Office,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            let mut plan = Plan::new(2);
            plan.profile = Profile::Phones;
            let mut features = plan.features();
            (features.hush_s, features.srtp) = (10, false);
            let mut case = Self {
                tapes: Tapes::default(),
                truth: Truth::default(),
                office: Office::new(plan.bytes(), &features),
                now: Instant::from_millis(9_000),
            };
            assert!(case.office.seats[0].recorded && !case.office.seats[1].recorded);
            case.write(
                None,
                EventBody::RecordingStarted {
                    recording: RECORDING,
                },
            );
            for (leg, seat) in [(LegId(1), 0), (LegId(2), 1)] {
                let owner = EntryId::new(&case.office.seats[seat].entry).expect("an id");
                let transport = Transport::Udp;
                let body = EventBody::LegStarted {
                    kind: LegKind::Phone { owner, transport },
                    outbound: seat == 1,
                    party: None,
                };
                case.write(Some(leg), body);
                let body = EventBody::TrackStarted {
                    recording: RECORDING,
                    also: Vec::new(),
                    tap: TapId(seat as u32),
                    shares: Vec::new(),
                };
                case.write(Some(leg), body);
            }
            let legs = [(0, "a".to_owned()), (1, "b".to_owned())];
            case.truth.join(Instant::ZERO, legs, true);
            case
        }

        fn write(&mut self, leg: Option<LegId>, body: EventBody) {
            let event = Event {
                call: Some(CALL),
                leg,
                rule: Rule::RecordAll,
                body,
            };
            let at = model::Now {
                mono: self.now,
                wall: Wall(0),
                trust: Trust::Synced,
            };
            let record = Record {
                seq: Seq(1),
                at,
                event,
            };
            self.tapes.record(self.now, &record);
        }

        /// A packet of `talker` goes to the track of a seat.
        fn says(&mut self, talker: u8, track: u32) -> Option<String> {
            let payload = Mouth::new(talker, Codec::Pcma).speak().to_vec();
            let of = (TapId(track), self.now);
            let (truth, office) = (&self.truth, &self.office);
            self.tapes
                .step(self.now, of, &Step::Sound(payload), truth, office)
        }

        fn unkept(&self) -> usize {
            let books = (&self.truth, &self.office);
            self.tapes.review(self.now, books, |_| true, |_| true).len()
        }
    }

    #[test]
    fn what_is_kept_is_what_both_say_and_nothing_in_a_pause() {
        let mut case = Case::new();
        assert_eq!(case.unkept(), 0, "a recording that has just begun");
        case.now = Instant::from_millis(12_000);
        assert_eq!(case.unkept(), 1, "nothing is in it");
        assert_eq!(case.says(0, 0), None);
        assert_eq!(case.unkept(), 1, "half of it is in it");
        case.truth.phone_shuts(1, Some(case.now));
        assert_eq!(case.unkept(), 0, "there is no more of it");
        case.truth.phone_shuts(1, None);
        assert_eq!(case.says(1, 1), None);
        assert_eq!(case.unkept(), 0);
        let recording = RECORDING;
        case.write(None, EventBody::RecordingPaused { recording });
        assert!(
            case.says(1, 1)
                .is_some_and(|wrong| wrong.contains("paused"))
        );
    }

    #[test]
    fn another_voice_and_a_stranger_are_named() {
        let mut case = Case::new();
        assert!(
            case.says(2, 1)
                .is_some_and(|wrong| wrong.contains("has the voice of"))
        );
        // A track of another call, of somebody whom seat 0 is not connected with.
        let owner = EntryId::new(&case.office.seats[2].entry).expect("an id");
        let other = Leg {
            call: CallId(9),
            owner,
            phone: true,
        };
        case.tapes.legs.insert(LegId(3), other);
        case.write(
            Some(LegId(3)),
            EventBody::TrackStarted {
                recording: RECORDING,
                also: Vec::new(),
                tap: TapId(2),
                shares: Vec::new(),
            },
        );
        assert!(
            case.says(2, 2)
                .is_some_and(|wrong| wrong.contains("stranger"))
        );
        assert_eq!(case.tapes.unfinished().len(), 1);
    }
}
