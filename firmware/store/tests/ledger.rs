//! The ledger as the exchange and the screens see it.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod office;

use std::{sync::mpsc::sync_channel, time::Duration};

use model::{
    Cause, EventBody, KeptSample, LifelineTest, LifelineVerdict, LineBalance, LineEvidence,
    LineSample, LineSign, LineTone, Party, PartyId, RecordingId, Rule, Seq, StateChange,
    ToneEvidence, ToneSignature, Trust, Wall,
    limits::{LINE_EVIDENCE, LINE_HOURS, LINE_MINUTES, PARTY_TEXT_MAX},
};
use office::{Folder, MORNING, Scribe, binding, bound, entry, ids, open, party};
use store::{Batch, REFRESH_LAG, REFRESH_WRITE, Reader, Store, StoreError, Writer, WriterOptions};

#[test]
fn a_call_is_found_again_as_it_was() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    assert_eq!(
        (recovered.next_seq, recovered.boot, recovered.unclean),
        (Seq(1), 1, false)
    );
    let batches = Scribe::new(recovered.next_seq).whole_call(1);
    let done = store.append(&batches).unwrap();
    assert_eq!((done.durable, done.gaps, done.repeated), (Seq(10), 0, 0));

    let reader = Reader::open(folder.path()).unwrap();
    let records: Vec<_> = batches
        .iter()
        .flat_map(|batch| batch.records.clone())
        .collect();
    let stored = reader.records(Seq(1), 100).unwrap();
    assert!(stored.iter().all(|stored| stored.boot == 1));
    assert_eq!(
        stored
            .into_iter()
            .map(|stored| stored.record)
            .collect::<Vec<_>>(),
        records
    );

    let cdr = reader.calls(100, None).unwrap().remove(0);
    assert_eq!(
        (cdr.cause, cdr.rule),
        (Some(Cause::Normal), Some(Rule::PartyHungUp))
    );
    assert_eq!(cdr.talk, Some(Duration::from_secs(72)));
    assert_eq!(
        (cdr.caller, cdr.answered_by),
        (Some(entry("jan")), Some(entry("anna")))
    );
    assert_eq!(cdr.started, MORNING);
    assert_eq!(
        reader.party(cdr.from).unwrap(),
        Some(party("2002", "Jan Kowalski"))
    );

    let view = reader.call(ids(1).0).unwrap().unwrap();
    assert_eq!(view.lines.len(), 10);
    assert_eq!(view.hung_up, Some(ids(1).2));
    assert!(reader.live().unwrap().calls.is_empty());
}

#[test]
fn only_one_process_writes() {
    let folder = Folder::new();
    let (store, _) = open(&folder);
    let Err(StoreError::Locked { pid, .. }) = Store::open(folder.path(), MORNING, Trust::Synced)
    else {
        panic!("a second writer got in");
    };
    assert_eq!(pid, std::process::id().to_string());
    store.close().unwrap();
    assert!(!open(&folder).1.unclean);
}

#[test]
fn a_start_after_a_cut_closes_open_calls_with_power_lost() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store
        .append(&[
            scribe.ringing_call(1),
            scribe.ringing_call(2),
            scribe.answer(2),
        ])
        .unwrap();
    let last = scribe.now;
    drop(store);

    // The clock comes up in 1970: the ledger knows better.
    let (store, recovered) = Store::open(folder.path(), Wall(0), Trust::Restored).unwrap();
    assert!(recovered.unclean);
    assert_eq!((recovered.calls_closed, recovered.boot), (2, 2));
    assert_eq!(
        (recovered.wall, recovered.trust),
        (last.wall, Trust::Restored)
    );
    let talked = store.cdr(ids(2).0).unwrap().unwrap();
    assert_eq!(
        (talked.cause, talked.rule),
        (Some(Cause::PowerLost), Some(Rule::PowerLost))
    );
    assert_eq!(
        talked.talk,
        Some(Duration::ZERO),
        "the answer is the last moment known"
    );
    assert_eq!(talked.duration, Some(Duration::from_millis(3_080)));
    assert_eq!(talked.ended, Some(last.wall));
    let rang = store.cdr(ids(1).0).unwrap().unwrap();
    assert_eq!(
        (rang.talk, rang.duration),
        (None, Some(Duration::from_millis(3_160)))
    );
    let view = store.call(ids(1).0).unwrap().unwrap();
    assert!(
        view.legs
            .iter()
            .all(|leg| leg.cause == Some(Cause::PowerLost))
    );
    assert_eq!(recovered.next_seq, store.next_seq());

    // Once is enough.
    drop(store);
    let (_, again) = open(&folder);
    assert_eq!(
        (again.calls_closed, again.next_seq),
        (0, recovered.next_seq)
    );
}

#[test]
fn a_call_that_outlasts_thousands_is_closed_too() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store.append(&scribe.whole_call(1)).unwrap();
    store.append(&[scribe.ringing_call(2)]).unwrap();
    for n in 0..25 {
        let calls = (0..20).flat_map(|m| scribe.whole_call(1_000 + n * 20 + m));
        store.append(&calls.collect::<Vec<_>>()).unwrap();
    }
    assert_eq!(store.live().unwrap().calls.len(), 1);
    drop(store);
    let (store, recovered) = open(&folder);
    assert_eq!(recovered.calls_closed, 1);
    assert_eq!(
        store.cdr(ids(2).0).unwrap().unwrap().cause,
        Some(Cause::PowerLost)
    );
}

#[test]
fn what_comes_twice_counts_once() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let batches = Scribe::new(recovered.next_seq).whole_call(1);
    store.append(&batches).unwrap();
    let before = store.cdr(ids(1).0).unwrap();
    let done = store.append(&batches).unwrap();
    assert_eq!((done.repeated, done.durable), (10, Seq(10)));
    assert_eq!(store.cdr(ids(1).0).unwrap(), before);
}

#[test]
fn erasing_a_person_leaves_the_sequence_whole() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store.append(&scribe.whole_call(1)).unwrap();
    let id = PartyId(11);
    let erased = scribe.note(Rule::Operator, EventBody::Erased { party: id });
    // A late copy of the data does not come back in.
    let late = Batch {
        records: vec![erased],
        parties: vec![],
        ..Batch::default()
    };
    store.append(&[late]).unwrap();
    let parties = vec![(id, party("2002", "Jan Kowalski"))];
    store
        .append(&[Batch {
            parties,
            ..Batch::default()
        }])
        .unwrap();
    assert_eq!(store.party(id).unwrap(), None);
    assert_eq!(store.records(Seq(1), 100).unwrap().len(), 11);
    drop(store);
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "db") {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                !bytes.windows(12).any(|part| part == b"Jan Kowalski"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn long_names_are_cut_between_characters() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let name = "ż".repeat(200);
    let parties = vec![(
        PartyId(1),
        Party {
            number: "1".into(),
            name,
        },
    )];
    store
        .append(&[Batch {
            parties,
            ..Batch::default()
        }])
        .unwrap();
    let kept = store.party(PartyId(1)).unwrap().unwrap().name;
    assert_eq!(kept.chars().count(), PARTY_TEXT_MAX / 2);
}

#[test]
fn a_file_made_after_the_end_of_its_call_belongs_to_its_story() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store.append(&scribe.whole_call(1)).unwrap();
    let call = ids(1).0;
    let known = store.call_records(call).unwrap().len();
    let other = scribe.whole_call(2);
    store.append(&other).unwrap();
    let body = EventBody::RecordingStored {
        recording: RecordingId(1),
        ms: 4_000,
        bytes: 128_044,
        sha256: "ab".into(),
    };
    let stored = scribe.record(Some(call), None, Rule::RecordKept, body.clone());
    let batch = Batch {
        records: vec![stored],
        ..Batch::default()
    };
    store.append(&[batch]).unwrap();
    let story = store.call_records(call).unwrap();
    assert_eq!(story.len(), known + 1, "and none of the other call");
    assert_eq!(story.last().unwrap().record.event.body, body);
}

/// A sample in which everything was measured, taken so many minutes after the beginning.
fn sample_at(minute: u64) -> LineSample {
    let mut whole = LineSample {
        at: minutes(minute),
        volts: Some(-52),
        loop_tenth_ma: Some(231),
        ring_vrms: Some(70),
        ring_tenth_hz: Some(251),
        foreign_volts: Some(3),
        celsius: Some(41),
        rx_dbm0: Some(-20),
        tx_dbm0: Some(-127),
        noise_dbm0: Some(-66),
        caller_dbm0: Some(-18),
        erl_db10: Some(112),
        erle_db10: Some(243),
        in_use: true,
        left_off_hook: true,
        ..LineSample::default()
    };
    for sign in [LineSign::Tone, LineSign::Tone, LineSign::Reversal] {
        whole.hang_ups.count(sign);
    }
    whole
}

fn minutes(after: u64) -> Wall {
    MORNING.plus(Duration::from_secs(60 * after))
}

fn keep(store: &mut Store, port: &str, sample: LineSample) {
    let batch = Batch {
        samples: vec![(port.to_owned(), sample)],
        ..Batch::default()
    };
    assert!(!batch.is_empty() && batch.len() == 1);
    store.append(&[batch]).unwrap();
}

/// The samples of a port from before a minute: when they were, and whether they are hours.
fn kept(store: &Store, port: &str, before: u64) -> Vec<(Wall, bool)> {
    let samples = store.line_samples(port, 100, minutes(before)).unwrap();
    let dated = |kept: KeptSample| (kept.sample.at, kept.spread.is_some());
    samples.into_iter().map(dated).collect()
}

#[test]
fn after_a_week_the_samples_of_an_hour_are_one() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let week = LINE_MINUTES as u64;
    for minute in 0..60 {
        // Lightning in the thirtieth minute; the mean of the hour does not show it.
        let volts = Some(if minute == 30 { 90 } else { -52 });
        let sample = LineSample {
            volts,
            ..sample_at(minute)
        };
        keep(&mut store, "fxo1", sample);
    }
    keep(&mut store, "fxo2", sample_at(5));
    keep(&mut store, "fxo1", sample_at(week + 59));
    let fine = kept(&store, "fxo1", 2 * week);
    assert_eq!(fine.len(), 61, "not all of the hour is a week old");
    assert!(fine.iter().all(|(_, hour)| !hour));
    keep(&mut store, "fxo1", sample_at(week + 60));
    assert_eq!(kept(&store, "fxo1", week), [(minutes(0), true)]);
    let hour = store.line_samples("fxo1", 1, minutes(week)).unwrap()[0];
    assert_eq!(hour.sample.hang_ups.tone, 120);
    assert_eq!(hour.sample.volts, Some(-50));
    let spread = hour.spread.expect("an hour has one");
    assert_eq!(spread.volts, Some((-52, 90)), "its spike is not lost");
    let other = store.line_samples("fxo2", 1, minutes(week)).unwrap();
    let (sample, spread) = (sample_at(5), None);
    assert_eq!(other, [KeptSample { sample, spread }]);
}

#[test]
fn hours_of_a_port_are_kept_for_a_month() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let month = LINE_HOURS as u64 * 60;
    for minute in [0, 59, 60, 125, 200, month - 1] {
        keep(&mut store, "fxo1", sample_at(minute));
    }
    // Hours long before become one each at once.
    let hours = [180, 120, 60, 0].map(|minute| (minutes(minute), true));
    let all = kept(&store, "fxo1", month + 1);
    assert_eq!(all[0], (minutes(month - 1), false));
    assert_eq!(all[1..], hours);
    keep(&mut store, "fxo1", sample_at(month));
    let rest = kept(&store, "fxo1", 300);
    assert_eq!(rest, hours[..3], "a month is over");
}

#[test]
fn the_sound_of_the_newest_hang_ups_of_each_line_is_kept() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let one = |id: u64, port: &str| LineEvidence {
        id: Seq(id),
        at: MORNING,
        port: port.into(),
        call: Some(ids(7).0),
        sign: LineSign::Tone,
        tone: Some(ToneEvidence {
            tone: LineTone::Busy,
            learned: Some(1),
            measured: ToneSignature::default(),
            cycles: 3,
            heard_ms: 3_100,
            level_dbm0: -14,
            no_speech_ms: 3_500,
        }),
        false_one: false,
    };
    let many = LINE_EVIDENCE as u64 + 3;
    let evidence = (1..=many).map(|id| (one(id, "fxo1"), vec![0xd5, id as u8]));
    let other = (one(100, "fxo2"), vec![1]);
    let evidence = evidence.chain([other]).collect();
    let batch = Batch {
        evidence,
        ..Batch::default()
    };
    store.append(&[batch]).unwrap();
    let kept = store.line_evidence("fxo1").unwrap();
    let ids: Vec<u64> = kept.iter().map(|one| one.id.0).collect();
    assert_eq!(
        ids,
        (4..=many).rev().collect::<Vec<_>>(),
        "the oldest make room"
    );
    assert_eq!(kept.last(), Some(&one(4, "fxo1")));
    assert_eq!(store.evidence_sound(Seq(9)).unwrap(), Some(vec![0xd5, 9]));
    assert_eq!(store.evidence_sound(Seq(3)).unwrap(), None);
    assert_eq!(store.line_evidence("fxo2").unwrap().len(), 1);
    assert_eq!(store.mark_false(Seq(9)).unwrap(), Some(one(9, "fxo1")));
    assert_eq!(store.mark_false(Seq(9)).unwrap(), None, "once");
    assert_eq!(store.mark_false(Seq(3)).unwrap(), None);
    assert!(store.evidence(Seq(9)).unwrap().unwrap().false_one);
}

#[test]
fn registrations_survive_a_restart() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let hour = MORNING.plus(Duration::from_secs(3_600));
    store
        .append(&[
            bound("jan", hour),
            bound("anna", hour),
            bound("gone", Wall(0)),
        ])
        .unwrap();
    let unbound = StateChange::Unbound {
        owner: entry("anna"),
        key: binding("anna", hour).key,
    };
    let md5 = StateChange::DigestMd5 {
        owner: entry("jan"),
        md5: true,
    };
    let known = vec![ToneSignature {
        hz: [425, 0],
        cadence_ms: [500, 500, 0, 0, 0, 0, 0, 0],
    }];
    let tones = StateChange::LineTones {
        line: entry("line"),
        tones: known.clone(),
    };
    let mut erl_db10 = [None; model::limits::IMPEDANCES];
    erl_db10[2] = Some(310);
    let balance = LineBalance {
        at: MORNING,
        tried: MORNING,
        best: Some(2),
        erl_db10,
    };
    let balanced = StateChange::LineBalance {
        line: entry("line"),
        balance,
    };
    let lifeline = LifelineTest {
        at: MORNING,
        verdict: LifelineVerdict::StaysOff,
        worked: Some(MORNING),
    };
    let tested = StateChange::Lifeline {
        line: entry("line"),
        test: lifeline,
    };
    store
        .append(&[Batch {
            state: vec![unbound, md5, tones, balanced, tested],
            ..Batch::default()
        }])
        .unwrap();
    drop(store);
    let (_, recovered) = open(&folder);
    let granted = hour.plus(REFRESH_LAG + REFRESH_WRITE);
    assert_eq!(recovered.bindings, [binding("jan", granted)]);
    assert_eq!(recovered.digest_md5, [entry("jan")]);
    assert_eq!(recovered.line_tones, [(entry("line"), known)]);
    assert_eq!(recovered.line_balance, [(entry("line"), balance)]);
    assert_eq!(recovered.lifelines, [(entry("line"), lifeline)]);
}

#[test]
fn a_registration_whose_refresh_was_not_written_is_kept_that_much_longer() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    store.append(&[bound("jan", MORNING)]).unwrap();
    drop(store);
    let at = |later: Duration| Store::open(folder.path(), MORNING.plus(later), Trust::Synced);
    let grace = REFRESH_LAG + REFRESH_WRITE;
    assert_eq!(
        at(grace - Duration::from_secs(1)).unwrap().1.bindings.len(),
        1
    );
    assert_eq!(at(grace).unwrap().1.bindings, []);
}

#[test]
fn times_before_the_clock_was_right_are_corrected() {
    let folder = Folder::new();
    let (mut store, recovered) = Store::open(folder.path(), Wall(0), Trust::Unset).unwrap();
    let mut scribe = Scribe::new(recovered.next_seq);
    (scribe.now.wall, scribe.now.trust) = (Wall(0), Trust::Unset);
    store.append(&scribe.whole_call(1)).unwrap();
    store.append(&[scribe.ringing_call(2)]).unwrap();
    let from = scribe.now.wall;
    let to = Wall(from.0 + MORNING.0);
    let step = EventBody::ClockStepped {
        from,
        to,
        trust: Trust::Synced,
    };
    (scribe.now.wall, scribe.now.trust) = (to, Trust::Synced);
    let records = vec![scribe.note(Rule::ClockChanged, step)];
    store
        .append(&[Batch {
            records,
            ..Batch::default()
        }])
        .unwrap();
    store.append(&[scribe.answer(2)]).unwrap();
    let first = store.cdr(ids(1).0).unwrap().unwrap();
    assert_eq!((first.started, first.trust), (MORNING, Trust::Synced));
    let second = store.cdr(ids(2).0).unwrap().unwrap();
    assert_eq!(second.started, Wall(MORNING.0 + 75_080_000));
    assert_eq!(second.answered, Some(scribe.now.wall));
}

#[test]
fn a_clock_that_was_once_far_ahead_stays_corrected() {
    let folder = Folder::new();
    let future = Wall::from_secs(4_000_000_000);
    let (mut store, recovered) = Store::open(folder.path(), future, Trust::Restored).unwrap();
    assert_eq!(recovered.wall, future);
    let mut scribe = Scribe::new(recovered.next_seq);
    scribe.now.wall = MORNING;
    let step = EventBody::ClockStepped {
        from: future,
        to: MORNING,
        trust: Trust::Synced,
    };
    let records = vec![scribe.note(Rule::ClockChanged, step)];
    store
        .append(&[Batch {
            records,
            ..Batch::default()
        }])
        .unwrap();
    drop(store);
    let (store, recovered) = Store::open(folder.path(), Wall(0), Trust::Unset).unwrap();
    assert_eq!((recovered.wall, recovered.trust), (MORNING, Trust::Unset));
    drop(store);
    // A boot without any record is remembered too.
    let (_, recovered) = Store::open(folder.path(), Wall(0), Trust::Unset).unwrap();
    assert_eq!(recovered.wall, MORNING);
}

#[test]
fn the_writer_says_what_is_durable() {
    let folder = Folder::new();
    let (store, recovered) = open(&folder);
    let (tell, told) = sync_channel(64);
    let durable = Box::new(move |seq| tell.send(seq).unwrap());
    let writer = Writer::spawn(
        store,
        WriterOptions {
            durable,
            journal: None,
        },
    )
    .unwrap();
    let handle = writer.handle();
    let mut scribe = Scribe::new(recovered.next_seq);
    for mut batch in scribe.whole_call(1) {
        batch.awaited = true;
        handle.try_send(batch).unwrap();
    }
    while told.recv().unwrap() < Seq(10) {}
    assert_eq!(handle.durable(), Seq(10));
    let reader = Reader::open(folder.path()).unwrap();
    assert_eq!(reader.last_seq().unwrap(), Seq(10));

    // Nobody waits: the commit is done and not talked about, until somebody asks for it.
    let note = scribe.note(Rule::Operator, EventBody::ExchangeStopping);
    handle
        .try_send(Batch {
            records: vec![note],
            ..Batch::default()
        })
        .unwrap();
    handle.write(|_| Ok(())).unwrap();
    assert_eq!(handle.durable(), Seq(11));
    assert!(!told.try_iter().any(|seq| seq == Seq(11)));
    handle
        .try_send(Batch {
            awaited: true,
            ..Batch::default()
        })
        .unwrap();
    assert_eq!(told.recv().unwrap(), Seq(11));

    // A save waits until it is on the disk, and its own error comes back.
    let version = handle
        .write(|store| store.put_secret("jan", b"s3cret", MORNING))
        .unwrap();
    assert_eq!(version, 1);
    let failed = handle.write(|store| store.put_memo("x", &[0; 70_000]));
    assert!(matches!(failed, Err(StoreError::TooLong { .. })));

    // Refreshes wait for their minute or the stop.
    let hour = MORNING.plus(Duration::from_secs(3_600));
    let state = vec![StateChange::Refreshed(binding("jan", hour))];
    handle
        .try_send(Batch {
            state,
            ..Batch::default()
        })
        .unwrap();
    handle.write(|_| Ok(())).unwrap();
    assert_eq!(reader.bindings().unwrap(), []);
    assert_eq!(handle.stats().waiting, 0);
    writer.stop().unwrap();
    assert_eq!(reader.bindings().unwrap().len(), 1);
    assert!(!open(&folder).1.unclean);
}
