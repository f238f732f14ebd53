use std::sync::Arc;

use dsp::g711::Law;
use hal_port::{AudioHalf, FRAME, Frame, FrameStatus};

use crate::Channel;

/// The audio half of a channel. Its calls of the kernel never block.
pub struct DahdiAudio<C> {
    channel: Arc<C>,
    /// What came and makes no whole block yet.
    begun: [u8; FRAME],
    length: usize,
}

impl<C: Channel> core::fmt::Debug for DahdiAudio<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("DahdiAudio")
    }
}

impl<C: Channel> DahdiAudio<C> {
    pub(crate) const fn new(channel: Arc<C>) -> Self {
        Self {
            channel,
            begun: [0; FRAME],
            length: 0,
        }
    }

    /// The next whole block, if the kernel has it.
    fn read(&mut self) -> Option<[u8; FRAME]> {
        while self.length < FRAME {
            let rest = self.begun.get_mut(self.length..)?;
            match self.channel.read(rest) {
                Ok(octets) if octets > 0 => self.length += octets.min(rest.len()),
                _ => return None,
            }
        }
        self.length = 0;
        Some(self.begun)
    }
}

impl<C: Channel> AudioHalf for DahdiAudio<C> {
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus {
        let mut status = FrameStatus::default();
        let mut said = [0; FRAME];
        for (octet, &sample) in said.iter_mut().zip(tx) {
            *octet = Law::A.encode(sample);
        }
        // Nothing is taken while an event waits: until the control half has fetched it, the line hears
        // the kernel's silence.
        let taken = self.channel.write(&said).unwrap_or(0).min(FRAME);
        status.underrun = (FRAME - taken) as u16;
        match self.read() {
            Some(block) => {
                for (sample, octet) in rx.iter_mut().zip(block) {
                    *sample = Law::A.decode(octet);
                }
            }
            None => {
                rx.fill(0);
                status.silent = true;
            }
        }
        status
    }
}
