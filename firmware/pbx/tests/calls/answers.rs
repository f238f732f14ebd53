//! How the exchange knows that somebody outside has answered.

use core::time::Duration;

use model::{EventBody, LineHeard, LineTone, Rule, ToneSignature};

use crate::{
    line::tone,
    rig::{LINE, Rig},
};

/// The ringing of the far telephone, as the carrier lets it be heard.
fn ringing() -> LineHeard {
    let signature = ToneSignature {
        hz: [425, 0],
        cadence_ms: [1_000, 4_000, 0, 0, 0, 0, 0, 0],
    };
    tone(LineTone::Ringback, signature, None)
}

/// By which rules the call on the line was answered out there.
fn answers(rig: &Rig) -> Vec<Rule> {
    let line = rig.pbx.leg_of(rig.place_of(LINE));
    let events = rig.records.iter().map(|record| &record.event);
    let answers = events
        .filter(|event| event.leg == line && matches!(event.body, EventBody::LegAnswered { .. }));
    answers.map(|event| event.rule).collect()
}

/// By which rule, and how long after the last digit, a call out counts as answered.
fn answered(rig: &mut Rig) -> (Vec<Rule>, Duration) {
    let since = rig.now();
    while answers(rig).is_empty() {
        let waited = rig.now().since(since);
        assert!(waited < Duration::from_secs(60), "{:#?}", rig.records);
        rig.pass_ms(100);
    }
    (answers(rig), rig.now().since(since))
}

#[test]
fn a_voice_is_the_answer_where_nothing_else_tells_it() {
    for rings in [true, false] {
        let mut rig = Rig::with_line();
        rig.call_out();
        if rings {
            rig.line_gives(ringing());
        }
        rig.pass_ms(4_000);
        assert_eq!(answers(&rig), [], "nobody has spoken");
        rig.line_gives(LineHeard::Voice);
        assert_eq!(answers(&rig), [Rule::LineVoice]);
        let is_answer = |body: &EventBody| matches!(body, EventBody::CallAnswered { .. });
        let records = rig.records.iter();
        assert_eq!(records.filter(|r| is_answer(&r.event.body)).count(), 1);
        // The time after which no answer counts as one is over later, and changes nothing.
        rig.pass_ms(30_000);
        assert_eq!(answers(&rig), [Rule::LineVoice]);
    }
}

#[test]
fn without_a_voice_the_time_is_the_answer() {
    let mut rig = Rig::with_line();
    rig.call_out();
    let (rules, after) = answered(&mut rig);
    assert_eq!(rules, [Rule::LineAnswerTimer]);
    let wanted = Duration::from_secs(20);
    assert!(after.abs_diff(wanted) < Duration::from_secs(2), "{after:?}");
}
