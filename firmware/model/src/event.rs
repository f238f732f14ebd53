//! Facts that happened, in the past tense: the ledger.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Absence, CallId, CallerField, CallerIdScheme, Cause, Codec, EntryId, FaxTone, Instant, LegId,
    LifelineVerdict, Now, PartyId, PortId, Protection, QualityMinute, RecordingId, Rule, Seq,
    TapId, ToneEvidence, ToneSignature, Transport, Trust, Wall, limits::IMPEDANCES,
};

/// A line of the ledger. Append-only; the sequence has no gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position, the only order there is.
    pub seq: Seq,
    /// When it happened.
    pub at: Now,
    /// What happened.
    pub event: Event,
}

/// What happened, to which call and leg, and the rule that decided it. Holds ids and values,
/// never sentences and never people's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The call it belongs to, if any.
    pub call: Option<CallId>,
    /// The leg it belongs to, if any.
    pub leg: Option<LegId>,
    /// Which rule fired.
    pub rule: Rule,
    /// The fact itself.
    pub body: EventBody,
}

/// What a call is routed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// A person; all phones of the person ring.
    Person(EntryId),
    /// A phone that is nobody's: a room, a door.
    Device(EntryId),
    /// The set on an analog port.
    Analog(EntryId),
    /// The echo test.
    EchoTest,
    /// A conference.
    Conference(EntryId),
    /// The public network.
    Outside,
}

/// What a leg is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegKind {
    /// A SIP phone of this person or device.
    Phone {
        /// The configuration entry that registered or authenticated.
        owner: EntryId,
        /// How its signalling travels.
        transport: Transport,
    },
    /// The set on an analog port.
    Port {
        /// The `[[analog]]` entry.
        owner: EntryId,
        /// The jack.
        port: PortId,
    },
    /// An outside line on a port.
    Line {
        /// The `[[line]]` entry.
        owner: EntryId,
        /// The jack.
        port: PortId,
    },
    /// The exchange itself: echo test, later prompts.
    Service,
}

/// A sign by which a line shows that the far party has hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineSign {
    /// The loop was not fed for a moment.
    LoopBreak,
    /// The polarity changed.
    Reversal,
    /// Busy, congestion or howler tone.
    Tone,
    /// Dial tone.
    DialTone,
    /// Silence for long.
    Silence,
}

/// What is found out about an outside line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineNews {
    /// The idle line has no battery: unplugged, or the wire is cut.
    Dead,
    /// The line has battery again.
    Alive,
    /// A parallel set took the line.
    InUse,
    /// The parallel set released it.
    Free,
    /// The far party hung up.
    HungUp {
        /// How that showed.
        sign: LineSign,
        /// By what a tone was known.
        tone: Option<ToneEvidence>,
        /// The track with the last seconds of its sound.
        #[serde(default)]
        evidence: Option<TapId>,
    },
    /// Somebody spoke although a sign of a hang-up had been believed.
    FalseHangUp {
        /// The sign.
        sign: LineSign,
    },
    /// The tone of a hang-up was learned.
    Learned {
        /// How it sounds.
        tone: ToneSignature,
    },
    /// A tone that was learned turned out to be none of a hang-up.
    Unlearned {
        /// How it sounds.
        tone: ToneSignature,
    },
    /// The impedance that balances the line best was searched for.
    Balanced {
        /// Its place in the list of impedances that ports have; `None`: the search did not come off.
        best: Option<u8>,
        /// Echo return loss with each in tenths of a dB, in the order of that list.
        erl_db10: [Option<i16>; IMPEDANCES],
    },
    /// Its lifeline was tested.
    Lifeline {
        /// What was found.
        verdict: LifelineVerdict,
    },
    /// When the exchange started, its line was in use: the set of its lifeline is left on it until it is free.
    SetLeft,
    /// That set is back at its own port.
    SetBack,
    /// The loop was opened for a moment, to ask the exchange at the other end for something.
    Flashed,
    /// The line was lifted before anybody answered, to ask for the caller's number: the caller pays from here on.
    LiftedToAsk,
    /// What became of that.
    Asked {
        /// Whether the exchange told it.
        outcome: CallerIdOutcome,
        /// How often it was asked.
        requests: u8,
    },
}

/// The media of one leg in one direction pair, from joining to leaving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFigures {
    /// RTP packets that came and were used.
    pub packets_in: u64,
    /// RTP packets that we sent.
    pub packets_out: u64,
    /// Packets that never came, by sequence number.
    pub lost: u64,
    /// Packets that came too late to be played.
    pub late: u64,
    /// Packets that came twice.
    pub duplicate: u64,
    /// Packets from a source that is not proven, never heard.
    pub stranger: u64,
    /// Packets that were no RTP or had an unknown payload type.
    pub malformed: u64,
    /// Interarrival jitter of RFC 3550 §6.4.1, highest, in µs.
    pub jitter_us_max: u32,
    /// Loss that the far end reported (RTCP), packets.
    pub lost_far: u64,
    /// Round trip by RTCP, last, in µs; 0 = unknown.
    pub round_trip_us: u32,
    /// Concealed samples.
    pub concealed: u64,
}

/// What happens to somebody who dialled the number of a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConferenceEvent {
    /// May enter, and hears the greeting first.
    Greeted,
    /// Let in.
    Joined {
        /// As a moderator.
        moderator: bool,
    },
    /// Not let in; the rule says why.
    Refused,
    /// Waits until a moderator comes.
    Waits,
    /// No longer in the conference.
    Left,
    /// No longer heard, or heard again.
    Muted {
        /// Not heard from now on.
        muted: bool,
    },
    /// A moderator locked the conference or opened it again.
    Locked {
        /// Nobody but moderators is let in from now on.
        locked: bool,
    },
}

/// What became of telling a set who calls, or of a line that was to tell us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerIdOutcome {
    /// All of it went out, or came.
    Sent,
    /// The set was lifted, or the caller hung up, before that.
    Cut,
    /// A set in a call was asked whether it can read, or an exchange for the number, and did not answer.
    Unanswered,
    /// The port cannot do it in this way, or nothing was free to do it with.
    Impossible,
}

/// What a set is told of one thing about a caller; never the thing itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallerTold {
    /// Nothing.
    Nothing,
    /// What it is.
    Text,
    /// That the caller does not want it told.
    Private,
    /// That it is not known, or cannot be told.
    Unavailable,
}

impl From<&CallerField> for CallerTold {
    fn from(field: &CallerField) -> Self {
        match field {
            CallerField::None => Self::Nothing,
            CallerField::Text(_) => Self::Text,
            CallerField::Absent(Absence::Private) => Self::Private,
            CallerField::Absent(_) => Self::Unavailable,
        }
    }
}

/// What becomes of a claim code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStep {
    /// One was made at the box; it is good for a while.
    Made,
    /// Somebody became administrator by it.
    Used,
}

impl ClaimStep {
    /// Why it happened.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::Made => Rule::ButtonHeld,
            Self::Used => Rule::ClaimCode,
        }
    }
}

/// The facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventBody {
    /// The program started.
    ExchangeStarted,
    /// New calls are refused from now on.
    ExchangeStopping,
    /// The last event of an orderly stop.
    ExchangeStopped,
    /// The calendar clock moved against the monotonic one.
    ClockStepped {
        /// What the clock would have said.
        from: Wall,
        /// What it says.
        to: Wall,
        /// How far it can be believed now.
        trust: Trust,
    },
    /// A version of the configuration is in force.
    ConfigApplied {
        /// The version's number in the history.
        version: u64,
    },
    /// A phone appeared at a new contact.
    Registered {
        /// Person or device.
        owner: EntryId,
        /// Contact and user agent, as a party: number = contact URI, name = User-Agent.
        contact: PartyId,
        /// How its signalling travels.
        transport: Transport,
    },
    /// A phone is gone from a contact.
    Unregistered {
        /// Person or device.
        owner: EntryId,
        /// The party of the `Registered` event, if it is still known.
        contact: Option<PartyId>,
    },
    /// Somebody began to call.
    CallStarted {
        /// Who, as presented.
        from: PartyId,
        /// What was dialled; empty number until an analog set has dialled.
        to: PartyId,
    },
    /// An analog set finished dialling.
    Dialled {
        /// The digits.
        to: PartyId,
    },
    /// The exchange decided where the call goes.
    Routed {
        /// Where to.
        target: Target,
    },
    /// A leg came to be: the caller's with the call, others as they are rung.
    LegStarted {
        /// What it is made of.
        kind: LegKind,
        /// Whether the exchange called the party (`true`) or the party called (`false`).
        outbound: bool,
        /// The party as presented, if known.
        party: Option<PartyId>,
    },
    /// The party's phone rings.
    LegRang,
    /// The party's phone is to ring and has to wait for it.
    LegWaits,
    /// Sound before the answer.
    LegEarlyMedia,
    /// The party answered.
    LegAnswered {
        /// The codec agreed on; none for a port.
        codec: Option<Codec>,
        /// Whether its packets are protected.
        #[serde(default)]
        protection: Protection,
    },
    /// The leg's codec changed during the call.
    LegCodecChanged {
        /// The codec now.
        codec: Codec,
        /// Whether its packets are protected.
        #[serde(default)]
        protection: Protection,
    },
    /// The keys of the leg are there: its packets are protected in both directions.
    LegSecured,
    /// A fax machine was heard: the sound of the call is left as it comes from now on.
    LegFax {
        /// What it said.
        tone: FaxTone,
    },
    /// The set was told who calls, or could not be.
    LegCallerId {
        /// In which way.
        scheme: CallerIdScheme,
        /// How that ended.
        outcome: CallerIdOutcome,
        /// What it was told of the number.
        number: CallerTold,
        /// What it was told of the name.
        name: CallerTold,
    },
    /// The set was sent metering pulses for an outside call.
    LegMetered {
        /// How many.
        pulses: u32,
    },
    /// The party put the others on hold.
    LegHeld,
    /// The party is back.
    LegResumed,
    /// The parties of this call and of another hear each other.
    CallJoined {
        /// The other call.
        with: CallId,
    },
    /// Something happened to the party in a conference.
    Conference(ConferenceEvent),
    /// The leg is over.
    LegEnded {
        /// Why.
        cause: Cause,
        /// The SIP status that said so, if one did.
        status: Option<u16>,
        /// Media of the whole leg.
        media: MediaFigures,
    },
    /// Two parties talk: the talk time runs from here.
    CallAnswered {
        /// The leg that answered.
        by: LegId,
    },
    /// The call is over: the last event of a call.
    CallEnded {
        /// Why.
        cause: Cause,
        /// From first to last event, by the monotonic clock.
        duration: Duration,
        /// From the answer on, by the monotonic clock.
        talk: Option<Duration>,
    },
    /// How the leg sounded in the last minute, or in what there was of it.
    LegQuality {
        /// The figures.
        minute: QualityMinute,
    },
    /// The call is recorded from here on.
    RecordingStarted {
        /// The recording.
        recording: RecordingId,
    },
    /// What the party says is recorded from here on.
    TrackStarted {
        /// The recording that it is a part of.
        recording: RecordingId,
        /// Further ones, of others in the same conference. Not in ledgers of the first version, which
        /// have an event for each recording.
        #[serde(default)]
        also: Vec<RecordingId>,
        /// The party's track in them.
        tap: TapId,
        /// Tracks of the others in the conference that this party came to. They go on as before and are a
        /// part of `recording`, which is the one of this party's call, from the beginning of `tap` on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shares: Vec<SharedTrack>,
    },
    /// Somebody asked that nothing be recorded for a while.
    RecordingPaused {
        /// The recording.
        recording: RecordingId,
    },
    /// Recorded again.
    RecordingResumed {
        /// The recording.
        recording: RecordingId,
    },
    /// Nothing more comes.
    RecordingEnded {
        /// The recording.
        recording: RecordingId,
    },
    /// The recording can be listened to.
    RecordingStored {
        /// The recording.
        recording: RecordingId,
        /// How long it is, in ms.
        ms: u64,
        /// Bytes of the file.
        bytes: u64,
        /// SHA-256 of the file, in hexadecimal digits.
        sha256: String,
    },
    /// Nothing of the recording could be kept.
    RecordingLost {
        /// The recording.
        recording: RecordingId,
    },
    /// A port went out of service or came back.
    PortFault {
        /// The jack.
        port: PortId,
        /// Whether it is out of service now.
        out_of_service: bool,
    },
    /// The line of a set that was left off hook is switched off, or works again.
    PortLocked {
        /// The jack.
        port: PortId,
        /// Whether it is switched off now.
        locked: bool,
    },
    /// Messages wait for whoever uses a set, or none any more.
    MessagesWaiting {
        /// The `[[analog]]` entry.
        set: EntryId,
        /// How many; 0 = none.
        messages: u8,
    },
    /// The lamp of a set for messages was lit or put out.
    PortLamp {
        /// The jack.
        port: PortId,
        /// Whether it is lit now.
        lit: bool,
    },
    /// A set was told of a caller who is none, to see whether it shows it.
    PortTested {
        /// The jack.
        port: PortId,
        /// In which way.
        scheme: CallerIdScheme,
        /// How that ended.
        outcome: CallerIdOutcome,
    },
    /// Something was found out about an outside line.
    Line {
        /// The jack.
        port: PortId,
        /// What.
        news: LineNews,
    },
    /// People's data behind this id was erased.
    Erased {
        /// The emptied row.
        party: PartyId,
    },
    /// The door for a new administrator moved. The code itself is nowhere in the books.
    Claim {
        /// How.
        step: ClaimStep,
    },
}

/// A track that goes on when it becomes a part of one recording more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedTrack {
    /// The track.
    pub tap: TapId,
    /// Whose voice.
    pub leg: LegId,
}

impl Record {
    /// The monotonic time of the event.
    #[must_use]
    pub const fn mono(&self) -> Instant {
        self.at.mono
    }
}
