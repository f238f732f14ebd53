//! What people at the sets do: dialling, answering, hanging up, by command and by themselves.

use core::f64::consts::TAU;

use crate::world::{World, country};
use hal_port::{Cadence, ControlHalf as _, HookTimes, Linefeed, PortCommand, PortEvent};
use hal_sim::{Act, ActError, LineFaults, LineSettings, Manner, Mark};

/// Level in dBm0 of one frequency in a piece of sound (Goertzel in its plain form).
fn level(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let (sin, cos) = (TAU * hz * n as f64 / 8_000.0).sin_cos();
        re += f64::from(sample) * cos;
        im += f64::from(sample) * sin;
    }
    let peak = 2.0 * re.hypot(im) / samples.len() as f64;
    20.0 * (peak / 22_827.0).max(1e-9).log10()
}

/// The keys in a piece of sound with their start and length in ms, read in steps of 5 ms.
pub(crate) fn keys(samples: &[i16]) -> Vec<(char, usize, usize)> {
    const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    const KEYS: [&[u8; 4]; 4] = [b"123A", b"456B", b"789C", b"*0#D"];
    let mut found = Vec::new();
    let mut at = 0;
    while at + 40 <= samples.len() {
        let loud = |at: usize| dsp::level::rms_dbm0(&samples[at..at + 40]) > -25.0;
        if !loud(at) {
            at += 40;
            continue;
        }
        let mut end = at;
        while end + 40 <= samples.len() && loud(end) {
            end += 40;
        }
        let inside = &samples[at + 40..end - 40];
        let best = |of: [f64; 4]| {
            let levels = of.map(|hz| level(inside, hz));
            let top = levels.iter().copied().fold(f64::MIN, f64::max);
            (levels.iter().position(|&l| l == top).expect("of four"), top)
        };
        let ((row, low), (column, high)) = (best(ROWS), best(COLUMNS));
        assert!(
            (low + 11.0).abs() < 0.5 && (high + 9.0).abs() < 0.5,
            "{low} {high}"
        );
        found.push((char::from(KEYS[row][column]), at / 8, (end - at) / 8));
        at = end;
    }
    found
}

fn dial(digits: &str) -> Act {
    Act::Dial {
        digits: digits.into(),
    }
}

#[test]
fn dialled_keys_are_dtmf_of_100_ms() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.play(country("pl")[0].spec);
    world.act("fxs1", dial("0123456789*#abcd"));
    world.pass(5_000);
    let got = keys(&world.said);
    let text: String = got.iter().map(|(key, ..)| key).collect();
    assert_eq!(text, "0123456789*#ABCD");
    assert!(got[0].1 > 200, "dialled before there was a tone");
    for pair in got.windows(2) {
        assert_eq!(pair[1].1 - pair[0].1, 200, "{got:?}");
    }
    assert!(
        got.iter().all(|(.., ms)| (90..=105).contains(ms)),
        "{got:?}"
    );
    assert_eq!(world.report("fxs1").waiting, 0);
}

/// Nobody exchanges blocks with a port that has no leg yet: the keys wait, none is lost.
#[test]
fn dialling_waits_for_a_leg_and_for_a_tone() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.act("fxs1", dial("301"));
    world.detach();
    world.pass(10_000);
    assert_eq!(world.report("fxs1").waiting, 5);
    world.silence();
    world.pass(2_000);
    assert_eq!(keys(&world.said), []);
    // After three seconds without a tone people dial all the same.
    world.pass(2_500);
    let text: String = keys(&world.said).iter().map(|(key, ..)| key).collect();
    assert_eq!(text, "301");
}

#[test]
fn hanging_up_forgets_what_was_to_be_said() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.silence();
    world.act("fxs1", dial("123456"));
    world.pass(3_400);
    world.act("fxs1", Act::HangUp);
    world.pass(1_000);
    let before = keys(&world.said).len();
    assert!((1..4).contains(&before), "{before}");
    world.act("fxs1", Act::Lift);
    world.act("fxs1", Act::Talk { mark: "440".into() });
    world.pass(4_000);
    let report = world.report("fxs1");
    assert_eq!((report.waiting, report.dropped), (0, 0));
    let tail = &world.said[world.said.len() - 8_000..];
    assert!((level(tail, 440.0) + 17.9).abs() < 1.5, "80 % of −16 dBm0");
    assert!(level(tail, 697.0) < -50.0);
    use PortEvent::{OffHook, OnHook};
    assert_eq!(world.events_of(0), [OffHook, OnHook, OffHook]);
}

#[test]
fn flash_and_rotary_dial() {
    let mut world = World::new();
    world.act("fxs1", Act::Lift);
    world.act("fxs1", Act::Flash);
    let digits = "290".into();
    world.act("fxs1", Act::PulseDial { digits });
    world.pass(6_000);
    use PortEvent::{Flash, OffHook, PulseDigit};
    let wanted = [OffHook, Flash, PulseDigit(2), PulseDigit(9), PulseDigit(0)];
    assert_eq!(world.events_of(0), wanted);
    // A talker goes on after a flash.
    world.silence();
    world.act("fxs1", Act::Talk { mark: "700".into() });
    world.pass(300);
    world.act("fxs1", Act::Flash);
    world.pass(600);
    let tail = &world.said[world.said.len() - 1_600..];
    assert!((level(tail, 700.0) + 16.0).abs() < 1.0);
}

fn uk_ring() -> PortCommand {
    PortCommand::StartRing(Cadence::new(&[400, 200, 400, 2_000]).expect("legal"))
}

#[test]
fn a_rung_set_says_so() {
    let mut world = World::new();
    world.pass(1_000);
    world.command(1, uk_ring());
    world.pass(3_100);
    let report = world.report("fxs2");
    assert!(report.ringing && report.rung && !report.off_hook);
    assert_eq!(report.rings, 3);
    assert_eq!(report.ring_cadence_ms, [400, 200, 400, 2_000]);
    assert_eq!(report.hearing, None);
    world.pass(400);
    assert!(!world.report("fxs2").ringing);
    world.act("fxs2", Act::Lift);
    world.pass(100);
    let report = world.report("fxs2");
    assert!(report.off_hook && !report.rung);
    assert_eq!(world.events_of(1), [PortEvent::OffHook]);
}

#[test]
fn answers_after_rings_speaks_and_leaves() {
    let mut world = World::new();
    let manner = Manner {
        answer_after_rings: Some(3),
        say: Some("jan".into()),
        stay_s: Some(5),
        ..Manner::default()
    };
    world.act("fxs1", Act::Behave(manner));
    world.silence();
    world.command(0, uk_ring());
    assert_eq!(world.people.next_deadline(), None);
    world.pass(10);
    // The third burst begins at 3.0 s, the hand is there 0.5 s later.
    let due = world.people.next_deadline().expect("will answer");
    assert_eq!(due.as_millis(), 3_500);
    world.pass(3_470);
    assert!(!world.report("fxs1").off_hook);
    world.pass(60);
    assert_eq!(world.events_of(0), [PortEvent::OffHook]);
    world.pass(2_000);
    assert_eq!(world.report("fxs1").talking.as_deref(), Some("jan"));
    let tail = &world.said[world.said.len() - 8_000..];
    for &hz in Mark::new("jan").expect("legal").hz() {
        assert!(level(tail, f64::from(hz)) > -22.0, "{hz} Hz");
    }
    world.pass(4_000);
    assert_eq!(world.events_of(0), [PortEvent::OnHook]);
}

#[test]
fn patience_ends_with_a_busy_tone_not_with_a_voice() {
    let mut world = World::new();
    let manner = Manner {
        patience_s: Some(8),
        ..Manner::default()
    };
    world.act("fxs1", Act::Behave(manner));
    for port in ["fxs1", "fxs2"] {
        world.act(port, Act::Lift);
    }
    world.act(
        "fxs2",
        Act::Talk {
            mark: "anna".into(),
        },
    );
    world.join();
    world.pass(20_000);
    assert_eq!(world.events_of(0), [PortEvent::OffHook]);
    world.play(country("pl")[2].spec);
    world.pass(7_000);
    assert_eq!(world.events_of(0), []);
    world.pass(5_000);
    assert_eq!(world.events_of(0), [PortEvent::OnHook]);
}

#[test]
fn impossible_acts_are_refused_and_do_nothing() {
    let mut world = World::new();
    let mut refused = |port: &str, act: Act| world.people.act(port, &act).expect_err("refused");
    assert_eq!(refused("fxs9", Act::Lift), ActError::NoPort("fxs9".into()));
    for act in [Act::HangUp, Act::Flash, dial("1"), Act::Quiet] {
        assert_eq!(refused("fxs1", act), ActError::OnHook);
    }
    world.act("fxs1", Act::Lift);
    let mut refused = |act: Act| world.people.act("fxs1", &act).expect_err("refused");
    assert_eq!(refused(Act::Lift), ActError::OffHook);
    for digits in ["", "12x", &"1".repeat(33)] {
        assert_eq!(refused(dial(digits)), ActError::Digits(digits.into()));
    }
    let digits = "12*".to_string();
    let rotary = Act::PulseDial {
        digits: digits.clone(),
    };
    assert_eq!(refused(rotary), ActError::Digits(digits));
    let mark = "Żółw".to_string();
    let talk = Act::Talk { mark: mark.clone() };
    assert_eq!(refused(talk), ActError::Mark(mark));
    for _ in 0..3 {
        world.act("fxs1", dial(&"1".repeat(32)));
    }
    let more = dial(&"1".repeat(32));
    assert_eq!(world.people.act("fxs1", &more), Err(ActError::Busy));
    world.silence();
    world.pass(100);
    assert_eq!(world.report("fxs1").waiting, 3 * 34 - 1);
}

/// An exchange that learns longer flash times in the middle of things.
#[test]
fn hook_times_take_effect() {
    let mut world = World::new();
    let times = HookTimes {
        flash_ms_min: 150,
        ..HookTimes::default()
    };
    world.command(0, PortCommand::SetHookTimes(times));
    world.act("fxs1", Act::Lift);
    world.act("fxs1", Act::Flash);
    world.pass(1_000);
    // 100 ms are a dial pulse by these times.
    let wanted = [PortEvent::OffHook, PortEvent::PulseDigit(1)];
    assert_eq!(world.events_of(0), wanted);
}

#[test]
fn a_voltage_on_a_set_is_seen_while_its_loop_is_not_fed() {
    let mut world = World::new();
    world.pass(100);
    let faults = |faults| {
        Act::Line(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        })
    };
    let dead = LineFaults {
        dead: true,
        ..LineFaults::default()
    };
    let refused = world.people.act("fxs1", &faults(dead));
    assert_eq!(refused, Err(ActError::NoLine));
    world.act(
        "fxs1",
        faults(LineFaults {
            foreign_volts: -50,
            ..LineFaults::default()
        }),
    );
    world.pass(100);
    assert_eq!(world.ports[0].control.reading().foreign_volts, Some(0));
    world.command(0, PortCommand::SetLinefeed(Linefeed::Open));
    world.pass(100);
    world.command(0, PortCommand::SetLinefeed(Linefeed::Forward));
    world.pass(100);
    let seen = world.ports[0].control.reading().foreign_volts;
    assert_eq!(seen, Some(-50));
}
