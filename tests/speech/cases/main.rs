//! How much of a codec's best the exchange leaves of real speech.

use model::Codec;
use tests_speech::{Party, Speech, carry, narrow, pesq, through, wide};

/// Prompts of eight seconds and more.
const PROMPTS: [&str; 3] = ["demo-instruct", "priv-callee-options", "demo-congrats"];
/// What a call from phone to phone may lose.
const DIRECT: f64 = 0.05;
/// What a conference of ten may lose.
const CONFERENCE: f64 = 0.10;

const fn with(codec: Codec) -> Party {
    Party { codec }
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
