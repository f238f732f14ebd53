//! The greeting: what everybody hears who may enter a conference, before they are in it.

use core::time::Duration;

use model::{Clip, ConferenceEvent, EventBody, Instant, LegId, Now, Rule, limits};

use super::{Rooms, State, enter::Right};
use crate::{Effect, Sound, narrate::Narrator};

/// A greeting is taken to be over after this time even if nobody says so: longer than any sound.
const GREETING_MOST: Duration = Duration::from_secs(limits::FILE_SECONDS as u64 + 5);

/// A guest who hears the greeting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Greeting {
    /// As what the guest will enter.
    right: Right,
    pub(super) until: Instant,
}

impl Rooms {
    /// The guest may enter and is greeted first. Keys mean nothing until that is over.
    pub(super) fn greet(
        &mut self,
        now: Now,
        leg: LegId,
        right: Right,
        clip: Clip,
        tell: &mut Narrator,
    ) {
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let until = now.mono + GREETING_MOST;
        guest.state = State::Greeting(Greeting { right, until });
        let body = EventBody::Conference(ConferenceEvent::Greeted);
        tell.leg(guest.call, leg, Rule::ConferenceGreeting, body);
        tell.wish(Effect::Play(leg, Sound::Greeting(clip)));
    }

    /// The greeting is over: the guest enters, if the room still takes anybody.
    pub(super) fn greeted(&mut self, now: Now, leg: LegId, tell: &mut Narrator) {
        let guest = self.guests.get(&leg);
        if let Some(State::Greeting(greeting)) = guest.map(|guest| &guest.state) {
            let right = greeting.right;
            self.enter(now, leg, right, tell);
        }
    }
}
