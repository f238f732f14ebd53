//! Whose calls are recorded, and when nothing is.

use super::*;

/// Tracks that began: leg and number; and tracks that were stopped.
pub(crate) fn taps(story: &Story) -> (Vec<(LegId, model::TapId)>, Vec<model::TapId>) {
    let started = |effect: &Effect| match effect {
        Effect::StartTap(leg, tap) => Some((*leg, *tap)),
        _ => None,
    };
    let stopped = |effect: &Effect| match effect {
        Effect::StopTap(tap) => Some(*tap),
        _ => None,
    };
    let effects = &story.effects;
    (
        effects.iter().filter_map(started).collect(),
        effects.iter().filter_map(stopped).collect(),
    )
}

/// Events about recordings, by the leg they name.
fn recorded(story: &Story) -> Vec<(Rule, Option<LegId>, EventBody)> {
    let about = |effect: &Effect| match effect {
        Effect::Event(event) => matches!(
            event.body,
            EventBody::RecordingStarted { .. }
                | EventBody::TrackStarted { .. }
                | EventBody::RecordingEnded { .. }
        )
        .then(|| (event.rule, event.leg, event.body.clone())),
        _ => None,
    };
    story.effects.iter().filter_map(about).collect()
}

#[test]
fn a_call_of_a_recorded_person_has_a_track_of_each_party() {
    for whose in ["jan", "anna"] {
        let mut story = Story::new(vec![phone("anna", "a")]);
        story.world.recorded = Some(whose);
        let caller = story.dial(Some("2001")).expect("room");
        let anna = story.called()[0];
        assert_eq!(recorded(&story), [], "nothing before the answer");
        story.tell(
            anna,
            LegEvent::Answered(Some(Codec::Pcma), Protection::Clear),
        );
        story.tell(
            caller,
            LegEvent::Answered(Some(Codec::Pcma), Protection::Clear),
        );
        let (started, _) = taps(&story);
        assert_eq!(
            started.iter().map(|(leg, _)| *leg).collect::<Vec<_>>(),
            [caller, anna]
        );
        story.tell(anna, LegEvent::Held);
        story.tell(anna, LegEvent::Resumed);
        story.tell(anna, LegEvent::Ended(Cause::Normal));
        story.finish();
        let (started, mut stopped) = taps(&story);
        let mut all: Vec<_> = started.iter().map(|(_, tap)| *tap).collect();
        all.sort_unstable();
        stopped.sort_unstable();
        assert_eq!(all, stopped, "every track ends, once");
        let events = recorded(&story);
        let rules: Vec<_> = events.iter().map(|(rule, leg, _)| (*rule, *leg)).collect();
        let all = Rule::RecordAll;
        let over = (Rule::RecordOver, None);
        assert_eq!(
            rules,
            [(all, None), (all, Some(caller)), (all, Some(anna)), over]
        );
        story.end();
    }
}

#[test]
fn nobody_else_is_recorded() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.recorded = Some("piotr");
    let caller = story.dial(Some("2001")).expect("room");
    let anna = story.called()[0];
    story.tell(anna, LegEvent::Answered(None, Protection::Clear));
    story.tell(caller, LegEvent::Answered(None, Protection::Clear));
    story.tell(caller, LegEvent::Ended(Cause::Normal));
    story.finish();
    assert_eq!(recorded(&story), []);
    assert_eq!(taps(&story), (vec![], vec![]));
}

/// What the tracks do, in order: `+` begins, `-` ends, `|` is paused, `>` goes on.
fn tape_moves(story: &Story) -> Vec<(char, model::TapId)> {
    let moves = |effect: &Effect| match *effect {
        Effect::StartTap(_, tap) => Some(('+', tap)),
        Effect::StopTap(tap) => Some(('-', tap)),
        Effect::PauseTap { tap, paused } => Some((if paused { '|' } else { '>' }, tap)),
        _ => None,
    };
    story.effects.iter().filter_map(moves).collect()
}

#[test]
fn a_recording_is_paused_and_resumed_once_however_often_it_is_asked() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.recorded = Some("anna");
    let caller = story.dial(Some("2001")).expect("room");
    let anna = story.called()[0];
    let call = story.switch.call_of(caller).expect("a call");
    story.switch.pause_recording(call);
    story.drain();
    assert_eq!(tape_moves(&story), [], "nothing is recorded yet");
    let answered = || LegEvent::Answered(Some(Codec::Pcma), Protection::Clear);
    story.tell(anna, answered());
    story.tell(caller, answered());
    let [first, second] = taps(&story).0[..] else {
        panic!("two parties");
    };
    story.effects.clear();
    for _ in 0..2 {
        story.switch.pause_recording(call);
        story.drain();
    }
    assert_eq!(tape_moves(&story), [('|', first.1), ('|', second.1)]);
    // Hold and the way back change nothing about it.
    story.tell(anna, LegEvent::Held);
    story.tell(anna, LegEvent::Resumed);
    assert_eq!(tape_moves(&story).len(), 2);
    story.effects.clear();
    for _ in 0..2 {
        story.switch.resume_recording(call);
        story.drain();
    }
    assert_eq!(tape_moves(&story), [('>', first.1), ('>', second.1)]);
    let asked = |effect: &&Effect| matches!(effect, Effect::Event(event) if event.rule == Rule::RecordAsked);
    assert_eq!(story.effects.iter().filter(asked).count(), 1);
    story.switch.pause_recording(call);
    story.tell(caller, LegEvent::Ended(Cause::Normal));
    story.finish();
    story.switch.resume_recording(call);
    story.drain();
    let ended = tape_moves(&story)
        .iter()
        .filter(|(what, _)| *what == '-')
        .count();
    assert_eq!(ended, 2, "every track ends, once");
}
