//! The example office that comes with the program.

use super::import_with;
use crate::{Answerer, Known, UnknownSecrets};

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
