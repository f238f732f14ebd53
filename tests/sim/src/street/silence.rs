//! Lines on which nothing shows that the far party hung up: whoever talks there inside is left alone, and nobody
//! is not.

use hal_sim::{Act, Disconnect};
use model::{Cause, Rule};

use super::Street;
use super::outside::{Outside, sent_on};

const SILENT: Option<(Cause, Rule)> = Some((Cause::Normal, Rule::LineSilence));

#[test]
fn silence_ends_a_call_where_that_is_configured() {
    let mut outside = Outside::new("PL", 1, "hang_up = [\"silence\"]");
    outside.disconnect(Disconnect::Silence);
    outside.talk();
    outside.act(1, Act::HangUp);
    outside.wait("the line is free", 70_000, |s| s.stage(1) == "idle");
    assert_eq!(outside.ended(), SILENT);
    outside.clean_up();
}

/// A person inside may listen for as long as they like.
#[test]
fn whoever_is_inside_is_not_cut_off_by_silence() {
    let mut outside = Outside::new("PL", 1, "");
    outside.disconnect(Disconnect::Silence);
    outside.talk();
    outside.act(1, Act::HangUp);
    outside.0.pass_ms(660_000);
    assert_eq!(outside.ended(), None);
    outside.clean_up();
    assert_eq!(outside.stage(1), "idle");
}

/// Nobody inside could hang up, and neither carrier shows that its party did.
#[test]
fn two_lines_on_which_nothing_shows_a_hang_up_do_not_hold_each_other_for_ever() {
    let mut outside = sent_on(Some(Disconnect::Silence));
    for line in 1..=2 {
        outside.act(line, Act::HangUp);
    }
    outside.0.pass_ms(240_000);
    assert_eq!(outside.ended(), None, "people may be silent for a while");
    outside.wait("both are free", 70_000, |s| {
        s.stage(1) == "idle" && s.stage(2) == "idle"
    });
    assert_eq!(outside.ended(), SILENT);
    outside.clean_up();
}

/// A caller alone in a conference, and then one with company there.
#[test]
fn a_line_alone_in_a_conference_ends_and_in_company_it_does_not() {
    let top = "[office]\ncountry = \"PL\"\n[[conference]]\nid = \"room\"\nnumber = \"900\"\n\
        [[line]]\nid = \"line1\"\nport = \"fxo1\"\nanswer = \"room\"\n";
    for company in [false, true] {
        let mut street = Street::new(top, 2, |_| "");
        street.pass_ms(1_500);
        let mut outside = Outside(street);
        outside.disconnect(Disconnect::Silence);
        if company {
            outside.0.lift(1);
            outside.0.dial(1, "900");
        }
        outside.call(1);
        outside.wait("the caller is in", 12_000, |s| s.stage(1) == "talking");
        outside.0.pass_ms(2_000);
        outside.act(1, Act::HangUp);
        outside.0.pass_ms(330_000);
        assert_eq!(outside.ended(), SILENT.filter(|_| !company));
        if company {
            outside.0.hang_up(1);
            outside.wait("it is alone", 310_000, |s| s.stage(1) == "idle");
        }
        assert_eq!(outside.ended(), SILENT);
        outside.clean_up();
    }
}
