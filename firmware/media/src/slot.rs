//! The arena of legs and what each of them does at present.

use dsp::dtmf::DtmfSender;
use dsp::tone::Tone;
use model::{BridgeId, MediaFigures, MediaLeg, Route};

use crate::keying::Keying;
use crate::output::Retired;
use crate::{PortLeg, RtpLeg};

/// A leg's object.
#[derive(Debug)]
pub(crate) enum Leg {
    Rtp(Box<RtpLeg>),
    Port(Box<PortLeg>),
}

impl Leg {
    pub(crate) fn keying(&mut self) -> &mut Keying {
        match self {
            Self::Rtp(leg) => &mut leg.keying,
            Self::Port(leg) => &mut leg.keying,
        }
    }

    pub(crate) fn figures(&self) -> MediaFigures {
        match self {
            Self::Rtp(leg) => leg.figures(),
            Self::Port(leg) => leg.figures,
        }
    }

    pub(crate) fn retire(self) -> Retired {
        match self {
            Self::Rtp(leg) => Retired::Rtp(leg),
            Self::Port(leg) => Retired::Port(leg),
        }
    }
}

/// How a leg's route is carried out at present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Path {
    /// Hears nothing.
    #[default]
    Silent,
    /// Hears the tone of its slot, made on the tick.
    Tone,
    /// Hears itself: RTP packet by packet, a port on the tick.
    Echo,
    /// Hears the leg in this slot, packet by packet.
    Relay(u16),
    /// Hears the bridge's mix, made on the tick.
    Mix(BridgeId),
}

/// A place for a leg.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) generation: u16,
    pub(crate) leg: Option<Leg>,
    pub(crate) route: Route,
    pub(crate) path: Path,
    /// The tone of `Route::Tone`.
    pub(crate) tone: Option<Tone>,
    /// The digit that is being sent in the sound.
    pub(crate) digit: Option<DtmfSender>,
}

impl Slot {
    pub(crate) fn rtp(&self) -> Option<&RtpLeg> {
        match &self.leg {
            Some(Leg::Rtp(leg)) => Some(leg),
            Some(Leg::Port(_)) | None => None,
        }
    }

    pub(crate) fn rtp_mut(&mut self) -> Option<&mut RtpLeg> {
        match &mut self.leg {
            Some(Leg::Rtp(leg)) => Some(leg),
            Some(Leg::Port(_)) | None => None,
        }
    }

    pub(crate) fn port_mut(&mut self) -> Option<&mut PortLeg> {
        match &mut self.leg {
            Some(Leg::Port(leg)) => Some(leg),
            Some(Leg::Rtp(_)) | None => None,
        }
    }

    /// Whether the leg has work on every tick.
    pub(crate) fn needs_tick(&self) -> bool {
        match &self.leg {
            None => false,
            Some(Leg::Port(_)) => true,
            Some(Leg::Rtp(leg)) => match self.path {
                Path::Mix(_) | Path::Tone => leg.can_send(),
                Path::Silent | Path::Echo | Path::Relay(_) => {
                    !leg.keying.is_idle() && leg.can_send()
                }
            },
        }
    }

    /// The next thing that is due of itself, without a tick.
    pub(crate) fn deadline(&self) -> model::Instant {
        self.rtp().map_or(model::Instant::FAR, RtpLeg::deadline)
    }
}

/// All places.
#[derive(Debug)]
pub(crate) struct Slots {
    all: Vec<Slot>,
    /// Places from here on are free: nobody looks at them.
    top: usize,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        let mut all = Vec::with_capacity(count);
        all.resize_with(count, Slot::default);
        Self { all, top: 0 }
    }

    /// All places up to the last one in use.
    pub(crate) fn used(&self) -> &[Slot] {
        self.all.get(..self.top).unwrap_or(&[])
    }

    /// A leg came or went.
    pub(crate) fn changed(&mut self) {
        let last = self.all.iter().rposition(|slot| slot.leg.is_some());
        self.top = last.map_or(0, |at| at.saturating_add(1));
    }

    /// Address and length of the arena.
    pub(crate) fn memory(&self) -> (usize, usize) {
        (self.all.as_ptr().addr(), size_of_val(self.all.as_slice()))
    }

    /// The place `at`, whoever is there.
    pub(crate) fn at(&mut self, at: u16) -> Option<&mut Slot> {
        self.all.get_mut(usize::from(at))
    }

    pub(crate) fn see(&self, at: u16) -> Option<&Slot> {
        self.all.get(usize::from(at))
    }

    /// The place of this very leg; `None` if it is over or never was.
    pub(crate) fn of(&mut self, leg: MediaLeg) -> Option<&mut Slot> {
        self.at(leg.slot)
            .filter(|slot| slot.leg.is_some() && slot.generation == leg.generation)
    }
}
