//! A Si3050 with a Si3019: the port of a line to another exchange.
//!
//! In service it is looked at every 10 ms: what rings, the voltage, and off hook the current. The
//! driver times flashes and dial pulses itself and wants to be advanced at its deadlines for them.

mod bring_up;
mod control;
mod country;
mod hook;
mod registers;
mod watch;

use core::time::Duration;
use std::collections::VecDeque;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{Capabilities, LineProfile, Port, PortEvent, PortKind, Reading};

use self::bring_up::BringUp;
use self::hook::Hook;
use self::watch::Line;
use crate::{SlotFormat, Trouble, bus::DaaBus, health::Health};

/// How a chip is built into its board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxoSettings {
    /// Place in the daisy chain, 0–15; 0 = nearest to the controller, or alone on its select line.
    pub chain_place: u8,
    /// Clocks of the PCM highway from the frame sync to the port's first bit, 0–1023.
    pub slot_start: u16,
    /// What the slot holds.
    pub slot_format: SlotFormat,
}

/// Events that may wait: more cannot happen between two polls.
const EVENTS_MAX: usize = 32;

/// The control half of a line's port.
#[derive(Debug)]
pub struct FxoLine<S, P> {
    name: String,
    settings: FxoSettings,
    bus: DaaBus<S>,
    interrupt: Option<P>,
    now: Duration,
    health: Health<BringUp>,
    profile: LineProfile,
    hook: Hook,
    line: Line,
    next_look: Duration,
    next_status: Duration,
    reading: Reading,
    events: VecDeque<PortEvent>,
}

impl<S: SpiDevice, P: InputPin> FxoLine<S, P> {
    /// The port `name` on a chip that was reset with the highway's clocks running. `interrupt` is
    /// the chip's pin, active low; without it the chip is polled. Nothing is sent before the first
    /// `advance`.
    pub fn new(name: String, settings: FxoSettings, spi: S, interrupt: Option<P>) -> Self {
        Self {
            name,
            settings,
            bus: DaaBus::new(spi, settings.chain_place),
            interrupt,
            now: Duration::ZERO,
            health: Health::new(BringUp::START),
            profile: LineProfile::default(),
            hook: Hook::default(),
            line: Line::default(),
            next_look: Duration::ZERO,
            next_status: Duration::ZERO,
            reading: Reading::default(),
            events: VecDeque::with_capacity(EVENTS_MAX),
        }
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.name.clone(),
            kind: PortKind::Fxo,
            capabilities: Capabilities {
                pulse: true,
                on_hook_sound: true,
                parallel: true,
                impedance: true,
                ..Capabilities::default()
            },
        }
    }

    /// Whether it is brought up and works.
    #[must_use]
    pub fn is_in_service(&self) -> bool {
        self.health.is_in_service()
    }

    /// What is wrong now, or was last.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        self.health.last
    }

    fn put(&mut self, event: PortEvent) {
        if self.events.len() < EVENTS_MAX {
            self.events.push_back(event);
        }
    }
}
