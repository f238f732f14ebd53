//! Held calls: what the waiting party hears, and what a recording has of it.

use std::path::Path;

use tests_e2e::{
    baresip::{Over, Phone},
    ears::Sound,
    exchange::{Exchange, Office},
    wait::{s, until},
};

use crate::audio::{ANNA_HZ, ENOUGH, JAN_HZ, started};

/// The music of this office.
const MUSIC_HZ: u32 = 420;
/// A tone in the ear of a phone, among whatever else; music is as loud as all music is made.
const HEARD_DBM0: f64 = -35.0;

/// An office whose music is one tone, and where all calls of 2005 are recorded.
fn office() -> Exchange {
    let office = Office::with(&["2006"])
        .person("2005")
        .who("record = \"all\"");
    let exchange = started(&office);
    let music = Sound::tone(f64::from(MUSIC_HZ), -10.0, s(5));
    let file = exchange.folder().write("music.wav", music.to_wav());
    let said = exchange.ask(&["music", "add", &file.to_string_lossy()]);
    let named = said.replace("[[music]]", "[[music]]\nid = \"tone\"\nname = \"Tone\"");
    let text = exchange.ask(&["config", "export"]);
    let text = text.replace("[office]\n", "[office]\nmusic = \"tone\"\n");
    let file = exchange
        .folder()
        .write("with-music.toml", format!("{text}\n{named}\n"));
    exchange.ask(&["config", "import", &file.to_string_lossy()]);
    exchange
}

/// Waits until the phone hears `hz` and no longer `other`.
#[track_caller]
fn hears_instead(phone: &Phone, hz: u32, other: u32) {
    until(s(60), &format!("{hz} Hz and no {other} Hz"), || {
        let now = phone.hears_now(s(1));
        let (wanted, old) = (
            now.looks_with(hz, HEARD_DBM0),
            now.looks_with(other, HEARD_DBM0),
        );
        (wanted * 10 > now.looks() * 8 && old * 10 < now.looks()).then_some(())
    });
}

fn held_by(callee: bool) {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Tcp, JAN_HZ);
    anna.dial("2006");
    jan.answer();
    anna.event("CALL_ESTABLISHED", s(30));
    jan.event("CALL_ESTABLISHED", s(30));
    let _ = (anna.heard(ENOUGH), jan.heard(ENOUGH));
    let (holder, waiting, voice) = if callee {
        (&mut jan, &anna, JAN_HZ)
    } else {
        (&mut anna, &jan, ANNA_HZ)
    };
    for _ in 0..2 {
        holder.command("hold", "");
        hears_instead(waiting, MUSIC_HZ, voice);
        holder.command("resume", "");
        hears_instead(waiting, voice, MUSIC_HZ);
    }
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    // The recording goes on: one file, in which both are heard before and after, and no music.
    let all = exchange.recordings(1);
    assert_eq!(all.len(), 1, "{all:?}");
    let (left, right) = Sound::read_both(Path::new(all[0]["file"].as_str().expect("a path")));
    for (side, hz) in [(&left, ANNA_HZ), (&right, JAN_HZ)] {
        let half = side.duration() / 2;
        let later = side.after(half);
        let heard = (
            side.looks_with(hz, HEARD_DBM0),
            later.looks_with(hz, HEARD_DBM0),
        );
        assert!(
            heard.0 > heard.1 && heard.1 >= 20,
            "{hz} Hz before and after: {heard:?} looks in {half:?} twice"
        );
        assert!(side.looks_with(MUSIC_HZ, HEARD_DBM0) * 20 < side.looks());
    }
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

#[test]
fn who_called_hears_the_music_of_the_office_while_held() {
    held_by(true);
}

#[test]
fn who_was_called_hears_the_music_of_the_office_while_held() {
    held_by(false);
}
