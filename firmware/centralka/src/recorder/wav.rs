//! A WAV file with two channels of 16-bit samples (RIFF, `WAVE_FORMAT_PCM`).

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Seek as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

const HEADER: usize = 44;
const CHANNELS: u16 = 2;
const FRAME: u16 = CHANNELS * 2;
/// The format counts bytes in 32 bits: 18 hours of two wide channels.
const DATA_MAX: u32 = u32::MAX - HEADER as u32;

/// A file that is being written.
pub(super) struct Wav {
    file: BufWriter<File>,
    hz: u32,
    data: u32,
}

impl Wav {
    /// Begins a file at `path`, over whatever is there.
    pub(super) fn create(path: &Path, hz: u32) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = BufWriter::new(options.open(path)?);
        file.write_all(&header(hz, 0))?;
        Ok(Self { file, hz, data: 0 })
    }

    /// Adds a moment: what is heard left and right. Beyond 18 hours nothing is added.
    pub(super) fn push(&mut self, left: i16, right: i16) -> io::Result<()> {
        if self.data > DATA_MAX - u32::from(FRAME) {
            return Ok(());
        }
        let [a, b] = left.to_le_bytes();
        let [c, d] = right.to_le_bytes();
        self.file.write_all(&[a, b, c, d])?;
        self.data += u32::from(FRAME);
        Ok(())
    }

    /// How long it is, in ms.
    pub(super) fn ms(&self) -> u64 {
        u64::from(self.data / u32::from(FRAME)) * 1_000 / u64::from(self.hz)
    }

    /// Writes the lengths into the header and waits until the file is on the disk; its bytes.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.file.rewind()?;
        self.file.write_all(&header(self.hz, self.data))?;
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(HEADER as u64 + u64::from(self.data))
    }
}

fn header(hz: u32, data: u32) -> [u8; HEADER] {
    let mut bytes = [0; HEADER];
    let fields: [(usize, &[u8]); 13] = [
        (0, b"RIFF"),
        (4, &(data + (HEADER as u32 - 8)).to_le_bytes()),
        (8, b"WAVE"),
        (12, b"fmt "),
        (16, &16_u32.to_le_bytes()),
        (20, &1_u16.to_le_bytes()),
        (22, &CHANNELS.to_le_bytes()),
        (24, &hz.to_le_bytes()),
        (28, &(hz * u32::from(FRAME)).to_le_bytes()),
        (32, &FRAME.to_le_bytes()),
        (34, &16_u16.to_le_bytes()),
        (36, b"data"),
        (40, &data.to_le_bytes()),
    ];
    for (at, value) in fields {
        bytes[at..at + value.len()].copy_from_slice(value);
    }
    bytes
}
