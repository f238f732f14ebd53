//! Programs with a token of their own, web access given by an administrator, and the certificate of
//! the box's own authority.

use std::net::TcpListener;
use std::sync::Arc;

use model::{Now, Wall};
use panel::{Authority, Feed, MemoryVault, PanelParts, Right, StoredToken};
use serde_json::json;

use crate::{
    browser::{Answer, Box, Browser, CODE},
    office::{FakeOffice, OPEN_CALL},
};

fn let_in(panel: &Box, token: &str, right: Right) {
    let name = format!("{}-program", right.as_str());
    panel.vault.add_token(token, StoredToken { name, right });
}

/// Asks with a token instead of a cookie.
fn ask(panel: &Box, token: &str, method: &str, path: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let mut program = panel.visitor();
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = match path.rsplit('/').next() {
        Some("fxs1") => r#"{"act":"lift"}"#,
        Some("messages") => r#"{"messages":1}"#,
        _ => "{}",
    };
    program.ask(method, path, &headers, body)
}

#[test]
fn a_token_may_what_its_right_says() {
    let panel = Box::start();
    for right in Right::ALL {
        let_in(&panel, right.as_str(), right);
    }
    let hang_up = format!("/api/v1/calls/{OPEN_CALL}/hang-up");
    let lift = "/api/v1/board/fxs1";
    for (method, path, statuses) in [
        ("GET", "/api/v1/live", [200, 200, 200]),
        ("GET", "/api/v1/people", [200, 200, 200]),
        ("GET", "/api/v1/calls", [200, 200, 200]),
        ("GET", "/api/v1/config", [403, 403, 200]),
        ("GET", "/api/v1/people/jan/card", [403, 403, 200]),
        ("POST", hang_up.as_str(), [403, 204, 204]),
        ("POST", lift, [403, 204, 204]),
        ("PUT", "/api/v1/sets/301/messages", [403, 204, 204]),
        ("POST", "/api/v1/ports/fxs1/test", [403, 403, 200]),
        ("POST", "/api/v1/people", [403, 403, 422]),
        // These belong to a session.
        ("POST", "/api/v1/logout", [403, 403, 403]),
        ("POST", "/api/v1/password", [403, 403, 403]),
    ] {
        for (right, status) in Right::ALL.into_iter().zip(statuses) {
            let answer = ask(&panel, right.as_str(), method, path);
            assert_eq!(
                answer.status, status,
                "{right:?} {method} {path}: {answer:?}"
            );
        }
    }
    let answer = ask(&panel, "admin", "GET", "/api/v1/session");
    assert_eq!(answer.json()["signed_in"]["name"], "admin-program");
}

#[test]
fn guessing_tokens_becomes_slow_and_a_token_taken_back_is_none() {
    let panel = Box::start();
    let_in(&panel, "right", Right::Read);
    for _ in 0..3 {
        let answer = ask(&panel, "wrong", "GET", "/api/v1/live");
        assert_eq!(answer.problem(), (401, "bad_token".into()));
    }
    let answer = ask(&panel, "right", "GET", "/api/v1/live");
    assert_eq!(answer.problem(), (429, "slow_down".into()));
    panel.pass(61);
    assert_eq!(ask(&panel, "right", "GET", "/api/v1/live").status, 200);
    panel.vault.drop_tokens();
    let answer = ask(&panel, "right", "GET", "/api/v1/live");
    assert_eq!(answer.problem(), (401, "bad_token".into()));
    let long = "x".repeat(1_000);
    assert_eq!(ask(&panel, &long, "GET", "/api/v1/live").status, 401);
}

fn sign_in(browser: &mut Browser, login: &str, password: &str) -> Answer {
    browser.post(
        "/api/v1/login",
        &json!({ "login": login, "password": password }),
    )
}

#[test]
fn an_administrator_lets_somebody_in() {
    let panel = Box::start();
    let mut administrator = panel.administrator();
    let path = "/api/v1/people/jan/web-access";
    let first = json!({ "login": "Jan.K", "password": "a few words in a row" });
    assert_eq!(administrator.put(path, &first).status, 204);
    let mut jan = panel.visitor();
    assert_eq!(
        sign_in(&mut jan, "jan.k", "a few words in a row").status,
        200
    );
    assert_eq!(jan.get("/api/v1/live").status, 200);
    // A new password ends the sessions of the old one.
    let second = json!({ "login": "jan.k", "password": "other words in a row" });
    assert_eq!(administrator.put(path, &second).status, 204);
    assert_eq!(jan.get("/api/v1/live").status, 401);
    assert_eq!(
        sign_in(&mut jan, "jan.k", "a few words in a row").status,
        401
    );
    assert_eq!(
        sign_in(&mut jan, "jan.k", "other words in a row").status,
        200
    );
    assert_eq!(
        jan.put(path, &second).status,
        403,
        "not for oneself, and not by a user"
    );
    for (path, login, password, problem) in [
        (path, "ewa", "other words in a row", (422, "login_taken")),
        (path, "j", "other words in a row", (422, "login_form")),
        (path, "jan.k", "short", (422, "password_length")),
        (path, "jan.k", "jan.k jan.k jan.k", (422, "password_weak")),
        (
            "/api/v1/people/nobody/web-access",
            "nobody",
            "other words",
            (404, "not_found"),
        ),
        (
            "/api/v1/people/first/web-access",
            "ewa",
            "other words",
            (409, "own_password"),
        ),
    ] {
        let wish = json!({ "login": login, "password": password });
        let answer = administrator.put(path, &wish);
        assert_eq!(
            answer.problem(),
            (problem.0, problem.1.to_owned()),
            "{path} {login}"
        );
    }
}

#[test]
fn the_authority_of_the_box_can_be_fetched_by_everybody() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound");
    let feed = Arc::new(Feed::new());
    let made = rcgen::generate_simple_self_signed(vec!["box.local".into()]).expect("a key");
    let authority = Authority {
        der: made.cert.der().to_vec(),
        pem: made.cert.pem(),
    };
    let panel = panel::serve(PanelParts {
        http: vec![listener],
        https: Vec::new(),
        tls: None,
        exchange: Arc::new(FakeOffice::new(feed.clone(), Wall(0))),
        feed,
        vault: Arc::new(MemoryVault::new(Some(CODE))),
        clock: Arc::new(Now::default),
        version: "test".into(),
        phones: None,
        authority: Some(authority.clone()),
    })
    .expect("the panel starts");
    let mut visitor = Browser::at(address);
    let pem = visitor.get("/ca.pem");
    assert_eq!(
        (pem.status, pem.body.as_str()),
        (200, authority.pem.as_str())
    );
    assert_eq!(pem.header("content-type"), Some("application/x-pem-file"));
    let der = visitor.get("/ca.crt");
    assert_eq!(der.status, 200);
    assert_eq!(
        der.header("content-type"),
        Some("application/x-x509-ca-cert")
    );
    let length = authority.der.len().to_string();
    assert_eq!(der.header("content-length"), Some(length.as_str()));
    let told = visitor.get("/api/v1/authority").json();
    assert_eq!(told["fingerprint"], authority.fingerprint());
    panel.stop();
    let without = Box::start();
    for path in ["/ca.crt", "/ca.pem", "/api/v1/authority"] {
        assert_eq!(without.visitor().get(path).status, 404, "{path}");
    }
}
