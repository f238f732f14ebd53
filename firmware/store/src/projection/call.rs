//! Everything about one call: what `call explain` and the panel's time line show.

use core::time::Duration;

use model::{
    Cause, Codec, EntryId, EventBody, Instant, LegId, LegKind, MediaFigures, PartyId, Record,
};

use crate::{Cdr, CdrFold};

/// Lines of one call that are kept; a call that goes on making events shows how many are left out.
pub const LINES_MAX: usize = 2_000;

/// One call, folded from all its events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallView {
    fold: CdrFold,
    /// The parties' connections in the order they began.
    pub legs: Vec<LegView>,
    /// Every event in order, the first [`LINES_MAX`].
    pub lines: Vec<Line>,
    /// Events beyond [`LINES_MAX`].
    pub left_out: u64,
    /// The leg whose party hung up first, if one did.
    pub hung_up: Option<LegId>,
}

/// One party's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegView {
    /// The leg.
    pub id: LegId,
    /// What it is made of.
    pub kind: LegKind,
    /// Whether the exchange called the party.
    pub outbound: bool,
    /// The party as presented.
    pub party: Option<PartyId>,
    /// The codec in use.
    pub codec: Option<Codec>,
    /// From the start of the call to the start of the leg.
    pub started: Duration,
    /// From the start of the call to the answer.
    pub answered: Option<Duration>,
    /// From the start of the call to the end of the leg.
    pub ended: Option<Duration>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// Media of the whole leg; none while it goes on.
    pub media: Option<MediaFigures>,
}

/// One event of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The record, with time, leg and rule.
    pub record: Record,
    /// From the start of the call, by the monotonic clock. An event of a later start of the
    /// program (power lost) has the offset of the last moment known.
    pub offset: Duration,
}

impl LegView {
    fn end(&mut self, offset: Duration, cause: Cause, media: MediaFigures) {
        self.ended = Some(offset);
        self.cause = Some(cause);
        self.media = Some(media);
    }

    /// A leg that has just begun, so long after the call.
    const fn new(
        id: LegId,
        kind: LegKind,
        outbound: bool,
        party: Option<PartyId>,
        started: Duration,
    ) -> Self {
        Self {
            id,
            kind,
            outbound,
            party,
            codec: None,
            started,
            answered: None,
            ended: None,
            cause: None,
            media: None,
        }
    }

    /// The configuration entry of the leg; none for the exchange itself.
    #[must_use]
    pub fn owner(&self) -> Option<&EntryId> {
        match &self.kind {
            LegKind::Phone { owner, .. }
            | LegKind::Port { owner, .. }
            | LegKind::Line { owner, .. } => Some(owner),
            LegKind::Service => None,
        }
    }
}

impl CallView {
    /// Begins with the call's first event; `None` if `record` is no `CallStarted` of a call.
    #[must_use]
    pub fn begin(record: &Record) -> Option<Self> {
        let mut view = Self {
            fold: CdrFold::begin(record)?,
            legs: Vec::new(),
            lines: Vec::new(),
            left_out: 0,
            hung_up: None,
        };
        view.push(record, Duration::ZERO);
        Some(view)
    }

    /// The call's detail record so far.
    #[must_use]
    pub fn cdr(&self) -> &Cdr {
        &self.fold.cdr
    }

    /// Takes over corrections of the calendar time that the stored record has.
    pub(crate) fn set_cdr(&mut self, cdr: Cdr) {
        self.fold.cdr = cdr;
    }

    /// The leg of that id.
    #[must_use]
    pub fn leg(&self, id: LegId) -> Option<&LegView> {
        self.legs.iter().find(|leg| leg.id == id)
    }

    /// Takes the next event; events of other calls change nothing.
    pub fn apply(&mut self, record: &Record) {
        self.fold.apply(record);
        if record.event.call != Some(self.fold.cdr.call) {
            return;
        }
        let offset = self.offset(record.at.mono, &record.event.body);
        self.apply_leg(record, offset);
        self.push(record, offset);
    }

    fn push(&mut self, record: &Record, offset: Duration) {
        if self.lines.len() < LINES_MAX {
            self.lines.push(Line {
                record: record.clone(),
                offset,
            });
        } else {
            self.left_out += 1;
        }
    }

    fn offset(&self, at: Instant, body: &EventBody) -> Duration {
        let last = self.lines.last().map_or(Duration::ZERO, |line| line.offset);
        let known = match body {
            EventBody::CallEnded { duration, .. } => *duration,
            _ => at.since(self.fold.started_at),
        };
        known.max(last)
    }

    fn apply_leg(&mut self, record: &Record, offset: Duration) {
        let Some(id) = record.event.leg else { return };
        if let EventBody::LegStarted {
            kind,
            outbound,
            party,
        } = &record.event.body
        {
            let leg = LegView::new(id, kind.clone(), *outbound, *party, offset);
            self.legs.push(leg);
            return;
        }
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.id == id) else {
            return;
        };
        match &record.event.body {
            EventBody::LegAnswered { codec, .. } => {
                leg.answered = Some(offset);
                leg.codec = *codec;
            }
            EventBody::LegCodecChanged { codec, .. } => leg.codec = Some(*codec),
            EventBody::LegEnded { cause, media, .. } => {
                leg.end(offset, *cause, *media);
                if self.hung_up.is_none() && record.event.rule == model::Rule::PartyHungUp {
                    self.hung_up = Some(id);
                }
            }
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
            | EventBody::LegStarted { .. }
            | EventBody::LegRang
            | EventBody::LegWaits
            | EventBody::LegEarlyMedia
            | EventBody::LegSecured
            | EventBody::LegFax { .. }
            | EventBody::LegCallerId { .. }
            | EventBody::LegMetered { .. }
            | EventBody::LegHeld
            | EventBody::LegResumed
            | EventBody::CallJoined { .. }
            | EventBody::Conference(_)
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
            | EventBody::Claim { .. } => {}
        }
    }
}
