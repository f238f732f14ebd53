//! Calls that go out on lines.

use super::*;

fn outside_line(port: u16) -> Line {
    Line {
        owner: entry("line"),
        port: PortId(port),
    }
}

/// The lines that were wished for, with their legs.
fn seized(story: &Story) -> Vec<(PortId, LegId)> {
    let line = |effect: &Effect| match effect {
        Effect::CallLine { leg, port, .. } => Some((*port, *leg)),
        _ => None,
    };
    story.effects.iter().filter_map(line).collect()
}

#[test]
fn a_line_that_cannot_carry_the_call_is_followed_by_the_next() {
    let mut story = Story::new(vec![]);
    story.world.lines = vec![outside_line(4), outside_line(5)];
    story.dial(Some("601234567")).expect("accepted");
    let first = seized(&story)[0];
    assert_eq!(first.0, PortId(4));
    story.tell(first.1, LegEvent::LineFailed(Rule::LineNoDialTone));
    let second = seized(&story)[1];
    assert_eq!(second.0, PortId(5));
    story.tell(second.1, LegEvent::LineFailed(Rule::LineGlare));
    story.finish();
    assert_eq!(story.end(), (Cause::Congestion, Rule::LineGlare, None));
}

#[test]
fn an_answer_and_an_end_name_how_the_line_showed_them() {
    let mut story = Story::new(vec![]);
    story.world.lines = vec![outside_line(4)];
    let caller = story.dial(Some("601234567")).expect("accepted");
    let (_, leg) = seized(&story)[0];
    story.tell(leg, LegEvent::EarlyMedia);
    story.tell(leg, LegEvent::LineAnswered(Rule::LineReversal));
    story.tell(caller, LegEvent::Answered(None, Protection::Clear));
    story.tell(leg, LegEvent::LineEnded(Rule::LineLoopBreak));
    story.finish();
    let (cause, rule, talk) = story.end();
    assert_eq!((cause, rule), (Cause::Normal, Rule::LineLoopBreak));
    assert!(talk.is_some());
}

#[test]
fn who_hears_the_line_ring_is_given_no_other_ringing() {
    let mut story = Story::new(vec![]);
    story.world.lines = vec![outside_line(4)];
    let caller = story.dial(Some("601234567")).expect("accepted");
    let (_, leg) = seized(&story)[0];
    story.tell(leg, LegEvent::EarlyMedia);
    story.tell(leg, LegEvent::Rang);
    let effects = story.effects.iter();
    let heard = |e: &&Effect| matches!(e, Effect::ConnectEarly { .. } | Effect::Play(..));
    let heard: Vec<_> = effects.filter(heard).collect();
    let [Effect::ConnectEarly { called, .. }] = heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!(*called, leg);
    let told = |e: &Effect| matches!(e, Effect::Alert(to) if *to == caller);
    assert!(story.effects.iter().any(told));
}

#[test]
fn an_emergency_call_ends_another_for_its_line() {
    let mut story = Story::new(vec![]);
    story.world.lines = vec![outside_line(4)];
    story.dial(Some("601234567")).expect("accepted");
    let (port, leg) = seized(&story)[0];
    story.world.lines.clear();
    story.world.lines_in_use = vec![(outside_line(4), leg)];
    story.dial(Some("601234567")).expect("accepted");
    assert_eq!(
        seized(&story).len(),
        1,
        "an ordinary call takes nobody's line"
    );
    story.dial(Some("112")).expect("accepted");
    let [_, emergency] = seized(&story)[..] else {
        panic!("no line for the emergency call");
    };
    assert_eq!(emergency.0, port);
    let released = |e: &Effect| matches!(e, Effect::Release { leg: gone, .. } if *gone == leg);
    assert!(story.effects.iter().any(released));
    story.world.lines_in_use = vec![(outside_line(4), emergency.1)];
    story.dial(Some("112")).expect("accepted");
    assert_eq!(seized(&story).len(), 2, "not the line of another emergency");
}
