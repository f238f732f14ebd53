//! Recorded calls: each party on a side of its own, and what a power failure leaves.

use std::{path::Path, time::Duration};

use tests_e2e::{
    baresip::{Over, Phone, SPOKEN_DBM0},
    ears::Sound,
    exchange::{Exchange, Office},
    phone::Phone as Hand,
    set::Set,
    wait::{now, s},
};

use crate::audio::{ANNA_HZ, ENOUGH, JAN_HZ, hears, started};

fn recorded_office() -> Exchange {
    let office = Office::with(&["2006"])
        .person("2005")
        .who("record = \"all\"");
    started(&office)
}

/// Two phones in a call that is recorded.
fn talking(exchange: &Exchange) -> (Phone, Phone) {
    let mut anna = Phone::start(exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(exchange, "2006", Over::Udp, JAN_HZ);
    jan.dial("2005");
    anna.answer();
    anna.event("CALL_ESTABLISHED", s(30));
    jan.event("CALL_ESTABLISHED", s(30));
    let _ = (anna.heard(ENOUGH), jan.heard(ENOUGH));
    (anna, jan)
}

/// The file of the one recording: the caller on the left, the called on the right.
#[track_caller]
fn both_are_in_it(exchange: &Exchange) -> (Sound, Sound) {
    let all = exchange.recordings(1);
    let [one] = &all[..] else {
        panic!("one call is recorded: {all:?}");
    };
    assert_eq!(one["tracks"], 2, "{one}");
    let (left, right) = Sound::read_both(Path::new(one["file"].as_str().expect("a path")));
    hears("the left side", &left, JAN_HZ, ANNA_HZ);
    hears("the right side", &right, ANNA_HZ, JAN_HZ);
    (left, right)
}

#[test]
fn a_recorded_call_has_a_party_on_each_side() {
    let exchange = recorded_office();
    let (mut anna, mut jan) = talking(&exchange);
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    both_are_in_it(&exchange);
    let call = exchange.ended_calls(1)[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let said = exchange.ask(&["call", "explain", &call, "--language", "en"]);
    assert!(said.contains("The call is recorded"), "{said}");
    // A copy made while the exchange runs has the recording, and knows whether it is whole.
    let copy = exchange.folder().join("copy.db");
    exchange.ask(&["backup", &copy.to_string_lossy()]);
    let size = std::fs::metadata(&copy).expect("it is there").len();
    assert!(size > 100_000, "{size} bytes");
    let said = exchange.ask(&["verify", &copy.to_string_lossy()]);
    assert!(said.contains(" 0 faults"), "{said}");
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

/// From the first to the last look with any sound, which is a voice of this frequency.
fn voice(sound: &Sound, hz: u32) -> Duration {
    let verdict = sound.listen(hz);
    let looks = verdict.tone + verdict.other + verdict.silent;
    Duration::from_millis(50) * u32::try_from(looks).expect("minutes of sound")
}

/// What two looks at the edges of a voice may differ by.
const EDGES: Duration = Duration::from_millis(100);

#[test]
fn what_was_recorded_before_a_power_failure_is_kept() {
    let exchange = recorded_office();
    let (anna, jan) = talking(&exchange);
    // What the exchange had passed on before the power failed, by the sound itself: no clock has a say.
    let passed_on = [anna.heard(s(0)), jan.heard(s(0))];
    let exchange = exchange.power_failure();
    let (left, right) = both_are_in_it(&exchange);
    let sides = [(left, JAN_HZ), (right, ANNA_HZ)];
    for ((side, hz), passed_on) in sides.into_iter().zip(passed_on) {
        let (kept, passed_on) = (voice(&side, hz), voice(&passed_on, hz));
        assert!(
            kept + s(1) + EDGES >= passed_on && passed_on >= s(3),
            "{hz} Hz: of {passed_on:?} that the other heard, {kept:?} are recorded"
        );
    }
    anna.quit();
    jan.quit();
    exchange.stop();
}

/// A set's user connects the recorded caller with somebody else and hangs up: the caller's recording has whoever
/// the caller talks with, one after the other, and nobody's music.
#[test]
fn a_recording_goes_on_through_a_transfer() {
    const SET_HZ: u32 = 1_900;
    let mut office = Office::with(&["2006"])
        .person("2005")
        .who("record = \"all\"")
        .table("[[analog]]\nport = \"fxs2\"\nextension = \"302\"\ntransfer = true\n");
    office.0 = office.0.replace("country = \"PL\"", "country = \"US\"");
    let exchange = started(&office);
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Udp, JAN_HZ);
    let set = Set::at(&exchange, "fxs2");
    anna.dial("302");
    set.rings(s(30));
    set.lift();
    set.talk(SET_HZ);
    anna.event("CALL_ESTABLISHED", s(30));
    anna.hears_all(&[SET_HZ]);
    let _ = anna.heard(ENOUGH);
    set.flash();
    set.hears_dial_tone(s(30));
    set.dial("2006");
    jan.answer();
    jan.event("CALL_ESTABLISHED", s(30));
    set.hears(JAN_HZ, s(30));
    set.flash();
    set.hears_both([ANNA_HZ, JAN_HZ], s(30));
    set.hang_up();
    anna.hears_all(&[JAN_HZ]);
    let _ = (anna.hears_now(ENOUGH), jan.hears_now(ENOUGH));
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    let all = exchange.recordings(1);
    let [one] = &all[..] else {
        panic!("one party is recorded: {all:?}");
    };
    let (left, right) = Sound::read_both(Path::new(one["file"].as_str().expect("a path")));
    for (who, side, hz) in [
        ("anna", &left, ANNA_HZ),
        ("the set", &right, SET_HZ),
        ("jan", &right, JAN_HZ),
    ] {
        let heard = side.looks_with(hz, SPOKEN_DBM0 - 3.0);
        assert!(heard >= 30, "{who}: {heard} looks at {hz} Hz in {one}");
    }
    let others = left.looks_with(SET_HZ, SPOKEN_DBM0 - 12.0);
    assert_eq!(others, 0, "anna's side has only her");
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

/// Three people whose calls are recorded meet in a room: each has a recording of their own stay, on the left what
/// they say, on the right what the others say, from when they came.
#[test]
fn everybody_recorded_in_a_room_has_all_others_on_the_other_side() {
    const EWA_HZ: u32 = 1_900;
    let mut office = Office::with(&[]);
    for extension in ["2005", "2006", "2007"] {
        office = office.person(extension).who("record = \"all\"");
    }
    let room = "[[conference]]\nnumber = \"9000\"\nannounce = false\n";
    let exchange = started(&office.table(room));
    Hand::teach_md5(exchange.at.udp, "2007");
    let people = [("2005", ANNA_HZ), ("2006", JAN_HZ), ("2007", EWA_HZ)];
    let mut phones = people.map(|(extension, hz)| {
        let mut phone = Phone::start(&exchange, extension, Over::Udp, hz);
        phone.dial("9000");
        phone.event("CALL_ESTABLISHED", s(30));
        phone
    });
    for (phone, (_, own)) in phones.iter().zip(people) {
        let others = people.map(|(_, hz)| hz).into_iter().filter(|hz| *hz != own);
        phone.hears_all(&others.collect::<Vec<_>>());
    }
    let together = now();
    let _ = phones.each_ref().map(|phone| phone.hears_now(ENOUGH));
    let together = together.elapsed();
    for phone in &mut phones {
        phone.hang_up();
        phone.event("CALL_CLOSED", s(30));
    }
    let calls = exchange.ended_calls(3);
    let all = exchange.recordings(3);
    assert_eq!(all.len(), 3, "{all:?}");
    for (extension, own) in people {
        let call = calls.iter().find(|call| call["from"] == extension);
        let call = call.expect("each called");
        let one = all.iter().find(|one| one["call"] == call["id"]);
        let one = one.unwrap_or_else(|| panic!("{extension} is recorded: {all:?}"));
        let (left, right) = Sound::read_both(Path::new(one["file"].as_str().expect("a path")));
        // Not shorter than all talked together, but for a packet that was on its way when it ended, and no
        // longer than the call.
        let long = left.duration();
        assert!(
            long + s(1) >= together,
            "{extension}: {long:?} of {together:?}"
        );
        let talk = Duration::from_millis(call["talk_ms"].as_u64().expect("answered"));
        assert!(long <= talk + s(1), "{extension}: {long:?} of {talk:?}");
        for (_, hz) in people {
            let (its, other) = match hz == own {
                true => (&left, &right),
                false => (&right, &left),
            };
            let heard = its.looks_with(hz, SPOKEN_DBM0 - 3.0);
            assert!(
                heard >= 30,
                "{extension}: {heard} looks at {hz} Hz in {one}"
            );
            let strange = other.looks_with(hz, SPOKEN_DBM0 - 12.0);
            assert_eq!(strange, 0, "{extension}: {hz} Hz is on the wrong side");
        }
    }
    exchange.rest();
    for phone in phones {
        phone.quit();
    }
    exchange.stop();
}

/// The call that goes on.
#[track_caller]
fn call_in_progress(exchange: &Exchange) -> String {
    let calls = exchange.calls();
    let open = calls.iter().find(|call| call["ended"].is_null());
    let id = open.expect("a call goes on")["id"].as_str();
    id.expect("it has an id").to_owned()
}

#[test]
fn a_paused_recording_is_silent_in_the_pause_and_keeps_its_time() {
    let exchange = recorded_office();
    let (mut anna, mut jan) = talking(&exchange);
    let call = call_in_progress(&exchange);
    for _ in 0..2 {
        exchange.ask(&["recording", "pause", &call]);
    }
    // The two still hear each other.
    hears("the called", &anna.hears_now(ENOUGH), JAN_HZ, ANNA_HZ);
    for _ in 0..2 {
        exchange.ask(&["recording", "resume", &call]);
    }
    let _ = jan.hears_now(ENOUGH);
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    let all = exchange.recordings(1);
    let pauses = all[0]["pauses"].as_array().expect("its pauses");
    assert_eq!(pauses.len(), 1, "{all:?}");
    assert!(pauses[0]["until"].is_string(), "{pauses:?}");
    let (left, right) = Sound::read_both(Path::new(all[0]["file"].as_str().expect("a path")));
    // Before and after it 4 s at least are heard; in between there is nothing at all.
    for (side, hz) in [(&left, JAN_HZ), (&right, ANNA_HZ)] {
        let verdict = side.listen(hz);
        assert!(verdict.tone >= 100, "{hz} Hz: {verdict:?}");
        let longest = side.longest_silence();
        assert!(longest >= s(3) && longest <= side.duration(), "{longest:?}");
        assert!(side.duration() >= longest + s(6), "{longest:?}");
    }
    let said = exchange.ask(&["call", "explain", &call, "--language", "en"]);
    for words in ["Recording pauses", "Recording goes on", "[record.asked]"] {
        assert_eq!(
            said.matches(words).count(),
            if words.starts_with('[') { 2 } else { 1 },
            "{said}"
        );
    }
    let refused = exchange.run(&["recording", "pause", &call]);
    assert_eq!(refused.status.code(), Some(2), "it is over");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("not being recorded"), "{said}");
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}
