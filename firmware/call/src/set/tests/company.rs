//! Talks of three and four around two sets, and what is recorded of them: Anna, the set of port 0, that of port 1,
//! and somebody else under Anna's number.

use std::collections::{BTreeMap, BTreeSet};

use model::{RecordingId, TapId};

use super::*;

const SECOND: PortId = PortId(1);

/// The legs of the talk: of the first call, that Anna is in; of the second, between the sets; of the third, that the
/// other one is in.
struct Four {
    first: [LegId; 2],
    second: [LegId; 2],
    third: [LegId; 2],
}

impl Story {
    fn flash_second(&mut self) {
        self.ms += 10;
        self.switch.flash(self.now(), SECOND, &self.world);
        self.drain();
    }

    /// All four talk; Anna's and the other's calls are recorded.
    fn of_four() -> (Self, Four) {
        let mut story = Self::of_set(Recall::AsksDigit);
        story.world.recorded = Some("anna");
        let (set, anna) = story.with_anna();
        story.world.set = SetState::Free(SECOND);
        story.flash();
        let enquiry = story.enquiry();
        story.keys(enquiry, "301");
        assert_eq!(story.wait(), "dialling");
        let called = *story.called().last().expect("rung");
        story.answer(called);
        story.answered_caller(enquiry);
        assert_eq!(story.tracks(), [[set, anna].into()]);
        story.flash();
        story.keys(enquiry, "3");
        assert_eq!(story.tracks(), [[set, anna, called].into()]);
        story.flash_second();
        let last = story.enquiry();
        story.keys(last, "2001");
        let other = *story.called().last().expect("rung");
        story.answer(other);
        story.answered_caller(last);
        let four = Four {
            first: [set, anna],
            second: [enquiry, called],
            third: [last, other],
        };
        assert_eq!(story.tracks(), four.apart());
        story.choose_second(&four, "3");
        assert_eq!(story.tracks(), four.together());
        (story, four)
    }

    /// The second set presses the hook and a digit after it.
    fn choose_second(&mut self, four: &Four, digit: &str) {
        self.flash_second();
        self.keys(four.third[0], digit);
    }

    /// Whose tracks each recording has now, in the order of their beginnings.
    fn tracks(&self) -> Vec<BTreeSet<LegId>> {
        let mut order: Vec<RecordingId> = Vec::new();
        let mut all: BTreeMap<TapId, (LegId, Vec<RecordingId>)> = BTreeMap::new();
        for effect in &self.effects {
            match effect {
                Effect::StopTap(tap) => assert!(all.remove(tap).is_some(), "it runs"),
                Effect::Event(event) => match &event.body {
                    EventBody::RecordingStarted { recording } => order.push(*recording),
                    EventBody::RecordingEnded { recording } => order.retain(|r| r != recording),
                    EventBody::TrackStarted {
                        recording,
                        also,
                        tap,
                        ..
                    } => {
                        let of = [&[*recording], also.as_slice()].concat();
                        all.insert(*tap, (event.leg.expect("a party"), of));
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        let legs = |recording: &RecordingId| {
            let tracks = all.values().filter(|(_, of)| of.contains(recording));
            let legs: Vec<LegId> = tracks.map(|(leg, _)| *leg).collect();
            let once: BTreeSet<LegId> = legs.iter().copied().collect();
            assert_eq!(legs.len(), once.len(), "each party once");
            once
        };
        order.iter().map(legs).collect()
    }
}

impl Four {
    /// Everybody hears everybody: each set is in a recording by one of its legs.
    fn together(&self) -> [BTreeSet<LegId>; 2] {
        let ([set, anna], [enquiry, called], [last, other]) = (self.first, self.second, self.third);
        [
            [set, anna, called, other].into(),
            [last, other, enquiry, anna].into(),
        ]
    }

    /// The second set is with the other one alone.
    fn apart(&self) -> [BTreeSet<LegId>; 2] {
        let [set, anna] = self.first;
        [[set, anna, self.second[1]].into(), self.third.into()]
    }
}

#[test]
fn a_recording_has_everybody_of_a_talk_of_four_once_and_nobody_who_went_aside() {
    let (mut story, four) = Story::of_four();
    story.choose_second(&four, "2");
    assert_eq!(story.tracks(), four.apart());
    story.choose_second(&four, "3");
    assert_eq!(story.tracks(), four.together());
    // Whoever leaves between two connects them, and they are recorded with all who are left.
    story.hang_up();
    let ([_, anna], [_, called], [last, other]) = (four.first, four.second, four.third);
    let left = [[anna, called, other].into(), [last, other, anna].into()];
    assert_eq!(story.tracks(), left);
    story.ms += 10;
    story.switch.set_hung_up(story.now(), SECOND, &story.world);
    story.drain();
    let both: BTreeSet<LegId> = [anna, other].into();
    assert_eq!(story.tracks(), [both.clone(), both]);
    story.tell(anna, LegEvent::Ended(Cause::Normal));
    story.finish();
    assert!(story.tracks().is_empty());
    assert_eq!(story.switch.calls(), 0);
}

#[test]
fn a_recording_that_was_paused_while_somebody_went_aside_goes_on_without_them() {
    let (mut story, four) = Story::of_four();
    let call = story.switch.call_of(four.first[1]).expect("it goes on");
    story.switch.pause_recording(call);
    story.choose_second(&four, "2");
    story.switch.resume_recording(call);
    story.drain();
    assert_eq!(story.tracks(), four.apart());
    story.switch.pause_recording(call);
    story.choose_second(&four, "3");
    story.switch.resume_recording(call);
    story.drain();
    assert_eq!(story.tracks(), four.together());
}
