//! An office that lost its administrator's password gets in again by the button at the box, and loses nothing.

use std::fs;

use serde_json::{Value, json};
use tests_e2e::{
    exchange::{Exchange, Office, page, post},
    wait::{s, until},
};

const PASSWORD: &str = "a few words in a row";

fn code(exchange: &Exchange) -> Option<String> {
    let text = fs::read_to_string(exchange.data().join("claim-code")).ok()?;
    Some(text.trim().to_owned())
}

fn claim(exchange: &Exchange, code: &str, login: &str) -> (u16, Value, Option<String>) {
    let body = json!({ "code": code, "name": "Ewa", "login": login, "password": PASSWORD });
    post(exchange.at.http, "/api/v1/claim", &body)
}

fn session(exchange: &Exchange) -> Value {
    serde_json::from_str(&page(exchange.at.http, "/api/v1/session")).expect("JSON")
}

#[track_caller]
fn button_is(exchange: &Exchange, state: &str) {
    until(s(10), "the doctor's word of the button", || {
        let said = exchange.ask(&["doctor"]);
        let wanted = format!("button        recover  {state}");
        said.contains(&wanted).then_some(())
    });
}

fn hold(exchange: &Exchange) -> String {
    exchange.ask(&["sim", "recover", "hold"]);
    let made = until(s(20), "a claim code", || code(exchange));
    exchange.says(&format!("claim code: {made}"));
    exchange.ask(&["sim", "recover", "release"]);
    made
}

#[test]
fn the_button_lets_an_office_in_that_lost_its_password() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    let first = code(&exchange).expect("nobody is administrator yet");
    assert_eq!(claim(&exchange, &first, "ewa").0, 200);
    assert_eq!(code(&exchange), None, "used up");
    let text = exchange.ask(&["config", "show"]);

    // Pressed for a moment it does nothing.
    exchange.ask(&["sim", "recover", "hold"]);
    button_is(&exchange, "pressed");
    exchange.ask(&["sim", "recover", "release"]);
    button_is(&exchange, "free");
    assert_eq!(code(&exchange), None);
    assert_eq!(session(&exchange)["recovery"], false);

    let made = hold(&exchange);
    assert_ne!(made, first);
    let seen = session(&exchange);
    assert_eq!(
        (&seen["claimed"], &seen["recovery"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        claim(&exchange, &first, "jan").0,
        401,
        "the first code is gone for ever"
    );
    let (status, problem, _) = claim(&exchange, &made, "ewa");
    assert_eq!((status, &problem["error"]), (422, &json!("login_taken")));
    let (status, jan, cookie) = claim(&exchange, &made, "jan");
    assert_eq!(status, 200, "{jan}");
    assert_eq!(jan["signed_in"]["role"], "administrator");
    assert!(cookie.is_some());
    assert_eq!(session(&exchange)["recovery"], false, "it works once");
    assert_eq!(claim(&exchange, &made, "eve").0, 409);
    let login = json!({ "login": "ewa", "password": PASSWORD });
    assert_eq!(post(exchange.at.http, "/api/v1/login", &login).0, 200);
    let now = exchange.ask(&["config", "show"]);
    let kept = text.lines().filter(|line| line.contains('='));
    assert!(
        kept.clone().count() > 10 && kept.clone().all(|line| now.contains(line)),
        "{now}"
    );

    // A code that was not used is gone with the program.
    let unused = hold(&exchange);
    let exchange = exchange.restart();
    assert_eq!(code(&exchange), None);
    assert_eq!(claim(&exchange, &unused, "eve").0, 409);
    exchange.stop();
}

#[test]
fn a_button_that_was_never_let_go_is_told_by_the_doctor() {
    let exchange = Exchange::start(&Office::with(&["2005"]));
    exchange.ask(&["sim", "recover", "hold"]);
    let first = code(&exchange);
    let stuck = until(s(90), "the doctor's word", || {
        let said = exchange.ask(&["doctor"]);
        said.contains("recover  stuck").then_some(said)
    });
    assert!(stuck.contains("nothing until it is let go"), "{stuck}");
    assert_eq!(
        code(&exchange),
        first,
        "without an administrator the first code stays"
    );
    let output = exchange.run(&["sim", "reset", "hold"]);
    assert_eq!(output.status.code(), Some(2), "there is no such button");
    exchange.stop();
}
