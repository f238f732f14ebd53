//! How much of a codec's best the exchange leaves of real speech.

use model::{Codec, VoiceOptions};
use tests_speech::{Party, Speech, carry, narrow, pesq, through, wide};

/// Prompts of eight seconds and more.
const PROMPTS: [&str; 3] = ["demo-instruct", "priv-callee-options", "demo-congrats"];
/// What a call from phone to phone may lose.
const DIRECT: f64 = 0.05;
/// What a call may lose when noise is taken out where there is none.
const CLEANED: f64 = 0.10;
/// What a conference of ten may lose.
const CONFERENCE: f64 = 0.10;

const fn with(codec: Codec) -> Party {
    Party {
        codec,
        voice: VoiceOptions {
            auto_level: false,
            denoise: false,
            data: false,
        },
    }
}

/// A phone whose noise is taken out.
const fn cleaned(codec: Codec) -> Party {
    Party {
        codec,
        voice: VoiceOptions {
            auto_level: false,
            denoise: true,
            data: false,
        },
    }
}

/// The same with a fan beside the talker: about so many units of noise, as strong all the time.
fn beside_a_fan(speech: &Speech, strength: f32) -> Speech {
    let mut state = 11_u32;
    let noisy = speech.samples.iter().map(|&sample| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let even = (state >> 8) as f32 / 8_388_608.0 - 1.0;
        (f32::from(sample) + even * strength).clamp(-32_768.0, 32_767.0) as i16
    });
    Speech {
        hz: speech.hz,
        samples: noisy.collect(),
    }
}

/// The score of what is heard is at most `loss` below that of the codec alone.
#[track_caller]
#[expect(clippy::print_stdout, reason = "the scores are what this is for")]
fn sounds(what: &str, speech: &Speech, heard: &Speech, best: &Speech, loss: f64) {
    let (heard, best) = (pesq(speech, heard), pesq(speech, best));
    println!("{what}: {heard:.3}, the codec alone {best:.3}");
    assert!(
        heard >= best - loss,
        "{what}: {heard:.3}, the codec alone {best:.3}"
    );
}

#[test]
fn a_relayed_call_sounds_as_its_codec() {
    for prompt in PROMPTS {
        let speech = narrow(prompt);
        let phone = with(Codec::Pcma);
        let heard = carry(&speech, phone, phone, &[]);
        let best = through(Codec::Pcma, &speech);
        sounds(prompt, &speech, &heard, &best, DIRECT);
    }
}

#[test]
fn a_conference_of_ten_sounds_nearly_as_its_codec() {
    for prompt in PROMPTS {
        let speech = narrow(prompt);
        let phone = with(Codec::Pcma);
        let heard = carry(&speech, phone, phone, &[phone; 8]);
        let best = through(Codec::Pcma, &speech);
        sounds(prompt, &speech, &heard, &best, CONFERENCE);
    }
}

#[test]
fn a_wide_conference_of_ten_stays_wide() {
    for prompt in PROMPTS {
        let speech = wide(prompt);
        for codec in [Codec::G722, Codec::Opus] {
            let phone = with(codec);
            // Others with old phones make nobody's sound worse.
            let others = [with(Codec::Pcma), with(Codec::Pcmu), phone, phone];
            let heard = carry(&speech, phone, phone, &[others, others].concat());
            let once = through(codec, &speech);
            let best = through(codec, &once);
            sounds(
                &format!("{prompt}, {}", codec.name()),
                &speech,
                &heard,
                &best,
                CONFERENCE,
            );
        }
    }
}

#[test]
fn a_call_between_two_laws_sounds_as_both() {
    for prompt in PROMPTS {
        let speech = narrow(prompt);
        let heard = carry(&speech, with(Codec::Pcma), with(Codec::Pcmu), &[]);
        let best = through(Codec::Pcmu, &through(Codec::Pcma, &speech));
        sounds(prompt, &speech, &heard, &best, DIRECT);
    }
}

#[test]
fn taking_noise_out_leaves_speech_as_it_is() {
    for prompt in PROMPTS {
        let speech = narrow(prompt);
        let heard = carry(&speech, cleaned(Codec::Pcma), with(Codec::Pcma), &[]);
        let best = through(Codec::Pcma, &speech);
        sounds(prompt, &speech, &heard, &best, CLEANED);
    }
}

#[test]
fn speech_beside_a_fan_sounds_better_without_it() {
    for prompt in PROMPTS {
        let speech = narrow(prompt);
        let noisy = beside_a_fan(&speech, 600.0);
        let (plain, phone) = (with(Codec::Pcma), cleaned(Codec::Pcma));
        let before = pesq(&speech, &carry(&noisy, plain, plain, &[]));
        let after = pesq(&speech, &carry(&noisy, phone, plain, &[]));
        println!("{prompt}: {before:.3}, without the fan {after:.3}");
        assert!(
            after >= before + 0.45,
            "{prompt}: {before:.3}, then {after:.3}"
        );
    }
}
