//! Two real phones, each with a tone of its own: each must hear the other, and nobody else.

use std::{net::UdpSocket, time::Duration};

use tests_e2e::{
    baresip::{Over, Phone, SPOKEN_DBM0},
    ears::Sound,
    exchange::{Exchange, Office},
    phone, ports,
    set::Set,
    wait::{now, s, within},
};

/// Tones of the phones: multiples of 20 Hz, no harmonics of one another.
pub(crate) const ANNA_HZ: u32 = 700;
pub(crate) const JAN_HZ: u32 = 1_160;
/// How much is listened to.
pub(crate) const ENOUGH: Duration = s(4);
/// Both codecs and the sampling may change a level by this much, in dB.
const LEVEL_DB: f64 = 1.5;

/// An office whose people have baresip phones; the exchange already knows that these know MD5 only.
pub(crate) fn office() -> Exchange {
    started(&Office::with(&["2005", "2006"]))
}

pub(crate) fn started(office: &Office) -> Exchange {
    let exchange = Exchange::start(office);
    for extension in ["2005", "2006"] {
        phone::Phone::teach_md5(exchange.at.udp, extension);
    }
    exchange
}

/// The tone, at its level, in most of what was heard, and nothing of `stranger`.
#[track_caller]
pub(crate) fn hears(who: &str, sound: &Sound, hz: u32, stranger: u32) {
    let level_dbm0 = hears_alone(who, sound, hz, stranger);
    assert!(
        (level_dbm0 - SPOKEN_DBM0).abs() < LEVEL_DB,
        "{who} must hear {hz} Hz at {SPOKEN_DBM0} dBm0, not {level_dbm0:.1}"
    );
}

/// The same at whatever level, which it gives in dBm0.
#[track_caller]
pub(crate) fn hears_alone(who: &str, sound: &Sound, hz: u32, stranger: u32) -> f64 {
    let verdict = sound.listen(hz);
    let looks = verdict.tone + verdict.other + verdict.silent;
    assert!(
        verdict.tone * 2 > looks && verdict.tone >= 30,
        "{who} must hear {hz} Hz: {verdict:?}"
    );
    // A gap in the wanted tone splashes a little over all frequencies; a person does not whisper
    // 12 dB below the other for only 50 ms.
    let heard = sound.listen(stranger).tone;
    let loudest = sound.loudest(stranger);
    assert!(
        heard == 0 && loudest < SPOKEN_DBM0 - 6.0,
        "{who} hears {stranger} Hz: {heard} looks, at most {loudest:.1} dBm0"
    );
    verdict.level_dbm0
}

/// What `explain` says about the voice of a call, a leg a line.
#[derive(Debug)]
struct LegFigures {
    received: u64,
    sent: u64,
    lost: u64,
    late: u64,
}

fn leg_figures(exchange: &Exchange, call: &serde_json::Value) -> Vec<LegFigures> {
    let id = call["id"].as_str().expect("a call has an id");
    let text = exchange.ask(&["call", "explain", id, "--language", "en"]);
    let lines = text
        .lines()
        .filter(|line| line.contains("packets received"));
    lines
        .map(|line| {
            let figure = |name: &str| -> u64 {
                let (_, rest) = line.split_once(name).expect(name);
                let digits = rest.trim_start().split([',', ' ']).next();
                digits.and_then(|d| d.parse().ok()).expect(name)
            };
            LegFigures {
                received: figure("packets received"),
                sent: figure("sent"),
                lost: figure(", lost"),
                late: figure(", late"),
            }
        })
        .collect()
}

/// Nothing vanishes inside the exchange: what one leg received, the other sent. `edges` is how long one
/// leg may have been there without the other.
#[track_caller]
pub(crate) fn accounts_add_up(exchange: &Exchange, call: &serde_json::Value, edges: Duration) {
    let legs = leg_figures(exchange, call);
    let [a, b] = &legs[..] else {
        panic!("two legs have figures, not {legs:?}");
    };
    for (from, to) in [(a, b), (b, a)] {
        let accounted = to.sent + from.lost + from.late;
        // Packets of 20 ms that came before the other leg could take them, or after it had hung up.
        let edge = 25 + from.received / 50 + u64::try_from(edges.as_millis()).expect("short") / 20;
        assert!(
            to.sent <= from.received + edge && accounted + edge >= from.received,
            "{from:?} → {to:?}"
        );
        assert!(from.received > 100, "{legs:?}");
    }
}

/// What two phones heard of each other in a call.
pub(crate) struct Talk {
    pub(crate) at_anna: Sound,
    pub(crate) at_jan: Sound,
    /// How long it took until both were in the call, and until both were out of it.
    pub(crate) edges: Duration,
}

/// Anna calls Jan, they talk for a while, and Anna hangs up.
#[track_caller]
pub(crate) fn talk_together(anna: &mut Phone, jan: &mut Phone) -> Talk {
    anna.dial("2006");
    jan.answer();
    let answered = now();
    anna.event("CALL_ESTABLISHED", s(30));
    jan.event("CALL_ESTABLISHED", s(30));
    let coming = answered.elapsed();
    let (at_anna, at_jan) = (anna.heard(ENOUGH), jan.heard(ENOUGH));
    let hung_up = now();
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    let edges = coming + hung_up.elapsed();
    Talk {
        at_anna,
        at_jan,
        edges,
    }
}

fn two_phones_talk(over: Over) {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", over, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", over, JAN_HZ);
    let talk = talk_together(&mut anna, &mut jan);
    hears("the caller", &talk.at_anna, JAN_HZ, ANNA_HZ);
    hears("the called", &talk.at_jan, ANNA_HZ, JAN_HZ);
    hears("the microphone", &jan.spoken(s(2)), JAN_HZ, ANNA_HZ);
    let calls = exchange.ended_calls(1);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    assert_eq!(
        (&calls[0]["from"], &calls[0]["to"]),
        (&"2005".into(), &"2006".into())
    );
    let table = exchange.ask(&["call", "list"]);
    assert!(table.contains("Person 2005 (2005)"), "{table}");
    assert!(!table.contains("(2005) (2005)"), "{table}");
    accounts_add_up(&exchange, &calls[0], talk.edges);
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

#[test]
fn two_phones_over_udp_hear_each_other() {
    two_phones_talk(Over::Udp);
}

#[test]
fn two_phones_over_tcp_hear_each_other() {
    two_phones_talk(Over::Tcp);
}

#[test]
fn two_phones_over_tls_hear_each_other() {
    two_phones_talk(Over::Tls);
}

/// A phone and the set that it talks with, each with a tone of its own.
struct Pair<'e> {
    phone: Phone,
    set: Set<'e>,
    phone_hz: u32,
    set_hz: u32,
}

/// The extensions of the phones and of the sets of [`pairs`].
const PHONES: [&str; 3] = ["2005", "2006", "2007"];
const SETS: [&str; 3] = ["301", "302", "303"];

/// An office with a set for each of three phones.
fn office_of_pairs() -> Exchange {
    let office = Office::with(&PHONES)
        .table("[[analog]]\nport = \"fxs2\"\nextension = \"302\"\n")
        .table("[[analog]]\nport = \"fxs3\"\nextension = \"303\"\n");
    let exchange = started(&office);
    phone::Phone::teach_md5(exchange.at.udp, "2007");
    exchange
}

/// A phone over each transport, each with a set.
fn pairs(exchange: &Exchange) -> [Pair<'_>; 3] {
    let over = [Over::Udp, Over::Tcp, Over::Tls];
    let hz = [(700, 1_160), (860, 1_300), (1_060, 1_900)];
    std::array::from_fn(|at| Pair {
        phone: Phone::start(exchange, PHONES[at], over[at], hz[at].0),
        set: Set::at(exchange, ["fxs1", "fxs2", "fxs3"][at]),
        phone_hz: hz[at].0,
        set_hz: hz[at].1,
    })
}

/// All pairs talk at the same time: each hears its other, and nobody else and not itself.
#[track_caller]
fn all_hear_their_other(pairs: &[Pair<'_>]) {
    for pair in pairs {
        pair.set.talk(pair.set_hz);
    }
    for pair in pairs {
        let levels = SPOKEN_DBM0 - LEVEL_DB..=SPOKEN_DBM0 + LEVEL_DB;
        pair.set.hears_at(pair.phone_hz, levels, s(30));
        let itself = pair.set.heard_lately(pair.set_hz);
        assert!(!itself, "the set with {} Hz hears itself", pair.set_hz);
    }
    let before = pairs.iter().map(|pair| pair.phone.heard(s(0)).duration());
    let before: Vec<Duration> = before.collect();
    for (pair, before) in pairs.iter().zip(before) {
        let at_phone = pair.phone.heard(before + ENOUGH).after(before);
        let heard = at_phone.listen(pair.set_hz);
        assert!(heard.tone >= 40, "{} Hz: {heard:?}", pair.set_hz);
        let all = pairs.iter().flat_map(|pair| [pair.phone_hz, pair.set_hz]);
        for stranger in all.filter(|hz| *hz != pair.set_hz) {
            let heard = at_phone.listen(stranger).tone;
            assert_eq!(heard, 0, "{} Hz hears {stranger} Hz", pair.phone_hz);
        }
    }
}

/// The calls of all pairs went from `callers` to `called`, and ended in order.
#[track_caller]
fn all_called(exchange: &Exchange, callers: [&str; 3], called: [&str; 3]) {
    let calls = exchange.ended_calls(3);
    assert_eq!(calls.len(), 3, "{calls:?}");
    for (from, to) in callers.into_iter().zip(called) {
        let call = calls.iter().find(|call| call["from"] == from);
        let call = call.unwrap_or_else(|| panic!("{from} called: {calls:?}"));
        assert_eq!(
            (&call["to"], &call["cause"]),
            (&to.into(), &"normal".into())
        );
    }
}

#[test]
fn sets_call_phones_over_udp_tcp_and_tls_and_all_hear() {
    let exchange = office_of_pairs();
    let mut pairs = pairs(&exchange);
    for (pair, number) in pairs.iter_mut().zip(PHONES) {
        pair.set.lift();
        pair.set.hears_dial_tone(s(30));
        pair.set.dial(number);
    }
    for pair in &mut pairs {
        pair.phone.answer();
        pair.phone.event("CALL_ESTABLISHED", s(30));
    }
    all_hear_their_other(&pairs);
    for pair in &mut pairs {
        pair.set.hang_up();
        pair.phone.event("CALL_CLOSED", s(30));
    }
    all_called(&exchange, SETS, PHONES);
    exchange.rest();
    pairs.into_iter().for_each(|pair| pair.phone.quit());
    exchange.stop();
}

#[test]
fn phones_over_udp_tcp_and_tls_call_sets_and_all_hear() {
    let exchange = office_of_pairs();
    let mut pairs = pairs(&exchange);
    for (pair, number) in pairs.iter_mut().zip(SETS) {
        pair.phone.dial(number);
    }
    for pair in &mut pairs {
        pair.set.rings(s(30));
        pair.set.lift();
        pair.phone.event("CALL_ESTABLISHED", s(30));
    }
    all_hear_their_other(&pairs);
    for pair in &mut pairs {
        pair.set.part_from(&mut pair.phone);
    }
    all_called(&exchange, PHONES, SETS);
    exchange.rest();
    pairs.into_iter().for_each(|pair| pair.phone.quit());
    exchange.stop();
}

#[test]
fn the_echo_test_gives_back_what_is_said() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    anna.dial("*43");
    anna.event("CALL_ESTABLISHED", s(30));
    let heard = anna.heard(s(6));
    anna.hang_up();
    anna.event("CALL_CLOSED", s(30));
    hears("the caller", &heard, ANNA_HZ, JAN_HZ);
    exchange.rest();
    anna.quit();
    exchange.stop();
}

#[test]
fn hold_silences_and_resume_gives_the_voice_back() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let set = Set::of(&exchange);
    anna.dial("301");
    set.rings(s(30));
    set.lift();
    anna.event("CALL_ESTABLISHED", s(30));
    set.hears(ANNA_HZ, s(30));
    anna.command("hold", "");
    set.hears_not(ANNA_HZ, s(30));
    anna.command("resume", "");
    set.hears(ANNA_HZ, s(30));
    set.part_from(&mut anna);
    exchange.rest();
    anna.quit();
    exchange.stop();
}

#[test]
fn both_hang_up_at_the_same_moment() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Tcp, JAN_HZ);
    for round in 1..=3 {
        anna.dial("2006");
        jan.answer();
        anna.event("CALL_ESTABLISHED", s(30));
        jan.event("CALL_ESTABLISHED", s(30));
        let (first, second) = if round == 2 {
            (&mut jan, &mut anna)
        } else {
            (&mut anna, &mut jan)
        };
        first.hang_up();
        second.hang_up();
        anna.event("CALL_CLOSED", s(30));
        jan.event("CALL_CLOSED", s(30));
        let calls = exchange.ended_calls(round);
        assert_eq!(calls.len(), round, "{calls:?}");
        assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
        exchange.rest();
    }
    anna.quit();
    jan.quit();
    exchange.stop();
}

/// Packets as a stranger would send them, to every port for voice, as long as a conversation's.
fn whisper(ports: std::ops::RangeInclusive<u16>, hz: u32) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let voice = Sound::tone(f64::from(hz), SPOKEN_DBM0, s(2)).to_alaw();
    for (number, payload) in (0_u16..).zip(voice.chunks_exact(160)) {
        let mut packet = vec![0x80, 8];
        packet.extend_from_slice(&number.to_be_bytes());
        packet.extend_from_slice(&(u32::from(number) * 160).to_be_bytes());
        packet.extend_from_slice(&0x0bad_cafe_u32.to_be_bytes());
        packet.extend_from_slice(payload);
        for port in ports.clone() {
            // A port without a listener answers with an error to the next packet: no matter.
            let _ = socket.send_to(&packet, ("127.0.0.1", port));
            // The same place is also told things that are no RTP at all.
            let garbage = packet.get(..usize::from(number) % 40).unwrap_or_default();
            let _ = socket.send_to(garbage, ("127.0.0.1", port));
        }
        // The pace of a conversation.
        within(Duration::from_millis(20), || None::<()>);
    }
}

#[test]
fn a_stranger_is_never_heard() {
    let first = ports::free_voice(16);
    let office = Office::with(&["2005", "2006"]).voice_ports(first, first + 15);
    let exchange = started(&office);
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Udp, JAN_HZ);
    anna.dial("2006");
    jan.answer();
    anna.event("CALL_ESTABLISHED", s(30));
    jan.event("CALL_ESTABLISHED", s(30));
    let before = (anna.heard(s(1)).duration(), jan.heard(s(1)).duration());
    let stranger_hz = 1_900;
    whisper(first..=first + 15, stranger_hz);
    let at_anna = anna.heard(before.0 + s(2));
    let at_jan = jan.heard(before.1 + s(2));
    anna.hang_up();
    jan.event("CALL_CLOSED", s(30));
    hears("the caller", &at_anna, JAN_HZ, stranger_hz);
    hears("the called", &at_jan, ANNA_HZ, stranger_hz);
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}

#[test]
fn all_phones_of_a_person_ring_and_one_answers() {
    let exchange = office();
    let mut anna = Phone::start(&exchange, "2005", Over::Udp, ANNA_HZ);
    let mut jan = Phone::start(&exchange, "2006", Over::Tls, JAN_HZ);
    let mut other = phone::Phone::new(exchange.at.udp, "2006");
    let registered = other.register(phone::Algorithm::Md5, 600);
    assert_eq!(registered.status(), 200, "{}", registered.0);
    anna.dial("2006");
    let invite = other.is_asked("INVITE", s(30));
    let invite = invite.expect("the second phone rings too");
    other.respond(&invite, "180 Ringing");
    jan.answer();
    let cancel = other.is_asked("CANCEL", s(30));
    let cancel = cancel.expect("it stops ringing");
    assert!(cancel.contains("Call completed elsewhere"), "{cancel}");
    other.respond(&cancel, "200 OK");
    other.respond(&invite, "487 Request Terminated");
    anna.event("CALL_ESTABLISHED", s(30));
    hears("the caller", &anna.heard(ENOUGH), JAN_HZ, ANNA_HZ);
    jan.hang_up();
    anna.event("CALL_CLOSED", s(30));
    let calls = exchange.ended_calls(1);
    assert_eq!(calls[0]["cause"], "normal", "{calls:?}");
    exchange.rest();
    anna.quit();
    jan.quit();
    exchange.stop();
}
