//! Hold: whoever is held hears the music of the office.

use model::{CallId, EventBody, LegId, Rule};

use crate::{Effect, Sound, Switch};

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
        let (body, sound) = if held {
            (EventBody::LegHeld, Some(Sound::Music))
        } else {
            (EventBody::LegResumed, None)
        };
        self.tell.leg(id, leg, rule, body);
        // Of three one does not silence the other two.
        let alone =
            |partner: &LegId| !self.sets.is_together(leg) && !self.sets.is_together(*partner);
        if let Some(partner) = self.partner_of(leg).filter(alone) {
            self.tell.wish(match sound {
                Some(sound) => Effect::Play(partner, sound),
                None => Effect::Return(partner),
            });
        }
        self.rooms.held(leg, held, &mut self.tell);
    }
}
