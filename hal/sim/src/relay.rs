//! The relay of a simulated lifeline: between a set's jack and a line's.

use core::sync::atomic::{AtomicBool, AtomicI16, AtomicU8, Ordering};
use core::time::Duration;
use std::sync::Arc;

use hal_port::{LifelineSight, Linefeed, PortEvent, Reading};
use rtrb::Producer;
use serde::{Deserialize, Serialize};

use crate::line::Contact;

/// What can be seen of a relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayKind {
    /// It takes the set from its port to the line, and a contact of its own says so.
    #[default]
    Sensed,
    /// It joins the two jacks: the set's port measures the line.
    Joins,
    /// It takes the set from its port to the line, and nothing says so.
    Blind,
}

/// A lifeline of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LifelinePlan {
    /// The number of the set's port, 1 = `fxs1`.
    pub set: usize,
    /// The number of the line's port, 1 = `fxo1`.
    pub line: usize,
    /// What is seen of its relay.
    pub kind: RelayKind,
}

/// A relay that does not move any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayStuck {
    /// As if drawn: the set never comes onto the line.
    Drawn,
    /// As if let go: the set stays on the line.
    Released,
}

/// What the two ports and the person at the set know of a relay. Each fact is one writer's, all of them on the
/// control thread; see [`crate::wire::Wire`].
#[derive(Debug, Default)]
pub(crate) struct Relay {
    /// Its coil is without current. Written by the set's control half.
    released: AtomicBool,
    /// 0 = it moves; else how it is stuck. Written by the person.
    stuck: AtomicU8,
    /// The set is off hook. Written by the set's control half.
    off_hook: AtomicBool,
    /// Voltage of the line. Written by the line's control half.
    line_volts: AtomicI16,
}

impl Relay {
    pub(crate) fn stick(&self, stuck: Option<RelayStuck>) {
        let stuck = match stuck {
            None => 0,
            Some(RelayStuck::Drawn) => 1,
            Some(RelayStuck::Released) => 2,
        };
        self.stuck.store(stuck, Ordering::Relaxed);
    }

    /// Whether its contacts have the set on the line.
    fn is_on_line(&self) -> bool {
        match self.stuck.load(Ordering::Relaxed) {
            0 => self.released.load(Ordering::Relaxed),
            stuck => stuck == 2,
        }
    }

    /// Whether the set draws current from the line.
    pub(crate) fn loads_line(&self) -> bool {
        self.is_on_line() && self.off_hook.load(Ordering::Relaxed)
    }

    pub(crate) fn set_line_volts(&self, volts: i16) {
        self.line_volts.store(volts, Ordering::Relaxed);
    }
}

/// The end of a lifeline at its set's port.
#[derive(Debug)]
pub(crate) struct SetEnd {
    relay: Arc<Relay>,
    kind: RelayKind,
    sight: LifelineSight,
    /// To the carrier's exchange.
    contacts: Producer<Contact>,
    /// The set closes the line's loop.
    closes: bool,
}

impl SetEnd {
    pub(crate) fn new(relay: Arc<Relay>, kind: RelayKind, contacts: Producer<Contact>) -> Self {
        Self {
            relay,
            kind,
            sight: LifelineSight::default(),
            contacts,
            closes: false,
        }
    }

    pub(crate) fn release(&mut self, released: bool) {
        self.relay.released.store(released, Ordering::Relaxed);
        self.sight.moved(released);
    }

    /// Whether the set is not on its port.
    pub(crate) fn is_away(&self) -> bool {
        self.relay.is_on_line()
    }

    /// Where the contact of the set's hook is at this time: on the line its exchange sees it.
    pub(crate) fn hook(&mut self, at: Duration, off_hook: bool) {
        self.relay.off_hook.store(off_hook, Ordering::Relaxed);
        let closed = off_hook && self.is_away();
        if self.closes != closed {
            self.closes = closed;
            // A carrier that does not look for so long misses what no exchange would.
            let _ = self.contacts.push(Contact { at, closed });
        }
    }

    /// What of the line is on the jack of the set's port.
    pub(crate) fn volts(&self) -> i16 {
        if self.kind == RelayKind::Joins && self.is_away() {
            self.relay.line_volts.load(Ordering::Relaxed)
        } else {
            0
        }
    }

    pub(crate) fn look(&mut self, feed: Linefeed, volts: Option<i16>) -> Option<PortEvent> {
        let contact = (self.kind == RelayKind::Sensed).then(|| self.is_away());
        self.sight.look(contact, feed, volts)
    }

    pub(crate) const fn of_set(&self, reading: Reading) -> Reading {
        self.sight.of_set(reading)
    }
}
