//! Outside lines, and which numbers lead out.

use crate::tests::{MINIMAL, problems};
use crate::{Answerer, Config, HangUpSign, LineCallerId};

const LINE: &str = "[[line]]\nport = \"fxo1\"\nanswer = \"jan\"\n";

fn office(line: &str, outside: &str) -> Config {
    let text = MINIMAL
        .replace("[[person]]\n", "[[person]]\nid = \"jan\"\n")
        .replace("[codes]\n", &format!("[codes]\n{outside}\n"));
    Config::parse(&format!("{text}\n{line}")).expect("a good text")
}

fn out(config: &Config, dialled: &str) -> Option<(String, bool)> {
    match config.answerer(dialled) {
        Some(Answerer::Outside { number, emergency }) => Some((number, emergency)),
        _ => None,
    }
}

#[test]
fn a_line_has_defaults_that_work() {
    let config = office(LINE, "");
    let line = config.line_on("fxo1").expect("the line");
    assert_eq!(line.name, "fxo1");
    assert!(line.outgoing && !line.dial_without_tone);
    assert!(!line.hang_up.contains(&HangUpSign::Silence) && line.hang_up.len() == 4);
    let usual = config.country.caller_id[0];
    assert_eq!(line.caller_id.in_country(usual), LineCallerId::AfterRing);
    assert_eq!(config.line(&line.id), Some(line));
}

#[test]
fn a_line_is_lifted_for_its_number_only_where_exchanges_tell_it_so() {
    let line = format!("{LINE}caller_id = \"aon\"\n");
    let text = MINIMAL.replace("[[person]]\n", "[[person]]\nid = \"jan\"\n") + "\n" + &line;
    for country in ["RU", "UA"] {
        let config = Config::parse(&text.replace("\"PL\"", &format!("\"{country}\"")));
        let config = config.expect("they have such exchanges");
        let line = config.line_on("fxo1").expect("the line");
        let usual = config.country.caller_id[0];
        assert_eq!(line.caller_id.in_country(usual), LineCallerId::Aon);
        // Never unasked.
        let unasked = LineCallerId::default();
        for &scheme in &config.country.caller_id {
            assert_ne!(unasked.in_country(scheme), LineCallerId::Aon);
        }
    }
    let found = problems(&text);
    assert!(found.ends_with("line[0].caller_id: exchanges of PL do not tell callers in the way `aon` [caller_id.country]"), "{found}");
}

#[test]
fn without_a_line_nothing_but_emergencies_leads_out() {
    let config = office("", "outside = \"0\"");
    assert_eq!(out(&config, "0601234567"), None);
    assert_eq!(out(&config, "112"), Some(("112".into(), true)));
    assert_eq!(out(&config, "0112"), Some(("112".into(), true)));
    assert!(!config.could_become("60").longer);
}

#[test]
fn long_numbers_need_no_prefix_and_short_ones_do() {
    let config = office(LINE, "");
    assert_eq!(out(&config, "601234567"), Some(("601234567".into(), false)));
    assert_eq!(out(&config, "2006"), None, "a slip");
    let config = office(LINE, "outside = \"0\"");
    assert_eq!(out(&config, "019115"), Some(("19115".into(), false)));
    assert_eq!(out(&config, "601234567"), Some(("601234567".into(), false)));
    assert!(matches!(config.answerer("2005"), Some(Answerer::Person(_))));
}

#[test]
fn a_set_dials_digit_by_digit() {
    let config = office(LINE, "outside = \"0\"");
    let so_far = |digits: &str| {
        let found = config.could_become(digits);
        (found.exact.is_some(), found.longer)
    };
    assert_eq!(so_far("2005"), (true, false), "an extension at once");
    assert_eq!(so_far("112"), (true, false), "an emergency at once");
    assert_eq!(so_far("0112"), (true, false));
    assert_eq!(so_far("0"), (false, true));
    assert_eq!(so_far("01"), (true, true));
    assert_eq!(so_far("60123"), (true, true));
    assert_eq!(so_far("601"), (false, true));
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    for (line, rule) in [
        ("[[line]]\nport = \"fxs3\"\n", "port"),
        ("[[line]]\nport = \"fxo1\"\nanswer = \"nobody\"\n", "answer"),
        (
            "[[line]]\nport = \"fxo1\"\n[[line]]\nport = \"fxo1\"\n",
            "port",
        ),
        ("[[line]]\nport = \"fxo1\"\ngain_to_line_db = -30\n", "gain"),
        (
            "[[line]]\nport = \"fxo1\"\nhang_up = [\"magic\"]\n",
            "hang_up",
        ),
        (
            "[[line]]\nport = \"fxo1\"\ndial_first = \"wait\"\n",
            "dial_first",
        ),
        ("[[line]]\nport = \"fxo1\"\nto = \"112\"\n", "emergencies"),
        ("[[line]]\nport = \"fxo1\"\nto = \"+48601\"\n", "to"),
        ("[[line]]\nport = \"fxo1\"\nflash = \"both\"\n", "flash"),
    ] {
        let found = problems(&format!("{MINIMAL}\n{line}"));
        assert!(found.contains(rule), "{line}: {found}");
    }
    for code in ["5", "00", "*"] {
        let found =
            problems(&MINIMAL.replace("[codes]\n", &format!("[codes]\nflash = \"{code}\"\n")));
        assert!(found.contains("flash"), "{code}: {found}");
    }
    let clash = problems(&MINIMAL.replace("[codes]\n", "[codes]\noutside = \"2\"\n"));
    assert!(clash.contains("outside"), "{clash}");
}
