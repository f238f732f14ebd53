//! Who enters a conference is greeted first.

use model::{ConferenceEvent, EventBody, Rule};

use super::{MARKS, Street};

const TOP: &str = "[office]\ncountry = \"PL\"\n[[prompt]]\nid = \"hello\"\n\
    source = \"0000000000000000000000000000000000000000000000000000000000000000\"\n\
    [[conference]]\nid = \"room\"\nnumber = \"900\"\npin = \"2468\"\ngreeting = \"hello\"\n";
/// The mark that is as high as what is uploaded in this world.
const WORDS: &str = "1900";

/// Dials the room and its PIN.
fn come(street: &mut Street, set: u16) {
    street.lift(set);
    street.pass_ms(500);
    street.dial(set, "900");
    street.pass_ms(2_500);
    street.talk(set, MARKS[usize::from(set - 1)]);
    street.dial(set, "2468");
}

fn hears(street: &mut Street, set: u16, mark: &str) -> bool {
    let port = format!("fxs{set}");
    let report = street.board.people.report(&port, &[mark]);
    let hearing = report.expect("it is there").hearing;
    hearing.is_some_and(|hearing| hearing.marks.iter().any(|heard| heard == mark))
}

fn is_in(street: &Street) -> usize {
    let joined = |record: &&model::Record| {
        let joined = ConferenceEvent::Joined { moderator: false };
        record.event.body == EventBody::Conference(joined)
    };
    street.records.iter().filter(joined).count()
}

#[test]
fn a_newcomer_hears_the_greeting_and_then_the_others_who_do_not_hear_it() {
    assert_eq!(WORDS, crate::exchange::WORDS_HZ.to_string());
    let mut street = Street::new(TOP, 2, |_| "");
    come(&mut street, 1);
    street.pass_ms(9_000);
    assert_eq!(is_in(&street), 1);
    come(&mut street, 2);
    let (mut greeted, mut told) = (false, false);
    for _ in 0..80 {
        street.pass_ms(50);
        greeted |= hears(&mut street, 2, WORDS) && is_in(&street) == 1;
        told |= hears(&mut street, 1, WORDS);
    }
    assert!(greeted, "before it is in");
    assert!(!told, "the greeting is for the newcomer");
    assert!(street.wrote(Rule::ConferenceGreeting, |body| {
        *body == EventBody::Conference(ConferenceEvent::Greeted)
    }));
    street.pass_ms(4_000);
    assert_eq!(is_in(&street), 2);
    assert_eq!((street.hears(1), street.hears(2)), (vec![2], vec![1]));
    for set in [1, 2] {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

#[test]
fn who_hangs_up_during_the_greeting_is_gone_at_once() {
    let mut street = Street::new(TOP, 1, |_| "");
    come(&mut street, 1);
    street.pass_ms(1_000);
    assert!(street.wrote(Rule::ConferenceGreeting, |_| true));
    street.hang_up(1);
    assert!(street.wrote(Rule::PartyHungUp, |body| {
        matches!(body, EventBody::CallEnded { .. })
    }));
    assert_eq!(is_in(&street), 0);
    street.must_be_quiet();
}
