//! Lines whose exchange tells the caller's number only to whoever lifts and asks for it (АОН): `[[line]] caller_id =
//! "aon"`. The first ring is answered at once, so the caller pays from then on; the number is asked for by the port
//! itself (`LinePlay::AskNumber`); then the call rings inside as any other, and its caller hears our ringing
//! tone, or our busy tone when nobody takes it. Where nobody would be called nothing is lifted.

use core::time::Duration;

use config::{Config, Tone};
use hal_port::LoopHook;
use model::{
    CallerIdOutcome, CallerInfo, Cause, EntryId, Instant, LegId, LegKind, LineHeard, LineNews,
    LinePlay, MediaCommand, MediaLeg, Now, PortId, PortListens, Route, Rule,
};

use super::sound::in_call;
use super::{Line, Phase, Watch};
use crate::Pbx;

/// The port is done after 2.8 s; what it says is not waited for much longer.
const PATIENCE: Duration = Duration::from_millis(2_950);
/// Level of the request: the 4.3 dB of which old telephones with АОН are said to have been, taken as below 0 dBm.
const REQUEST_DBM0: i8 = -5;
/// So long the caller hears the busy tone.
const BUSY: Duration = Duration::from_secs(5);

/// What became of asking, and why.
type Found = (CallerIdOutcome, Rule);

/// A line that was lifted to ask for its caller's number; nobody inside was called yet.
#[derive(Clone, Debug)]
pub(crate) struct Asking {
    pub(super) media: MediaLeg,
    pub(super) watch: Watch,
    requests: u8,
    until: Instant,
}

impl Asking {
    pub(super) fn deadline(&self) -> Instant {
        self.watch
            .deadline()
            .map_or(self.until, |sign| sign.min(self.until))
    }
}

/// Whether anybody is called when the line rings.
pub(super) fn is_answered(config: &Config, entry: &EntryId) -> bool {
    let line = config.line(entry);
    line.is_some_and(|line| line.answer.is_some() || line.to.is_some())
}

impl Pbx {
    /// The line rings: it is lifted to ask for the number.
    pub(super) fn ask_for_number(&mut self, now: Now, port: PortId) {
        let media = match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Announced(announced)) => announced.media,
            _ => return,
        };
        let Some(media) = media else {
            // Nothing to ask with: the call rings as it is, and the line on.
            self.offer_call(now, port);
            let leg = self.lines.get(port).and_then(Line::leg);
            let found = (CallerIdOutcome::Impossible, Rule::NoMediaPorts);
            return self.line_asked(now, port, leg, (0, found));
        };
        self.set_line_hook(port, LoopHook::OffHook);
        self.set_line_sound(port, media, PortListens::default());
        let play = LinePlay::AskNumber { dbm0: REQUEST_DBM0 };
        self.media(MediaCommand::PlayOnPort { leg: media, play });
        self.lines.uses += 1;
        let uses = self.lines.uses;
        if let Some(line) = self.lines.get_mut(port) {
            line.used = uses;
            line.phase = Phase::Asking(Asking {
                media,
                watch: Watch::waiting(now.mono),
                requests: 0,
                until: now.mono + PATIENCE,
            });
        }
        self.line_news(now, port, Rule::LineAon, LineNews::LiftedToAsk);
    }

    /// Something was heard while the exchange is asked.
    pub(super) fn answer_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(Line {
            phase: Phase::Asking(asking),
            caller_dbm0,
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        match heard {
            LineHeard::NumberAsked => asking.requests = asking.requests.saturating_add(1),
            LineHeard::Caller { info, dbm0 } => {
                *caller_dbm0 = Some(dbm0);
                let found = (CallerIdOutcome::Sent, Rule::LineAon);
                self.offer_lifted(now, port, Some(info), found);
            }
            LineHeard::Played { .. } => self.not_answered(now, port),
            _ => {}
        }
    }

    /// A time is over: of the exchange's answer, or of a sign that the caller is gone.
    pub(super) fn asking_step(&mut self, now: Now, port: PortId) {
        let over = match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Asking(asking)) => asking.until <= now.mono,
            _ => return,
        };
        if over {
            self.not_answered(now, port);
        } else {
            self.watch_step(now, port);
        }
    }

    fn not_answered(&mut self, now: Now, port: PortId) {
        let found = (CallerIdOutcome::Unanswered, Rule::LineAonSilent);
        self.offer_lifted(now, port, None, found);
    }

    /// Writes what became of asking so many times; it belongs to the call, if the exchange took one.
    fn line_asked(
        &mut self,
        now: Now,
        port: PortId,
        leg: Option<LegId>,
        (requests, (outcome, rule)): (u8, Found),
    ) {
        let news = LineNews::Asked { outcome, requests };
        match leg {
            Some(leg) => self.line_news_of(now, port, leg, rule, news),
            None => self.line_news(now, port, rule, news),
        }
    }

    /// Calls inside for a caller whose line is lifted.
    fn offer_lifted(&mut self, now: Now, port: PortId, caller: Option<CallerInfo>, found: Found) {
        let Some(Line {
            phase: Phase::Asking(asking),
            entry,
            ..
        }) = self.lines.get(port)
        else {
            return;
        };
        let Some(owner) = entry.clone() else {
            // The line was taken out of the configuration this moment.
            return self.hang_up_line(now, port);
        };
        let (media, watch) = (asking.media, asking.watch.clone());
        let requests = asking.requests;
        self.set_line_sound(port, media, in_call());
        let kind = LegKind::Line { owner, port };
        let leg = self.begin_line_call(now, kind, caller, None);
        self.line_asked(now, port, leg, (requests, found));
        match leg {
            Some(leg) => {
                if let Some(line) = self.lines.get_mut(port) {
                    line.phase = Phase::Up { leg, media, watch };
                }
            }
            None => self.turn_away(now, port, media),
        }
    }

    /// The caller is gone, as `rule` saw, before the number was known: only the books have the call.
    pub(super) fn asked_in_vain(&mut self, now: Now, port: PortId, rule: Rule) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let requests = match &line.phase {
            Phase::Asking(asking) => asking.requests,
            _ => 0,
        };
        let owner = line.entry.clone();
        self.hang_up_line(now, port);
        let lost = Some((Cause::Cancelled, rule));
        let kind = owner.map(|owner| LegKind::Line { owner, port });
        let leg = kind.and_then(|kind| self.begin_line_call(now, kind, None, lost));
        let found = (CallerIdOutcome::Cut, rule);
        self.line_asked(now, port, leg, (requests, found));
    }

    /// The leg on a line is released; whether its caller was never answered and is told so by the busy tone.
    pub(super) fn is_waiting_caller(&self, port: PortId) -> Option<MediaLeg> {
        match &self.lines.get(port)?.phase {
            Phase::Up { media, watch, .. } if watch.is_waiting() => Some(*media),
            _ => None,
        }
    }

    /// Nobody takes the call: its caller hears that, and the line is put on hook.
    pub(super) fn turn_away(&mut self, now: Now, port: PortId, media: MediaLeg) {
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::TurnedAway {
                media,
                until: now.mono + BUSY,
            };
        }
        let route = Route::Tone(*self.config.country.tone(Tone::Busy));
        self.media(MediaCommand::SetRoute { leg: media, route });
    }
}
