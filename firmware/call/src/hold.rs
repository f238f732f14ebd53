//! Hold: whoever is held hears the music of the office.

use model::{CallId, EventBody, LegId, Rule};

use crate::Switch;

impl Switch {
    /// The party holds the others, or is back.
    pub(crate) fn hold(&mut self, id: CallId, leg: LegId, held: bool, rule: Rule) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match call.leg(leg) {
            Some(leg) if leg.held != held => leg.held = held,
            Some(_) | None => return,
        }
        let body = if held {
            EventBody::LegHeld
        } else {
            EventBody::LegResumed
        };
        self.tell.leg(id, leg, rule, body);
        self.sound_at_partner(leg, held);
        self.rooms.held(leg, held, &mut self.tell);
    }
}
