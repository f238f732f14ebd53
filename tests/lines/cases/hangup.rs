//! Tones of every country, and hours of everything else.

use config::{Country, CountryCode, Tone};
use dsp::line::hangup::{ToneListener, ToneNews};
use model::{LineTone, ToneEvidence};
use tests_lines::{Corpus, Ears, Kind, Report, Soak, call_waiting, known, sample};

/// Tones told and when, in ms.
fn told(sound: &[i16], country: Option<CountryCode>) -> Vec<(u32, ToneEvidence)> {
    let mut listener = ToneListener::new();
    if let Some(code) = country {
        listener.know(&known(&Country::load(code)), &[None; 4]);
    }
    let mut all = Vec::new();
    for (at, block) in (0..).zip(sound.chunks(80)) {
        listener.feed(block, |news| {
            if let ToneNews::Tone(evidence) = news {
                all.push((at * 10, evidence));
            }
        });
    }
    all
}

#[test]
fn every_country_hangs_up() {
    for code in CountryCode::all() {
        for tone in [Tone::Busy, Tone::Congestion] {
            for country in [None, Some(code)] {
                let all = told(&sample(code, tone, 11.0), country);
                let Some((at, evidence)) = all.first() else {
                    panic!("{code} {tone:?} {country:?}: nothing");
                };
                assert!(evidence.tone.ends_a_call(), "{code} {tone:?}: {evidence:?}");
                let period: u32 = evidence
                    .measured
                    .cadence_ms
                    .iter()
                    .map(|&ms| u32::from(ms))
                    .sum();
                assert!(
                    *at <= 10_000 && *at <= 5 * period + 400,
                    "{code} {tone:?}: {at} ms"
                );
                if country.is_some() {
                    let wanted = [LineTone::Busy, LineTone::Congestion];
                    assert!(
                        wanted.contains(&evidence.tone),
                        "{code} {tone:?}: {evidence:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn ringing_and_call_waiting_of_no_country_hang_up() {
    for code in CountryCode::all() {
        for tone in [Tone::Ringback, Tone::CallWaiting, Tone::Record] {
            for country in [None, Some(code)] {
                let sound = if tone == Tone::CallWaiting {
                    call_waiting(code, 60.0)
                } else {
                    sample(code, tone, 60.0)
                };
                let all = told(&sound, country);
                let ended = all.iter().find(|(_, evidence)| evidence.tone.ends_a_call());
                assert_eq!(ended, None, "{code} {tone:?} {country:?}");
                let ringing = all
                    .iter()
                    .any(|(_, evidence)| evidence.tone == LineTone::Ringback);
                // Australia's record tone begins as a ringing does.
                if tone != Tone::Record {
                    assert_eq!(ringing, tone == Tone::Ringback, "{code} {tone:?}: {all:?}");
                }
            }
        }
    }
}

#[test]
fn every_country_dials() {
    for code in CountryCode::all() {
        let sound = sample(code, Tone::Dial, 9.0);
        let mut listener = ToneListener::new();
        let mut steady = false;
        listener.feed(&sound, |news| steady |= news == ToneNews::Steady);
        assert!(steady, "{code}");
        let all = told(&sound, Some(code));
        assert_eq!(
            all.first().map(|(_, e)| e.tone),
            Some(LineTone::Dial),
            "{code}"
        );
    }
}

/// Calls of all kinds alike, on both cores.
fn listen(calls: u64, ears: Ears) -> Report {
    let corpus = Corpus::load();
    let soak = Soak::new(&corpus);
    let part = |part: u64| {
        let mut report = Report::default();
        for call in (part..calls).step_by(2) {
            let kind = Kind::ALL[(call / 2 % Kind::ALL.len() as u64) as usize];
            report.add(soak.call(call, kind, ears));
        }
        report
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut whole = part(0);
        whole.add(other.join().expect("a thread that fails has said why"));
        whole
    })
}

/// Twenty hours, every kind alike.
#[test]
fn nobody_hangs_up_in_twenty_hours() {
    let whole = listen(240, Ears::Listener);
    assert!(whole.seconds >= 20.0 * 3_600.0);
    assert_eq!(whole.ended, []);
}

/// Four of these hours through whole ports, whose near side speaks, plays music and presses keys meanwhile.
#[test]
fn nobody_hangs_up_behind_a_whole_port() {
    let whole = listen(48, Ears::Port);
    assert!(whole.seconds >= 4.0 * 3_600.0);
    assert_eq!(whole.ended, []);
}
