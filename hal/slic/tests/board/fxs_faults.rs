//! What breaks, and how a port goes out of service and comes back.

use core::time::Duration;

use hal_port::{
    Cadence, ControlHalf as _, Error as _, ErrorKind, FaultKind, LineProfile, Linefeed, Meter,
    PortCommand, PortEvent, RingSignal,
};
use hal_slic::Trouble;
use hal_slic::fxs::Part;
use hal_slic_model::slic::{self, Board};

use crate::fxs_bench::{Build, FxsBench};

fn ring() -> PortCommand {
    PortCommand::StartRing(Cadence::new(&[1_000, 4_000]).expect("legal"))
}

#[test]
fn bring_up_is_quick_and_leaves_the_chip_as_planned() {
    for part in [Part::Si3210, Part::Si3215] {
        let mut bench = FxsBench::cold(Build {
            part,
            ..Build::default()
        });
        bench.pass(1_200);
        assert!(bench.line.is_in_service(), "{:?}", bench.line.trouble());
        assert_eq!(bench.take_events(), []);
        // The filters are as they should be, not as bring-up opens them.
        let (filter, trip) = match part {
            Part::Si3210 => (37, 36),
            Part::Si3215 => (24, 23),
        };
        assert_eq!(bench.chip.indirect(filter), Some(0x008c));
        assert_eq!(bench.chip.indirect(trip), Some(0x0380));
        assert_eq!(bench.chip.register(64), 0x11);
        assert_eq!(bench.chip.register(1) & 0x3c, 0x3c);
        assert_eq!(bench.line.reading().volts, Some(48));
    }
    let mut bench = FxsBench::cold(Build::default());
    bench.chip.set(|set| set.foreign_volts = 30.0);
    bench.pass(3_000);
    assert!(bench.line.is_in_service());
    assert_eq!(bench.line.reading().foreign_volts, Some(30), "fed since");
}

/// Each fault, what it is called, and that the port is back when it is over.
#[test]
fn faults_take_the_port_out_of_service_and_it_comes_back() {
    use FaultKind::{Lost, Overload, Supply};
    type Break = fn(&mut slic::Faults);
    let cases: [(&str, Break, FaultKind); 7] = [
        ("stuck low", |f| f.stuck = Some(0x00), Lost),
        ("stuck high", |f| f.stuck = Some(0xff), Lost),
        ("bus error", |f| f.bus_error = true, Lost),
        ("overload", |f| f.overload = true, Overload),
        ("no battery", |f| f.no_battery = true, Supply),
        ("stuck in noise", |f| f.stuck = Some(0x5a), Lost),
        ("indirect", |f| f.endless_indirect = true, Lost),
    ];
    for (name, broken, kind) in cases {
        let mut bench = FxsBench::new(Build::default());
        bench.chip.fault(broken);
        // A change of the line is what an indirect access is made for.
        bench
            .line
            .apply(PortCommand::SetProfile(LineProfile::default()))
            .ok();
        bench.pass(12_000);
        assert_eq!(bench.take_events(), [PortEvent::Fault(kind)], "{name}");
        assert_eq!(
            bench.line.apply(ring()).map_err(|e| e.kind()),
            Err(if name == "bus error" {
                ErrorKind::Bus
            } else {
                ErrorKind::Fault
            }),
            "{name}"
        );
        bench.chip.fault(|faults| *faults = slic::Faults::default());
        bench.pass(30_000);
        assert_eq!(bench.take_events(), [PortEvent::Recovered], "{name}");
        bench.lift(true);
        bench.pass(200);
        assert_eq!(bench.take_events(), [PortEvent::OffHook], "{name}");
    }
}

#[test]
fn a_brown_out_in_a_call_is_noticed_and_mended() {
    let mut bench = FxsBench::new(Build::default());
    bench.lift(true);
    bench.pass(200);
    bench.take_events();
    bench.chip.brown_out();
    bench.pass(200);
    assert_eq!(bench.take_events(), [PortEvent::Fault(FaultKind::Supply)]);
    assert_eq!(bench.line.trouble(), Some(Trouble::Reset));
    bench.pass(5_000);
    // The set lies beside its hook all the time.
    assert_eq!(
        bench.take_events(),
        [PortEvent::Recovered, PortEvent::OffHook]
    );
}

#[test]
fn a_brown_out_in_the_middle_of_bring_up_is_survived() {
    for ms in [20, 150, 400, 700] {
        let mut bench = FxsBench::cold(Build::default());
        bench.pass(ms);
        bench.chip.brown_out();
        bench.pass(20_000);
        assert!(
            bench.line.is_in_service(),
            "{ms}: {:?}",
            bench.line.trouble()
        );
        assert_eq!(bench.chip.register(8), 0, "{ms}");
    }
}

#[test]
fn the_wrong_part_is_refused_by_name() {
    let board = Board::new(slic::Part::Si3215);
    let mut bench = FxsBench::with_board(Build::default(), board);
    bench.pass(100);
    assert_eq!(bench.take_events(), [PortEvent::Fault(FaultKind::Lost)]);
    let trouble = bench.line.trouble();
    assert_eq!(
        trouble,
        Some(Trouble::WrongPart {
            register: 1,
            value: 0x88
        })
    );
}

#[test]
fn what_never_ends_is_given_up() {
    let mut bench = FxsBench::cold(Build::default());
    bench.chip.fault(|faults| faults.endless_calibration = true);
    bench.pass(6_000);
    assert_eq!(bench.line.trouble(), Some(Trouble::Calibration));
    let mut bench = FxsBench::cold(Build::default());
    bench.chip.fault(|faults| faults.endless_indirect = true);
    bench.pass(400);
    assert_eq!(bench.line.trouble(), Some(Trouble::IndirectStuck));
    let mut bench = FxsBench::cold(Build::default());
    bench.chip.fault(|faults| faults.forgetful = true);
    bench.pass(2_000);
    assert!(matches!(
        bench.line.trouble(),
        Some(Trouble::NoMemory { register: 128.. })
    ));
}

#[test]
fn one_alarm_is_shrugged_off_and_a_storm_is_not() {
    let mut bench = FxsBench::new(Build::default());
    bench.chip.power_alarm(0b1);
    bench.pass(50);
    assert_eq!(bench.chip.linefeed(), Linefeed::Open);
    bench.pass(150);
    assert_eq!(bench.chip.linefeed(), Linefeed::Forward);
    assert_eq!(bench.take_events(), []);
    for _ in 0..4 {
        bench.pass(200);
        bench.chip.power_alarm(0b10);
    }
    bench.pass(50);
    assert_eq!(bench.take_events(), [PortEvent::Fault(FaultKind::Overload)]);
    let transistors = 0b10;
    assert_eq!(
        bench.line.trouble(),
        Some(Trouble::PowerAlarm { transistors })
    );
    bench.pass(5_000);
    assert_eq!(bench.take_events(), [PortEvent::Recovered]);
}

/// A pin whose edges are lost costs time, not calls.
#[test]
fn a_dead_interrupt_wedges_nothing() {
    let mut bench = FxsBench::new(Build::default());
    bench.chip.fault(|faults| faults.dead_interrupt = true);
    bench.lift(true);
    bench.pass(150);
    assert_eq!(bench.take_events(), [PortEvent::OffHook]);
}

#[test]
fn others_are_unaffected() {
    let mut broken = FxsBench::new(Build::default());
    let mut well = FxsBench::new(Build::default());
    broken.chip.fault(|faults| faults.stuck = Some(0));
    for _ in 0..100 {
        broken.pass(10);
        well.pass(10);
    }
    assert!(!broken.line.is_in_service());
    well.lift(true);
    well.pass(200);
    assert_eq!(well.take_events(), [PortEvent::OffHook]);
}

#[test]
fn the_bell_rings_with_the_voltage_and_frequency_of_the_profile() {
    let mut bench = FxsBench::new(Build::default());
    for (hz, vrms, peak) in [
        (25, 60, 84.8),
        (20, 50, 70.7),
        (50, 45, 63.6),
        (17, 90, 87.0),
    ] {
        let ring_signal = RingSignal { hz, vrms };
        bench.must(PortCommand::SetProfile(LineProfile {
            ring: ring_signal,
            ..LineProfile::default()
        }));
        bench.pass(20);
        bench.must(ring());
        bench.pass(500);
        assert!(bench.chip.rings(), "{hz} Hz");
        let (got_peak, got_hz) = bench.chip.ringing();
        assert!((got_hz - f64::from(hz)).abs() < 0.2, "{hz} Hz: {got_hz}");
        assert!((got_peak - peak).abs() < 1.0, "{peak} V: {got_peak}");
        // Three bells do not trip it, a lifted set does, quickly.
        bench.chip.set(|set| set.ren_tenths = 30);
        bench.pass(300);
        assert_eq!(bench.take_events(), []);
        bench.lift(true);
        bench.pass(190);
        assert_eq!(bench.take_events(), [PortEvent::OffHook], "{hz} Hz");
        bench.lift(false);
        bench.pass(1_000);
        bench.take_events();
    }
}

#[test]
fn metering_pulses_are_as_long_as_wished_where_the_part_has_them() {
    let mut bench = FxsBench::new(Build::default());
    bench.must(PortCommand::SetProfile(LineProfile {
        meter: Meter::Khz12,
        ..LineProfile::default()
    }));
    let pulse = PortCommand::MeterPulse(150);
    assert_eq!(
        bench.line.apply(pulse).map_err(|e| e.kind()),
        Err(ErrorKind::State)
    );
    bench.lift(true);
    bench.pass(200);
    bench.must(pulse);
    bench.pass(500);
    let metered = bench.chip.metered();
    assert!(
        metered.abs_diff(Duration::from_millis(150)) <= Duration::from_millis(10),
        "{metered:?}"
    );
    assert_eq!(bench.chip.indirect(25), Some(12_539));
    let mut without = FxsBench::new(Build {
        part: Part::Si3215,
        ..Build::default()
    });
    assert_eq!(
        without.line.apply(pulse).map_err(|e| e.kind()),
        Err(ErrorKind::Unsupported)
    );
}

#[test]
fn foreign_voltage_is_seen_while_the_loop_is_not_fed() {
    for volts in [0.0, 50.0, -48.0] {
        let mut bench = FxsBench::new(Build::default());
        bench.chip.set(|set| set.foreign_volts = volts);
        bench.pass(500);
        let at_start = bench.line.reading().foreign_volts;
        assert_eq!(at_start, Some(0), "there was none when it was brought up");
        bench.must(PortCommand::SetLinefeed(Linefeed::Open));
        bench.pass(400);
        // Steps of 1.5 V.
        let seen = bench.line.reading().foreign_volts.expect("measured");
        assert!((f64::from(seen) - volts).abs() < 2.0, "{volts}: {seen}");
        bench.must(PortCommand::SetLinefeed(Linefeed::Forward));
        bench.pass(400);
        assert_eq!(bench.line.reading().foreign_volts, Some(seen), "it is kept");
        assert_eq!(bench.line.reading().volts, Some(48));
    }
}

#[test]
fn current_and_voltage_are_read() {
    let mut bench = FxsBench::new(Build::default());
    bench.must(PortCommand::SetProfile(LineProfile {
        loop_ma: 26,
        ..LineProfile::default()
    }));
    bench.lift(true);
    bench.pass(300);
    let reading = bench.line.reading();
    let ma = reading.loop_tenth_ma.expect("measured");
    assert!((245..=270).contains(&ma), "{ma}");
    bench.must(PortCommand::SetLinefeed(Linefeed::Reverse));
    bench.lift(false);
    bench.pass(300);
    assert_eq!(bench.line.reading().volts, Some(-48));
}
