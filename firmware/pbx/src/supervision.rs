//! What the line itself tells whoever hangs on a port: reversed while a call is answered, open for a
//! moment when the other party has hung up.

use core::time::Duration;

use hal_port::Linefeed;
use model::{Cause, LegId, Now, PortId};

use crate::{
    Pbx,
    ports::{SetPhase, SetTimer},
};

impl Pbx {
    /// Somebody answered whom the set called by this leg.
    pub(crate) fn set_was_answered(&mut self, now: Now, leg: LegId) {
        if let Some(leg) = self.jacks.leg_mut(leg) {
            leg.answered = true;
        }
        if let Some((port, _)) = self.jacks.of_leg(leg) {
            self.supervise(port);
            self.begin_metering(now, leg, port);
        }
    }

    /// Feeds the line as the call that the set attends to wants it.
    pub(crate) fn supervise(&mut self, port: PortId) {
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        let set = self.config.analog_on(&jack.name);
        let wished = set.is_some_and(|set| set.answer_reversal) && jack.capabilities.reversal;
        let answered = match jack.phase {
            SetPhase::Up { leg, .. } => jack.legs.iter().any(|l| l.id == leg && l.answered),
            _ => false,
        };
        let feed = if wished && answered {
            Linefeed::Reverse
        } else {
            Linefeed::Forward
        };
        if jack.feed != feed {
            self.feed(port, feed);
        }
    }

    /// The call is over, and the set off hook: a machine on the line may be told by a break.
    pub(crate) fn tell_of_end(&mut self, now: Now, port: PortId, cause: Cause) {
        self.supervise(port);
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        let set = self.config.analog_on(&jack.name);
        let ms = set.map_or(0, |set| set.disconnect_break_ms);
        if ms > 0 && cause == Cause::Normal && jack.capabilities.open_loop {
            self.feed(port, Linefeed::Open);
            let mend = now.mono + Duration::from_millis(ms.into());
            self.jacks.set_timer(port, mend, SetTimer::Mend);
        }
    }
}
