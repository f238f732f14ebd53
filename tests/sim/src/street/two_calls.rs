//! One set, two calls: who hears whom after each press of the hook, by the sound itself.

use hal_sim::Act;
use model::{EventBody, Rule};

use super::{MARKS, Street};

const POLAND: &str = "[office]\ncountry = \"PL\"\n";
const STATES: &str = "[office]\ncountry = \"US\"\n";

/// Set 2 talks with set 1, and set 3 calls it.
fn second_caller(top: &str) -> Street {
    let mut street = Street::new(top, 4, |_| "");
    street.connect(1, 2);
    assert_eq!((street.hears(1), street.hears(2)), (vec![2], vec![1]));
    street.lift(3);
    street.dial(3, "302");
    street.pass_ms(2_500);
    assert!(
        street.tones(3).iter().any(|t| t == "ringback"),
        "{:?}",
        street.tones(3)
    );
    assert!(street.wrote(Rule::CallWaiting, |b| matches!(
        b,
        EventBody::LegStarted { .. }
    )));
    street
}

#[test]
fn in_america_the_hook_goes_from_caller_to_caller() {
    let mut street = second_caller(STATES);
    // The tone for a second caller is heard, and the talk goes on around it.
    let hearing = street.report(2).hearing.expect("off hook");
    assert!(
        hearing.lately.iter().any(|p| (p.hz - 440.0).abs() < 10.0),
        "{hearing:?}"
    );
    assert_eq!((street.hears(1), street.hears(2)), (vec![2], vec![1]));
    street.flash(2);
    street.talk(3, "1100");
    assert_eq!(street.hears(2), [3]);
    assert_eq!((street.hears(3), street.hears(1)), (vec![2], vec![]));
    street.flash(2);
    assert_eq!(street.hears(2), [1]);
    assert_eq!((street.hears(1), street.hears(3)), (vec![2], vec![]));
    // Hanging up ends this call and rings for the one who is held.
    street.hang_up(2);
    street.pass_ms(1_000);
    assert!(street.report(2).rung);
    assert!(street.wrote(Rule::HoldRecall, |_| true));
    street.lift(2);
    street.talk(2, "900");
    assert_eq!((street.hears(2), street.hears(3)), (vec![3], vec![2]));
    for set in 1..=3 {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

#[test]
fn in_america_the_second_press_joins_three() {
    let mut street = Street::new(STATES, 4, |_| "");
    street.connect(1, 2);
    street.flash(1);
    assert!(
        street.tones(1).iter().any(|t| t.contains("dial")),
        "{:?}",
        street.tones(1)
    );
    street.dial(1, "303");
    street.pass_ms(3_000);
    street.lift(3);
    street.pass_ms(300);
    street.talk(3, "1100");
    street.talk(1, "700");
    assert_eq!((street.hears(1), street.hears(2)), (vec![3], vec![]));
    street.flash(1);
    assert_eq!(street.hears(1), [2, 3]);
    assert_eq!((street.hears(2), street.hears(3)), (vec![1, 3], vec![1, 2]));
    // Whoever joined them hangs up: they go on.
    street.hang_up(1);
    assert_eq!((street.hears(2), street.hears(3)), (vec![3], vec![2]));
    assert!(street.wrote(Rule::TransferHungUp, |b| matches!(
        b,
        EventBody::CallJoined { .. }
    )));
    street.hang_up(2);
    street.pass_ms(3_000);
    assert!(
        street.tones(3).iter().any(|t| t == "busy"),
        "{:?}",
        street.tones(3)
    );
    street.hang_up(3);
    street.must_be_quiet();
}

#[test]
fn in_europe_a_digit_follows_the_hook() {
    let mut street = second_caller(POLAND);
    let press = |street: &mut Street, digit: &str| {
        street.flash(2);
        street.dial(2, digit);
        street.pass_ms(1_500);
        street.talk(2, "900");
    };
    press(&mut street, "2");
    street.talk(3, "1100");
    assert_eq!(
        (street.hears(2), street.hears(3), street.hears(1)),
        (vec![3], vec![2], vec![])
    );
    press(&mut street, "3");
    assert_eq!((street.hears(2), street.hears(3)), (vec![1, 3], vec![1, 2]));
    press(&mut street, "2");
    assert_eq!(
        (street.hears(2), street.hears(3), street.hears(1)),
        (vec![3], vec![2], vec![])
    );
    press(&mut street, "4");
    assert_eq!((street.hears(3), street.hears(1)), (vec![1], vec![3]));
    for set in 1..=3 {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

#[test]
fn a_hook_pressed_at_bad_moments_breaks_nothing() {
    // At dial tone, while it rings, in the middle of a digit, again and again, and by a set whose contact
    // bounces.
    for top in [POLAND, STATES] {
        let mut street = Street::new(top, 3, |_| "");
        for wait_ms in [50_u64, 200, 350, 700, 1_300, 2_600] {
            street.lift(1);
            street.act(1, Act::Flash);
            street.dial(1, "302");
            street.pass_ms(wait_ms);
            street.act(1, Act::Flash);
            street.pass_ms(wait_ms);
            street.act(1, Act::Flash);
            street.lift(2);
            street.pass_ms(wait_ms);
            street.act(2, Act::Flash);
            street.act(1, Act::Flash);
            street.pass_ms(wait_ms);
            street.act(2, Act::HangUp);
            street.pass_ms(wait_ms);
            street.act(1, Act::HangUp);
            street.pass_ms(2_500);
            for set in [1, 2] {
                // Whoever is rung for somebody held takes it and leaves.
                if street.report(set).rung {
                    street.lift(set);
                    street.hang_up(set);
                }
            }
            street.must_be_quiet();
        }
    }
}

/// `set`, which talks with somebody, holds them and calls another, who answers.
fn enquires(street: &mut Street, set: u16, other: u16) {
    street.flash(set);
    street.dial(set, &(300 + other).to_string());
    street.pass_ms(3_000);
    street.lift(other);
    street.pass_ms(300);
    street.talk(
        other,
        ["700", "900", "1100", "1300"][usize::from(other - 1)],
    );
}

#[test]
fn of_three_one_who_passes_the_others_on_silences_nobody() {
    let mut street = Street::new(POLAND, 4, |_| "");
    street.connect(1, 2);
    enquires(&mut street, 2, 3);
    street.flash(2);
    street.dial(2, "3");
    street.pass_ms(1_500);
    assert_eq!(street.hears(1), [2, 3]);
    // While it rings at the fourth one, the other two go on, and whoever answers comes to them.
    street.flash(1);
    street.dial(1, "304");
    street.pass_ms(2_500);
    assert_eq!((street.hears(2), street.hears(3)), (vec![3], vec![2]));
    street.hang_up(1);
    assert_eq!((street.hears(2), street.hears(3)), (vec![3], vec![2]));
    street.lift(4);
    street.talk(4, "1300");
    assert_eq!(street.hears(4), [2, 3]);
    assert_eq!((street.hears(2), street.hears(3)), (vec![3, 4], vec![2, 4]));
    for set in 2..=4 {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

#[test]
fn whoever_was_passed_on_passes_the_other_on() {
    let mut street = Street::new(POLAND, 4, |_| "");
    street.connect(1, 2);
    enquires(&mut street, 2, 3);
    street.hang_up(2);
    assert_eq!((street.hears(1), street.hears(3)), (vec![3], vec![1]));
    // The second call had its talk, and is over; the first one and the third end together.
    enquires(&mut street, 3, 4);
    street.hang_up(3);
    assert_eq!((street.hears(1), street.hears(4)), (vec![4], vec![1]));
    let talks = |street: &Street| {
        let ended = street
            .records
            .iter()
            .filter_map(|record| match record.event.body {
                EventBody::CallEnded { talk, .. } => Some(talk.is_some()),
                _ => None,
            });
        ended.collect::<Vec<bool>>()
    };
    assert_eq!(talks(&street), [true]);
    street.hang_up(1);
    street.pass_ms(3_000);
    let busy = "busy".to_owned();
    assert!(street.tones(4).contains(&busy), "{:?}", street.tones(4));
    assert_eq!(talks(&street), [true; 3]);
    street.hang_up(4);
    street.must_be_quiet();
}

/// Presses the hook and a digit after it, between two parties.
fn choose(street: &mut Street, set: u16, digit: &str) {
    street.flash(set);
    street.dial(set, digit);
    street.pass_ms(1_500);
}

#[test]
fn one_of_three_brings_a_fourth_and_takes_them_away_again() {
    let mut street = Street::new(POLAND, 5, |_| "");
    street.play_music();
    let all = |street: &mut Street, sets: &[u16]| {
        for &set in sets {
            let others: Vec<u16> = sets.iter().copied().filter(|&s| s != set).collect();
            assert_eq!(street.hears(set), others, "set {set}");
            assert!(!street.hears_music(set), "set {set}");
        }
    };
    street.connect(1, 2);
    enquires(&mut street, 2, 3);
    choose(&mut street, 2, "3");
    enquires(&mut street, 3, 4);
    assert_eq!((street.hears(1), street.hears(2)), (vec![2], vec![1]));
    choose(&mut street, 3, "3");
    street.talk(3, MARKS[2]);
    all(&mut street, &[1, 2, 3, 4]);
    // The third one goes to the fourth alone, and back to all.
    choose(&mut street, 3, "2");
    choose(&mut street, 3, "2");
    street.talk(3, MARKS[2]);
    all(&mut street, &[1, 2, 3]);
    assert!(street.hears(4).is_empty());
    assert!(street.hears_music(4));
    choose(&mut street, 3, "3");
    street.talk(3, MARKS[2]);
    all(&mut street, &[1, 2, 3, 4]);
    // Whoever leaves between two connects them.
    street.hang_up(2);
    all(&mut street, &[1, 3, 4]);
    street.hang_up(3);
    all(&mut street, &[1, 4]);
    for set in [1, 4] {
        street.hang_up(set);
    }
    street.must_be_quiet();
}

/// Whether a set hears at this moment that a digit is asked for, and nothing else but that somebody waits.
fn is_asked(street: &mut Street, set: u16) -> bool {
    let look = |street: &mut Street| {
        street.pass_ms(200);
        let now = street.report(set).hearing.map(|hearing| hearing.now);
        let loud = now.into_iter().flatten().filter(|p| p.level_dbm0 > -35.0);
        let mut heard: Vec<u16> = loud.map(|partial| partial.hz.round() as u16).collect();
        heard.sort_unstable();
        heard == [350, 440]
    };
    look(street) || look(street)
}

/// Presses the hook between two parties, and thinks about it.
fn hesitates(street: &mut Street, set: u16) {
    street.flash(set);
    street.talk(set, MARKS[usize::from(set - 1)]);
}

#[test]
fn whoever_is_asked_for_a_digit_goes_on_being_asked_when_the_party_comes_and_goes() {
    let mut street = Street::new(POLAND, 3, |_| "");
    street.play_music();
    street.connect(1, 2);
    enquires(&mut street, 2, 3);
    street.pass_ms(5_000);
    hesitates(&mut street, 2);
    // The third one presses the hook, to call somebody, and again, to be back.
    for _ in 0..2 {
        street.flash(3);
        street.pass_ms(1_000);
        assert!(is_asked(&mut street, 2), "{:?}", street.report(2));
    }
    street.talk(3, MARKS[2]);
    assert_eq!((street.hears(2), street.hears(3)), (vec![3], vec![2]));
    for set in 1..=3 {
        street.hang_up(set);
    }
    for set in 1..=3 {
        if street.report(set).rung {
            street.lift(set);
            street.hang_up(set);
        }
    }
    street.must_be_quiet();
}

#[test]
fn whoever_is_asked_for_a_digit_comes_to_others_after_that() {
    // Whom the party brings along, and whom it leaves them with.
    for (last, left) in [("3", vec![2, 3]), ("4", vec![3])] {
        let mut street = Street::new(POLAND, 4, |_| "");
        street.play_music();
        street.connect(1, 2);
        enquires(&mut street, 2, 3);
        street.lift(4);
        street.dial(4, "301");
        street.pass_ms(7_000);
        hesitates(&mut street, 1);
        street.flash(2);
        street.dial(2, last);
        street.pass_ms(1_800);
        assert!(is_asked(&mut street, 1), "{last} {:?}", street.report(1));
        street.talk(2, MARKS[1]);
        assert_eq!(street.hears(1), left);
        for set in [4, 1, 2, 3] {
            street.hang_up(set);
        }
        street.must_be_quiet();
    }
}

#[test]
fn two_talks_become_one_around_whoever_is_asked_for_a_digit() {
    let mut street = Street::new(POLAND, 7, |_| "");
    street.play_music();
    // The first is one of three with the second and third, and one of three with the fourth and fifth.
    street.connect(1, 2);
    enquires(&mut street, 2, 3);
    choose(&mut street, 2, "3");
    enquires(&mut street, 1, 4);
    street.flash(4);
    street.dial(4, "305");
    street.pass_ms(3_000);
    street.lift(5);
    street.pass_ms(300);
    choose(&mut street, 4, "3");
    for (waits, set) in [(6, 3), (7, 5)] {
        street.lift(waits);
        street.dial(waits, &(300 + set).to_string());
    }
    street.pass_ms(7_000);
    for set in [3, 5] {
        hesitates(&mut street, set);
    }
    street.hang_up(1);
    for set in [3, 5] {
        assert!(is_asked(&mut street, set), "{set} {:?}", street.report(set));
    }
    for set in [2, 4] {
        street.talk(set, MARKS[usize::from(set - 1)]);
    }
    assert_eq!(street.hears(3), [2, 4, 5]);
    assert_eq!(street.hears(5), [2, 3, 4]);
    for set in [6, 7, 2, 3, 4, 5] {
        street.hang_up(set);
    }
    street.must_be_quiet();
}
