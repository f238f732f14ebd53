//! Sets that are fax machines: the exchange hears them, leaves their sound as it is, and each hears the other.

use hal_sim::{Act, Manner};
use model::{EventBody, FaxTone, Rule};

use super::Street;

const POLAND: &str = "[office]\ncountry = \"PL\"\n";

/// The tones of which the ledger tells, in order.
fn told(street: &Street) -> Vec<FaxTone> {
    let events = street.records.iter().map(|record| &record.event);
    let tones = events.filter_map(|event| match event.body {
        EventBody::LegFax { tone } if event.rule == Rule::MediaFax => Some(tone),
        _ => None,
    });
    tones.collect()
}

/// Whether the sound of a set's port is left alone, and whether its echo is taken out.
fn sound(street: &Street, set: usize) -> (bool, bool) {
    let sound = street.board.legs[set - 1].1.sound();
    (sound.data, sound.echo.is_some())
}

#[test]
fn a_fax_machine_calls_another_one() {
    for (keys, is_said) in [("fax = true", true), ("", false)] {
        let mut street = Street::new(POLAND, 2, |_| keys);
        for set in [1, 2] {
            street.act(set, Act::Behave(Manner::of_fax()));
        }
        street.lift(1);
        street.dial(1, "302");
        street.pass_ms(1_000);
        // Of a port that is not said to have a machine it is known when it is heard.
        assert_eq!(sound(&street, 1), (is_said, !is_said), "{keys}");
        let mut answered = false;
        for _ in 0..100 {
            street.pass_ms(100);
            answered |= street.report(2).off_hook;
            if street.report(1).fax.contains(&FaxTone::Ced) {
                break;
            }
        }
        assert!(answered, "{keys}: the first ring is answered");
        let now = street.report(1).hearing.expect("it listens").now;
        let only = now.iter().all(|part| (part.hz - 2_100.0).abs() < 2.0);
        assert!(only && !now.is_empty(), "{keys}: {now:?}");
        let level = now[0].level_dbm0;
        street.pass_ms(4_000);
        assert_eq!(
            street.report(1).fax,
            [FaxTone::Ced, FaxTone::Preamble],
            "{keys}"
        );
        assert_eq!(street.report(2).fax, [FaxTone::Cng], "{keys}");
        assert_eq!(
            told(&street),
            [FaxTone::Cng, FaxTone::Ced, FaxTone::Preamble],
            "{keys}"
        );
        for set in [1, 2] {
            assert!(sound(&street, set).0, "{keys}: set {set}");
        }
        // It was sent at −12 dBm0 and is neither weakened nor made louder.
        assert!((level + 12.0).abs() < 0.5, "{keys}: {level}");
        for set in [1, 2] {
            street.hang_up(set);
        }
        street.must_be_quiet();
        // The next call of the set is a voice's again, unless it is said otherwise.
        street.lift(1);
        street.pass_ms(500);
        assert_eq!(sound(&street, 1), (is_said, !is_said), "{keys}");
        street.hang_up(1);
        street.must_be_quiet();
    }
}
