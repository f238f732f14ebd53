//! What a line's port tells, what is heard on the line, and what is due there.

use hal_port::PortEvent;
use model::{LineHeard, LineNews, Now, PortId, Rule};

use super::{CLEARING, Line, Phase};
use crate::Pbx;

impl Pbx {
    /// A report of a line's port; whether the port is a line's.
    pub(crate) fn line_event(&mut self, now: Now, port: PortId, event: PortEvent) -> bool {
        let Some(line) = self.lines.get_mut(port) else {
            return false;
        };
        if line.left.is_some() {
            self.look_at_left(now, port, event);
        }
        let Some(line) = self.lines.get_mut(port) else {
            return false;
        };
        match event {
            PortEvent::Ring(on) => self.line_rings(now, port, on),
            PortEvent::Battery(alive) => {
                let news = core::mem::replace(&mut line.dead, !alive) == alive;
                if news || !alive {
                    self.line_power(now, port, alive);
                }
            }
            PortEvent::Reversed(reversed) => {
                line.reversed = reversed;
                self.line_reversed(now, port, reversed);
            }
            PortEvent::Current(flows) => self.line_current(now, port, flows),
            PortEvent::InUse(in_use) => {
                line.in_use = in_use;
                if !in_use {
                    // The carrier has to see the end of what the other set did before the line is lifted anew.
                    line.rest(now.mono + CLEARING);
                }
                let news = if in_use {
                    LineNews::InUse
                } else {
                    LineNews::Free
                };
                self.line_news(now, port, Rule::LineInUse, news);
                // It may be the set, lifted while its lifeline had it on the line.
                let phase = self.lines.get(port).map(|line| &line.phase);
                if in_use && matches!(phase, Some(Phase::Lifeline(_))) {
                    self.give_way(now, port);
                }
            }
            PortEvent::Done => self.line_pulsed(now, port),
            PortEvent::Fault(_) => {
                line.out_of_service = true;
                self.line_fault(now, port, true);
                self.line_lost(now, port, Rule::PortFault);
            }
            PortEvent::Recovered => {
                line.out_of_service = false;
                self.line_fault(now, port, false);
                // A chip that was without power knows nothing any more.
                self.tell_profile(port);
            }
            PortEvent::OffHook
            | PortEvent::OnHook
            | PortEvent::Flash
            | PortEvent::Lifeline(_)
            | PortEvent::PulseDigit(_) => {}
        }
        true
    }

    /// News from the sound of a line.
    pub(crate) fn line_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let measured = matches!(line.phase, Phase::Balancing(_));
        if let (LineHeard::Second(second), false) = (heard, measured) {
            line.second = Some(second);
        }
        match &line.phase {
            Phase::Announced(_) => self.caller_heard(now, port, heard),
            Phase::Asking(_) => self.answer_heard(now, port, heard),
            Phase::Seizing(_) => self.dial_tone_heard(now, port, heard),
            Phase::Called { .. } => self.progress_heard(now, port, heard),
            Phase::Up { .. } => self.talk_heard(now, port, heard),
            Phase::Balancing(_) => self.balance_heard(now, port, heard),
            Phase::Parting { sign, .. } => {
                if heard == LineHeard::Voice {
                    let news = LineNews::FalseHangUp { sign: *sign };
                    self.counters.false_hang_ups += 1;
                    if let Some(line) = self.lines.get_mut(port) {
                        line.hang_ups.false_ones = line.hang_ups.false_ones.saturating_add(1);
                        if let Phase::Parting { learn, .. } = &mut line.phase {
                            *learn = None;
                        }
                    }
                    self.line_news(now, port, Rule::LineVoice, news);
                }
            }
            Phase::Offered { .. } | Phase::RungOut(_) => self.another_heard(now, port, heard),
            Phase::Idle
            | Phase::Lifeline(_)
            | Phase::TurnedAway { .. }
            | Phase::Clearing { .. } => {}
        }
    }

    /// Does what is due on lines.
    pub(crate) fn line_timeouts(&mut self, now: Now) {
        for port in self.lines.left_long_enough(now.mono) {
            self.take_set_back(now, port);
        }
        let due = |line: &Line| line.phase_deadline().is_some_and(|at| at <= now.mono);
        let all = self.lines.all.iter();
        let ports: Vec<PortId> = all.filter(|(_, l)| due(l)).map(|(&port, _)| port).collect();
        for port in ports {
            self.line_timeout(now, port);
        }
        self.look_for_searches(now);
    }

    fn line_timeout(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        match &mut line.phase {
            Phase::Announced(_) => self.announced_long_enough(now, port),
            Phase::Asking(_) => self.asking_step(now, port),
            Phase::Offered { leg, .. } => {
                let leg = *leg;
                self.hang_up_line(now, port);
                self.leg_event(now, leg, call::LegEvent::LineEnded(Rule::LineAbandoned));
            }
            Phase::RungOut(_) | Phase::TurnedAway { .. } => self.hang_up_line(now, port),
            Phase::Seizing(_) => self.seize_step(now, port),
            Phase::Called { leg, .. } => {
                let leg = *leg;
                self.line_answered(now, port, leg, Rule::LineAnswerTimer);
            }
            Phase::Up { .. } => self.watch_step(now, port),
            Phase::Parting { .. } => self.part_line(now, port),
            Phase::Clearing { next, .. } => match next.take() {
                Some((leg, number)) => {
                    line.phase = Phase::Idle;
                    self.seize_line(now, port, leg, number);
                }
                None => {
                    line.phase = Phase::Idle;
                    self.go_on_with_lifeline(now, port);
                    self.go_on_searching(now, port);
                }
            },
            Phase::Balancing(_) => self.balance_step(now, port),
            Phase::Lifeline(_) => self.lifeline_step(now, port),
            Phase::Idle => {}
        }
    }

    /// The line is dead or works again.
    fn line_power(&mut self, now: Now, port: PortId, alive: bool) {
        let news = if alive {
            LineNews::Alive
        } else {
            LineNews::Dead
        };
        self.line_news(now, port, Rule::LineDead, news);
        if !alive {
            self.line_lost(now, port, Rule::LineDead);
        }
    }

    /// Whatever the line was doing is over.
    pub(super) fn line_lost(&mut self, now: Now, port: PortId, rule: Rule) {
        if let Some(Phase::Asking(_)) = self.lines.get(port).map(|line| &line.phase) {
            return self.asked_in_vain(now, port, rule);
        }
        let leg = self.lines.get(port).and_then(Line::leg);
        let trying = matches!(
            self.lines.get(port).map(|line| &line.phase),
            Some(Phase::Seizing(_) | Phase::Called { .. } | Phase::Clearing { .. })
        );
        self.hang_up_line(now, port);
        let Some(leg) = leg else { return };
        self.leg_event(
            now,
            leg,
            if trying {
                call::LegEvent::LineFailed(rule)
            } else {
                call::LegEvent::LineEnded(rule)
            },
        );
    }
}
