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
    /// The sample made up for joining, to be played first.
    joint: Option<i16>,
    /// Changes from relaying to mixing: each cost one sample made up for joining.
    seams: u64,
}

impl Listening {
    pub(crate) fn new() -> Self {
        Self {
            buffer: JitterBuffer::new(),
            conceal: Conceal::new(),
            unheard: Some(Instant::ZERO),
            joint: None,
            seams: 0,
        }
    }

    /// Another source, or the same with new numbers.
    pub(crate) fn restart(&mut self) {
        self.buffer.restart();
    }

    /// The mixer plays from now on: some of what was relayed a moment ago once more, since the
    /// mixer waits for late packets. Concealment joins the two without a click.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.unheard.is_none() {
            return;
        }
        self.play_unheard(now);
        self.unheard = None;
        let mut joint = [0; 1];
        self.conceal.lost(&mut joint);
        self.joint = joint.first().copied();
        self.seams = self.seams.saturating_add(1);
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
        let samples = samples.get_mut(..len).unwrap_or(&mut []);
        let pushed = self.buffer.push(packet.timestamp, packet.marker, samples);
        if self.unheard.is_some() {
            // What a relay passes on is what the listener heard last.
            self.conceal.good(samples);
            return true;
        }
        pushed != Pushed::Late
    }

    /// The next block.
    pub(crate) fn pull(&mut self, block: &mut [i16; TICK_SAMPLES]) {
        let joint = self.joint.take();
        let from = usize::from(joint.is_some());
        if let (Some(joint), Some(first)) = (joint, block.first_mut()) {
            *first = joint;
        }
        let mut rest = block.get_mut(from..).unwrap_or(&mut []);
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
        self.conceal.concealed().saturating_sub(self.seams)
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
