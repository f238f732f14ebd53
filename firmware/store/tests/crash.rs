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
            batch.awaited = true;
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

/// Copies the database and its log as they are, the log with what `change` makes of it.
fn copy_with_log(from: &Folder, to: &Folder, change: impl FnOnce(&mut Vec<u8>)) {
    for name in [store::DATABASE_FILE, store::BOX_KEY_FILE] {
        std::fs::copy(from.path().join(name), to.path().join(name)).unwrap();
    }
    let log = format!("{}-wal", store::DATABASE_FILE);
    let mut bytes = std::fs::read(from.path().join(&log)).unwrap();
    change(&mut bytes);
    std::fs::write(to.path().join(&log), bytes).unwrap();
    let _ = std::fs::remove_file(to.path().join(format!("{}-shm", store::DATABASE_FILE)));
}

#[test]
fn a_log_cut_or_bent_anywhere_leaves_a_prefix_of_the_commits() {
    let folder = Folder::new();
    let (mut store, recovered) = Store::open(folder.path(), MORNING, Trust::Synced).unwrap();
    let mut scribe = Scribe::new(recovered.next_seq);
    let mut commits = vec![Seq(1)];
    for n in 1..=8 {
        for batch in scribe.whole_call(n) {
            store.append(&[batch]).unwrap();
            commits.push(store.next_seq());
        }
    }
    let len = std::fs::read(folder.path().join("centralka.db-wal"))
        .unwrap()
        .len();
    let copy = Folder::new();
    let look = || {
        let (store, recovered) = Store::open(copy.path(), MORNING, Trust::Synced).unwrap();
        check_all(&store);
        drop(store);
        assert!(
            verify(&copy.path().join(store::DATABASE_FILE))
                .unwrap()
                .is_sound()
        );
        // Without what recovery added: two legs and a call for each one that was open.
        recovered.next_seq.0 - 3 * recovered.calls_closed
    };
    let mut before = 0;
    let mut chance = Random::new([5; 32]);
    // Set-up is not cut: a store that never came to be has nothing to lose.
    for cut in (len / 3..=len).step_by(len / 60) {
        copy_with_log(&folder, &copy, |bytes| bytes.truncate(cut));
        let next = look();
        assert!(
            next >= before && commits.contains(&Seq(next)),
            "cut at {cut} of {len}: {next}"
        );
        before = next;
        let at = len / 3 + chance.below(u32::try_from(len - len / 3).unwrap()) as usize;
        copy_with_log(&folder, &copy, |bytes| bytes[at] ^= 1 << chance.below(8));
        let next = look();
        assert!(commits.contains(&Seq(next)), "bent at {at}: {next}");
    }
    copy_with_log(&folder, &copy, |_| {});
    assert_eq!(look(), store.next_seq().0);
}
