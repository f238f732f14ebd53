//! The tones of countries.

use config::{Country, CountryCode, Tone};
use model::limits::KNOWN_TONES;
use model::{KnownTone, LineTone};

/// What a port in this country is told of its tones.
#[must_use]
pub fn known(country: &Country) -> [Option<KnownTone>; KNOWN_TONES] {
    let mut all = [None; KNOWN_TONES];
    let tones = [
        (LineTone::Busy, Tone::Busy),
        (LineTone::Congestion, Tone::Congestion),
        (LineTone::Ringback, Tone::Ringback),
        (LineTone::Dial, Tone::Dial),
        (LineTone::Dial, Tone::StutterDial),
    ];
    for (slot, (tone, name)) in all.iter_mut().zip(tones) {
        *slot = KnownTone::of(tone, country.tone(name));
    }
    all
}

/// So many seconds of a country's tone as it is played.
#[must_use]
pub fn sample(code: CountryCode, tone: Tone, seconds: f32) -> Vec<i16> {
    let mut out = vec![0; (seconds * 8_000.0) as usize];
    dsp::tone::Tone::new(*Country::load(code).tone(tone)).fill(&mut out);
    out
}

/// The call waiting tone of a country for so long. Where its bursts follow each other without a longer pause,
/// they come once (South Africa: four of 250 ms): for ever they would be congestion.
#[must_use]
pub fn call_waiting(code: CountryCode, seconds: f32) -> Vec<i16> {
    let country = Country::load(code);
    let steps = country.tone(Tone::CallWaiting).steps();
    let longest = steps
        .iter()
        .filter(|step| step.hz == [0, 0])
        .map(|step| step.ms)
        .max();
    if longest.is_some_and(|ms| ms >= 300) {
        return sample(code, Tone::CallWaiting, seconds);
    }
    let once: u32 = steps.iter().map(|step| u32::from(step.ms)).sum();
    let mut out = sample(code, Tone::CallWaiting, once as f32 / 1_000.0);
    out.resize((seconds * 8_000.0) as usize, 0);
    out
}
