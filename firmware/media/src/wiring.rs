//! How routes are carried out: relay where no sample must change, else the mixer.

use model::{BridgeId, Instant, Route};

use crate::plane::Plane;
use crate::slot::{Leg, Path, Slot};

impl Plane {
    /// The paths of the leg in `at`, and of all in its bridge, are chosen anew.
    pub(crate) fn rewire_of(&mut self, now: Instant, at: u16) {
        let Some(slot) = self.slots.see(at) else {
            return;
        };
        match slot.route {
            Route::Bridge(id) => self.rewire(now, id),
            Route::Silence | Route::Music(_) | Route::Prompt(_) => {
                self.set_path(now, at, Path::Silent);
            }
            Route::Tone(_) => {
                self.set_path(now, at, Path::Tone);
                // A second tone is a new one even on the same path.
                if let Some(rtp) = self.slots.at(at).and_then(Slot::rtp_mut) {
                    rtp.new_content();
                }
            }
            Route::Echo => self.set_path(now, at, Path::Echo),
        }
    }

    /// The paths of all legs in a bridge are chosen anew.
    pub(crate) fn rewire(&mut self, now: Instant, id: BridgeId) {
        let relayed = self.bridges.pair(id).filter(|&(a, b)| self.can_relay(a, b));
        if let Some((a, b)) = relayed {
            self.set_path(now, a, Path::Relay(b));
            self.set_path(now, b, Path::Relay(a));
            return;
        }
        let mut index = 0;
        while let Some(&at) = self.bridges.members(id).get(index) {
            self.set_path(now, at, Path::Mix(id));
            index = index.saturating_add(1);
        }
    }

    /// Whether what one says is, packet by packet, what the other can hear. A leg without
    /// parameters says and hears nothing, so there is nothing to mix either.
    fn can_relay(&self, a: u16, b: u16) -> bool {
        let rtp = |at| self.slots.see(at).and_then(Slot::rtp);
        let (Some(a), Some(b)) = (rtp(a), rtp(b)) else {
            return false;
        };
        match (a.params(), b.params()) {
            (Some(a), Some(b)) => a.codec == b.codec && a.ptime_ms == b.ptime_ms,
            (Some(_), None) | (None, _) => true,
        }
    }

    fn set_path(&mut self, now: Instant, at: u16, path: Path) {
        let Some(slot) = self.slots.at(at) else {
            return;
        };
        if core::mem::replace(&mut slot.path, path) == path {
            return;
        }
        match &mut slot.leg {
            Some(Leg::Rtp(leg)) => {
                leg.new_content();
                match path {
                    Path::Mix(_) => leg.listening.start(now),
                    Path::Silent | Path::Tone | Path::Echo | Path::Relay(_) => {
                        leg.listening.stop();
                    }
                }
            }
            Some(Leg::Port(leg)) => leg.hears = [0; dsp::TICK_SAMPLES],
            None => {}
        }
    }

    /// A leg may have a new, earlier deadline.
    pub(crate) fn watch(&mut self, at: u16) {
        if let Some(slot) = self.slots.see(at) {
            self.soonest = self.soonest.min(slot.deadline());
        }
    }

    /// Finds the next deadline; starts the tick if somebody needs it now, stops it if nobody does.
    pub(crate) fn retime(&mut self, now: Instant) {
        let deadlines = self.slots.used().iter().map(Slot::deadline);
        self.soonest = deadlines.min().unwrap_or(Instant::FAR);
        let needed = self.slots.used().iter().any(Slot::needs_tick);
        self.next_tick = match self.next_tick {
            _ if !needed => None,
            Some(tick) => Some(tick),
            None => Some(now),
        };
    }
}
