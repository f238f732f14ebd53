//! Conferences in the media plane: one bridge a room.

use call::LegEvent;
use model::{Cause, Chime, Clip, EntryId, Gain, Hearer, LegId, MediaCommand, Now, Route};

use crate::Pbx;

impl Pbx {
    /// The leg hears all others of the room, and they hear it.
    pub(crate) fn join_room(&mut self, now: Now, leg: LegId, room: EntryId) {
        let bridge = match self.room_bridges.get(&room) {
            Some(&bridge) => bridge,
            None => {
                let Some(bridge) = self.bridges.take() else {
                    self.leg_event(now, leg, LegEvent::Ended(Cause::Congestion));
                    return;
                };
                self.room_bridges.insert(room, bridge);
                bridge
            }
        };
        if self.bridge_of.get(&leg) != Some(&bridge) {
            self.leave_bridge(leg);
            self.bridge_of.insert(leg, bridge);
        }
        self.forget_clip(leg);
        self.route(leg, Route::Bridge(bridge));
    }

    /// The leg hears its bridge again.
    pub(crate) fn return_to_bridge(&mut self, leg: LegId) {
        self.forget_clip(leg);
        if let Some(&bridge) = self.bridge_of.get(&leg) {
            self.route(leg, Route::Bridge(bridge));
        }
    }

    /// Whether one of a room hears another.
    pub(crate) fn set_hearing(&mut self, listener: LegId, speaker: LegId, heard: bool) {
        let bridge = self.bridge_of.get(&listener).copied();
        let places = (self.media_of(listener), self.media_of(speaker));
        let (Some(bridge), (Some(listener), Some(speaker))) = (bridge, places) else {
            return;
        };
        let gain = if heard { Gain::UNITY } else { Gain::Mute };
        self.media(MediaCommand::SetHearing {
            bridge,
            listener,
            speaker,
            gain,
        });
    }

    /// A signal for everybody in a room.
    pub(crate) fn chime(&mut self, room: &EntryId, chime: Chime) {
        if let Some(&bridge) = self.room_bridges.get(room) {
            let (to, clip) = (Hearer::Bridge(bridge), Clip::Chime(chime).id());
            self.media(MediaCommand::Say { to, clip });
        }
    }
}
