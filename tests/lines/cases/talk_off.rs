//! An hour of speech is hardly ever a key, and no key is missed for that.

use dsp::dtmf::DtmfSender;
use model::Digit;
use tests_lines::{Corpus, Random, keys_heard, mixed, multimon_reads, scaled, spandsp, speech};

const HOUR: usize = 8_000 * 3_600;

fn libspandsp_hears(sound: &[i16]) -> String {
    String::from_utf8_lossy(&spandsp(&["keys"], sound)).into_owned()
}

/// In parts of five minutes: its sound is nearly three times as large as ours.
fn multimon_hears(sound: &[i16]) -> String {
    sound.chunks(HOUR / 12).map(multimon_reads).collect()
}

#[test]
fn an_hour_of_speech_is_at_most_two_keys() {
    let corpus = Corpus::load().grown_to(1.0);
    let talk = speech(&corpus, 1);
    assert!(
        talk.len() >= HOUR,
        "{:.2} h",
        talk.len() as f64 / HOUR as f64
    );
    let ours = keys_heard(&talk);
    let (spandsp, multimon) = (libspandsp_hears(&talk), multimon_hears(&talk));
    println!(
        "{:.2} h: ours {ours:?}, libspandsp {spandsp:?}, multimon-ng {multimon:?}",
        talk.len() as f64 / HOUR as f64
    );
    assert!(ours.len() <= 2, "{ours:?}");
}

/// Whoever never hears a key is never fooled either: keys of 60 ms, over a voice 20 dB below.
#[test]
fn keys_over_a_voice_are_all_heard() {
    let corpus = Corpus::load();
    let mut random = Random::new(2);
    let (mut line, mut pressed) = (Vec::new(), String::new());
    for voice in corpus.pieces.iter().take(60) {
        let key = Digit::from_event(random.below(16) as u8).expect("0 to 15 are keys");
        pressed.push(key.to_char());
        let mut tone = vec![0; 480];
        DtmfSender::new(key, 60, -11, -9).fill(&mut tone);
        let peak = voice.iter().map(|s| s.unsigned_abs()).max().unwrap_or(1);
        // Two tones of −9 and −11 dBm0 have a peak of about 14,000 together.
        let db = -20.0 - 20.0 * (f32::from(peak.max(1)) / 14_000.0).log10();
        let beside: Vec<i16> = voice.iter().copied().take(1_200).collect();
        line.extend(vec![0; 800]);
        line.extend(mixed(&[vec![0; 400], tone].concat(), &scaled(&beside, db)));
    }
    assert_eq!(keys_heard(&line), pressed);
    assert_eq!(libspandsp_hears(&line).len(), pressed.len());
}
