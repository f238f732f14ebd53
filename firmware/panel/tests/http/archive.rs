//! Recordings and music: who may, the parts that a player asks for, and what is not taken.

use panel::{Right, StoredToken};
use serde_json::json;

use crate::{
    browser::{Answer, Box, Browser},
    office::archive::{KNOWN_RECORDING, SOUND_BYTES, sound},
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
fn the_history_of_a_port_comes_in_pages() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    let history = "/api/v1/ports/fxo1/history";
    for path in ["/api/v1/ports", history] {
        assert_eq!(nobody.get(path).status, 401, "{path}");
    }
    let ports = boss.get("/api/v1/ports").json();
    assert_eq!(ports["ports"][1]["now"]["volts"], -48);
    let first = boss.get(&format!("{history}?limit=100")).json();
    let next = first["next_ms"].as_i64().expect("there is more");
    let rest = boss.get(&format!("{history}?before_ms={next}")).json();
    let count = |page: &serde_json::Value| page["samples"].as_array().map_or(0, Vec::len);
    assert_eq!((count(&first), count(&rest)), (100, 20));
    assert_eq!(rest["next_ms"], json!(null));
    for query in ["limit=0", "limit=1441", "before_ms=x"] {
        let answer = boss.get(&format!("{history}?{query}"));
        assert_eq!(answer.problem(), (400, "query".into()), "{query}");
    }
}
