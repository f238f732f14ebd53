//! Hold: whoever is held hears the music of the office.

use model::{CallId, EventBody, LegId, Rule};

use crate::{Effect, Sound, Switch};

impl Switch {
    /// The party holds the others, or is back.
    pub(crate) fn hold(&mut self, id: CallId, leg: LegId, held: bool) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        match call.leg(leg) {
            Some(leg) if leg.held != held => leg.held = held,
            Some(_) | None => return,
        }
        let (rule, body, sound) = if held {
            (Rule::PartyHeld, EventBody::LegHeld, Some(Sound::Music))
        } else {
            (Rule::PartyResumed, EventBody::LegResumed, None)
        };
        self.tell.leg(id, leg, rule, body);
        if let Some(partner) = call.partner(leg) {
            self.tell.wish(match sound {
                Some(sound) => Effect::Play(partner, sound),
                None => Effect::Return(partner),
            });
        }
        self.rooms.held(leg, held, &mut self.tell);
    }
}
