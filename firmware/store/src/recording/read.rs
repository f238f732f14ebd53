//! Reading back: every frame of some tracks, in the order it was written.

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use super::{
    TrackFrame,
    frame::{self, Found},
};
use crate::StoreError;

/// Bytes read at a time.
const CHUNK: usize = 256 * 1024;
const SUFFIX: &str = ".seg";

/// What became of a reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Frames given out.
    pub frames: u64,
    /// Bytes that are no whole, right frame: the end that a power cut or a bad sector left. What
    /// follows them in their segment is not read.
    pub torn_bytes: u64,
}

/// Gives out every frame that the start `boot` of the program wrote into `dir`, beginning with the
/// segment `first`, oldest first.
///
/// # Errors
/// Failures to read; damaged bytes are counted and are none.
pub fn read(
    dir: &Path,
    boot: u64,
    first: u64,
    mut take: impl FnMut(&TrackFrame<'_>),
) -> Result<Reading, StoreError> {
    let mut reading = Reading::default();
    let mut all = numbers(dir)?;
    all.sort_unstable();
    for number in all.into_iter().filter(|&number| number >= first) {
        read_segment(&path_of(dir, number), boot, &mut reading, &mut take)?;
    }
    Ok(reading)
}

fn read_segment(
    path: &Path,
    boot: u64,
    reading: &mut Reading,
    take: &mut impl FnMut(&TrackFrame<'_>),
) -> Result<(), StoreError> {
    let fail = |error| StoreError::from_io(path, error);
    let mut file = File::open(path).map_err(fail)?;
    let mut bytes = Vec::with_capacity(2 * CHUNK);
    let mut ours = false;
    let mut whole = 0;
    loop {
        let came = (&mut file)
            .take(CHUNK as u64)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
        let mut done = 0;
        while let Some((found, len)) = bytes.get(done..).and_then(frame::next) {
            match found {
                Found::Header(header) if header.boot == boot => ours = true,
                Found::Frame(frame) if ours => {
                    reading.frames += 1;
                    take(&frame);
                }
                // Another start's, or a segment without its header.
                Found::Header(_) | Found::Frame(_) => return Ok(()),
            }
            done += len;
        }
        bytes.drain(..done);
        whole += done as u64;
        // No frame is as long as a chunk: if none is found in one, what follows is damaged.
        if came == 0 || bytes.len() >= CHUNK {
            let len = file.metadata().map_err(fail)?.len();
            reading.torn_bytes += len.saturating_sub(whole);
            return Ok(());
        }
    }
}

/// The numbers of all segments in `dir`, in no order.
pub(super) fn numbers(dir: &Path) -> Result<Vec<u64>, StoreError> {
    let fail = |error| StoreError::from_io(dir, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(fail)? {
        let name = entry.map_err(fail)?.file_name();
        let number: Option<u64> = name
            .to_str()
            .and_then(|name| name.strip_suffix(SUFFIX))
            .and_then(|number| number.parse().ok());
        found.extend(number);
    }
    Ok(found)
}

pub(super) fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}{SUFFIX}"))
}
