//! Oracles that look at the whole world from time to time.

use pbx::Figures;

use super::World;
use crate::phone::Stage;

impl World {
    /// Everything in use, or nothing without power.
    pub(crate) fn figures(&self) -> Figures {
        self.exchange
            .as_ref()
            .map_or_else(Figures::default, |e| e.pbx.figures())
    }

    pub(super) fn review(&mut self) {
        for late in self.truth.review(self.now) {
            self.violation(&late);
        }
        self.review_lines();
        for station in 0..self.stations.len() {
            let call = self.stations[station].phone.call.as_ref();
            let still = call.is_some_and(|call| {
                call.stage != Stage::Up
                    || call.holding
                    || call.heard.is_none_or(|heard| !heard.they_receive)
            });
            if still {
                self.hearing.changed(self.now, station);
            }
        }
        for sitter in &mut self.sitters {
            if sitter.still_dials_on(&mut self.board.people) {
                self.hearing.changed(self.now, sitter.seat);
            }
        }
        if self.features.breaks() && self.hostile || !self.network.weather.is_gentle() {
            return;
        }
        if !self.features.breaks() {
            for wrong in self.truth.ring_for_nobody(self.now, &self.office) {
                self.violation(&wrong);
            }
        }
        let (stations, sitters, outsiders) = (&self.stations, &self.sitters, &self.outsiders);
        let talks = |(seat, id): &(usize, String)| match stations.get(*seat) {
            Some(station) => station
                .phone
                .call
                .as_ref()
                .is_some_and(|call| call.id == *id),
            None => {
                sitters.iter().any(|s| s.seat == *seat && s.off_hook)
                    || outsiders.iter().any(|o| o.seat == *seat && o.talks_in(id))
            }
        };
        let settled = |seat| self.hearing.is_settled(self.now, seat);
        let books = (&self.truth, &self.office);
        let unkept = self.tapes.review(self.now, books, settled, talks);
        let silent = self.hearing.review(self.now, &self.truth, talks);
        for wrong in silent.iter().chain(&unkept) {
            self.violation(wrong);
        }
    }
}
