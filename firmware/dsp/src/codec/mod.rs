//! All codecs of [`model::Codec`] behind one pair of types.
//!
//! Building an [`Encoder`] or a [`Decoder`] allocates and belongs on the media helper; everything
//! else neither allocates nor blocks and may run on a media thread. libopus works on the stack: a
//! thread that encodes Opus needs 128 KiB of it.

mod opus;

use model::{Codec, OpusParams};

use crate::g711::Law;
use crate::g722;

/// Bytes of the longest payload that an encoder makes: an Opus frame (RFC 6716 §3.4). 60 ms of
/// G.711 or G.722 are 480.
pub const PAYLOAD_MAX: usize = 1_275;
/// Samples of the longest payload that a decoder takes: 120 ms at 16 kHz (RFC 6716 §3.1).
pub const SAMPLES_MAX: usize = 1_920;

/// Why there is no codec: libopus had no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unavailable;

/// Why a payload was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecoded {
    /// It is empty, or not what the codec makes.
    Damaged,
    /// It holds more samples than there is room for.
    NoRoom,
}

/// Samples to payloads, for one direction of one leg.
#[derive(Debug)]
pub enum Encoder {
    /// G.711.
    Pcm(Law),
    /// G.722 at 64 kbit/s.
    G722(Box<g722::Encoder>),
    /// Opus.
    Opus(OpusEncoder),
}

/// Payloads to samples, for one direction of one leg.
#[derive(Debug)]
pub enum Decoder {
    /// G.711.
    Pcm(Law),
    /// G.722 at 64 kbit/s.
    G722(Box<g722::Decoder>),
    /// Opus.
    Opus(OpusDecoder),
}

pub use opus::{OpusDecoder, OpusEncoder};

impl Encoder {
    /// An encoder at rest; `wishes` matter to Opus only. Allocates.
    ///
    /// # Errors
    /// [`Unavailable`] when memory is short.
    pub fn new(codec: Codec, wishes: OpusParams) -> Result<Self, Unavailable> {
        Ok(match codec {
            Codec::Pcmu => Self::Pcm(Law::Mu),
            Codec::Pcma => Self::Pcm(Law::A),
            Codec::G722 => Self::G722(Box::default()),
            Codec::Opus => Self::Opus(OpusEncoder::new(wishes)?),
        })
    }

    /// Samples a second that [`Encoder::encode`] takes: [`Codec::sample_hz`], but 8,000 for Opus
    /// where the far end has no use for more.
    #[must_use]
    pub fn sample_hz(&self) -> u32 {
        match self {
            Self::Pcm(_) => Codec::Pcma.sample_hz(),
            Self::G722(_) => Codec::G722.sample_hz(),
            Self::Opus(opus) => opus.sample_hz(),
        }
    }

    /// Encodes one packet and returns its bytes. Give `out` [`PAYLOAD_MAX`] bytes.
    ///
    /// 0 means that there is nothing to send: silence under Opus DTX, or samples that make no
    /// packet (Opus knows 2.5, 5, 10, 20, 40, 60, 80, 100 and 120 ms only).
    #[must_use]
    pub fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        match self {
            Self::Pcm(law) => law.encode_into(pcm, out),
            Self::G722(g722) => g722.encode_into(pcm, out),
            Self::Opus(opus) => opus.encode(pcm, out),
        }
    }

    /// The share of packets that the far end loses, in percent, 0–100: Opus spends that much more
    /// on error correction, where it was agreed. 5 until said otherwise.
    pub fn expect_loss(&mut self, percent: u8) {
        if let Self::Opus(opus) = self {
            opus.expect_loss(percent);
        }
    }

    /// Back to rest, as for a new stream.
    pub fn reset(&mut self) {
        match self {
            Self::Pcm(_) => {}
            Self::G722(g722) => **g722 = g722::Encoder::new(),
            Self::Opus(opus) => opus.reset(),
        }
    }
}

impl Decoder {
    /// A decoder at rest; of `wishes` only `narrow` matters, to Opus. Allocates.
    ///
    /// # Errors
    /// [`Unavailable`] when memory is short.
    pub fn new(codec: Codec, wishes: OpusParams) -> Result<Self, Unavailable> {
        Ok(match codec {
            Codec::Pcmu => Self::Pcm(Law::Mu),
            Codec::Pcma => Self::Pcm(Law::A),
            Codec::G722 => Self::G722(Box::default()),
            Codec::Opus => Self::Opus(OpusDecoder::new(wishes)?),
        })
    }

    /// Samples a second that [`Decoder::decode`] gives: the same as [`Encoder::sample_hz`].
    #[must_use]
    pub fn sample_hz(&self) -> u32 {
        match self {
            Self::Pcm(_) => Codec::Pcma.sample_hz(),
            Self::G722(_) => Codec::G722.sample_hz(),
            Self::Opus(opus) => opus.sample_hz(),
        }
    }

    /// Samples inside a payload, without decoding it; `None` when it is damaged. At most
    /// [`SAMPLES_MAX`] for Opus.
    #[must_use]
    pub fn samples_of(&self, payload: &[u8]) -> Option<usize> {
        let samples = match self {
            Self::Pcm(_) => payload.len(),
            Self::G722(_) => payload.len().saturating_mul(2),
            Self::Opus(opus) => opus.samples_of(payload)?,
        };
        (samples > 0).then_some(samples)
    }

    /// Decodes one payload to the front of `out` and returns how many samples that were.
    ///
    /// # Errors
    /// [`Undecoded`]; the decoder goes on with the next payload as if this one was lost.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Undecoded> {
        let samples = self.samples_of(payload).ok_or(Undecoded::Damaged)?;
        if samples > out.len() {
            return Err(Undecoded::NoRoom);
        }
        match self {
            Self::Pcm(law) => Ok(law.decode_into(payload, out)),
            Self::G722(g722) => Ok(g722.decode_into(payload, out)),
            Self::Opus(opus) => opus.decode(payload, out),
        }
    }

    /// Fills `out`, the place of a lost packet, from the codec's own memory. Returns false and
    /// leaves `out` alone when the codec cannot: then [`crate::conceal`] does it on samples. Opus
    /// fills multiples of 2.5 ms up to 120 ms.
    #[must_use]
    pub fn conceal(&mut self, out: &mut [i16]) -> bool {
        match self {
            Self::Pcm(_) | Self::G722(_) => false,
            Self::Opus(opus) => opus.conceal(out),
        }
    }

    /// Fills `out`, the place of the packet lost directly before `next`, from what `next` repeats
    /// of it (in-band error correction), else like [`Decoder::conceal`]. Decode `next` itself
    /// after this. False: the codec cannot, `out` is as it was.
    #[must_use]
    pub fn decode_fec(&mut self, next: &[u8], out: &mut [i16]) -> bool {
        match self {
            Self::Pcm(_) | Self::G722(_) => false,
            Self::Opus(opus) => opus.decode_fec(next, out),
        }
    }

    /// Back to rest, as for a new stream.
    pub fn reset(&mut self) {
        match self {
            Self::Pcm(_) => {}
            Self::G722(g722) => **g722 = g722::Decoder::new(),
            Self::Opus(opus) => opus.reset(),
        }
    }
}

#[cfg(test)]
mod tests;
