//! Recorded sound on its way to a file: segments that all recordings of the box share.
//!
//! A track is what one party says. While a call lasts its tracks are appended, frame by frame and
//! as they came, to the segment of the moment; one write and one sync a second serve all of them,
//! however many there are. After the call the frames are read back, made into one file for people,
//! and the segments that nobody needs any more are deleted. What a power cut leaves is whole up to
//! its last sync, at most a second before.
//!
//! A segment is a run of frames, little-endian: length of what follows the checksum `u32`, CRC-32
//! of it `u32`, kind `u8`, then by kind. The first frame names the segment and the start of the
//! program it belongs to: times count from there.

mod frame;
mod read;
mod segments;

use model::{Codec, Instant, TapId};

pub use read::{Reading, read};
pub use segments::Segments;

/// Bytes of a segment after which the next one is begun: a quarter of an hour of one call, half a
/// minute of a hundred.
pub const RECORDING_SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// Longest payload of a frame: 120 ms of sound without compression.
pub const RECORDING_PAYLOAD_MAX: usize = 4_096;

/// One step of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackFrame<'a> {
    /// The track.
    pub tap: TapId,
    /// When the first sample was said, by the clock of this start of the program.
    pub at: Instant,
    /// What there is.
    pub part: TrackPart<'a>,
}

/// What a step of a track holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackPart<'a> {
    /// The track begins.
    Began,
    /// Sound as it came, at most [`RECORDING_PAYLOAD_MAX`] bytes.
    Sound {
        /// How it is encoded.
        codec: Codec,
        /// One packet.
        payload: &'a [u8],
    },
    /// Somebody asked that nothing be recorded from here on.
    Paused,
    /// Recorded again from here on.
    Resumed,
    /// The track is over.
    Ended,
}
