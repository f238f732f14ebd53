//! What breaks at a line's port, how it comes back, and what a chain of chips is.

use core::time::Duration;

use hal_port::{
    AudioHalf as _, ControlHalf as _, Error as _, ErrorKind, FRAME, FaultKind, Impedance,
    LineProfile, LoopHook, PortCommand, PortEvent,
};
use hal_slic::Trouble;
use hal_slic_model::daa::{Board, DaaHandle, Faults, Feed};

use crate::fxo_bench::{Build, FxoBench};

const OFF_HOOK: PortCommand = PortCommand::SetHook(LoopHook::OffHook);

#[test]
fn bring_up_is_quick_and_sets_the_countrys_rules() {
    let mut bench = FxoBench::cold(Build {
        country: *b"GB",
        ..Build::default()
    });
    bench.pass(150);
    assert!(bench.line.is_in_service());
    let got = [16, 26, 30, 31, 22, 23, 24].map(|register| bench.chip.register(register));
    assert_eq!(got, [0x00, 0xc2, 0x00, 0xab, 0x0e, 0x08, 0x91]);
    bench.pass(500);
    assert_eq!(bench.line.reading().volts, Some(48));
}

/// Each fault, what it is called, and that the port is back when it is over.
#[test]
fn faults_take_the_port_out_of_service_and_it_comes_back() {
    use FaultKind::{Lost, Overload};
    type Break = fn(&mut Faults);
    let cases: [(&str, Break, FaultKind); 5] = [
        ("stuck low", |f| f.stuck = Some(0x00), Lost),
        ("stuck high", |f| f.stuck = Some(0xff), Lost),
        ("bus error", |f| f.bus_error = true, Lost),
        ("line side", |f| f.no_line_side = true, Lost),
        ("overload", |f| f.overload = true, Overload),
    ];
    for (name, broken, kind) in cases {
        let mut bench = FxoBench::new(Build::default());
        bench.must(OFF_HOOK);
        bench.pass(1_000);
        bench.chip.fault(broken);
        bench.pass(100);
        assert_eq!(bench.take_events(), [PortEvent::Fault(kind)], "{name}");
        let refused = bench.line.apply(OFF_HOOK).map_err(|error| error.kind());
        let wanted = if name == "bus error" {
            ErrorKind::Bus
        } else {
            ErrorKind::Fault
        };
        assert_eq!(refused, Err(wanted), "{name}");
        bench.chip.fault(|faults| *faults = Faults::default());
        bench.pass(30_000);
        assert_eq!(
            bench.take_events(),
            [PortEvent::Recovered, PortEvent::Battery(true)],
            "{name}"
        );
        assert!(!bench.chip.loop_is_closed(), "{name}");
        bench.must(OFF_HOOK);
    }
}

#[test]
fn a_brown_out_is_noticed_and_mended() {
    let mut bench = FxoBench::new(Build::default());
    bench.chip.brown_out();
    bench.pass(100);
    assert_eq!(bench.take_events(), [PortEvent::Fault(FaultKind::Supply)]);
    bench.pass(5_000);
    assert_eq!(
        bench.take_events(),
        [PortEvent::Recovered, PortEvent::Battery(true)]
    );
}

#[test]
fn what_is_missing_or_another_is_called_by_name() {
    let mut bench = FxoBench::cold(Build::default());
    bench.chip.fault(|faults| faults.no_line_side = true);
    bench.pass(2_500);
    assert_eq!(bench.line.trouble(), Some(Trouble::NoLineSide));
    let smaller = Board {
        line_side: 1,
        ..Board::default()
    };
    let mut bench = FxoBench::with_chip(Build::default(), DaaHandle::new(smaller), 0);
    bench.pass(200);
    let wrong = bench.line.trouble();
    assert!(matches!(wrong, Some(Trouble::WrongPart { register: 11, value }) if value >> 4 == 1));
}

#[test]
fn a_dead_interrupt_wedges_nothing() {
    let mut bench = FxoBench::new(Build::default());
    bench.chip.fault(|faults| faults.dead_interrupt = true);
    bench.chip.line(|line| line.ringing = Some((25.0, 60.0)));
    bench.pass(150);
    assert_eq!(bench.take_events(), [PortEvent::Ring(true)]);
}

/// Ringing of any country is one; hum, and ringing too weak to be meant for us, is none.
#[test]
fn ringing_is_judged_by_frequency_and_voltage() {
    for (hz, vrms, is_ringing) in [
        (16.7, 45.0, true),
        (20.0, 90.0, true),
        (25.0, 40.0, true),
        (50.0, 40.0, true),
        (10.0, 90.0, false),
        (100.0, 60.0, false),
        (25.0, 8.0, false),
    ] {
        let mut bench = FxoBench::new(Build::default());
        bench.chip.line(|line| line.ringing = Some((hz, vrms)));
        bench.pass(1_000);
        let wanted = is_ringing.then_some(PortEvent::Ring(true));
        let got = bench.take_events();
        assert_eq!(got, Vec::from_iter(wanted), "{hz} Hz {vrms} V");
    }
}

/// Dial pulses and flashes keep their times to the millisecond when the driver is advanced at its
/// deadlines, and sound is back at once.
#[test]
fn pulses_and_flashes_keep_their_times() {
    let mut bench = FxoBench::new(Build::default());
    bench.must(OFF_HOOK);
    bench.pass(1_000);
    for (command, breaks, ms) in [
        (PortCommand::PulseDigit(4), 4, 60),
        (PortCommand::Flash(85), 1, 85),
    ] {
        let start = bench.now;
        bench.must(command);
        let mut lengths = Vec::new();
        let mut open_since = Some(start);
        while !bench.events.contains(&PortEvent::Done) {
            bench.pass(1);
            match (bench.chip.loop_is_closed(), open_since) {
                (true, Some(since)) => {
                    lengths.push(bench.now - since);
                    open_since = None;
                }
                (false, None) => open_since = Some(bench.now),
                _ => {}
            }
            assert!(bench.now < start + Duration::from_secs(3));
        }
        assert_eq!(bench.take_events(), [PortEvent::Done]);
        let wanted = vec![Duration::from_millis(ms); breaks];
        assert_eq!(lengths, wanted, "{command:?}");
    }
    bench.pass(500);
    assert_eq!(bench.take_events(), []);
}

#[test]
fn a_line_that_was_turned_round_in_repair_is_not_reversed() {
    let mut bench = FxoBench::new(Build::default());
    bench.chip.line(|line| line.feed = Feed::Open);
    bench.pass(3_000);
    bench.chip.line(|line| line.feed = Feed::Reverse);
    bench.pass(2_000);
    assert_eq!(
        bench.take_events(),
        [PortEvent::Battery(false), PortEvent::Battery(true)]
    );
    assert_eq!(bench.line.reading().volts, Some(-48));
    bench.chip.line(|line| line.feed = Feed::Forward);
    bench.pass(500);
    assert_eq!(bench.take_events(), [PortEvent::Reversed(true)]);
}

#[test]
fn a_voltage_that_no_exchange_gives_is_foreign() {
    let mut bench = FxoBench::new(Build::default());
    bench.pass(300);
    assert_eq!(bench.line.reading().foreign_volts, Some(0));
    bench.chip.line(|line| line.volts = 110.0);
    bench.pass(300);
    assert_eq!(bench.line.reading().foreign_volts, Some(30));
    bench.must(PortCommand::SetHook(LoopHook::OffHook));
    bench.pass(1_000);
    assert_eq!(
        bench.line.reading().foreign_volts,
        Some(30),
        "off hook it cannot be seen"
    );
    bench.must(PortCommand::SetHook(LoopHook::OnHook));
    bench.chip.line(|line| line.volts = 60.0);
    bench.pass(1_000);
    assert_eq!(bench.line.reading().foreign_volts, Some(0));
}

#[test]
fn chips_of_a_chain_are_told_apart() {
    let chips = DaaHandle::chain(&[Board::default(); 3]);
    let build = Build {
        interrupt: false,
        ..Build::default()
    };
    let mut benches: Vec<FxoBench> = (0..)
        .zip(chips)
        .map(|(place, chip)| FxoBench::with_chip(build, chip, place))
        .collect();
    let pass = |benches: &mut Vec<FxoBench>, ms| {
        for _ in 0..ms / 10 {
            benches.iter_mut().for_each(|bench| bench.pass(10));
        }
    };
    pass(&mut benches, 1_000);
    benches[1].must(OFF_HOOK);
    benches[2]
        .chip
        .line(|line| line.ringing = Some((25.0, 60.0)));
    pass(&mut benches, 500);
    let closed: Vec<bool> = benches.iter().map(|b| b.chip.loop_is_closed()).collect();
    assert_eq!(closed, [false, true, false]);
    let alive = PortEvent::Battery(true);
    assert_eq!(benches[0].take_events(), [alive]);
    assert_eq!(benches[1].take_events(), [alive]);
    assert_eq!(benches[2].take_events(), [alive, PortEvent::Ring(true)]);
    // One that breaks takes no other with it.
    benches[0].chip.fault(|faults| faults.no_line_side = true);
    pass(&mut benches, 200);
    assert!(!benches[0].line.is_in_service());
    assert!(benches[1].line.is_in_service() && benches[2].line.is_in_service());
}

#[test]
fn a_line_sends_least_back_to_the_impedance_that_suits_it() {
    for line in Impedance::ALL {
        let mut bench = FxoBench::new(Build::default());
        bench.chip.line(|l| l.impedance = Some(line));
        bench.must(OFF_HOOK);
        bench.pass(1_000);
        let mut returned = |impedance| {
            bench.must(PortCommand::SetProfile(LineProfile {
                country: *b"PL",
                impedance,
                ..LineProfile::default()
            }));
            let mut audio = bench.chip.audio();
            let mut rx = [0; FRAME];
            for _ in 0..3 {
                audio.exchange(&[8_000; FRAME], &mut rx);
            }
            assert_eq!(bench.chip.violations(), Vec::<String>::new());
            rx[FRAME - 1]
        };
        let best = returned(line);
        for other in Impedance::ALL {
            let twins = [Impedance::Ohm220Plus820, Impedance::Ohm220Plus820Short];
            let alike = other == line || (twins.contains(&line) && twins.contains(&other));
            assert_eq!(returned(other) <= best, alike, "{line:?} {other:?}");
        }
    }
}
