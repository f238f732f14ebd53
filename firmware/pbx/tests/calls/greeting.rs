//! The greeting of a conference: the media plane has it, whoever may enter hears it first.

use std::sync::Arc;

use config::Config;
use model::{
    Clip, ClipId, Command, ConferenceEvent, Digit, EventBody, MediaCommand, MediaEvent, MediaLeg,
    Prompt, Route, Rule,
};
use pbx::Input;

use crate::{
    office::TEXT,
    phones::{EWA, both},
    rig::Rig,
};

const ROOM: &str = "900";

fn text() -> String {
    let source = "5".repeat(64);
    format!(
        "{TEXT}[[prompt]]\nid = \"hello\"\nsource = \"{source}\"\n\
         [[conference]]\nid = \"room\"\nnumber = \"{ROOM}\"\npin = \"1234\"\ngreeting = \"hello\"\n"
    )
}

fn words() -> ClipId {
    Clip::uploaded_prompt(&[0x55; 32]).id()
}

/// What the phone was last given to hear.
fn heard(rig: &Rig, phone: MediaLeg) -> Option<Route> {
    let mut told = rig.media.iter().rev();
    told.find_map(|command| match command {
        MediaCommand::SetRoute { leg, route } if *leg == phone => Some(*route),
        _ => None,
    })
}

/// By which rules the steps into the room were taken.
fn steps(rig: &Rig) -> Vec<(ConferenceEvent, Rule)> {
    let step = |record: &model::Record| match record.event.body {
        EventBody::Conference(step) => Some((step, record.event.rule)),
        _ => None,
    };
    rig.records.iter().filter_map(step).collect()
}

/// Ewa dials the room and its PIN, and is greeted.
fn greeted() -> (Rig, MediaLeg) {
    let mut rig = Rig::new(&text(), both());
    assert!(
        rig.media
            .contains(&MediaCommand::LoadClip { clip: words() })
    );
    rig.call(EWA, ROOM);
    rig.confirm(EWA);
    let phone = rig.phone_places()[0];
    for key in "1234".chars() {
        let digit = Digit::from_char(key).expect("a key");
        let leg = phone;
        rig.media_says(MediaEvent::Digit { leg, digit, ms: 80 });
    }
    assert_eq!(heard(&rig, phone), Some(Route::Prompt(words())));
    let step = (ConferenceEvent::Greeted, Rule::ConferenceGreeting);
    assert_eq!(steps(&rig), [step]);
    (rig, phone)
}

fn save(rig: &mut Rig, version: u64, text: &str) {
    let config = Config::parse(text).expect("legal");
    rig.tell(Input::Config {
        version,
        text: text.into(),
        config: Arc::new(config),
    });
}

#[test]
fn the_greeting_comes_after_the_right_pin_and_before_the_room() {
    let (mut rig, leg) = greeted();
    let clip = words();
    rig.media_says(MediaEvent::ClipEnded { leg, clip });
    let joined = ConferenceEvent::Joined { moderator: false };
    assert_eq!(steps(&rig)[1..], [(joined, Rule::ConferencePin)]);
    let alone = Clip::Prompt(Prompt::OnlyOne, model::Language::Pl).id();
    assert_eq!(heard(&rig, leg), Some(Route::Prompt(alone)));
}

#[test]
fn a_hang_up_during_the_greeting_ends_the_call_at_once() {
    let (mut rig, _) = greeted();
    let call = rig.records.iter().find_map(|record| record.event.call);
    let call = call.expect("there is a call");
    rig.tell(Input::Command(Command::HangUp(call)));
    let last = rig.records.last().expect("there are records");
    assert!(
        matches!(last.event.body, EventBody::CallEnded { .. }),
        "{last:?}"
    );
    assert_eq!(steps(&rig).len(), 1, "never in the room");
}

#[test]
fn a_greeting_that_cannot_be_played_keeps_nobody_out() {
    let (mut rig, _) = greeted();
    let clip = words();
    rig.media_says(MediaEvent::ClipFailed { clip });
    assert_eq!(steps(&rig).len(), 2);
}

/// Another music is heard at once by whoever hears music; who is greeted hears that to its end.
#[test]
fn other_music_does_not_cut_a_greeting_off() {
    let (mut rig, phone) = greeted();
    let tune = "6".repeat(64);
    let text = text().replace("[office]\n", "[office]\nmusic = \"tune\"\n")
        + &format!("[[music]]\nid = \"tune\"\nsource = \"{tune}\"\n");
    save(&mut rig, 2, &text);
    assert_eq!(heard(&rig, phone), Some(Route::Prompt(words())));
    // No conference greets with it any more: it is dropped, and the media plane says that it ended.
    save(&mut rig, 3, &text.replace("greeting = \"hello\"\n", ""));
    let dropped = MediaCommand::DropClip { clip: words() };
    assert!(rig.media.contains(&dropped));
}
