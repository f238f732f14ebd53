//! A conference as people meet in it: who hears whom, who is let in.

use std::time::Duration;

use tests_e2e::{
    baresip::{Over, Phone, SPOKEN_DBM0},
    ears::Sound,
    exchange::{Exchange, Office},
    phone,
    set::Set,
    wait::s,
};

const ANNA_HZ: u32 = 700;
const JAN_HZ: u32 = 1_160;
const EWA_HZ: u32 = 1_900;
/// How much is listened to.
const ENOUGH: Duration = s(3);

fn office(conference: &str) -> Exchange {
    let office = Office::with(&["2005", "2006", "2007"]).table(conference);
    let exchange = Exchange::start(&office);
    for extension in ["2005", "2006", "2007"] {
        phone::Phone::teach_md5(exchange.at.udp, extension);
    }
    exchange
}

/// Each of `wanted` most of the time, and nothing of the person's own voice.
#[track_caller]
fn hears_others(who: &str, phone: &Phone, wanted: &[u32], own: u32) {
    // Prompts and others that come later may be heard first.
    phone.hears_all(wanted);
    let sound: Sound = phone.hears_now(ENOUGH);
    let looks = sound.looks();
    for &hz in wanted {
        let heard = sound.looks_with(hz, SPOKEN_DBM0 - 3.0);
        assert!(
            heard * 2 > looks,
            "{who} hears {hz} Hz {heard} of {looks} times"
        );
    }
    // Where packets of a busy machine come late, what is made up may have some of any tone for a moment.
    let heard = sound.looks_with(own, SPOKEN_DBM0 - 12.0);
    assert!(
        heard * 10 < looks,
        "{who} hears {own} Hz, their own, {heard} of {looks} times"
    );
}

#[test]
fn three_phones_and_a_set_in_a_room_hear_each_other_and_not_themselves() {
    let exchange = office("[[conference]]\nnumber = \"9000\"\nannounce = false\n");
    let mut people = [
        ("2005", ANNA_HZ, Over::Udp),
        ("2006", JAN_HZ, Over::Tcp),
        ("2007", EWA_HZ, Over::Udp),
    ]
    .map(|(extension, hz, over)| (Phone::start(&exchange, extension, over, hz), hz));
    for (phone, _) in &mut people {
        phone.dial("9000");
        phone.event("CALL_ESTABLISHED", s(30));
    }
    let all = [ANNA_HZ, JAN_HZ, EWA_HZ];
    for (phone, own) in &people {
        let others: Vec<u32> = all.into_iter().filter(|hz| hz != own).collect();
        hears_others(&format!("the phone of {own} Hz"), phone, &others, *own);
    }
    let set = Set::of(&exchange);
    set.lift();
    set.hears_dial_tone(s(30));
    set.dial("9000");
    let [(anna, _), (jan, _), (ewa, _)] = &mut people;
    // Two leave; whoever stays with the set is heard by it alone.
    for phone in [jan, ewa] {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    set.hears(ANNA_HZ, s(30));
    set.hang_up();
    anna.hang_up();
    anna.event("CALL_CLOSED", s(30));
    let calls = exchange.ended_calls(4);
    assert_eq!(calls.len(), 4, "{calls:?}");
    for call in &calls {
        assert_eq!(
            (&call["to"], &call["cause"]),
            (&"9000".into(), &"normal".into())
        );
    }
    let id = calls[0]["id"].as_str().expect("a call has an id");
    let told = exchange.ask(&["call", "explain", id, "--language", "en"]);
    for words in [
        "is let into the conference",
        "[conference.open]",
        "[dialled.conference]",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    exchange.rest();
    for (phone, _) in people {
        phone.quit();
    }
    exchange.stop();
}

#[test]
fn the_pin_decides_who_is_let_in() {
    let exchange = office(
        "[[conference]]\nnumber = \"9000\"\npin = \"2468\"\nmoderator_pin = \"97531\"\n\
         announce = false\n",
    );
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Udp, JAN_HZ);
    let mut ewa = Phone::start(&exchange, "2007", Over::Udp, EWA_HZ);
    ewa.dial("9000");
    ewa.event("CALL_ESTABLISHED", s(30));
    for _ in 0..3 {
        ewa.press("1357#");
    }
    ewa.event("CALL_CLOSED", s(60));
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "forbidden", "{calls:?}");
    anna.dial("9000");
    anna.event("CALL_ESTABLISHED", s(30));
    anna.press("2468");
    jan.dial("9000");
    jan.event("CALL_ESTABLISHED", s(30));
    jan.press("97531#");
    hears_others("the member", &anna, &[JAN_HZ], ANNA_HZ);
    hears_others("the moderator", &jan, &[ANNA_HZ], JAN_HZ);
    // Without a moderator nobody talks any more.
    jan.hang_up();
    jan.event("CALL_CLOSED", s(30));
    anna.hang_up();
    anna.event("CALL_CLOSED", s(30));
    let calls = exchange.ended_calls(3);
    let told: Vec<String> = calls
        .iter()
        .map(|call| {
            let id = call["id"].as_str().expect("a call has an id");
            exchange.ask(&["call", "explain", id, "--language", "en"])
        })
        .collect();
    for rule in [
        "[conference.pin_wrong]",
        "[conference.pin]",
        "[conference.moderator_pin]",
        "[conference.no_moderator]",
    ] {
        assert!(
            told.iter().any(|text| text.contains(rule)),
            "{rule}: {told:?}"
        );
    }
    exchange.rest();
    for phone in [anna, jan, ewa] {
        phone.quit();
    }
    exchange.stop();
}

/// The office's own words are brought, heard by who may enter and by nobody else, and told of when somebody
/// wants to remove them.
#[test]
fn who_enters_hears_the_greeting_that_was_uploaded() {
    const GREETING_HZ: u32 = 420;
    let exchange = office("");
    let words = Sound::tone(f64::from(GREETING_HZ), -10.0, s(2));
    let file = exchange.folder().write("words.wav", words.to_wav());
    let said = exchange.ask(&["prompt", "add", &file.to_string_lossy()]);
    let source = said.split('"').nth(1).expect("a hash").to_owned();
    let named = said.replace("[[prompt]]", "[[prompt]]\nid = \"hello\"");
    let room =
        "[[conference]]\nid = \"room\"\nnumber = \"9000\"\npin = \"2468\"\ngreeting = \"hello\"\n";
    let text = exchange.ask(&["config", "export"]);
    let file = exchange
        .folder()
        .write("greeting.toml", format!("{text}\n{named}\n{room}"));
    exchange.ask(&["config", "import", &file.to_string_lossy()]);
    let refused = exchange.run(&["prompt", "remove", &source]);
    let why = String::from_utf8_lossy(&refused.stderr);
    assert!(why.contains("greeting of [[conference]] \"room\""), "{why}");
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    anna.dial("9000");
    anna.event("CALL_ESTABLISHED", s(30));
    anna.press("2468");
    let mut jan = Phone::start(&exchange, "2006", Over::Udp, JAN_HZ);
    jan.dial("9000");
    jan.event("CALL_ESTABLISHED", s(30));
    jan.press("2468");
    hears_others("the first", &anna, &[JAN_HZ], ANNA_HZ);
    hears_others("the second", &jan, &[ANNA_HZ], JAN_HZ);
    for phone in [&anna, &jan] {
        // Two seconds in looks of 50 ms, at the level of all prompts; Anna does not hear Jan's.
        let looks = phone.heard(s(0)).looks_with(GREETING_HZ, -24.0);
        assert!((35..60).contains(&looks), "the greeting in {looks} looks");
    }
    for phone in [&mut anna, &mut jan] {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    let calls = exchange.ended_calls(2);
    let id = calls[0]["id"].as_str().expect("a call has an id");
    let told = exchange.ask(&["call", "explain", id, "--language", "en"]);
    let place = |rule: &str| told.find(rule).unwrap_or_else(|| panic!("{rule}: {told}"));
    assert!(
        place("[conference.greeting]") < place("[conference.pin]"),
        "{told}"
    );
    exchange.rest();
    for phone in [anna, jan] {
        phone.quit();
    }
    exchange.stop();
}
