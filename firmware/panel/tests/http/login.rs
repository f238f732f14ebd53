//! Claiming, signing in and out, and what keeps guessers away.

use serde_json::json;

use crate::browser::{Box, CODE, LOGIN, PASSWORD};

#[test]
fn the_claim_code_makes_one_administrator_and_then_never_again() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    let before = visitor.get("/api/v1/session").json();
    assert_eq!(before["claimed"], false);
    assert_eq!(before["signed_in"], json!(null));

    let mut ewa = panel.administrator();
    let inside = ewa.get("/api/v1/session").json();
    assert_eq!(inside["claimed"], true);
    assert_eq!(inside["signed_in"]["role"], "administrator");
    assert_eq!(inside["signed_in"]["office"]["timezone"], "Europe/Warsaw");

    let again = json!({ "code": CODE, "name": "Eve", "login": "eve", "password": PASSWORD });
    let refused = visitor.post("/api/v1/claim", &again);
    assert_eq!(refused.problem(), (409, "already_claimed".into()));
}

#[test]
fn a_claim_names_the_field_that_is_wrong_and_keeps_the_code() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    let good = json!({ "code": CODE, "name": "Ewa", "login": "ewa", "password": PASSWORD });
    for (field, value, error) in [
        ("name", " ", "name_length"),
        ("login", "e w a", "login_form"),
        ("password", "short", "password_length"),
        ("password", "ewa-and-more", "password_weak"),
        ("password", "aaaaaaaaaaaa", "password_weak"),
    ] {
        let mut claim = good.clone();
        claim[field] = value.into();
        let answer = visitor.post("/api/v1/claim", &claim);
        assert_eq!(answer.problem(), (422, error.into()));
        assert_eq!(answer.json()["field"], field);
    }
    let lower = json!({ "code": "abcd 2345", "name": "Ewa", "login": "ewa", "password": PASSWORD });
    assert_eq!(visitor.post("/api/v1/claim", &lower).status, 200);
}

#[test]
fn guessing_the_claim_code_becomes_slow() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    let guess = json!({ "code": "ABCD-2346", "name": "E", "login": "eve", "password": PASSWORD });
    for _ in 0..3 {
        let answer = visitor.post("/api/v1/claim", &guess);
        assert_eq!(answer.problem(), (401, "wrong_code".into()));
    }
    let slow = visitor.post("/api/v1/claim", &guess);
    assert_eq!(slow.problem(), (429, "slow_down".into()));
    assert_eq!(slow.header("retry-after"), Some("1"));
    panel.pass(2);
    panel.administrator();
}

#[test]
fn a_code_made_at_the_box_makes_a_further_administrator_and_takes_nothing_from_others() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let mut visitor = panel.visitor();
    assert_eq!(visitor.get("/api/v1/session").json()["recovery"], false);
    let code = "WXYZ-6789";
    panel.vault.recover(code);
    let seen = visitor.get("/api/v1/session").json();
    assert_eq!(seen["recovery"], true);
    assert_eq!(seen["claimed"], true, "others sign in as ever");

    let mut claim =
        json!({ "code": code, "name": "Jan", "login": LOGIN, "password": "a wholly new one" });
    let taken = visitor.post("/api/v1/claim", &claim);
    assert_eq!(taken.problem(), (422, "login_taken".into()));
    assert_eq!(taken.json()["field"], "login");
    claim["login"] = "jan".into();
    assert_eq!(visitor.post("/api/v1/claim", &claim).status, 200);
    let jan = visitor.get("/api/v1/session").json();
    assert_eq!(jan["signed_in"]["role"], "administrator");
    assert_eq!(jan["recovery"], false, "it works once");

    assert_eq!(ewa.get("/api/v1/live").status, 200, "her session goes on");
    let login = json!({ "login": LOGIN, "password": PASSWORD });
    assert_eq!(panel.visitor().post("/api/v1/login", &login).status, 200);
    let again = panel.visitor().post("/api/v1/claim", &claim);
    assert_eq!(again.problem(), (409, "already_claimed".into()));
}

#[test]
fn signing_in_and_out() {
    let panel = Box::start();
    let mut first = panel.administrator();
    assert_eq!(first.post("/api/v1/logout", &json!({})).status, 204);
    assert_eq!(first.cookie, None, "the cookie is taken back");

    let mut ewa = panel.visitor();
    let login = json!({ "login": " EWA ", "password": PASSWORD });
    let answer = ewa.post("/api/v1/login", &login);
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(ewa.get("/api/v1/live").status, 200);

    let copy = ewa.clone();
    assert_eq!(ewa.post("/api/v1/logout", &json!({})).status, 204);
    let mut thief = copy;
    assert_eq!(
        thief.get("/api/v1/live").problem(),
        (401, "not_signed_in".into())
    );
}

#[test]
fn a_wrong_password_and_an_unknown_login_look_the_same_and_become_slow() {
    let panel = Box::start();
    panel.administrator();
    let mut guesser = panel.visitor();
    let unknown = guesser.post(
        "/api/v1/login",
        &json!({ "login": "nobody", "password": "x" }),
    );
    let wrong = guesser.post("/api/v1/login", &json!({ "login": LOGIN, "password": "x" }));
    assert_eq!(unknown.status, 401);
    assert_eq!(unknown.body, wrong.body);

    let attempt = json!({ "login": LOGIN, "password": "y" });
    for _ in 0..2 {
        assert_eq!(guesser.post("/api/v1/login", &attempt).status, 401);
    }
    let right = json!({ "login": LOGIN, "password": PASSWORD });
    let slow = guesser.post("/api/v1/login", &right);
    assert_eq!(
        slow.problem(),
        (429, "slow_down".into()),
        "even the right one must wait"
    );
    assert_eq!(slow.json()["retry_after_s"], 1);
    panel.pass(1);
    assert_eq!(guesser.post("/api/v1/login", &right).status, 200);
}

#[test]
fn a_new_password_ends_the_other_sessions() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let mut elsewhere = panel.visitor();
    let login = json!({ "login": LOGIN, "password": PASSWORD });
    assert_eq!(elsewhere.post("/api/v1/login", &login).status, 200);

    let new = "another good password";
    for (current, new, expected) in [
        ("wrong", new, (401, "wrong_password")),
        (PASSWORD, "short", (422, "password_length")),
    ] {
        let change = json!({ "current": current, "new": new });
        let answer = ewa.post("/api/v1/password", &change);
        assert_eq!(answer.problem(), (expected.0, expected.1.into()));
    }
    assert_eq!(elsewhere.get("/api/v1/live").status, 200);
    let change = json!({ "current": PASSWORD, "new": new });
    assert_eq!(ewa.post("/api/v1/password", &change).status, 204);
    assert_eq!(ewa.get("/api/v1/live").status, 200);
    assert_eq!(elsewhere.get("/api/v1/live").status, 401);
    assert_eq!(elsewhere.post("/api/v1/login", &login).status, 401);
    let login = json!({ "login": LOGIN, "password": new });
    assert_eq!(elsewhere.post("/api/v1/login", &login).status, 200);
}

#[test]
fn sessions_end_by_disuse_and_survive_a_restart() {
    let mut panel = Box::start();
    let mut ewa = panel.administrator();
    panel.pass(11 * 3_600);
    assert_eq!(ewa.get("/api/v1/live").status, 200);
    panel.stop();

    let again = Box::with(panel.vault.clone());
    let mut same = again.visitor();
    same.cookie = ewa.cookie.clone();
    // The fake exchange forgot the administrator at its restart: a person that is no longer in the
    // configuration is nobody, whatever the cookie says.
    assert_eq!(same.get("/api/v1/live").status, 401);

    let panel = Box::start();
    let mut ewa = panel.administrator();
    panel.pass(13 * 3_600);
    assert_eq!(
        ewa.get("/api/v1/live").problem(),
        (401, "not_signed_in".into())
    );
}
