//! Segments of recordings: what was synced is read back, whatever happened to the rest.

mod office;

use std::fs;

use model::{Codec, EventBody, Instant, LegId, RecordingId, Rule, SharedTrack, TapId, Wall};
use office::{Folder, Scribe, open};
use store::{
    Batch, Pause, RecordingState, Track,
    recording::{
        RECORDING_PAYLOAD_MAX, RECORDING_SEGMENT_BYTES, Segments, TrackFrame, TrackPart, read,
    },
};

fn sound(tap: u32, ms: u64, payload: &[u8]) -> TrackFrame<'_> {
    TrackFrame {
        tap: TapId(tap),
        at: Instant::from_millis(ms),
        part: TrackPart::Sound {
            codec: Codec::Pcma,
            payload,
        },
    }
}

/// Track and milliseconds of every frame that comes back.
fn heard(folder: &Folder, boot: u64, first: u64) -> (Vec<(u32, u64)>, u64) {
    let mut all = Vec::new();
    let reading = read(folder.path(), boot, first, |frame| {
        all.push((frame.tap.0, frame.at.as_nanos() / 1_000_000));
    })
    .expect("readable");
    assert_eq!(reading.frames, all.len() as u64);
    (all, reading.torn_bytes)
}

#[test]
fn every_step_of_a_track_comes_back_as_it_was() {
    let folder = Folder::new();
    let mut segments = Segments::open(folder.path(), 7).expect("a folder");
    let payload = [0xd5; 160];
    let parts = [
        TrackPart::Began,
        TrackPart::Sound {
            codec: Codec::Opus,
            payload: &payload[..3],
        },
        TrackPart::Paused,
        TrackPart::Resumed,
        TrackPart::Sound {
            codec: Codec::G722,
            payload: &payload,
        },
        TrackPart::Ended,
    ];
    let frames = parts.map(|part| TrackFrame {
        tap: TapId(u32::MAX),
        at: Instant::from_nanos(123_456_789_012),
        part,
    });
    for frame in &frames {
        segments.append(frame);
    }
    assert!(!segments.is_clean());
    segments.sync().expect("room");
    assert!(segments.is_clean());
    let mut at = 0;
    read(folder.path(), 7, 1, |frame| {
        assert_eq!(*frame, frames[at]);
        at += 1;
    })
    .expect("readable");
    assert_eq!(at, frames.len());
}

#[test]
fn what_is_not_synced_or_torn_is_lost_and_nothing_else() {
    let folder = Folder::new();
    let mut segments = Segments::open(folder.path(), 1).expect("a folder");
    for ms in [0, 20, 40] {
        segments.append(&sound(1, ms, &[1; 160]));
    }
    segments.sync().expect("room");
    segments.append(&sound(1, 60, &[1; 160]));
    drop(segments);
    let path = folder.path().join("00000001.seg");
    let whole = fs::read(&path).expect("there");
    for cut in [1, 100, 181, 182, 183, 364] {
        fs::write(&path, &whole[..whole.len() - cut]).expect("room");
        let (frames, torn) = heard(&folder, 1, 1);
        let want = 3 - cut.div_ceil(182);
        assert_eq!(frames.len(), want, "{cut} bytes cut off");
        assert_eq!(torn, (182 - cut as u64 % 182) % 182);
    }
    let mut flipped = whole.clone();
    let middle = flipped.len() - 200;
    flipped[middle] ^= 1;
    fs::write(&path, &flipped).expect("room");
    assert_eq!(heard(&folder, 1, 1).0, [(1, 0)], "a bad sector ends it");
}

#[test]
fn each_start_has_segments_of_its_own() {
    let folder = Folder::new();
    for boot in 1..=3 {
        let mut segments = Segments::open(folder.path(), boot).expect("a folder");
        assert_eq!(segments.current(), boot);
        segments.append(&sound(1, boot, &[0; 10]));
        segments.sync().expect("room");
        assert_eq!(segments.current(), boot);
    }
    assert_eq!(heard(&folder, 2, 1).0, [(1, 2)]);
    assert_eq!(heard(&folder, 3, 1).0, [(1, 3)]);
    assert_eq!(heard(&folder, 2, 3).0, []);
}

#[test]
fn full_segments_are_followed_by_others_and_go_when_nobody_needs_them() {
    let folder = Folder::new();
    let mut segments = Segments::open(folder.path(), 1).expect("a folder");
    let payload = [3; RECORDING_PAYLOAD_MAX];
    let rounds = 2 * RECORDING_SEGMENT_BYTES / (64 * 4_000) + 1;
    for round in 0..rounds {
        for at in 0..64 {
            segments.append(&sound(5, round * 64 + at, &payload));
        }
        segments.sync().expect("room");
    }
    assert!(segments.current() >= 3);
    let (frames, torn) = heard(&folder, 1, 1);
    assert_eq!((frames.len() as u64, torn), (rounds * 64, 0));
    assert!(frames.windows(2).all(|two| two[0].1 < two[1].1));
    segments.append(&sound(5, 0, &[0; RECORDING_PAYLOAD_MAX + 1]));
    assert_eq!(segments.dropped(), 1);
    segments.forget_before(u64::MAX).expect("removable");
    let left: Vec<_> = fs::read_dir(folder.path()).expect("there").collect();
    assert_eq!(left.len(), 1, "the segment that is being written stays");
}

#[test]
fn other_files_are_passed_over() {
    let folder = Folder::new();
    let segments = Segments::open(folder.path(), 1).expect("a folder");
    fs::write(folder.path().join("00000009.seg"), b"not a segment at all").expect("room");
    fs::write(folder.path().join("notes.txt"), b"x").expect("room");
    assert_eq!(heard(&folder, 1, 1), (Vec::new(), 20));
    drop(segments);
    let next = Segments::open(folder.path(), 1).expect("a folder");
    assert_eq!(next.current(), 10, "its number is taken");
}

/// A call with these recordings of two tracks each, of which the first ended.
fn recorded_call(scribe: &mut Scribe, recordings: [RecordingId; 2]) -> Batch {
    let mut batch = scribe.ringing_call(1);
    let call = batch.records[0].event.call;
    for recording in recordings {
        let body = EventBody::RecordingStarted { recording };
        batch
            .records
            .push(scribe.pass(10).record(call, None, Rule::RecordAll, body));
        for n in 0..2_u32 {
            // Numbers of tracks are drawn: the later one may be the smaller.
            let tap = TapId(recording.0 as u32 * 10 - n);
            let body = EventBody::TrackStarted {
                recording,
                also: vec![],
                tap,
                shares: vec![],
            };
            let leg = Some(LegId(u128::from(n)));
            batch
                .records
                .push(scribe.record(call, leg, Rule::RecordAll, body));
        }
    }
    // What a third one says is a part of both.
    let body = EventBody::TrackStarted {
        recording: recordings[0],
        also: vec![recordings[1]],
        tap: TapId(99),
        // And what a fourth one says, who was there before, belongs to the first from there on.
        shares: vec![SharedTrack {
            tap: TapId(50),
            leg: LegId(3),
        }],
    };
    let third = scribe.record(call, Some(LegId(2)), Rule::RecordAll, body);
    batch.records.push(third);
    let body = EventBody::RecordingEnded {
        recording: recordings[0],
    };
    batch
        .records
        .push(scribe.pass(10).record(call, None, Rule::RecordOver, body));
    batch
}

#[test]
fn the_list_of_recordings_is_a_projection_of_the_ledger() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let boot = store.boot();
    let mut scribe = Scribe::new(store.next_seq());
    let (kept, open_one) = (RecordingId(1), RecordingId(2));
    let batch = recorded_call(&mut scribe, [kept, open_one]);
    let call = batch.records[0].event.call;
    store.append(&[batch]).expect("room");

    let waiting = store.recordings_waiting(boot).expect("readable");
    assert_eq!(waiting.len(), 1, "only the one that ended");
    assert_eq!(
        (waiting[0].id, waiting[0].state),
        (kept, RecordingState::Ended)
    );
    let [first, second, third, mut fourth] =
        [(10, 0), (9, 1), (99, 2), (50, 3)].map(|(tap, leg)| Track {
            tap: TapId(tap),
            leg: LegId(leg),
            since: None,
        });
    fourth.since = Some(third.tap);
    assert_eq!(waiting[0].tracks, [first, second, third, fourth]);
    assert_eq!(
        store.recordings_waiting(boot + 1).expect("readable").len(),
        2,
        "after a power cut"
    );

    let body = EventBody::RecordingStored {
        recording: kept,
        ms: 4_000,
        bytes: 128_044,
        sha256: "ab".into(),
    };
    let stored = scribe.note(Rule::RecordKept, body);
    let late = scribe.note(
        Rule::RecordKept,
        EventBody::RecordingLost {
            recording: open_one,
        },
    );
    let again = scribe.note(
        Rule::RecordOver,
        EventBody::RecordingEnded { recording: kept },
    );
    let records = vec![stored, late, again];
    store
        .append(&[Batch {
            records,
            ..Batch::default()
        }])
        .expect("room");
    assert_eq!(store.recordings_waiting(boot + 1).expect("readable"), []);
    let all = store.recordings(10, Wall(i64::MAX)).expect("readable");
    let seen: Vec<_> = all.iter().map(|r| (r.id, r.state, r.ms, r.bytes)).collect();
    let want = [
        (open_one, RecordingState::Lost, 0, 0),
        (kept, RecordingState::Kept, 4_000, 128_044),
    ];
    assert_eq!(seen, want);
    let of_call = store
        .recordings_of(call.expect("a call"))
        .expect("readable");
    assert_eq!(of_call.len(), 2);
    assert_eq!(of_call[1].tracks.last(), Some(&third));
    let one = store.recording(kept).expect("readable").expect("known");
    assert_eq!((one.sha256.as_str(), one.boot), ("ab", boot));
}

#[test]
fn a_track_in_a_ledger_of_the_first_version_is_one_of_one_recording() {
    let old = r#"{"track_started":{"recording":7,"tap":3}}"#;
    let body: EventBody = serde_json::from_str(old).expect("readable");
    assert_eq!(
        body,
        EventBody::TrackStarted {
            recording: RecordingId(7),
            also: vec![],
            tap: TapId(3),
            shares: vec![],
        }
    );
}

#[test]
fn a_recording_knows_when_it_was_paused() {
    let folder = Folder::new();
    let (mut store, _) = open(&folder);
    let mut scribe = Scribe::new(store.next_seq());
    let recording = RecordingId(2);
    let mut batch = recorded_call(&mut scribe, [RecordingId(1), recording]);
    let mut times = Vec::new();
    let paused = EventBody::RecordingPaused { recording };
    let resumed = EventBody::RecordingResumed { recording };
    for body in [&paused, &resumed, &paused] {
        let record = scribe.pass(1_000).note(Rule::RecordAsked, body.clone());
        times.push(record.at.wall);
        batch.records.push(record);
    }
    store.append(&[batch]).expect("room");
    let found = store.recording(recording).expect("readable");
    let pause = |since: usize, until: Option<usize>| Pause {
        since: times[since],
        until: until.map(|at| times[at]),
    };
    assert_eq!(
        found.expect("it is known").pauses,
        [pause(0, Some(1)), pause(2, None)]
    );
    let other = store.recording(RecordingId(1)).expect("readable");
    assert_eq!(other.expect("it is known").pauses, []);
}
