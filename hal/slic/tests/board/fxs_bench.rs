use core::time::Duration;

use hal_port::conformance::{Bench, PortBench};
use hal_port::{Frame, Linefeed, Port};
use hal_slic::SlotFormat;
use hal_slic::fxs::{FxsLine, FxsSettings, LineDriver, Part};
use hal_slic_model::slic::{self, Board, SlicAudio, SlicHandle};
use hal_slic_model::{IntPin, Spi};

use crate::bench::ChipBench;

/// How a board differs from the plain one.
#[derive(Clone, Copy)]
pub(crate) struct Build {
    pub(crate) part: Part,
    pub(crate) driver: LineDriver,
    pub(crate) interrupt: bool,
    pub(crate) format: SlotFormat,
    pub(crate) slot_start: u16,
}

impl Default for Build {
    fn default() -> Self {
        Self {
            part: Part::Si3210,
            driver: LineDriver::Discrete,
            interrupt: true,
            format: SlotFormat::Linear,
            slot_start: 0,
        }
    }
}

/// One port: driver, model, time.
pub(crate) type FxsBench = ChipBench<SlicHandle, FxsLine<Spi, IntPin>, SlicAudio>;

impl FxsBench {
    /// A board as it is switched on.
    pub(crate) fn cold(build: Build) -> Self {
        let part = match build.part {
            Part::Si3210 => slic::Part::Si3210,
            Part::Si3215 => slic::Part::Si3215,
        };
        Self::with_board(
            build,
            Board {
                slot_start: build.slot_start,
                ..Board::new(part)
            },
        )
    }

    pub(crate) fn with_board(build: Build, board: Board) -> Self {
        let chip = SlicHandle::new(board);
        let settings = FxsSettings {
            part: build.part,
            driver: build.driver,
            dc_dc_period: 0xff,
            slot_start: build.slot_start,
            slot_format: build.format,
        };
        let interrupt = build.interrupt.then(|| chip.interrupt());
        let line = FxsLine::new("fxs1".into(), settings, chip.spi(), interrupt);
        let audio = chip.audio();
        Self::with(chip, line, audio)
    }

    /// A board in service.
    pub(crate) fn new(build: Build) -> Self {
        let mut bench = Self::cold(build);
        bench.pass(6_000);
        assert!(bench.line.is_in_service(), "{:?}", bench.line.trouble());
        bench
    }

    pub(crate) fn lift(&mut self, closed: bool) {
        self.chip.set(|set| set.closed = closed);
    }
}

impl PortBench for FxsBench {
    type Control = FxsLine<Spi, IntPin>;
    type Audio = SlicAudio;

    fn port(&self) -> Port {
        self.line.port()
    }

    fn control(&mut self) -> &mut Self::Control {
        &mut self.line
    }

    fn audio(&mut self) -> &mut SlicAudio {
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

impl Bench for FxsBench {
    fn close_loop(&mut self, closed: bool) {
        self.lift(closed);
    }

    fn rings(&mut self) -> bool {
        self.chip.rings()
    }

    fn linefeed(&mut self) -> Linefeed {
        self.chip.linefeed()
    }
}
