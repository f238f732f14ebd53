//! [`CallStory`] folds the records of one call; what is in progress, what is over and the
//! explanation of a call are all read from it, so that no two of them can disagree.

use model::{
    CallId, Cause, Codec, Event, EventBody, LegId, LegKind, MediaFigures, Now, PartyId, Record,
    RecordingId, Target, Wall,
};

use super::{Names, cause_name, event::event_parts, outcome};
use crate::api::{
    CallExplanation, CallRecording, CallState, CallSummary, ExplainLeg, ExplainStep, LegState,
    LiveCall, LiveLeg, LiveRecording, Party, RecordingState,
};

/// The story of one call, as far as its records tell it.
#[derive(Clone, Debug)]
pub struct CallStory {
    id: CallId,
    from: Party,
    to: Party,
    began: Now,
    answered: Option<Wall>,
    end: Option<End>,
    legs: Vec<LegStory>,
    recordings: Vec<TapeStory>,
}

/// What was recorded.
#[derive(Clone, Debug)]
struct TapeStory {
    id: RecordingId,
    state: RecordingState,
    paused_now: bool,
    paused_ever: bool,
}

#[derive(Clone, Copy, Debug)]
struct End {
    cause: Cause,
    duration_ms: u64,
    talk_ms: Option<u64>,
}

#[derive(Clone, Debug)]
struct LegStory {
    id: LegId,
    party: Party,
    kind: &'static str,
    state: LegState,
    codec: Option<Codec>,
    over: bool,
    media: Option<MediaFigures>,
}

impl CallStory {
    /// The story of a call of which nothing is known but its beginning.
    #[must_use]
    pub fn new(id: CallId, began: Now) -> Self {
        Self {
            id,
            from: Party::default(),
            to: Party::default(),
            began,
            answered: None,
            end: None,
            legs: Vec::new(),
            recordings: Vec::new(),
        }
    }

    /// Whether the call is over.
    pub(super) const fn is_over(&self) -> bool {
        self.end.is_some()
    }

    /// Takes the next record of this call.
    pub fn fold(&mut self, record: &Record, names: &dyn Names) {
        let Event { leg, body, .. } = &record.event;
        self.fold_recording(body);
        match body {
            EventBody::CallStarted { from, to } => {
                self.from = party_of(*from, names);
                self.to = party_of(*to, names);
            }
            EventBody::Dialled { to } => self.to = party_of(*to, names),
            EventBody::Routed { target } => {
                if let Some(party) = target_party(target, names) {
                    self.to = party;
                }
            }
            EventBody::LegStarted {
                kind,
                outbound,
                party,
            } => {
                if let Some(id) = *leg {
                    self.start_leg(id, kind, *outbound, *party, names);
                }
            }
            EventBody::CallAnswered { .. } => self.answered = Some(record.at.wall),
            EventBody::CallEnded {
                cause,
                duration,
                talk,
            } => {
                self.end = Some(End {
                    cause: *cause,
                    duration_ms: millis(*duration),
                    talk_ms: talk.map(millis),
                });
            }
            body => {
                if let Some(story) = leg.and_then(|id| self.legs.iter_mut().find(|l| l.id == id)) {
                    story.fold(body);
                }
            }
        }
    }

    fn fold_recording(&mut self, body: &EventBody) {
        let (id, news) = match body {
            EventBody::RecordingStarted { recording } => {
                self.recordings.push(TapeStory {
                    id: *recording,
                    state: RecordingState::Open,
                    paused_now: false,
                    paused_ever: false,
                });
                return;
            }
            EventBody::RecordingPaused { recording } => (recording, None),
            EventBody::RecordingResumed { recording } => (recording, Some(RecordingState::Open)),
            EventBody::RecordingEnded { recording } => (recording, Some(RecordingState::Ended)),
            EventBody::RecordingStored { recording, .. } => (recording, Some(RecordingState::Kept)),
            EventBody::RecordingLost { recording } => (recording, Some(RecordingState::Lost)),
            _ => return,
        };
        if let Some(tape) = self.recordings.iter_mut().find(|tape| tape.id == *id) {
            tape.paused_now = news.is_none();
            tape.paused_ever |= news.is_none();
            tape.state = news.unwrap_or(tape.state);
        }
    }

    /// Whether what is said now is kept.
    fn live_recording(&self) -> Option<LiveRecording> {
        let open = |tape: &&TapeStory| tape.state == RecordingState::Open;
        let tape = self.recordings.iter().rfind(open)?;
        Some(if tape.paused_now {
            LiveRecording::Paused
        } else {
            LiveRecording::Runs
        })
    }

    fn start_leg(
        &mut self,
        id: LegId,
        kind: &LegKind,
        outbound: bool,
        party: Option<PartyId>,
        names: &dyn Names,
    ) {
        let (kind, owner) = match kind {
            LegKind::Phone { owner, .. } => ("phone", Some(owner)),
            LegKind::Port { owner, .. } => ("port", Some(owner)),
            LegKind::Line { owner, .. } => ("line", Some(owner)),
            LegKind::Service => ("service", None),
        };
        let party = party
            .map(|id| party_of(id, names))
            .or_else(|| owner.and_then(|id| names.entry(id)))
            .unwrap_or_else(|| if outbound { &self.to } else { &self.from }.clone());
        let state = if outbound {
            LegState::Trying
        } else {
            LegState::Talking
        };
        self.legs.push(LegStory {
            id,
            party,
            kind,
            state,
            codec: None,
            over: false,
            media: None,
        });
    }

    /// The call as it is in progress.
    #[must_use]
    pub fn live(&self) -> LiveCall {
        let legs = || self.legs.iter().filter(|leg| !leg.over);
        let state = if self.answered.is_none() {
            if self.to == Party::default() {
                CallState::Dialling
            } else {
                CallState::Ringing
            }
        } else if legs().any(|leg| leg.state == LegState::Held) {
            CallState::Held
        } else {
            CallState::Talking
        };
        LiveCall {
            id: self.id.to_string(),
            from: self.from.clone(),
            to: self.to.clone(),
            state,
            started_at_ms: self.began.wall.as_millis(),
            answered_at_ms: self.answered.map(Wall::as_millis),
            legs: legs().map(LegStory::live).collect(),
            recording: self.live_recording(),
        }
    }

    /// The call as its record is kept; before its end the cause is empty.
    #[must_use]
    pub fn summary(&self) -> CallSummary {
        let end = self.end.as_ref();
        CallSummary {
            id: self.id.to_string(),
            from: self.from.clone(),
            to: self.to.clone(),
            outcome: outcome(end.map(|e| e.cause), self.answered.is_some()),
            cause: end.map_or_else(String::new, |e| cause_name(e.cause).into()),
            started_at_ms: self.began.wall.as_millis(),
            duration_ms: end.map_or(0, |e| e.duration_ms),
            talk_ms: end.and_then(|e| e.talk_ms),
            recorded: !self.recordings.is_empty(),
        }
    }

    fn step(&self, record: &Record, names: &dyn Names) -> ExplainStep {
        let Event {
            leg, rule, body, ..
        } = &record.event;
        let of_leg = || {
            let story = leg.and_then(|id| self.legs.iter().find(|l| l.id == id));
            story.map(|l| l.party.clone())
        };
        let (event, cause, status, codec) = event_parts(body, *rule);
        let party = match body {
            EventBody::CallStarted { from, .. } => Some(party_of(*from, names)),
            EventBody::Dialled { to } => Some(party_of(*to, names)),
            EventBody::Routed { target } => target_party(target, names),
            EventBody::CallAnswered { by } => {
                let story = self.legs.iter().find(|l| l.id == *by);
                story.map(|l| l.party.clone())
            }
            _ => of_leg(),
        };
        ExplainStep {
            seq: record.seq.0,
            at_ms: record.at.wall.as_millis(),
            after_ms: millis(record.at.mono.since(self.began.mono)),
            event: event.into(),
            rule: rule.name().into(),
            party,
            cause: cause.map(|c| cause_name(c).into()),
            status,
            codec: codec.map(|c| c.name().into()),
        }
    }
}

impl TapeStory {
    fn explain(&self) -> CallRecording {
        CallRecording {
            id: self.id.to_string(),
            state: self.state,
            paused: self.paused_ever,
        }
    }
}

impl LegStory {
    fn fold(&mut self, body: &EventBody) {
        match body {
            EventBody::LegRang | EventBody::LegEarlyMedia => self.state = LegState::Ringing,
            EventBody::LegAnswered { codec, .. } => {
                self.state = LegState::Talking;
                self.codec = *codec;
            }
            EventBody::LegCodecChanged { codec, .. } => self.codec = Some(*codec),
            EventBody::LegHeld => self.state = LegState::Held,
            EventBody::LegResumed => self.state = LegState::Talking,
            EventBody::LegEnded { media, .. } => {
                self.over = true;
                self.media = Some(*media);
            }
            _ => {}
        }
    }

    fn live(&self) -> LiveLeg {
        LiveLeg {
            id: self.id.to_string(),
            party: self.party.clone(),
            state: self.state,
            codec: self.codec.map(|c| c.name().into()),
        }
    }

    fn explain(&self) -> ExplainLeg {
        // An analog set has no packets to count.
        let media = self.media.filter(|_| self.kind == "phone");
        ExplainLeg {
            party: self.party.clone(),
            kind: self.kind.into(),
            packets_in: media.map(|m| m.packets_in),
            packets_out: media.map(|m| m.packets_out),
            lost: media.map(|m| m.lost),
            late: media.map(|m| m.late),
            jitter_ms: media.map(|m| m.jitter_us_max.div_ceil(1_000)),
            round_trip_ms: media
                .filter(|m| m.round_trip_us > 0)
                .map(|m| m.round_trip_us.div_ceil(1_000)),
        }
    }
}

/// The explanation of a call from all its records, in order; `None` when there are none.
#[must_use]
pub fn explain(id: CallId, records: &[Record], names: &dyn Names) -> Option<CallExplanation> {
    let first = records.first()?;
    let mut story = CallStory::new(id, first.at);
    let mut steps = Vec::with_capacity(records.len());
    for record in records {
        story.fold(record, names);
        steps.push(story.step(record, names));
    }
    Some(CallExplanation {
        call: story.summary(),
        in_progress: story.end.is_none(),
        steps,
        legs: story.legs.iter().map(LegStory::explain).collect(),
        recordings: story.recordings.iter().map(TapeStory::explain).collect(),
    })
}

fn target_party(target: &Target, names: &dyn Names) -> Option<Party> {
    match target {
        Target::Person(id) | Target::Analog(id) | Target::Device(id) | Target::Conference(id) => {
            names.entry(id)
        }
        Target::EchoTest | Target::Outside => None,
    }
}

fn party_of(id: PartyId, names: &dyn Names) -> Party {
    names.party(id).map_or_else(Party::default, |party| Party {
        name: party.name,
        number: party.number,
    })
}

fn millis(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
