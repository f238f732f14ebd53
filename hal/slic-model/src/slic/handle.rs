use core::time::Duration;
use std::sync::{Arc, Mutex};

use hal_port::{Frame, Linefeed};

use super::{Board, Faults, Set, Slic, SlicAudio, state};
use crate::byte_wire::{IntPin, Spi, lock};

/// The hand of a test on a model: time, the set, faults, and what the line shows.
#[derive(Clone, Debug)]
pub struct SlicHandle(pub(super) Arc<Mutex<Slic>>);

impl SlicHandle {
    /// A chip fresh from its reset.
    #[must_use]
    pub fn new(board: Board) -> Self {
        Self(Arc::new(Mutex::new(Slic::new(board))))
    }

    /// The chip as the driver sees it.
    #[must_use]
    pub fn spi(&self) -> Spi {
        Spi(self.0.clone())
    }

    /// Its interrupt pin.
    #[must_use]
    pub fn interrupt(&self) -> IntPin {
        IntPin(self.0.clone())
    }

    /// Its slot of the PCM highway.
    #[must_use]
    pub fn audio(&self) -> SlicAudio {
        SlicAudio::new(self.0.clone())
    }

    /// Time has come to `now`.
    pub fn pass_to(&self, now: Duration) {
        lock(&self.0).run_to(now.as_micros() as u64);
    }

    /// Changes the set and its line.
    pub fn set(&self, change: impl FnOnce(&mut Set)) {
        change(&mut lock(&self.0).set);
    }

    /// Breaks or mends things. From now on the driver is forgiven what it could not know, until it
    /// reads the identity.
    pub fn fault(&self, change: impl FnOnce(&mut Faults)) {
        let mut slic = lock(&self.0);
        change(&mut slic.faults);
        slic.lenient = true;
    }

    /// A dip of the supply: the chip is as after a reset, the battery gone.
    pub fn brown_out(&self) {
        let mut slic = lock(&self.0);
        slic.reset();
        slic.battery = 0.0;
        slic.lenient = true;
    }

    /// One power alarm of these transistors, bit 0 = Q1.
    pub fn power_alarm(&self, transistors: u8) {
        let mut slic = lock(&self.0);
        slic.power_alarm(transistors);
    }

    /// What the driver did that the data sheet forbids, since it was asked last.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        lock(&self.0).take_violations()
    }

    /// Whether ringing voltage is on the line.
    #[must_use]
    pub fn rings(&self) -> bool {
        let slic = lock(&self.0);
        slic.state() == state::RINGING && slic.battery > 40.0
    }

    /// Peak voltage and frequency of the ringing as it is set.
    #[must_use]
    pub fn ringing(&self) -> (f64, f64) {
        let slic = lock(&self.0);
        (slic.ring_peak(), slic.ring_hz())
    }

    /// How the loop is fed, as seen from the set.
    #[must_use]
    pub fn linefeed(&self) -> Linefeed {
        let slic = lock(&self.0);
        match slic.state() {
            state::OPEN | 3 | 7 => Linefeed::Open,
            state::REVERSE | 6 => Linefeed::Reverse,
            _ => Linefeed::Forward,
        }
    }

    /// What a direct register holds, without an access.
    #[must_use]
    pub fn register(&self, address: u8) -> u8 {
        lock(&self.0).register(address)
    }

    /// What an indirect register holds; `None` = never written.
    #[must_use]
    pub fn indirect(&self, address: u8) -> Option<u16> {
        lock(&self.0).indirect[usize::from(address)]
    }

    /// How long metering has been on the line in all.
    #[must_use]
    pub fn metered(&self) -> Duration {
        Duration::from_micros(lock(&self.0).metering_us)
    }

    /// Gives the set's microphone what it hears during the next exchange.
    pub fn speak(&self, block: &Frame) {
        lock(&self.0).microphone = *block;
    }

    /// What the set's earpiece played during the last exchange.
    #[must_use]
    pub fn heard(&self) -> Frame {
        lock(&self.0).heard
    }
}
