use core::time::Duration;

use hal_port::conformance::Bench;
use hal_port::{ControlHalf as _, Frame, Linefeed, Port, PortCommand, PortEvent};
use hal_slic::SlotFormat;
use hal_slic::fxs::{FxsLine, FxsSettings, LineDriver, Part};
use hal_slic_model::slic::{self, Board, SlicAudio, SlicHandle};
use hal_slic_model::{IntPin, Spi};

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
pub(crate) struct FxsBench {
    pub(crate) chip: SlicHandle,
    pub(crate) line: FxsLine<Spi, IntPin>,
    pub(crate) audio: SlicAudio,
    pub(crate) now: Duration,
    pub(crate) events: Vec<PortEvent>,
}

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
        Self {
            line: FxsLine::new("fxs1".into(), settings, chip.spi(), interrupt),
            audio: chip.audio(),
            chip,
            now: Duration::ZERO,
            events: Vec::new(),
        }
    }

    /// A board in service.
    pub(crate) fn new(build: Build) -> Self {
        let mut bench = Self::cold(build);
        bench.pass(6_000);
        assert!(bench.line.is_in_service(), "{:?}", bench.line.trouble());
        bench
    }

    /// Lets time pass as the exchange does: every 10 ms, and when the driver wishes it.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while self.now < end {
            let deadline = self.line.next_deadline().unwrap_or(end);
            let tick = self.now + Duration::from_millis(10);
            self.step(deadline.max(self.now + Duration::from_millis(1)).min(tick));
        }
    }

    fn step(&mut self, now: Duration) {
        self.now = now;
        self.chip.pass_to(now);
        self.line.advance(now);
        let line = &mut self.line;
        self.events
            .extend(core::iter::from_fn(|| line.poll_event()));
        self.check();
    }

    /// The driver did nothing that the data sheet forbids.
    #[track_caller]
    pub(crate) fn check(&self) {
        let violations = self.chip.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    pub(crate) fn take_events(&mut self) -> Vec<PortEvent> {
        core::mem::take(&mut self.events)
    }

    #[track_caller]
    pub(crate) fn must(&mut self, command: PortCommand) {
        self.line.apply(command).expect("accepted");
    }

    pub(crate) fn lift(&mut self, closed: bool) {
        self.chip.set(|set| set.closed = closed);
    }
}

impl Bench for FxsBench {
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
        self.check();
        self.now += Duration::from_millis(10);
        self.chip.pass_to(self.now);
        self.now
    }

    fn close_loop(&mut self, closed: bool) {
        self.lift(closed);
    }

    fn rings(&mut self) -> bool {
        self.chip.rings()
    }

    fn linefeed(&mut self) -> Linefeed {
        self.chip.linefeed()
    }

    fn speak(&mut self, block: &Frame) {
        self.chip.speak(block);
    }

    fn heard(&mut self) -> Frame {
        self.chip.heard()
    }
}
