//! Calls that go out on a line, from the last digit to the answer.

use core::time::Duration;

use call::LegEvent;
use model::{Cause, Instant, LegId, LineHeard, LineTone, Now, PortId, Rule};

use super::{Line, Phase, Watch};
use crate::Pbx;

/// From the end of the ringing, as the port tells it, to the answer that it was.
const RINGING_STOPPED: Duration = Duration::from_secs(5);

impl Pbx {
    /// Something was heard after dialling.
    pub(super) fn progress_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(Line {
            phase: Phase::Called {
                leg, rang, until, ..
            },
            ..
        }) = self.lines.get_mut(port)
        else {
            return;
        };
        let leg = *leg;
        let refused = match heard {
            LineHeard::Tone(evidence) => match evidence.tone {
                LineTone::Ringback => {
                    let first = !core::mem::replace(rang, true);
                    *until = Instant::FAR;
                    if first {
                        self.leg_event(now, leg, LegEvent::Rang);
                    }
                    return;
                }
                LineTone::Busy => Cause::Busy,
                LineTone::Congestion | LineTone::Howler => Cause::Congestion,
                LineTone::SpecialInfo => Cause::NotFound,
                // The dial tone that was dialled into, or nothing that is known.
                LineTone::Dial | LineTone::Unknown => return,
            },
            // Whoever lifts and says nothing, or is a machine, shows only by that; what the carrier says
            // instead of ringing on comes before the time is over.
            LineHeard::ToneEnded if *rang => {
                *rang = false;
                *until = now.mono + RINGING_STOPPED;
                return;
            }
            LineHeard::Voice => {
                self.line_answered(now, port, leg, Rule::LineVoice);
                return;
            }
            _ => return,
        };
        self.hang_up_line(now, port);
        let rule = Rule::LineRefused;
        self.leg_event(
            now,
            leg,
            LegEvent::LineRefused {
                cause: refused,
                rule,
            },
        );
    }

    /// The far party answered, as `rule` saw.
    pub(super) fn line_answered(&mut self, now: Now, port: PortId, leg: LegId, rule: Rule) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let Phase::Called { media, .. } = line.phase else {
            return;
        };
        line.phase = Phase::Up {
            leg,
            media,
            watch: Watch::outgoing(now.mono, rule == Rule::LineReversal),
        };
        self.leg_event(now, leg, LegEvent::LineAnswered(rule));
    }
}
