//! Lines whose exchange does not speak as those of the country do: what it means is learned from it. And one that
//! tells nothing of an answer, so that only whoever answers does.

use config::{Country, CountryCode, Tone};
use hal_sim::{Act, Disconnect};
use model::{EventBody, LineNews, Rule, ToneEvidence, ToneSpec, ToneStep};

use super::Street;
use super::outside::Outside;
use crate::outsider::{carrier, hello};

/// Calls after which a line must be known.
const CALLS: usize = 5;

/// A Polish office with a line of a carrier who says with this tone that the far party has hung up.
fn office(busy: ToneSpec) -> Outside {
    let top = "[office]\ncountry = \"PL\"\n[[line]]\nid = \"line1\"\nport = \"fxo1\"\nanswer = \"set1\"\n";
    let exchange = |country: &Country| {
        let mut rules = carrier(country);
        rules.tones.busy = busy;
        rules.disconnect = Disconnect::BusyTone;
        rules
    };
    let mut street = Street::on_lines_of(top, 2, |_| "", Vec::new(), exchange);
    street.pass_ms(1_500);
    Outside(street)
}

/// The tones by which hang-ups were seen so far.
fn seen(outside: &Outside) -> Vec<ToneEvidence> {
    let news = outside.news().into_iter();
    let seen = news.filter_map(|news| match news {
        LineNews::HungUp { tone, .. } => tone,
        _ => None,
    });
    seen.collect()
}

/// So many calls whose far party hangs up; whoever hears the tone and nothing else for a while hangs up too. By
/// what each call was ended: a tone known before, one that the line has taught, or the people.
fn calls(mut outside: Outside) -> Vec<&'static str> {
    let mut ends = Vec::new();
    for _ in 0..CALLS {
        outside.talk();
        let before = seen(&outside).len();
        outside.act(1, Act::HangUp);
        for _ in 0..500 {
            if outside.stage(1) == "idle" {
                break;
            }
            outside.0.pass_ms(20);
        }
        ends.push(match seen(&outside).get(before) {
            Some(evidence) if evidence.learned.is_some() => "learned",
            Some(_) => "known",
            None => "people",
        });
        outside.clean_up();
        assert_eq!(outside.stage(1), "idle");
    }
    ends
}

/// Its busy tone by country: other frequencies and other cadences than the Polish one, of 425 Hz and 500 ms.
#[test]
fn an_exchange_of_another_country_is_known_after_its_first_hang_up() {
    for code in ["GB", "IN", "CN", "US"] {
        let country = Country::load(CountryCode::new(code).expect("known"));
        let ends = calls(office(*country.tone(Tone::Busy)));
        let [first, rest @ ..] = &ends[..] else {
            panic!("no calls");
        };
        assert_ne!(*first, "learned", "{code}");
        assert!(rest.iter().all(|end| *end == "learned"), "{code}: {ends:?}");
    }
}

/// A tone as no country has it ends no call before people have hung up at it.
#[test]
fn a_tone_that_nobody_knows_is_learned_from_those_who_hang_up() {
    let step = |hz, ms| ToneStep {
        hz: [hz, 0],
        ms,
        ..ToneStep::default()
    };
    let strange = ToneSpec::new(&[step(540, 900), step(0, 300)], -16).expect("two steps");
    let ends = calls(office(strange));
    assert_eq!(ends[0], "people");
    assert!(ends[1..].iter().all(|end| *end == "learned"), "{ends:?}");
}

/// Nothing on the line tells of the answer but the voice of whoever answers.
#[test]
fn a_voice_is_the_answer_long_before_the_time_is() {
    let mut outside =
        office(*Country::load(CountryCode::new("PL").expect("known")).tone(Tone::Busy));
    outside.call_out("601234567");
    outside.0.pass_ms(5_000);
    outside.act(1, Act::Lift);
    let people = &mut outside.0.board.people;
    let far = people.carrier("fxo1").expect("the line");
    for block in hello() {
        far.speak_block(&block).expect("the line is free");
    }
    let answer = |body: &EventBody| matches!(body, EventBody::LegAnswered { .. });
    let after = outside.wait("it counts as answered", 3_000, |s| {
        s.0.wrote(Rule::LineVoice, answer)
    });
    assert!(after < 2_000, "{after} ms");
    assert!(!outside.0.wrote(Rule::LineAnswerTimer, answer));
    outside.0.hang_up(1);
    outside.clean_up();
}
