//! From periods of all slots to blocks of each port and back, without a device.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dsp::g711::Law;
use hal_port::FRAME;
use serde::{Deserialize, Serialize};

use crate::Period;
use crate::half::{AlsaAudio, CardCounts, Progress, Slot, slot};

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

/// By so many samples the card's thread may be late: 5 ms.
const SPARE: usize = 40;

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
    period: Period,
    lanes: Vec<Lane>,
    /// The block that is being answered.
    asked: Option<u64>,
    progress: Arc<Progress>,
    counts: Arc<CardCounts>,
}

impl Highway {
    /// A card of `channels` slots of which those in `used` carry a port, each with its half in the same
    /// order. A slot beyond the card's is silent.
    #[must_use]
    pub fn new(
        format: SampleFormat,
        channels: usize,
        period: Period,
        used: &[usize],
    ) -> (Self, Vec<AlsaAudio>) {
        let progress = Arc::<Progress>::default();
        let (halves, lanes) = used
            .iter()
            .map(|&channel| {
                let (half, slot) = slot(&progress, period.lead());
                let lane = Lane {
                    channel,
                    slot,
                    heard: VecDeque::with_capacity(2 * FRAME),
                    to_play: VecDeque::with_capacity(2 * FRAME),
                };
                (half, lane)
            })
            .unzip();
        let mut highway = Self {
            format,
            channels,
            period,
            lanes,
            asked: None,
            progress,
            counts: Arc::new(CardCounts::default()),
        };
        highway.restart();
        (highway, halves)
    }

    /// The device was started, with its lead of silence.
    pub fn restart(&mut self) {
        self.asked = None;
        for lane in &mut self.lanes {
            lane.heard.clear();
            lane.to_play.clear();
            // Until the first block is answered.
            lane.to_play.resize(FRAME, 0);
        }
    }

    /// What the card's thread counts.
    #[must_use]
    pub fn counts(&self) -> Arc<CardCounts> {
        Arc::clone(&self.counts)
    }

    /// Octets of a period.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.period.frames() as usize * self.channels * self.format.octets()
    }

    /// What the device plays before the first period: nobody speaks.
    #[must_use]
    pub fn silence(&self) -> Vec<u8> {
        let size = self.format.octets();
        let mut octets = vec![0; usize::from(self.period.lead()) * self.channels * size];
        for sample in octets.chunks_exact_mut(size) {
            self.format.put(sample, 0);
        }
        octets
    }

    /// One period of the card, interleaved: what came from the lines, and what goes there. A block that
    /// becomes whole is handed on at once and must be answered before the next period.
    pub fn period(&mut self, input: &[u8], output: &mut [u8]) {
        if let Some(number) = self.asked.take() {
            for lane in &mut self.lanes {
                lane.to_play.extend(lane.slot.answer(number));
            }
        }
        self.hear(input);
        self.speak(output);
        self.counts.periods.fetch_add(1, Ordering::Relaxed);
    }

    fn hear(&mut self, input: &[u8]) {
        let (format, size) = (self.format, self.format.octets());
        let width = self.channels * size;
        let number = self.progress.blocks.load(Ordering::Relaxed);
        let (mut whole, mut since) = (false, 0);
        for lane in &mut self.lanes {
            let at = lane.channel * size;
            let samples = input
                .chunks_exact(width)
                .map(|frame| frame.get(at..at + size));
            lane.heard
                .extend(samples.map(|octets| octets.map_or(0, |octets| format.get(octets))));
            if lane.heard.len() >= FRAME {
                let mut block = [0; FRAME];
                for (sample, heard) in block.iter_mut().zip(lane.heard.drain(..FRAME)) {
                    *sample = heard;
                }
                lane.slot.ask(number, block);
                whole = true;
            }
            since = lane.heard.len();
        }
        let since = u32::try_from(since).unwrap_or(u32::MAX);
        self.progress.since.store(since, Ordering::Relaxed);
        if whole {
            self.asked = Some(number);
            self.progress.blocks.store(number + 1, Ordering::Release);
        }
    }

    fn speak(&mut self, output: &mut [u8]) {
        let (format, size) = (self.format, self.format.octets());
        for frame in output.chunks_exact_mut(self.channels * size) {
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
    }
}

impl Period {
    /// Samples that the device plays before the first period: as many are still to be played whenever a
    /// period was read and one was written. What answers a block begins so many and a block later than the block itself:
    /// 20 or 25 ms.
    pub(crate) const fn lead(self) -> u16 {
        self.frames() + SPARE as u16
    }
}
