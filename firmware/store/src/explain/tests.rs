use core::time::Duration;
use std::collections::BTreeSet;

use model::{
    CallId, Codec, Event, EventBody, Instant, LegId, LegKind, MediaFigures, Now, Party, PartyId,
    PortId, QualityCause, QualityMinute, Record, Seq, Target, Transport, Wall,
};

use super::*;

fn names<'a>() -> Names<'a> {
    Names {
        entry: &|id| match id.as_str() {
            "jan" => Some("Jan Kowalski".into()),
            "anna" => Some("Anna Nowak".into()),
            _ => None,
        },
        party: &|id| match id.0 {
            1 => Some(Party {
                number: "2002".into(),
                name: "x-lite".into(),
            }),
            2 => Some(Party {
                number: "2001".into(),
                name: String::new(),
            }),
            _ => None,
        },
        port: &|id| (id == PortId(0)).then(|| "fxs1".into()),
        time: &utc,
    }
}

/// A call of Jan to Anna, told by what happened at which millisecond.
fn view(events: Vec<(u64, Option<u128>, Rule, EventBody)>) -> CallView {
    let record = |(at, (ms, leg, rule, body)): (usize, (u64, Option<u128>, Rule, EventBody))| {
        let now = Now {
            mono: Instant::from_millis(ms),
            wall: Wall::from_secs(1_772_438_400).plus(Duration::from_millis(ms)),
            trust: Trust::Synced,
        };
        let event = Event {
            call: Some(CallId(0xab)),
            leg: leg.map(LegId),
            rule,
            body,
        };
        Record {
            seq: Seq(at as u64 + 1),
            at: now,
            event,
        }
    };
    let mut records = events.into_iter().enumerate().map(record);
    let mut view = CallView::begin(&records.next().expect("a call has a start")).expect("a start");
    records.for_each(|record| view.apply(&record));
    view
}

fn phone(owner: &str) -> LegKind {
    let owner = EntryId::new(owner).expect("a legal id");
    LegKind::Phone {
        owner,
        transport: Transport::Udp,
    }
}

fn start() -> Vec<(u64, Option<u128>, Rule, EventBody)> {
    let target = Target::Person(EntryId::new("anna").expect("a legal id"));
    let leg = |owner, outbound| EventBody::LegStarted {
        kind: phone(owner),
        outbound,
        party: None,
    };
    let begun = EventBody::CallStarted {
        from: PartyId(1),
        to: PartyId(2),
    };
    vec![
        (0, Some(1), Rule::CallFromPhone, begun),
        (0, Some(1), Rule::CallFromPhone, leg("jan", false)),
        (1, None, Rule::DialledPerson, EventBody::Routed { target }),
        (1, Some(2), Rule::RingAllPhones, leg("anna", true)),
        (80, Some(2), Rule::PhoneRang, EventBody::LegRang),
    ]
}

fn talked() -> CallView {
    let mut events = start();
    let media = MediaFigures {
        packets_in: 3_600,
        packets_out: 3_599,
        lost: 2,
        late: 1,
        jitter_us_max: 3_250,
        ..MediaFigures::default()
    };
    let over = EventBody::LegEnded {
        cause: Cause::Normal,
        status: None,
        media,
    };
    let gone = EventBody::LegEnded {
        cause: Cause::Normal,
        status: None,
        media: MediaFigures::default(),
    };
    let ended = EventBody::CallEnded {
        cause: Cause::Normal,
        duration: Duration::from_millis(75_300),
        talk: Some(Duration::from_secs(72)),
    };
    let answered = EventBody::LegAnswered {
        protection: model::Protection::Clear,
        codec: Some(Codec::Pcma),
    };
    events.push((3_300, Some(2), Rule::PhoneAnswered, answered.clone()));
    events.push((3_300, Some(1), Rule::CallerConnected, answered));
    events.push((
        3_300,
        Some(2),
        Rule::PhoneAnswered,
        EventBody::CallAnswered { by: LegId(2) },
    ));
    events.push((75_300, Some(2), Rule::PartyHungUp, over));
    events.push((75_300, Some(1), Rule::PartyHungUp, gone));
    events.push((75_300, None, Rule::PartyHungUp, ended));
    view(events)
}

#[test]
fn a_call_is_told_in_english() {
    let expected = "\
Jan Kowalski (2002) called 2001 (Anna Nowak) and talked 1 min 12 s; Anna Nowak hung up.
2026-03-02 08:00:00Z · 000000000000000000000000000000ab

     0.000 s  x-lite (2002) calls 2001 — a registered phone dialled [call.from_phone]
     0.000 s  Jan Kowalski is connected (SIP, UDP) — a registered phone dialled [call.from_phone]
     0.001 s  The call goes to Anna Nowak — the number is a person's extension [dialled.person]
     0.001 s  Calling Anna Nowak (SIP, UDP) — all phones of the person ring at once [ring.all_phones]
     0.080 s  It rings at Anna Nowak — the phone said that it rings [phone.rang]
     3.300 s  Anna Nowak answers (PCMA) — this phone answered first [phone.answered]
     3.300 s  Jan Kowalski is put through (PCMA) — the call was answered [caller.connected]
     3.300 s  The conversation with Anna Nowak begins — this phone answered first [phone.answered]
    75.300 s  Anna Nowak leaves: hung up — a party hung up [party.hung_up]
    75.300 s  Jan Kowalski leaves: hung up — a party hung up [party.hung_up]
    75.300 s  The call is over after 1 min 15 s: hung up — a party hung up [party.hung_up]

Sound
  Anna Nowak PCMA: packets received 3600, sent 3599, lost 2, late 1, jitter 3.2 ms
";
    assert_eq!(explain(&talked(), &names(), Language::English), expected);
}

/// A minute of a leg, as the ledger has it: its score, and what was lost of what should have come.
#[test]
fn how_a_minute_sounded_is_told_in_every_language() {
    let mut events = start();
    let minute = QualityMinute {
        seconds: 60,
        packets: 2_940,
        lost: 60,
        mos_100_min: 250,
        mos_100: 384,
        cause: QualityCause::Loss,
        ..QualityMinute::default()
    };
    events.push((
        63_300,
        Some(2),
        Rule::Periodic,
        EventBody::LegQuality { minute },
    ));
    let view = view(events);
    let told = Language::ALL.map(|language| {
        let text = explain(&view, &names(), language);
        let line = text.lines().find(|line| line.contains("63"));
        let line = line.unwrap_or_else(|| panic!("{text}")).trim();
        let (_, said) = line
            .split_once(" s  ")
            .or_else(|| line.split_once(" с  "))
            .expect("a time");
        said.split(" — ").next().expect("a sentence").to_owned()
    });
    assert_eq!(
        told,
        [
            "Anna Nowak: score 3.8, 2.0 % lost",
            "Anna Nowak: ocena 3,8, utracono 2,0%",
            "Anna Nowak: známka 3,8, ztraceno 2,0 %",
            "Anna Nowak: оценка 3,8, потеряно 2,0 %",
        ]
    );
}

#[test]
fn the_one_sentence_in_every_language() {
    let sentences = Language::ALL.map(|language| summary(&talked(), &names(), language));
    assert_eq!(
        sentences,
        [
            "Jan Kowalski (2002) called 2001 (Anna Nowak) and talked 1 min 12 s; Anna Nowak hung up.",
            "Jan Kowalski (2002) dzwoni pod numer 2001 (Anna Nowak); rozmowa trwa 1 min 12 s, \
             rozłącza się Anna Nowak.",
            "Jan Kowalski (2002) volá číslo 2001 (Anna Nowak); hovor trvá 1 min 12 s, \
             zavěšuje Anna Nowak.",
            "Jan Kowalski (2002) звонит на номер 2001 (Anna Nowak); разговор длится 1 мин 12 с, \
             трубку кладёт Anna Nowak.",
        ]
    );
}

#[test]
fn unanswered_cut_off_and_running_calls_have_their_sentence() {
    let end = |rule, cause, talk| {
        let duration = Duration::from_millis(30_400);
        (
            30_400,
            None,
            rule,
            EventBody::CallEnded {
                cause,
                duration,
                talk,
            },
        )
    };
    let said = |events| summary(&view(events), &names(), Language::English);
    assert_eq!(
        said(start()),
        "Jan Kowalski (2002) is calling 2001 (Anna Nowak)."
    );

    let mut events = start();
    events.push(end(Rule::RingTimeout, Cause::NoAnswer, None));
    assert_eq!(
        said(events),
        "Jan Kowalski (2002) called 2001 (Anna Nowak) without an answer: nobody answered after 30 s."
    );

    let mut events = start();
    events.push((
        400,
        Some(2),
        Rule::PhoneAnswered,
        EventBody::CallAnswered { by: LegId(2) },
    ));
    assert_eq!(
        said(events.clone()),
        "Jan Kowalski (2002) called 2001 (Anna Nowak) and they are talking."
    );
    events.push(end(
        Rule::PowerLost,
        Cause::PowerLost,
        Some(Duration::from_millis(400)),
    ));
    assert_eq!(
        said(events),
        "Jan Kowalski (2002) called 2001 (Anna Nowak) and talked 0.4 s; the call ended: power lost."
    );
}

#[test]
fn erased_people_and_unknown_entries_are_said_so() {
    let from = PartyId(98);
    let to = PartyId(99);
    let port = EntryId::new("set-1").expect("a legal id");
    let kind = LegKind::Port {
        owner: port,
        port: PortId(0),
    };
    let leg = EventBody::LegStarted {
        kind,
        outbound: false,
        party: None,
    };
    let view = view(vec![
        (
            0,
            None,
            Rule::CallFromPort,
            EventBody::CallStarted { from, to },
        ),
        (0, Some(1), Rule::CallFromPort, leg),
    ]);
    let text = explain(&view, &names(), Language::Polish);
    assert!(
        text.starts_with("set-1 dzwoni pod numer (usunięto)."),
        "{text}"
    );
    assert!(text.contains("Dołącza set-1 (fxs1)"), "{text}");
}

#[test]
fn no_language_says_two_different_things_alike() {
    for language in Language::ALL {
        let words = language.words();
        let rules: BTreeSet<_> = Rule::ALL.iter().map(|&rule| words.rule(rule)).collect();
        let causes: BTreeSet<_> = Cause::ALL.iter().map(|&cause| words.cause(cause)).collect();
        assert!(!rules.contains("") && !causes.contains(""));
        // «No codec in common» and the like may be both rule and cause, never two rules.
        let count = rules.len();
        assert_eq!(
            (count, causes.len()),
            (Rule::ALL.len(), Cause::ALL.len()),
            "{language:?}"
        );
        assert_eq!(Language::from_code(language.code()), Some(language));
    }
    assert_eq!(Language::from_code("pl_PL.UTF-8"), Some(Language::Polish));
    assert_eq!(Language::from_code("de"), None);
}

#[test]
fn a_name_is_no_template() {
    let names = Names {
        entry: &|_| Some("{1}{0".into()),
        ..names()
    };
    let said = summary(&view(start()), &names, Language::English);
    assert_eq!(said, "{1}{0 (2002) is calling 2001 ({1}{0).");
}

#[test]
fn the_list_stands_in_columns() {
    let answered = talked();
    let mut events = start();
    let cause = Cause::Busy;
    let duration = Duration::from_millis(200);
    let ended = EventBody::CallEnded {
        cause,
        duration,
        talk: None,
    };
    events.push((200, None, Rule::PhoneRefused, ended));
    let cdrs = [answered.cdr().clone(), view(events).cdr().clone()];
    let expected = "\
CZAS                  OD                   DO                 WYNIK     ROZMOWA     POŁĄCZENIE
2026-03-02 08:00:00Z  Jan Kowalski (2002)  2001 (Anna Nowak)  odebrane  1 min 12 s  000000000000000000000000000000ab
2026-03-02 08:00:00Z  Jan Kowalski (2002)  2001 (Anna Nowak)  zajęte                000000000000000000000000000000ab
";
    assert_eq!(list(&cdrs, &names(), Language::Polish), expected);
}

#[test]
fn days_are_right_at_their_edges() {
    for (seconds, text) in [
        (0, "1970-01-01 00:00:00Z"),
        (-1, "1969-12-31 23:59:59Z"),
        (951_782_400, "2000-02-29 00:00:00Z"),
        (1_709_251_199, "2024-02-29 23:59:59Z"),
        (4_107_542_400, "2100-03-01 00:00:00Z"),
    ] {
        assert_eq!(utc(Wall::from_secs(seconds)), text);
    }
}
