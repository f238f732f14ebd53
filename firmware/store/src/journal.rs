//! The input journal: everything the exchange was handed, so that any moment can be replayed
//! through the same code. A ring of a few files beside the database; losing its tail in a power
//! failure is allowed, so bringing it onto the disk is left to the kernel until the stop: a sync
//! of megabytes would keep the calls' commits waiting.
//!
//! Payloads and snapshots are opaque here. What may stand in them (no passwords, no dialled DTMF)
//! is the business of whoever makes them.
//!
//! A file is a run of frames, little-endian: length of what follows the checksum `u32`, CRC-32 of
//! it `u32`, kind `u8`, trust `u8`, mono `u64` ns, wall `i64` µs, payload. Its first frame is the
//! segment's number, its second usually a snapshot.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use model::{Instant, Now, Trust, Wall};

use crate::StoreError;

/// Files of the ring. More than two, so that a crash loop does not wipe out its own cause.
pub const FILES: u64 = 4;
/// Bytes of a file after which the next one is begun.
pub const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of a file beyond which nothing more is written until a snapshot begins the next one.
pub const SEGMENT_BYTES_MAX: u64 = 2 * SEGMENT_BYTES;

const MAGIC: &[u8] = b"centralka journal 1";
const HEAD: usize = 8;
const FIXED: usize = 18;
/// Bytes of a segment's first frame.
const HEADER_BYTES: usize = HEAD + FIXED + MAGIC.len() + 8;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// One input of the exchange.
    Input,
    /// The whole exchange, before the frames that follow.
    Snapshot,
    /// The segment's number.
    Header,
}

impl FrameKind {
    fn code(self) -> u8 {
        match self {
            Self::Input => 0,
            Self::Snapshot => 1,
            Self::Header => 2,
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Input, Self::Snapshot, Self::Header]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// One frame as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What it holds.
    pub kind: FrameKind,
    /// When the exchange was handed it.
    pub now: Now,
    /// The bytes as they were handed in.
    pub payload: Vec<u8>,
}

/// Adds an input to `out`, to be sent to the writer in [`crate::Batch::journal`].
pub fn frame(out: &mut Vec<u8>, now: Now, payload: &[u8]) {
    put(out, FrameKind::Input, now, payload);
}

fn put(out: &mut Vec<u8>, kind: FrameKind, now: Now, payload: &[u8]) {
    let start = out.len();
    let len = u32::try_from(payload.len() + FIXED).unwrap_or(u32::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.push(kind.code());
    out.push(match now.trust {
        Trust::Unset => 0,
        Trust::Restored => 1,
        Trust::Synced => 2,
    });
    out.extend_from_slice(&now.mono.as_nanos().to_le_bytes());
    out.extend_from_slice(&now.wall.0.to_le_bytes());
    out.extend_from_slice(payload);
    let crc = crc32fast::hash(&out[start + HEAD..]);
    out[start + 4..start + HEAD].copy_from_slice(&crc.to_le_bytes());
}

/// The ring, open for writing.
pub struct Journal {
    dir: PathBuf,
    number: u64,
    file: Option<File>,
    path: PathBuf,
    written: u64,
    dropped_bytes: u64,
}

impl Journal {
    /// Opens the ring in `dir`. Nothing is written before the first [`Self::begin`]: the start of
    /// a program begins with a snapshot.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], `Io`.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|error| StoreError::from_io(dir, error))?;
        let numbers = (0..FILES).filter_map(|number| number_of(&file_of(dir, number)));
        let number = numbers.max().unwrap_or(0);
        Ok(Self {
            dir: dir.into(),
            number,
            file: None,
            path: dir.into(),
            written: 0,
            dropped_bytes: 0,
        })
    }

    /// Begins the next segment with `snapshot`, over the oldest file.
    ///
    /// # Errors
    /// As any write; the ring then waits for another snapshot.
    pub fn begin(&mut self, now: Now, snapshot: &[u8]) -> Result<(), StoreError> {
        self.file = None;
        self.number += 1;
        self.path = file_of(&self.dir, self.number);
        let fail = |error| StoreError::from_io(&self.path, error);
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&self.path).map_err(fail)?;
        let mut bytes = Vec::with_capacity(snapshot.len() + 128);
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&self.number.to_le_bytes());
        put(&mut bytes, FrameKind::Header, now, &header);
        put(&mut bytes, FrameKind::Snapshot, now, snapshot);
        file.write_all(&bytes).map_err(fail)?;
        self.written = bytes.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// Adds whole frames. Before the first snapshot, after a failed write and above
    /// [`SEGMENT_BYTES_MAX`] they are dropped and counted: a journal with a hole replays wrongly.
    ///
    /// # Errors
    /// As any write; the ring then waits for a snapshot.
    pub fn append(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        let len = frames.len() as u64;
        let Some(file) = self
            .file
            .as_mut()
            .filter(|_| self.written < SEGMENT_BYTES_MAX)
        else {
            self.dropped_bytes = self.dropped_bytes.saturating_add(len);
            return Ok(());
        };
        if let Err(error) = file.write_all(frames) {
            self.file = None;
            self.dropped_bytes = self.dropped_bytes.saturating_add(len);
            return Err(StoreError::from_io(&self.path, error));
        }
        self.written += len;
        Ok(())
    }

    /// Whether the exchange is asked for a snapshot: at the start, when the segment is full, and
    /// after a hole.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        self.file.is_none() || self.written >= SEGMENT_BYTES
    }

    /// Bytes that were not written for want of a snapshot or of space.
    #[must_use]
    pub fn dropped_bytes(&self) -> u64 {
        self.dropped_bytes
    }

    /// A part of the input is lost: nothing is written until the next snapshot.
    pub fn hole(&mut self) {
        self.file = None;
    }

    /// Brings what was written onto the disk.
    ///
    /// # Errors
    /// As any write.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        match &self.file {
            Some(file) => file
                .sync_data()
                .map_err(|error| StoreError::from_io(&self.path, error)),
            None => Ok(()),
        }
    }
}

/// One file of the ring as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The file.
    pub path: PathBuf,
    /// Its place in time: higher is newer.
    pub number: u64,
    /// Every whole frame in order, the header left out.
    pub frames: Vec<Frame>,
    /// Bytes at the end that are no whole, right frame: the write that the power cut short.
    pub torn_bytes: u64,
}

/// Every segment of the ring in `dir`, oldest first. Files that are none of ours are passed over.
///
/// # Errors
/// Failures to read.
pub fn segments(dir: &Path) -> Result<Vec<Segment>, StoreError> {
    let mut found = Vec::new();
    for number in 0..FILES {
        let path = file_of(dir, number);
        match std::fs::read(&path) {
            Ok(bytes) => found.extend(parse(path, &bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::from_io(&path, error)),
        }
    }
    found.sort_by_key(|segment: &Segment| segment.number);
    Ok(found)
}

/// Reads one file of the ring.
///
/// # Errors
/// [`StoreError::Damaged`] when its first frame is not a segment's number; failures to read.
pub fn read(path: &Path) -> Result<Segment, StoreError> {
    let bytes = std::fs::read(path).map_err(|error| StoreError::from_io(path, error))?;
    parse(path.into(), &bytes).ok_or_else(|| StoreError::Damaged {
        path: path.into(),
        detail: "it does not begin like an input journal".into(),
    })
}

fn file_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("journal.{}", number % FILES))
}

/// The number of the segment in a file, read from its first frame only: a start has no time for
/// the rest. `None` when there is no segment in it.
fn number_of(path: &Path) -> Option<u64> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES);
    File::open(path)
        .ok()?
        .take(HEADER_BYTES as u64)
        .read_to_end(&mut bytes)
        .ok()?;
    next_frame(&bytes).and_then(|(header, _)| number_in(&header))
}

/// The number that a header frame holds.
fn number_in(header: &Frame) -> Option<u64> {
    (header.kind == FrameKind::Header).then_some(())?;
    header
        .payload
        .strip_prefix(MAGIC)?
        .try_into()
        .map(u64::from_le_bytes)
        .ok()
}

/// The segment in `bytes`; `None` when its first frame is not a header.
fn parse(path: PathBuf, bytes: &[u8]) -> Option<Segment> {
    let (header, mut rest) = next_frame(bytes)?;
    let number = number_in(&header)?;
    let mut frames = Vec::new();
    while let Some((frame, after)) = next_frame(rest) {
        frames.push(frame);
        rest = after;
    }
    Some(Segment {
        path,
        number,
        frames,
        torn_bytes: rest.len() as u64,
    })
}

/// The time of the first of these frames.
pub(crate) fn first_now(frames: &[u8]) -> Option<Now> {
    next_frame(frames).map(|(frame, _)| frame.now)
}

/// The first frame of `bytes` and what follows; `None` when it is not whole or not right.
fn next_frame(bytes: &[u8]) -> Option<(Frame, &[u8])> {
    let (head, rest) = bytes.split_at_checked(HEAD)?;
    let (len, crc) = head.split_at(4);
    let len = usize::try_from(u32::from_le_bytes(len.try_into().ok()?)).ok()?;
    let crc = u32::from_le_bytes(crc.try_into().ok()?);
    let (body, rest) = rest.split_at_checked(len)?;
    let (fixed, payload) = body.split_at_checked(FIXED)?;
    (crc32fast::hash(body) == crc).then_some(())?;
    let trust = match fixed[1] {
        0 => Trust::Unset,
        1 => Trust::Restored,
        2 => Trust::Synced,
        _ => return None,
    };
    let now = Now {
        mono: Instant::from_nanos(u64::from_le_bytes(fixed[2..10].try_into().ok()?)),
        wall: Wall(i64::from_le_bytes(fixed[10..18].try_into().ok()?)),
        trust,
    };
    let kind = FrameKind::of(fixed[0])?;
    Some((
        Frame {
            kind,
            now,
            payload: payload.to_vec(),
        },
        rest,
    ))
}
