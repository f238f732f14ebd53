use core::time::Duration;

use hal_port::conformance::{LineBench, PortBench};
use hal_port::{ControlHalf as _, Frame, LineProfile, Linefeed, Port, PortCommand, PortEvent};
use hal_slic::SlotFormat;
use hal_slic::fxo::{FxoLine, FxoSettings};
use hal_slic_model::daa::{Board, DaaAudio, DaaHandle};
use hal_slic_model::{IntPin, Spi};

use crate::bench::ChipBench;

/// How a board differs from the plain one.
#[derive(Clone, Copy)]
pub(crate) struct Build {
    pub(crate) interrupt: bool,
    pub(crate) format: SlotFormat,
    pub(crate) slot_start: u16,
    pub(crate) country: [u8; 2],
}

impl Default for Build {
    fn default() -> Self {
        Self {
            interrupt: true,
            format: SlotFormat::Linear,
            slot_start: 0,
            country: *b"US",
        }
    }
}

/// One port: driver, model, time.
pub(crate) type FxoBench = ChipBench<DaaHandle, FxoLine<Spi, IntPin>, DaaAudio>;

impl FxoBench {
    /// A board as it is switched on.
    pub(crate) fn cold(build: Build) -> Self {
        let board = Board {
            slot_start: build.slot_start,
            ..Board::default()
        };
        Self::with_chip(build, DaaHandle::new(board), 0)
    }

    pub(crate) fn with_chip(build: Build, chip: DaaHandle, chain_place: u8) -> Self {
        let settings = FxoSettings {
            chain_place,
            slot_start: build.slot_start,
            slot_format: build.format,
        };
        let interrupt = build.interrupt.then(|| chip.interrupt());
        let mut line = FxoLine::new("fxo1".into(), settings, chip.spi(), interrupt);
        let profile = LineProfile {
            country: build.country,
            ..LineProfile::default()
        };
        line.apply(PortCommand::SetProfile(profile))
            .expect("accepted before the start");
        let audio = chip.audio();
        Self::with(chip, line, audio)
    }

    /// A board in service, its line found alive.
    pub(crate) fn new(build: Build) -> Self {
        let mut bench = Self::cold(build);
        bench.pass(1_000);
        assert!(bench.line.is_in_service(), "{:?}", bench.line.trouble());
        assert_eq!(bench.take_events(), [PortEvent::Battery(true)]);
        bench
    }
}

impl PortBench for FxoBench {
    type Control = FxoLine<Spi, IntPin>;
    type Audio = DaaAudio;

    fn port(&self) -> Port {
        self.line.port()
    }

    fn control(&mut self) -> &mut Self::Control {
        &mut self.line
    }

    fn audio(&mut self) -> &mut DaaAudio {
        &mut self.audio
    }

    fn pass_10_ms(&mut self) -> Duration {
        self.pass_for_suite()
    }

    fn speak(&mut self, block: &Frame) {
        self.chip.speak(block);
    }

    fn heard(&mut self) -> Frame {
        self.chip.heard()
    }
}

impl LineBench for FxoBench {
    fn feed(&mut self, feed: Linefeed) {
        self.chip.feed(feed);
    }

    fn ring(&mut self, on: bool) {
        self.chip.ring(on);
    }

    fn parallel(&mut self, off_hook: bool) {
        self.chip.parallel(off_hook);
    }

    fn loop_is_closed(&mut self) -> bool {
        self.chip.loop_is_closed()
    }
}
