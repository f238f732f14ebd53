//! What members do with their keys.

use model::{Cause, ConferenceEvent, Digit, EntryId, EventBody, LegId, Now, Prompt, Rule};

use super::{Rooms, State};
use crate::{Effect, narrate::Narrator};

/// A member of a room: the room and the leg.
type Who<'w> = (&'w EntryId, LegId);

impl Rooms {
    /// A guest pressed a key.
    pub(crate) fn digit(&mut self, now: Now, leg: LegId, digit: Digit, tell: &mut Narrator) {
        let Some((id, member)) = self.member(leg) else {
            self.gate_digit(now, leg, digit, tell);
            return;
        };
        if !member.is_commanding() {
            if digit.to_char() == '*' {
                member.begin_command(now.mono);
            }
            return;
        }
        member.end_command();
        let (id, moderator) = (id.clone(), member.moderator);
        match (digit.to_char(), moderator) {
            ('*', false) => tell.wish(Effect::Say(leg, Prompt::Keys)),
            ('*', true) => tell.wish(Effect::Say(leg, Prompt::ModeratorKeys)),
            ('6', _) => self.mute((&id, leg), tell),
            ('5', true) => self.hush((&id, leg), tell),
            ('7', true) => self.lock((&id, leg), tell),
            ('8', true) => self.remove_last(now, (&id, leg), tell),
            ('0', true) => self.close(now, (&id, leg), tell),
            _ => {}
        }
    }

    /// Mutes the member, or takes that back.
    fn mute(&mut self, (id, leg): Who<'_>, tell: &mut Narrator) {
        let quiet = self.rooms.get(id).is_some_and(|room| room.quiet);
        let Some(guest) = self.guests.get_mut(&leg) else {
            return;
        };
        let State::Member(member) = &mut guest.state else {
            return;
        };
        if quiet && !member.moderator {
            tell.wish(Effect::Say(leg, Prompt::MutedByModerator));
            return;
        }
        member.muted = !member.muted;
        let muted = member.muted;
        let body = EventBody::Conference(ConferenceEvent::Muted { muted });
        tell.leg(guest.call, leg, Rule::ConferenceKeys, body);
        self.settle_voices(id, tell);
        let prompt = if muted {
            Prompt::Muted
        } else {
            Prompt::Unmuted
        };
        tell.wish(Effect::Say(leg, prompt));
    }

    /// Mutes all who are no moderators, or takes that back.
    fn hush(&mut self, (id, leg): Who<'_>, tell: &mut Narrator) {
        let Some(room) = self.rooms.get_mut(id) else {
            return;
        };
        room.quiet = !room.quiet;
        let (muted, members) = (room.quiet, room.members.clone());
        for other in members {
            let Some(guest) = self.guests.get(&other) else {
                continue;
            };
            // Whoever muted themselves stays so and hears nothing new.
            let changes = matches!(&guest.state, State::Member(member)
                if !member.moderator && !member.muted);
            if changes {
                let body = EventBody::Conference(ConferenceEvent::Muted { muted });
                tell.leg(guest.call, other, Rule::ConferenceModerator, body);
            }
        }
        self.settle_voices(id, tell);
        let prompt = if muted {
            Prompt::OthersMuted
        } else {
            Prompt::OthersUnmuted
        };
        tell.wish(Effect::Say(leg, prompt));
    }

    /// Locks the room, or opens it again.
    fn lock(&mut self, (id, leg): Who<'_>, tell: &mut Narrator) {
        let Some(room) = self.rooms.get_mut(id) else {
            return;
        };
        room.locked = !room.locked;
        let locked = room.locked;
        if let Some(guest) = self.guests.get(&leg) {
            let body = EventBody::Conference(ConferenceEvent::Locked { locked });
            tell.leg(guest.call, leg, Rule::ConferenceModerator, body);
        }
        let prompt = if locked {
            Prompt::NowLocked
        } else {
            Prompt::NowUnlocked
        };
        tell.wish(Effect::Say(leg, prompt));
    }

    /// Removes whoever came last, moderators excepted.
    fn remove_last(&mut self, now: Now, (id, leg): Who<'_>, tell: &mut Narrator) {
        let Some(room) = self.rooms.get(id) else {
            return;
        };
        let common = |leg: &&LegId| {
            let member = self.member_of(**leg);
            member.is_some_and(|member| !member.moderator)
        };
        let Some(&last) = room.members.iter().rev().find(common) else {
            return;
        };
        self.expel(now, (id, last), Prompt::Removed, tell);
        tell.wish(Effect::Say(leg, Prompt::LastRemoved));
    }

    /// Ends the conference for everybody.
    fn close(&mut self, now: Now, (id, _): Who<'_>, tell: &mut Narrator) {
        // Without the room nobody is settled anew while the others go.
        let Some(room) = self.rooms.remove(id) else {
            return;
        };
        for member in room.members {
            self.expel(now, (id, member), Prompt::Over, tell);
        }
    }

    /// Takes a member out of the room by a moderator's decision.
    fn expel(&mut self, now: Now, (id, leg): Who<'_>, prompt: Prompt, tell: &mut Narrator) {
        let Some(call) = self.guests.get(&leg).map(|guest| guest.call) else {
            return;
        };
        let rule = Rule::ConferenceModerator;
        self.part(now, leg, prompt, (Cause::Moderator, rule), tell);
        self.member_left(now, leg, call, id, rule, tell);
    }
}
