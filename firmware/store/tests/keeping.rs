//! What is kept beside the ledger: secrets, configuration, doors, journal, copies, and forgetting.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod office;

use std::time::Duration;

use model::{Instant, Now, PartyId, Seq, Trust};
use office::{Folder, MORNING, Scribe, entry, ids, open};
use store::{
    ApiToken, BOX_KEY_FILE, Batch, ConfigSave, DATABASE_FILE, Journal, Reader, Recordings,
    SESSIONS, Session, Store, StoreError, Writer, WriterOptions, backup,
    journal::{self, FrameKind},
    restore, verify,
};

fn later(seconds: u64) -> model::Wall {
    MORNING.plus(Duration::from_secs(seconds))
}

#[test]
fn secrets_are_sealed_and_versioned() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    for n in 1..=10_u64 {
        let value = format!("s3cret-{n}");
        assert_eq!(
            store.put_secret("jan", value.as_bytes(), MORNING).unwrap(),
            n
        );
    }
    store.put_secret("anna", b"other", MORNING).unwrap();
    assert_eq!(
        store.secret("jan").unwrap().unwrap().text(),
        Some("s3cret-10")
    );
    let all: Vec<_> = store
        .secrets()
        .unwrap()
        .iter()
        .map(|s| (s.id.clone(), s.version))
        .collect();
    assert_eq!(all, [("anna".into(), 1), ("jan".into(), 10)]);
    assert!(!format!("{:?}", store.secrets().unwrap()).contains("s3cret"));
    store.forget_secret("anna").unwrap();
    assert_eq!(store.secret("anna").unwrap(), None);
    store.close().unwrap();

    let bytes = std::fs::read(folder.path().join(DATABASE_FILE)).unwrap();
    assert!(
        !bytes.windows(6).any(|part| part == b"s3cret"),
        "a secret lies open in the database"
    );
    let key = folder.path().join(BOX_KEY_FILE);
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    // Another key opens nothing, a short one is none, and without one the start says which file.
    let right = std::fs::read(&key).unwrap();
    std::fs::write(&key, [1; 32]).unwrap();
    let (store, _) = open(&folder);
    assert!(matches!(
        store.secret("jan"),
        Err(StoreError::Sealed { .. })
    ));
    store.close().unwrap();
    let refused = || {
        Store::open(folder.path(), MORNING, Trust::Synced)
            .err()
            .unwrap()
    };
    std::fs::write(&key, [1; 31]).unwrap();
    assert!(matches!(refused(), StoreError::BoxKeyBad { .. }));
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(refused(), StoreError::BoxKeyMissing { .. }));
    std::fs::write(&key, right).unwrap();
    assert_eq!(open(&folder).0.secret("jan").unwrap().unwrap().version, 10);
}

#[test]
fn a_save_names_its_base() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let save = |base, text| ConfigSave {
        base,
        author: "jan",
        reason: "why",
        text,
        wall: MORNING,
    };
    assert_eq!(store.newest_config().unwrap(), None);
    assert_eq!(store.save_config(save(None, "one")).unwrap(), 1);
    assert_eq!(store.save_config(save(Some(1), "two")).unwrap(), 2);
    assert!(matches!(
        store.save_config(save(Some(1), "three")),
        Err(StoreError::ConfigMoved { newest: 2 })
    ));
    assert_eq!(
        store.save_config(save(Some(2), "two")).unwrap(),
        2,
        "nothing changed"
    );
    let huge = "x".repeat(model::limits::CONFIG_TEXT_MAX + 1);
    assert!(matches!(
        store.save_config(save(None, &huge)),
        Err(StoreError::TooLong { .. })
    ));
    assert_eq!(store.config(1).unwrap().unwrap().text, "one");
    assert_eq!(store.newest_config().unwrap().unwrap().text, "two");
    let history = store.config_history(10).unwrap();
    assert_eq!(
        history.iter().map(|save| save.version).collect::<Vec<_>>(),
        [2, 1]
    );
    assert!(
        history
            .iter()
            .all(|save| save.text.is_empty() && save.author == "jan")
    );
}

#[test]
fn doors_open_for_the_right_ones_and_as_long_as_agreed() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let jan = entry("jan");
    assert!(!store.has_login().unwrap());
    store.set_claim([9; 32]).unwrap();
    assert!(!store.use_claim([8; 32]).unwrap());
    assert!(store.use_claim([9; 32]).unwrap());
    assert!(
        !store.use_claim([9; 32]).unwrap(),
        "a claim code works once"
    );
    store.set_login(&jan, "$argon2id$…", MORNING).unwrap();
    assert_eq!(store.login(&jan).unwrap().as_deref(), Some("$argon2id$…"));

    let session = |from: u64| Session {
        person: jan.clone(),
        created: later(from),
        expires: later(from + 3_600),
        agent: "browser".into(),
    };
    store.begin_session([1; 32], &session(0)).unwrap();
    assert_eq!(
        store.session([1; 32], later(3_599)).unwrap(),
        Some(session(0))
    );
    assert_eq!(store.session([1; 32], later(3_600)).unwrap(), None);
    assert_eq!(store.session([2; 32], MORNING).unwrap(), None);
    store.set_login(&jan, "new", MORNING).unwrap();
    assert_eq!(
        store.session([1; 32], MORNING).unwrap(),
        None,
        "a new password ends sessions"
    );
    for n in 0..SESSIONS as u64 + 5 {
        let mut token = [0; 32];
        token[..8].copy_from_slice(&n.to_be_bytes());
        store.begin_session(token, &session(n)).unwrap();
    }
    assert_eq!(
        store.session([0; 32], later(3)).unwrap(),
        None,
        "the oldest made room"
    );
    assert!(store.end_session([0; 32]).is_ok_and(|ended| !ended));

    let token = ApiToken {
        name: "crm".into(),
        rights: "calls".into(),
        created: MORNING,
        expires: Some(later(60)),
    };
    store.put_api_token([5; 32], &token).unwrap();
    assert_eq!(
        store.api_token([5; 32], later(59)).unwrap().as_ref(),
        Some(&token)
    );
    assert_eq!(store.api_token([5; 32], later(60)).unwrap(), None);
    assert_eq!(store.api_tokens().unwrap(), [token]);
    assert!(store.drop_api_token("crm").unwrap() && !store.drop_api_token("crm").unwrap());
    store.put_memo("confirm", b"90").unwrap();
    assert_eq!(store.memo("confirm").unwrap().as_deref(), Some(&b"90"[..]));
    store.drop_memo("confirm").unwrap();
    assert_eq!(store.memo("confirm").unwrap(), None);
}

#[test]
fn a_backup_is_the_whole_store_and_comes_back() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    store.append(&scribe.whole_call(1)).unwrap();
    store.put_secret("jan", b"s3cret", MORNING).unwrap();
    let copies = Folder::new();
    let copy = copies.path().join("copy.db");
    // While the exchange runs.
    backup(folder.path(), &copy, Recordings::Copied).unwrap();
    assert!(
        matches!(
            backup(folder.path(), &copy, Recordings::Copied),
            Err(StoreError::Io { .. })
        ),
        "not over a file"
    );
    assert_eq!(verify(&copy).unwrap().records, 10);
    store.append(&scribe.whole_call(2)).unwrap();
    assert!(matches!(
        restore(&copy, folder.path()),
        Err(StoreError::Locked { .. })
    ));
    store.close().unwrap();
    restore(&copy, folder.path()).unwrap();
    let (store, _) = open(&folder);
    assert_eq!(store.calls(10, None).unwrap().len(), 1);
    assert_eq!(store.secret("jan").unwrap().unwrap().value, b"s3cret");
    assert_eq!(
        store.memo("box key").unwrap(),
        None,
        "the key is not left in the database"
    );
    let aside = folder
        .path()
        .join(format!("{DATABASE_FILE}.before-restore"));
    assert_eq!(
        Reader::open_file(&aside)
            .unwrap()
            .calls(10, None)
            .unwrap()
            .len(),
        2
    );
    drop(store);

    // Onto another box.
    let other = Folder::new();
    restore(&copy, other.path()).unwrap();
    assert_eq!(
        open(&other).0.secret("jan").unwrap().unwrap().value,
        b"s3cret"
    );

    // A damaged copy changes nothing.
    let mut bytes = std::fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0xa5);
    std::fs::write(&copy, bytes).unwrap();
    let untouched = Folder::new();
    assert!(matches!(
        restore(&copy, untouched.path()),
        Err(StoreError::Damaged { .. })
    ));
    assert_eq!(std::fs::read_dir(untouched.path()).unwrap().count(), 0);
}

#[test]
fn old_segments_are_forgotten_whole_and_the_chain_goes_on() {
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);
    const DAY_MS: u64 = 86_400_000;
    // Three calls a day for three weeks; a segment spans a week.
    for n in 1..=63 {
        store.append(&scribe.whole_call(n)).unwrap();
        scribe.pass(DAY_MS / 3);
    }
    let before = later(10 * 86_400);
    while store.forget_step(before).unwrap() {}
    let first = store.records(Seq(1), 1).unwrap().remove(0).record;
    assert!(first.seq > Seq(1), "something was forgotten");
    assert!(
        first.at.wall > later(6 * 86_400) && first.at.wall < before,
        "by whole segments"
    );
    assert_eq!(store.cdr(ids(1).0).unwrap(), None);
    assert_eq!(store.party(PartyId(11)).unwrap(), None);
    assert!(store.party(PartyId(631)).unwrap().is_some());
    assert_eq!(store.calls(1_000, None).unwrap().len(), 42);
    assert!(!store.forget_step(before).unwrap());
    let report = verify(&folder.path().join(DATABASE_FILE)).unwrap();
    assert!(report.is_sound(), "{:?}", report.faults);
    assert!(report.segments >= 3);

    // Even when everything closed is gone, the next start knows where it was.
    while store.forget_step(later(1_000 * 86_400)).unwrap() {}
    let next = store.next_seq();
    store.append(&scribe.whole_call(64)).unwrap();
    drop(store);
    let (store, recovered) = open(&folder);
    assert_eq!(recovered.next_seq, Seq(next.0 + 10));
    drop(store);
    assert!(
        verify(&folder.path().join(DATABASE_FILE))
            .unwrap()
            .is_sound()
    );
}

fn moment(ms: u64) -> Now {
    Now {
        mono: Instant::from_millis(ms),
        wall: later(ms / 1_000),
        trust: Trust::Synced,
    }
}

/// A journal file with a snapshot and that many inputs, and the file's bytes.
fn journal_of(folder: &Folder, inputs: u64) -> (std::path::PathBuf, Vec<u8>) {
    let mut journal = Journal::open(folder.path()).unwrap();
    assert!(journal.wants_snapshot());
    journal.begin(moment(0), b"the exchange").unwrap();
    let mut frames = Vec::new();
    for n in 0..inputs {
        journal::frame(&mut frames, moment(n), format!("input {n}").as_bytes());
    }
    journal.append(&frames).unwrap();
    journal.sync().unwrap();
    let path = journal::segments(folder.path())
        .unwrap()
        .pop()
        .unwrap()
        .path;
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_journal_is_read_up_to_where_it_was_torn() {
    let folder = Folder::new();
    let (path, bytes) = journal_of(&folder, 5);
    let whole = journal::read(&path).unwrap();
    assert_eq!((whole.frames.len(), whole.torn_bytes), (6, 0));
    assert_eq!(whole.frames[0].kind, FrameKind::Snapshot);
    assert_eq!(whole.frames[0].payload, b"the exchange");
    assert_eq!(
        (whole.frames[5].payload.as_slice(), whole.frames[5].now),
        (&b"input 4"[..], moment(4))
    );
    for cut in 0..bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        match journal::read(&path) {
            Ok(torn) => {
                assert_eq!(
                    torn.frames,
                    whole.frames[..torn.frames.len()],
                    "cut at {cut}"
                );
                assert!(torn.torn_bytes < 40 + 12);
            }
            Err(error) => assert!(matches!(error, StoreError::Damaged { .. })),
        }
        let mut bent = bytes.clone();
        bent[cut] ^= 0x10;
        std::fs::write(&path, &bent).unwrap();
        if let Ok(read) = journal::read(&path) {
            assert!(
                read.frames.len() < whole.frames.len(),
                "a bent byte {cut} went unseen"
            );
            assert_eq!(read.frames, whole.frames[..read.frames.len()]);
        }
    }
}

#[test]
fn the_ring_keeps_the_newest_segments() {
    let folder = Folder::new();
    for _ in 0..journal::FILES + 3 {
        journal_of(&folder, 2);
    }
    let segments = journal::segments(folder.path()).unwrap();
    let numbers: Vec<_> = segments.iter().map(|segment| segment.number).collect();
    assert_eq!(numbers, (4..=journal::FILES + 3).collect::<Vec<_>>());
}

#[test]
fn a_full_segment_asks_for_a_snapshot_and_then_drops() {
    let folder = Folder::new();
    let mut journal = Journal::open(folder.path()).unwrap();
    journal.append(&[0; 100]).unwrap();
    assert_eq!(
        journal.dropped_bytes(),
        100,
        "nothing before the first snapshot"
    );
    journal.begin(moment(0), b"").unwrap();
    let mut frames = Vec::new();
    journal::frame(&mut frames, moment(1), &vec![7; 1_000_000]);
    let mut written = 0;
    while !journal.wants_snapshot() {
        journal.append(&frames).unwrap();
        written += frames.len() as u64;
    }
    assert!(
        (journal::SEGMENT_BYTES - 2_000..journal::SEGMENT_BYTES + 1_000_100).contains(&written)
    );
    while journal.dropped_bytes() == 100 {
        journal.append(&frames).unwrap();
        written += frames.len() as u64;
    }
    assert!(
        written < journal::SEGMENT_BYTES_MAX + 3_000_000,
        "the ring is bounded"
    );
    journal.begin(moment(2), b"again").unwrap();
    journal.append(&frames).unwrap();
    let newest = journal::segments(folder.path()).unwrap().pop().unwrap();
    assert_eq!((newest.frames.len(), newest.torn_bytes), (2, 0));
}

/// The writer with a journal in a folder of its own.
fn journaling(store: Store, dir: &std::path::Path) -> Writer {
    let journal = Some(Journal::open(dir).unwrap());
    Writer::spawn(
        store,
        WriterOptions {
            durable: Box::new(|_| {}),
            journal,
        },
    )
    .unwrap()
}

fn inputs(from: u64, to: u64) -> Batch {
    let mut batch = Batch::default();
    for n in from..to {
        journal::frame(&mut batch.journal, moment(n), b"input");
    }
    batch
}

#[test]
fn the_writer_journals_from_a_snapshot_on_and_never_over_a_hole() {
    let folder = Folder::new();
    let place = Folder::new();
    let (store, _) = open(&folder);
    let writer = journaling(store, place.path());
    let handle = writer.handle();
    let send = |batch: Batch| {
        handle.try_send(batch).unwrap();
        handle.write(|_| Ok(())).unwrap();
    };
    send(inputs(0, 3));
    assert!(handle.wants_snapshot());
    send(Batch {
        snapshot: Some(b"one".to_vec()),
        ..inputs(5, 8)
    });
    assert!(!handle.wants_snapshot());
    send(inputs(8, 10));
    send(Batch {
        journal_hole: true,
        ..inputs(12, 14)
    });
    assert!(handle.wants_snapshot());
    send(inputs(14, 16));
    send(Batch {
        snapshot: Some(b"two".to_vec()),
        ..inputs(20, 21)
    });
    writer.stop().unwrap();
    let segments = journal::segments(place.path()).unwrap();
    let told: Vec<Vec<_>> = segments
        .iter()
        .map(|segment| {
            segment
                .frames
                .iter()
                .map(|f| (f.kind, f.now.mono.as_millis()))
                .collect()
        })
        .collect();
    use FrameKind::{Input, Snapshot};
    let first = vec![
        (Snapshot, 5),
        (Input, 5),
        (Input, 6),
        (Input, 7),
        (Input, 8),
        (Input, 9),
    ];
    assert_eq!(told, [first, vec![(Snapshot, 20), (Input, 20)]]);
}

#[test]
fn a_journal_that_cannot_be_written_stops_nothing_else() {
    let folder = Folder::new();
    let place = Folder::new();
    let (store, recovered) = open(&folder);
    let writer = journaling(store, place.path());
    let handle = writer.handle();
    std::fs::remove_dir_all(place.path()).unwrap();
    let mut scribe = Scribe::new(recovered.next_seq);
    let call = scribe.ringing_call(1);
    handle
        .try_send(Batch {
            snapshot: Some(vec![]),
            ..inputs(0, 3)
        })
        .unwrap();
    handle.try_send(call).unwrap();
    handle.try_send(inputs(3, 5)).unwrap();
    handle.write(|_| Ok(())).unwrap();
    assert_eq!(handle.durable(), Seq(5));
    assert!(handle.wants_snapshot());
    assert!(handle.stats().journal_dropped_bytes > 0);
    writer.stop().unwrap();
}
