use std::f64::consts::TAU;

use dsp::g711::Law;
use model::{Codec, Instant, TapId};
use store::recording::TrackPart;

use super::*;

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("centralka-recorder-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// 20 ms of a tone in A-law, the `n`th of a row.
fn tone(hz: f64, n: u64) -> [u8; 160] {
    std::array::from_fn(|at| {
        let time = (n * 160 + at as u64) as f64 / 8_000.0;
        Law::A.encode(((TAU * hz * time).sin() * 8_000.0) as i16)
    })
}

struct Said(Vec<(u32, u64, Vec<u8>)>);

impl Frames for Said {
    fn drain(&mut self, take: &mut dyn FnMut(&TrackFrame<'_>)) {
        for (tap, ms, payload) in self.0.drain(..) {
            take(&TrackFrame {
                tap: TapId(tap),
                at: Instant::from_millis(ms),
                part: TrackPart::Sound {
                    codec: Codec::Pcma,
                    payload: &payload,
                },
            });
        }
    }
}

/// Level of a tone in one channel of a file, as a share of what is there.
fn share(samples: &[i16], hz: f64, rate: f64) -> f64 {
    let (mut re, mut im, mut all) = (0.0, 0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let angle = TAU * hz * n as f64 / rate;
        let sample = f64::from(sample);
        re += sample * angle.cos();
        im += sample * angle.sin();
        all += sample * sample;
    }
    2.0 * (re * re + im * im) / (all * samples.len() as f64).max(1.0)
}

fn channels(path: &Path) -> (u32, Vec<i16>, Vec<i16>) {
    let bytes = std::fs::read(path).expect("a file");
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four"));
    assert_eq!(
        (&bytes[..4], &bytes[8..16]),
        (&b"RIFF"[..], &b"WAVEfmt "[..])
    );
    assert_eq!(number(4) as usize + 8, bytes.len());
    assert_eq!(number(40) as usize + 44, bytes.len());
    let sample = |two: &[u8]| i16::from_le_bytes([two[0], two[1]]);
    let all: Vec<i16> = bytes[44..].chunks(2).map(sample).collect();
    let channel = |n: usize| all.iter().skip(n).step_by(2).copied().collect();
    (number(24), channel(0), channel(1))
}

/// A track of a party of the same number.
fn track(tap: u32, since: Option<u32>) -> Track {
    Track {
        tap: TapId(tap),
        leg: LegId(u128::from(tap)),
        since: since.map(TapId),
    }
}

fn begin(desk: &mut Desk, recording: u128, taps: &[u32]) {
    desk.follow(Told::Started(CallId(1), RecordingId(recording), Wall(0)));
    for &tap in taps {
        let track = track(tap, None);
        desk.follow(Told::Track(vec![RecordingId(recording)], track, vec![]));
    }
}

#[test]
fn a_call_becomes_a_file_with_a_party_on_each_side() {
    let folder = Folder::new("sides");
    let mut desk = Desk::open(&folder.0, folder.0.join("segments"), 1).expect("a folder");
    begin(&mut desk, 7, &[1, 2]);
    begin(&mut desk, 8, &[3]);
    // The second party falls silent for a second; a third one belongs to another call.
    let said = (0..200_u64).flat_map(|n| {
        let at = 10_000 + n * 20;
        let second = (!(50..100).contains(&n)).then(|| (2, at + 3, tone(1_000.0, n).to_vec()));
        [
            (1, at, tone(400.0, n).to_vec()),
            (3, at, tone(1_700.0, n).to_vec()),
        ]
        .into_iter()
        .chain(second)
    });
    _ = desk.turn(&mut Said(said.collect()));
    desk.follow(Told::Ended(RecordingId(7)));
    let waiting = desk.queue.pop_front().expect("ended");
    let Command::RecordingKept {
        ms, bytes, sha256, ..
    } = desk.make(&waiting)
    else {
        panic!("not kept");
    };
    let path = file_of(&folder.0, Wall(0), RecordingId(7));
    assert!(path.ends_with("recordings/1970-01/00000000000000000000000000000007.wav"));
    assert_eq!(bytes, std::fs::metadata(&path).expect("there").len());
    assert!((4_000..=4_020).contains(&ms), "{ms}");
    assert_eq!(sha256.len(), 64);
    let (rate, left, right) = channels(&path);
    assert_eq!(rate, 8_000);
    assert!(share(&left[..16_000], 400.0, 8_000.0) > 0.99);
    assert!(share(&right[..7_900], 1_000.0, 8_000.0) > 0.99);
    assert!(
        right[8_100..15_900].iter().all(|&s| s == 0),
        "the gap is silence"
    );
    assert!(share(&right[16_100..31_900], 1_000.0, 8_000.0) > 0.99);
    desk.forget();
    assert!(
        folder.0.join("segments/00000001.seg").exists(),
        "the other call goes on"
    );
}

#[test]
fn what_an_earlier_start_left_is_made_into_a_file() {
    let folder = Folder::new("earlier");
    let segments = folder.0.join("segments");
    let mut before = Desk::open(&folder.0, segments.clone(), 1).expect("a folder");
    begin(&mut before, 9, &[4]);
    let said = (0..50)
        .map(|n| (4, n * 20, tone(400.0, n).to_vec()))
        .collect();
    _ = before.turn(&mut Said(said));
    drop(before);
    let mut desk = Desk::open(&folder.0, segments.clone(), 2).expect("a folder");
    let recording = Recording {
        id: RecordingId(9),
        call: CallId(1),
        boot: 1,
        started: Wall(0),
        state: store::RecordingState::Open,
        ms: 0,
        bytes: 0,
        sha256: String::new(),
        tracks: vec![track(4, None)],
        pauses: Vec::new(),
    };
    let made = desk.make(&Waiting::of_earlier(&recording));
    assert!(
        matches!(made, Command::RecordingKept { ms: 1_000, .. }),
        "{made:?}"
    );
    desk.forget();
    assert!(!segments.join("00000001.seg").exists());
    let made = desk.make(&Waiting::of_earlier(&recording));
    assert_eq!(
        made,
        Command::RecordingLost {
            call: CallId(1),
            recording: RecordingId(9)
        },
        "nothing is left of it"
    );
}

#[test]
fn a_pause_is_silence_and_what_comes_after_it_stays_in_its_place_and_on_its_side() {
    let folder = Folder::new("pause");
    let mut desk = Desk::open(&folder.0, folder.0.join("segments"), 1).expect("a folder");
    let recording = RecordingId(7);
    begin(&mut desk, 7, &[1, 2]);
    // The first second, then nothing for two; the first party's track goes on, the second party has
    // another one, as somebody whom another recording was following all the time.
    let second = |tap: u32, from: u64, hz: f64| {
        (0..50_u64).map(move |n| (tap, from + n * 20, tone(hz, n).to_vec()))
    };
    let mut said = Said(second(1, 0, 400.0).chain(second(2, 0, 1_000.0)).collect());
    _ = desk.turn(&mut said);
    let mut again = track(5, None);
    again.leg = LegId(2);
    desk.follow(Told::Track(vec![recording], again, vec![]));
    let after = second(1, 3_000, 400.0).chain(second(5, 3_000, 1_000.0));
    _ = desk.turn(&mut Said(after.collect()));
    desk.follow(Told::Ended(recording));
    let waiting = desk.queue.pop_front().expect("it ended");
    let Command::RecordingKept { ms, .. } = desk.make(&waiting) else {
        panic!("there is sound");
    };
    assert_eq!(ms, 4_000, "the time line is that of the call");
    let (rate, left, right) = channels(&file_of(&folder.0, Wall(0), recording));
    assert_eq!(rate, 8_000);
    for (side, own, other) in [(&left, 400.0, 1_000.0), (&right, 1_000.0, 400.0)] {
        for part in [400..7_600, 24_400..31_600] {
            assert!(share(&side[part.clone()], own, 8_000.0) > 0.95, "{part:?}");
            assert!(share(&side[part], other, 8_000.0) < 0.01);
        }
        assert!(side[8_400..23_600].iter().all(|&sample| sample == 0));
    }
}

#[test]
fn who_was_there_before_is_heard_from_when_the_own_party_came() {
    let folder = Folder::new("shared");
    let mut desk = Desk::open(&folder.0, folder.0.join("segments"), 1).expect("a folder");
    let (early, late) = (RecordingId(7), RecordingId(8));
    begin(&mut desk, 7, &[1]);
    desk.follow(Told::Started(CallId(2), late, Wall(0)));
    let recordings = vec![late, early];
    let shares = vec![track(1, Some(2))];
    desk.follow(Told::Track(recordings, track(2, None), shares));
    // The first talks for two seconds. The second comes after one, says nothing for half a second, and
    // its track is written by another thread, after all of the first's.
    let row = |tap, hz, times: std::ops::Range<u64>| {
        times.map(move |n| (tap, 5_000 + n * 20, tone(hz, n).to_vec()))
    };
    _ = desk.turn(&mut Said(row(1, 400.0, 0..100).collect()));
    _ = desk.turn(&mut Mark(TapId(2), 6_000, TrackPart::Began));
    _ = desk.turn(&mut Said(row(2, 1_000.0, 75..100).collect()));
    for (recording, whole) in [(early, 2_000), (late, 1_000)] {
        desk.follow(Told::Ended(recording));
        let waiting = desk.queue.pop_front().expect("it ended");
        let Command::RecordingKept { ms, .. } = desk.make(&waiting) else {
            panic!("there is sound");
        };
        assert_eq!(ms, whole, "{recording}");
        let (_, left, right) = channels(&file_of(&folder.0, Wall(0), recording));
        let (mut first, mut second) = (left, right);
        if recording == late {
            (first, second) = (second, first);
        }
        assert!(share(&first, 400.0, 8_000.0) > 0.99);
        let before = second.len() - 4_000;
        assert!(second[..before].iter().all(|&sample| sample == 0));
        assert!(share(&second[before..], 1_000.0, 8_000.0) > 0.99);
    }
}

#[test]
fn where_the_own_party_left_nothing_nothing_of_the_others_is_heard() {
    let folder = Folder::new("unknown");
    let mut desk = Desk::open(&folder.0, folder.0.join("segments"), 1).expect("a folder");
    let recording = RecordingId(8);
    desk.follow(Told::Started(CallId(2), recording, Wall(0)));
    let shares = vec![track(1, Some(2))];
    desk.follow(Told::Track(vec![recording], track(2, None), shares));
    let said = (0..50).map(|n| (1, n * 20, tone(400.0, n).to_vec()));
    _ = desk.turn(&mut Said(said.collect()));
    desk.follow(Told::Ended(recording));
    let waiting = desk.queue.pop_front().expect("it ended");
    let made = desk.make(&waiting);
    assert!(matches!(made, Command::RecordingLost { .. }), "{made:?}");
}

#[test]
fn the_sound_of_a_hang_up_goes_its_own_way() {
    let folder = Folder::new("evidence");
    let segments = folder.0.join("segments");
    let mut desk = Desk::open(&folder.0, segments, 1).expect("a folder");
    let record = Record {
        seq: model::Seq(40),
        at: model::Now::default(),
        event: model::Event {
            call: Some(CallId(9)),
            leg: None,
            rule: model::Rule::LineReversal,
            body: EventBody::Line {
                port: PortId(3),
                news: model::LineNews::HungUp {
                    sign: model::LineSign::Reversal,
                    tone: None,
                    evidence: Some(TapId(5)),
                },
            },
        },
    };
    let name = |port| (port == PortId(3)).then(|| "fxo1".to_owned());
    let hang_up = HangUp::of(&record, name).expect("it is one");
    desk.follow(Told::HungUp(Box::new(hang_up)));
    let piece = |at: u8| (5, 0, vec![at; 100]);
    let heard = desk.turn(&mut Said(vec![piece(1), (6, 0, vec![9; 160]), piece(2)]));
    assert!(heard.is_empty(), "it is not whole yet");
    let heard = desk.turn(&mut Mark(TapId(5), 0, TrackPart::Ended));
    let [(evidence, sound)] = &heard[..] else {
        panic!("{heard:?}");
    };
    assert_eq!((evidence.id.0, evidence.port.as_str()), (40, "fxo1"));
    assert_eq!(evidence.call, Some(CallId(9)));
    assert_eq!((sound.len(), sound[0], sound[199]), (200, 1, 2));
    assert!(desk.hang_ups.is_empty());
}

/// A mark in a track, at some ms.
struct Mark(TapId, u64, TrackPart<'static>);

impl Frames for Mark {
    fn drain(&mut self, take: &mut dyn FnMut(&TrackFrame<'_>)) {
        take(&TrackFrame {
            tap: self.0,
            at: Instant::from_millis(self.1),
            part: self.2,
        });
    }
}
