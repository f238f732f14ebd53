//! A board as it is built: line chips for the control halves, their slots of the sound device for the audio
//! halves. Both suites of `hal-port`, over models of the chips.

use core::time::Duration;

use hal_alsa::{AlsaAudio, Highway, Period, SampleFormat};
use hal_port::conformance::{Bench, LineBench, PortBench, fxo, fxs};
use hal_port::{
    AudioHalf, ControlHalf as _, FRAME, Frame, LineProfile, Linefeed, Port, PortCommand,
};
use hal_slic::SlotFormat;
use hal_slic::fxo::{FxoLine, FxoSettings};
use hal_slic::fxs::{FxsLine, FxsSettings, LineDriver, Part};
use hal_slic_model::{IntPin, Spi, daa, slic};

/// Slots of the device; the port is on the third.
const CHANNELS: usize = 4;
const SLOT: usize = 2;

/// The device between a chip and its half.
struct Wires<C> {
    chip: C,
    highway: Highway,
    half: AlsaAudio,
    format: SampleFormat,
    period: usize,
}

impl<C: AudioHalf> Wires<C> {
    fn new(chip: C, format: SampleFormat, period: Period) -> Self {
        let (highway, mut halves) = Highway::new(format, CHANNELS, period, &[SLOT]);
        Self {
            chip,
            highway,
            half: halves.remove(0),
            format,
            period: usize::from(period.frames()),
        }
    }

    /// Ten milliseconds of all slots.
    fn run(&mut self) {
        let mut said: Frame = [0; FRAME];
        let mut hears: Frame = [0; FRAME];
        self.chip.take(&mut said);
        let size = self.format.octets();
        for (said, hears) in said
            .chunks_exact(self.period)
            .zip(hears.chunks_exact_mut(self.period))
        {
            let mut input = vec![0; self.highway.octets()];
            let mut output = input.clone();
            for (frame, &sample) in input.chunks_exact_mut(CHANNELS * size).zip(said) {
                let place = &mut frame[SLOT * size..(SLOT + 1) * size];
                match self.format {
                    SampleFormat::Linear => place.copy_from_slice(&sample.to_le_bytes()),
                    SampleFormat::ALaw => place[0] = dsp::g711::Law::A.encode(sample),
                    SampleFormat::MuLaw => place[0] = dsp::g711::Law::Mu.encode(sample),
                }
            }
            self.highway.period(&input, &mut output);
            for (frame, sample) in output.chunks_exact(CHANNELS * size).zip(hears) {
                let place = &frame[SLOT * size..(SLOT + 1) * size];
                *sample = match self.format {
                    SampleFormat::Linear => i16::from_le_bytes([place[0], place[1]]),
                    SampleFormat::ALaw => dsp::g711::Law::A.decode(place[0]),
                    SampleFormat::MuLaw => dsp::g711::Law::Mu.decode(place[0]),
                };
            }
        }
        self.chip.give(&hears);
    }
}

/// How the slots of a board are used.
#[derive(Clone, Copy)]
struct Build {
    slot: SlotFormat,
    device: SampleFormat,
    period: Period,
}

const BUILDS: [Build; 3] = [
    Build {
        slot: SlotFormat::Linear,
        device: SampleFormat::Linear,
        period: Period::Ms5,
    },
    Build {
        slot: SlotFormat::ALaw,
        device: SampleFormat::ALaw,
        period: Period::Ms10,
    },
    Build {
        slot: SlotFormat::MuLaw,
        device: SampleFormat::MuLaw,
        period: Period::Ms5,
    },
];

impl Build {
    const fn slot_start(self) -> u16 {
        SLOT as u16 * 8 * self.device.octets() as u16
    }
}

struct SetBoard {
    chip: slic::SlicHandle,
    line: FxsLine<Spi, IntPin>,
    wires: Wires<slic::SlicAudio>,
    now: Duration,
}

impl SetBoard {
    /// In service.
    fn new(build: Build) -> Self {
        let chip = slic::SlicHandle::new(slic::Board {
            slot_start: build.slot_start(),
            ..slic::Board::new(slic::Part::Si3215)
        });
        let settings = FxsSettings {
            part: Part::Si3215,
            driver: LineDriver::Discrete,
            dc_dc_period: 0xff,
            slot_start: build.slot_start(),
            slot_format: build.slot,
        };
        let line = FxsLine::new("fxs1".into(), settings, chip.spi(), Some(chip.interrupt()));
        let mut board = Self {
            wires: Wires::new(chip.audio(), build.device, build.period),
            chip,
            line,
            now: Duration::ZERO,
        };
        for _ in 0..3_000 {
            board.now += Duration::from_millis(1);
            board.chip.pass_to(board.now);
            board.line.advance(board.now);
        }
        assert!(board.line.is_in_service(), "{:?}", board.line.trouble());
        board
    }
}

impl PortBench for SetBoard {
    type Control = FxsLine<Spi, IntPin>;
    type Audio = AlsaAudio;

    fn port(&self) -> Port {
        self.line.port()
    }

    fn control(&mut self) -> &mut Self::Control {
        &mut self.line
    }

    fn audio(&mut self) -> &mut AlsaAudio {
        &mut self.wires.half
    }

    fn pass_10_ms(&mut self) -> Duration {
        assert_eq!(self.chip.violations(), Vec::<String>::new());
        self.now += Duration::from_millis(10);
        self.chip.pass_to(self.now);
        self.now
    }

    fn speak(&mut self, block: &Frame) {
        self.chip.speak(block);
        self.wires.run();
    }

    fn heard(&mut self) -> Frame {
        self.chip.heard()
    }
}

impl Bench for SetBoard {
    fn close_loop(&mut self, closed: bool) {
        self.chip.set(|set| set.closed = closed);
    }

    fn rings(&mut self) -> bool {
        self.chip.rings()
    }

    fn linefeed(&mut self) -> Linefeed {
        self.chip.linefeed()
    }
}

struct LineBoard {
    chip: daa::DaaHandle,
    line: FxoLine<Spi, IntPin>,
    wires: Wires<daa::DaaAudio>,
    now: Duration,
}

impl LineBoard {
    fn new(build: Build) -> Self {
        let chip = daa::DaaHandle::new(daa::Board {
            slot_start: build.slot_start(),
            ..daa::Board::default()
        });
        let settings = FxoSettings {
            chain_place: 0,
            slot_start: build.slot_start(),
            slot_format: build.slot,
        };
        let mut line = FxoLine::new("fxo1".into(), settings, chip.spi(), Some(chip.interrupt()));
        let profile = LineProfile {
            country: *b"CZ",
            ..LineProfile::default()
        };
        line.apply(PortCommand::SetProfile(profile))
            .expect("accepted before the start");
        Self {
            wires: Wires::new(chip.audio(), build.device, build.period),
            chip,
            line,
            now: Duration::ZERO,
        }
    }
}

impl PortBench for LineBoard {
    type Control = FxoLine<Spi, IntPin>;
    type Audio = AlsaAudio;

    fn port(&self) -> Port {
        self.line.port()
    }

    fn control(&mut self) -> &mut Self::Control {
        &mut self.line
    }

    fn audio(&mut self) -> &mut AlsaAudio {
        &mut self.wires.half
    }

    fn pass_10_ms(&mut self) -> Duration {
        assert_eq!(self.chip.violations(), Vec::<String>::new());
        self.now += Duration::from_millis(10);
        self.chip.pass_to(self.now);
        self.now
    }

    fn speak(&mut self, block: &Frame) {
        self.chip.speak(block);
        self.wires.run();
    }

    fn heard(&mut self) -> Frame {
        self.chip.heard()
    }
}

impl LineBench for LineBoard {
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

#[test]
fn a_sets_chip_with_its_slot_conforms() {
    for build in BUILDS {
        fxs(|| SetBoard::new(build)).expect("conforms");
    }
}

#[test]
fn a_lines_chip_with_its_slot_conforms() {
    for build in BUILDS {
        fxo(|| LineBoard::new(build)).expect("conforms");
    }
}

/// The suite hears the device: a port whose half is on another slot is caught.
#[test]
fn a_half_on_another_slot_is_caught() {
    let failure = fxs(|| {
        let mut board = SetBoard::new(BUILDS[0]);
        let (highway, mut halves) =
            Highway::new(SampleFormat::Linear, CHANNELS, Period::Ms5, &[SLOT - 1]);
        board.wires.highway = highway;
        board.wires.half = halves.remove(0);
        board
    })
    .expect_err("deaf");
    assert_eq!(failure.case, "sound both ways");
}
