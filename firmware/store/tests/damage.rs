//! Bad disks: damaged pages, altered records, no space, no rights, files of others.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod office;

use std::{
    path::Path,
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use model::{Seq, Trust, limits::WRITER_QUEUE};
use office::{Folder, MORNING, Scribe, bound, ids, open};
use rusqlite::Connection;
use store::{
    Batch, DATABASE_FILE, Fault, Reader, Refused, Store, StoreError, Writer, WriterHandle,
    WriterOptions, verify,
};

/// A closed store with that many calls, and the next record's number.
fn filled(folder: &Folder, calls: u128) -> Seq {
    let (mut store, recovered) = open(folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    for n in 1..=calls {
        store.append(&scribe.whole_call(n)).unwrap();
    }
    store
        .append(&[bound("jan", MORNING.plus(Duration::from_secs(3_600)))])
        .unwrap();
    store.put_secret("jan", b"s3cret", MORNING).unwrap();
    let next = store.next_seq();
    store.close().unwrap();
    next
}

fn database(folder: &Folder) -> std::path::PathBuf {
    folder.path().join(DATABASE_FILE)
}

#[test]
fn any_damaged_page_is_a_clear_error_and_never_a_crash() {
    const PAGE: usize = 4_096;
    let folder = Folder::new();
    filled(&folder, 60);
    let sound = std::fs::read(database(&folder)).unwrap();
    let (mut refused, mut served, mut stuck) = (0, 0, 0);
    for at in 0..sound.len() / PAGE {
        for kind in [0x00_u8, 0xa5, 0xff] {
            let mut bytes = sound.clone();
            bytes[at * PAGE..(at + 1) * PAGE].fill(kind);
            std::fs::write(database(&folder), bytes).unwrap();
            let _ = std::fs::remove_file(folder.path().join("centralka.db-wal"));
            let _ = std::fs::remove_file(folder.path().join("centralka.db-shm"));
            let found = verify(&database(&folder));
            assert!(
                found.is_err() || !found.unwrap().is_sound(),
                "page {at} of {kind:#x}"
            );
            match Store::open(folder.path(), MORNING, Trust::Synced) {
                Err(error) => {
                    refused += 1;
                    assert_clear(&error);
                }
                Ok((store, recovered)) => {
                    served += 1;
                    stuck += u32::from(!use_damaged(store, recovered.next_seq));
                }
            }
        }
    }
    // A page of the old ledger must not keep the office from telephoning, nor one beside the
    // ledger the ledger from being written.
    let counts = format!("{served} served, {stuck} of them with a stuck ledger, {refused} refused");
    assert!(
        refused > 0 && served > 3 * refused && served > 10 * stuck,
        "{counts}"
    );
}

/// Whatever a damaged store does, it does it with a typed error that names the file. Whether the
/// ledger can still be written.
fn use_damaged(mut store: Store, next: Seq) -> bool {
    let mut scribe = Scribe::new(next);
    let appended = store.append(&scribe.whole_call(1_000_000));
    if let Err(error) = &appended {
        assert_clear(error);
        assert!(error.is_passing(), "the writer keeps what it has: {error}");
    }
    let errors = [
        store.calls(1_000, None).err(),
        store.live().err(),
        store.records(Seq(1), 10_000).err(),
        store.call(ids(30).0).err(),
        store.secret("jan").err(),
    ];
    errors
        .into_iter()
        .flatten()
        .for_each(|error| assert_clear(&error));
    appended.is_ok_and(|done| done.durable == Seq(scribe.seq - 1))
}

fn assert_clear(error: &StoreError) {
    let expected = matches!(
        error,
        StoreError::Damaged { .. }
            | StoreError::NotOurs { .. }
            | StoreError::Unreadable { .. }
            | StoreError::Sealed { .. }
    );
    assert!(expected, "{error:?}");
}

#[test]
fn altered_and_missing_records_are_found() {
    let cases: [(&str, &[Fault]); 5] = [
        (
            "UPDATE ledger SET wall = wall + 1 WHERE seq = 17",
            &[Fault::Altered(Seq(17))],
        ),
        (
            "UPDATE ledger SET rule = 'busy' WHERE seq = 17",
            &[Fault::Altered(Seq(17)), Fault::Unreadable(Seq(17))],
        ),
        (
            "UPDATE ledger SET leg = NULL WHERE seq = 11",
            &[Fault::Altered(Seq(11))],
        ),
        (
            "DELETE FROM ledger WHERE seq BETWEEN 17 AND 19",
            &[
                Fault::Missing {
                    from: Seq(17),
                    found: Seq(20),
                },
                Fault::Altered(Seq(20)),
            ],
        ),
        (
            "UPDATE segment SET before = randomblob(32)",
            &[Fault::Checkpoint(Seq(1)), Fault::Altered(Seq(1))],
        ),
    ];
    for (sql, faults) in cases {
        let folder = Folder::new();
        filled(&folder, 5);
        assert!(verify(&database(&folder)).unwrap().is_sound());
        Connection::open(database(&folder))
            .unwrap()
            .execute(sql, [])
            .unwrap();
        let report = verify(&database(&folder)).unwrap();
        assert_eq!(report.faults, faults, "{sql}");
    }
}

#[test]
fn an_altered_configuration_is_not_applied() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let save = store::ConfigSave {
        base: Some(0),
        author: "cli",
        reason: "",
        text: "format = 1",
        wall: MORNING,
    };
    store.save_config(save).unwrap();
    store.close().unwrap();
    let sql = "UPDATE config SET text = 'format = 2'";
    Connection::open(database(&folder))
        .unwrap()
        .execute(sql, [])
        .unwrap();
    let (store, _) = open(&folder);
    assert!(matches!(
        store.newest_config(),
        Err(StoreError::Damaged { .. })
    ));
}

#[test]
fn files_of_others_and_of_the_future_are_left_alone() {
    let refuse = |prepare: &dyn Fn(&Path)| {
        let folder = Folder::new();
        prepare(&database(&folder));
        let before = std::fs::read(database(&folder)).unwrap();
        let error = Store::open(folder.path(), MORNING, Trust::Synced)
            .err()
            .unwrap();
        let after = std::fs::read(database(&folder)).unwrap();
        (error, before == after)
    };
    let other = |path: &Path| {
        Connection::open(path)
            .unwrap()
            .execute_batch("CREATE TABLE mine (x)")
            .unwrap();
    };
    assert!(matches!(refuse(&other), (StoreError::NotOurs { .. }, true)));
    let text = |path: &Path| std::fs::write(path, "dear diary, ".repeat(1_000)).unwrap();
    assert!(matches!(refuse(&text), (StoreError::Damaged { .. }, true)));
    let future = |path: &Path| {
        let (store, _) = Store::open(path.parent().unwrap(), MORNING, Trust::Synced).unwrap();
        store.close().unwrap();
        Connection::open(path)
            .unwrap()
            .pragma_update(None, "user_version", 99)
            .unwrap();
    };
    let (error, same) = refuse(&future);
    assert!(matches!(error, StoreError::Newer { found: 99, .. }) && same);
}

#[test]
fn a_store_of_the_first_format_is_brought_up_to_date() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store.append(&[scribe.ringing_call(1)]).unwrap();
    drop(store);
    // What migrations 2 to 9 did, undone.
    let sql = "ALTER TABLE boot DROP COLUMN open_from;
               CREATE INDEX cdr_open ON cdr (first_seq) WHERE open = 1;
               DROP TABLE recording; DROP TABLE track; DROP TABLE pause; DROP TABLE line_sample; DROP TABLE line_evidence;
               PRAGMA user_version = 1;";
    Connection::open(database(&folder))
        .unwrap()
        .execute_batch(sql)
        .unwrap();
    let (store, recovered) = open(&folder);
    assert_eq!(recovered.calls_closed, 1);
    assert_eq!(store.calls(10, None).unwrap().len(), 1);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    // Not even root may make a folder there.
    let error = Store::open(Path::new("/sys/centralka"), MORNING, Trust::Synced)
        .err()
        .unwrap();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(error.to_string().contains("/sys/centralka"));
    let error = Reader::open(Path::new("/sys/centralka")).err().unwrap();
    assert!(matches!(error, StoreError::Io { .. }), "{error:?}");
}

fn writer(store: Store) -> (Writer, WriterHandle, Receiver<Seq>) {
    let (tell, told) = sync_channel(10_000);
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
    (writer, handle, told)
}

/// Keeps the writer busy until the disk is full; the number of the next record.
fn write_until_full(handle: &WriterHandle, scribe: &mut Scribe) {
    for n in 1.. {
        for mut batch in scribe.whole_call(n) {
            batch.awaited = true;
            handle.try_send(batch).unwrap();
        }
        // Waits for the writer, which answers jobs even when the disk is full.
        handle.write(|_| Ok(())).unwrap();
        if handle.stats().commit_errors > 0 {
            return;
        }
    }
}

#[test]
fn a_full_disk_stops_no_call_and_loses_nothing() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    store.limit_pages(80).unwrap();
    let (writer, handle, told) = writer(store);
    let mut scribe = Scribe::new(recovered.next_seq);
    write_until_full(&handle, &mut scribe);
    assert!(
        handle.stats().trouble.contains("full"),
        "{}",
        handle.stats().trouble
    );
    assert!(handle.durable() < Seq(scribe.seq - 1));
    let failed = handle.write(|store| store.put_memo("x", &[1; 60_000]));
    assert!(matches!(failed, Err(StoreError::Full { .. })), "{failed:?}");

    // Somebody makes room.
    handle.write(|store| store.limit_pages(1_000_000)).unwrap();
    let last = Seq(scribe.seq - 1);
    while told.recv_timeout(Duration::from_secs(60)).unwrap() < last {}
    assert_eq!(handle.stats().trouble, "");
    assert_eq!((handle.stats().waiting, handle.stats().rejected), (0, 0));
    writer.stop().unwrap();
    let report = verify(&database(&folder)).unwrap();
    assert!(report.is_sound());
    assert_eq!(report.records, last.0);
}

#[test]
fn a_full_queue_gives_the_batch_back() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    store.limit_pages(80).unwrap();
    let (writer, handle, _told) = writer(store);
    let mut scribe = Scribe::new(recovered.next_seq);
    write_until_full(&handle, &mut scribe);
    let kept = loop {
        let batch = scribe.ringing_call(u128::from(scribe.seq) + 1_000_000);
        match handle.try_send(batch.clone()) {
            Ok(()) => {}
            Err(Refused::Full(back)) => {
                assert_eq!(*back, batch);
                break *back;
            }
            Err(Refused::Gone(_)) => panic!("the writer is there"),
        }
    };
    assert_eq!(handle.stats().refused, 1);
    let waiting = usize::try_from(handle.stats().waiting).unwrap();
    assert!(waiting <= WRITER_QUEUE && waiting + kept.len() > WRITER_QUEUE);
    handle.write(|store| store.limit_pages(1_000_000)).unwrap();
    let mut batch = kept;
    while let Err(back) = handle.try_send(batch) {
        batch = back.into_batch();
        handle.write(|_| Ok(())).unwrap();
    }
    writer.stop().unwrap();
    assert_eq!(
        Reader::open(folder.path()).unwrap().last_seq().unwrap(),
        Seq(scribe.seq - 1)
    );
    let gone = handle.try_send(Batch {
        state: bound("jan", MORNING).state,
        ..Batch::default()
    });
    assert!(matches!(gone, Err(Refused::Gone(_))));
    assert!(matches!(
        handle.write(|_| Ok(())),
        Err(StoreError::WriterGone)
    ));
}

#[test]
fn a_stop_with_a_full_disk_says_so() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    store.limit_pages(80).unwrap();
    let (writer, handle, _told) = writer(store);
    let mut scribe = Scribe::new(recovered.next_seq);
    write_until_full(&handle, &mut scribe);
    assert!(matches!(writer.stop(), Err(StoreError::Full { .. })));
    assert!(open(&folder).1.unclean);
}
