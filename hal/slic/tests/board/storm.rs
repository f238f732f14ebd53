//! Long random lives of ports: whatever the world does and is wished, no access is forbidden by the
//! data sheet, and once the world is kind again the port works.

use core::time::Duration;

use hal_port::{
    Cadence, ControlHalf as _, Impedance, LineProfile, Linefeed, LoopHook, Meter, PortCommand,
    PortEvent, RingSignal,
};
use hal_slic::fxs::{LineDriver, Part};
use hal_slic_model::{daa, slic};

use crate::{fxo_bench, fxs_bench};

/// A small generator: the same lives in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Numerical Recipes' constants; the high bits are the good ones.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn profile(&mut self) -> LineProfile {
        let countries = [*b"US", *b"DE", *b"JP", *b"AU", *b"ZA"];
        LineProfile {
            country: countries[self.roll(5) as usize],
            impedance: Impedance::ALL[self.roll(10) as usize],
            to_line_tenth_db: self.roll(361) as i16 - 240,
            from_line_tenth_db: self.roll(361) as i16 - 240,
            ring: RingSignal {
                hz: 16 + self.roll(45) as u8,
                vrms: 40 + self.roll(51) as u8,
            },
            loop_ma: 18 + self.roll(24) as u8,
            meter: if self.roll(2) == 0 {
                Meter::Khz12
            } else {
                Meter::Khz16
            },
        }
    }
}

fn set_fault(dice: &mut Dice, bench: &fxs_bench::FxsBench) {
    let which = dice.roll(12);
    if which == 11 {
        bench.chip.brown_out();
        return;
    }
    bench.chip.fault(|faults| {
        *faults = slic::Faults::default();
        match which {
            0 => faults.stuck = Some(0),
            1 => faults.stuck = Some(0xff),
            2 => faults.bus_error = true,
            3 => faults.no_battery = true,
            4 => faults.overload = true,
            5 => faults.endless_calibration = true,
            6 => faults.endless_indirect = true,
            7 => faults.dead_interrupt = true,
            _ => {}
        }
    });
}

fn set_wish(dice: &mut Dice) -> PortCommand {
    let cadences: [&[u16]; 3] = [&[1_000, 4_000], &[400, 200, 400, 2_000], &[50, 50]];
    match dice.roll(8) {
        0 | 1 => {
            let cadence = Cadence::new(cadences[dice.roll(3) as usize]);
            PortCommand::StartRing(cadence.expect("legal"))
        }
        2 => PortCommand::StopRing,
        3 => {
            let feeds = [Linefeed::Forward, Linefeed::Reverse, Linefeed::Open];
            PortCommand::SetLinefeed(feeds[dice.roll(3) as usize])
        }
        4 => PortCommand::SetProfile(dice.profile()),
        5 => PortCommand::SetOnHookSound(dice.roll(2) == 0),
        6 => PortCommand::MeterPulse(50 + dice.roll(900) as u16),
        _ => PortCommand::SetHook(LoopHook::OffHook),
    }
}

#[test]
fn a_sets_port_survives_whatever_happens() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let build = fxs_bench::Build {
            part: if seed % 2 == 0 {
                Part::Si3210
            } else {
                Part::Si3215
            },
            driver: if seed % 3 == 0 {
                LineDriver::Si3201
            } else {
                LineDriver::Discrete
            },
            interrupt: seed % 5 != 0,
            ..fxs_bench::Build::default()
        };
        let mut bench = fxs_bench::FxsBench::cold(build);
        for _ in 0..200 {
            match dice.roll(10) {
                0 => set_fault(&mut dice, &bench),
                1..=3 => {
                    let closed = dice.roll(2) == 0;
                    bench.lift(closed);
                }
                4 => bench.chip.power_alarm(1 << dice.roll(6)),
                _ => {
                    // Refused or not: both are right.
                    let _ = bench.line.apply(set_wish(&mut dice));
                }
            }
            let ms = 1 + dice.roll(400);
            bench.pass(ms);
        }
        bench.chip.fault(|faults| *faults = slic::Faults::default());
        bench.lift(false);
        bench.pass(75_000);
        assert!(
            bench.line.is_in_service(),
            "{seed}: {:?}",
            bench.line.trouble()
        );
        bench.must(PortCommand::SetLinefeed(Linefeed::Forward));
        bench.pass(1_500);
        bench.take_events();
        bench.lift(true);
        bench.pass(200);
        assert_eq!(bench.take_events(), [PortEvent::OffHook], "{seed}");
    }
}

fn line_fault(dice: &mut Dice, bench: &fxo_bench::FxoBench) {
    let which = dice.roll(8);
    if which == 7 {
        bench.chip.brown_out();
        return;
    }
    bench.chip.fault(|faults| {
        *faults = daa::Faults::default();
        match which {
            0 => faults.stuck = Some(0),
            1 => faults.stuck = Some(0xff),
            2 => faults.bus_error = true,
            3 => faults.no_line_side = true,
            4 => faults.overload = true,
            _ => {}
        }
    });
}

#[test]
fn a_lines_port_survives_whatever_happens() {
    for seed in 0..12 {
        let mut dice = Dice(seed);
        let build = fxo_bench::Build {
            interrupt: seed % 2 == 0,
            ..fxo_bench::Build::default()
        };
        let mut bench = fxo_bench::FxoBench::cold(build);
        for _ in 0..200 {
            match dice.roll(10) {
                0 => line_fault(&mut dice, &bench),
                1 | 2 => {
                    let feeds = [daa::Feed::Forward, daa::Feed::Reverse, daa::Feed::Open];
                    let feed = feeds[dice.roll(3) as usize];
                    bench.chip.line(|line| line.feed = feed);
                }
                3 => {
                    let on = dice.roll(2) == 0;
                    bench
                        .chip
                        .line(|line| line.ringing = on.then_some((25.0, 70.0)));
                }
                _ => {
                    let hooks = [LoopHook::OnHook, LoopHook::Listening, LoopHook::OffHook];
                    let command = match dice.roll(5) {
                        0 => PortCommand::Flash(50 + dice.roll(1_451) as u16),
                        1 => PortCommand::PulseDigit(dice.roll(10) as u8),
                        2 => PortCommand::SetProfile(dice.profile()),
                        _ => PortCommand::SetHook(hooks[dice.roll(3) as usize]),
                    };
                    // Refused or not: both are right.
                    let _ = bench.line.apply(command);
                }
            }
            let ms = 1 + dice.roll(400);
            bench.pass(ms);
        }
        bench.chip.fault(|faults| *faults = daa::Faults::default());
        bench.chip.line(|line| *line = daa::Line::default());
        bench.pass(75_000);
        assert!(
            bench.line.is_in_service(),
            "{seed}: {:?}",
            bench.line.trouble()
        );
        bench.must(PortCommand::SetHook(LoopHook::OnHook));
        bench.pass(2_000);
        bench.take_events();
        bench.chip.line(|line| line.ringing = Some((25.0, 70.0)));
        bench.pass(200);
        assert_eq!(bench.take_events(), [PortEvent::Ring(true)], "{seed}");
        assert!(bench.now > Duration::from_secs(75));
    }
}
