//! A leg that goes from one plane to another, as when somebody enters a conference whose plane is
//! not his own. It takes along all that it is: numbers, source, keys, jitter buffer, track. All
//! planes of an exchange tick at the same instants, so between two ticks nothing of its sound is
//! lost or doubled.

use model::{BridgeId, Instant, MediaEvent, MediaFault, MediaLeg, PortId, Route, TapId};

use crate::output::Pace;
use crate::plane::Plane;
use crate::slot::{Leg, Slot};

/// A leg between two planes.
#[derive(Debug)]
pub struct Moving {
    leg: MediaLeg,
    slot: Slot,
    /// The last tick of the plane that it comes from.
    ticked: Option<Instant>,
}

impl Moving {
    /// Its name, which it keeps.
    #[must_use]
    pub const fn leg(&self) -> MediaLeg {
        self.leg
    }

    /// The port that it is; `None` if it speaks RTP.
    #[must_use]
    pub fn port(&self) -> Option<PortId> {
        match &self.slot.leg {
            Some(Leg::Port(object)) => Some(object.port()),
            Some(Leg::Rtp(_)) | None => None,
        }
    }

    /// The tracks that are recorded of it.
    pub fn taps(&self) -> impl Iterator<Item = TapId> {
        self.slot.taps.iter().map(|tap| tap.id)
    }
}

impl Plane {
    /// Takes a leg out for another plane, after its last tick here; `None` if it is not there. Call
    /// it when no tick is due, and let the other plane have it before the next one.
    pub fn depart(&mut self, now: Instant, leg: MediaLeg) -> Option<Moving> {
        self.catch_up(now);
        let route = self.slots.of(leg)?.route;
        self.part(leg.slot);
        if let Route::Bridge(old) = route {
            self.leave(old, leg.slot);
        }
        let slot = core::mem::take(self.slots.at(leg.slot)?);
        self.taps = self.taps.saturating_sub(slot.taps.count());
        self.slots.changed(leg.slot);
        if let Route::Bridge(old) = route {
            self.rewire(now, old);
        }
        self.retime(now);
        let ticked = self.ticked;
        Some(Moving { leg, slot, ticked })
    }

    /// Takes a leg in that comes from another plane, into a bridge of this one. Its slot must be
    /// free, as slots are numbered through all planes; else `LegFailed` follows.
    pub fn arrive(&mut self, now: Instant, moving: Moving, bridge: BridgeId) {
        self.catch_up(now);
        let Moving { leg, slot, ticked } = moving;
        let place = self.slots.at(leg.slot);
        let Some(place) = place.filter(|place| place.leg.is_none()) else {
            let fault = MediaFault::NoSlot;
            self.out.event(MediaEvent::LegFailed { leg, fault });
            if let Some(object) = slot.leg {
                self.out.retire(object.retire(leg));
            }
            return;
        };
        self.ticked = self.ticked.max(ticked);
        // The driver begins anew with its packets; the bridge that it was in is not here.
        *place = Slot {
            route: Route::Silence,
            pace: Pace::AtOnce,
            ..slot
        };
        self.taps = self.taps.saturating_add(place.taps.count());
        if let Some(ear) = place.ear()
            && let Some(player) = &mut ear.saying
            && !self.clips.follow(player)
        {
            let clip = player.clip;
            ear.saying = None;
            self.out.event(MediaEvent::ClipEnded { leg, clip });
        }
        self.slots.changed(leg.slot);
        if !self.set_route(now, leg, Route::Bridge(bridge)) {
            self.refused();
        }
    }
}
