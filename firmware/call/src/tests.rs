//! Call control against a table of a world: one helper plays, each test is a short story.

mod lines;
mod recording;

use core::time::Duration;

use model::{
    Cause, Codec, Digit, EntryId, EventBody, Instant, LegId, LegKind, MediaFigures, Now, Party,
    PortId, Protection, Random, Rule, Transport,
};

use crate::{
    Dialled, Directory, Effect, HotLine, LegEvent, Line, NewCall, Phone, Progress, Refusal,
    RoomRules, SetRules, SetState, Sound, Switch, Timers,
};

pub(crate) use recording::taps;

pub(crate) struct World {
    phones: Vec<Phone>,
    /// What the set is doing.
    pub(crate) set: SetState,
    calls_max: usize,
    /// Whose calls are recorded.
    pub(crate) recorded: Option<&'static str>,
    /// What the set may do.
    pub(crate) set_rules: SetRules,
    /// Outside lines that are free, and those that are not.
    lines: Vec<Line>,
    lines_in_use: Vec<(Line, LegId)>,
    /// The rules of the conference 9000.
    pub(crate) room: RoomRules,
}

fn entry(id: &str) -> EntryId {
    EntryId::new(id).expect("test ids are legal")
}

pub(crate) fn phone(owner: &str, key: &str) -> Phone {
    Phone {
        owner: entry(owner),
        key: key.into(),
        transport: Transport::Udp,
    }
}

impl Directory for World {
    fn dialled(&self, text: &str) -> Dialled {
        match text {
            "2001" => Dialled::Person(entry("anna")),
            "301" => Dialled::Analog(entry("set")),
            "*43" => Dialled::EchoTest,
            "9000" => Dialled::Conference(entry("monday")),
            "601234567" | "112" => Dialled::Outside {
                number: text.into(),
                emergency: text == "112",
            },
            _ => Dialled::Unknown,
        }
    }

    fn progress(&self, digits: &str) -> Progress {
        let known = ["2001", "301", "3010", "*43"];
        let exact = known.contains(&digits);
        let longer = known
            .iter()
            .any(|n| n.len() > digits.len() && n.starts_with(digits));
        match (exact, longer) {
            (true, false) => Progress::Complete,
            (true, true) => Progress::Ambiguous,
            (false, true) => Progress::Partial,
            (false, false) => Progress::Hopeless,
        }
    }

    fn phones(&self, _: &EntryId) -> Vec<Phone> {
        self.phones.clone()
    }

    fn set(&self, _: &EntryId) -> SetState {
        self.set
    }

    fn set_rules(&self, _: &EntryId) -> SetRules {
        self.set_rules.clone()
    }

    fn onward(&self, line: &EntryId) -> Option<String> {
        (line.as_str() == "onward").then(|| "601234567".to_owned())
    }

    fn lines(&self) -> Vec<Line> {
        self.lines.clone()
    }

    fn lines_in_use(&self) -> Vec<(Line, LegId)> {
        self.lines_in_use.clone()
    }

    fn room(&self, _: &EntryId) -> Option<RoomRules> {
        Some(self.room.clone())
    }

    fn records(&self, owner: &EntryId) -> bool {
        self.recorded == Some(owner.as_str())
    }

    fn ring_timeout(&self, _: &EntryId) -> Duration {
        Duration::from_secs(30)
    }

    fn presented(&self, entry: &EntryId) -> Party {
        Party {
            number: String::new(),
            name: entry.to_string(),
        }
    }

    fn calls_max(&self) -> usize {
        self.calls_max
    }
}

/// A switch, its world, and everything it said.
pub(crate) struct Story {
    pub(crate) switch: Switch,
    pub(crate) world: World,
    pub(crate) ms: u64,
    pub(crate) effects: Vec<Effect>,
}

impl Story {
    pub(crate) fn new(phones: Vec<Phone>) -> Self {
        Self {
            switch: Switch::new(Timers::default(), Random::new([1; 32])),
            world: World {
                phones,
                set: SetState::Free(PortId(1)),
                calls_max: 10,
                recorded: None,
                set_rules: SetRules::default(),
                lines: Vec::new(),
                lines_in_use: Vec::new(),
                room: RoomRules {
                    limit: 10,
                    ..RoomRules::default()
                },
            },
            ms: 0,
            effects: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now {
            mono: Instant::from_millis(self.ms),
            ..Now::default()
        }
    }

    pub(crate) fn drain(&mut self) {
        while let Some(effect) = self.switch.poll() {
            self.effects.push(effect);
        }
    }

    pub(crate) fn dial(&mut self, text: Option<&str>) -> Result<LegId, Refusal> {
        let kind = match text {
            Some(_) => LegKind::Phone {
                owner: entry("jan"),
                transport: Transport::Udp,
            },
            None => LegKind::Port {
                owner: entry("set"),
                port: PortId(0),
            },
        };
        let new = NewCall {
            kind,
            from: Party::default(),
            dialled: text.map(Into::into),
            own: Some(phone("jan", "own")),
            obstacle: None,
        };
        let result = self.switch.start(self.now(), new, &self.world);
        self.drain();
        result.map(|(_, leg)| leg)
    }

    pub(crate) fn tell(&mut self, leg: LegId, event: LegEvent) {
        self.ms += 10;
        self.switch.leg_event(self.now(), leg, event, &self.world);
        self.drain();
    }

    /// Lets time pass to the next deadline.
    pub(crate) fn wait(&mut self) -> &'static str {
        let (at, why) = self.switch.next_deadline().expect("something is due");
        self.ms = at.as_millis();
        self.switch.timeout(self.now(), &self.world);
        self.drain();
        why
    }

    pub(crate) fn called(&self) -> Vec<LegId> {
        let leg = |effect: &Effect| match effect {
            Effect::CallPhone { leg, .. } | Effect::RingPort { leg, .. } => Some(*leg),
            _ => None,
        };
        self.effects.iter().filter_map(leg).collect()
    }

    /// Everything released is gone now.
    pub(crate) fn finish(&mut self) {
        let released: Vec<LegId> = self
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Release { leg, .. } => Some(*leg),
                _ => None,
            })
            .collect();
        for leg in released {
            self.tell(leg, LegEvent::Gone(MediaFigures::default()));
        }
    }

    pub(crate) fn end(&self) -> (Cause, Rule, Option<Duration>) {
        let mut ends = self.effects.iter().filter_map(|effect| match effect {
            Effect::Event(event) => match event.body {
                EventBody::CallEnded { cause, talk, .. } => Some((cause, event.rule, talk)),
                _ => None,
            },
            _ => None,
        });
        let end = ends.next().expect("the call has ended");
        assert_eq!(ends.next(), None, "a call ends once");
        assert_eq!(self.switch.calls(), 0);
        end
    }
}

#[test]
fn all_phones_ring_and_the_first_to_answer_has_it() {
    let mut story = Story::new(vec![phone("anna", "desk"), phone("anna", "soft")]);
    let caller = story.dial(Some("2001")).expect("accepted");
    let legs = story.called();
    assert_eq!(legs.len(), 2);
    story.tell(legs[0], LegEvent::Rang);
    story.tell(legs[1], LegEvent::Rang);
    let alerts = story
        .effects
        .iter()
        .filter(|e| **e == Effect::Alert(caller));
    assert_eq!(alerts.count(), 1);
    story.tell(
        legs[1],
        LegEvent::Answered(Some(Codec::Pcma), Protection::Clear),
    );
    assert!(story.effects.contains(&Effect::Connect(caller, legs[1])));
    story.tell(
        caller,
        LegEvent::Answered(Some(Codec::Pcma), Protection::Clear),
    );
    assert!(story.effects.contains(&Effect::Release {
        leg: legs[0],
        cause: Cause::ElsewhereAnswered
    }));
    story.ms += 5_000;
    story.tell(caller, LegEvent::Ended(Cause::Normal));
    story.finish();
    let (cause, rule, talk) = story.end();
    assert_eq!((cause, rule), (Cause::Normal, Rule::PartyHungUp));
    assert_eq!(talk, Some(Duration::from_millis(5_010)));
}

#[test]
fn two_answers_at_once_leave_one_talking() {
    let mut story = Story::new(vec![phone("anna", "a"), phone("anna", "b")]);
    let caller = story.dial(Some("2001")).expect("accepted");
    let legs = story.called();
    story.tell(legs[0], LegEvent::Answered(None, Protection::Clear));
    story.tell(legs[1], LegEvent::Answered(None, Protection::Clear));
    let connects: Vec<_> = story
        .effects
        .iter()
        .filter(|e| matches!(e, Effect::Connect(..)))
        .collect();
    assert_eq!(connects, [&Effect::Connect(caller, legs[0])]);
    story.tell(legs[1], LegEvent::Gone(MediaFigures::default()));
    assert_eq!(story.switch.calls(), 1, "the loser's end is not the call's");
}

#[test]
fn busy_tells_more_than_silence() {
    let mut story = Story::new(vec![phone("anna", "a"), phone("anna", "b")]);
    story.dial(Some("2001")).expect("accepted");
    let legs = story.called();
    let busy = LegEvent::Refused {
        cause: Cause::Busy,
        status: Some(486),
    };
    story.tell(legs[0], busy);
    let silent = LegEvent::Refused {
        cause: Cause::PeerLost,
        status: None,
    };
    story.tell(legs[1], silent);
    story.finish();
    assert_eq!(story.end().0, Cause::Busy);
}

#[test]
fn the_caller_gives_up() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    let caller = story.dial(Some("2001")).expect("accepted");
    story.tell(caller, LegEvent::Ended(Cause::Cancelled));
    story.finish();
    let (cause, rule, talk) = story.end();
    assert_eq!(
        (cause, rule, talk),
        (Cause::Cancelled, Rule::CallerGaveUp, None)
    );
}

#[test]
fn nobody_answers() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.dial(Some("2001")).expect("accepted");
    assert_eq!(story.wait(), "ring time");
    story.finish();
    let (cause, rule, _) = story.end();
    assert_eq!((cause, rule), (Cause::NoAnswer, Rule::RingTimeout));
}

#[test]
fn a_set_dials_and_each_number_is_taken_at_the_right_digit() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    let caller = story.dial(None).expect("accepted");
    assert!(story.effects.contains(&Effect::Play(caller, Sound::Dial)));
    for c in "2001".chars() {
        assert!(story.called().is_empty());
        let digit = Digit::from_char(c).expect("a key");
        story.tell(caller, LegEvent::Digit(digit));
    }
    assert_eq!(story.called().len(), 1);

    let mut story = Story::new(vec![]);
    let caller = story.dial(None).expect("accepted");
    for c in "301".chars() {
        let digit = Digit::from_char(c).expect("a key");
        story.tell(caller, LegEvent::Digit(digit));
    }
    assert!(story.called().is_empty(), "3010 is possible yet");
    assert_eq!(story.wait(), "dialling");
    assert_eq!(story.called().len(), 1);
}

#[test]
fn a_set_that_never_dials_is_given_up() {
    let mut story = Story::new(vec![]);
    story.dial(None).expect("accepted");
    story.wait();
    story.finish();
    let (cause, rule, _) = story.end();
    assert_eq!((cause, rule), (Cause::BadNumber, Rule::DialTimeout));
}

#[test]
fn unknown_numbers_unreachable_people_and_oneself() {
    for (phones, number, expected) in [
        (vec![], "999", (Cause::NotFound, Rule::DialledUnknown)),
        (vec![], "2001", (Cause::Unreachable, Rule::RingNoPhone)),
        (
            vec![phone("jan", "own")],
            "2001",
            (Cause::Busy, Rule::DialledOneself),
        ),
    ] {
        let mut story = Story::new(phones);
        story.dial(Some(number)).expect("accepted");
        story.finish();
        let (cause, rule, _) = story.end();
        assert_eq!((cause, rule), expected);
    }
}

#[test]
fn limits_and_stopping_refuse_before_anything_begins() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.calls_max = 1;
    story.dial(Some("2001")).expect("accepted");
    assert_eq!(story.dial(Some("2001")), Err(Refusal::TooManyCalls));
    story.world.calls_max = 10;
    story.switch.stop(Instant::from_millis(60_000));
    assert_eq!(story.dial(Some("2001")), Err(Refusal::Stopping));
    while story.switch.calls() > 0 {
        story.wait();
        story.finish();
    }
    assert!(matches!(story.end().0, Cause::NoAnswer | Cause::Stopping));
}

#[test]
fn echo_test_answers_and_hold_is_told_once() {
    let mut story = Story::new(vec![]);
    let caller = story.dial(Some("*43")).expect("accepted");
    assert!(story.effects.contains(&Effect::Play(caller, Sound::Echo)));
    story.tell(caller, LegEvent::Answered(None, Protection::Clear));
    // Who called did not answer anything.
    assert!(story.effects.iter().any(|effect| match effect {
        Effect::Event(event) => {
            matches!(event.body, EventBody::LegAnswered { .. })
                && event.rule == Rule::CallerConnected
        }
        _ => false,
    }));
    for event in [LegEvent::Held, LegEvent::Held, LegEvent::Resumed] {
        story.tell(caller, event);
    }
    let facts = story.effects.iter().filter(|effect| match effect {
        Effect::Event(event) => matches!(event.body, EventBody::LegHeld | EventBody::LegResumed),
        _ => false,
    });
    assert_eq!(facts.count(), 2);
    story.tell(caller, LegEvent::Ended(Cause::Normal));
    story.finish();
    assert!(story.end().2.is_some(), "an echo test is talk time");
}

#[test]
fn a_caller_who_gives_up_while_the_answer_waits_was_never_answered() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    let caller = story.dial(Some("2001")).expect("accepted");
    let called = story.called()[0];
    story.tell(called, LegEvent::Answered(None, Protection::Clear));
    story.tell(caller, LegEvent::Ended(Cause::Cancelled));
    story.finish();
    let (cause, rule, talk) = story.end();
    assert_eq!(
        (cause, rule, talk),
        (Cause::Cancelled, Rule::CallerGaveUp, None)
    );
    let answered = |effect: &Effect| matches!(effect, Effect::Event(event) if matches!(event.body, EventBody::CallAnswered { .. }));
    assert!(!story.effects.iter().any(answered));
}

#[test]
fn a_party_that_fell_silent_is_named_by_how_it_was_noticed() {
    for rule in [Rule::SessionTimer, Rule::AckMissing] {
        let mut story = Story::new(vec![phone("anna", "a")]);
        let caller = story.dial(Some("2001")).expect("accepted");
        let called = story.called()[0];
        story.tell(called, LegEvent::Answered(None, Protection::Clear));
        story.tell(caller, LegEvent::Answered(None, Protection::Clear));
        story.tell(called, LegEvent::Lost(rule));
        story.finish();
        let (cause, ended_by, talk) = story.end();
        assert_eq!((cause, ended_by), (Cause::PeerLost, rule));
        assert!(talk.is_some());
    }
}

#[test]
fn whoever_is_held_hears_music_until_the_other_is_back() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    let caller = story.dial(Some("2001")).expect("accepted");
    let called = story.called()[0];
    story.tell(called, LegEvent::Answered(None, Protection::Clear));
    story.tell(caller, LegEvent::Answered(None, Protection::Clear));
    story.effects.clear();
    story.tell(called, LegEvent::Held);
    assert!(story.effects.contains(&Effect::Play(caller, Sound::Music)));
    // Both hold: each is held by the other.
    story.tell(caller, LegEvent::Held);
    assert!(story.effects.contains(&Effect::Play(called, Sound::Music)));
    story.effects.clear();
    story.tell(called, LegEvent::Resumed);
    assert!(story.effects.contains(&Effect::Return(caller)));
    assert!(!story.effects.contains(&Effect::Return(called)));
}

#[test]
fn a_hot_line_calls_without_dialling() {
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.set_rules.hot_line = Some(HotLine {
        number: "2001".into(),
        after: Duration::ZERO,
    });
    story.dial(None).expect("accepted");
    assert_eq!(story.called().len(), 1);
    let tone = |e: &Effect| matches!(e, Effect::Play(_, Sound::Dial));
    assert!(!story.effects.iter().any(tone));
}

#[test]
fn a_warm_line_gives_time_to_dial_another_number() {
    let warm = HotLine {
        number: "2001".into(),
        after: Duration::from_secs(5),
    };
    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.set_rules.hot_line = Some(warm.clone());
    story.dial(None).expect("accepted");
    assert_eq!(story.wait(), "dialling");
    assert_eq!((story.ms, story.called().len()), (5_000, 1));

    let mut story = Story::new(vec![phone("anna", "a")]);
    story.world.set_rules.hot_line = Some(warm);
    let leg = story.dial(None).expect("accepted");
    let key = Digit::from_char('3').expect("a key");
    assert!(story.switch.listens(leg, key));
    story.tell(leg, LegEvent::Digit(key));
    story.wait();
    story.finish();
    assert_eq!(story.end().0, Cause::NotFound);
}
