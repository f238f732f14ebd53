//! The sound of a far end: decoded, put in order, concealed. While nobody mixes it, it is played
//! to nobody in step with arrivals, so that the mixer finds a buffer that is filled and knows the
//! network.

use dsp::TICK_SAMPLES;
use dsp::conceal::Conceal;
use dsp::g711::Law;
use model::Instant;
use rtp::jitter::{JitterBuffer, PACKET_SAMPLES_MAX, Pushed, Run};
use rtp::packet::Packet;

use crate::plane::TICK;

/// Ticks that are played to nobody at once at most; after a longer pause the buffer starts anew.
const UNHEARD_TICKS_MAX: u32 = 100;

/// The listening half of an RTP leg.
#[derive(Debug)]
pub(crate) struct Listening {
    buffer: JitterBuffer,
    conceal: Conceal,
    /// Up to when sound was played to nobody; `None` while the mixer plays it.
    unheard: Option<Instant>,
}

impl Listening {
    pub(crate) fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(),
            conceal: Conceal::new(),
            unheard: Some(Instant::ZERO),
        }
    }

    /// Another source, or the same with new numbers.
    pub(crate) fn restart(&mut self) {
        self.buffer.restart();
    }

    /// The mixer plays from now on.
    pub(crate) fn start(&mut self, now: Instant) {
        self.play_unheard(now);
        self.unheard = None;
    }

    /// The mixer plays no more.
    pub(crate) fn stop(&mut self, now: Instant) {
        if self.unheard.is_none() {
            self.unheard = Some(now);
        }
    }

    /// A packet of sound; false if the mixer plays and it came too late for that.
    pub(crate) fn hear(&mut self, now: Instant, packet: &Packet<'_>, law: Law) -> bool {
        self.play_unheard(now);
        let mut samples = [0; PACKET_SAMPLES_MAX];
        // A longer packet is handed over as one sample too long, so that it is refused.
        let len = law.decode_into(packet.payload, &mut samples);
        let samples = samples.get(..len).unwrap_or(&[]);
        let pushed = self.buffer.push(packet.timestamp, packet.marker, samples);
        self.unheard.is_some() || pushed != Pushed::Late
    }

    /// The next block.
    pub(crate) fn pull(&mut self, block: &mut [i16; TICK_SAMPLES]) {
        let mut rest = block.as_mut_slice();
        while !rest.is_empty() {
            let run = self.buffer.pull(rest);
            let Some((part, after)) = rest.split_at_mut_checked(run.len().max(1)) else {
                return;
            };
            match run {
                Run::Sound(_) | Run::Idle(_) => self.conceal.good(part),
                Run::Lost(_) => self.conceal.lost(part),
            }
            rest = after;
        }
    }

    /// Samples that were made up.
    pub(crate) fn concealed(&self) -> u64 {
        self.conceal.concealed()
    }

    fn play_unheard(&mut self, now: Instant) {
        let Some(mut at) = self.unheard else {
            return;
        };
        let mut block = [0; TICK_SAMPLES];
        let mut left = UNHEARD_TICKS_MAX;
        while at.plus(TICK) <= now {
            if left == 0 {
                self.buffer.restart();
                at = now;
                break;
            }
            left = left.saturating_sub(1);
            let mut rest = block.as_mut_slice();
            while !rest.is_empty() {
                let len = self.buffer.pull(rest).len().max(1);
                rest = rest.get_mut(len..).unwrap_or(&mut []);
            }
            at = at.plus(TICK);
        }
        self.unheard = Some(at);
    }
}
