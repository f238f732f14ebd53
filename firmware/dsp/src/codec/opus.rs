//! Opus (RFC 6716) for speech, by libopus: one channel, 16 kHz, or 8 kHz where the far end has no
//! use for more. The wire is the same for both; only what is inside differs.

use model::OpusParams;
use opus::{Application, Bitrate, Channels, Signal};

use super::{Unavailable, Undecoded};

const WIDE_HZ: u32 = 16_000;
const NARROW_HZ: u32 = 8_000;
/// Bits a second for wide and narrow speech: above the 20 and 12 kbit/s from which RFC 7587 §3.1.1
/// calls it good, so that coding twice on the way still sounds well.
const WIDE_BIT_RATE: u32 = 32_000;
const NARROW_BIT_RATE: u32 = 16_000;
/// What libopus takes (RFC 7587 §6.1 `maxaveragebitrate`).
const BIT_RATES: (u32, u32) = (6_000, 510_000);
/// 0 to 10. At 5 speech is within a hair of 10 and costs half of it.
const COMPLEXITY: i32 = 5;
/// Packets lost, in percent, that error correction is laid out for until the far end reports.
const LOSS: u8 = 5;
/// A packet of at most this many bytes says only that there is silence (DTX) and is not sent.
const SILENCE_MAX: usize = 2;

const fn sample_hz(wishes: OpusParams) -> u32 {
    if wishes.narrow { NARROW_HZ } else { WIDE_HZ }
}

/// An Opus encoder, see [`super::Encoder`].
#[derive(Debug)]
pub struct OpusEncoder {
    state: opus::Encoder,
    sample_hz: u32,
    dtx: bool,
}

impl OpusEncoder {
    pub(super) fn new(wishes: OpusParams) -> Result<Self, Unavailable> {
        let sample_hz = sample_hz(wishes);
        let state = opus::Encoder::new(sample_hz, Channels::Mono, Application::Voip);
        let mut encoder = Self {
            state: state.map_err(|_| Unavailable)?,
            sample_hz,
            dtx: wishes.dtx,
        };
        encoder.set_up(wishes).map_err(|_| Unavailable)?;
        encoder.expect_loss(LOSS);
        Ok(encoder)
    }

    fn set_up(&mut self, wishes: OpusParams) -> opus::Result<()> {
        let ours = if wishes.narrow {
            NARROW_BIT_RATE
        } else {
            WIDE_BIT_RATE
        };
        let rate = match wishes.max_bit_rate {
            0 => ours,
            most => ours.min(most).clamp(BIT_RATES.0, BIT_RATES.1),
        };
        self.state.set_bitrate(Bitrate::Bits(rate.cast_signed()))?;
        self.state.set_signal(Signal::Voice)?;
        self.state.set_complexity(COMPLEXITY)?;
        self.state.set_inband_fec(wishes.fec)?;
        self.state.set_dtx(wishes.dtx)
    }

    pub(super) fn sample_hz(&self) -> u32 {
        self.sample_hz
    }

    pub(super) fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> usize {
        match self.state.encode(pcm, out) {
            Ok(bytes) if self.dtx && bytes <= SILENCE_MAX => 0,
            Ok(bytes) => bytes.min(out.len()),
            Err(_) => 0, // no frame length of Opus, or no room
        }
    }

    pub(super) fn expect_loss(&mut self, percent: u8) {
        // Refused only beyond 100.
        let _ = self.state.set_packet_loss_perc(i32::from(percent.min(100)));
    }

    pub(super) fn reset(&mut self) {
        // Never refused: the request has no argument. Settings stay.
        let _ = self.state.reset_state();
    }
}

/// An Opus decoder, see [`super::Decoder`].
#[derive(Debug)]
pub struct OpusDecoder {
    state: opus::Decoder,
    sample_hz: u32,
}

impl OpusDecoder {
    pub(super) fn new(wishes: OpusParams) -> Result<Self, Unavailable> {
        let sample_hz = sample_hz(wishes);
        let state = opus::Decoder::new(sample_hz, Channels::Mono).map_err(|_| Unavailable)?;
        Ok(Self { state, sample_hz })
    }

    pub(super) fn sample_hz(&self) -> u32 {
        self.sample_hz
    }

    pub(super) fn samples_of(&self, payload: &[u8]) -> Option<usize> {
        if payload.is_empty() {
            return None;
        }
        self.state.get_nb_samples(payload).ok()
    }

    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, Undecoded> {
        // Room was checked by the caller, so all that is left to refuse is the payload.
        let samples = self.state.decode(payload, out, false);
        samples.map_err(|_| Undecoded::Damaged)
    }

    pub(super) fn conceal(&mut self, out: &mut [i16]) -> bool {
        self.is_fillable(out) && self.state.decode(&[], out, false).is_ok()
    }

    pub(super) fn decode_fec(&mut self, next: &[u8], out: &mut [i16]) -> bool {
        self.is_fillable(out) && !next.is_empty() && self.state.decode(next, out, true).is_ok()
    }

    /// Multiples of 2.5 ms up to 120 ms can be made up (`opus_decode` in libopus).
    fn is_fillable(&self, out: &[i16]) -> bool {
        let unit = (self.sample_hz / 400) as usize;
        let units = out.len().checked_div(unit).unwrap_or(0);
        (1..=48).contains(&units) && out.len().is_multiple_of(unit)
    }

    pub(super) fn reset(&mut self) {
        // Never refused: the request has no argument.
        let _ = self.state.reset_state();
    }
}
