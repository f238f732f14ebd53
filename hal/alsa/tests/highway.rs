//! The highway without a device: levels, slots, companding, and two clocks that run apart.

use hal_alsa::{Highway, SampleFormat};
use hal_port::{AudioHalf as _, FRAME, Frame};

const CHANNELS: usize = 4;
const PERIOD: usize = 40;

fn octets(format: SampleFormat) -> usize {
    PERIOD * CHANNELS * format.octets()
}

/// A half in the box's clock beside a card in its own; both tick in virtual time.
struct World {
    highway: Highway,
    halves: Vec<hal_alsa::AlsaAudio>,
    format: SampleFormat,
    card_samples: f64,
    silent: u32,
    lost: u32,
}

impl World {
    fn new(format: SampleFormat, used: &[usize]) -> Self {
        let (highway, halves) = Highway::new(format, CHANNELS, used);
        Self {
            highway,
            halves,
            format,
            card_samples: 0.0,
            silent: 0,
            lost: 0,
        }
    }

    /// Ten milliseconds of the box; the card is `ppm` faster. `line` gives the octets of a period and
    /// sees those that went out.
    fn tick(
        &mut self,
        ppm: f64,
        mut line: impl FnMut(&mut [u8]),
        mut played: impl FnMut(&[u8]),
        mut half: impl FnMut(usize, &Frame) -> Frame,
    ) {
        self.card_samples += FRAME as f64 * (1.0 + ppm / 1e6);
        while self.card_samples >= PERIOD as f64 {
            self.card_samples -= PERIOD as f64;
            let mut input = vec![0; octets(self.format)];
            let mut output = vec![0; octets(self.format)];
            line(&mut input);
            self.highway.period(&input, &mut output);
            played(&output);
        }
        for (at, audio) in self.halves.iter_mut().enumerate() {
            let mut rx = [0; FRAME];
            let tx = half(at, &rx);
            let status = audio.exchange(&tx, &mut rx);
            self.silent += u32::from(status.silent);
            self.lost += u32::from(status.underrun) + u32::from(status.overrun);
            half(at, &rx);
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
        let mut world = World::new(format, &[2, 0]);
        let size = format.octets();
        let mut heard = [0_i16; 2];
        let mut out = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..20 {
            world.tick(
                0.0,
                |input| {
                    for frame in input.chunks_exact_mut(CHANNELS * size) {
                        for (channel, code) in frame.chunks_exact_mut(size).enumerate() {
                            // One, two … thousands in each slot.
                            let sample = 1_000 * (channel as i16 + 1);
                            match (format, code) {
                                (SampleFormat::Linear, [low, high]) => {
                                    [*low, *high] = sample.to_le_bytes();
                                }
                                (SampleFormat::ALaw, [code]) => {
                                    *code = dsp::g711::Law::A.encode(sample);
                                }
                                (_, [code]) => *code = dsp::g711::Law::Mu.encode(sample),
                                _ => {}
                            }
                        }
                    }
                },
                |output| {
                    for frame in output.chunks_exact(CHANNELS * size) {
                        for (code, out) in frame.chunks_exact(size).zip(&mut out) {
                            out.push(match (format, code) {
                                (SampleFormat::Linear, &[low, high]) => {
                                    i16::from_le_bytes([low, high])
                                }
                                (SampleFormat::ALaw, &[code]) => dsp::g711::Law::A.decode(code),
                                (_, &[code]) => dsp::g711::Law::Mu.decode(code),
                                _ => i16::MIN,
                            });
                        }
                    }
                },
                |at, rx| {
                    heard[at] = heard[at].max(rx[0]);
                    [-4_000 * (at as i16 + 1); FRAME]
                },
            );
        }
        let near = |got: i16, wanted: i16| got.abs_diff(wanted) <= wanted.unsigned_abs() / 25 + 10;
        assert!(near(heard[0], 3_000) && near(heard[1], 1_000), "{heard:?}");
        let last = |channel: usize| *out[channel].last().expect("played");
        assert!(near(last(2), -4_000) && near(last(0), -8_000));
        assert!(near(last(1), 0) && near(last(3), 0), "{format:?}");
    }
}

/// A card that is 90 ppm fast or slow: no block is lost or doubled in 20 minutes, the drift is measured,
/// and a tone stays a tone.
#[test]
fn clocks_that_run_apart_cost_nothing() {
    for ppm in [90.0, -90.0, 0.0] {
        let mut world = World::new(SampleFormat::Linear, &[1]);
        let mut phase = 0.0_f64;
        let step = core::f64::consts::TAU * 1_004.0 / 8_000.0;
        let mut jump: f64 = 0.0;
        let mut last = [0.0_f64; 2];
        let mut samples = 0;
        let mut quiet_from = (0, 0);
        for tick in 0..120_000_u32 {
            if tick == 1_000 {
                quiet_from = (world.silent, world.lost);
            }
            world.tick(
                ppm,
                |input| {
                    for frame in input.chunks_exact_mut(CHANNELS * 2) {
                        phase = (phase + step) % core::f64::consts::TAU;
                        let sample = (10_000.0 * phase.sin()) as i16;
                        frame[2..4].copy_from_slice(&sample.to_le_bytes());
                    }
                },
                |_| {},
                |_, rx| {
                    if rx.iter().any(|&sample| sample != 0) && tick > 1_000 {
                        for &sample in rx {
                            // A sine obeys s(n+1) = 2 cos(w) s(n) − s(n−1): a click does not.
                            let next = f64::from(sample);
                            let wanted = 2.0 * step.cos() * last[1] - last[0];
                            if samples > 1 {
                                jump = jump.max((next - wanted).abs());
                            }
                            last = [last[1], next];
                            samples += 1;
                        }
                    }
                    [0; FRAME]
                },
            );
        }
        let after = (world.silent - quiet_from.0, world.lost - quiet_from.1);
        assert_eq!(after, (0, 0), "{ppm} ppm");
        let measured = world.highway.counts().drift_ppm();
        assert!((measured - ppm).abs() < 5.0, "{ppm} ppm: {measured}");
        assert!(jump < 400.0, "{ppm} ppm: a click of {jump}");
    }
}

/// A box that stands still for half a second loses about that half second and no more.
#[test]
fn a_late_box_is_counted_and_caught_up_with() {
    let mut world = World::new(SampleFormat::Linear, &[0]);
    let run = |world: &mut World, ticks| {
        for _ in 0..ticks {
            world.tick(0.0, |_| {}, |_| {}, |_, _| [7; FRAME]);
        }
    };
    run(&mut world, 100);
    world.lost = 0;
    for _ in 0..100 {
        let mut output = vec![0; octets(SampleFormat::Linear)];
        let input = output.clone();
        world.highway.period(&input, &mut output);
    }
    run(&mut world, 100);
    let lost = world.lost;
    assert!((3_600..=4_800).contains(&lost), "{lost}");
    let silent = world.silent;
    world.lost = 0;
    run(&mut world, 500);
    assert_eq!((world.lost, world.silent), (0, silent));
}
