//! A leg that is a port of the board.

use dsp::TICK_SAMPLES;
use dsp::fax::FaxDetector;
use model::{MediaFigures, PortId};

use crate::keying::Keying;
use crate::mixer::ear::{Ear, Mouth};

/// State of a port's leg: one block in each direction per tick, in the box's clock.
#[derive(Debug)]
pub struct PortLeg {
    port: PortId,
    /// What the port said since the last tick.
    pub(crate) said: [i16; TICK_SAMPLES],
    /// What the port is to hear next.
    pub(crate) hears: [i16; TICK_SAMPLES],
    pub(crate) ear: Ear,
    pub(crate) mouth: Mouth,
    pub(crate) keying: Keying,
    /// Keys of a port are heard where its line is driven; machines are heard here.
    pub(crate) fax: FaxDetector,
    pub(crate) figures: MediaFigures,
}

impl PortLeg {
    /// The leg of `port`. Called by the media helper, which may allocate.
    #[must_use]
    pub fn boxed(port: PortId) -> Box<Self> {
        Box::new(Self {
            port,
            said: [0; TICK_SAMPLES],
            hears: [0; TICK_SAMPLES],
            ear: Ear::new(),
            mouth: Mouth::new(),
            keying: Keying::new(),
            fax: FaxDetector::new(),
            figures: MediaFigures::default(),
        })
    }

    /// The jack.
    #[must_use]
    pub const fn port(&self) -> PortId {
        self.port
    }

    /// The port is to hear this next.
    pub(crate) fn hear(&mut self, block: &[i16]) {
        for (slot, &sample) in self.hears.iter_mut().zip(block) {
            *slot = sample;
        }
    }
}
