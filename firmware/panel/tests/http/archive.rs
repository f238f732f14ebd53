//! Recordings and music: who may, the parts that a player asks for, and what is not taken.

use panel::{Right, StoredToken, Vault};
use serde_json::json;

use crate::{
    browser::{Answer, Box, Browser},
    office::archive::{KNOWN_RECORDING, RECORDED, SOUND_BYTES, sound},
};

fn path() -> String {
    format!("/api/v1/recordings/{KNOWN_RECORDING}/sound")
}

fn part(browser: &mut Browser, range: &str) -> Answer {
    browser.ask("GET", &path(), &[("range", range)], "")
}

fn upload(browser: &mut Browser, name: &str, body: &str) -> Answer {
    let headers = [("content-type", "application/octet-stream")];
    browser.ask(
        "POST",
        &format!("/api/v1/music?name={name}"),
        &headers,
        body,
    )
}

#[test]
fn only_administrators_listen() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    for right in [Right::Read, Right::Calls] {
        let name = right.as_str().to_owned();
        panel
            .vault
            .add_token(right.as_str(), StoredToken { name, right });
    }
    for path in ["/api/v1/recordings".into(), path(), "/api/v1/music".into()] {
        assert_eq!(nobody.get(&path).status, 401, "{path}");
        for right in [Right::Read, Right::Calls] {
            let bearer = format!("Bearer {}", right.as_str());
            let answer = nobody.ask("GET", &path, &[("authorization", &bearer)], "");
            assert_eq!(answer.status, 403, "{path}");
        }
        assert_eq!(boss.get(&path).status, 200, "{path}");
    }
    let page = boss.get("/api/v1/recordings").json();
    let one = &page["recordings"][0];
    assert_eq!(
        (&one["state"], &one["paused"]),
        (&json!("kept"), &json!(true))
    );
    assert_eq!(
        boss.get("/api/v1/recordings?before_ms=0").json()["recordings"],
        json!([])
    );
    for query in ["limit=0", "limit=201", "before_ms=x"] {
        let answer = boss.get(&format!("/api/v1/recordings?{query}"));
        assert_eq!(answer.problem(), (400, "query".into()), "{query}");
    }
    for id in ["5ec", "00000000000000000000000000000001"] {
        let answer = boss.get(&format!("/api/v1/recordings/{id}/sound"));
        assert_eq!(answer.problem(), (404, "not_found".into()), "{id}");
    }
}

#[test]
fn a_player_gets_the_part_it_asks_for() {
    let panel = Box::start();
    let mut boss = panel.administrator();
    let whole = String::from_utf8_lossy(&sound()).into_owned();
    let answer = boss.get(&path());
    assert_eq!((answer.status, answer.body == whole), (200, true));
    assert_eq!(answer.header("content-type"), Some("audio/wav"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(
        answer.header("content-length"),
        Some(&*SOUND_BYTES.to_string())
    );
    assert_eq!(answer.header("content-disposition"), None, "to be played");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let bytes = sound();
    for (range, wanted) in [
        ("bytes=0-9", 0..10),
        ("bytes=100000-", 100_000..SOUND_BYTES),
        ("bytes=-44", SOUND_BYTES - 44..SOUND_BYTES),
        ("bytes=65530-131080", 65_530..131_081),
    ] {
        let answer = part(&mut boss, range);
        let told = format!("bytes {}-{}/{SOUND_BYTES}", wanted.start, wanted.end - 1);
        assert_eq!(
            (answer.status, answer.header("content-range")),
            (206, Some(&*told))
        );
        let text = String::from_utf8_lossy(&bytes[wanted]).into_owned();
        assert!(answer.body == text, "{range}");
    }
    let nothing = part(&mut boss, "bytes=999999-");
    assert_eq!(nothing.problem(), (416, "range".into()));
    assert_eq!(
        nothing.header("content-range"),
        Some(&*format!("bytes */{SOUND_BYTES}"))
    );
    let kept = boss.get(&format!("{}?download=true", path()));
    assert_eq!(
        kept.header("content-disposition"),
        Some("attachment; filename=\"call.wav\"")
    );
}

#[test]
fn music_is_brought_chosen_and_taken_away() {
    let panel = Box::start();
    let mut boss = panel.administrator();
    let piece = upload(&mut boss, "Spring", "RIFF sound").json();
    let source = piece["source"].as_str().expect("its id").to_owned();
    let one = format!("/api/v1/music/{source}");
    assert_eq!(boss.get(&format!("{one}/sound")).status, 200);
    let choose = |boss: &mut Browser, source| {
        let wish = json!({ "source": source });
        boss.put("/api/v1/music-on-hold", &wish).status
    };
    assert_eq!(choose(&mut boss, Some(source.as_str())), 204);
    assert_eq!(
        boss.get("/api/v1/music").json()["pieces"][0]["on_hold"],
        true
    );
    let used = boss.ask("DELETE", &one, &[], "");
    assert_eq!(used.problem(), (409, "music_on_hold".into()));
    assert_eq!(choose(&mut boss, None), 204);
    assert_eq!(boss.ask("DELETE", &one, &[], "").status, 204);
    assert_eq!(boss.ask("DELETE", &one, &[], "").status, 404);
    assert_eq!(boss.get("/api/v1/music").json()["pieces"], json!([]));
}

#[test]
fn what_is_no_music_is_refused_clearly() {
    let panel = Box::start();
    let mut boss = panel.administrator();
    assert_eq!(
        upload(&mut boss, "x", "text").problem(),
        (422, "file_kind".into())
    );
    assert_eq!(
        upload(&mut boss, "%20", "RIFF").problem(),
        (422, "name".into())
    );
    let long = "x".repeat(81);
    assert_eq!(
        upload(&mut boss, &long, "RIFF").problem(),
        (422, "name".into())
    );
    let form = [("content-type", "text/plain")];
    let answer = boss.ask("POST", "/api/v1/music?name=x", &form, "RIFF");
    assert_eq!(answer.problem(), (415, "not_a_file".into()));
    let foreign = [
        ("content-type", "application/octet-stream"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = boss.ask("POST", "/api/v1/music?name=x", &foreign, "RIFF");
    assert_eq!(answer.problem(), (403, "foreign_site".into()));
    let choose = boss.put("/api/v1/music-on-hold", &json!({ "source": "nothing" }));
    assert_eq!(choose.problem(), (404, "not_found".into()));
    assert_eq!(boss.get("/api/v1/music").json()["pieces"], json!([]));
}

#[test]
fn prompts_are_brought_and_taken_away_unless_something_uses_them() {
    let panel = Box::start();
    let mut boss = panel.administrator();
    let mut bring = |name: &str, body: &str| {
        let headers = [("content-type", "application/octet-stream")];
        let path = format!("/api/v1/prompts?name={name}");
        let prompt = boss.ask("POST", &path, &headers, body).json();
        prompt["source"].as_str().expect("its id").to_owned()
    };
    let [used, other] = [bring("Welcome", "RIFF 1"), bring("Goodbye", "RIFF 22")];
    let one = |source: &str| format!("/api/v1/prompts/{source}");
    assert_eq!(boss.get(&format!("{}/sound", one(&used))).status, 200);
    let refused = boss.ask("DELETE", &one(&used), &[], "");
    assert_eq!(refused.problem(), (409, "prompt_in_use".into()));
    assert!(refused.body.contains("Monday"), "{}", refused.body);
    assert_eq!(boss.ask("DELETE", &one(&other), &[], "").status, 204);
    assert_eq!(boss.ask("DELETE", &one(&other), &[], "").status, 404);
    let list = boss.get("/api/v1/prompts").json();
    assert_eq!(list["prompts"][0]["greets_in"], json!(["Monday"]));
    assert_eq!(list["prompts"].as_array().map(Vec::len), Some(1));
    let headers = [("content-type", "application/octet-stream")];
    let nameless = boss.ask("POST", "/api/v1/prompts?name=%20", &headers, "RIFF");
    assert_eq!(nameless.problem(), (422, "name".into()));
    assert_eq!(panel.visitor().get("/api/v1/prompts").status, 401);
}

#[test]
fn people_hear_their_own_recordings_and_no_others() {
    let panel = Box::start();
    let boss = panel.administrator();
    let session = panel.vault.sessions().expect("memory").remove(0);
    // The administrator's cookie, with the session of somebody else behind it.
    let as_person = |person: &str| {
        let mut session = session.clone();
        session.person = person.into();
        panel.vault.put_session(&session).expect("memory");
        Box::with(panel.vault.clone())
    };
    let call = format!("/api/v1/calls/{}", crate::office::RECORDED_CALL);
    for (person, count, status) in [(RECORDED, 1, 200), ("jan", 0, 403)] {
        let office = as_person(person);
        let mut browser = office.visitor();
        browser.cookie = boss.cookie.clone();
        assert_eq!(browser.get("/api/v1/recordings").status, 403, "{person}");
        let own = browser.get("/api/v1/my/recordings").json();
        let own = own["recordings"].as_array().expect("a list").len();
        assert_eq!(own, count, "{person}");
        assert_eq!(browser.get(&path()).status, status, "{person}");
        let told = browser.get(&call).json();
        let told = told["recordings"].as_array().expect("a list");
        assert_eq!(told.len(), count, "{person}");
        if let Some(one) = told.first() {
            let told = (&one["state"], &one["paused"]);
            assert_eq!(told, (&json!("kept"), &json!(true)), "{person}");
        }
    }
    let mut nobody = panel.visitor();
    assert_eq!(nobody.get("/api/v1/my/recordings").status, 401);
}
