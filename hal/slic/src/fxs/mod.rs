//! A Si3210 or Si3215: the port of a set.
//!
//! The chip is looked at every 5 ms: by its interrupt pin, if it has one, else by three registers;
//! with a pin the registers are read every 20 ms all the same, so that a lost edge wedges nothing.

mod bring_up;
mod control;
mod indirect;
mod line_settings;
mod linefeed;
mod registers;
mod ring;
mod watch;

use core::time::Duration;
use std::collections::VecDeque;

use embedded_hal::{digital::InputPin, spi::SpiDevice};
use hal_port::{
    Capabilities, HookDetector, HookTimes, LineProfile, Port, PortEvent, PortKind, Reading,
};
use serde::{Deserialize, Serialize};

use self::bring_up::BringUp;
use self::indirect::Indirect;
use self::linefeed::Wish;
use crate::{SlotFormat, Trouble, bus::ProslicBus, health::Health};

/// Which part sits on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// With metering and DTMF decoder; indirect registers of set A.
    Si3210,
    /// Without; indirect registers of set B.
    Si3215,
}

/// What drives the line, which decides how gain mismatch is calibrated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineDriver {
    /// Discrete transistors: the chip calibrates itself.
    #[default]
    Discrete,
    /// A Si3201: Q5 and Q6 are balanced by hand, in about three seconds.
    Si3201,
}

/// How a chip is built into its board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FxsSettings {
    /// The part; another one at the identity check is refused.
    pub part: Part,
    /// What drives the line.
    pub driver: LineDriver,
    /// Period of the DC-DC converter in its register's code: 0xFF for a transistor and coil.
    pub dc_dc_period: u8,
    /// Clocks of the PCM highway from the frame sync to the port's first bit, 0–1023.
    pub slot_start: u16,
    /// What the slot holds.
    pub slot_format: SlotFormat,
}

/// Events that may wait: more cannot happen between two polls.
const EVENTS_MAX: usize = 32;

/// The control half of a set's port.
#[derive(Debug)]
pub struct FxsLine<S, P> {
    name: String,
    settings: FxsSettings,
    bus: ProslicBus<S>,
    interrupt: Option<P>,
    indirect: Indirect,
    now: Duration,
    health: Health<BringUp>,
    /// Register 0 as it was at the identity check.
    identity: u8,
    profile: LineProfile,
    wish: Wish,
    hook: HookDetector,
    hook_times: HookTimes,
    /// The chip's own, debounced opinion of the loop when it was asked last.
    closed: bool,
    /// The loop is taken for closed until then: the chip goes from ring trip to loop closure.
    trip_until: Duration,
    /// Loop closure means nothing until then: a bell rings out.
    deaf_until: Duration,
    /// Ends a metering pulse.
    meter_until: Option<Duration>,
    next_status: Duration,
    next_reading: Duration,
    next_look: Duration,
    alarms: watch::Alarms,
    reading: Reading,
    /// The feed was seen open since then.
    open_since: Option<Duration>,
    events: VecDeque<PortEvent>,
}

impl<S: SpiDevice, P: InputPin> FxsLine<S, P> {
    /// The port `name` on a chip that was reset with the highway's clocks running. `interrupt` is
    /// the chip's pin, active low; without it the chip is polled. Nothing is sent before the first
    /// `advance`.
    pub fn new(name: String, settings: FxsSettings, spi: S, interrupt: Option<P>) -> Self {
        let hook_times = HookTimes::default();
        Self {
            name,
            settings,
            bus: ProslicBus::new(spi),
            interrupt,
            indirect: Indirect::new(settings.part == Part::Si3215),
            now: Duration::ZERO,
            health: Health::new(BringUp::START),
            identity: 0,
            profile: LineProfile::default(),
            wish: Wish::default(),
            hook: HookDetector::new(hook_times),
            hook_times,
            closed: false,
            trip_until: Duration::ZERO,
            deaf_until: Duration::ZERO,
            meter_until: None,
            next_status: Duration::ZERO,
            next_reading: Duration::ZERO,
            next_look: Duration::ZERO,
            alarms: watch::Alarms::default(),
            reading: Reading::default(),
            open_since: None,
            events: VecDeque::with_capacity(EVENTS_MAX),
        }
    }

    /// What this port is.
    #[must_use]
    pub fn port(&self) -> Port {
        Port {
            name: self.name.clone(),
            kind: PortKind::Fxs,
            capabilities: Capabilities {
                ring_vrms: ring::VRMS_MAX,
                reversal: true,
                open_loop: true,
                pulse: true,
                on_hook_sound: true,
                metering: self.settings.part == Part::Si3210,
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
