//! Real phones with wide codecs and with SRTP, each with a tone of its own: what one says the other
//! hears, relayed or converted, and a leg that is to be protected is.

use serde_json::Value;
use tests_e2e::{
    baresip::{Over, Phone, Voice},
    exchange::{Exchange, Office},
    set::Set,
    wait::s,
};

use crate::audio::{
    ANNA_HZ, JAN_HZ, accounts_add_up, hears, hears_alone, office, started, talk_together,
};

/// How much work a call was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Carried {
    /// Packet by packet, so that what one leg received the other sent.
    Relayed,
    /// The codecs differ.
    Converted,
}

/// What `explain` says of the call.
fn explained(exchange: &Exchange, call: &Value) -> String {
    let id = call["id"].as_str().expect("a call has an id");
    exchange.ask(&["call", "explain", id, "--language", "en"])
}

/// A call from Anna to Jan; `told` are words of `explain` that say how each leg spoke.
fn talk(exchange: Exchange, anna: (Voice, Over), jan: (Voice, Over), told: &[&str], how: Carried) {
    let mut at_anna = Phone::speaking(anna.0, &exchange, "2005", anna.1, ANNA_HZ);
    let mut at_jan = Phone::speaking(jan.0, &exchange, "2006", jan.1, JAN_HZ);
    let heard = talk_together(&mut at_anna, &mut at_jan);
    let (by_anna, by_jan) = (&heard.at_anna, &heard.at_jan);
    if anna.0 == Voice::G722 && jan.0 == Voice::G722 {
        // What one sends comes to the other as it is, some 6 dB weaker with baresip 1.0; beside our own
        // G.722, in the converted call, the level is right.
        hears_alone("the caller", by_anna, JAN_HZ, ANNA_HZ);
        hears_alone("the called", by_jan, ANNA_HZ, JAN_HZ);
    } else {
        hears("the caller", by_anna, JAN_HZ, ANNA_HZ);
        hears("the called", by_jan, ANNA_HZ, JAN_HZ);
    }
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    let text = explained(&exchange, &calls[0]);
    for words in told {
        assert!(text.contains(words), "no {words} in:\n{text}");
    }
    if how == Carried::Relayed {
        accounts_add_up(&exchange, &calls[0], heard.edges);
    }
    exchange.rest();
    at_anna.quit();
    at_jan.quit();
    exchange.stop();
}

/// An office that insists on SRTP for the phones of these people.
fn insisting() -> Exchange {
    started(&Office::with(&["2005", "2006"]).table("[media]\nencryption = \"require\"\n"))
}

#[test]
fn two_opus_phones_hear_each_other() {
    let opus = (Voice::OPUS, Over::Udp);
    talk(office(), opus, opus, &["(opus)"], Carried::Relayed);
}

#[test]
fn two_g722_phones_hear_each_other() {
    let g722 = (Voice::G722, Over::Udp);
    talk(office(), g722, g722, &["(G722)"], Carried::Relayed);
}

#[test]
fn a_g722_phone_and_a_g711_phone_hear_each_other() {
    let (anna, jan) = ((Voice::G722, Over::Udp), (Voice::PCMA, Over::Udp));
    talk(
        office(),
        anna,
        jan,
        &["(G722)", "(PCMA)"],
        Carried::Converted,
    );
}

#[test]
fn an_opus_phone_and_a_g711_phone_hear_each_other() {
    let (anna, jan) = ((Voice::OPUS, Over::Udp), (Voice::PCMA, Over::Udp));
    talk(
        office(),
        anna,
        jan,
        &["(opus)", "(PCMA)"],
        Carried::Converted,
    );
}

#[test]
fn two_phones_with_srtp_hear_each_other() {
    let protected = (Voice::PCMA.protected(), Over::Tls);
    talk(
        insisting(),
        protected,
        protected,
        &["(PCMA, SRTP)"],
        Carried::Relayed,
    );
}

#[test]
fn two_opus_phones_with_srtp_hear_each_other() {
    let protected = (Voice::OPUS.protected(), Over::Tls);
    talk(
        insisting(),
        protected,
        protected,
        &["(opus, SRTP)"],
        Carried::Relayed,
    );
}

#[test]
fn a_phone_with_srtp_and_a_phone_without_hear_each_other() {
    let (anna, jan) = (
        (Voice::PCMA.protected(), Over::Tls),
        (Voice::PCMA, Over::Udp),
    );
    talk(
        office(),
        anna,
        jan,
        &["(PCMA, SRTP)", "(PCMA)"],
        Carried::Relayed,
    );
}

#[test]
fn a_phone_without_srtp_is_refused_where_it_is_required() {
    let exchange = insisting();
    let mut anna = Phone::start(&exchange, "2005", Over::Tls, ANNA_HZ);
    anna.dial("*43");
    anna.event("CALL_CLOSED", s(30));
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "unprotected", "{calls:?}");
    exchange.rest();
    anna.quit();
    exchange.stop();
}

#[test]
fn hold_and_resume_with_srtp() {
    let exchange = insisting();
    let voice = Voice::PCMA.protected();
    let mut anna = Phone::speaking(voice, &exchange, "2005", Over::Tls, ANNA_HZ);
    let set = Set::of(&exchange);
    anna.dial("301");
    set.rings(s(30));
    set.lift();
    anna.event("CALL_ESTABLISHED", s(30));
    for _ in 0..2 {
        set.hears(ANNA_HZ, s(30));
        anna.command("hold", "");
        set.hears_not(ANNA_HZ, s(30));
        anna.command("resume", "");
    }
    set.hears(ANNA_HZ, s(30));
    set.part_from(&mut anna);
    let calls = exchange.ended_calls(1);
    let text = explained(&exchange, &calls[0]);
    assert!(text.contains("(PCMA, SRTP)"), "{text}");
    exchange.rest();
    anna.quit();
    exchange.stop();
}

#[test]
fn a_phone_with_all_codecs_speaks_g711_with_the_set() {
    let exchange = office();
    let mut anna = Phone::speaking(Voice::ALL, &exchange, "2005", Over::Udp, ANNA_HZ);
    let set = Set::of(&exchange);
    anna.dial("301");
    set.rings(s(30));
    set.lift();
    anna.event("CALL_ESTABLISHED", s(30));
    set.hears(ANNA_HZ, s(30));
    set.part_from(&mut anna);
    let calls = exchange.ended_calls(1);
    let text = explained(&exchange, &calls[0]);
    assert!(text.contains("(PCMA)"), "{text}");
    exchange.rest();
    anna.quit();
    exchange.stop();
}
