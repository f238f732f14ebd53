//! Outside lines: what carriers see of them, what goes wrong with them, and what an exchange owes those
//! behind them.

use core::time::Duration;

use hal_port::PortEvent;
use hal_sim::{Disconnect, Fate, LineFaults};
use model::{Command, EntryId, Instant, PortId};
use pbx::Input;

use super::{Happening, World};
use crate::office::EMERGENCY;
use crate::outsider::{End, Outsider};

/// No line is held for longer than this after its far party has gone.
const HELD: Duration = Duration::from_secs(10);
/// From a far party's hang-up to its first sign.
const CLEARING: Duration = Duration::from_millis(500);
/// A call in need has its line and its number dialled after this time.
const RESCUE: Duration = Duration::from_secs(25);
/// What an exchange that measures a line dials.
const MEASURES: &str = "5";

impl World {
    /// A line's port reports.
    pub(super) fn line_event(&mut self, jack: u16, event: PortEvent) {
        let mut outsiders = self.outsiders.iter_mut();
        let Some(outsider) = outsiders.find(|outsider| outsider.jack == jack) else {
            return;
        };
        match event {
            PortEvent::Battery(alive) => outsider.told.dead = !alive,
            PortEvent::InUse(in_use) => outsider.told.in_use = in_use,
            PortEvent::Reversed(reversed) => outsider.told.reversed = reversed,
            PortEvent::Ring(on) => outsider.told.ring = on,
            _ => {}
        }
        let port = PortId(jack);
        self.input(Input::Port { port, event });
    }

    /// Ports tell an exchange that starts how they find their lines.
    pub(super) fn lines_tell_again(&mut self) {
        for at in 0..self.outsiders.len() {
            let (jack, told) = (self.outsiders[at].jack, self.outsiders[at].told);
            for (is, event) in [
                (told.dead, PortEvent::Battery(false)),
                (told.in_use, PortEvent::InUse(true)),
                (told.reversed, PortEvent::Reversed(true)),
                (told.ring, PortEvent::Ring(true)),
            ] {
                if is {
                    self.line_event(jack, event);
                }
            }
        }
    }

    /// Takes what carriers do now.
    pub(super) fn watch_lines(&mut self) {
        for at in 0..self.outsiders.len() {
            let outsider = &self.outsiders[at];
            let (doing, dialled) = outsider.look(&mut self.board.people);
            if doing != outsider.doing {
                self.line_turned(at, doing, &dialled);
            }
        }
    }

    fn line_turned(&mut self, at: usize, doing: &'static str, dialled: &str) {
        let outsider = &self.outsiders[at];
        let (seat, before, call) = (outsider.seat, outsider.doing, outsider.call.clone());
        let left = self.is_of_left_set(at);
        self.trace.line(
            self.now,
            &format!("line {at}"),
            doing,
            format_args!("after {before}, {dialled:?}"),
        );
        self.trace
            .effect(self.now, &[0xf0, at as u8, doing.as_bytes()[0]]);
        let id = call.as_deref().unwrap_or_default();
        let mut named = call.clone();
        match (before, doing) {
            // Some carriers announce nothing before they ring.
            ("announcing", "ringing") => {}
            (_, "announcing" | "ringing") => {
                let answering = self.office.answering(seat).to_owned();
                named = Some(self.truth.line_called(self.now, seat, &answering));
            }
            ("announcing" | "ringing", "idle") => self.truth.line_gave_up(self.now, seat, id),
            (_, "routing") => self.line_dialled(at, dialled, left),
            (_, "turned_away") => self.truth.line_refused(self.now, seat),
            ("ringback", "talking") => {
                // Who called on a lifeline that was left alone is nobody whom the exchange serves.
                let wanted = match left {
                    true => "the lifeline",
                    false => self.outsiders[at].wanted(dialled),
                };
                let (now, office) = (self.now, &self.office);
                named = Some(self.truth.far_answered(now, seat, wanted, office));
            }
            ("talking", "clearing") => {
                self.truth.far_hung_up(self.now, seat, id);
                // Nothing is learned from a call that a set took on its lifeline.
                self.outsiders[at].seen += u32::from(!left);
            }
            (_, "idle") => self.truth.line_free(self.now, seat, call.as_deref()),
            _ => {}
        }
        self.notice_changes();
        let (now, people) = (self.now, &mut self.board.people);
        let outsider = &mut self.outsiders[at];
        outsider.turned(now, doing, people);
        if (before, doing) == ("ringback", "talking") {
            outsider.greet(people);
        }
        match doing {
            "routing" => dialled.clone_into(&mut outsider.dialled),
            "announcing" | "ringing" | "dialling" => {
                outsider.dialled.clear();
                outsider.pulsed.clear();
            }
            _ => {}
        }
        if doing != "idle" {
            outsider.call = named;
        }
    }

    /// A number was taken by a carrier: all of it, and of one caller; `left`: of the set of a lifeline, which none serves.
    fn line_dialled(&mut self, at: usize, dialled: &str, left: bool) {
        let shared = self.shared_with_set(at);
        let outsider = &self.outsiders[at];
        let (seat, pulsed) = (outsider.seat, outsider.pulsed.clone());
        let wanted = outsider.wanted(dialled).to_owned();
        self.truth.line_dialled(self.now, seat, &wanted);
        self.dialled_in_the_dark(seat, dialled);
        if dialled == EMERGENCY && !left && !self.emergencies.is_empty() {
            self.emergencies.remove(0);
        }
        let whole = match shared {
            _ if left => true,
            false => self.truth.was_dialled(dialled),
            true => ["", MEASURES].contains(&pulsed.as_str()) || self.truth.was_begun(&pulsed),
        };
        if !whole && self.exchange.is_some() && self.calm_since_power(Duration::from_secs(20)) {
            self.violation(&format!("{dialled:?} was dialled on a line, by nobody"));
        }
    }

    /// The exchange dials on a line.
    pub(super) fn line_pulses(&mut self, port: PortId, digit: u8) {
        let mut outsiders = self.outsiders.iter_mut();
        if let Some(outsider) = outsiders.find(|outsider| outsider.jack == port.0) {
            outsider.pulsed.push(char::from(b'0' + digit));
        }
    }

    /// The exchange has had power for so long.
    pub(super) fn calm_since_power(&self, time: Duration) -> bool {
        self.now.since(self.powered) > time
    }

    /// Somebody calls in need.
    pub(super) fn in_need(&mut self, seat: usize, number: &str) {
        let known = self.emergencies.iter().any(|(_, of)| *of == seat);
        if number == EMERGENCY && !known && !self.outsiders.is_empty() {
            self.emergencies.push((self.now, seat));
        }
    }

    /// Something goes wrong with a line.
    pub(super) fn line_fault(&mut self) {
        if !self.hostile {
            return;
        }
        let line = self.fate.below(self.outsiders.len() as u32) as usize;
        let none = LineFaults::default();
        // A pair is swapped, and a line rebuilt, while nobody uses it.
        let kinds = if self.outsiders[line].doing == "idle" {
            8
        } else {
            6
        };
        let faults = match self.fate.below(kinds) {
            0 | 1 => LineFaults { dead: true, ..none },
            2 => LineFaults {
                parallel: true,
                ..none
            },
            3 => LineFaults {
                stuck: true,
                ..none
            },
            4 => LineFaults {
                noise_dbm0: Some(-50),
                ..none
            },
            5 => LineFaults {
                crosstalk: true,
                ..none
            },
            6 => LineFaults {
                long_loop: true,
                ..none
            },
            _ => LineFaults {
                reversed_pair: true,
                low_current: true,
                ..none
            },
        };
        self.set_line_faults(line, faults);
        let ms = 1_000 + self.fate.below(30_000);
        self.later(Duration::from_millis(ms.into()), Happening::LineMends(line));
        self.plan_fault(self.features.line_fault_s, Happening::LineFault);
    }

    /// Somebody asks for a search of the best balance, which gives way to everybody.
    pub(super) fn measure_a_line(&mut self) {
        if !self.hostile {
            return;
        }
        let line = self.fate.below(self.outsiders.len() as u32) as usize;
        let entry = &self.office.seats[self.outsiders[line].seat].entry;
        let entry = EntryId::new(entry).expect("the configuration has it");
        self.input(Input::Command(Command::BalanceLine(entry)));
        self.plan_fault(self.features.measure_s, Happening::Measure);
    }

    pub(super) fn line_mends(&mut self, line: usize) {
        let outsider = &self.outsiders[line];
        let rebuilt = outsider.faults.long_loop || outsider.faults.reversed_pair;
        if rebuilt && outsider.doing != "idle" {
            self.later(Duration::from_secs(5), Happening::LineMends(line));
        } else {
            self.set_line_faults(line, LineFaults::default());
        }
    }

    fn set_line_faults(&mut self, line: usize, faults: LineFaults) {
        self.trace.line(
            self.now,
            &format!("line {line}"),
            "faults",
            format_args!("{faults:?}"),
        );
        let outsider = &mut self.outsiders[line];
        outsider.set_faults(&mut self.board.people, faults);
        self.lifeline_line_changed(line);
        let outsider = &self.outsiders[line];
        if faults.dead {
            self.truth.line_died(self.now, outsider.seat);
        }
        self.watch_board();
    }

    /// What the exchange owes to carriers and to those in need.
    pub(super) fn review_lines(&mut self) {
        let taken = self.line_of_set();
        for at in 0..self.outsiders.len() {
            if taken == Some(at) {
                continue;
            }
            if let Some(wrong) = self.held_too_long(at) {
                self.outsiders[at].accused = true;
                self.violation(&wrong);
            }
        }
        self.review_emergencies();
        self.review_lifeline();
    }

    fn held_too_long(&self, at: usize) -> Option<String> {
        let outsider = &self.outsiders[at];
        let silent = match outsider.end {
            End::Open => return None,
            // A reversal may be an answer that comes late, until one was seen not to be.
            End::HungUp(Disconnect::Reversal) => outsider.seen < 2,
            End::HungUp(shows) => shows == Disconnect::Silence,
            End::TurnedAway(fate) => fate == Fate::Silence || outsider.faults.stuck,
        };
        if silent || outsider.accused || self.exchange.is_none() {
            return None;
        }
        let held = self.now.since(outsider.since.max(self.powered));
        (held > HELD + CLEARING).then(|| {
            format!(
                "line {at} is held {held:?} after its far party has gone ({:?})",
                outsider.end
            )
        })
    }

    /// A call in need takes a line from any other call.
    fn review_emergencies(&mut self) {
        let taken = self.line_of_set();
        let usable = |(at, outsider): (usize, &Outsider)| {
            let rings = matches!(outsider.doing, "announcing" | "ringing");
            let rested = self.now.since(outsider.since) > Duration::from_secs(2);
            let other = outsider.doing == "idle" || outsider.dialled != EMERGENCY;
            let out = outsider.is_out() || taken == Some(at);
            !out && !rings && other && (rested || outsider.doing != "idle")
        };
        let mut outsiders = self.outsiders.iter().enumerate();
        let possible = self.exchange.is_some() && outsiders.any(usable);
        let now = self.now;
        let truth = &self.truth;
        self.emergencies
            .retain(|(_, seat)| truth.waits_for(*seat, EMERGENCY));
        if !possible {
            // Whoever finds no line dials again.
            self.emergencies.clear();
        }
        let late = |(since, _): &&(Instant, usize)| now.since(*since) > RESCUE;
        let wrong: Vec<usize> = self.emergencies.iter().filter(late).map(|e| e.1).collect();
        self.emergencies.retain(|e| !late(&e));
        for seat in wrong {
            self.violation(&format!("the call in need of seat {seat} gets no line"));
        }
    }
}
