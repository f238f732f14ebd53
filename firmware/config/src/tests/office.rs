//! The example office that comes with the program.

use super::import_with;
use crate::{Answerer, Config, Known, UnknownSecrets};
use model::Wall;

const EXAMPLE: &str = include_str!("../../../../scripts/example-office.toml");

#[test]
fn the_example_office_is_imported_with_new_secrets() {
    assert!(import_with(EXAMPLE, &[], UnknownSecrets::Refuse).is_err());
    let made = import_with(EXAMPLE, &[], UnknownSecrets::Renew).expect("good");
    assert_eq!(
        made.document.text(),
        EXAMPLE,
        "it has all its ids, so not a byte changes"
    );
    let names: Vec<_> = made.secrets.keys().map(|id| id.as_str()).collect();
    assert_eq!(names, ["anna-phone", "jan-phone"]);
    assert!(
        matches!(made.config.answerer("2001"), Some(Answerer::Person(p)) if p.name == "Anna Nowak")
    );
    assert!(
        matches!(made.config.answerer("2002"), Some(Answerer::Person(p)) if p.name == "Jan Kowalski")
    );
    assert!(matches!(made.config.answerer("301"), Some(Answerer::Analog(a)) if a.port == "fxs1"));
    assert!(matches!(
        made.config.answerer("*43"),
        Some(Answerer::Code { .. })
    ));
}

#[test]
fn the_example_office_needs_no_privilege() {
    let config = super::document(EXAMPLE).check(Known::Any).expect("good");
    let network = &config.network;
    let sip = network
        .sip_udp
        .iter()
        .chain(&network.sip_tcp)
        .chain(&network.sip_tls);
    for address in sip.chain(&network.panel_http).chain(&network.panel_https) {
        assert!(address.port() >= 1024, "{address}");
    }
}

#[test]
fn lines_are_measured_in_local_hours() {
    let text = "[office]\ncountry = \"PL\"\nline_tests = \"mon-fri 03:00-04:30\"\n";
    let config = Config::parse(text).expect("legal");
    // Monday, 23 November 2026: Warsaw is an hour ahead.
    let at = |hour: i64, minute: i64| Wall::from_secs(1_795_392_000 + hour * 3_600 + minute * 60);
    for (hour, minute, may) in [(1, 59, false), (2, 0, true), (3, 29, true), (3, 30, false)] {
        assert_eq!(
            config.office.tests_lines_at(at(hour, minute)),
            may,
            "{hour}:{minute}"
        );
    }
    assert!(!config.office.tests_lines_at(at(-22, 0)), "it is Sunday");
    let never = Config::parse("[office]\ncountry = \"PL\"\n").expect("legal");
    assert!(!never.office.tests_lines_at(at(2, 30)));
}
