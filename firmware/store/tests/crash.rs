//! The program is killed at any moment: what was acknowledged is there, what was open is closed.
//!
//! The writing program is this test program itself, started again with a folder in its environment.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]
#![allow(
    clippy::print_stdout,
    reason = "the child tells its parent what is durable"
)]

mod office;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    sync::mpsc::sync_channel,
};

use model::{Cause, EventBody, Random, Rule, Seq, Trust};
use office::{Folder, MORNING, Scribe, bound};
use store::{CdrFold, Journal, Store, Writer, WriterOptions, journal, verify};

const FOLDER: &str = "CENTRALKA_TEST_FOLDER";
/// Calls after which a child that nobody kills gives up.
const CALLS: u128 = 100_000;

/// Not a test by itself: the program that is killed. It writes calls as fast as it may.
#[test]
fn child() {
    let Some(dir) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let (store, recovered) = Store::open(&dir, MORNING, Trust::Synced).unwrap();
    let (tell, told) = sync_channel(1_000);
    let durable = Box::new(move |seq| {
        let _ = tell.try_send(seq);
    });
    let journal = Some(Journal::open(&dir).unwrap());
    let writer = Writer::spawn(store, WriterOptions { durable, journal }).unwrap();
    let handle = writer.handle();
    let mut scribe = Scribe::new(recovered.next_seq);
    let mut out = std::io::stdout().lock();
    for n in 1..CALLS {
        let call = u128::from(recovered.boot) * CALLS + n;
        for (at, mut batch) in scribe.whole_call(call).into_iter().enumerate() {
            // Every third call stays open for ever.
            if n % 3 == 0 && at == 2 {
                scribe.seq -= batch.records.len() as u64;
                continue;
            }
            journal::frame(&mut batch.journal, scribe.now, &n.to_le_bytes());
            if handle.wants_snapshot() {
                batch.snapshot = Some(vec![7; 1_000]);
            }
            batch.state = bound(&format!("p{}", n % 50), MORNING).state;
            handle.try_send(batch).unwrap();
        }
        // Not too far ahead, so that commits are many and small.
        while handle.durable().0 + 60 < scribe.seq {
            let Seq(seq) = told.recv().unwrap();
            writeln!(out, "durable {seq}").unwrap();
            out.flush().unwrap();
        }
    }
}

/// Starts the child on `dir`, kills it after `lines` acknowledgements; the last one.
fn run_and_kill(dir: &std::path::Path, lines: u64) -> Seq {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FOLDER, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Seq(0);
    let mut seen = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The first one follows the name of the test on its line.
        let Some((_, seq)) = line.rsplit_once("durable ") else {
            continue;
        };
        acknowledged = acknowledged.max(Seq(seq.parse().unwrap()));
        seen += 1;
        if seen == lines {
            child.kill().unwrap();
        }
    }
    assert!(
        !child.wait().unwrap().success(),
        "the child was killed while it wrote"
    );
    assert!(seen >= lines, "only {seen} acknowledgements");
    acknowledged
}

#[test]
fn nothing_acknowledged_is_lost_whenever_the_power_goes() {
    let folder = Folder::new();
    let mut chance = Random::new([41; 32]);
    let mut known = Seq(0);
    for round in 1..=6 {
        let acknowledged = run_and_kill(folder.path(), 1 + u64::from(chance.below(60)));
        let (store, recovered) = Store::open(folder.path(), MORNING, Trust::Synced).unwrap();
        assert!(recovered.unclean);
        assert_eq!(recovered.boot, round * 2);
        assert!(
            recovered.next_seq > acknowledged,
            "{acknowledged:?} was acknowledged"
        );
        assert!(
            acknowledged > known,
            "the child went on where the last one was cut"
        );
        assert!(recovered.calls_closed > 0, "every third call was open");
        known = recovered.next_seq;
        check_all(&store);
        drop(store);
        let report = verify(&folder.path().join(store::DATABASE_FILE)).unwrap();
        assert!(report.is_sound(), "{:?}", report.faults);
        assert_eq!((report.records, report.calls_open), (known.0 - 1, 0));
        let segments = journal::segments(folder.path()).unwrap();
        assert!(segments.iter().all(|segment| !segment.frames.is_empty()));
    }
}

/// The sequence is whole, every call has its end, and every CDR is the fold of its events.
fn check_all(store: &Store) {
    let mut next = Seq(1);
    let mut folds = std::collections::BTreeMap::new();
    loop {
        let records = store.records(next, 10_000).unwrap();
        let Some(last) = records.last() else { break };
        let after = Seq(last.record.seq.0 + 1);
        for stored in records {
            assert_eq!(stored.record.seq, next, "the sequence has no gap");
            next = Seq(next.0 + 1);
            let record = stored.record;
            let Some(call) = record.event.call else {
                continue;
            };
            if let EventBody::CallEnded {
                cause: Cause::PowerLost,
                ..
            } = record.event.body
            {
                assert_eq!(record.event.rule, Rule::PowerLost);
            }
            match folds.get_mut(&call) {
                None => {
                    folds.insert(call, CdrFold::begin(&record).unwrap());
                }
                Some(fold) => fold.apply(&record),
            }
        }
        assert_eq!(next, after);
    }
    for (call, fold) in folds {
        assert!(
            !fold.is_open() && fold.legs.iter().all(|leg| !leg.open),
            "{call} goes on"
        );
        assert_eq!(store.cdr(call).unwrap().as_ref(), Some(&fold.cdr));
    }
}

#[test]
fn a_batch_is_whole_or_absent() {
    let folder = Folder::new();
    let (mut store, recovered) = Store::open(folder.path(), MORNING, Trust::Synced).unwrap();
    let mut scribe = Scribe::new(recovered.next_seq);
    let wrong = store.atomically(|store| {
        store.append(&[scribe.ringing_call(1)])?;
        Err::<(), _>(store::StoreError::WriterGone)
    });
    assert!(wrong.is_err());
    drop(store);
    let (store, recovered) = Store::open(folder.path(), MORNING, Trust::Synced).unwrap();
    assert_eq!(
        (store.last_seq().unwrap(), recovered.next_seq),
        (Seq(0), Seq(1))
    );
    assert_eq!(store.calls(10, None).unwrap(), []);
}
