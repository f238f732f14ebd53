//! Errors name line, key and rule.

use super::{LEAST, MINIMAL, problems};

#[test]
fn all_errors_are_listed_with_line_key_and_rule() {
    let text = r#"format = 1
colour = "blue"

[office]
name = " Kowalski"
country = "pl"
timezone = "Europe/Warschau"

[network]
sip_udp = ["127.0.0.1", 5060]
rtp_ports = "29999-20000"
panel_htpp = "127.0.0.1:8080"

[[person]]
name = "Jan Kowalski"
extension = "20 05"
role = "boss"

[[person]]
name = "Anna"
sip_password = "s3cret"
ring_timeout_s = 1000

[[person]]
extension = 2005

[limits]
calls = 99999999999999999
digit_timeout_s = 3.5
"#;
    insta::assert_snapshot!(problems(text));
}

#[test]
fn rules_across_entries() {
    let text = r##"[office]
country = "PL"

[network]
sip_udp = ["0.0.0.0:20100"]
sip_tcp = ["0.0.0.0:8080"]

[[person]]
id = "jan"
extension = "2005"
login = "jan"
sip_password = "2005"

[[person]]
id = "anna"
extension = "2005"
login = "jan"

[[person]]
id = "anna"
extension = "2007"

[[person]]
extension = "112"

[[person]]
extension = "4301"

[[device]]
person = "nobody"
sip_user = "2005"
sip_password = "long enough"

[[analog]]
port = "fxs1"
extension = "430"

[[analog]]
port = "fxs1"
extension = "301"

[[number]]
number = "+48221234567"
trunk = "t"
answer = "anna"

[codes]
echo_test = "43"
monitor = "430"
"##;
    insta::assert_snapshot!(problems(text));
}

#[test]
fn wrong_forms_are_explained() {
    let text = "person = [{ extension = \"2005\" }]\nnetwork = { sip_udp = [] }\n[[office]]\ncountry = \"PL\"\n";
    insta::assert_snapshot!(problems(text));
}

#[test]
fn syntax_errors_name_their_line() {
    insta::assert_snapshot!(problems("[office]\ncountry = \"PL\"\nname = Kowalski\n"));
    insta::assert_snapshot!(problems("[office]\ncountry = \"PL\"\ncountry = \"CZ\"\n"));
}

#[test]
fn a_country_is_needed_and_known() {
    assert_eq!(
        problems(""),
        "line 1: office.country: this key has no default and must be given [key.missing]"
    );
    assert_eq!(
        problems("\n[office]\n"),
        "line 2: office.country: this key has no default and must be given [key.missing]"
    );
    assert!(problems("[office]\ncountry = \"UK\"").contains("called `GB` here"));
    assert!(problems("[office]\ncountry = \"XX\"").contains("the known ones are: AT AU BE"));
}

#[test]
fn a_text_of_a_later_format_is_refused() {
    assert!(problems(&format!("format = 2\n{LEAST}")).contains("format 2 is not known here"));
}

#[test]
fn many_problems_are_counted_not_listed() {
    let people = "[[person]]\nfoo = 1\n".repeat(900);
    let problems = crate::Config::parse(&format!("{LEAST}{people}")).expect_err("wrong");
    assert_eq!(problems.list().len(), crate::PROBLEMS_MAX + 1);
    assert!(problems.to_string().ends_with("and 1700 more [more]"));
}

#[test]
fn the_machine_readable_form_has_all_parts() {
    let text = MINIMAL.replace("role = \"user\"", "role = \"usr\"");
    let problems = crate::Config::parse(&text).expect_err("wrong");
    let json = serde_json::to_string_pretty(&problems).expect("JSON");
    insta::assert_snapshot!(json);
}
