//! Routing's questions.

use super::{LEAST, MINIMAL};
use crate::{Answerer, Code, Config, SipOwner};

fn minimal() -> Config {
    Config::parse(MINIMAL).expect("the text of the design")
}

#[test]
fn the_minimal_text_means_what_it_says() {
    let config = minimal();
    assert_eq!(config.office.name, "Kowalski Dental");
    assert_eq!(config.country.name, "Poland");
    let jan = &config.people[0];
    assert_eq!(
        (jan.name.as_str(), jan.login.as_str()),
        ("Jan Kowalski", "2005")
    );
    assert_eq!(jan.ring_timeout_s, 30);
    assert_eq!(config.analog[0].name, "fxs1");
    assert_eq!(
        config.network.sip_tls,
        ["0.0.0.0:5061".parse().expect("address")]
    );
}

#[test]
fn everything_but_the_country_has_a_default() {
    let config = Config::parse(LEAST).expect("a country is enough");
    assert_eq!(config.office.timezone, "Europe/Warsaw");
    assert_eq!(config.office.language.code(), "pl");
    assert_eq!(
        config.codes.echo_test.as_ref().map(|n| n.as_str()),
        Some("*43")
    );
    assert_eq!(config.limits, crate::Limits::default());
    assert_eq!(config.network, crate::Network::default());
}

#[test]
fn numbers_find_their_answerer() {
    let config = minimal();
    assert!(
        matches!(config.answerer("2005"), Some(Answerer::Person(p)) if p.name == "Jan Kowalski")
    );
    assert!(matches!(config.answerer("301"), Some(Answerer::Analog(a)) if a.port == "fxs1"));
    assert!(matches!(config.answerer("9000"), Some(Answerer::Conference(c)) if c.name == "Monday"));
    let echo = Answerer::Code {
        code: Code::EchoTest,
        rest: None,
    };
    assert_eq!(config.answerer("*43"), Some(echo));
    let rest = model::Number::new("2005").ok();
    assert_eq!(
        config.answerer("#442005"),
        Some(Answerer::Code {
            code: Code::Monitor,
            rest
        })
    );
    for nothing in ["", "2", "20055", "#44", "*430", "jan"] {
        assert_eq!(config.answerer(nothing), None, "{nothing:?}");
    }
}

#[test]
fn digits_lead_somewhere_or_nowhere() {
    let config = minimal();
    let ask = |digits: &str| {
        let found = config.could_become(digits);
        (found.exact.is_some(), found.longer)
    };
    assert_eq!(ask(""), (false, true));
    assert_eq!(ask("2"), (false, true));
    assert_eq!(ask("2005"), (true, false));
    assert_eq!(ask("20051"), (false, false));
    assert_eq!(ask("4"), (false, false));
    assert_eq!(ask("*4"), (false, true));
    assert_eq!(ask("*43"), (true, false));
    assert_eq!(ask("#44"), (false, true));
    assert_eq!(ask("#4420"), (false, true));
    assert_eq!(ask("#442005"), (true, false));
    assert_eq!(ask("#445"), (false, false));
}

#[test]
fn an_extension_that_begins_like_another_waits() {
    let text = format!("{LEAST}[[person]]\nextension = \"20\"\n[[person]]\nextension = \"2001\"\n");
    let config = Config::parse(&text).expect("fine");
    let found = config.could_become("20");
    assert!(found.exact.is_some() && found.longer);
}

#[test]
fn phones_find_their_owner() {
    let minimal = MINIMAL.replace("[[person]]", "[[person]]\nid = \"jan\"");
    let text = format!(
        "{minimal}[[device]]\nperson = \"jan\"\nsip_user = \"jan-mobile\"\nsip_password = \"s3cret-mobile\"\n\
         [[device]]\nname = \"Meeting room\"\nextension = \"400\"\nsip_password = \"s3cret-room\"\n"
    );
    let config = Config::parse(&text).expect("fine");
    assert!(
        matches!(config.sip_owner("2005"), Some(SipOwner::Person(p)) if p.sip_password.is_some())
    );
    let mobile = config.sip_owner("jan-mobile").expect("the mobile");
    assert_eq!(mobile.id().as_str(), "device-1");
    assert!(mobile.secret().is_some());
    assert!(
        matches!(config.answerer("400"), Some(Answerer::Device(d)) if d.name == "Meeting room")
    );
    assert!(config.sip_owner("301").is_none());
    let users: Vec<_> = config.sip_owners().map(|(user, _)| user).collect();
    assert_eq!(users, ["2005", "400", "jan-mobile"]);
    assert_eq!(config.secrets().len(), 3);
    let jan = config.person_by_login("2005").expect("Jan");
    assert_eq!(config.devices_of(&jan.id).count(), 1);
    assert_eq!(config.person(&jan.id), Some(jan));
    assert_eq!(config.number_of(&jan.id), jan.extension.as_ref());
}
