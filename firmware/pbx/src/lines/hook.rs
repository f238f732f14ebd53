//! How a line is put on hook: at the start, when call control has done with it, and whenever its call is over.

use hal_port::{LoopHook, PortCommand};
use model::{LegId, MediaFigures, Now, PortId};

use super::{CLEARING, Phase};
use crate::{Output, Pbx};

impl Pbx {
    /// At the start: a program that died put no line on hook, and its ports kept what they held. Until the
    /// carrier has seen the end of such a call the line takes no other.
    pub(crate) fn release_lines(&mut self, now: Now) {
        let until = now.mono + CLEARING;
        let ports: Vec<PortId> = self.lines.all.keys().copied().collect();
        for port in ports {
            if let Some(line) = self.lines.get_mut(port) {
                line.phase = Phase::Clearing { until, next: None };
            }
            self.set_line_hook(port, LoopHook::OnHook);
        }
        self.leave_sets(now);
    }

    /// Puts the line on hook, whatever it was doing, and gives its place in the media plane back. A line that
    /// was off hook is left alone for a moment.
    pub(super) fn hang_up_line(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let media = line.media();
        let leg = line.leg();
        let measured = matches!(line.phase, Phase::Balancing(_));
        let tested = match line.phase {
            Phase::Lifeline(testing) => Some(testing.set),
            _ => None,
        };
        line.phase = match &line.phase {
            Phase::Idle
            | Phase::Lifeline(_)
            | Phase::Announced(_)
            | Phase::Offered { .. }
            | Phase::RungOut(_) => Phase::Idle,
            Phase::Seizing(seizing) if !seizing.is_off_hook() => Phase::Idle,
            Phase::Balancing(balancing) if !balancing.is_off_hook() => Phase::Idle,
            _ => Phase::Clearing {
                until: now.mono + CLEARING,
                next: None,
            },
        };
        let command = PortCommand::SetHook(LoopHook::OnHook);
        self.out.push_back(Output::Port { port, command });
        if let Some(leg) = leg {
            self.leave_bridge(leg);
            self.forget_clip(leg);
        }
        if let Some(media) = media {
            self.remove_media(media);
        }
        if let Some(set) = tested {
            self.draw_relay(set);
        }
        if measured {
            // The port showed what was tried last.
            self.tell_profile(port);
        }
    }

    /// Call control has done with a leg; whether it was on a line.
    pub(crate) fn release_line(&mut self, now: Now, leg: LegId) -> bool {
        let Some(port) = self.lines.of_leg(leg) else {
            return false;
        };
        let rings = match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Offered { ringing, .. }) => Some(*ringing),
            _ => None,
        };
        match rings {
            // It goes on ringing outside; that is no new call.
            Some(ringing) => {
                self.leave_bridge(leg);
                self.forget_clip(leg);
                self.ring_out(now, port, ringing);
            }
            None => {
                self.learn_from_release(now, port);
                match self.is_waiting_caller(port) {
                    Some(media) => {
                        self.leave_bridge(leg);
                        self.forget_clip(leg);
                        self.turn_away(now, port, media);
                    }
                    None => self.hang_up_line(now, port),
                }
            }
        }
        self.leg_event(now, leg, call::LegEvent::Gone(MediaFigures::default()));
        true
    }

    pub(super) fn set_line_hook(&mut self, port: PortId, hook: LoopHook) {
        let command = PortCommand::SetHook(hook);
        self.out.push_back(Output::Port { port, command });
    }
}
