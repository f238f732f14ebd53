//! Tests of the crate as a whole.

mod check;
mod diff;
mod edit;
mod hostile;
mod import;
mod lookup;
mod media;
mod merge;
mod office;
mod outside;
mod schema;
mod sounds;

/// The text of design.md §4: outside tests rely on its names.
pub(crate) const MINIMAL: &str = r##"format = 1

[office]
name = "Kowalski Dental"
country = "PL"
language = "pl"
timezone = "Europe/Warsaw"

[network]
sip_udp = ["127.0.0.1:5060"]      # also sip_tcp, sip_tls
panel_http = "127.0.0.1:8080"     # also panel_https
rtp_ports = "20000-29999"

[[person]]
name = "Jan Kowalski"             # id is added on import
extension = "2005"
role = "user"                     # administrator | user | supervisor | external
sip_password = "s3cret-2005"

[[conference]]
name = "Monday"
number = "9000"

[[analog]]
port = "fxs1"                     # the port's name on the board
extension = "301"

[codes]
echo_test = "*43"
monitor = "#44"
"##;

/// The least text there is.
pub(crate) const LEAST: &str = "[office]\ncountry = \"PL\"\n";

/// What is wrong with `text`, one line a problem.
pub(crate) fn problems(text: &str) -> String {
    match crate::Config::parse(text) {
        Ok(_) => "fine".into(),
        Err(problems) => problems.to_string(),
    }
}

/// `text` as a document.
pub(crate) fn document(text: &str) -> crate::Document {
    crate::Document::parse(text).expect("the test's text is TOML")
}

/// `text` imported with randomness that repeats and an empty store.
pub(crate) fn imported(text: &str) -> crate::Imported {
    import_with(text, &[], crate::UnknownSecrets::Refuse).expect("the test's text is good")
}

/// `text` imported into a store that has the secrets `known`.
pub(crate) fn import_with(
    text: &str,
    known: &[&str],
    unknown: crate::UnknownSecrets,
) -> Result<crate::Imported, crate::Problems> {
    let known = known
        .iter()
        .map(|id| model::EntryId::new(id).expect("an id"))
        .collect();
    let (mut plain, mut secret) = (model::Random::new([1; 32]), model::Random::new([2; 32]));
    let mut streams = crate::Streams {
        plain: &mut plain,
        secret: &mut secret,
    };
    crate::import(
        &crate::Document::parse(text)?,
        &known,
        unknown,
        &mut streams,
    )
}
