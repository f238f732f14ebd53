//! What the pages are made of: live state, people, calls, board, configuration.

use model::{LegId, QualityCause, QualitySecond};
use panel::{api::ChangeBody, convert};
use serde_json::{Value, json};

use crate::{
    browser::{Box, START_S},
    office::{KNOWN_CALL, OPEN_CALL},
};

#[test]
fn the_live_stream_gives_the_state_and_then_every_change() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let mut stream = ewa.listen();
    let (name, live) = stream.next().expect("the state");
    assert_eq!(name, "live");
    assert_eq!(live["office"]["name"], "Kowalski Dental");
    assert_eq!(live["phones"][0]["device"], "Desk phone 1.0");
    assert_eq!(live["now_ms"], START_S * 1_000);
    let seq = live["seq"].as_u64().expect("a number");

    assert_eq!(
        ewa.post("/api/v1/board/fxs1", &json!({ "act": "lift" }))
            .status,
        204
    );
    let (name, change) = stream.next().expect("a change");
    assert_eq!(
        (name.as_str(), change["type"].as_str()),
        ("change", Some("set"))
    );
    assert_eq!(change["data"]["hook"], "off");
    assert_eq!(change["seq"], seq + 1);

    panel.feed.tell(ChangeBody::PhoneGone("jan-1".into()));
    let (_, change) = stream.next().expect("a change");
    assert_eq!(change["data"], "jan-1");
    let mut late = ewa.listen();
    let (_, live) = late.next().expect("the state");
    assert_eq!(live["seq"], seq + 2);
    assert_eq!(live["phones"], json!([]));
}

#[test]
fn how_legs_sound_is_told_to_who_asked() {
    let panel = Box::start();
    let ewa = panel.administrator();
    let mut plain = ewa.listen();
    plain.next().expect("the state");
    assert!(!panel.feed.wants_quality());
    let mut curious = ewa.listen_to("/api/v1/events?quality=true");
    curious.next().expect("the state");
    assert!(panel.feed.wants_quality());
    let second = QualitySecond {
        packets: 49,
        lost: 1,
        far_loss_256: 64,
        level_dbm0: -127,
        mos_100: 412,
        cause: QualityCause::OneWay,
        ..QualitySecond::default()
    };
    let leg = convert::leg_quality(LegId(7), &second);
    panel.feed.tell_quality(vec![leg]);
    let (name, legs) = curious.next().expect("a second");
    assert_eq!(name, "quality");
    assert_eq!(
        legs,
        json!([{
            "leg": LegId(7).to_string(), "mos_100": 412, "cause": "one_way", "packets": 49,
            "lost": 1, "late": 0, "jitter_ms": 0, "round_trip_ms": null, "level_dbm0": null,
            "far_lost_permille": 250, "far_mos_100": null,
        }])
    );
    panel.feed.tell(ChangeBody::PhoneGone("jan-1".into()));
    let (name, _) = plain.next().expect("a change");
    assert_eq!(name, "change", "who did not ask is told of changes only");
}

#[test]
fn a_page_that_falls_behind_gets_the_whole_state_again() {
    let panel = Box::start();
    let ewa = panel.administrator();
    let mut stream = ewa.listen();
    stream.next().expect("the state");
    let device = "x".repeat(200);
    let mut phone = panel.feed.live(0).phones.remove(0);
    phone.device = device;
    // Far more than the feed and the sockets hold while nobody reads.
    let told = 60_000;
    for n in 0..told {
        phone.expires_at_ms = n;
        panel.feed.tell(ChangeBody::Phone(phone.clone()));
    }
    panel.feed.tell(ChangeBody::PhoneGone("jan-1".into()));
    let last = panel.feed.live(0).seq;
    let mut resynced = false;
    loop {
        let (name, data) = stream.next().expect("the stream goes on");
        resynced |= name == "live";
        if data["seq"] == last {
            break;
        }
    }
    assert!(
        resynced,
        "it was behind and must have got the state as a whole"
    );
}

#[test]
fn the_stream_ends_when_the_panel_stops() {
    let mut panel = Box::start();
    let ewa = panel.administrator();
    let mut stream = ewa.listen();
    stream.next().expect("the state");
    panel.stop();
    assert!(stream.next().is_none());
}

#[test]
fn a_person_is_added_with_a_card_and_taken_out_again() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let wish = json!({ "name": "  Peter   Novák ", "extension": "2012", "role": "user" });
    let added = ewa.post("/api/v1/people", &wish);
    assert_eq!(added.status, 201, "{added:?}");
    let added = added.json();
    assert_eq!(added["person"]["name"], "Peter Novák");
    assert_eq!(
        added["card"]["server"], "127.0.0.1",
        "as the browser reached the box"
    );
    assert!(
        added["card"]["qr_svg"]
            .as_str()
            .is_some_and(|svg| svg.contains("<svg"))
    );
    let card = ewa.get("/api/v1/people/p2012/card");
    assert_eq!(card.json()["password"], added["card"]["password"]);
    assert_eq!(card.header("cache-control"), Some("no-store"));

    let twice = ewa.post("/api/v1/people", &wish);
    assert_eq!(twice.problem(), (422, "extension_taken".into()));
    assert_eq!(twice.json()["field"], "extension");

    let undo = json!({ "version": added["version"] });
    assert_eq!(ewa.post("/api/v1/config/undo", &undo).status, 200);
    assert_eq!(
        ewa.get("/api/v1/people/p2012/card").problem(),
        (404, "not_found".into())
    );
    assert_eq!(ewa.post("/api/v1/config/undo", &undo).status, 404);
}

#[test]
fn bad_people_are_refused_by_field() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    for (name, extension, role, error) in [
        ("", "2012", "user", "name_length"),
        ("a\u{7}b", "2012", "user", "name_length"),
        ("Jan", "2x", "user", "extension_form"),
        ("Jan", "1", "user", "extension_form"),
        ("Jan", "2012", "external", "role_without_phone"),
        ("Jan", "2012", "king", "shape"),
    ] {
        let wish = json!({ "name": name, "extension": extension, "role": role });
        let answer = ewa.post("/api/v1/people", &wish);
        assert_eq!(answer.problem(), (422, error.into()));
    }
}

#[test]
fn recent_calls_come_in_pages_and_are_explained() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let page = ewa.get("/api/v1/calls").json();
    assert_eq!(page["calls"][0]["cause"], "no_answer");
    let next = page["next"].as_str().expect("another page").to_owned();
    let rest = ewa
        .get(&format!("/api/v1/calls?before={next}&limit=5"))
        .json();
    assert_eq!(rest, json!({ "calls": [], "next": null }));
    for bad in ["?limit=0", "?limit=201", "?limit=x"] {
        assert_eq!(
            ewa.get(&format!("/api/v1/calls{bad}")).problem().0,
            400,
            "{bad}"
        );
    }
    assert_eq!(ewa.get("/api/v1/calls?before=zz").status, 404);

    let story = ewa.get(&format!("/api/v1/calls/{KNOWN_CALL}")).json();
    assert_eq!(story["in_progress"], false);
    assert_eq!(story["call"]["outcome"], "missed");
    assert_eq!(
        story["call"]["to"]["name"], "Jan Kowalski",
        "named by the configuration"
    );
    let rules: Vec<&str> = story["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["rule"].as_str())
        .collect();
    assert!(
        rules.contains(&"dialled.person") && rules.contains(&"ring.timeout"),
        "{rules:?}"
    );
    assert_eq!(story["steps"][6]["status"], 480);
    assert_eq!(story["steps"][4]["after_ms"], 60);

    let open = ewa.get(&format!("/api/v1/calls/{OPEN_CALL}")).json();
    assert_eq!(open["in_progress"], true);
    assert_eq!(open["call"]["cause"], "");
    assert_eq!(
        ewa.get("/api/v1/calls/00000000000000000000000000000001")
            .status,
        404
    );
}

#[test]
fn an_administrator_ends_a_call() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    assert_eq!(panel.feed.live(0).calls.len(), 1);
    let path = format!("/api/v1/calls/{OPEN_CALL}/hang-up");
    assert_eq!(ewa.post(&path, &json!({})).status, 204);
    assert_eq!(panel.feed.live(0).calls.len(), 0);
}

#[test]
fn the_person_at_a_simulated_set_acts_and_hears() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let mut act = |body: Value| ewa.post("/api/v1/board/fxs1", &body);
    assert_eq!(act(json!({ "act": "fax", "on": true })).status, 204);
    assert_eq!(
        act(json!({ "act": "fax" })).problem(),
        (422, "shape".into())
    );
    assert_eq!(
        act(json!({ "act": "dial", "digits": "2005" })).problem(),
        (409, "on_hook".into())
    );
    assert_eq!(act(json!({ "act": "lift" })).status, 204);
    assert_eq!(act(json!({ "act": "dial", "digits": "2005" })).status, 204);
    assert_eq!(
        act(json!({ "act": "dial", "digits": "20a" })).problem(),
        (422, "digits_form".into())
    );
    assert_eq!(
        act(json!({ "act": "talk", "mark": 10 })).problem(),
        (422, "mark_range".into())
    );
    assert_eq!(act(json!({ "act": "talk", "mark": 4 })).status, 204);
    assert_eq!(
        act(json!({ "act": "jump" })).problem(),
        (422, "shape".into())
    );
    let set = ewa.get("/api/v1/board").json()["sets"][0].clone();
    assert_eq!(
        (&set["dialled"], &set["talking"], &set["fax"]),
        (&json!("2005"), &json!(4), &json!(true))
    );
    let heard = ewa.get("/api/v1/board/fxs1/heard").json();
    assert_eq!(heard["kind"], "ringback_tone");
    assert_eq!(ewa.get("/api/v1/board/fxs9/heard").status, 404);
    assert_eq!(
        ewa.post("/api/v1/board/fxs1", &json!({ "act": "hang_up" }))
            .status,
        204
    );
}

#[test]
fn the_configuration_is_saved_against_its_base() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let base = ewa.get("/api/v1/config").json()["version"].clone();
    let bad = json!({ "base_version": base, "text": "x = 1", "reason": "" });
    let answer = ewa.put("/api/v1/config", &bad);
    assert_eq!(answer.problem(), (422, "config_faults".into()));
    assert_eq!(answer.json()["faults"][0]["line"], 1);
    let good = json!({ "base_version": base, "text": "format = 1\n# more", "reason": "" });
    assert_eq!(ewa.put("/api/v1/config", &good).status, 200);
    assert_eq!(
        ewa.put("/api/v1/config", &good).problem(),
        (409, "conflict".into())
    );
}
