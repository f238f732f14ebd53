//! What is done to the sound of a port neither allocates nor frees.
#![allow(unsafe_code)] // the functions of `guard`
#![cfg(target_env = "gnu")] // whose names `guard` knows

#[path = "../codec/guard.rs"]
mod guard;

use dsp::TICK_SAMPLES;
use dsp::line::PortDsp;
use guard::calls_in;
use model::{
    CallerField, CallerIdScheme, CallerInfo, CallerText, EchoSettings, LineHeard, LinePlay,
    PortListens, PortSound, ToneSpec, ToneStep,
};

fn caller() -> CallerInfo {
    CallerInfo {
        number: CallerField::Text(CallerText::fitting("2345678")),
        ..CallerInfo::default()
    }
}

/// Everything that a port may play.
fn plays() -> Vec<LinePlay> {
    let (info, dbm0) = (caller(), -14);
    let mut all: Vec<_> = [
        CallerIdScheme::Bellcore,
        CallerIdScheme::EtsiRing,
        CallerIdScheme::DtmfAbdc,
        CallerIdScheme::Ntt,
        CallerIdScheme::Aon,
    ]
    .map(|scheme| LinePlay::Caller { info, scheme, dbm0 })
    .into();
    let step = ToneStep {
        hz: [425, 0],
        ..ToneStep::default()
    };
    all.extend([
        LinePlay::CallerWaiting {
            info,
            scheme: CallerIdScheme::EtsiRing,
            dbm0,
        },
        LinePlay::AlertTone { ms: 100, dbm0 },
        LinePlay::Keys {
            keys: CallerText::fitting("123,4"),
            on_off_ms: (70, 70),
            dbm0: (-9, -11),
        },
        LinePlay::Tone(ToneSpec::new(&[step], -10).expect("one step")),
        LinePlay::Noise { dbm0 },
        LinePlay::AskNumber { dbm0: -5 },
        LinePlay::Silence,
    ]);
    all
}

/// A port that asks, and an exchange that has heard it.
#[test]
fn whatever_is_played_and_heard_nothing_is_allocated() {
    let mut ask = PortDsp::new();
    let mut told = 0;
    for play in plays() {
        let mut far = PortDsp::new();
        far.set(&PortSound {
            echo: Some(EchoSettings::default()),
            listens: PortListens {
                keys: true,
                caller_id: true,
                tones: true,
            },
            ..PortSound::default()
        });
        let calls = calls_in(|| {
            far.play(&play);
            ask.play(&LinePlay::AskNumber { dbm0: -5 });
            for _ in 0..400 {
                let (mut from_far, mut from_here) = ([0; TICK_SAMPLES], [0; TICK_SAMPLES]);
                far.to_line(&mut from_far);
                ask.to_line(&mut from_here);
                far.from_line(&mut from_here, |_| {});
                ask.from_line(&mut from_far, |heard| {
                    told += u32::from(matches!(heard, LineHeard::Caller { .. }));
                });
            }
        });
        assert_eq!(calls, 0, "{play:?}");
    }
    assert_eq!(
        told, 1,
        "the packet was read, and nothing else taken for one"
    );
}
