//! WAV files (RIFF, Microsoft's and IBM's Multimedia Programming Interface 1.0, and
//! `WAVE_FORMAT_EXTENSIBLE`): integers of 8 to 32 bits, floating point, A-law and µ-law.
//!
//! Our own: the kind that is uploaded most is the one that can be read without trusting anybody.

use super::FileFault;
use crate::g711::Law;

/// What samples are stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// Bytes of an integer; one byte has its zero at 128.
    Whole(usize),
    Float32,
    Float64,
    Companded(Law),
}

impl Coding {
    const fn bytes(self) -> usize {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Float32 => 4,
            Self::Float64 => 8,
            Self::Companded(_) => 1,
        }
    }

    /// One stored sample at full scale 1.
    fn sample(self, stored: &[u8]) -> f32 {
        match (self, stored) {
            (Self::Companded(law), &[octet]) => f32::from(law.decode(octet)) / 32_768.0,
            (Self::Whole(1), &[byte]) => (f32::from(byte) - 128.0) / 128.0,
            (Self::Whole(2), &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Self::Whole(3), &[a, b, c]) => {
                i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0
            }
            (Self::Whole(4), &[a, b, c, d]) => {
                i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0
            }
            (Self::Float32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            (Self::Float64, &[a, b, c, d, e, f, g, h]) => {
                f64::from_le_bytes([a, b, c, d, e, f, g, h]) as f32
            }
            _ => 0.0,
        }
    }
}

/// A file whose head was read.
#[derive(Debug)]
pub(super) struct Wav<'a> {
    /// Samples a second, as the file says.
    pub hz: u32,
    /// Channels, at least one.
    pub channels: usize,
    coding: Coding,
    data: &'a [u8],
}

impl<'a> Wav<'a> {
    /// Reads the head of a file that begins with `RIFF` and `WAVE`.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, FileFault> {
        let mut rest = bytes.get(12..).unwrap_or(&[]);
        let mut format = None;
        while let Some((&[a, b, c, d, size @ ..], after)) = rest.split_first_chunk::<8>() {
            let size = u32::from_le_bytes(size) as usize;
            // A chunk that claims more than there is ends with the file: it was cut off, or
            // written by somebody who did not know yet how long it would be.
            let body = after.get(..size).unwrap_or(after);
            match &[a, b, c, d] {
                b"fmt " => format = Some(format_of(body)?),
                b"data" => {
                    let (hz, channels, coding) = format.ok_or(FileFault::Damaged)?;
                    let data = body;
                    return Ok(Self {
                        hz,
                        channels,
                        coding,
                        data,
                    });
                }
                _ => {}
            }
            // Chunks begin at even places.
            let next = size.saturating_add(size & 1);
            rest = after.get(next..).unwrap_or(&[]);
        }
        Err(FileFault::Damaged)
    }

    /// All samples, interleaved, full scale 1; whole frames only.
    pub(super) fn samples(&self) -> impl Iterator<Item = f32> {
        let frame = self.coding.bytes().saturating_mul(self.channels).max(1);
        let whole = self
            .data
            .len()
            .checked_div(frame)
            .unwrap_or(0)
            .saturating_mul(frame);
        let data = self.data.get(..whole).unwrap_or(&[]);
        let stored = data.chunks_exact(self.coding.bytes().max(1));
        stored.map(|stored| self.coding.sample(stored))
    }
}

/// Rate, channels and coding of a `fmt ` chunk.
fn format_of(body: &[u8]) -> Result<(u32, usize, Coding), FileFault> {
    let Some((head, more)) = body.split_first_chunk::<16>() else {
        return Err(FileFault::Damaged);
    };
    let [
        tag_a,
        tag_b,
        channels_a,
        channels_b,
        a,
        b,
        c,
        d,
        _,
        _,
        _,
        _,
        _,
        _,
        bits_a,
        bits_b,
    ] = *head;
    let mut tag = u16::from_le_bytes([tag_a, tag_b]);
    if tag == EXTENSIBLE {
        // The first two bytes of the sub-format are the old tag.
        match more.get(8..10) {
            Some(&[a, b]) => tag = u16::from_le_bytes([a, b]),
            _ => return Err(FileFault::Damaged),
        }
    }
    let coding = match (tag, u16::from_le_bytes([bits_a, bits_b])) {
        (1, bits @ (8 | 16 | 24 | 32)) => Coding::Whole(usize::from(bits / 8)),
        (3, 32) => Coding::Float32,
        (3, 64) => Coding::Float64,
        (6, 8) => Coding::Companded(Law::A),
        (7, 8) => Coding::Companded(Law::Mu),
        _ => return Err(FileFault::UnknownCodec),
    };
    let channels = usize::from(u16::from_le_bytes([channels_a, channels_b]));
    if channels == 0 {
        return Err(FileFault::Channels(0));
    }
    Ok((u32::from_le_bytes([a, b, c, d]), channels, coding))
}

/// `WAVE_FORMAT_EXTENSIBLE`.
const EXTENSIBLE: u16 = 0xfffe;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coding_has_its_scale() {
        let cases: [(Coding, &[u8], f32); 8] = [
            (Coding::Whole(1), &[0], -1.0),
            (Coding::Whole(2), &[0, 0x40], 0.5),
            (Coding::Whole(3), &[0, 0, 0xc0], -0.5),
            (Coding::Whole(4), &[0, 0, 0, 0x20], 0.25),
            (Coding::Float32, &0.75_f32.to_le_bytes(), 0.75),
            (Coding::Float64, &(-0.75_f64).to_le_bytes(), -0.75),
            (Coding::Companded(Law::A), &[0xd5], 8.0 / 32_768.0),
            (Coding::Companded(Law::Mu), &[0xff], 0.0),
        ];
        for (coding, stored, wanted) in cases {
            assert_eq!(stored.len(), coding.bytes());
            assert_eq!(coding.sample(stored), wanted, "{coding:?}");
        }
    }

    #[test]
    fn an_extensible_head_and_chunks_of_odd_length_are_read() {
        let mut bytes = b"RIFF\0\0\0\0WAVEnote\x03\0\0\0abc\0fmt \x28\0\0\0".to_vec();
        bytes.extend([0xfe, 0xff, 2, 0]);
        bytes.extend(16_000_u32.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 4, 0, 16, 0, 22, 0, 16, 0, 3, 0, 0, 0, 1, 0]);
        bytes.extend([0; 14]);
        bytes.extend(b"data\xff\xff\xff\xff\0\x40\0\xc0\0\x20");
        let wav = Wav::open(&bytes).expect("a WAV file");
        assert_eq!((wav.hz, wav.channels), (16_000, 2));
        assert_eq!(wav.samples().collect::<Vec<_>>(), [0.5, -0.5]);
    }
}
