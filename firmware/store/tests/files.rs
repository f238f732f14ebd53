//! Sounds and recordings in a copy of the store.

mod office;

use std::fs;

use office::{Folder, open};
use rusqlite::Connection;
use store::{Recordings, StoreError, backup, restore, verify};

const MUSIC: &str = "sounds/spring.g722";
const CALL: &str = "recordings/2027-01/call.wav";

/// A data folder with music, a recording of more than a piece, and what must not be copied.
fn filled() -> Folder {
    let folder = Folder::new();
    open(&folder).0.close().expect("it was opened");
    let long: Vec<u8> = (0..3_000_001_u32).map(|at| (at % 251) as u8).collect();
    for (path, bytes) in [
        (MUSIC, &b"music"[..]),
        (CALL, &long),
        ("recordings/2027-01/other.part", b"half"),
        ("recordings/segments/00000001.seg", b"live"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, bytes).expect("writable");
    }
    folder
}

#[test]
fn a_copy_has_music_and_recordings_and_gives_them_back() {
    let (folder, copies, other) = (filled(), Folder::new(), Folder::new());
    let copy = copies.path().join("copy.db");
    backup(folder.path(), &copy, Recordings::Copied).expect("room");
    assert!(verify(&copy).expect("readable").is_sound());
    fs::create_dir_all(other.path().join("sounds")).expect("writable");
    fs::write(other.path().join("sounds/own.g722"), b"own").expect("writable");
    restore(&copy, other.path()).expect("sound");
    for path in [MUSIC, CALL] {
        let [was, is] = [folder.path(), other.path()].map(|dir| fs::read(dir.join(path)));
        assert!(was.expect("there") == is.expect("it came back"), "{path}");
    }
    for path in ["recordings/2027-01/other.part", "recordings/segments"] {
        assert!(!other.path().join(path).exists(), "{path}");
    }
    assert!(
        other.path().join("sounds/own.g722").exists(),
        "what was there stays"
    );
    // Nothing of the files is left in the database.
    let database = fs::metadata(other.path().join(store::DATABASE_FILE)).expect("there");
    assert!(database.len() < 1_000_000, "{} bytes", database.len());
    open(&other);

    let small = copies.path().join("small.db");
    backup(folder.path(), &small, Recordings::LeftOut).expect("room");
    let third = Folder::new();
    restore(&small, third.path()).expect("sound");
    assert!(third.path().join(MUSIC).exists() && !third.path().join(CALL).exists());
}

#[test]
fn a_damaged_file_in_a_copy_is_found_and_nothing_is_restored() {
    let folder = filled();
    for (sql, name) in [
        (
            "UPDATE kept_piece SET data = zeroblob(5) WHERE file = 1",
            MUSIC,
        ),
        (
            "DELETE FROM kept_piece WHERE id = (SELECT max(id) FROM kept_piece)",
            CALL,
        ),
        (
            "UPDATE kept_file SET path = 'sounds/../../evil' WHERE id = 1",
            "sounds/../../evil",
        ),
        (
            "UPDATE kept_file SET path = '/etc/evil' WHERE id = 1",
            "/etc/evil",
        ),
        (
            "UPDATE kept_file SET path = 'config/evil' WHERE id = 1",
            "config/evil",
        ),
    ] {
        let (copies, other) = (Folder::new(), Folder::new());
        let copy = copies.path().join("copy.db");
        backup(folder.path(), &copy, Recordings::Copied).expect("room");
        let open = Connection::open(&copy).expect("a database");
        open.execute_batch(sql).expect("it is done");
        drop(open);
        let report = verify(&copy).expect("readable");
        let told = report.faults.iter().map(ToString::to_string);
        let told: Vec<String> = told.collect();
        assert!(
            told.iter().any(|fault| fault.contains(name)),
            "{name}: {told:?}"
        );
        assert!(matches!(
            restore(&copy, other.path()),
            Err(StoreError::Damaged { .. })
        ));
        assert!(!other.path().join("sounds").exists(), "{name}");
    }
}
