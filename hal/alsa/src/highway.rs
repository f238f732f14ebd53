//! From periods of all slots to blocks of each port and back, without a device.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dsp::g711::Law;
use hal_port::{FRAME, Frame};
use serde::{Deserialize, Serialize};

use crate::drift::Drift;
use crate::half::{AlsaAudio, CardCounts, Slot, slot};

/// What a slot of the card holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SampleFormat {
    /// 16-bit linear, little-endian.
    #[default]
    Linear,
    /// G.711 A-law.
    ALaw,
    /// G.711 µ-law.
    MuLaw,
}

impl SampleFormat {
    /// Octets of a sample.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Linear => 2,
            Self::ALaw | Self::MuLaw => 1,
        }
    }

    fn get(self, octets: &[u8]) -> i16 {
        match (self, octets) {
            (Self::Linear, &[low, high]) => i16::from_le_bytes([low, high]),
            (Self::ALaw, &[octet]) => Law::A.decode(octet),
            (Self::MuLaw, &[octet]) => Law::Mu.decode(octet),
            _ => 0,
        }
    }

    fn put(self, octets: &mut [u8], sample: i16) {
        match (self, octets) {
            (Self::Linear, [low, high]) => [*low, *high] = sample.to_le_bytes(),
            (Self::ALaw, [octet]) => *octet = Law::A.encode(sample),
            (Self::MuLaw, [octet]) => *octet = Law::Mu.encode(sample),
            _ => {}
        }
    }
}

/// Samples that lie ready for the device at the start: a block may be one sample short of a period.
const AHEAD: usize = FRAME + 1;

/// One port on the highway.
#[derive(Debug)]
struct Lane {
    channel: usize,
    slot: Slot,
    heard: VecDeque<i16>,
    to_play: VecDeque<i16>,
}

/// All ports of a card.
#[derive(Debug)]
pub struct Highway {
    format: SampleFormat,
    channels: usize,
    lanes: Vec<Lane>,
    drift: Drift,
    /// Samples of the card that make the next block.
    need: usize,
    counts: Arc<CardCounts>,
}

impl Highway {
    /// A card of `channels` slots of which those in `used` carry a port, each with its half in the same
    /// order. A slot beyond the card's is silent.
    #[must_use]
    pub fn new(format: SampleFormat, channels: usize, used: &[usize]) -> (Self, Vec<AlsaAudio>) {
        let (halves, lanes) = used
            .iter()
            .map(|&channel| {
                let (half, slot) = slot();
                let lane = Lane {
                    channel,
                    slot,
                    heard: VecDeque::with_capacity(4 * FRAME),
                    to_play: VecDeque::from(vec![0; AHEAD]),
                };
                (half, lane)
            })
            .unzip();
        let highway = Self {
            format,
            channels,
            lanes,
            drift: Drift::default(),
            need: FRAME,
            counts: Arc::new(CardCounts::default()),
        };
        (highway, halves)
    }

    /// What the card's thread counts.
    #[must_use]
    pub fn counts(&self) -> Arc<CardCounts> {
        Arc::clone(&self.counts)
    }

    /// Octets of a period of `frames`.
    #[must_use]
    pub const fn octets(&self, frames: usize) -> usize {
        frames * self.channels * self.format.octets()
    }

    /// A period of `frames` in which nobody speaks.
    #[must_use]
    pub fn silence(&self, frames: usize) -> Vec<u8> {
        let mut octets = vec![0; self.octets(frames)];
        for sample in octets.chunks_exact_mut(self.format.octets()) {
            self.format.put(sample, 0);
        }
        octets
    }

    /// One period of the card, interleaved: what came from the lines, and what goes there.
    pub fn period(&mut self, input: &[u8], output: &mut [u8]) {
        let (format, size) = (self.format, self.format.octets());
        let width = self.channels * size;
        for lane in &mut self.lanes {
            let at = lane.channel * size;
            let samples = input
                .chunks_exact(width)
                .map(|frame| frame.get(at..at + size));
            lane.heard
                .extend(samples.map(|octets| octets.map_or(0, |octets| format.get(octets))));
        }
        while self
            .lanes
            .first()
            .is_some_and(|lane| lane.heard.len() >= self.need)
        {
            self.exchange_block();
        }
        for frame in output.chunks_exact_mut(width) {
            for octets in frame.chunks_exact_mut(size) {
                format.put(octets, 0);
            }
            for lane in &mut self.lanes {
                let at = lane.channel * size;
                let sample = lane.to_play.pop_front().unwrap_or(0);
                if let Some(octets) = frame.get_mut(at..at + size) {
                    format.put(octets, sample);
                }
            }
        }
        self.counts.periods.fetch_add(1, Ordering::Relaxed);
    }

    fn exchange_block(&mut self) {
        let need = self.need;
        for lane in &mut self.lanes {
            let mut heard = [0; FRAME + 1];
            for (sample, got) in heard.iter_mut().zip(lane.heard.drain(..need)) {
                *sample = got;
            }
            let mut block: Frame = [0; FRAME];
            stretch(heard.get(..need).unwrap_or(&heard), &mut block);
            let said = lane.slot.exchange(block);
            let mut played = [0; FRAME + 1];
            if let Some(played) = played.get_mut(..need) {
                stretch(&said, played);
                lane.to_play.extend(played.iter());
            }
        }
        // All ports are served by one thread at both ends: any of them shows the clocks.
        let waiting = self.lanes.iter().find_map(|lane| lane.slot.waiting());
        self.need = self.drift.next_block(waiting);
        if self.need != FRAME {
            self.counts.stretched.fetch_add(1, Ordering::Relaxed);
        }
        self.counts.set_drift(self.drift.ppm());
    }
}

/// `from` in the length of `to`, which differs by one sample at most, by cubics through four samples.
/// A block begins and ends on samples of its own, so that neighbours fit without a step.
fn stretch(from: &[i16], to: &mut [i16]) {
    if from.len() == to.len() {
        to.copy_from_slice(from);
        return;
    }
    let ratio = from.len() as f32 / to.len().max(1) as f32;
    let last = from.len().saturating_sub(1);
    let sample_at = |at: usize| f32::from(from.get(at.min(last)).copied().unwrap_or(0));
    for (at, sample) in to.iter_mut().enumerate() {
        let place = at as f32 * ratio;
        let whole = place as usize;
        let t = place - whole as f32;
        let [a, b, c, d] = [
            sample_at(whole.saturating_sub(1)),
            sample_at(whole),
            sample_at(whole + 1),
            sample_at(whole + 2),
        ];
        // Lagrange's polynomial through −1, 0, 1, 2.
        let value = a * (-t * (t - 1.0) * (t - 2.0) / 6.0)
            + b * ((t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0)
            + c * (-(t + 1.0) * t * (t - 2.0) / 2.0)
            + d * ((t + 1.0) * t * (t - 1.0) / 6.0);
        *sample = value as i16;
    }
}
