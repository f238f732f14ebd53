//! What goes on now: registrations and calls in progress, for the panel's live page.

use std::collections::BTreeMap;

use model::{
    Binding, CallId, EntryId, EventBody, Instant, LegId, LegKind, Party, PartyId, Record, Seq,
    Target, Transport, Wall,
};

/// A phone that can be rung.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Person or device.
    pub owner: EntryId,
    /// The contact URI.
    pub contact: String,
    /// The phone's own name of itself.
    pub user_agent: String,
    /// How its signalling travels.
    pub transport: Transport,
}

/// How far a leg or call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LiveState {
    /// It began.
    Trying,
    /// The phone rings.
    Ringing,
    /// The parties talk.
    Talking,
    /// On hold.
    Held,
}

/// A leg of a call in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLeg {
    /// The leg.
    pub id: LegId,
    /// What it is made of.
    pub kind: LegKind,
    /// Whether the exchange called the party.
    pub outbound: bool,
    /// The party as presented.
    pub party: Option<PartyId>,
    /// How far it has come.
    pub state: LiveState,
}

/// A call in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCall {
    /// The call.
    pub call: CallId,
    /// When it began, for people.
    pub started: Wall,
    /// When it began, for durations.
    pub started_at: Instant,
    /// When it was answered, for durations.
    pub answered_at: Option<Instant>,
    /// Who called.
    pub from: PartyId,
    /// What was dialled.
    pub to: PartyId,
    /// Where it went.
    pub target: Option<Target>,
    /// Its legs that go on, in the order they began.
    pub legs: Vec<LiveLeg>,
}

impl LiveCall {
    /// How far the call has come: its most advanced called leg.
    #[must_use]
    pub fn state(&self) -> LiveState {
        if self.answered_at.is_some() {
            return LiveState::Talking;
        }
        let called = self.legs.iter().filter(|leg| leg.outbound);
        called
            .map(|leg| leg.state)
            .max()
            .unwrap_or(LiveState::Trying)
    }
}

/// The present, folded from the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveView {
    /// The last record folded in.
    pub seq: Seq,
    /// Phones that can be rung, by owner and contact.
    pub registrations: BTreeMap<(EntryId, String), Registration>,
    /// Calls in progress by id.
    pub calls: BTreeMap<CallId, LiveCall>,
    /// A phone went whose contact the event could not name (it registered before the last start):
    /// read the view anew with [`crate::Reader::live`].
    pub stale: bool,
}

impl LiveView {
    /// The present as of record `seq`, with these registrations and no call.
    #[must_use]
    pub fn new(seq: Seq, bindings: &[Binding]) -> Self {
        let registration = |binding: &Binding| {
            let key = (binding.owner.clone(), binding.contact.clone());
            let registration = Registration {
                owner: binding.owner.clone(),
                contact: binding.contact.clone(),
                user_agent: binding.user_agent.clone(),
                transport: binding.transport,
            };
            (key, registration)
        };
        Self {
            seq,
            registrations: bindings.iter().map(registration).collect(),
            calls: BTreeMap::new(),
            stale: false,
        }
    }

    /// Takes the next record; those up to [`Self::seq`] are in it already and change nothing.
    /// `party` finds people's data. Returns whether the view changed.
    pub fn apply(&mut self, record: &Record, party: &dyn Fn(PartyId) -> Option<Party>) -> bool {
        if record.seq <= self.seq {
            return false;
        }
        self.seq = record.seq;
        self.apply_past(record, party)
    }

    /// As [`Self::apply`] for a record that belongs before [`Self::seq`].
    pub(crate) fn apply_past(
        &mut self,
        record: &Record,
        party: &dyn Fn(PartyId) -> Option<Party>,
    ) -> bool {
        match &record.event.body {
            // A start of the program: whatever was going on is over, recovery has closed it.
            EventBody::ExchangeStarted => {
                let changed = !self.calls.is_empty();
                self.calls.clear();
                changed
            }
            EventBody::Registered {
                owner,
                contact,
                transport,
            } => {
                let Some(Party { number, name }) = party(*contact) else {
                    return false;
                };
                let key = (owner.clone(), number.clone());
                let registration = Registration {
                    owner: owner.clone(),
                    contact: number,
                    user_agent: name,
                    transport: *transport,
                };
                self.registrations.insert(key, registration);
                true
            }
            EventBody::Unregistered { owner, contact } => {
                let known = contact.and_then(party);
                let before = self.registrations.len();
                match known {
                    Some(party) => {
                        self.registrations.remove(&(owner.clone(), party.number));
                    }
                    None => self.stale = true,
                }
                self.stale || self.registrations.len() != before
            }
            _ => self.apply_call(record),
        }
    }

    fn apply_call(&mut self, record: &Record) -> bool {
        let Some(id) = record.event.call else {
            return false;
        };
        if let EventBody::CallStarted { from, to } = record.event.body {
            let call = LiveCall {
                call: id,
                started: record.at.wall,
                started_at: record.at.mono,
                answered_at: None,
                from,
                to,
                target: None,
                legs: Vec::new(),
            };
            self.calls.insert(id, call);
            return true;
        }
        if matches!(record.event.body, EventBody::CallEnded { .. }) {
            return self.calls.remove(&id).is_some();
        }
        let Some(call) = self.calls.get_mut(&id) else {
            return false;
        };
        match &record.event.body {
            EventBody::Dialled { to } => call.to = *to,
            EventBody::Routed { target } => call.target = Some(target.clone()),
            EventBody::CallAnswered { .. } => call.answered_at = Some(record.at.mono),
            body => {
                let Some(leg) = record.event.leg else {
                    return false;
                };
                return call.apply_leg(leg, body);
            }
        }
        true
    }
}

impl LiveCall {
    fn apply_leg(&mut self, id: LegId, body: &EventBody) -> bool {
        let state = match body {
            EventBody::LegStarted {
                kind,
                outbound,
                party,
            } => {
                self.legs.push(LiveLeg {
                    id,
                    kind: kind.clone(),
                    outbound: *outbound,
                    party: *party,
                    state: LiveState::Trying,
                });
                return true;
            }
            EventBody::LegEnded { .. } => {
                self.legs.retain(|leg| leg.id != id);
                return true;
            }
            EventBody::LegRang => LiveState::Ringing,
            EventBody::LegAnswered { .. } | EventBody::LegResumed => LiveState::Talking,
            EventBody::LegHeld => LiveState::Held,
            EventBody::ExchangeStarted
            | EventBody::ExchangeStopping
            | EventBody::ExchangeStopped
            | EventBody::ClockStepped { .. }
            | EventBody::ConfigApplied { .. }
            | EventBody::Registered { .. }
            | EventBody::Unregistered { .. }
            | EventBody::CallStarted { .. }
            | EventBody::Dialled { .. }
            | EventBody::Routed { .. }
            | EventBody::LegWaits
            | EventBody::LegEarlyMedia
            | EventBody::LegCodecChanged { .. }
            | EventBody::CallJoined { .. }
            | EventBody::Conference(_)
            | EventBody::LegSecured
            | EventBody::LegFax { .. }
            | EventBody::LegCallerId { .. }
            | EventBody::LegMetered { .. }
            | EventBody::CallAnswered { .. }
            | EventBody::CallEnded { .. }
            | EventBody::LegQuality { .. }
            | EventBody::RecordingStarted { .. }
            | EventBody::TrackStarted { .. }
            | EventBody::RecordingPaused { .. }
            | EventBody::RecordingResumed { .. }
            | EventBody::RecordingEnded { .. }
            | EventBody::RecordingStored { .. }
            | EventBody::RecordingLost { .. }
            | EventBody::Line { .. }
            | EventBody::PortFault { .. }
            | EventBody::PortLocked { .. }
            | EventBody::MessagesWaiting { .. }
            | EventBody::PortLamp { .. }
            | EventBody::PortTested { .. }
            | EventBody::Erased { .. }
            | EventBody::Claim { .. } => return false,
        };
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.id == id) else {
            return false;
        };
        leg.state = state;
        true
    }
}
