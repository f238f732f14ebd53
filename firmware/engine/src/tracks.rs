//! Recorded tracks on their way from the media thread to who writes them down, and clips on their
//! way in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use media::{ClipSound, TapPart, Tapped};
use model::{ClipId, Codec, Instant, TapId};
use rtrb::{Consumer, Producer, RingBuffer};

/// Where the sound of clips comes from. Called on the media helper, which may read files.
pub trait ClipSource: Send {
    /// The sound of a clip; `None` if it is not there or cannot be read.
    fn load(&mut self, clip: ClipId) -> Option<Arc<ClipSound>>;
}

/// There are no clips.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoClips;

impl ClipSource for NoClips {
    fn load(&mut self, _: ClipId) -> Option<Arc<ClipSound>> {
        None
    }
}

/// Octets that wait for the reader: more than a tenth of a second of 600 recorded calls.
const WAITING: usize = 4 * 1_024 * 1_024;
/// Octets before the payload: track, time, kind, length.
const HEAD: usize = 16;
/// Longest payload of a step.
const PAYLOAD_MAX: usize = model::limits::RTP_PACKET_MAX;

/// Kinds beyond the octets of codecs.
const BEGAN: u8 = 249;
const PAUSED: u8 = 250;
const RESUMED: u8 = 251;
const ENDED: u8 = 252;
/// The track goes on in the ring whose number stands in the time, where `CAME` stands first.
const MOVED: u8 = 253;
/// The track was in the ring of that number before.
const CAME: u8 = 254;

/// A media thread's end: steps go in, or are lost and counted; never waits.
#[derive(Debug)]
pub struct TrackSink {
    ring: Producer<u8>,
    lost: Arc<AtomicU64>,
}

/// The writer's end. Read it ten times a second or more often.
#[derive(Debug)]
pub struct TrackReader {
    /// One for each media thread.
    rings: Vec<Consumer<u8>>,
    /// The ring that is read at present.
    at: usize,
    /// The ring in which the next step of a track is, where there are several.
    owners: BTreeMap<TapId, usize>,
    payload: Vec<u8>,
    lost: Arc<AtomicU64>,
}

/// Both ends of the rings of tracks, one for each media thread.
#[must_use]
pub fn tracks(threads: usize) -> (Vec<TrackSink>, TrackReader) {
    let lost = Arc::new(AtomicU64::new(0));
    let (mut sinks, mut rings) = (Vec::new(), Vec::new());
    for _ in 0..threads {
        let (ring, reader) = RingBuffer::new(WAITING);
        let lost = lost.clone();
        sinks.push(TrackSink { ring, lost });
        rings.push(reader);
    }
    let reader = TrackReader {
        rings,
        at: 0,
        owners: BTreeMap::new(),
        payload: Vec::with_capacity(PAYLOAD_MAX),
        lost,
    };
    (sinks, reader)
}

fn kind_of(part: &TapPart<'_>) -> u8 {
    match part {
        TapPart::Sound { codec, .. } => codec.octet(),
        TapPart::Began => BEGAN,
        TapPart::Paused => PAUSED,
        TapPart::Resumed => RESUMED,
        TapPart::Ended => ENDED,
    }
}

fn part_of(kind: u8, payload: &[u8]) -> TapPart<'_> {
    match (kind, Codec::from_octet(kind)) {
        (_, Some(codec)) => TapPart::Sound { codec, payload },
        (BEGAN, _) => TapPart::Began,
        (PAUSED, _) => TapPart::Paused,
        (RESUMED, _) => TapPart::Resumed,
        _ => TapPart::Ended,
    }
}

impl TrackSink {
    /// Hands a step over; one that does not fit is lost and counted.
    pub(crate) fn push(&mut self, step: &Tapped<'_>) {
        let payload = match step.part {
            TapPart::Sound { payload, .. } => payload,
            TapPart::Began | TapPart::Paused | TapPart::Resumed | TapPart::Ended => &[],
        };
        self.put(step.tap, step.at.as_nanos(), kind_of(&step.part), payload);
    }

    /// What follows of a track comes through the ring of another media thread.
    pub(crate) fn moved(&mut self, tap: TapId, to: usize) {
        self.put(tap, u64::try_from(to).unwrap_or(0), MOVED, &[]);
    }

    /// A track goes on here that was in the ring of another media thread.
    pub(crate) fn came(&mut self, tap: TapId, from: usize) {
        self.put(tap, u64::try_from(from).unwrap_or(0), CAME, &[]);
    }

    fn put(&mut self, tap: TapId, at: u64, kind: u8, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let whole = HEAD + payload.len();
        let room = self.ring.write_chunk_uninit(whole);
        let (Ok(chunk), true) = (room, payload.len() <= PAYLOAD_MAX) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let [low, high] = length.to_le_bytes();
        let (tap, at) = (tap.0.to_le_bytes(), at.to_le_bytes());
        let head = tap.into_iter().chain(at).chain([kind, 0, low, high]);
        chunk.fill_from_iter(head.chain(payload.iter().copied()));
    }
}

/// What stands before the payload.
struct Head {
    tap: TapId,
    at: u64,
    kind: u8,
    length: usize,
}

impl Head {
    fn read(octets: [u8; HEAD]) -> Self {
        let [
            t0,
            t1,
            t2,
            t3,
            a0,
            a1,
            a2,
            a3,
            a4,
            a5,
            a6,
            a7,
            kind,
            _,
            low,
            high,
        ] = octets;
        Self {
            tap: TapId(u32::from_le_bytes([t0, t1, t2, t3])),
            at: u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]),
            kind,
            length: usize::from(u16::from_le_bytes([low, high])),
        }
    }
}

impl TrackReader {
    /// The next step; `None` when there is none for now. The steps of a track come in their order,
    /// whichever threads its leg was on.
    pub fn next_step(&mut self) -> Option<Tapped<'_>> {
        let head = self.next_head()?;
        self.payload.clear();
        let ring = self.rings.get_mut(self.at)?;
        // Written in one piece with its head, so it is there.
        self.payload.extend(ring.read_chunk(head.length).ok()?);
        Some(Tapped {
            tap: head.tap,
            at: Instant::from_nanos(head.at),
            part: part_of(head.kind, &self.payload),
        })
    }

    /// Takes the head of the next step out of the ring that it leaves in `at`.
    fn next_head(&mut self) -> Option<Head> {
        let several = self.rings.len() > 1;
        // Rings that were found empty, and steps put off, since the last one that was taken.
        let (mut empty, mut put_off) = (0, 0);
        while empty < self.rings.len() {
            let Some(head) = self.peek() else {
                empty += 1;
                self.at = (self.at + 1) % self.rings.len();
                continue;
            };
            let named = usize::try_from(head.at).unwrap_or(0) % self.rings.len();
            let owner = self.owners.get(&head.tap).copied();
            let begins = if head.kind == CAME { named } else { self.at };
            let owner = owner.unwrap_or(begins);
            if several && owner != self.at && put_off < self.rings.len() {
                // Earlier steps of the track are in another ring: the mark of the move stands behind
                // them. Rings without it, for it was lost, are passed over after a while.
                put_off += 1;
                empty = 0;
                self.at = owner;
                continue;
            }
            self.take();
            (empty, put_off) = (0, 0);
            if head.kind == MOVED || head.kind == CAME {
                let goes_on = if head.kind == MOVED { named } else { self.at };
                self.owners.insert(head.tap, goes_on);
                continue;
            }
            if several && head.kind == ENDED {
                self.owners.remove(&head.tap);
            } else if several {
                self.owners.insert(head.tap, self.at);
            }
            return Some(head);
        }
        None
    }

    /// The head of the first step in the ring in turn.
    fn peek(&mut self) -> Option<Head> {
        let chunk = self.rings.get_mut(self.at)?.read_chunk(HEAD).ok()?;
        let (first, second) = chunk.as_slices();
        let mut head = [0; HEAD];
        for (slot, &octet) in head.iter_mut().zip(first.iter().chain(second)) {
            *slot = octet;
        }
        Some(Head::read(head))
    }

    /// Takes out the head that was looked at.
    fn take(&mut self) {
        let ring = self.rings.get_mut(self.at);
        if let Some(Ok(chunk)) = ring.map(|ring| ring.read_chunk(HEAD)) {
            chunk.commit_all();
        }
    }

    /// Steps that were lost because the reader was too slow.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(tap: u32, part: TapPart<'_>) -> Tapped<'_> {
        Tapped {
            tap: TapId(tap),
            at: Instant::from_millis(u64::from(tap) * 20),
            part,
        }
    }

    #[test]
    fn steps_come_out_as_they_went_in() {
        let (mut sinks, mut reader) = tracks(1);
        let sink = &mut sinks[0];
        assert_eq!(reader.next_step(), None);
        let payload: Vec<u8> = (0..200).collect();
        let all = [
            TapPart::Began,
            TapPart::Paused,
            TapPart::Resumed,
            TapPart::Ended,
            TapPart::Sound {
                codec: Codec::Opus,
                payload: &payload,
            },
            TapPart::Sound {
                codec: Codec::Pcmu,
                payload: &payload[..7],
            },
        ];
        // Often enough to go round the ring.
        for round in 0..40_000 {
            for part in all {
                sink.push(&step(round, part));
            }
            for part in all {
                assert_eq!(reader.next_step(), Some(step(round, part)));
            }
        }
        assert_eq!(reader.next_step(), None);
        assert_eq!(reader.lost(), 0);
    }

    #[test]
    fn a_slow_reader_loses_whole_steps_and_they_are_counted() {
        let (mut sinks, mut reader) = tracks(1);
        let sink = &mut sinks[0];
        let payload = [7; 160];
        let sound = TapPart::Sound {
            codec: Codec::Pcma,
            payload: &payload,
        };
        for n in 0..30_000 {
            sink.push(&step(n, sound));
        }
        let read = std::iter::from_fn(|| reader.next_step().map(|s| s.tap.0)).count();
        assert_eq!(read as u64 + reader.lost(), 30_000);
        assert!(reader.lost() > 0 && read == WAITING / (HEAD + 160));
    }

    #[test]
    fn a_track_that_goes_from_thread_to_thread_comes_in_its_order() {
        let (mut sinks, mut reader) = tracks(3);
        let payload = [1; 3];
        let sound = TapPart::Sound {
            codec: Codec::Pcma,
            payload: &payload,
        };
        let at = |tap, ms| Tapped {
            tap: TapId(tap),
            at: Instant::from_millis(ms),
            part: sound,
        };
        // Two tracks go round in opposite directions; what they say is numbered.
        let mut told = [0_u64; 2];
        for round in 0..50_usize {
            for (tap, told) in told.iter_mut().enumerate() {
                let thread = |round: usize| if tap == 0 { round % 3 } else { 2 - round % 3 };
                let sink = &mut sinks[thread(round)];
                for _ in 0..=round % 4 {
                    sink.push(&at(tap as u32, *told));
                    *told += 1;
                }
                sink.moved(TapId(tap as u32), thread(round + 1));
                sinks[thread(round + 1)].came(TapId(tap as u32), thread(round));
            }
            if round % 7 == 0 {
                sinks[round % 3].push(&step(9, TapPart::Paused));
                sinks[round % 3].push(&step(9, TapPart::Ended));
            }
        }
        let mut heard = [0_u64; 2];
        while let Some(step) = reader.next_step() {
            if let Some(heard) = heard.get_mut(step.tap.0 as usize) {
                assert_eq!(step.at.as_millis(), *heard);
                *heard += 1;
            }
        }
        assert_eq!(heard, told);
    }

    #[test]
    fn a_lost_mark_stops_nobody() {
        let (mut sinks, mut reader) = tracks(2);
        // Each track is said to have gone where the other one's steps wait.
        for (thread, sink) in sinks.iter_mut().enumerate() {
            sink.push(&step(thread as u32, TapPart::Paused));
        }
        while reader.next_step().is_some() {}
        for (thread, sink) in sinks.iter_mut().enumerate() {
            sink.push(&step(1 - thread as u32, TapPart::Resumed));
        }
        let rest = std::iter::from_fn(|| reader.next_step().map(|step| step.tap.0));
        assert_eq!(rest.count(), 2);
    }
}
