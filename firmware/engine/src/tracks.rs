//! Recorded tracks on their way from the media thread to who writes them down, and clips on their
//! way in.

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
const PAUSED: u8 = 250;
const RESUMED: u8 = 251;
const ENDED: u8 = 252;

/// The media thread's end: steps go in, or are lost and counted; never waits.
#[derive(Debug)]
pub struct TrackSink {
    ring: Producer<u8>,
    lost: Arc<AtomicU64>,
}

/// The writer's end. Read it ten times a second or more often.
#[derive(Debug)]
pub struct TrackReader {
    ring: Consumer<u8>,
    payload: Vec<u8>,
    lost: Arc<AtomicU64>,
}

/// Both ends of the ring of tracks.
#[must_use]
pub fn tracks() -> (TrackSink, TrackReader) {
    let (sink, reader) = RingBuffer::new(WAITING);
    let lost = Arc::new(AtomicU64::new(0));
    (
        TrackSink {
            ring: sink,
            lost: lost.clone(),
        },
        TrackReader {
            ring: reader,
            payload: Vec::with_capacity(PAYLOAD_MAX),
            lost,
        },
    )
}

fn kind_of(part: &TapPart<'_>) -> u8 {
    match part {
        TapPart::Sound { codec, .. } => codec.octet(),
        TapPart::Paused => PAUSED,
        TapPart::Resumed => RESUMED,
        TapPart::Ended => ENDED,
    }
}

fn part_of(kind: u8, payload: &[u8]) -> TapPart<'_> {
    match (kind, Codec::from_octet(kind)) {
        (_, Some(codec)) => TapPart::Sound { codec, payload },
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
            TapPart::Paused | TapPart::Resumed | TapPart::Ended => &[],
        };
        let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
        let whole = HEAD + payload.len();
        let room = self.ring.write_chunk_uninit(whole);
        let (Ok(chunk), true) = (room, payload.len() <= PAYLOAD_MAX) else {
            self.lost.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let [low, high] = length.to_le_bytes();
        let tap = step.tap.0.to_le_bytes();
        let at = step.at.as_nanos().to_le_bytes();
        let rest = [kind_of(&step.part), 0, low, high];
        let head = tap.into_iter().chain(at).chain(rest);
        chunk.fill_from_iter(head.chain(payload.iter().copied()));
    }
}

impl TrackReader {
    /// The next step; `None` when there is none for now.
    pub fn next_step(&mut self) -> Option<Tapped<'_>> {
        let mut head = [0; HEAD];
        for (slot, octet) in head.iter_mut().zip(self.ring.read_chunk(HEAD).ok()?) {
            *slot = octet;
        }
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
        ] = head;
        let length = usize::from(u16::from_le_bytes([low, high]));
        self.payload.clear();
        // Written in one piece with its head, so it is there.
        self.payload.extend(self.ring.read_chunk(length).ok()?);
        Some(Tapped {
            tap: TapId(u32::from_le_bytes([t0, t1, t2, t3])),
            at: Instant::from_nanos(u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7])),
            part: part_of(kind, &self.payload),
        })
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
        let (mut sink, mut reader) = tracks();
        assert_eq!(reader.next_step(), None);
        let payload: Vec<u8> = (0..200).collect();
        let all = [
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
        let (mut sink, mut reader) = tracks();
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
}
