//! Where the relay of a lifeline has its set, as far as that can be seen.

use crate::{Linefeed, PortEvent, Reading};

/// What is seen of a lifeline: a relay that joins a set to a line without power, or when it is let go.
///
/// A contact of the relay tells where the set is. Without one a relay that joins the two jacks still shows: the
/// set's port, while it does not feed, measures the battery of the line on its own jack. Of a relay that takes the
/// set away from its port nothing is seen then.
#[derive(Clone, Copy, Debug, Default)]
pub struct LifelineSight {
    on_line: bool,
    /// The relay was let go.
    released: bool,
    /// The voltage measured last may be the line's.
    mixed: bool,
}

impl LifelineSight {
    /// No idle line has less.
    const LINE_VOLTS: u16 = 15;

    /// The relay was let go (`true`) or drawn.
    pub const fn moved(&mut self, released: bool) {
        self.released = released;
        self.mixed |= released;
    }

    /// What there is to be told: by the `contact` of the relay, `true` = the set is on the line; else by the
    /// `volts` that the set's port measured last without feeding.
    pub fn look(
        &mut self,
        contact: Option<bool>,
        feed: Linefeed,
        volts: Option<i16>,
    ) -> Option<PortEvent> {
        let measured = volts.filter(|_| feed == Linefeed::Open);
        let joined = measured.map(|volts| volts.unsigned_abs() >= Self::LINE_VOLTS);
        let on_line = contact.or(joined)?;
        let news = core::mem::replace(&mut self.on_line, on_line) != on_line;
        if !self.released && !on_line && joined == Some(false) {
            self.mixed = false;
        }
        news.then_some(PortEvent::Lifeline(on_line))
    }

    /// A reading of the set's port without what is, or may be, the battery of the line.
    #[must_use]
    pub const fn of_set(&self, reading: Reading) -> Reading {
        Reading {
            foreign_volts: if self.mixed {
                None
            } else {
                reading.foreign_volts
            },
            ..reading
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_tells_and_without_one_the_voltage_of_an_unfed_jack() {
        let mut sight = LifelineSight::default();
        assert_eq!(sight.look(Some(false), Linefeed::Forward, Some(48)), None);
        let on = Some(PortEvent::Lifeline(true));
        let off = Some(PortEvent::Lifeline(false));
        assert_eq!(sight.look(Some(true), Linefeed::Open, Some(0)), on);
        assert_eq!(sight.look(Some(true), Linefeed::Open, Some(0)), None);
        assert_eq!(sight.look(Some(false), Linefeed::Open, Some(0)), off);

        // Fed, the voltage is the port's own or an old one.
        assert_eq!(sight.look(None, Linefeed::Forward, Some(48)), None);
        assert_eq!(sight.look(None, Linefeed::Open, None), None);
        assert_eq!(sight.look(None, Linefeed::Open, Some(-48)), on);
        assert_eq!(sight.look(None, Linefeed::Forward, Some(0)), None);
        assert_eq!(sight.look(None, Linefeed::Open, Some(6)), off);
    }

    #[test]
    fn the_battery_of_the_line_is_no_foreign_voltage_of_the_set() {
        let reading = |volts| Reading {
            foreign_volts: Some(volts),
            ..Reading::default()
        };
        let mut sight = LifelineSight::default();
        assert_eq!(sight.of_set(reading(12)).foreign_volts, Some(12));
        sight.moved(true);
        sight.look(None, Linefeed::Open, Some(48));
        assert_eq!(sight.of_set(reading(48)).foreign_volts, None);
        sight.moved(false);
        assert_eq!(sight.of_set(reading(48)).foreign_volts, None, "an old one");
        sight.look(None, Linefeed::Open, Some(0));
        assert_eq!(sight.of_set(reading(0)).foreign_volts, Some(0));
    }
}
