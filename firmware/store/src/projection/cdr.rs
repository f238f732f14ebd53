//! One row a call.

use core::time::Duration;

use model::{
    CallId, Cause, EntryId, EventBody, Instant, LegId, LegKind, PartyId, Record, Rule, Seq, Target,
    Trust, Wall,
};
use serde::{Deserialize, Serialize};

/// The call detail record: what a list of calls shows. Durations are by the monotonic clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cdr {
    /// The call.
    pub call: CallId,
    /// Position of the call's first event in the ledger.
    pub first_seq: Seq,
    /// When it began.
    pub started: Wall,
    /// How far `started`, `answered` and `ended` can be believed.
    pub trust: Trust,
    /// When it was answered, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Wall>,
    /// When it ended; none while it goes on. After a power failure: the last moment known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Wall>,
    /// From start to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// From the answer to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<Duration>,
    /// Who called, as presented.
    pub from: PartyId,
    /// What was dialled.
    pub to: PartyId,
    /// The configuration entry that called, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<EntryId>,
    /// Where the call went last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The entry whose phone answered; none for the exchange's own services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<EntryId>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The rule that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<Rule>,
}

/// A leg as far as the CDR needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldLeg {
    /// The leg.
    pub id: LegId,
    /// Its entry; none for the exchange itself.
    pub owner: Option<EntryId>,
    /// Whether it goes on.
    pub open: bool,
}

/// Folds the events of one call, in order, into its [`Cdr`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CdrFold {
    /// The record so far.
    pub cdr: Cdr,
    /// Every leg the call has had.
    pub legs: Vec<FoldLeg>,
    /// Monotonic time of the start, in the boot of the call.
    pub started_at: Instant,
    /// Monotonic time of the answer.
    pub answered_at: Option<Instant>,
}

impl CdrFold {
    /// Begins with the call's first event; `None` if `record` is no `CallStarted` of a call.
    #[must_use]
    pub fn begin(record: &Record) -> Option<Self> {
        let EventBody::CallStarted { from, to } = record.event.body else {
            return None;
        };
        Some(Self {
            cdr: Cdr {
                call: record.event.call?,
                first_seq: record.seq,
                started: record.at.wall,
                trust: record.at.trust,
                answered: None,
                ended: None,
                duration: None,
                talk: None,
                from,
                to,
                caller: None,
                target: None,
                answered_by: None,
                cause: None,
                rule: None,
            },
            legs: Vec::new(),
            started_at: record.at.mono,
            answered_at: None,
        })
    }

    /// Whether the call goes on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.cdr.ended.is_none()
    }

    /// Takes the next event. Events of other calls and after the end change nothing, but for
    /// `ClockStepped`, which corrects times that were written before the clock was right.
    pub fn apply(&mut self, record: &Record) {
        if let EventBody::ClockStepped { from, to, trust } = record.event.body {
            self.cdr.correct(to.0.saturating_sub(from.0), trust);
            return;
        }
        if record.event.call != Some(self.cdr.call) || !self.is_open() {
            return;
        }
        match &record.event.body {
            EventBody::Dialled { to } => self.cdr.to = *to,
            EventBody::Routed { target } => self.cdr.target = Some(target.clone()),
            EventBody::LegStarted { kind, outbound, .. } => {
                self.leg_started(record.event.leg, kind, *outbound);
            }
            EventBody::LegEnded { .. } => {
                for leg in &mut self.legs {
                    leg.open &= Some(leg.id) != record.event.leg;
                }
            }
            EventBody::CallAnswered { by } => self.answered(record, *by),
            EventBody::CallEnded {
                cause,
                duration,
                talk,
            } => {
                self.cdr.cause = Some(*cause);
                self.ended(record, *duration, *talk);
            }
            EventBody::ExchangeStarted
            | EventBody::ExchangeStopping
            | EventBody::ExchangeStopped
            | EventBody::ClockStepped { .. }
            | EventBody::ConfigApplied { .. }
            | EventBody::Registered { .. }
            | EventBody::Unregistered { .. }
            | EventBody::CallStarted { .. }
            | EventBody::LegRang
            | EventBody::LegWaits
            | EventBody::LegEarlyMedia
            | EventBody::LegAnswered { .. }
            | EventBody::LegCodecChanged { .. }
            | EventBody::LegSecured
            | EventBody::LegFax { .. }
            | EventBody::LegCallerId { .. }
            | EventBody::LegMetered { .. }
            | EventBody::LegHeld
            | EventBody::LegResumed
            | EventBody::LegQuality { .. }
            | EventBody::RecordingStarted { .. }
            | EventBody::TrackStarted { .. }
            | EventBody::RecordingPaused { .. }
            | EventBody::RecordingResumed { .. }
            | EventBody::RecordingEnded { .. }
            | EventBody::RecordingStored { .. }
            | EventBody::RecordingLost { .. }
            | EventBody::CallJoined { .. }
            | EventBody::Conference(_)
            | EventBody::Line { .. }
            | EventBody::PortFault { .. }
            | EventBody::PortLocked { .. }
            | EventBody::MessagesWaiting { .. }
            | EventBody::PortLamp { .. }
            | EventBody::PortTested { .. }
            | EventBody::Erased { .. }
            | EventBody::Claim { .. } => {}
        }
    }

    fn answered(&mut self, record: &Record, by: LegId) {
        if self.cdr.answered.is_some() {
            return;
        }
        self.cdr.answered = Some(record.at.wall);
        self.answered_at = Some(record.at.mono);
        let leg = self.legs.iter().find(|leg| leg.id == by);
        self.cdr.answered_by = leg.and_then(|leg| leg.owner.clone());
    }

    fn ended(&mut self, record: &Record, duration: Duration, talk: Option<Duration>) {
        // After a power failure the event comes with the next start; the call was over before.
        let ended = match record.event.rule == Rule::PowerLost {
            true => self.cdr.started.plus(duration),
            false => record.at.wall,
        };
        self.cdr.ended = Some(ended);
        self.cdr.duration = Some(duration);
        self.cdr.talk = talk;
        self.cdr.rule = Some(record.event.rule);
    }

    fn leg_started(&mut self, leg: Option<LegId>, kind: &LegKind, outbound: bool) {
        let owner = match kind {
            LegKind::Phone { owner, .. }
            | LegKind::Port { owner, .. }
            | LegKind::Line { owner, .. } => Some(owner.clone()),
            LegKind::Service => None,
        };
        if !outbound && self.cdr.caller.is_none() {
            self.cdr.caller.clone_from(&owner);
        }
        if let Some(id) = leg {
            self.legs.push(FoldLeg {
                id,
                owner,
                open: true,
            });
        }
    }
}

impl Cdr {
    /// Moves the calendar times by `by_us` if they were written by a clock that nobody had
    /// checked. To be called for every step of the clock in the boot of the call.
    pub(crate) fn correct(&mut self, by_us: i64, trust: Trust) {
        if self.trust == Trust::Synced {
            return;
        }
        let times = [
            Some(&mut self.started),
            self.answered.as_mut(),
            self.ended.as_mut(),
        ];
        for time in times.into_iter().flatten() {
            time.0 = time.0.saturating_add(by_us);
        }
        self.trust = trust;
    }
}
