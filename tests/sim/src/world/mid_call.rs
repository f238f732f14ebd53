//! What befalls a call while people talk.

use model::{Command, Instant, TapId};
use pbx::Input;

use super::{Happening, World};
use crate::tapes::Step;

impl World {
    /// Both ends of some call change how they speak in the same moment, so that their offers cross
    /// those by which the exchange tells each of the other's.
    pub(super) fn cross(&mut self) {
        if !self.hostile {
            return;
        }
        let phones = self.stations.len();
        let open = self.truth.connections.iter().filter(|c| c.end.is_none());
        let pairs: Vec<[usize; 2]> = open
            .map(|c| [c.a, c.b])
            .filter(|[a, b]| a != b && *a < phones && *b < phones)
            .collect();
        if !pairs.is_empty() {
            let pair = pairs[self.fate.below(pairs.len() as u32) as usize];
            self.trace
                .line(self.now, "world", "cross", format_args!("seats {pair:?}"));
            for seat in pair {
                self.stations[seat].phone.change(self.now);
                let mut out = Vec::new();
                self.stations[seat].settle(self.now, &mut out);
                self.carry(seat, out);
            }
        }
        self.plan_fault(self.features.cross_s, Happening::Cross);
    }

    /// A recording that goes on pauses, or one that pauses goes on.
    pub(super) fn hush(&mut self) {
        if !self.hostile {
            return;
        }
        let open = self.tapes.calls();
        if !open.is_empty() {
            let (call, paused) = open[self.fate.below(open.len() as u32) as usize];
            self.trace.line(
                self.now,
                "world",
                "hush",
                format_args!("{call} {}", !paused),
            );
            self.input(Input::Command(match paused {
                true => Command::ResumeRecording(call),
                false => Command::PauseRecording(call),
            }));
        }
        self.plan_fault(self.features.hush_s, Happening::Hush);
    }

    /// A step of a track is on its way to the disk.
    pub(super) fn tapped(&mut self, of: (TapId, Instant), step: &Step) {
        let (now, truth, office) = (self.now, &self.truth, &self.office);
        if let Some(wrong) = self.tapes.step(now, of, step, truth, office) {
            self.violation(&wrong);
        }
    }
}
