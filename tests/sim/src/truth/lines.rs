//! What happens on outside lines, seen from the carrier's side of the wire.

use core::time::Duration;
use std::collections::BTreeSet;

use model::Instant;

use super::{Fact, Leg, Stage, Truth};
use crate::office::{Office, is_outside};

/// That a caller on a line has given up shows by the bursts that do not come any more: so long after it
/// somebody may still answer.
const GIVING_UP: Duration = Duration::from_secs(10);

/// A call that came in on a line.
#[derive(Clone, Debug)]
pub(crate) struct LineCall {
    /// The line's seat.
    pub seat: usize,
    /// From the first sign of it.
    pub begin: Instant,
    /// To the caller's or the port's hang-up.
    pub end: Option<Instant>,
}

/// What is known of lines.
#[derive(Debug, Default)]
pub(crate) struct OnLines {
    /// Every call that came in.
    pub calls: Vec<LineCall>,
    /// Every number of the public network that somebody dialled.
    pub dialled: BTreeSet<String>,
}

impl Truth {
    /// Somebody outside calls on the line of `seat`; `number` is who answers it. Gives the call's name.
    pub(crate) fn line_called(&mut self, now: Instant, seat: usize, number: &str) -> String {
        let id = format!("line {}", now.as_nanos());
        self.lines.calls.push(LineCall {
            seat,
            begin: now,
            end: None,
        });
        self.legs.push(Leg {
            outgoing: true,
            number: number.to_owned(),
            ..Leg::new(seat, &id)
        });
        id
    }

    /// Somebody dialled this.
    pub(super) fn note_outside(&mut self, number: &str) {
        if is_outside(number) {
            self.lines.dialled.insert(number.to_owned());
        }
    }

    /// The caller on a line gave up before anybody answered.
    pub(crate) fn line_gave_up(&mut self, now: Instant, seat: usize, id: &str) {
        self.note(now, seat, Fact::FarHungUp);
        self.line_call_over(now, seat);
        if let Some(leg) = self.leg(seat, id) {
            leg.gone = Some(now);
        }
    }

    fn line_call_over(&mut self, now: Instant, seat: usize) {
        let mut calls = self.lines.calls.iter_mut().rev();
        if let Some(call) = calls.find(|call| call.seat == seat && call.end.is_none()) {
            call.end = Some(now);
        }
    }

    /// Whether somebody dialled this.
    pub(crate) fn was_dialled(&self, number: &str) -> bool {
        self.lines.dialled.contains(number)
    }

    /// Whether somebody dialled a number that begins like this.
    pub(crate) fn was_begun(&self, digits: &str) -> bool {
        let mut dialled = self.lines.dialled.iter();
        dialled.any(|number| number.starts_with(digits))
    }

    /// The carrier has taken a number from the port.
    pub(crate) fn line_dialled(&mut self, now: Instant, seat: usize, number: &str) {
        self.note(now, seat, Fact::Dialled(number.to_owned()));
    }

    /// The carrier turned a call away.
    pub(crate) fn line_refused(&mut self, now: Instant, seat: usize) {
        self.note(now, seat, Fact::TurnedAway);
    }

    /// Whoever was called by `number` on the line of `seat` answers. Gives the call's name.
    pub(crate) fn far_answered(
        &mut self,
        now: Instant,
        seat: usize,
        number: &str,
        office: &Office,
    ) -> String {
        self.note(now, seat, Fact::FarAnswered);
        let id = format!("line {}", now.as_nanos());
        self.legs.push(Leg {
            number: number.to_owned(),
            stage: Stage::Up,
            ..Leg::new(seat, &id)
        });
        let called = |leg: &&Leg| {
            leg.outgoing && leg.number == number && leg.stage != Stage::Over && leg.seat != seat
        };
        let callers: Vec<(usize, String, bool)> = self
            .legs
            .iter()
            .filter(called)
            .map(|leg| (leg.seat, leg.call_id.clone(), leg.told))
            .collect();
        let one = callers.len() == 1;
        for (caller, call, told) in callers {
            // Nobody tells a set that its call was answered; it hears the line from the dialling on.
            let is_set = office.seats[caller].jack.is_some();
            let me = (seat, id.clone());
            self.join(now, [(caller, call), me], one && (is_set || told));
        }
        id
    }

    /// The exchange told a caller that a call to the public network is answered: from now on the two
    /// hear each other.
    pub(super) fn outside_told(&mut self, now: Instant, seat: usize, id: &str) {
        let mine = |of: &&(usize, String)| of.0 == seat && of.1 == id;
        for connection in &mut self.connections {
            if connection.end.is_none() && connection.legs.iter().any(|leg| mine(&leg)) {
                connection.certain = true;
                connection.begin = now;
            }
        }
    }

    /// The far party of a talk hung up.
    pub(crate) fn far_hung_up(&mut self, now: Instant, seat: usize, id: &str) {
        self.note(now, seat, Fact::FarHungUp);
        self.line_call_over(now, seat);
        self.leg_over(now, seat, id);
    }

    /// Nothing goes over the line any more; the exchange has yet to notice.
    pub(crate) fn line_died(&mut self, now: Instant, seat: usize) {
        self.note(now, seat, Fact::LineDied);
        let open = self.connections.iter_mut().filter(|c| c.end.is_none());
        for connection in open.filter(|c| c.legs.iter().any(|(of, _)| *of == seat)) {
            connection.end = Some(now);
        }
    }

    /// The port put the line on hook.
    pub(crate) fn line_free(&mut self, now: Instant, seat: usize, id: Option<&str>) {
        self.line_call_over(now, seat);
        if let Some(id) = id {
            self.leg_over(now, seat, id);
        }
    }

    /// Whether somebody who dialled this number still waits.
    pub(crate) fn waits_for(&self, seat: usize, number: &str) -> bool {
        let waits = |leg: &Leg| {
            let trying = matches!(leg.stage, Stage::Trying | Stage::Rung);
            leg.seat == seat && leg.outgoing && leg.number == number && trying
        };
        self.legs.iter().any(waits)
    }

    /// Whether the exchange had power at this time.
    pub(crate) fn has_power(&self, at: Instant) -> bool {
        let facts = self.facts.range(..=at).rev();
        let mut power = facts.flat_map(|(_, facts)| facts.iter().rev());
        power
            .find_map(|(_, fact)| match fact {
                Fact::PowerOn => Some(true),
                Fact::PowerCut => Some(false),
                _ => None,
            })
            .unwrap_or(false)
    }

    /// Whether a line's caller who is shown as nobody's number is meant.
    pub(super) fn is_shown(&self, leg: &Leg, shown: &str, office: &Office) -> bool {
        let seats = &office.seats;
        let hidden = seats[leg.seat].line.is_some() && !seats.iter().any(|s| s.number == shown);
        seats[leg.seat].number == shown || hidden
    }

    /// Callers on lines who gave up long enough ago.
    pub(super) fn forget_those_who_gave_up(&mut self, now: Instant) {
        let late = |leg: &Leg| leg.gone.is_some_and(|at| now.since(at) > GIVING_UP);
        for leg in self.legs.iter_mut().filter(|leg| late(leg)) {
            leg.stage = Stage::Over;
        }
    }
}
