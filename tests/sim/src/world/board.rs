//! The board: bells, hooks and ears of sets, and what their ports report.

use core::time::Duration;

use hal_port::PortEvent;
use model::{Event, EventBody, Instant, LegKind, PortId};
use pbx::Input;

use super::World;
use crate::outsider::Outsider;
use crate::sitter::Sitter;
use crate::station::Heard;

/// Sets are looked at this often while something goes on at one.
const POLL: Duration = Duration::from_millis(hal_port::POLL_MS);

impl World {
    pub(super) fn bell(&mut self, port: PortId, on: bool) {
        self.trace.effect(self.now, &[port.0 as u8, u8::from(on)]);
        self.trace.line(
            self.now,
            "bell",
            if on { "on" } else { "off" },
            format_args!("jack {port}"),
        );
        if let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == port.0) {
            sitter.rung = on;
        }
        self.board_due = self.now;
    }

    /// The exchange begins to call a set, or does not call it any more.
    pub(super) fn set_called(&mut self, event: &Event) {
        match event.body {
            EventBody::LegStarted {
                kind: LegKind::Port { port, .. },
                outbound: true,
                ..
            } => {
                if let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == port.0) {
                    sitter.called = event.leg;
                }
            }
            EventBody::LegEnded { .. } => {
                let of_leg = |sitter: &&mut Sitter| sitter.called == event.leg;
                if let Some(sitter) = self.sitters.iter_mut().find(of_leg) {
                    sitter.called = None;
                }
            }
            _ => {}
        }
    }

    pub(super) fn sets_hear(&mut self) {
        for (jack, frame) in core::mem::take(&mut self.board.heard) {
            let mut sitters = self.sitters.iter_mut();
            let sitter = sitters.find(|s| s.jack == jack && s.off_hook);
            let mut outsiders = self.outsiders.iter_mut();
            let talks = |o: &&mut Outsider| o.jack == jack && o.doing == "talking";
            let outsider = outsiders.find(talks);
            let (seat, ear) = match (sitter, outsider) {
                (Some(sitter), _) => (sitter.seat, &mut sitter.ear),
                (None, Some(outsider)) => (outsider.seat, &mut outsider.ear),
                (None, None) => continue,
            };
            let talkers = ear.hear(frame.into_iter());
            for talker in talkers {
                self.heard(
                    seat,
                    Heard {
                        talker,
                        count: None,
                        shut: false,
                    },
                );
            }
        }
    }

    /// Somebody at a set was made to act: the hook moves at once.
    pub(crate) fn look_at_sets(&mut self) {
        self.watch_board();
    }

    pub(super) fn watch_board(&mut self) {
        let (now, board) = (self.now, &mut self.board);
        let events = board.advance(now);
        for (jack, event) in events {
            self.port_event(jack, event);
        }
        self.watch_lines();
        let used = |sitter: &Sitter| sitter.off_hook || sitter.rung;
        let busy =
            self.sitters.iter().any(used) || self.outsiders.iter().any(|o| o.doing != "idle");
        let poll = if busy { self.now + POLL } else { Instant::FAR };
        let due = self.board.next_deadline().unwrap_or(Instant::FAR);
        // What is due already was done; it is not done again before time goes on.
        self.board_due = poll.min(due.max(self.now + Duration::from_micros(100)));
    }

    pub(super) fn port_event(&mut self, jack: u16, event: PortEvent) {
        self.trace.line(
            self.now,
            "port",
            "report",
            format_args!("jack {jack} {event:?}"),
        );
        if let PortEvent::Lifeline(on_line) = event {
            self.lifeline_seen(on_line);
        }
        let served = self.exchange.is_some() && !self.is_left(jack);
        let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == jack) else {
            self.line_event(jack, event);
            return;
        };
        match event {
            PortEvent::OffHook => {
                sitter.off_hook = true;
                sitter.lifted = None;
                sitter.ear.forget();
                // Whoever lifts before the bell has had its turn answers all the same.
                let called = sitter.called.take().is_some();
                let rung = core::mem::take(&mut sitter.rung) || called;
                if served {
                    self.served(jack, rung);
                }
            }
            PortEvent::OnHook => {
                sitter.off_hook = false;
                sitter.dialled = None;
                let seat = sitter.seat;
                self.truth.hung_up(self.now, seat);
            }
            _ => {}
        }
        self.input(Input::Port {
            port: PortId(jack),
            event,
        });
    }

    /// The exchange knows that this set is off hook; `rung`: it was called.
    pub(super) fn served(&mut self, jack: u16, rung: bool) {
        let back = !rung && self.is_just_back(jack);
        let Some(sitter) = self.sitters.iter_mut().find(|s| s.jack == jack) else {
            return;
        };
        let seat = sitter.seat;
        // What was dialled on the lifeline is no number here.
        sitter.in_the_dark = None;
        sitter.is_served(&mut self.board.people);
        let number = sitter.dialled.clone();
        sitter.dials_on = rung && number.is_some();
        self.truth.lifted(self.now, seat, rung, &self.office);
        if back {
            self.truth.came_back(self.now, seat);
        }
        if let (false, Some(number)) = (rung, number) {
            self.truth.dialled(self.now, seat, &number);
            self.in_need(seat, &number);
        }
    }
}
