//! What the port of a line measures and hears of each thing that may be wrong with the line.

use dsp::goertzel::Goertzel;
use hal_port::{ControlHalf as _, FRAME, LoopHook, PortEvent};
use hal_sim::{Act, Disconnect, LineFaults, LineSettings};

use crate::line::Line;

/// A line with this wrong.
fn with(faults: LineFaults) -> Line {
    let mut line = Line::new();
    line.set(LineSettings {
        faults: Some(faults),
        ..LineSettings::default()
    });
    line.pass(500);
    line
}

/// The level of one frequency in dBm0.
fn tone_dbm0(sound: &[i16], hz: f32) -> f32 {
    let sound: Vec<f32> = sound.iter().copied().map(f32::from).collect();
    let [bin] = Goertzel::new([hz]).measure(&sound);
    // A tone of energy E in n samples has a power of E · n / 2 in its bin.
    let mean_square = 2.0 * bin.power() / (sound.len() as f32).powi(2);
    10.0 * (mean_square / dsp::level::power_of(0)).log10()
}

/// In a call: current in tenths of mA, voltage, and the levels at which the port hears the far party and the far
/// party hears the port, in dBm0.
fn call(faults: LineFaults) -> (i16, i16, f32, f64) {
    let mut line = with(faults);
    line.talk();
    line.act(Act::Talk {
        mark: "1000".into(),
    });
    // A mark begins with its sound.
    line.pass(500);
    let heard = line.level();
    line.act(Act::Quiet);
    line.pass(500);
    let tone = |n: u16| (7_000.0 * (f32::from(n % 8) * core::f32::consts::FRAC_PI_4).sin()) as i16;
    line.said = (0..8_000).map(tone).collect();
    line.pass(800);
    let hearing = line.report().hearing.expect("they talk");
    let reading = line.sim.control.reading();
    (
        reading.loop_tenth_ma.expect("measured"),
        reading.volts.expect("measured"),
        heard,
        hearing.level_dbm0,
    )
}

#[test]
fn current_and_loss_of_a_loop() {
    let good = call(LineFaults::default());
    assert_eq!((good.0, good.1), (250, 8));
    assert!((good.2 + 16.0).abs() < 1.0, "{good:?}");
    for (faults, current, loss_db) in [
        (
            LineFaults {
                low_current: true,
                ..LineFaults::default()
            },
            120,
            0.0,
        ),
        (
            LineFaults {
                long_loop: true,
                ..LineFaults::default()
            },
            160,
            9.0,
        ),
        (
            LineFaults {
                long_loop: true,
                low_current: true,
                ..LineFaults::default()
            },
            120,
            9.0,
        ),
    ] {
        let got = call(faults);
        assert_eq!((got.0, got.1), (current, 8), "{faults:?}");
        assert!((good.2 - got.2 - loss_db).abs() < 0.5, "{faults:?} {got:?}");
        let other_way = good.3 - got.3 - f64::from(loss_db);
        assert!(other_way.abs() < 0.5, "{faults:?} {got:?}");
    }
}

/// A pair that was swapped while nobody looked shows the other polarity and is no reversal; one that is swapped under
/// the port's eyes is one, and so is what an exchange signals on it.
#[test]
fn a_reversed_pair_is_the_other_polarity() {
    let reversed_pair = LineFaults {
        reversed_pair: true,
        ..LineFaults::default()
    };
    let mut line = with(reversed_pair);
    assert_eq!(line.events(), [PortEvent::Reversed(true)]);
    assert_eq!(line.sim.control.reading().volts, Some(-48));
    line.set(LineSettings {
        faults: Some(LineFaults::default()),
        ..LineSettings::default()
    });
    line.pass(500);
    assert_eq!(line.events(), [PortEvent::Reversed(false)]);

    let mut line = Line::from_start(reversed_pair);
    assert_eq!(line.sim.control.reading().volts, Some(-48));
    assert_eq!(line.events(), []);
    line.set(LineSettings {
        disconnect: Some(Disconnect::Reversal),
        ..LineSettings::default()
    });
    line.talk();
    assert_eq!(line.sim.control.reading().volts, Some(-8));
    line.act(Act::HangUp);
    line.pass(500);
    assert_eq!(line.events(), [PortEvent::Reversed(true)]);
    assert_eq!(line.sim.control.reading().volts, Some(8));
}

#[test]
fn another_line_is_heard_softly() {
    let mut line = with(LineFaults {
        crosstalk: true,
        ..LineFaults::default()
    });
    assert_eq!(line.level(), -96.0, "a port on hook hears nothing");
    line.hook(LoopHook::Listening);
    line.pass(500);
    for talks in [false, true] {
        if talks {
            line.hook(LoopHook::OnHook);
            line.talk();
            line.pass(500);
        }
        assert!((line.level() + 48.0).abs() < 1.0, "{}", line.level());
        let last = &line.rx[line.rx.len() - 1_600..];
        for hz in [310.0, 1_130.0] {
            let level = tone_dbm0(last, hz);
            assert!((level + 51.0).abs() < 1.0, "{hz} Hz: {level}");
        }
    }
}

/// Levels of blocks of 10 ms, softest first, and of all together, in dBm0.
fn blocks(noise_dbm0: i8) -> (Vec<f32>, f32) {
    let mut line = with(LineFaults {
        noise_dbm0: Some(noise_dbm0),
        ..LineFaults::default()
    });
    line.hook(LoopHook::Listening);
    line.pass(500);
    line.rx.clear();
    line.pass(20_000);
    let all = line.rx.chunks_exact(FRAME);
    let mut levels: Vec<f32> = all.map(dsp::level::rms_dbm0).collect();
    levels.sort_by(f32::total_cmp);
    (levels, dsp::level::rms_dbm0(&line.rx))
}

#[test]
fn a_dry_cable_hisses_and_a_wet_one_crackles() {
    for noise in [-70, -50_i8] {
        let (levels, whole) = blocks(noise);
        let wanted = f32::from(noise);
        assert!((whole - wanted).abs() < 1.0, "{noise}: {whole}");
        let (softest, loudest) = (levels[0], levels[levels.len() - 1]);
        assert!(loudest - softest < 5.0, "{noise}: {softest} {loudest}");
    }
    for noise in [-49, -35, -20_i8] {
        let (levels, whole) = blocks(noise);
        let wanted = f32::from(noise);
        assert!((whole - wanted).abs() < 1.0, "{noise}: {whole}");
        let part = |percent: usize| levels[levels.len() * percent / 100];
        // Most of the time it hisses, 10 dB below the mean; now and then it is much louder.
        assert!(
            (part(50) - wanted + 10.0).abs() < 1.0,
            "{noise}: {}",
            part(50)
        );
        assert!(part(95) > wanted + 5.0, "{noise}: {}", part(95));
        let loud = levels.iter().filter(|&&level| level > wanted).count();
        let share = loud as f32 / levels.len() as f32;
        assert!((0.05..0.25).contains(&share), "{noise}: {share}");
    }
}
