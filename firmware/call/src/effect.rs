//! What goes into call control and what comes out.

use model::{
    CallId, Cause, Chime, Clip, Codec, Digit, EntryId, Event, LegId, LegKind, MediaFigures, Party,
    PartyId, PortId, Prompt, Protection, Rule, SecurityFault, TapId,
};

use crate::Phone;

/// A call that begins.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// What the caller's leg is made of.
    pub kind: LegKind,
    /// Who calls, as presented.
    pub from: Party,
    /// What was dialled; `None`: a set was lifted and has yet to dial.
    pub dialled: Option<String>,
    /// The binding from which the call came, never rung by its own call.
    pub own: Option<Phone>,
    /// Why the call cannot go on although it is begun for the ledger: no port pair, no codec.
    pub obstacle: Option<(Cause, Rule)>,
}

/// What happened to a leg, told by the translator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEvent {
    /// The party's phone rings.
    Rang,
    /// The party's phone cannot ring yet; the rule says why.
    Waits(Rule),
    /// The party's side sends sound before the answer.
    EarlyMedia,
    /// The party answered.
    Answered(Option<Codec>, Protection),
    /// The codec changed during the call.
    CodecChanged(Codec, Protection),
    /// The keys are there.
    Secured,
    /// There will be no keys, or the far end breaks the agreed protection: the leg is over.
    SecurityFailed(SecurityFault),
    /// The party did not take the call, or the leg failed before the answer.
    Refused {
        /// Why.
        cause: Cause,
        /// The SIP status that said so.
        status: Option<u16>,
    },
    /// The party hung up, or the leg was lost: `Normal` and `Cancelled` are people, all others faults.
    Ended(Cause),
    /// The far end fell silent; the rule says how that was noticed.
    Lost(Rule),
    /// A line's far party answered, as this rule saw.
    LineAnswered(Rule),
    /// The carrier did not connect the call.
    LineRefused {
        /// Why.
        cause: Cause,
        /// How that was seen.
        rule: Rule,
    },
    /// The line cannot carry the call; another one may.
    LineFailed(Rule),
    /// A line's far party hung up, as this rule saw.
    LineEnded(Rule),
    /// The party put us on hold.
    Held,
    /// The party is back.
    Resumed,
    /// The prompt that the leg hears is over, or cannot be played.
    PromptEnded,
    /// The party pressed a key.
    Digit(Digit),
    /// All resources of a released leg are free; always the last event of a leg.
    Gone(MediaFigures),
}

/// How a set is rung, so that people know before they lift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// Somebody of the house calls.
    Inside,
    /// Somebody calls over an outside line.
    Outside,
    /// Whom the set holds is still there.
    Back,
}

/// What a leg hears from the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Nothing.
    Silence,
    /// Invitation to dial.
    Dial,
    /// Invitation to dial while somebody is held.
    RecallDial,
    /// The far phone rings.
    Ringback,
    /// Itself.
    Echo,
    /// The music of the office.
    Music,
    /// This once; `PromptEnded` follows.
    Prompt(Prompt),
    /// What the office brought for the guests of a conference, once; `PromptEnded` follows.
    Greeting(Clip),
}

/// A wish of call control, executed by the translator in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A fact for the ledger.
    Event(Event),
    /// People's data behind an id, always before the first event that names it.
    Party(PartyId, Party),
    /// Call a registered phone.
    CallPhone {
        /// The new leg.
        leg: LegId,
        /// The call, for the translator's own events.
        call: CallId,
        /// Whom.
        phone: Phone,
        /// Who calls, as presented.
        from: Party,
        /// The caller's leg, whose codecs are offered first.
        caller: LegId,
    },
    /// Ring the set on a port.
    RingPort {
        /// The new leg.
        leg: LegId,
        /// The call.
        call: CallId,
        /// Which jack.
        port: PortId,
        /// Who calls, as presented.
        from: Party,
        /// What the bell says.
        ring: Ring,
    },
    /// Call a number of the public network on an outside line.
    CallLine {
        /// The new leg.
        leg: LegId,
        /// The call.
        call: CallId,
        /// The line's jack.
        port: PortId,
        /// The digits.
        number: String,
    },
    /// Tell the person at a set that is in a call of a second caller.
    WaitPort {
        /// The new leg.
        leg: LegId,
        /// The call.
        call: CallId,
        /// Which jack.
        port: PortId,
        /// Who calls, as presented.
        from: Party,
    },
    /// The ear and the mouth of a set belong to this leg of it from now on, and to no other.
    Attend {
        /// The leg.
        leg: LegId,
        /// Which jack.
        port: PortId,
    },
    /// The set and both its parties hear each other, and nothing else, from now on.
    Unite {
        /// Which jack.
        port: PortId,
        /// The set's legs.
        legs: [LegId; 2],
        /// Whom each of them is connected with.
        parties: [Option<LegId>; 2],
    },
    /// Tell the caller that it rings.
    Alert(LegId),
    /// Answer the caller.
    Answer(LegId),
    /// End a leg, in whatever state it is; `Gone` follows.
    Release {
        /// The leg.
        leg: LegId,
        /// Why, so that the party gets the right status or tone.
        cause: Cause,
    },
    /// The two hear each other, and nothing else, from now on.
    Connect(LegId, LegId),
    /// Before the answer: the caller hears the called side (early media).
    ConnectEarly {
        /// Who called.
        caller: LegId,
        /// Who sends sound.
        called: LegId,
    },
    /// The leg hears this and nothing else.
    Play(LegId, Sound),
    /// Nobody answers, but the caller is to hear what follows.
    AnswerEarly(LegId),
    /// The leg hears again whoever it is connected with.
    Return(LegId),
    /// The leg and all others in the room hear each other, and nothing else, from now on.
    Join {
        /// Who comes in.
        leg: LegId,
        /// Which conference.
        room: EntryId,
    },
    /// Whether one in a room hears another; everybody hears everybody until said otherwise.
    Hearing {
        /// Who hears.
        listener: LegId,
        /// Whom.
        speaker: LegId,
        /// Whether.
        heard: bool,
    },
    /// Said to one leg over what it hears.
    Say(LegId, Prompt),
    /// A signal for all who talk in a room.
    Chime {
        /// Which conference.
        room: EntryId,
        /// Which signal.
        chime: Chime,
    },
    /// Everything this leg says goes to the track from now on.
    StartTap(LegId, TapId),
    /// Nothing goes to the track for a while, or again what the leg says.
    PauseTap {
        /// The track.
        tap: TapId,
        /// Whether it is paused from now on.
        paused: bool,
    },
    /// The track is over.
    StopTap(TapId),
}
