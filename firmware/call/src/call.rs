//! One call: its legs and how far it has come.

use crate::{Ring, outside::Outside};
use model::{CallId, Cause, EntryId, Instant, LegId, Party};

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Inbound, not answered by us; or outbound, being tried or ringing.
    Trying,
    /// Connected.
    Up,
    /// Released by us; `Gone` is awaited.
    Leaving,
}

/// One party's connection.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) stage: Stage,
    pub(crate) rang: bool,
    /// It sends sound before its answer.
    pub(crate) early: bool,
    /// The caller is given that sound.
    pub(crate) heard: bool,
    pub(crate) held: bool,
    /// The calls of this party are recorded.
    pub(crate) recorded: bool,
    /// Why it ended, once it did.
    pub(crate) cause: Option<Cause>,
    pub(crate) status: Option<u16>,
}

impl Leg {
    pub(crate) fn new(id: LegId, recorded: bool) -> Self {
        Self {
            id,
            recorded,
            stage: Stage::Trying,
            rang: false,
            early: false,
            heard: false,
            held: false,
            cause: None,
            status: None,
        }
    }
}

/// How far a call has come, with what belongs to that stage only.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// A set is dialling.
    Dialling {
        digits: String,
        /// When the digits are taken as they are, or the call is given up.
        deadline: Instant,
        /// What is called then if nothing is dialled.
        warm: Option<String>,
    },
    /// Legs are being tried.
    Ringing { deadline: Instant },
    /// Somebody took the call; the caller's answer is on its way.
    Answering { by: LegId },
    /// The caller hears why the call is refused.
    TurnedAway,
    /// Two parties are connected, or a party and a service.
    Talking { since: Instant },
    /// Over; legs are leaving.
    Ending(End),
}

/// What the exchange itself answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// The echo test.
    Echo,
    /// A conference.
    Room(EntryId),
}

/// What is known once a call is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) cause: Cause,
    pub(crate) rule: model::Rule,
    pub(crate) at: Instant,
    pub(crate) talk: Option<core::time::Duration>,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    pub(crate) started: Instant,
    pub(crate) phase: Phase,
    /// The caller's leg is the first; legs that are gone are taken out.
    pub(crate) legs: Vec<Leg>,
    pub(crate) caller: LegId,
    pub(crate) from: Party,
    /// Who answers, if it is the exchange itself.
    pub(crate) service: Option<Service>,
    /// How sets ring for it.
    pub(crate) ring: Ring,
    /// What is dialled outside, if that is where the call leads.
    pub(crate) outside: Option<Outside>,
    /// The call whose party this one's talks with, since a set that was with both left.
    pub(crate) joined: Option<CallId>,
    /// The best reason so far why nobody took the call.
    pub(crate) refusal: Option<(Cause, model::Rule)>,
}

impl Call {
    pub(crate) fn leg(&mut self, id: LegId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == id)
    }

    /// Whom this leg talks with, when two parties are connected.
    pub(crate) fn partner(&self, id: LegId) -> Option<LegId> {
        if !matches!(self.phase, Phase::Talking { .. }) {
            return None;
        }
        let up = |leg: &&Leg| leg.id != id && leg.stage == Stage::Up;
        self.legs.iter().find(up).map(|leg| leg.id)
    }

    /// Outbound legs that may still answer.
    pub(crate) fn trying(&self) -> impl Iterator<Item = &Leg> {
        let caller = self.caller;
        self.legs
            .iter()
            .filter(move |leg| leg.id != caller && leg.stage == Stage::Trying)
    }

    pub(crate) fn deadline(&self) -> Option<(Instant, &'static str)> {
        match &self.phase {
            Phase::Dialling { deadline, .. } => Some((*deadline, "dialling")),
            Phase::Ringing { deadline } => Some((*deadline, "ring time")),
            Phase::Answering { .. }
            | Phase::TurnedAway
            | Phase::Talking { .. }
            | Phase::Ending(_) => None,
        }
    }

    /// Keeps the reason that tells the caller most: busy before refused before everything else.
    pub(crate) fn note_refusal(&mut self, cause: Cause, rule: model::Rule) {
        let weight = |cause: Cause| match cause {
            Cause::Busy => 3,
            Cause::Rejected => 2,
            Cause::NotAcceptable => 1,
            _ => 0,
        };
        if self
            .refusal
            .is_none_or(|(known, _)| weight(cause) > weight(known))
        {
            self.refusal = Some((cause, rule));
        }
    }
}
