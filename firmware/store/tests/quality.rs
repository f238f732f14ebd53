//! How a call sounded: one record for each leg and minute, which outlasts the exchange that wrote it.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod office;

use std::time::Duration;

use model::{
    Cause, EntryId, EventBody, LegId, PartyId, PortId, QualityCause, QualityMinute, Record, Rule,
    Seq,
};
use office::{Folder, Scribe, entry, ids, open};
use store::{
    Batch, Reader,
    explain::{Language, Names, explain, utc},
};

/// A minute in which no figure is what it is by default, and none what it is in another minute.
fn minute(leg: u8, at: u8, seconds: u8) -> QualityMinute {
    let n = leg * 10 + at;
    QualityMinute {
        seconds,
        packets: u32::from(seconds) * 50 - u32::from(n),
        lost: u32::from(n) * 20,
        late: u32::from(n) + 1,
        jitter_ms_max: n + 2,
        round_trip_ms_max: 300 + u16::from(n),
        far_loss_256_max: n + 3,
        far_mos_100_min: 200 + u16::from(n),
        level_dbm0: -20 - i8::try_from(at).unwrap(),
        clipped_seconds: at,
        silent_seconds: at + 1,
        mos_100_min: 150 + u16::from(n),
        mos_100: 440 - u16::from(n) * 10,
        cause: [QualityCause::Late, QualityCause::Delay][usize::from(leg)],
    }
}

/// Two minutes and a rest of both legs of the first call, each batch as the exchange commits it.
fn talk(scribe: &mut Scribe) -> Vec<Batch> {
    let (call, a, b) = ids(1);
    let lengths = [(1, 60), (2, 60), (3, 12)];
    let minutes = lengths.map(|(at, seconds)| {
        scribe.pass(u64::from(seconds) * 1_000);
        let figures = [(0, a), (1, b)].map(|(of, leg)| {
            let body = EventBody::LegQuality {
                minute: minute(of, at, seconds),
            };
            scribe.record(Some(call), Some(leg), Rule::Periodic, body)
        });
        Batch {
            records: figures.to_vec(),
            ..Batch::default()
        }
    });
    minutes.to_vec()
}

/// What the ledger has of how the first call sounded.
fn kept(reader: &Reader) -> Vec<(Option<LegId>, QualityMinute)> {
    let stored = reader.call_records(ids(1).0).unwrap();
    let figure = |record: Record| match record.event.body {
        EventBody::LegQuality { minute } => {
            assert_eq!(record.event.rule, Rule::Periodic);
            Some((record.event.leg, minute))
        }
        _ => None,
    };
    stored
        .into_iter()
        .filter_map(|stored| figure(stored.record))
        .collect()
}

/// What is told of the minutes, each line from the time on.
fn told(reader: &Reader, language: Language) -> Vec<String> {
    let name = |id: &EntryId| Some(if *id == entry("jan") { "Jan" } else { "Anna" }.to_owned());
    let names = Names {
        entry: &name,
        party: &|id: PartyId| reader.party(id).unwrap(),
        port: &|_: PortId| None,
        time: &utc,
    };
    let view = reader.call(ids(1).0).unwrap().unwrap();
    let text = explain(&view, &names, language);
    let of_minutes = text.lines().filter(|line| line.contains("[periodic]"));
    of_minutes.map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_minute_of_every_leg_is_there_after_a_restart_and_is_told() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store
        .append(&[scribe.ringing_call(1), scribe.answer(1)])
        .unwrap();
    store.append(&talk(&mut scribe)).unwrap();
    store.append(&[scribe.hang_up(1, 0)]).unwrap();
    store.close().unwrap();

    let (_store, recovered) = open(&folder);
    assert!(!recovered.unclean && recovered.next_seq == Seq(scribe.seq));
    let reader = Reader::open(folder.path()).unwrap();
    let (_, a, b) = ids(1);
    let wanted = [(1, 60), (2, 60), (3, 12)].map(|(at, seconds)| {
        let of = |leg, id| (Some(id), minute(leg, at, seconds));
        [of(0, a), of(1, b)]
    });
    assert_eq!(kept(&reader), wanted.concat());
    let lines = told(&reader, Language::English);
    assert_eq!(
        lines.first().map(String::as_str),
        Some("63.080 s  Jan: score 4.3, 0.7 % lost — a periodic figure [periodic]")
    );
    assert_eq!(lines.len(), 6);
}

/// What was heard until the power failed is as true as it was.
#[test]
fn a_cut_takes_no_minute_that_was_written() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store
        .append(&[scribe.ringing_call(1), scribe.answer(1)])
        .unwrap();
    store.append(&talk(&mut scribe)).unwrap();
    drop(store);

    let (store, recovered) = open(&folder);
    assert_eq!((recovered.unclean, recovered.calls_closed), (true, 1));
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(kept(&reader).len(), 6);
    let cdr = store.cdr(ids(1).0).unwrap().unwrap();
    // They are the last sign of the call: it lasted at least as long as somebody measured it.
    assert_eq!(
        (cdr.cause, cdr.talk),
        (Some(Cause::PowerLost), Some(Duration::from_secs(132)))
    );
    let lines = told(&reader, Language::Polish);
    assert_eq!(lines.len(), 6, "{lines:#?}");
}
