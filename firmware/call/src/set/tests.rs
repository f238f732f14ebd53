//! One set, two calls, told as short stories: the set has port 0 and extension 301, Anna is 2001.

use model::{Cause, Digit, EventBody, LegId, PortId, Protection, Rule};

use crate::{
    Effect, LegEvent, Recall, Ring, SetState, Sound,
    tests::{Story, phone},
};

mod company;

const PORT: PortId = PortId(0);

impl Story {
    fn of_set(recall: Recall) -> Self {
        let mut story = Self::new(vec![phone("anna", "a")]);
        story.world.set_rules.call_waiting = true;
        story.world.set_rules.transfer = true;
        story.world.set_rules.recall = recall;
        story
    }

    fn keys(&mut self, leg: LegId, keys: &str) {
        for key in keys.chars() {
            let digit = Digit::from_char(key).expect("a key");
            self.tell(leg, LegEvent::Digit(digit));
        }
    }

    fn answer(&mut self, leg: LegId) {
        self.tell(leg, LegEvent::Answered(None, Protection::Clear));
    }

    /// The exchange's answer to a caller: what a set's leg says by itself.
    fn answered_caller(&mut self, leg: LegId) {
        assert!(self.effects.contains(&Effect::Answer(leg)), "{leg:?}");
        self.answer(leg);
    }

    /// The set talks with Anna, whom it called; its leg and hers.
    fn with_anna(&mut self) -> (LegId, LegId) {
        let set = self.dial(None).expect("accepted");
        self.world.set = SetState::Busy;
        self.keys(set, "2001");
        let anna = *self.called().last().expect("rung");
        self.answer(anna);
        self.answered_caller(set);
        (set, anna)
    }

    /// Jan calls the set, which is in a call; his leg and the set's second.
    fn jan_waits(&mut self) -> (LegId, LegId) {
        let jan = self.dial(Some("301")).expect("accepted");
        let waits = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::WaitPort { leg, .. } => Some(*leg),
            _ => None,
        });
        let waiting = waits.expect("the person is told");
        self.tell(waiting, LegEvent::Rang);
        (jan, waiting)
    }

    fn flash(&mut self) {
        self.ms += 10;
        self.switch.flash(self.now(), PORT, &self.world);
        self.drain();
    }

    fn hang_up(&mut self) {
        self.ms += 10;
        self.switch.set_hung_up(self.now(), PORT, &self.world);
        self.drain();
    }

    /// What was wished since `from`.
    fn since(&self, from: usize) -> &[Effect] {
        &self.effects[from..]
    }

    fn wrote(&self, rule: Rule) -> bool {
        let by = |effect: &Effect| matches!(effect, Effect::Event(event) if event.rule == rule);
        self.effects.iter().any(by)
    }

    /// The leg of the enquiry that the last flash began.
    fn enquiry(&self) -> LegId {
        let attended = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Attend { leg, .. } => Some(*leg),
            _ => None,
        });
        attended.expect("the set attends to a leg")
    }

    /// Anna is held, and the set talks with somebody else under the same number; both legs of that call.
    fn enquire(&mut self) -> (LegId, LegId) {
        self.flash();
        let leg = self.enquiry();
        self.keys(leg, "2001");
        let other = *self.called().last().expect("rung");
        self.answer(other);
        self.answered_caller(leg);
        (leg, other)
    }
}

#[test]
fn a_second_caller_is_taken_by_the_hook_and_the_first_held() {
    let mut story = Story::of_set(Recall::GoesRound);
    let (set, anna) = story.with_anna();
    let (jan, waiting) = story.jan_waits();
    assert!(
        story.effects.contains(&Effect::Alert(jan)),
        "Jan hears it ring"
    );
    let from = story.effects.len();
    story.flash();
    let attend = Effect::Attend {
        leg: waiting,
        port: PORT,
    };
    assert!(
        story
            .since(from)
            .contains(&Effect::Play(anna, Sound::Music))
    );
    assert!(story.since(from).contains(&attend));
    assert!(story.since(from).contains(&Effect::Connect(jan, waiting)));
    story.answered_caller(jan);
    // The hook goes from one to the other.
    let from = story.effects.len();
    story.flash();
    assert!(story.since(from).contains(&Effect::Play(jan, Sound::Music)));
    assert!(story.since(from).contains(&Effect::Return(anna)));
    assert!(story.since(from).contains(&Effect::Attend {
        leg: set,
        port: PORT
    }));
    // Anna leaves: Jan is back by himself.
    let from = story.effects.len();
    story.tell(anna, LegEvent::Ended(Cause::Normal));
    assert!(story.since(from).contains(&attend));
    assert!(story.since(from).contains(&Effect::Return(jan)));
    assert!(story.wrote(Rule::HoldReturn));
}

#[test]
fn in_europe_a_digit_says_what_the_hook_is_for() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (set, anna) = story.with_anna();
    let (jan, waiting) = story.jan_waits();
    story.flash();
    assert!(
        story
            .effects
            .contains(&Effect::Play(set, Sound::RecallDial))
    );
    let two = Digit::from_char('2').expect("a key");
    assert!(story.switch.listens(set, two));
    story.keys(set, "2");
    assert!(story.effects.contains(&Effect::Connect(jan, waiting)));
    story.answered_caller(jan);
    // R1: this call ends, the other is back.
    story.flash();
    let from = story.effects.len();
    story.keys(waiting, "1");
    let gone = Effect::Release {
        leg: jan,
        cause: Cause::Normal,
    };
    assert!(story.since(from).contains(&gone));
    assert!(story.since(from).contains(&Effect::Return(anna)));
    story.finish();
    assert!(story.wrote(Rule::FlashDrop));
}

#[test]
fn nothing_chosen_leads_back_and_refusing_is_busy() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (set, anna) = story.with_anna();
    let (jan, _) = story.jan_waits();
    story.flash();
    let from = story.effects.len();
    assert_eq!(story.wait(), "the person at a set");
    assert!(story.since(from).contains(&Effect::Return(anna)));
    story.flash();
    let from = story.effects.len();
    story.keys(set, "0");
    let busy = Effect::Release {
        leg: jan,
        cause: Cause::Busy,
    };
    assert!(story.since(from).contains(&busy));
    assert!(story.since(from).contains(&Effect::Return(anna)));
}

#[test]
fn three_hear_each_other_and_the_last_one_leaves_first() {
    let mut story = Story::of_set(Recall::GoesRound);
    let (set, anna) = story.with_anna();
    let (enquiry, other) = story.enquire();
    story.flash();
    let united = Effect::Unite {
        port: PORT,
        legs: [enquiry, set],
        parties: [Some(other), Some(anna)],
    };
    assert!(story.effects.contains(&united));
    let joined = |e: &Effect| matches!(e, Effect::Event(e) if matches!(e.body, EventBody::CallJoined { .. }));
    assert_eq!(story.effects.iter().filter(|e| joined(e)).count(), 2);
    let from = story.effects.len();
    story.flash();
    let dropped = Effect::Release {
        leg: other,
        cause: Cause::Normal,
    };
    assert!(story.since(from).contains(&dropped));
    assert!(story.since(from).contains(&Effect::Connect(set, anna)));
    story.hang_up();
    story.finish();
    assert_eq!(story.switch.calls(), 0);
}

#[test]
fn hanging_up_between_two_connects_them_and_they_end_together() {
    for together in [false, true] {
        let mut story = Story::of_set(Recall::GoesRound);
        let (_, anna) = story.with_anna();
        let (_, other) = story.enquire();
        if together {
            story.flash();
        }
        let from = story.effects.len();
        story.hang_up();
        let connected = [Effect::Connect(anna, other), Effect::Connect(other, anna)];
        assert!(connected.iter().any(|c| story.since(from).contains(c)));
        assert!(story.wrote(Rule::TransferHungUp));
        // Hold is heard by the other, across both calls.
        story.tell(anna, LegEvent::Held);
        assert_eq!(
            story.effects.last(),
            Some(&Effect::Play(other, Sound::Music))
        );
        story.tell(anna, LegEvent::Resumed);
        let from = story.effects.len();
        story.tell(other, LegEvent::Ended(Cause::Normal));
        let gone = Effect::Release {
            leg: anna,
            cause: Cause::Normal,
        };
        assert!(story.since(from).contains(&gone));
        story.finish();
        assert_eq!(story.switch.calls(), 0);
    }
}

#[test]
fn who_comes_back_to_a_party_that_holds_hears_music_until_that_one_is_back() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (set, anna) = story.with_anna();
    let (enquiry, _) = story.enquire();
    story.tell(anna, LegEvent::Held);
    story.flash();
    let from = story.effects.len();
    story.keys(enquiry, "1");
    let back = |e: &&Effect| matches!(e, Effect::Play(leg, _) | Effect::Return(leg) if *leg == set);
    let last = story.since(from).iter().rfind(back);
    assert_eq!(last, Some(&Effect::Play(set, Sound::Music)));
    story.tell(anna, LegEvent::Resumed);
    assert_eq!(story.effects.last(), Some(&Effect::Return(set)));
}

#[test]
fn one_of_three_hears_music_when_nobody_else_is_there() {
    let music = |leg| Effect::Play(leg, Sound::Music);
    for leaves in [true, false] {
        let mut story = Story::of_set(Recall::GoesRound);
        let (set, anna) = story.with_anna();
        let (enquiry, other) = story.enquire();
        story.flash();
        let from = story.effects.len();
        story.tell(anna, LegEvent::Held);
        let played = |e: &Effect| matches!(e, Effect::Play(..));
        assert!(!story.since(from).iter().any(played), "two are left");
        if leaves {
            story.tell(other, LegEvent::Ended(Cause::Normal));
            assert_eq!(story.effects.last(), Some(&music(set)));
            story.tell(anna, LegEvent::Resumed);
            assert_eq!(story.effects.last(), Some(&Effect::Return(set)));
        } else {
            story.tell(other, LegEvent::Held);
            assert_eq!(story.effects.last(), Some(&music(enquiry)));
            story.tell(anna, LegEvent::Resumed);
            assert_eq!(story.effects.last(), Some(&Effect::Return(enquiry)));
            story.tell(anna, LegEvent::Held);
            story.hang_up();
            assert!(story.effects.contains(&music(other)));
        }
    }
}

#[test]
fn one_of_three_leaves_while_the_hook_is_pressed_and_the_talk_goes_on() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (set, anna) = story.with_anna();
    let (enquiry, other) = story.enquire();
    story.flash();
    story.keys(enquiry, "3");
    story.flash();
    let from = story.effects.len();
    story.tell(other, LegEvent::Ended(Cause::Normal));
    assert!(story.since(from).contains(&Effect::Connect(set, anna)));
    let digit = Digit::from_char('2').expect("a key");
    assert!(!story.switch.listens(set, digit));
}

#[test]
fn whoever_is_asked_for_a_digit_hears_that_until_they_choose() {
    let mut story = Story::of_set(Recall::AsksDigit);
    story.with_anna();
    let (enquiry, other) = story.enquire();
    story.flash();
    let from = story.effects.len();
    let heard =
        |e: &&Effect| matches!(e, Effect::Play(leg, _) | Effect::Return(leg) if *leg == enquiry);
    for event in [LegEvent::Held, LegEvent::Resumed, LegEvent::Held] {
        story.tell(other, event);
    }
    assert_eq!(story.since(from).iter().find(heard), None);
    assert_eq!(story.wait(), "the person at a set");
    let last = story.since(from).iter().rfind(heard);
    assert_eq!(last, Some(&Effect::Play(enquiry, Sound::Music)));
}

#[test]
fn hanging_up_while_it_rings_passes_the_held_party_on() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (_, anna) = story.with_anna();
    story.flash();
    let leg = story.enquiry();
    story.keys(leg, "2001");
    let other = *story.called().last().expect("rung");
    story.tell(other, LegEvent::Rang);
    let from = story.effects.len();
    story.hang_up();
    assert!(
        story
            .since(from)
            .contains(&Effect::Play(anna, Sound::Ringback))
    );
    // The set may be lifted again and goes on with its enquiry.
    assert_eq!(story.switch.take_back(PORT), Some(leg));
    story.hang_up();
    story.answer(other);
    let from = story.effects.len();
    story.answered_caller(leg);
    assert!(story.since(from).contains(&Effect::Connect(anna, other)));
}

#[test]
fn whom_nobody_takes_is_not_lost() {
    // Held, and nobody to give them to: the set is rung, and answering brings them back.
    let mut story = Story::of_set(Recall::AsksDigit);
    story.world.set_rules.transfer = false;
    let (set, anna) = story.with_anna();
    story.enquire();
    let from = story.effects.len();
    story.hang_up();
    let rung =
        |e: &Effect| matches!(e, Effect::RingPort { leg, ring: Ring::Back, .. } if *leg == set);
    assert!(story.since(from).iter().any(rung));
    let from = story.effects.len();
    story.answer(set);
    assert!(story.since(from).contains(&Effect::Return(anna)));
    // Not answered: it ends as forgotten.
    story.enquire();
    story.hang_up();
    assert_eq!(story.wait(), "the person at a set");
    story.finish();
    assert!(story.wrote(Rule::HoldForgotten));
    let gone = Effect::Release {
        leg: anna,
        cause: Cause::NoAnswer,
    };
    assert!(story.effects.contains(&gone));
}

#[test]
fn a_caller_who_waits_when_the_set_is_hung_up_rings_it() {
    let mut story = Story::of_set(Recall::GoesRound);
    story.with_anna();
    let (jan, waiting) = story.jan_waits();
    let from = story.effects.len();
    story.hang_up();
    let rung = |e: &Effect| matches!(e, Effect::RingPort { leg, ring: Ring::Inside, .. } if *leg == waiting);
    assert!(story.since(from).iter().any(rung));
    story.answer(waiting);
    assert!(story.effects.contains(&Effect::Connect(jan, waiting)));
}

#[test]
fn whoever_hears_busy_presses_the_hook_and_is_back() {
    let mut story = Story::of_set(Recall::AsksDigit);
    let (set, anna) = story.with_anna();
    story.flash();
    let leg = story.enquiry();
    story.keys(leg, "2001");
    let other = *story.called().last().expect("rung");
    let busy = LegEvent::Refused {
        cause: Cause::Busy,
        status: Some(486),
    };
    let from = story.effects.len();
    story.tell(other, busy);
    assert!(
        !story.since(from).contains(&Effect::Return(anna)),
        "busy is heard first"
    );
    story.flash();
    assert!(story.since(from).contains(&Effect::Return(anna)));
    assert!(story.since(from).contains(&Effect::Attend {
        leg: set,
        port: PORT
    }));
}

#[test]
fn without_call_waiting_or_with_two_parties_it_is_busy() {
    let mut story = Story::of_set(Recall::GoesRound);
    story.with_anna();
    story.jan_waits();
    let third = story.dial(Some("301")).expect("accepted");
    let busy = Effect::Release {
        leg: third,
        cause: Cause::Busy,
    };
    assert!(story.effects.contains(&busy));

    let mut story = Story::of_set(Recall::GoesRound);
    story.world.set_rules.call_waiting = false;
    story.with_anna();
    let jan = story.dial(Some("301")).expect("accepted");
    let busy = Effect::Release {
        leg: jan,
        cause: Cause::Busy,
    };
    assert!(story.effects.contains(&busy));
}
