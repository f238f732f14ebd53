//! The highway without a device: levels, slots, companding, and how long everything takes.

use hal_alsa::{AlsaAudio, Highway, Period, SampleFormat};
use hal_port::{AudioHalf as _, FRAME, Frame, FrameStatus, Readiness};

const CHANNELS: usize = 4;

/// A card and the halves of its ports, in the card's clock.
struct World {
    highway: Highway,
    halves: Vec<AlsaAudio>,
    format: SampleFormat,
    /// Everything that was played on each slot, from the start of the device on.
    played: [Vec<i16>; CHANNELS],
}

impl World {
    fn new(format: SampleFormat, period: Period, used: &[usize]) -> Self {
        let (highway, halves) = Highway::new(format, CHANNELS, period, used);
        let mut world = Self {
            highway,
            halves,
            format,
            played: Default::default(),
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let silence = self.highway.silence();
        self.play(&silence);
    }

    fn play(&mut self, output: &[u8]) {
        let size = self.format.octets();
        for frame in output.chunks_exact(CHANNELS * size) {
            for (code, played) in frame.chunks_exact(size).zip(&mut self.played) {
                played.push(match (self.format, code) {
                    (SampleFormat::Linear, &[low, high]) => i16::from_le_bytes([low, high]),
                    (SampleFormat::ALaw, &[code]) => dsp::g711::Law::A.decode(code),
                    (_, &[code]) => dsp::g711::Law::Mu.decode(code),
                    _ => i16::MIN,
                });
            }
        }
    }

    /// A period in which the slots say this.
    fn period(&mut self, mut says: impl FnMut(usize) -> i16) {
        let size = self.format.octets();
        let mut input = vec![0; self.highway.octets()];
        for frame in input.chunks_exact_mut(CHANNELS * size) {
            for (channel, code) in frame.chunks_exact_mut(size).enumerate() {
                let sample = says(channel);
                match (self.format, code) {
                    (SampleFormat::Linear, [low, high]) => [*low, *high] = sample.to_le_bytes(),
                    (SampleFormat::ALaw, [code]) => *code = dsp::g711::Law::A.encode(sample),
                    (_, [code]) => *code = dsp::g711::Law::Mu.encode(sample),
                    _ => {}
                }
            }
        }
        let mut output = vec![0; input.len()];
        self.highway.period(&input, &mut output);
        self.play(&output);
    }

    /// Answers the block that is there, if one is; what came with it.
    fn answer(&mut self, at: usize, tx: &Frame) -> Option<(Frame, FrameStatus)> {
        let half = &mut self.halves[at];
        if half.readiness() == Readiness::NotYet {
            return None;
        }
        let mut rx = [0; FRAME];
        let status = half.exchange(tx, &mut rx);
        Some((rx, status))
    }

    /// So many periods in which everything is answered in time.
    fn pass(&mut self, periods: usize) {
        for _ in 0..periods {
            self.period(|_| 0);
            for at in 0..self.halves.len() {
                self.answer(at, &[7; FRAME]);
            }
        }
    }
}

/// Each slot carries its own port, in every code.
#[test]
fn slots_are_not_mixed_up() {
    for format in [
        SampleFormat::Linear,
        SampleFormat::ALaw,
        SampleFormat::MuLaw,
    ] {
        let mut world = World::new(format, Period::Ms5, &[2, 0]);
        let mut heard = [0_i16; 2];
        for _ in 0..20 {
            // One, two … thousands in each slot.
            world.period(|channel| 1_000 * (channel as i16 + 1));
            for (at, heard) in heard.iter_mut().enumerate() {
                let tx = [-4_000 * (at as i16 + 1); FRAME];
                *heard = world.answer(at, &tx).map_or(*heard, |(rx, _)| rx[0]);
            }
        }
        let near = |got: i16, wanted: i16| got.abs_diff(wanted) <= wanted.unsigned_abs() / 25 + 10;
        assert!(near(heard[0], 3_000) && near(heard[1], 1_000), "{heard:?}");
        let last = |channel: usize| *world.played[channel].last().expect("played");
        assert!(near(last(2), -4_000) && near(last(0), -8_000));
        assert!(near(last(1), 0) && near(last(3), 0), "{format:?}");
    }
}

/// From one set of a board to another, to the sample, and again after the device was started anew.
#[test]
fn what_a_slot_says_another_plays_after_twenty_milliseconds() {
    for (period, samples) in [(Period::Ms5, 160), (Period::Ms10, 200)] {
        let mut world = World::new(SampleFormat::Linear, period, &[0, 1]);
        for _ in 0..2 {
            let mut said = 0;
            let mut rest = [0; FRAME];
            for number in 0..40 {
                world.period(|channel| {
                    said += usize::from(channel == 0);
                    i16::from(channel == 0 && said == 1_033) * 9_000
                });
                assert_eq!(world.halves[0].readiness(), world.halves[1].readiness());
                if let Some((rx, status)) = world.answer(0, &rest) {
                    assert_eq!(status, FrameStatus::default(), "{number}");
                    world.answer(1, &rx).expect("at the same moment");
                    rest = [0; FRAME];
                }
            }
            let heard = world.played[1].iter().position(|&sample| sample == 9_000);
            assert_eq!(heard.map(|heard| heard + 1 - 1_033), Some(samples));
            assert_eq!(
                usize::from(world.halves[0].latency_samples()),
                samples - FRAME
            );
            world.played = Default::default();
            world.highway.restart();
            world.start();
        }
    }
}

/// An answer that comes too late is not played, for nothing must move: it is counted, and the next has its place.
#[test]
fn a_late_answer_costs_its_block_only() {
    let mut world = World::new(SampleFormat::Linear, Period::Ms10, &[1]);
    world.pass(20);
    world.period(|_| 0);
    let late = world.halves[0].take(&mut [0; FRAME]);
    assert_eq!(late, FrameStatus::default());
    world.period(|_| 0);
    world.halves[0].give(&[9; FRAME]);
    let (_, next) = world.answer(0, &[7; FRAME]).expect("is there");
    assert_eq!((next.underrun, next.overrun, next.silent), (80, 0, false));
    world.pass(5);
    let played = &world.played[1][120 + FRAME..];
    assert_eq!(played.iter().filter(|&&sample| sample == 0).count(), FRAME);
    assert!(!played.contains(&9));
    assert_eq!(played.len() % FRAME, 0);
}

/// A box that stands still for half a second loses that half second both ways and no more.
#[test]
fn a_box_that_stands_still_is_counted_and_goes_on() {
    let mut world = World::new(SampleFormat::Linear, Period::Ms5, &[0]);
    world.pass(100);
    for _ in 0..100 {
        world.period(|_| 5);
    }
    // Blocks that lay there for long are of no use: the next one is the first.
    let (_, status) = world.answer(0, &[7; FRAME]).expect("something came");
    let lost = FrameStatus {
        underrun: 49 * FRAME as u16,
        overrun: 50 * FRAME as u16,
        silent: true,
    };
    assert_eq!(status, lost);
    let next = |world: &mut World| {
        world.period(|_| 6);
        world.period(|_| 6);
        world.answer(0, &[7; FRAME]).expect("is there")
    };
    let (rx, status) = next(&mut world);
    // The last of them could not be answered either.
    assert_eq!((rx, status.underrun, status.overrun), ([6; FRAME], 80, 0));
    let (_, status) = next(&mut world);
    assert_eq!(status, FrameStatus::default());
}

/// A port that is in no call costs nobody anything, and its first block is a new one.
#[test]
fn a_port_that_begins_late_has_lost_nothing() {
    let mut world = World::new(SampleFormat::Linear, Period::Ms5, &[0]);
    for _ in 0..1_000 {
        world.period(|_| 5);
    }
    let first = world.halves[0].take(&mut [0; FRAME]);
    assert!(first.silent && first.overrun == 0 && first.underrun == 0);
    assert_eq!(world.halves[0].readiness(), Readiness::NotYet);
    world.period(|_| 6);
    assert_eq!(world.halves[0].readiness(), Readiness::NotYet);
    world.period(|_| 6);
    assert_eq!(world.halves[0].readiness(), Readiness::Since(0));
    let (rx, status) = world.answer(0, &[7; FRAME]).expect("is there");
    assert_eq!((rx, status), ([6; FRAME], FrameStatus::default()));
    // Half of the next one has come.
    world.period(|_| 6);
    world.period(|_| 6);
    world.period(|_| 6);
    assert_eq!(world.halves[0].readiness(), Readiness::Since(40));
}
