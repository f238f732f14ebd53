//! The line doctor: who may see it, and its history in pages.

use serde_json::json;

use crate::browser::{Box, Browser};

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
    let found = boss.get("/api/v1/ports/fxo1/evidence").json();
    let id = found["hang_ups"][0]["id"].as_u64().expect("one is kept");
    assert_eq!(
        boss.get(&format!("/api/v1/evidence/{id}/sound")).status,
        200
    );
    let mark = |who: &mut Browser, id: u64| {
        who.post(&format!("/api/v1/evidence/{id}/false"), &json!({}))
            .status
    };
    assert_eq!((mark(&mut boss, id), mark(&mut boss, id + 1)), (204, 404));
    assert_eq!(mark(&mut nobody, id), 401);
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

#[test]
fn a_set_is_tested_by_administrators_where_there_is_one() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    let path = |port: &str| format!("/api/v1/ports/{port}/test");
    assert_eq!(nobody.get(&path("fxs1")).status, 401);
    assert_eq!(nobody.post(&path("fxs1"), &json!({})).status, 401);
    assert_eq!(boss.get(&path("fxs1")).json()["steps"], json!([]));
    let begun = boss.post(&path("fxs1"), &json!({})).json();
    assert_eq!(begun["steps"][0]["outcome"], "sent");
    assert_eq!(begun["steps"][1]["outcome"], json!(null));
    let used = boss.post(&path("fxs2"), &json!({}));
    assert_eq!(used.problem(), (409, "set_in_use".into()));
    assert_eq!(boss.post(&path("fxo1"), &json!({})).status, 404);
}

#[test]
fn administrators_have_lifelines_tested_and_choose_a_sets_caller_id() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    let lifeline = |port: &str| format!("/api/v1/ports/{port}/lifeline");
    assert_eq!(nobody.post(&lifeline("fxo1"), &json!({})).status, 401);
    assert_eq!(boss.post(&lifeline("fxo1"), &json!({})).status, 204);
    assert_eq!(boss.post(&lifeline("fxs1"), &json!({})).status, 404);
    let ports = boss.get("/api/v1/ports").json();
    assert_eq!(ports["ports"][1]["lifeline"]["verdict"], "works");
    let way = |port: &str| format!("/api/v1/ports/{port}/caller_id");
    let bellcore = json!({ "way": "bellcore" });
    assert_eq!(nobody.put(&way("fxs1"), &bellcore).status, 401);
    assert_eq!(boss.put(&way("fxs1"), &bellcore).status, 204);
    assert_eq!(boss.put(&way("fxs2"), &bellcore).status, 404);
    let wrong = boss.put(&way("fxs1"), &json!({ "way": "smoke" }));
    assert_eq!(wrong.status, 422);
}

#[test]
fn who_keeps_messages_says_how_many_wait() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    let path = |number: &str| format!("/api/v1/sets/{number}/messages");
    let three = json!({ "messages": 3 });
    assert_eq!(nobody.put(&path("301"), &three).status, 401);
    assert_eq!(boss.put(&path("301"), &three).status, 204);
    assert_eq!(boss.put(&path("302"), &three).status, 404);
    for wrong in [
        json!({ "messages": 256 }),
        json!({ "messages": -1 }),
        json!({ "lamp": 1 }),
    ] {
        let status = boss.put(&path("301"), &wrong).status;
        assert!((400..500).contains(&status), "{wrong}: {status}");
    }
    let ports = boss.get("/api/v1/ports").json();
    assert_eq!(ports["ports"][0]["messages"], 3);
}

#[test]
fn administrators_see_how_the_media_threads_fare() {
    let panel = Box::start();
    let mut nobody = panel.visitor();
    let mut boss = panel.administrator();
    assert_eq!(nobody.get("/api/v1/media-threads").status, 401);
    let threads = boss.get("/api/v1/media-threads").json();
    assert_eq!(threads[0]["state"], "full");
}
