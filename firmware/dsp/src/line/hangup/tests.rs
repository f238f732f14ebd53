use model::{LineTone, ToneSpec, ToneStep};

use super::*;
use crate::RATE_HZ;
use crate::level::{power_of, rms_dbm0};
use crate::tone::Tone;

fn spec(steps: &[([u16; 2], u16)], dbm0: i8) -> ToneSpec {
    let steps: Vec<ToneStep> = steps
        .iter()
        .map(|&(hz, ms)| ToneStep {
            hz,
            ms,
            ..ToneStep::default()
        })
        .collect();
    ToneSpec::new(&steps, dbm0).expect("steps")
}

fn play(spec: ToneSpec, seconds: f32) -> Vec<i16> {
    let mut out = vec![0; (seconds * RATE_HZ as f32) as usize];
    Tone::new(spec).fill(&mut out);
    out
}

/// News with the time in ms at which they came.
fn news(listener: &mut ToneListener, sound: &[i16]) -> Vec<(u32, ToneNews)> {
    let mut all = Vec::new();
    for (at, block) in (0_u32..).zip(sound.chunks(80)) {
        listener.feed(block, |news| all.push((at * 10, news)));
    }
    all
}

fn tones(all: &[(u32, ToneNews)]) -> Vec<LineTone> {
    let tone = |(_, news): &(u32, ToneNews)| match news {
        ToneNews::Tone(evidence) => Some(evidence.tone),
        _ => None,
    };
    all.iter().filter_map(tone).collect()
}

fn noise(sound: &mut [i16], dbm0: f32) {
    let rms = power_of(0).sqrt() * 10_f32.powf(dbm0 / 20.0);
    let mut seed = 5_u32;
    for sample in sound {
        let mut sum = 0.0;
        for _ in 0..4 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum += (seed >> 8) as f32 / 8_388_608.0 - 1.0;
        }
        *sample = (f32::from(*sample) + sum * 0.866 * rms) as i16;
    }
}

#[test]
fn busy_is_heard_at_any_level_and_over_noise() {
    for dbm0 in [-3, -16, -30, -37] {
        for hz in [[400, 0], [425, 0], [450, 0], [480, 620]] {
            for ms in [165, 200, 250, 330, 375, 500, 700] {
                let mut sound = play(spec(&[(hz, ms), ([0, 0], ms)], dbm0), 8.0);
                let level = rms_dbm0(&sound) + 3.0;
                noise(&mut sound, level - 13.0);
                let mut all = news(&mut ToneListener::new(), &sound);
                all.retain(|(_, news)| *news != ToneNews::Steady);
                let [(at, ToneNews::Tone(evidence))] = all[..] else {
                    panic!("{dbm0} {hz:?} {ms}: {all:?}");
                };
                assert!(evidence.tone.ends_a_call(), "{evidence:?}");
                assert!(at <= u32::from(ms) * 10 + 300, "{dbm0} {hz:?} {ms}: {at}");
                let [on, off] = [
                    evidence.measured.cadence_ms[0],
                    evidence.measured.cadence_ms[1],
                ];
                assert!(
                    on.abs_diff(ms) <= 20 && off.abs_diff(ms) <= 20,
                    "{evidence:?}"
                );
                assert!(evidence.measured.hz[0].abs_diff(hz[0]) <= 6, "{evidence:?}");
            }
        }
    }
}

#[test]
fn ringing_is_no_hang_up_and_a_voice_after_it_is_told() {
    for steps in [
        &[([425, 0], 1_000), ([0, 0], 4_000)][..],
        &[([440, 480], 2_000), ([0, 0], 4_000)],
        &[
            ([400, 450], 400),
            ([0, 0], 200),
            ([400, 450], 400),
            ([0, 0], 2_000),
        ],
        &[([450, 0], 1_850), ([0, 0], 4_150)],
    ] {
        let mut sound = play(spec(steps, -16), 21.0);
        let voice = babble(3.0);
        sound.extend(voice);
        let all = news(&mut ToneListener::new(), &sound);
        assert_eq!(tones(&all), [LineTone::Ringback], "{steps:?} {all:?}");
        assert!(
            all.iter()
                .any(|(at, news)| *news == ToneNews::Voice && *at > 21_000)
        );
        assert!(
            !all.iter()
                .any(|(at, news)| *news == ToneNews::Voice && *at < 21_000)
        );
    }
}

/// Something like a voice: syllables of harmonics that glide.
fn babble(seconds: f32) -> Vec<i16> {
    let mut phase = 0.0_f32;
    (0..(seconds * 8_000.0) as u32)
        .map(|n| {
            let t = n as f32 / 8_000.0;
            let pitch = 130.0 + 25.0 * (t * 2.3).sin() + 12.0 * (t * 7.1).sin();
            phase = (phase + pitch / 8_000.0).fract();
            let syllable = (0.5 + 0.5 * (t * 4.3 * core::f32::consts::TAU).sin()).powi(2);
            let formant = 500.0 + 300.0 * (t * 9.0).sin();
            let voice: f32 = (1..22)
                .map(|h| {
                    let hz = pitch * h as f32;
                    let shape = 1.0 / (1.0 + ((hz - formant) / 180.0).powi(2))
                        + 0.3 / (1.0 + ((hz - 1_700.0) / 250.0).powi(2));
                    (phase * h as f32 * core::f32::consts::TAU).sin() * shape
                })
                .sum();
            (voice * syllable * 4_000.0) as i16
        })
        .collect()
}

#[test]
fn dial_tone_is_steady_and_then_a_dial_tone() {
    for hz in [[425, 0], [350, 440], [413, 438]] {
        let all = news(&mut ToneListener::new(), &play(spec(&[(hz, 0)], -10), 6.0));
        let [(steady, ToneNews::Steady), (dial, ToneNews::Tone(evidence))] = all[..] else {
            panic!("{hz:?}: {all:?}");
        };
        assert!(steady <= 600 && dial <= 3_200, "{all:?}");
        assert_eq!((evidence.tone, evidence.cycles), (LineTone::Dial, 0));
    }
    let czech = [
        ([425, 0], 330),
        ([0, 0], 330),
        ([425, 0], 660),
        ([0, 0], 660),
    ];
    let all = news(&mut ToneListener::new(), &play(spec(&czech, -10), 12.0));
    assert_eq!(tones(&all), [LineTone::Dial], "{all:?}");
}

#[test]
fn special_information_and_howler_are_told() {
    let special = [
        ([950, 0], 330),
        ([1_400, 0], 330),
        ([1_800, 0], 330),
        ([0, 0], 1_000),
    ];
    let american = [
        ([914, 0], 274),
        ([1_429, 0], 380),
        ([1_777, 0], 380),
        ([0, 0], 1_000),
    ];
    for steps in [&special, &american] {
        let all = news(&mut ToneListener::new(), &play(spec(steps, -16), 2.1));
        assert_eq!(tones(&all), [LineTone::SpecialInfo], "{all:?}");
    }
    let step = |hz, more_hz| ToneStep {
        hz,
        more_hz,
        ms: 100,
        ..ToneStep::default()
    };
    let burst = [step([1_400, 2_060], [2_450, 2_600]), step([0, 0], [0, 0])];
    let sound = play(ToneSpec::new(&burst, -12).expect("steps"), 2.0);
    let all = news(&mut ToneListener::new(), &sound);
    assert_eq!(tones(&all)[0], LineTone::Howler, "{all:?}");
}

#[test]
fn an_unknown_tone_is_learned_and_known_again() {
    let strange = spec(&[([540, 0], 900), ([0, 0], 300)], -18);
    let mut listener = ToneListener::new();
    let all = news(&mut listener, &play(strange, 8.0));
    let Some((_, ToneNews::Tone(evidence))) =
        all.iter().find(|(_, n)| matches!(n, ToneNews::Tone(_)))
    else {
        panic!("{all:?}");
    };
    assert_eq!(evidence.tone, LineTone::Unknown);
    assert!(!evidence.tone.ends_a_call());
    listener.know(
        &[None; KNOWN_TONES],
        &[None, Some(evidence.measured), None, None],
    );
    listener.restart();
    let again = news(
        &mut listener,
        &play(spec(&[([545, 0], 930), ([0, 0], 290)], -25), 8.0),
    );
    let Some((_, ToneNews::Tone(known))) =
        again.iter().find(|(_, n)| matches!(n, ToneNews::Tone(_)))
    else {
        panic!("{again:?}");
    };
    assert_eq!((known.tone, known.learned), (LineTone::Busy, Some(1)));
    listener.restart();
    let other = news(
        &mut listener,
        &play(spec(&[([620, 0], 930), ([0, 0], 290)], -25), 8.0),
    );
    assert_eq!(tones(&other), [LineTone::Unknown]);
}

#[test]
fn speech_over_the_tone_ends_it() {
    let busy = spec(&[([425, 0], 500), ([0, 0], 500)], -16);
    let mut sound = babble(4.0);
    sound.extend(play(busy, 5.0));
    sound.extend(babble(2.0));
    sound.extend(play(busy, 5.0));
    let all = news(&mut ToneListener::new(), &sound);
    assert_eq!(tones(&all), [LineTone::Busy; 2], "{all:?}");
    let voices = all
        .iter()
        .filter(|(_, news)| *news == ToneNews::Voice)
        .count();
    assert_eq!(voices, 2, "{all:?}");
    let at = |wanted: usize| {
        let told = |(_, news): &&(u32, ToneNews)| matches!(news, ToneNews::Tone(_));
        all.iter().filter(told).nth(wanted).map(|(at, _)| *at)
    };
    // The first burst follows speech without a pause and does not count.
    assert!(at(0).is_some_and(|at| at < 4_000 + 5_000), "{all:?}");
    // Two voices at once, one of them the tone: no hang-up.
    let mut both = babble(9.0);
    crate::mix::add_saturating(&mut both, &play(busy, 9.0));
    assert_eq!(tones(&news(&mut ToneListener::new(), &both)), []);
}

#[test]
fn a_note_struck_again_and_again_ends_no_call() {
    // What is struck or plucked fades by 5 to 20 dB a second; here by 7.
    let faded = |hz: u16, on: u16, off: u16, a_second: f32| {
        let mut sound = play(spec(&[([hz, 0], on), ([0, 0], off)], -14), 12.0);
        let period = (usize::from(on) + usize::from(off)) * 8;
        for (n, sample) in sound.iter_mut().enumerate() {
            let struck = (n % period) as f32 / RATE_HZ as f32;
            *sample = (f32::from(*sample) * (-a_second * struck).exp()) as i16;
        }
        sound
    };
    for (hz, on, off) in [(428, 380, 290), (402, 820, 70), (440, 250, 250)] {
        let even = tones(&news(&mut ToneListener::new(), &faded(hz, on, off, 0.0)));
        assert!(even.iter().any(|tone| tone.ends_a_call()), "{hz}: {even:?}");
        let note = tones(&news(&mut ToneListener::new(), &faded(hz, on, off, 0.8)));
        assert!(
            !note.iter().any(|tone| tone.ends_a_call()),
            "{hz}: {note:?}"
        );
    }
}

/// An exchange whose called set is not lifted goes over to it without a rest, and nobody has answered meanwhile.
#[test]
fn a_hang_up_tone_is_heard_right_after_ringing() {
    let ringing = spec(&[([425, 0], 1_000), ([0, 0], 4_000)], -10);
    let busy = spec(&[([425, 0], 500), ([0, 0], 500)], -10);
    for first in [11.0, 12.0, 15.0] {
        let line = [play(ringing, first), play(busy, 8.0)].concat();
        let mut all = news(&mut ToneListener::new(), &line);
        all.retain(|(_, news)| *news != ToneNews::Steady);
        assert_eq!(tones(&all), [LineTone::Ringback, LineTone::Busy], "{all:?}");
        assert!(!all.iter().any(|(_, news)| *news == ToneNews::Ended));
        let (at, _) = all.last().expect("two");
        assert!(*at <= (first * 1_000.0) as u32 + 6_000, "{at}");
    }
}
