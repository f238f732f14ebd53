use core::time::Duration;
use std::sync::{Arc, Mutex};

use hal_port::{Frame, Linefeed};

use super::chain::Chain;
use super::{Board, Daa, DaaAudio, Faults, Feed, Line};
use crate::byte_wire::{IntPin, Spi, lock};

/// The hand of a test on one chip of a chain: time, the line, faults.
#[derive(Clone, Debug)]
pub struct DaaHandle {
    chain: Arc<Mutex<Chain>>,
    place: usize,
}

impl DaaHandle {
    /// A chip alone on its select line, fresh from its reset.
    #[must_use]
    pub fn new(board: Board) -> Self {
        Self::chain(&[board]).remove(0)
    }

    /// A chain of chips, nearest to the controller first.
    #[must_use]
    pub fn chain(boards: &[Board]) -> Vec<Self> {
        let chips = boards.iter().map(|&board| Daa::new(board)).collect();
        let chain = Arc::new(Mutex::new(Chain::new(chips)));
        (0..boards.len())
            .map(|place| Self {
                chain: Arc::clone(&chain),
                place,
            })
            .collect()
    }

    pub(super) fn with<T>(&self, run: impl FnOnce(&mut Daa) -> T) -> T {
        run(&mut lock(&self.chain).chips[self.place])
    }

    /// The chain as the driver sees it.
    #[must_use]
    pub fn spi(&self) -> Spi {
        Spi(self.chain.clone())
    }

    /// The interrupt pin, of all chips of the chain together.
    #[must_use]
    pub fn interrupt(&self) -> IntPin {
        IntPin(self.chain.clone())
    }

    /// The chip's slot of the PCM highway.
    #[must_use]
    pub fn audio(&self) -> DaaAudio {
        DaaAudio::new(self.clone())
    }

    /// Time has come to `now`.
    pub fn pass_to(&self, now: Duration) {
        self.with(|daa| daa.run_to(now.as_micros() as u64));
    }

    /// Changes the line and its exchange.
    pub fn line(&self, change: impl FnOnce(&mut Line)) {
        self.with(|daa| {
            let before = daa.line.feed;
            change(&mut daa.line);
            if daa.line.feed != before {
                daa.flick_until_us = daa.now_us + 8_000;
                daa.registers[4] |= 0x01;
            }
        });
    }

    /// The exchange feeds the line so from now on.
    pub fn feed(&self, feed: Linefeed) {
        self.line(|line| {
            line.feed = match feed {
                Linefeed::Forward => Feed::Forward,
                Linefeed::Reverse => Feed::Reverse,
                Linefeed::Open => Feed::Open,
            };
        });
    }

    /// The exchange rings with 60 V of 25 Hz from now on, or no longer.
    pub fn ring(&self, on: bool) {
        self.line(|line| line.ringing = on.then_some((25.0, 60.0)));
    }

    /// A parallel set of 300 Ω is lifted, or put back.
    pub fn parallel(&self, off_hook: bool) {
        self.line(|line| line.parallel = off_hook.then_some(300.0));
    }

    /// Breaks or mends things. From now on the driver is forgiven what it could not know, until it
    /// reads the identity.
    pub fn fault(&self, change: impl FnOnce(&mut Faults)) {
        self.with(|daa| {
            change(&mut daa.faults);
            daa.lenient = true;
        });
    }

    /// A dip of the supply: the chip is as after a reset.
    pub fn brown_out(&self) {
        self.with(|daa| {
            daa.reset();
            daa.lenient = true;
        });
    }

    /// What the driver did that the data sheet forbids, since it was asked last.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.with(|daa| core::mem::take(&mut daa.violations))
    }

    /// Whether the loop is closed, as the exchange sees it.
    #[must_use]
    pub fn loop_is_closed(&self) -> bool {
        self.with(|daa| daa.loop_is_closed())
    }

    /// What a register holds, without an access.
    #[must_use]
    pub fn register(&self, register: u8) -> u8 {
        self.with(|daa| daa.register(register))
    }

    /// Gives the line what the exchange says during the next exchange of blocks.
    pub fn speak(&self, block: &Frame) {
        self.with(|daa| daa.spoken = *block);
    }

    /// What the exchange heard during the last exchange of blocks.
    #[must_use]
    pub fn heard(&self) -> Frame {
        self.with(|daa| daa.heard)
    }
}
