//! The bytes of one frame.

use model::{Codec, Instant, TapId};

use super::{RECORDING_PAYLOAD_MAX, TrackFrame, TrackPart};

const MAGIC: &[u8; 21] = b"centralka recording 1";
/// Length and checksum.
const HEAD: usize = 8;
/// Kind, track, time, codec.
const FIXED: usize = 14;
const BODY_MAX: usize = FIXED + RECORDING_PAYLOAD_MAX;

const KIND_HEADER: u8 = 0;
const KIND_SOUND: u8 = 1;
const KIND_PAUSED: u8 = 2;
const KIND_RESUMED: u8 = 3;
const KIND_ENDED: u8 = 4;
const KIND_BEGAN: u8 = 5;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Its place in the order of segments.
    pub(super) number: u64,
    /// The start of the program that wrote it.
    pub(super) boot: u64,
}

/// A frame as read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Header(Header),
    Frame(TrackFrame<'a>),
}

pub(super) fn put_header(out: &mut Vec<u8>, header: Header) {
    let start = open(out, KIND_HEADER);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&header.number.to_le_bytes());
    out.extend_from_slice(&header.boot.to_le_bytes());
    close(out, start);
}

/// Adds a frame; whether its payload was not too long.
pub(super) fn put(out: &mut Vec<u8>, frame: &TrackFrame<'_>) -> bool {
    let (kind, codec, payload): (u8, u8, &[u8]) = match frame.part {
        TrackPart::Sound { codec, payload } => (KIND_SOUND, codec.octet(), payload),
        TrackPart::Began => (KIND_BEGAN, 0, &[]),
        TrackPart::Paused => (KIND_PAUSED, 0, &[]),
        TrackPart::Resumed => (KIND_RESUMED, 0, &[]),
        TrackPart::Ended => (KIND_ENDED, 0, &[]),
    };
    if payload.len() > RECORDING_PAYLOAD_MAX {
        return false;
    }
    let start = open(out, kind);
    out.extend_from_slice(&frame.tap.0.to_le_bytes());
    out.extend_from_slice(&frame.at.as_nanos().to_le_bytes());
    out.push(codec);
    out.extend_from_slice(payload);
    close(out, start);
    true
}

fn open(out: &mut Vec<u8>, kind: u8) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    out.push(kind);
    start
}

fn close(out: &mut [u8], start: usize) {
    let body = start + HEAD;
    // A body is shorter than `BODY_MAX`.
    let len = u32::try_from(out.len() - body).unwrap_or(u32::MAX);
    let crc = crc32fast::hash(&out[body..]);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..body].copy_from_slice(&crc.to_le_bytes());
}

/// The first frame of `bytes` and how long it is; `None` when it is not whole or not right.
pub(super) fn next(bytes: &[u8]) -> Option<(Found<'_>, usize)> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (len, crc) = head.split_at(4);
    let len = usize::try_from(u32::from_le_bytes(len.try_into().ok()?)).ok()?;
    if len > BODY_MAX {
        return None;
    }
    let body = rest.get(..len)?;
    if crc32fast::hash(body) != u32::from_le_bytes(crc.try_into().ok()?) {
        return None;
    }
    let (&kind, inside) = body.split_first()?;
    let found = match kind {
        KIND_HEADER => Found::Header(header(inside)?),
        _ => Found::Frame(track_frame(kind, inside)?),
    };
    Some((found, HEAD + len))
}

fn header(inside: &[u8]) -> Option<Header> {
    let numbers = inside.strip_prefix(MAGIC)?;
    let (number, boot) = numbers.split_at_checked(8)?;
    Some(Header {
        number: u64::from_le_bytes(number.try_into().ok()?),
        boot: u64::from_le_bytes(boot.try_into().ok()?),
    })
}

fn track_frame(kind: u8, inside: &[u8]) -> Option<TrackFrame<'_>> {
    let (fixed, payload) = inside.split_at_checked(FIXED - 1)?;
    let part = match kind {
        KIND_SOUND => TrackPart::Sound {
            codec: Codec::from_octet(fixed[12])?,
            payload,
        },
        KIND_BEGAN => TrackPart::Began,
        KIND_PAUSED => TrackPart::Paused,
        KIND_RESUMED => TrackPart::Resumed,
        KIND_ENDED => TrackPart::Ended,
        _ => return None,
    };
    Some(TrackFrame {
        tap: TapId(u32::from_le_bytes(fixed[..4].try_into().ok()?)),
        at: Instant::from_nanos(u64::from_le_bytes(fixed[4..12].try_into().ok()?)),
        part,
    })
}
