//! What stands before every handler: rights, other sites, sizes, shapes, headers.

use std::{
    io::{BufReader, Read, Write},
    net::TcpStream,
};

use panel::{CONNECTIONS_PER_ADDRESS_MAX, Vault};
use serde_json::json;

use crate::browser::{Box, PASSWORD, read};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn strangers_see_nothing_and_change_nothing() {
    let panel = Box::start();
    let mut stranger = panel.visitor();
    for path in [
        "/api/v1/live",
        "/api/v1/events",
        "/api/v1/calls",
        "/api/v1/people",
        "/api/v1/board",
        "/api/v1/config",
        "/api/v1/people/jan/card",
        "/api/v1/board/fxs1/heard",
    ] {
        assert_eq!(
            stranger.get(path).problem(),
            (401, "not_signed_in".into()),
            "{path}"
        );
    }
    for path in [
        "/api/v1/people",
        "/api/v1/board/fxs1",
        "/api/v1/config/undo",
        "/api/v1/logout",
    ] {
        assert_eq!(stranger.post(path, &json!({})).status, 401, "{path}");
    }
    stranger.cookie = Some("centralka=0123456789abcdef".into());
    assert_eq!(stranger.get("/api/v1/live").status, 401);
    assert!(!stranger.get("/api/v1/session").body.contains("Kowalski"));
}

#[test]
fn only_administrators_change_and_see_passwords() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let wish = json!({ "name": "Ada", "extension": "2013", "role": "supervisor" });
    assert_eq!(ewa.post("/api/v1/people", &wish).status, 201);
    // The administrator's own cookie, with the session of somebody else behind it.
    let mut session = panel.vault.sessions().expect("memory").remove(0);
    session.person = "p2013".into();
    panel.vault.put_session(&session).expect("memory");
    let other = Box::with(panel.vault.clone());
    let mut admin_of_other = other.visitor();
    admin_of_other.cookie = ewa.cookie.clone();
    assert_eq!(
        admin_of_other.get("/api/v1/live").status,
        401,
        "unknown there"
    );

    session.person = "zofia".into();
    panel.vault.put_session(&session).expect("memory");
    let other = Box::with(panel.vault.clone());
    let mut zofia = other.visitor();
    zofia.cookie = ewa.cookie.clone();
    assert_eq!(zofia.get("/api/v1/live").status, 200);
    assert_eq!(
        zofia
            .post("/api/v1/board/fxs1", &json!({ "act": "lift" }))
            .status,
        204
    );
    let call = "/api/v1/calls/0000000000000000000000000000ca12/hang-up";
    for path in ["/api/v1/people", "/api/v1/config/undo", call] {
        assert_eq!(
            zofia.post(path, &wish).problem(),
            (403, "forbidden".into()),
            "{path}"
        );
    }
    for path in ["/api/v1/config", "/api/v1/people/jan/card"] {
        assert_eq!(
            zofia.get(path).problem(),
            (403, "forbidden".into()),
            "{path}"
        );
    }
}

#[test]
fn other_sites_change_nothing() {
    let panel = Box::start();
    let mut ewa = panel.administrator();
    let lift = json!({ "act": "lift" }).to_string();
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://evil.example"),
        ("origin", "null"),
    ] {
        let answer = ewa.ask("POST", "/api/v1/board/fxs1", &[JSON, foreign], &lift);
        assert_eq!(
            answer.problem(),
            (403, "foreign_site".into()),
            "{foreign:?}"
        );
    }
    let own = ("sec-fetch-site", "same-origin");
    assert_eq!(
        ewa.ask("POST", "/api/v1/board/fxs1", &[JSON, own], &lift)
            .status,
        204
    );
    let form = ("content-type", "text/plain");
    let answer = ewa.ask("POST", "/api/v1/board/fxs1", &[form], &lift);
    assert_eq!(
        answer.problem(),
        (415, "not_json".into()),
        "a form of another site"
    );
}

#[test]
fn bodies_have_a_size_and_a_shape() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    let long = json!({ "login": "x".repeat(20_000), "password": "" });
    assert_eq!(
        visitor.post("/api/v1/login", &long).problem(),
        (413, "too_long".into())
    );
    for (body, expected) in [
        ("{", (400, "syntax")),
        ("", (400, "syntax")),
        ("\u{0}", (400, "syntax")),
        ("[]", (422, "shape")),
        (r#"{"login":"a"}"#, (422, "shape")),
        (r#"{"login":"a","password":1}"#, (422, "shape")),
        (r#"{"login":"a","password":"b","more":1}"#, (422, "shape")),
    ] {
        let answer = visitor.ask("POST", "/api/v1/login", &[JSON], body);
        assert_eq!(
            answer.problem(),
            (expected.0, expected.1.into()),
            "{body:?}"
        );
    }
    let mut ewa = panel.administrator();
    let text = format!("format = 1\n# {}", "ą".repeat(100_000));
    let draft = json!({ "base_version": 2, "text": text, "reason": "" });
    assert_eq!(
        ewa.put("/api/v1/config", &draft).status,
        200,
        "a configuration may be long"
    );
}

#[test]
fn unknown_paths_and_methods_are_answered_in_the_same_form() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v2/live", "/sip"] {
        assert_eq!(
            visitor.get(path).problem(),
            (404, "not_found".into()),
            "{path}"
        );
    }
    assert_eq!(visitor.get("/assets/gone.js").status, 404);
    assert_eq!(visitor.post("/calls/1", &json!({})).status, 404);
    let answer = visitor.ask("DELETE", "/api/v1/session", &[JSON], "{}");
    assert_eq!(answer.problem(), (405, "method".into()));
    let page = visitor.get("/calls/1");
    assert_eq!(page.status, 200);
    assert!(
        page.header("content-type")
            .is_some_and(|t| t.starts_with("text/html"))
    );
}

#[test]
fn every_answer_carries_the_policy() {
    let panel = Box::start();
    let mut visitor = panel.visitor();
    for path in ["/", "/api/v1/session", "/api/none", "/healthz"] {
        let answer = visitor.get(path);
        let policy = answer.header("content-security-policy").expect(path);
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src 'unsafe"));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    }
}

#[test]
fn probes_and_figures_need_no_session_and_name_nobody() {
    let panel = Box::start();
    panel.administrator();
    let mut visitor = panel.visitor();
    let health = visitor.get("/healthz");
    assert_eq!(
        (health.status, health.json()),
        (200, json!({ "state": "ok", "reasons": [] }))
    );
    visitor.post(
        "/api/v1/login",
        &json!({ "login": "ewa", "password": "wrong" }),
    );
    let metrics = visitor.get("/metrics").body;
    for line in [
        "centralka_calls 1",
        "centralka_panel_logins_failed_total 1",
        "centralka_panel_sessions 1",
        "centralka_panel_registrations 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} in {metrics}");
    }
    assert!(!metrics.contains("Jan") && !metrics.contains(PASSWORD));
}

#[test]
fn heads_and_connections_have_limits() {
    let panel = Box::start();
    let send = |head: String| {
        let mut stream = TcpStream::connect(panel.address).expect("the panel listens");
        // The panel may answer and close before all of it is written.
        let _ = stream.write_all(head.as_bytes());
        read(&mut BufReader::new(stream)).status
    };
    let many: String = (0..100).map(|n| format!("x-{n}: 1\r\n")).collect();
    assert_eq!(
        send(format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n")),
        431
    );
    let long = "x".repeat(64 * 1_024);
    assert_eq!(
        send(format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n")),
        431
    );
    assert_eq!(send("NONSENSE\r\n\r\n".into()), 400);

    let idle: Vec<TcpStream> = (0..CONNECTIONS_PER_ADDRESS_MAX)
        .map(|_| TcpStream::connect(panel.address).expect("the panel listens"))
        .collect();
    let mut refused = TcpStream::connect(panel.address).expect("the kernel accepts");
    let mut rest = Vec::new();
    assert_eq!(
        refused.read_to_end(&mut rest).unwrap_or(0),
        0,
        "closed at once"
    );
    drop(idle);
    // Places are free again as soon as the panel has seen the ends.
    let served = (0..1_000).any(|_| {
        let mut stream = TcpStream::connect(panel.address).expect("the kernel accepts");
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let mut text = String::new();
        stream
            .read_to_string(&mut text)
            .is_ok_and(|_| text.starts_with("HTTP/1.1 200"))
    });
    assert!(served);
}
