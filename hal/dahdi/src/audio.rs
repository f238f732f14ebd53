use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use dsp::g711::Law;
use hal_port::{AudioHalf, FRAME, Frame, FrameStatus, Readiness};
use rtrb::Producer;

use crate::channel::{EVENTS_MAX, give, take};
use crate::{Channel, Errno, Request, event};

/// Octets that the kernel keeps, each way: eight buffers of 5 ms.
pub(crate) const BUFFERS: (usize, usize) = (8, 40);
/// As many octets wait here at most.
const ROOM: usize = BUFFERS.0 * BUFFERS.1;
/// Silence that is played first: what a line says is heard so many samples later, 20 ms, and an answer may
/// be given up to 10 ms after its block came.
const LEAD: u16 = 160;
/// The same on a card whose blocks are not waited for: they are answered at the next tick.
const LEAD_BESIDE: u16 = 240;
/// What empties the kernel's buffers of sound both ways.
const BOTH_WAYS: i32 = 3;
/// A-law silence.
const SILENCE: u8 = 0xd5;

/// The audio half of a channel. Its calls of the kernel never block.
pub struct DahdiAudio<C> {
    channel: Arc<C>,
    card: u16,
    /// The line is on hook: what it says is not for us.
    deaf: Arc<AtomicBool>,
    /// Events that stood in the way of sound, for the control half.
    events: Producer<i32>,
    /// What came and was not taken yet.
    come: [u8; ROOM],
    length: usize,
    /// A block was taken and is to be answered.
    asked: bool,
    /// The lead was played, and since then each block was answered in time.
    runs: bool,
}

impl<C: Channel> core::fmt::Debug for DahdiAudio<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DahdiAudio")
    }
}

impl<C: Channel> DahdiAudio<C> {
    pub(crate) const fn new(channel: Arc<C>, deaf: Arc<AtomicBool>, events: Producer<i32>) -> Self {
        Self {
            channel,
            card: 0,
            deaf,
            events,
            come: [0; ROOM],
            length: 0,
            asked: false,
            runs: false,
        }
    }

    /// Says which of the board's clocks the channel follows; 0 = the first.
    #[must_use]
    pub const fn on_card(mut self, card: u16) -> Self {
        self.card = card;
        self
    }

    const fn lead(&self) -> u16 {
        if self.card == 0 { LEAD } else { LEAD_BESIDE }
    }

    /// Takes the event that stops the sound out of its way; whether there was one and it could be kept.
    fn make_way(&mut self, answer: Result<usize, Errno>) -> bool {
        if answer != Err(Errno::EVENT) || self.events.slots() == 0 {
            return false;
        }
        match take(&*self.channel, Request::GET_EVENT) {
            Ok(event::NONE) => true,
            Ok(event) => self.events.push(event).is_ok(),
            Err(_) => false,
        }
    }

    /// Reads all that has come.
    fn fill(&mut self) {
        let mut events = 0;
        while let Some(rest) = self.come.get_mut(self.length..).filter(|r| !r.is_empty()) {
            match self.channel.read(rest) {
                Ok(octets) if octets > 0 => self.length += octets.min(rest.len()),
                answer => {
                    events += 1;
                    if events > EVENTS_MAX || !self.make_way(answer) {
                        return;
                    }
                }
            }
        }
    }

    /// Plays these; whether the kernel took all of them.
    fn play(&mut self, octets: &[u8]) -> bool {
        let (mut done, mut events) = (0, 0);
        while let Some(rest) = octets.get(done..).filter(|rest| !rest.is_empty()) {
            match self.channel.write(rest) {
                Ok(taken) if taken > 0 => done += taken,
                answer => {
                    events += 1;
                    if events > EVENTS_MAX || !self.make_way(answer) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// From the beginning: nothing waits, and the lead is played.
    fn restart(&mut self) {
        self.length = 0;
        let lead = [SILENCE; LEAD_BESIDE as usize];
        let lead = lead.get(..usize::from(self.lead())).unwrap_or(&lead);
        self.runs = give(&*self.channel, Request::FLUSH, BOTH_WAYS).is_ok() && self.play(lead);
    }
}

impl<C: Channel> AudioHalf for DahdiAudio<C> {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        let mut status = FrameStatus::default();
        rx.fill(0);
        self.asked = false;
        self.fill();
        // So late that the lead is used up: another distance from block to answer would follow.
        let late = self.length + usize::from(LEAD) >= 2 * FRAME + usize::from(self.lead());
        if !self.runs || late {
            // Who takes none for longer than all buffers last is not in use.
            if self.runs && self.length < ROOM {
                status.overrun = u16::try_from(self.length).unwrap_or(u16::MAX);
                status.underrun = FRAME as u16;
            }
            self.restart();
        }
        status.silent = self.length < FRAME;
        if status.silent {
            return status;
        }
        if !self.deaf.load(Ordering::Relaxed) {
            for (sample, &octet) in rx.iter_mut().zip(&self.come) {
                *sample = Law::A.decode(octet);
            }
        }
        self.come.copy_within(FRAME..self.length, 0);
        self.length -= FRAME;
        self.asked = true;
        status
    }

    fn give(&mut self, tx: &Frame) {
        if core::mem::take(&mut self.asked) {
            let mut said = [SILENCE; FRAME];
            for (octet, &sample) in said.iter_mut().zip(tx) {
                *octet = Law::A.encode(sample);
            }
            self.runs = self.play(&said);
        }
    }

    fn readiness(&mut self) -> Readiness {
        self.fill();
        match self.length.checked_sub(FRAME) {
            None if self.runs => Readiness::NotYet,
            None => Readiness::Since(0),
            Some(since) => Readiness::Since(u16::try_from(since).unwrap_or(u16::MAX)),
        }
    }

    fn card(&self) -> Option<u16> {
        Some(self.card)
    }

    fn latency_samples(&self) -> u16 {
        // A block that was answered at once would be heard a block later.
        self.lead() - FRAME as u16
    }
}
