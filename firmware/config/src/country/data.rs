//! The country files: TOML into [`Country`].

use model::{CallerIdScheme, Codec, ToneSpec, ToneStep};
use toml_edit::{Document, Table, TableLike};

use super::{Country, CountryCode, Ring, Tone, tone::fit};
use crate::{Language, set_caller_id::SetCallerId};

/// What a set says comes as it is and what it hears is 7 dB weaker: the usual plan of European
/// exchanges (general knowledge, to be checked on a live line).
const USUAL_GAIN_DB10: (i16, i16) = (0, -70);

/// The country of a file; `None` if the file is not as it should be.
pub(super) fn parse(code: CountryCode, text: &str) -> Option<Country> {
    let document = Document::parse(text).ok()?;
    let root = document.as_table();
    let mut tones = Vec::with_capacity(Tone::COUNT);
    let written = root.get("tone")?.as_table()?;
    for tone in Tone::ALL {
        let spec = match written.get(tone.key()) {
            Some(item) => spec(tone, item.as_table()?)?,
            None => tone.fallback()?,
        };
        tones.push(spec);
    }
    Some(Country {
        code,
        name: string(root, "name")?.into(),
        timezone: string(root, "timezone")?.into(),
        language: Language::from_code(string(root, "language")?)?,
        emergency: strings(root, "emergency")?,
        e164: string(root, "e164")?.into(),
        law: match string(root, "law")? {
            "a" => Codec::Pcma,
            "mu" => Codec::Pcmu,
            _ => return None,
        },
        ring: Ring {
            cadence_ms: numbers(root, "ring_cadence_ms")?,
            hz: whole(root, "ring_hz")?,
            vrms: whole(root, "ring_vrms")?,
        },
        dtmf_dbm: (whole(root, "dtmf_high_dbm")?, whole(root, "dtmf_low_dbm")?),
        flash_detect_ms: pair(root, "flash_detect_ms")?,
        flash_goes_round: root
            .get("flash_goes_round")
            .is_some_and(|item| item.as_bool() == Some(true)),
        flash_send_ms: whole(root, "flash_send_ms")?,
        pulse_ms: pair(root, "pulse_break_make_ms")?,
        caller_id: strings(root, "caller_id")?
            .iter()
            .map(|name| caller_id(name))
            .collect::<Option<_>>()?,
        metering_hz: Some(whole(root, "metering_hz")?).filter(|hz| *hz != 0),
        impedance: string(root, "impedance")?.into(),
        set_gain_db10: match root.contains_key("set_gain_db10") {
            true => signed_pair(root, "set_gain_db10")?,
            false => USUAL_GAIN_DB10,
        },
        tones: tones.try_into().ok()?,
    })
}

fn spec(tone: Tone, table: &Table) -> Option<ToneSpec> {
    let mut steps = Vec::new();
    for value in table.get("steps")?.as_array()? {
        steps.push(step(value.as_inline_table()?)?);
    }
    let sines = |step: &ToneStep| step.sines().iter().filter(|hz| **hz != 0).count();
    let most = steps.iter().map(sines).max().unwrap_or(0);
    let level = if table.contains_key("level_dbm0") {
        whole(table, "level_dbm0")?
    } else {
        tone.level_dbm0(most)
    };
    ToneSpec::new(&fit(steps), level)
}

/// One step. Of more than four sines at once the first four are played.
fn step(table: &dyn TableLike) -> Option<ToneStep> {
    let hz: Vec<u16> = numbers(table, "hz")?;
    let sine = |at: usize| hz.get(at).copied().unwrap_or(0);
    Some(ToneStep {
        hz: [sine(0), sine(1)],
        more_hz: [sine(2), sine(3)],
        am_hz: optional(table, "am_hz")?,
        ms: whole(table, "ms")?,
        once: table
            .get("once")
            .is_some_and(|item| item.as_bool() == Some(true)),
        rel_db: optional(table, "rel_db")?,
    })
}

/// The scheme of that name; sets ask for `aon` themselves, so it is none of those that they are given.
fn caller_id(name: &str) -> Option<CallerIdScheme> {
    match name {
        "aon" => Some(CallerIdScheme::Aon),
        name => SetCallerId::named(name),
    }
}

fn string<'t>(table: &'t dyn TableLike, key: &str) -> Option<&'t str> {
    table.get(key)?.as_str()
}

fn strings(table: &dyn TableLike, key: &str) -> Option<Vec<String>> {
    let array = table.get(key)?.as_array()?;
    array
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn whole<T: TryFrom<i64>>(table: &dyn TableLike, key: &str) -> Option<T> {
    T::try_from(table.get(key)?.as_integer()?).ok()
}

/// Like [`whole`], 0 when the key is not there.
fn optional<T: TryFrom<i64> + Default>(table: &dyn TableLike, key: &str) -> Option<T> {
    if table.contains_key(key) {
        whole(table, key)
    } else {
        Some(T::default())
    }
}

fn numbers(table: &dyn TableLike, key: &str) -> Option<Vec<u16>> {
    let array = table.get(key)?.as_array()?;
    array
        .iter()
        .map(|value| u16::try_from(value.as_integer()?).ok())
        .collect()
}

fn signed_pair(table: &dyn TableLike, key: &str) -> Option<(i16, i16)> {
    let array = table.get(key)?.as_array()?;
    let whole = |at: usize| i16::try_from(array.get(at)?.as_integer()?).ok();
    Some((whole(0)?, whole(1)?))
}

fn pair(table: &dyn TableLike, key: &str) -> Option<(u16, u16)> {
    let [a, b] = <[u16; 2]>::try_from(numbers(table, key)?).ok()?;
    Some((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_loads_and_is_sane() {
        assert_eq!(CountryCode::all().count(), 35);
        for code in CountryCode::all() {
            let country = Country::load(code);
            let zones = jiff::tz::TimeZoneDatabase::bundled();
            assert!(zones.get(&country.timezone).is_ok(), "{code}: time zone");
            assert_eq!(country.ring.cadence_ms.len() % 2, 0, "{code}: cadence");
            assert!(
                (15..=68).contains(&country.ring.hz),
                "{code}: ringing frequency"
            );
            let (span, pause) = country.ring.span_and_pause_ms();
            for other in [country.ring.inside_ms(), country.ring.back_ms()] {
                assert_ne!(other, country.ring.cadence_ms, "{code}: distinctive");
                assert!(other.iter().all(|&ms| ms >= 50), "{code}: {other:?}");
                assert_eq!(other.iter().sum::<u16>(), span + pause, "{code}");
            }
            let gains = [country.set_gain_db10.0, country.set_gain_db10.1];
            assert!(gains.iter().all(|g| (-150..=60).contains(g)), "{code}");
            let (least, most) = country.flash_detect_ms;
            assert!(least < most && most < 1500, "{code}: flash");
            assert!(
                !country.emergency.is_empty() && !country.caller_id.is_empty(),
                "{code}"
            );
            for tone in Tone::ALL {
                let spec = country.tone(tone);
                assert!(
                    (-30..=-3).contains(&spec.level_dbm0),
                    "{code} {tone:?}: level"
                );
                assert!(
                    spec.steps().iter().any(|s| s.hz[0] != 0),
                    "{code} {tone:?}: silent"
                );
                for step in spec.steps() {
                    assert!(
                        step.sines().iter().all(|hz| *hz < 3_000),
                        "{code} {tone:?}: too high"
                    );
                    assert!(
                        step.ms > 0 || core::ptr::eq(step, &spec.steps()[spec.steps().len() - 1]),
                        "{code} {tone:?}: nothing comes after an endless step"
                    );
                }
            }
            let dial = country.tone(Tone::Dial).steps();
            assert!(dial.iter().any(|s| !s.once), "{code}: dial tone ends");
            let stutter = country.tone(Tone::StutterDial).steps();
            assert!(
                stutter.iter().any(|s| !s.once && s.hz[0] != 0),
                "{code}: stutter ends"
            );
        }
    }

    #[test]
    fn the_american_howler_has_its_four_sines() {
        let america = Country::load(CountryCode::new("US").expect("America"));
        let howler = america.tone(Tone::Howler);
        assert_eq!(howler.steps()[0].sines(), [1_400, 2_060, 2_450, 2_600]);
        assert_eq!(howler.level_dbm0, -12);
    }

    #[test]
    fn poland_is_as_e180_says() {
        let code = CountryCode::new("PL").expect("Poland");
        let poland = Country::load(code);
        assert_eq!(poland.law, Codec::Pcma);
        assert_eq!(poland.ring.cadence_ms, [1000, 4000]);
        let step = |hz, ms| ToneStep {
            hz: [hz, 0],
            ms,
            ..ToneStep::default()
        };
        assert_eq!(poland.tone(Tone::Dial).steps(), [step(425, 0)]);
        assert_eq!(
            poland.tone(Tone::Busy).steps(),
            [step(425, 500), step(0, 500)]
        );
        assert_eq!(
            poland.tone(Tone::Ringback).steps(),
            [step(425, 1000), step(0, 4000)]
        );
        assert_eq!(poland.emergency, ["112", "997", "998", "999"]);
    }
}
