//! Rooms, each test a short story of people who dial 9000.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Cause, Chime, Clip, Codec, ConferenceEvent, Digit, EntryId, EventBody, LegId, MediaFigures,
    Prompt, Protection, RecordingId, Rule,
};

use crate::{
    Effect, LegEvent, Sound,
    tests::{Story, taps},
};

const PIN: &str = "1234";
const LEADER: &str = "98765";

fn story(pin: Option<&str>, moderator_pin: Option<&str>) -> Story {
    let mut story = Story::new(Vec::new());
    story.world.room.pin = pin.map(Into::into);
    story.world.room.moderator_pin = moderator_pin.map(Into::into);
    story.world.room.announce = true;
    story
}

/// Somebody dials and is answered.
fn come(story: &mut Story) -> LegId {
    let leg = story.dial(Some("9000")).expect("accepted");
    assert!(story.effects.contains(&Effect::Answer(leg)));
    story.tell(
        leg,
        LegEvent::Answered(Some(Codec::Pcma), Protection::Clear),
    );
    leg
}

fn press(story: &mut Story, leg: LegId, keys: &str) {
    for key in keys.chars() {
        let digit = Digit::from_char(key).expect("a key");
        story.tell(leg, LegEvent::Digit(digit));
    }
}

fn heard(story: &Story, leg: LegId, prompt: Prompt) -> bool {
    let played = Effect::Play(leg, Sound::Prompt(prompt));
    let said = Effect::Say(leg, prompt);
    story.effects.contains(&played) || story.effects.contains(&said)
}

fn join(leg: LegId) -> Effect {
    let room = EntryId::new("monday").expect("legal");
    Effect::Join { leg, room }
}

fn chimes(story: &Story, wanted: Chime) -> usize {
    let is = |e: &&Effect| matches!(e, Effect::Chime { chime, .. } if *chime == wanted);
    story.effects.iter().filter(is).count()
}

fn rule_of(story: &Story, leg: LegId, body: &EventBody) -> Option<Rule> {
    story.effects.iter().rev().find_map(|effect| match effect {
        Effect::Event(event) if event.leg == Some(leg) && event.body == *body => Some(event.rule),
        _ => None,
    })
}

/// `speaker` is not heard by `listener` from now on, or is again.
fn hearing(listener: LegId, speaker: LegId, heard: bool) -> Effect {
    Effect::Hearing {
        listener,
        speaker,
        heard,
    }
}

fn released(story: &Story, leg: LegId) -> Option<Cause> {
    story.effects.iter().find_map(|effect| match effect {
        Effect::Release { leg: gone, cause } if *gone == leg => Some(*cause),
        _ => None,
    })
}

fn hang_up(story: &mut Story, leg: LegId) {
    story.tell(leg, LegEvent::Ended(Cause::Normal));
    story.tell(leg, LegEvent::Gone(MediaFigures::default()));
}

#[test]
fn the_first_hears_that_and_music_and_the_second_begins_the_talk() {
    let mut story = story(None, None);
    let first = come(&mut story);
    assert!(heard(&story, first, Prompt::OnlyOne));
    story.tell(first, LegEvent::PromptEnded);
    assert!(story.effects.contains(&Effect::Play(first, Sound::Music)));
    let second = come(&mut story);
    assert!(story.effects.contains(&join(first)) && story.effects.contains(&join(second)));
    assert_eq!(chimes(&story, Chime::Joined), 1);
    let joined = EventBody::Conference(ConferenceEvent::Joined { moderator: false });
    assert_eq!(rule_of(&story, second, &joined), Some(Rule::ConferenceOpen));
    story.effects.clear();
    hang_up(&mut story, first);
    assert!(heard(&story, second, Prompt::OnlyOne), "alone again");
    assert_eq!(chimes(&story, Chime::Left), 0, "the prompt says it already");
    let left = rule_of(&story, first, &EventBody::Conference(ConferenceEvent::Left));
    assert_eq!(left, Some(Rule::PartyHungUp));
    hang_up(&mut story, second);
    assert_eq!(story.switch.calls(), 0);
    assert_eq!(story.switch.next_deadline(), None);
}

#[test]
fn a_prompt_that_nobody_ends_gives_way_to_music() {
    let mut story = story(None, None);
    let first = come(&mut story);
    assert_eq!(story.wait(), "a guest of a conference");
    assert!(story.effects.contains(&Effect::Play(first, Sound::Music)));
    assert_eq!(story.switch.next_deadline(), None);
}

#[test]
fn the_right_pin_lets_in_with_its_last_digit_or_with_the_hash_key() {
    let mut story = story(Some(PIN), Some(LEADER));
    let member = come(&mut story);
    assert!(heard(&story, member, Prompt::EnterPin));
    press(&mut story, member, "99*1234");
    let joined = EventBody::Conference(ConferenceEvent::Joined { moderator: false });
    assert_eq!(rule_of(&story, member, &joined), Some(Rule::ConferencePin));
    assert!(heard(&story, member, Prompt::Waiting), "no moderator yet");
    story.tell(member, LegEvent::PromptEnded);
    assert!(story.effects.contains(&Effect::Play(member, Sound::Music)));
    let leader = come(&mut story);
    press(&mut story, leader, "98765#");
    let led = EventBody::Conference(ConferenceEvent::Joined { moderator: true });
    let rule = rule_of(&story, leader, &led);
    assert_eq!(rule, Some(Rule::ConferenceModeratorPin));
    assert!(story.effects.contains(&join(member)) && story.effects.contains(&join(leader)));
    // Without a moderator nobody talks.
    story.effects.clear();
    hang_up(&mut story, leader);
    assert!(heard(&story, member, Prompt::Waiting));
}

#[test]
fn with_a_pin_for_moderators_only_the_hash_key_alone_lets_in() {
    let mut story = story(None, Some(LEADER));
    let member = come(&mut story);
    assert!(heard(&story, member, Prompt::EnterPinOrHash));
    press(&mut story, member, "#");
    let joined = EventBody::Conference(ConferenceEvent::Joined { moderator: false });
    assert_eq!(rule_of(&story, member, &joined), Some(Rule::ConferenceOpen));
}

#[test]
fn three_wrong_pins_and_the_call_ends_with_a_word() {
    let mut story = story(Some(PIN), None);
    let guest = come(&mut story);
    press(&mut story, guest, "0000#1111#");
    assert!(heard(&story, guest, Prompt::WrongPin));
    assert!(!heard(&story, guest, Prompt::NoMorePins));
    press(&mut story, guest, "1235#");
    assert!(heard(&story, guest, Prompt::NoMorePins));
    press(&mut story, guest, PIN);
    assert_eq!(released(&story, guest), None, "the word is heard first");
    story.tell(guest, LegEvent::PromptEnded);
    assert_eq!(released(&story, guest), Some(Cause::Forbidden));
    story.finish();
    let (cause, rule, talk) = story.end();
    assert_eq!((cause, rule), (Cause::Forbidden, Rule::ConferencePinWrong));
    assert!(talk.is_some());
    let refused = rule_of(
        &story,
        guest,
        &EventBody::Conference(ConferenceEvent::Refused),
    );
    assert_eq!(refused, Some(Rule::ConferencePinWrong));
}

#[test]
fn who_never_presses_a_key_is_not_waited_for() {
    let mut story = story(Some(PIN), None);
    let guest = come(&mut story);
    let began = story.ms;
    story.tell(guest, LegEvent::PromptEnded);
    while released(&story, guest).is_none() {
        story.wait();
    }
    assert!(story.ms - began <= 130_000);
    story.finish();
    let (cause, rule, _) = story.end();
    assert_eq!(
        (cause, rule),
        (Cause::Forbidden, Rule::ConferencePinMissing)
    );
}

#[test]
fn who_presses_on_for_ever_is_not_waited_for_either() {
    let mut story = story(Some(PIN), None);
    let guest = come(&mut story);
    let began = story.ms;
    // The star begins the PIN anew and so is never wrong.
    while !heard(&story, guest, Prompt::NoMorePins) {
        press(&mut story, guest, "1*");
        story.ms += 2_000;
        story.switch.timeout(story.now(), &story.world);
        story.drain();
        assert!(story.ms - began < 100_000, "patience ends");
    }
}

#[test]
fn a_full_room_turns_away_with_a_word_and_without_an_answer() {
    let mut story = story(None, None);
    story.world.room.limit = 2;
    let _ = (come(&mut story), come(&mut story));
    story.effects.clear();
    let third = story.dial(Some("9000")).expect("begun");
    assert!(!story.effects.contains(&Effect::Answer(third)));
    let early = story
        .effects
        .iter()
        .position(|e| *e == Effect::AnswerEarly(third))
        .expect("sound before the answer");
    let word = Effect::Play(third, Sound::Prompt(Prompt::Full));
    let word = story.effects.iter().position(|e| *e == word);
    assert!(word.is_some_and(|word| word > early));
    story.tell(third, LegEvent::PromptEnded);
    assert_eq!(released(&story, third), Some(Cause::Busy));
    let refused = rule_of(
        &story,
        third,
        &EventBody::Conference(ConferenceEvent::Refused),
    );
    assert_eq!(refused, Some(Rule::ConferenceFull));
}

/// A room with a moderator and two members who talk.
fn three() -> (Story, LegId, LegId, LegId) {
    let mut story = story(Some(PIN), Some(LEADER));
    let leader = come(&mut story);
    press(&mut story, leader, LEADER);
    let members = [come(&mut story), come(&mut story)];
    for member in members {
        press(&mut story, member, PIN);
    }
    story.effects.clear();
    (story, leader, members[0], members[1])
}

#[test]
fn members_mute_themselves_and_nobody_hears_them_not_even_who_comes_later() {
    let (mut story, leader, one, two) = three();
    press(&mut story, one, "*6");
    assert!(heard(&story, one, Prompt::Muted));
    for listener in [leader, two] {
        assert!(story.effects.contains(&hearing(listener, one, false)));
    }
    let late = come(&mut story);
    press(&mut story, late, PIN);
    assert!(story.effects.contains(&hearing(late, one, false)));
    let muted = EventBody::Conference(ConferenceEvent::Muted { muted: true });
    assert_eq!(rule_of(&story, one, &muted), Some(Rule::ConferenceKeys));
    press(&mut story, one, "*6");
    for listener in [leader, two, late] {
        assert!(story.effects.contains(&hearing(listener, one, true)));
    }
    // A key on its own, or one too late after the star, is no command.
    story.effects.clear();
    press(&mut story, one, "6*");
    story.wait();
    press(&mut story, one, "6");
    assert!(story.effects.is_empty(), "{:?}", story.effects);
}

#[test]
fn a_phone_that_holds_is_not_heard_so_that_its_music_is_not() {
    let (mut story, leader, one, two) = three();
    story.tell(one, LegEvent::Held);
    for listener in [leader, two] {
        assert!(story.effects.contains(&hearing(listener, one, false)));
    }
    story.tell(one, LegEvent::Resumed);
    assert!(story.effects.contains(&hearing(two, one, true)));
}

#[test]
fn a_moderator_mutes_all_others() {
    let (mut story, leader, one, two) = three();
    press(&mut story, leader, "*5");
    assert!(heard(&story, leader, Prompt::OthersMuted));
    for (listener, speaker) in [(leader, one), (two, one), (one, two), (leader, two)] {
        assert!(story.effects.contains(&hearing(listener, speaker, false)));
    }
    assert!(!story.effects.contains(&hearing(one, leader, false)));
    press(&mut story, two, "*6");
    assert!(heard(&story, two, Prompt::MutedByModerator));
    story.effects.clear();
    press(&mut story, leader, "*5");
    assert!(story.effects.contains(&hearing(one, two, true)));
    assert_eq!(
        rule_of(
            &story,
            two,
            &EventBody::Conference(ConferenceEvent::Muted { muted: false })
        ),
        Some(Rule::ConferenceModerator)
    );
}

#[test]
fn a_locked_room_takes_moderators_only() {
    let (mut story, leader, ..) = three();
    press(&mut story, leader, "*7");
    assert!(heard(&story, leader, Prompt::NowLocked));
    let late = come(&mut story);
    press(&mut story, late, PIN);
    assert!(heard(&story, late, Prompt::Locked));
    story.tell(late, LegEvent::PromptEnded);
    assert_eq!(released(&story, late), Some(Cause::Rejected));
    let second = come(&mut story);
    press(&mut story, second, LEADER);
    assert!(story.effects.contains(&join(second)));
    press(&mut story, second, "*7");
    let late = come(&mut story);
    press(&mut story, late, PIN);
    assert!(story.effects.contains(&join(late)));
}

#[test]
fn a_moderator_removes_who_came_last_and_ends_it_all() {
    let (mut story, leader, one, two) = three();
    press(&mut story, leader, "*8");
    assert!(heard(&story, two, Prompt::Removed));
    assert_eq!(chimes(&story, Chime::Left), 1);
    story.tell(two, LegEvent::PromptEnded);
    assert_eq!(released(&story, two), Some(Cause::Moderator));
    press(&mut story, one, "*0");
    assert_eq!(released(&story, leader), None, "members cannot end it");
    press(&mut story, leader, "*0");
    for leg in [leader, one] {
        assert!(heard(&story, leg, Prompt::Over));
        let left = rule_of(&story, leg, &EventBody::Conference(ConferenceEvent::Left));
        assert_eq!(left, Some(Rule::ConferenceModerator));
        story.tell(leg, LegEvent::PromptEnded);
        assert_eq!(released(&story, leg), Some(Cause::Moderator));
    }
    story.finish();
    assert_eq!(story.switch.calls(), 0);
    // The next ones find an open room, with nobody in it.
    story.effects.clear();
    let next = come(&mut story);
    press(&mut story, next, LEADER);
    assert!(heard(&story, next, Prompt::OnlyOne));
}

#[test]
fn the_keys_that_decide_are_told_from_those_that_do_not() {
    let mut story = story(Some(PIN), None);
    let key = |c| Digit::from_char(c).expect("a key");
    let leg = come(&mut story);
    assert!(story.switch.listens(leg, key('1')));
    press(&mut story, leg, PIN);
    assert!(!story.switch.listens(leg, key('1')));
    assert!(story.switch.listens(leg, key('*')));
    press(&mut story, leg, "*");
    assert!(story.switch.listens(leg, key('6')));
    hang_up(&mut story, leg);
    assert!(!story.switch.listens(leg, key('*')));
}

#[test]
fn a_recording_made_in_a_conference_has_a_track_of_everybody_there() {
    let mut story = story(None, None);
    let unrecorded = come(&mut story);
    story.world.recorded = Some("jan");
    let recorded = come(&mut story);
    story.world.recorded = None;
    let late = come(&mut story);
    let tracks: Vec<LegId> = taps(&story).0.iter().map(|(leg, _)| *leg).collect();
    assert_eq!(tracks, [recorded, unrecorded, late]);
    hang_up(&mut story, unrecorded);
    assert_eq!(taps(&story).1.len(), 1, "who leaves says nothing more");
    hang_up(&mut story, recorded);
    assert_eq!(taps(&story).1.len(), 3, "nobody is recorded any more");
    hang_up(&mut story, late);
    assert_eq!(story.switch.calls(), 0);
}

/// The tracks that each recording has, with the recordings of the calls of all legs.
fn tracks_of(story: &Story) -> BTreeMap<RecordingId, BTreeSet<LegId>> {
    let mut all: BTreeMap<RecordingId, BTreeSet<LegId>> = BTreeMap::new();
    for effect in &story.effects {
        let Effect::Event(event) = effect else {
            continue;
        };
        if let EventBody::TrackStarted {
            recording,
            also,
            shares,
            ..
        } = &event.body
        {
            for recording in [recording].into_iter().chain(also) {
                all.entry(*recording).or_default().extend(event.leg);
            }
            let shared = shares.iter().map(|track| track.leg);
            all.entry(*recording).or_default().extend(shared);
        }
    }
    all
}

#[test]
fn where_all_are_recorded_each_newcomer_is_one_event() {
    const PARTIES: usize = 10;
    let mut story = story(None, None);
    story.world.recorded = Some("jan");
    let legs: Vec<LegId> = (0..PARTIES).map(|_| come(&mut story)).collect();
    let mut begun = 0;
    for effect in &story.effects {
        let Effect::Event(event) = effect else {
            continue;
        };
        if let EventBody::TrackStarted { shares, .. } = &event.body {
            begun += 1;
            let leg = event.leg.expect("a party");
            assert_eq!(event.call, story.switch.call_of(leg), "in its own call");
            let mine = shares.iter().any(|track| track.leg == leg);
            assert!(!mine, "nobody shares their own");
        }
    }
    let (started, stopped) = taps(&story);
    assert_eq!(begun, started.len());
    // One while they hear that they are alone, or come in; one when they talk with the others.
    assert_eq!(begun, 2 * PARTIES - 1);
    assert_eq!(stopped.len(), PARTIES - 1);
    let all = BTreeSet::from_iter(legs.iter().copied());
    let tracks = tracks_of(&story);
    assert_eq!(tracks.len(), PARTIES);
    assert!(
        tracks.values().all(|legs| *legs == all),
        "everybody is in every recording: {tracks:?}"
    );
    for &leg in &legs {
        hang_up(&mut story, leg);
    }
    let (started, stopped) = taps(&story);
    assert_eq!(started.len(), stopped.len(), "every track ends, once");
    assert_eq!(story.switch.calls(), 0);
}

#[test]
fn who_comes_to_a_paused_recording_has_a_track_that_is_not_shared() {
    let mut story = story(None, None);
    story.world.recorded = Some("jan");
    let [first, second] = [0, 1].map(|_| come(&mut story));
    for leg in [first, second] {
        let call = story.switch.call_of(leg).expect("a call");
        story.switch.pause_recording(call);
    }
    story.drain();
    story.effects.clear();
    let late = come(&mut story);
    let tracks = tracks_of(&story);
    let all = BTreeSet::from([first, second, late]);
    assert_eq!(tracks.values().collect::<Vec<_>>(), [&all], "only its own");
    let begun = taps(&story).0;
    assert_eq!(
        begun.iter().filter(|(leg, _)| *leg != late).count(),
        2,
        "the paused tracks give way to new ones"
    );
    for leg in [first, second, late] {
        hang_up(&mut story, leg);
    }
    assert_eq!(story.switch.calls(), 0);
}

#[test]
fn a_pause_in_a_conference_is_one_of_its_own_recording_only() {
    let mut story = story(None, None);
    story.world.recorded = Some("jan");
    let first = come(&mut story);
    let second = come(&mut story);
    story.world.recorded = None;
    let calls = [first, second].map(|leg| story.switch.call_of(leg).expect("a call"));
    let recording = |story: &Story, call| {
        let begun = story.effects.iter().find_map(|effect| match effect {
            Effect::Event(event) if event.call == Some(call) => match event.body {
                EventBody::RecordingStarted { recording } => Some(recording),
                _ => None,
            },
            _ => None,
        });
        begun.expect("it is recorded")
    };
    let own = recording(&story, calls[0]);
    // The tracks that begin for a recording, by leg.
    let tracks = |story: &Story| -> Vec<LegId> {
        let begun = story.effects.iter().filter_map(|effect| match effect {
            Effect::Event(event) => match &event.body {
                EventBody::TrackStarted {
                    recording, also, ..
                } if *recording == own || also.contains(&own) => event.leg,
                _ => None,
            },
            _ => None,
        });
        begun.collect()
    };
    assert_eq!(tracks(&story), [first, second]);
    assert_eq!(
        tracks_of(&story).len(),
        2,
        "the track of the first is shared by the second's recording"
    );
    story.effects.clear();
    story.switch.pause_recording(calls[0]);
    story.drain();
    assert_eq!(tracks(&story), [], "nothing more for the paused one");
    let begun = taps(&story).0;
    assert_eq!(
        begun.len(),
        2,
        "the other has new tracks of both: {begun:?}"
    );
    assert_eq!(taps(&story).1.len(), 2);
    // Somebody who comes now belongs to it, but is heard in it only when it goes on.
    let late = come(&mut story);
    assert_eq!(tracks(&story), []);
    story.effects.clear();
    story.switch.resume_recording(calls[0]);
    story.drain();
    let mut again = tracks(&story);
    again.sort_unstable();
    let mut all = vec![first, second, late];
    all.sort_unstable();
    assert_eq!(again, all);
    for leg in [first, second, late] {
        hang_up(&mut story, leg);
    }
    assert_eq!(story.switch.calls(), 0);
}

/// The office's own words for the guests.
const WORDS: Clip = Clip::UploadedPrompt(7);

fn greeting(pin: Option<&str>) -> Story {
    let mut story = story(pin, None);
    story.world.room.greeting = Some(WORDS);
    story
}

fn is_greeted(story: &Story, leg: LegId) -> bool {
    let played = Effect::Play(leg, Sound::Greeting(WORDS));
    let greeted = EventBody::Conference(ConferenceEvent::Greeted);
    let rule = rule_of(story, leg, &greeted);
    assert_eq!(rule.is_some(), story.effects.contains(&played));
    rule == Some(Rule::ConferenceGreeting)
}

fn joined_by(story: &Story, leg: LegId) -> Option<Rule> {
    let joined = EventBody::Conference(ConferenceEvent::Joined { moderator: false });
    rule_of(story, leg, &joined)
}

#[test]
fn whoever_may_enter_is_greeted_before() {
    let mut story = greeting(Some(PIN));
    let first = come(&mut story);
    press(&mut story, first, "1111#");
    assert!(!is_greeted(&story, first), "a wrong PIN is no right");
    press(&mut story, first, "1234");
    assert!(is_greeted(&story, first));
    // Many end every PIN like that; nothing that is pressed now is a command.
    press(&mut story, first, "#*6");
    assert_eq!(joined_by(&story, first), None, "not in it yet");
    story.tell(first, LegEvent::PromptEnded);
    assert_eq!(joined_by(&story, first), Some(Rule::ConferencePin));
    assert!(heard(&story, first, Prompt::OnlyOne));
    let second = come(&mut story);
    press(&mut story, second, "1234");
    assert!(!story.effects.contains(&join(first)), "nobody is in it yet");
    story.tell(second, LegEvent::PromptEnded);
    assert!(story.effects.contains(&join(first)) && story.effects.contains(&join(second)));
    assert_eq!(chimes(&story, Chime::Joined), 1);
}

#[test]
fn a_greeting_that_nobody_ends_keeps_nobody_out() {
    let mut story = greeting(None);
    let first = come(&mut story);
    assert!(is_greeted(&story, first));
    assert_eq!(story.wait(), "a guest of a conference");
    assert!(story.ms > 600_000, "longer than any sound: {}", story.ms);
    assert_eq!(joined_by(&story, first), Some(Rule::ConferenceOpen));
}

#[test]
fn who_hangs_up_while_greeted_was_never_in_the_room() {
    let mut story = greeting(None);
    let first = come(&mut story);
    hang_up(&mut story, first);
    story.tell(first, LegEvent::PromptEnded);
    assert_eq!(joined_by(&story, first), None);
    let left = EventBody::Conference(ConferenceEvent::Left);
    assert_eq!(rule_of(&story, first, &left), None);
    assert_eq!(
        (story.switch.calls(), story.switch.next_deadline()),
        (0, None)
    );
}

#[test]
fn a_room_that_fills_during_the_greeting_is_full() {
    let mut story = greeting(None);
    story.world.room.limit = 2;
    let [a, b, late] = [(); 3].map(|()| come(&mut story));
    for leg in [a, b, late] {
        assert!(is_greeted(&story, leg));
        story.tell(leg, LegEvent::PromptEnded);
    }
    assert_eq!(joined_by(&story, late), None);
    assert!(heard(&story, late, Prompt::Full));
    let refused = EventBody::Conference(ConferenceEvent::Refused);
    assert_eq!(rule_of(&story, late, &refused), Some(Rule::ConferenceFull));
    story.tell(late, LegEvent::PromptEnded);
    assert_eq!(released(&story, late), Some(Cause::Busy));
    // To whom the room is closed already no words are lost.
    let next = story.dial(Some("9000")).expect("accepted");
    assert!(!is_greeted(&story, next) && heard(&story, next, Prompt::Full));
}

/// The music of a phone that holds is not for the others, also where it began to hold before.
#[test]
fn who_holds_while_greeted_is_not_heard_in_the_room() {
    let mut story = greeting(None);
    let first = come(&mut story);
    story.tell(first, LegEvent::PromptEnded);
    let second = come(&mut story);
    story.tell(second, LegEvent::Held);
    story.tell(second, LegEvent::PromptEnded);
    assert!(story.effects.contains(&hearing(first, second, false)));
    story.tell(second, LegEvent::Resumed);
    assert!(story.effects.contains(&hearing(first, second, true)));
}
