//! From the words of `model` to the words of the HTTP interface: the one file that knows both.
//!
//! [`CallStory`] folds the records of one call; what is in progress, what is over and the
//! explanation of a call are all read from it, so that no two of them can disagree.

use std::{collections::BTreeMap, net::IpAddr};

use model::{
    Binding, CallId, CallerIdOutcome, Cause, Codec, ConferenceEvent, EntryId, Event, EventBody,
    LegId, LegKind, LineNews, MediaFigures, Now, PartyId, QualitySecond, Record, RecordingId, Rule,
    StateChange, Target, Wall,
};
use sha2::{Digest, Sha256};

use crate::api::{
    CallExplanation, CallRecording, CallState, CallSummary, ChangeBody, ExplainLeg, ExplainStep,
    LegQuality, LegState, LiveCall, LiveLeg, LiveRecording, Outcome, Party, Phone, QualityCause,
    RecordingState, Transport,
};

/// Where the names behind ids are found.
pub trait Names {
    /// The row of the `party` table.
    fn party(&self, id: PartyId) -> Option<model::Party>;
    /// Name and extension of a configuration entry.
    fn entry(&self, id: &EntryId) -> Option<Party>;
}

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

/// The stories of all calls in progress.
#[derive(Debug, Default)]
pub struct CallBook {
    open: BTreeMap<CallId, CallStory>,
}

impl CallBook {
    /// Takes the next record of the ledger; says what pages must be told.
    pub fn record(&mut self, record: &Record, names: &dyn Names) -> Option<ChangeBody> {
        let call = record.event.call?;
        if let EventBody::CallStarted { .. } = record.event.body {
            self.open.insert(call, CallStory::new(call, record.at));
        }
        let story = self.open.get_mut(&call)?;
        story.fold(record, names);
        if story.end.is_some() {
            let summary = story.summary();
            self.open.remove(&call);
            return Some(ChangeBody::Ended(summary));
        }
        Some(ChangeBody::Call(story.live()))
    }
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

/// How a leg sounded in a second.
#[must_use]
pub fn leg_quality(leg: LegId, second: &QualitySecond) -> LegQuality {
    let far_lost = u32::from(second.far_loss_256) + u32::from(second.far_late_256);
    LegQuality {
        leg: leg.to_string(),
        mos_100: second.mos_100,
        cause: match second.cause {
            model::QualityCause::None => QualityCause::None,
            model::QualityCause::Loss => QualityCause::Loss,
            model::QualityCause::Late => QualityCause::Late,
            model::QualityCause::Delay => QualityCause::Delay,
            model::QualityCause::Codec => QualityCause::Codec,
            model::QualityCause::OneWay => QualityCause::OneWay,
            model::QualityCause::Clipping => QualityCause::Clipping,
        },
        packets: second.packets,
        lost: second.lost,
        late: second.late,
        jitter_ms: second.jitter_ms,
        round_trip_ms: (second.round_trip_ms > 0).then_some(second.round_trip_ms),
        level_dbm0: (second.level_dbm0 > -127).then_some(second.level_dbm0),
        far_lost_permille: u16::try_from(far_lost.min(256) * 1_000 / 256).unwrap_or(0),
        far_mos_100: (second.far_mos_100 > 0).then_some(second.far_mos_100),
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

/// What pages must be told of a change of state, if anything.
#[must_use]
pub fn state_change(change: &StateChange) -> Option<ChangeBody> {
    match change {
        StateChange::Bound(binding) | StateChange::Refreshed(binding) => {
            Some(ChangeBody::Phone(phone(binding)))
        }
        StateChange::Unbound { owner, key } => Some(ChangeBody::PhoneGone(phone_id(owner, key))),
        StateChange::DigestMd5 { .. }
        | StateChange::LineTones { .. }
        | StateChange::LineBalance { .. }
        | StateChange::Lifeline { .. }
        | StateChange::Messages { .. } => None,
    }
}

/// A registration.
#[must_use]
pub fn phone(binding: &Binding) -> Phone {
    let mut source = binding.source;
    source.set_ip(match source.ip().to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        v6 @ IpAddr::V6(_) => v6,
    });
    Phone {
        id: phone_id(&binding.owner, &binding.key),
        owner: binding.owner.to_string(),
        device: binding.user_agent.clone(),
        address: source.to_string(),
        transport: transport(binding.transport),
        expires_at_ms: binding.expires.as_millis(),
    }
}

/// Transport, as the interface names it.
#[must_use]
pub const fn transport(transport: model::Transport) -> Transport {
    match transport {
        model::Transport::Udp => Transport::Udp,
        model::Transport::Tcp => Transport::Tcp,
        model::Transport::Tls => Transport::Tls,
        model::Transport::Ws => Transport::Ws,
        model::Transport::Wss => Transport::Wss,
    }
}

/// How a call ended, for a person.
#[must_use]
pub const fn outcome(cause: Option<Cause>, answered: bool) -> Outcome {
    if answered {
        return Outcome::Answered;
    }
    match cause {
        Some(Cause::Busy | Cause::Rejected) => Outcome::Busy,
        None
        | Some(Cause::Normal | Cause::NoAnswer | Cause::Cancelled | Cause::ElsewhereAnswered) => {
            Outcome::Missed
        }
        Some(
            Cause::NotFound
            | Cause::Unreachable
            | Cause::Forbidden
            | Cause::NotAcceptable
            | Cause::Unprotected
            | Cause::BadNumber
            | Cause::Congestion
            | Cause::PeerLost
            | Cause::ProtocolError
            | Cause::Removed
            | Cause::Administrator
            | Cause::Moderator
            | Cause::Stopping
            | Cause::PowerLost
            | Cause::Internal,
        ) => Outcome::Failed,
    }
}

/// The cause's name in the interface and as the key of translations.
#[must_use]
pub const fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Normal => "normal",
        Cause::Cancelled => "cancelled",
        Cause::Busy => "busy",
        Cause::NoAnswer => "no_answer",
        Cause::Rejected => "rejected",
        Cause::ElsewhereAnswered => "elsewhere_answered",
        Cause::NotFound => "not_found",
        Cause::Unreachable => "unreachable",
        Cause::Forbidden => "forbidden",
        Cause::NotAcceptable => "not_acceptable",
        Cause::Unprotected => "unprotected",
        Cause::BadNumber => "bad_number",
        Cause::Congestion => "congestion",
        Cause::PeerLost => "peer_lost",
        Cause::ProtocolError => "protocol_error",
        Cause::Removed => "removed",
        Cause::Administrator => "administrator",
        Cause::Moderator => "moderator",
        Cause::Stopping => "stopping",
        Cause::PowerLost => "power_lost",
        Cause::Internal => "internal",
    }
}

/// Names of the events a call's explanation can hold.
#[must_use]
pub const fn event_names() -> &'static [&'static str] {
    &[
        "call_started",
        "dialled",
        "routed",
        "leg_started",
        "leg_rang",
        "leg_waits",
        "leg_early_media",
        "leg_answered",
        "leg_put_through",
        "leg_codec_changed",
        "leg_quality",
        "recording_started",
        "track_started",
        "recording_paused",
        "recording_resumed",
        "recording_ended",
        "recording_stored",
        "recording_lost",
        "leg_secured",
        "leg_fax",
        "leg_caller_id_sent",
        "leg_caller_id_cut",
        "leg_caller_id_unanswered",
        "leg_caller_id_impossible",
        "leg_metered",
        "leg_held",
        "leg_resumed",
        "line_hung_up",
        "line_flashed",
        "call_joined",
        "conference_joined",
        "conference_led",
        "conference_refused",
        "conference_waits",
        "conference_left",
        "conference_muted",
        "conference_unmuted",
        "conference_locked",
        "conference_unlocked",
        "leg_ended",
        "call_answered",
        "call_ended",
    ]
}

fn event_parts(
    body: &EventBody,
    rule: Rule,
) -> (&'static str, Option<Cause>, Option<u16>, Option<Codec>) {
    let name = match body {
        EventBody::LegEnded { cause, status, .. } => {
            return ("leg_ended", Some(*cause), *status, None);
        }
        EventBody::CallEnded { cause, .. } => return ("call_ended", Some(*cause), None, None),
        EventBody::LegAnswered { codec, .. } => {
            // Both ends of a call tell of their codec; only one of them answered.
            let name = match rule {
                Rule::CallerConnected => "leg_put_through",
                _ => "leg_answered",
            };
            return (name, None, None, *codec);
        }
        EventBody::LegCodecChanged { codec, .. } => {
            return ("leg_codec_changed", None, None, Some(*codec));
        }
        EventBody::ExchangeStarted => "exchange_started",
        EventBody::ExchangeStopping => "exchange_stopping",
        EventBody::ExchangeStopped => "exchange_stopped",
        EventBody::ClockStepped { .. } => "clock_stepped",
        EventBody::ConfigApplied { .. } => "config_applied",
        EventBody::Registered { .. } => "registered",
        EventBody::Unregistered { .. } => "unregistered",
        EventBody::CallStarted { .. } => "call_started",
        EventBody::Dialled { .. } => "dialled",
        EventBody::Routed { .. } => "routed",
        EventBody::LegStarted { .. } => "leg_started",
        EventBody::LegRang => "leg_rang",
        EventBody::LegWaits => "leg_waits",
        EventBody::LegEarlyMedia => "leg_early_media",
        EventBody::LegSecured => "leg_secured",
        EventBody::LegFax { .. } => "leg_fax",
        EventBody::LegCallerId { outcome, .. } => caller_id_name(*outcome),
        EventBody::LegMetered { .. } => "leg_metered",
        EventBody::LegHeld => "leg_held",
        EventBody::LegResumed => "leg_resumed",
        EventBody::CallJoined { .. } => "call_joined",
        EventBody::Conference(what) => conference_name(*what),
        EventBody::CallAnswered { .. } => "call_answered",
        EventBody::LegQuality { .. } => "leg_quality",
        EventBody::RecordingStarted { .. } => "recording_started",
        EventBody::TrackStarted { .. } => "track_started",
        EventBody::RecordingPaused { .. } => "recording_paused",
        EventBody::RecordingResumed { .. } => "recording_resumed",
        EventBody::RecordingEnded { .. } => "recording_ended",
        EventBody::RecordingStored { .. } => "recording_stored",
        EventBody::RecordingLost { .. } => "recording_lost",
        EventBody::PortFault { .. } => "port_fault",
        EventBody::PortLocked { .. } => "port_locked",
        EventBody::MessagesWaiting { .. } => "messages_waiting",
        EventBody::PortLamp { .. } => "port_lamp",
        EventBody::PortTested { .. } => "port_tested",
        EventBody::Line { news, .. } => line_name(*news),
        EventBody::Erased { .. } => "erased",
    };
    (name, None, None, None)
}

const fn caller_id_name(outcome: CallerIdOutcome) -> &'static str {
    match outcome {
        CallerIdOutcome::Sent => "leg_caller_id_sent",
        CallerIdOutcome::Cut => "leg_caller_id_cut",
        CallerIdOutcome::Unanswered => "leg_caller_id_unanswered",
        CallerIdOutcome::Impossible => "leg_caller_id_impossible",
    }
}

const fn line_name(news: LineNews) -> &'static str {
    match news {
        LineNews::Dead => "line_dead",
        LineNews::Alive => "line_alive",
        LineNews::InUse => "line_in_use",
        LineNews::Free => "line_free",
        LineNews::HungUp { .. } => "line_hung_up",
        LineNews::FalseHangUp { .. } => "line_false_hang_up",
        LineNews::Learned { .. } => "line_learned",
        LineNews::Unlearned { .. } => "line_unlearned",
        LineNews::Balanced { .. } => "line_balanced",
        LineNews::Lifeline { .. } => "lifeline_tested",
        LineNews::Flashed => "line_flashed",
    }
}

const fn conference_name(what: ConferenceEvent) -> &'static str {
    match what {
        ConferenceEvent::Joined { moderator: false } => "conference_joined",
        ConferenceEvent::Joined { moderator: true } => "conference_led",
        ConferenceEvent::Refused => "conference_refused",
        ConferenceEvent::Waits => "conference_waits",
        ConferenceEvent::Left => "conference_left",
        ConferenceEvent::Muted { muted: true } => "conference_muted",
        ConferenceEvent::Muted { muted: false } => "conference_unmuted",
        ConferenceEvent::Locked { locked: true } => "conference_locked",
        ConferenceEvent::Locked { locked: false } => "conference_unlocked",
    }
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

/// A short name for a registration that does not show the phone's instance id.
fn phone_id(owner: &EntryId, key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let hash: String = hash.iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{owner}-{hash}")
}

fn millis(duration: core::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
