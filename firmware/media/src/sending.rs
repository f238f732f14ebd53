//! The sound of a leg on its way into packets: collected until a packet is full, then encoded.

use dsp::codec::{Decoder, Encoder};
use dsp::g711::Law;
use model::{Codec, OpusParams, RtpParams};

use crate::block::Rate;
use crate::listening::Sound;

/// Longest packet time in ms.
const PTIME_MS_MAX: u8 = 60;

/// Encoder and decoder of a leg and the sound in work, built where memory may be asked for, and as
/// large as the codec's rate needs.
#[derive(Debug)]
pub struct Codecs {
    pub(crate) encoder: Encoder,
    pub(crate) pcm: Box<[i16]>,
    pub(crate) decoder: Decoder,
    pub(crate) sound: Sound,
}

impl Codecs {
    /// What a leg with these parameters needs; `None` when memory is short. Called by the media
    /// helper, which may allocate.
    #[must_use]
    pub fn boxed(params: &RtpParams) -> Option<Box<Self>> {
        let encoder = Encoder::new(params.codec, params.opus).ok()?;
        let decoder = Decoder::new(params.codec, params.opus).ok()?;
        let block = Rate::of_hz(encoder.sample_hz()).samples();
        let blocks = usize::from(packet_time(params) / 10);
        Some(Box::new(Self {
            pcm: vec![0; block.saturating_mul(blocks)].into_boxed_slice(),
            sound: Sound::new(decoder.sample_hz()),
            encoder,
            decoder,
        }))
    }
}

/// The packet time in force. Opus has no frames of 30 or 50 ms (RFC 6716 §2.1.4).
pub(crate) fn packet_time(params: &RtpParams) -> u8 {
    match (params.ptime_ms, params.codec) {
        (30 | 50, Codec::Opus) => 20,
        (ms @ 10..=PTIME_MS_MAX, _) if ms % 10 == 0 => ms,
        _ => 20,
    }
}

/// What two legs must have in common to be sent the same octets at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) codec: Codec,
    opus: OpusParams,
    /// Ticks of a packet.
    pub(crate) ticks: u8,
    /// In which of them a packet begins.
    phase: u8,
}

impl Manner {
    pub(crate) fn of(params: &RtpParams, slot: u16) -> Self {
        let ticks = (params.ptime_ms / 10).max(1);
        let opus = match params.codec {
            Codec::Opus => params.opus,
            Codec::Pcmu | Codec::Pcma | Codec::G722 => OpusParams::default(),
        };
        // Packets of a whole number of two ticks end in even ones, whosever they are: the plane then
        // runs the odd ones together with these. All others take turns.
        let turn = if ticks.is_multiple_of(2) {
            slot.wrapping_mul(2).wrapping_add(1)
        } else {
            slot
        };
        let phase = turn.checked_rem(u16::from(ticks)).unwrap_or(0);
        Self {
            codec: params.codec,
            opus,
            ticks,
            phase: u8::try_from(phase).unwrap_or(0),
        }
    }

    /// Whether a packet is over after this tick, so that the next one begins in its turn.
    pub(crate) fn ends(&self, tick: u64) -> bool {
        self.begins(tick.wrapping_add(1))
    }

    /// Whether a packet begins in this tick when its turn is kept. The first one after a pause may
    /// begin in between and is shorter.
    pub(crate) fn begins(&self, tick: u64) -> bool {
        tick.checked_rem(u64::from(self.ticks)) == Some(u64::from(self.phase))
    }
}

/// The packet in the making.
#[derive(Debug)]
pub(crate) struct Sending {
    pub(crate) encoder: Encoder,
    /// None before the first codec.
    pub(crate) pcm: Box<[i16]>,
    filled: usize,
}

impl Sending {
    pub(crate) fn new() -> Self {
        Self {
            encoder: Encoder::Pcm(Law::A),
            pcm: Box::default(),
            filled: 0,
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        Rate::of_hz(self.encoder.sample_hz())
    }

    /// Packets are longer from now on than `pcm` had room for: what is collected goes into `larger`,
    /// which is taken in its place.
    pub(crate) fn make_room(&mut self, larger: &mut Box<[i16]>) {
        if larger.len() > self.pcm.len() {
            for (slot, &sample) in larger.iter_mut().zip(&self.pcm) {
                *slot = sample;
            }
            core::mem::swap(&mut self.pcm, larger);
        }
    }

    /// Nothing waits for the rest of its packet.
    pub(crate) const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Whether a packet of so many ticks is full.
    pub(crate) fn is_full(&self, ticks: u8) -> bool {
        self.filled >= self.samples(ticks)
    }

    /// What waits is not sent.
    pub(crate) const fn drop_rest(&mut self) {
        self.filled = 0;
    }

    fn samples(&self, ticks: u8) -> usize {
        let samples = self.rate().samples().saturating_mul(usize::from(ticks));
        samples.min(self.pcm.len())
    }

    /// Adds a block at [`Sending::rate`].
    pub(crate) fn collect(&mut self, block: &[i16]) {
        let rest = self.pcm.get_mut(self.filled..).unwrap_or(&mut []);
        let length = block.len().min(rest.len());
        for (slot, &sample) in rest.iter_mut().zip(block) {
            *slot = sample;
        }
        self.filled = self.filled.saturating_add(length);
    }

    /// Encodes what was collected into `out`; octets, 0 = nothing is to be sent, and ticks of it.
    pub(crate) fn encode(&mut self, out: &mut [u8]) -> (usize, u8) {
        let filled = core::mem::take(&mut self.filled);
        let pcm = self.pcm.get(..filled).unwrap_or(&[]);
        let ticks = filled.checked_div(self.rate().samples()).unwrap_or(0);
        (
            self.encoder.encode(pcm, out),
            u8::try_from(ticks).unwrap_or(u8::MAX),
        )
    }

    /// The stream that `other` sent goes on here, and here's own one there.
    pub(crate) fn change_places(&mut self, other: &mut Self) {
        core::mem::swap(&mut self.encoder, &mut other.encoder);
        self.copy(other);
    }

    /// The sound that `other`, of the same codec, has collected or sent last.
    fn copy(&mut self, other: &Self) {
        for (slot, &sample) in self.pcm.iter_mut().zip(&other.pcm) {
            *slot = sample;
        }
        self.filled = other.filled;
    }

    /// This leg was sent what `other` encoded and goes on by itself: as if it had encoded it too.
    pub(crate) fn go_on_from(&mut self, other: &Self, ticks: u8) {
        let whole = self.samples(ticks);
        match (&mut self.encoder, &other.encoder) {
            (Encoder::G722(own), Encoder::G722(other)) => own.clone_from(other),
            (Encoder::Opus(_), Encoder::Opus(_)) => {
                // The newest packet once more, to nobody, so that the next one fits behind it.
                let mut nobody = [0; dsp::codec::PAYLOAD_MAX];
                let _ = self
                    .encoder
                    .encode(other.pcm.get(..whole).unwrap_or(&[]), &mut nobody);
            }
            (Encoder::Pcm(_) | Encoder::G722(_) | Encoder::Opus(_), _) => {}
        }
        self.copy(other);
    }

    /// Ticks for which an own encoder must have encoded the same sound as a shared one before the
    /// far end may be sent the shared stream.
    pub(crate) const fn settling_ticks(&self) -> u8 {
        match self.encoder {
            Encoder::Pcm(_) => 2,
            Encoder::G722(_) => 50,
            Encoder::Opus(_) => 10,
        }
    }
}
