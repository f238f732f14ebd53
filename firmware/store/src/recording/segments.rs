//! Writing: the segment of the moment.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    RECORDING_SEGMENT_BYTES, TrackFrame,
    frame::{self, Header},
    read,
};
use crate::StoreError;

/// Bytes that may wait for a disk that takes nothing: half a minute of a hundred calls. More are
/// dropped and counted.
const WAITING_MAX: usize = 64 * 1024 * 1024;

/// All recordings of the box, open for appending. One thread; nothing here waits for the disk but
/// [`Segments::sync`].
pub struct Segments {
    dir: PathBuf,
    boot: u64,
    number: u64,
    file: Option<File>,
    written: u64,
    waiting: Vec<u8>,
    dropped: u64,
}

impl Segments {
    /// Opens the folder `dir`, making it if there is none; nothing is written before the first
    /// frame. `boot` is the start of the program that the tracks belong to.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], `Full`, `Io`.
    pub fn open(dir: &Path, boot: u64) -> Result<Self, StoreError> {
        std::fs::create_dir_all(dir).map_err(|error| StoreError::from_io(dir, error))?;
        let last = read::numbers(dir)?.into_iter().max().unwrap_or(0);
        Ok(Self {
            dir: dir.into(),
            boot,
            number: last,
            file: None,
            written: 0,
            waiting: Vec::new(),
            dropped: 0,
        })
    }

    /// Where the next frame goes: a recording that begins now has nothing in earlier segments.
    #[must_use]
    pub fn current(&self) -> u64 {
        match self.file {
            Some(_) => self.number,
            None => self.number + 1,
        }
    }

    /// Takes a frame; it is on the disk after the next [`Self::sync`].
    pub fn append(&mut self, frame: &TrackFrame<'_>) {
        let full = self.waiting.len() >= WAITING_MAX;
        if full || !frame::put(&mut self.waiting, frame) {
            self.dropped += 1;
        }
    }

    /// Whether a sync has anything to do.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Frames that were too long, or that no disk took for half a minute.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Brings everything taken so far onto the disk. Waits for it. After an error what was taken
    /// is kept for the next attempt, which begins a new segment: half a frame at the end of the
    /// old one ends that, and nothing else.
    ///
    /// # Errors
    /// As any write.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        if self.file.is_none() || self.written >= RECORDING_SEGMENT_BYTES {
            self.begin()?;
        }
        let path = read::path_of(&self.dir, self.number);
        let Some(file) = self.file.as_mut() else {
            return Ok(());
        };
        let done = file
            .write_all(&self.waiting)
            .and_then(|()| file.sync_data());
        if let Err(error) = done {
            self.file = None;
            return Err(StoreError::from_io(&path, error));
        }
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        // The peak of a busy hour is not kept for ever.
        self.waiting.shrink_to(1024 * 1024);
        Ok(())
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        self.file = None;
        let number = self.number + 1;
        let path = read::path_of(&self.dir, number);
        let fail = |error| StoreError::from_io(&path, error);
        let mut file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(fail)?;
        // From here on the number is used up, whatever becomes of the file.
        self.number = number;
        let mut bytes = Vec::with_capacity(64);
        let boot = self.boot;
        frame::put_header(&mut bytes, Header { number, boot });
        file.write_all(&bytes).map_err(fail)?;
        // The name has to survive as well as what stands in the file.
        File::open(&self.dir)
            .and_then(|dir| dir.sync_all())
            .map_err(fail)?;
        self.written = bytes.len() as u64;
        self.file = Some(file);
        Ok(())
    }

    /// Deletes all segments before `first`: no recording that is still to be read began in them.
    ///
    /// # Errors
    /// As any write; what could be deleted is.
    pub fn forget_before(&mut self, first: u64) -> Result<(), StoreError> {
        let mut done = Ok(());
        for number in read::numbers(&self.dir)? {
            if number < first.min(self.current()) {
                let path = read::path_of(&self.dir, number);
                if let Err(error) = std::fs::remove_file(&path) {
                    done = Err(StoreError::from_io(&path, error));
                }
            }
        }
        done
    }
}
