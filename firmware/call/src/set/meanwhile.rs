//! What a party hears while whoever it talks with is elsewhere: music, or the bell of the one it was promised; and what
//! it goes on hearing whatever they do: the tone that asks for a digit after the hook. It is told from who holds whom at this moment, so that whoever comes back to a party that is elsewhere hears that, too.

use model::LegId;

use super::{Aside, Mode};
use crate::{Effect, Sound, Switch};

impl Switch {
    /// A leg's party came or went, or the leg came back to it: what is to be heard instead of the party, if it is
    /// elsewhere or the person is asked for a digit.
    pub(crate) fn sound_meanwhile(&mut self, leg: LegId) {
        let ear = self.ear(leg);
        if let Some(sound) = self.meanwhile(ear) {
            self.tell.wish(Effect::Play(ear, sound));
        }
    }

    /// A leg has another party, or the party has others with it.
    pub(crate) fn sound_anew(&mut self, leg: LegId) {
        // Whoever is with two at once may have waited for both.
        if let Some((ear, _)) = self.both_of(leg) {
            self.tell.wish(Effect::Return(ear));
        }
        self.sound_meanwhile(leg);
    }

    /// The party that hears this leg, which holds it or comes back, hears something else now.
    pub(crate) fn sound_at_partner(&mut self, leg: LegId, held: bool) {
        if self.sets.is_together(leg) {
            return;
        }
        let Some(partner) = self.partner_of(leg) else {
            return;
        };
        let ear = self.ear(partner);
        if self.sets.is_asked(ear) {
            // The tone runs, and what is heard after it is told then.
            return;
        }
        if held {
            self.sound_meanwhile(partner);
        } else if self.is_alone(partner) {
            self.tell.wish(Effect::Return(ear));
        }
    }

    /// Whether nobody but its party, which is or was elsewhere, could be heard.
    fn is_alone(&self, leg: LegId) -> bool {
        let Some((one, other)) = self.both_of(leg) else {
            let third = |partner| self.sets.is_together(partner);
            return !self.partner_of(leg).is_some_and(third);
        };
        self.sound_of(one).is_some() || self.sound_of(other).is_some()
    }

    /// What a leg hears that attends to its call, if nobody is heard there or is to be.
    fn meanwhile(&self, leg: LegId) -> Option<Sound> {
        if self.sets.is_asked(leg) {
            return Some(Sound::RecallDial);
        }
        if let Some((one, other)) = self.both_of(leg) {
            // Of two parties at once one is enough to be heard.
            let sounds = (self.sound_of(one)?, self.sound_of(other)?);
            return Some(match sounds {
                (Sound::Ringback, sound) | (sound, _) => sound,
            });
        }
        let sound = self.sound_of(leg);
        sound.filter(|_| self.is_alone(leg))
    }

    /// What the party of this leg lets it hear, if it is elsewhere.
    fn sound_of(&self, leg: LegId) -> Option<Sound> {
        let partner = self.partner_of(leg)?;
        let call = self.calls.get(&self.call_of(partner)?)?;
        let holds = call.legs.iter().any(|leg| leg.id == partner && leg.held);
        let passes = || {
            let port = self.sets.port_of(partner)?;
            let desk = self.sets.desks.get(&port)?;
            matches!(desk.mode, Mode::Passing { .. }).then_some(Sound::Ringback)
        };
        holds.then(|| passes().unwrap_or(Sound::Music))
    }

    /// The legs of a set that is with two parties at once; the first is the one that its ear belongs to.
    pub(super) fn both_of(&self, leg: LegId) -> Option<(LegId, LegId)> {
        let desk = self.sets.desks.get(&self.sets.port_of(leg)?)?;
        match (desk.active, desk.aside) {
            (Some(active), Some((other, Aside::Together))) => Some((active, other)),
            _ => None,
        }
    }

    /// The leg that hears what this one hears.
    fn ear(&self, leg: LegId) -> LegId {
        self.both_of(leg).map_or(leg, |(active, _)| active)
    }
}
