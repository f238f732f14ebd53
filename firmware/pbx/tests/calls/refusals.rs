//! Calls for which there is no room are refused with the time after which to ask again (RFC 3261 §21.5.4).

use model::MediaEvent;

use crate::{
    office::TEXT,
    phones::{EWA, JAN, both, header},
    rig::Rig,
};

/// Refused for now; the caller may ask again in 5 s.
fn must_ask_again(response: Option<String>) {
    let response = response.expect("refused");
    assert!(response.starts_with("SIP/2.0 503 "), "{response}");
    assert_eq!(header(&response, "Retry-After"), "5");
}

#[test]
fn the_call_over_the_limit_is_told_when_to_ask_again() {
    let text = format!("{TEXT}[limits]\ncalls = 1\n");
    let mut rig = Rig::new(&text, both());
    assert_eq!(rig.call(EWA, JAN), None, "Jan is called");
    must_ask_again(rig.call(JAN, EWA));
    assert_eq!(rig.pbx.counters().too_many_calls, 1);
    assert_eq!(rig.pbx.figures().calls, 1);
}

#[test]
fn a_call_is_told_when_to_ask_again_while_the_media_plane_is_at_its_limit() {
    let mut rig = Rig::new(TEXT, both());
    rig.media_says(MediaEvent::Overloaded(true));
    must_ask_again(rig.call(EWA, JAN));
    assert_eq!(rig.pbx.counters().media_overloaded, 1);
    rig.media_says(MediaEvent::Overloaded(false));
    assert_eq!(rig.call(EWA, JAN), None, "Jan is called");
}
