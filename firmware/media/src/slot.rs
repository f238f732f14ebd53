//! The arena of legs and what each of them does at present.

use dsp::dtmf::DtmfSender;
use dsp::tone::Tone;
use model::{BridgeId, Instant, MediaFigures, MediaLeg, Route};

use crate::block::Rate;
use crate::clip::Player;
use crate::keying::Keying;
use crate::mixer::ear::{Ear, Mouth};
use crate::output::{Pace, Retired};
use crate::sending::Manner;
use crate::tap::Taps;
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

    pub(crate) fn retire(self, name: MediaLeg) -> Retired {
        match self {
            Self::Rtp(leg) => Retired::Rtp(name, leg),
            Self::Port(leg) => Retired::Port(name, leg),
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
    /// Hears the music in this place of the clips.
    Music(u16),
    /// Hears the prompt of its slot.
    Prompt,
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
    /// The prompt of `Route::Prompt`.
    pub(crate) prompt: Option<Player>,
    /// The digit that is being sent in the sound.
    pub(crate) digit: Option<DtmfSender>,
    /// The tracks that the leg's voice is written to.
    pub(crate) taps: Taps,
    /// What the driver was told about the leg's packets.
    pub(crate) pace: Pace,
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
                Path::Mix(_) | Path::Tone | Path::Music(_) | Path::Prompt => leg.can_send(),
                Path::Silent | Path::Echo | Path::Relay(_) => {
                    (!leg.keying.is_idle() || leg.ear.saying.is_some()) && leg.can_send()
                }
            },
        }
    }

    /// Whether the leg can do with every second tick on time: it needs none, or all its packets last
    /// a whole number of two.
    pub(crate) fn can_wait(&self) -> bool {
        let params = self.rtp().and_then(RtpLeg::params);
        !self.needs_tick() || params.is_some_and(|params| params.ptime_ms.is_multiple_of(20))
    }

    /// When packets that come for the leg are wanted: who is relayed or echoed is in a hurry, and
    /// so is who has no tick of its own.
    pub(crate) fn wanted_pace(&self) -> Pace {
        match self.path {
            Path::Mix(_) | Path::Tone | Path::Music(_) | Path::Prompt
                if self.rtp().is_some() && self.needs_tick() =>
            {
                Pace::Tick
            }
            _ => Pace::AtOnce,
        }
    }

    /// Whether signals in the sound are told on the tick: of ports and of what is mixed.
    pub(crate) const fn listens_in(&self) -> bool {
        match &self.leg {
            None => false,
            Some(Leg::Port(_)) => true,
            Some(Leg::Rtp(_)) => matches!(self.path, Path::Mix(_)),
        }
    }

    pub(crate) fn ear(&mut self) -> Option<&mut Ear> {
        match &mut self.leg {
            Some(Leg::Rtp(leg)) => Some(&mut leg.ear),
            Some(Leg::Port(leg)) => Some(&mut leg.ear),
            None => None,
        }
    }

    pub(crate) fn mouth(&mut self) -> Option<&mut Mouth> {
        match &mut self.leg {
            Some(Leg::Rtp(leg)) => Some(&mut leg.mouth),
            Some(Leg::Port(leg)) => Some(&mut leg.mouth),
            None => None,
        }
    }

    /// The rate at which the leg hears and speaks.
    pub(crate) fn rate(&self) -> Rate {
        self.rtp().map_or(Rate::Narrow, |leg| leg.sending.rate())
    }

    /// How its sound is put into packets; `None` if it is not, or nothing can be sent.
    pub(crate) fn manner(&self, at: u16) -> Option<Manner> {
        let leg = self.rtp().filter(|leg| leg.can_send())?;
        Some(Manner::of(leg.params()?, at))
    }

    /// Whether the leg is sent a stream that it shares with others.
    pub(crate) fn is_sharing(&self) -> bool {
        self.rtp().is_some_and(|leg| leg.ear.shared)
    }

    /// Brings what the leg says in this tick into `out`, its part of a mix at `rate`; whether it
    /// has any. `missed` blocks before it are thrown away.
    pub(crate) fn speak(&mut self, now: Instant, rate: Rate, missed: u64, out: &mut [i16]) -> bool {
        match &mut self.leg {
            Some(Leg::Rtp(leg)) => leg.speak(now, rate, missed, out),
            Some(Leg::Port(leg)) => {
                let rates = (Rate::Narrow, rate);
                leg.mouth.speak(&leg.said, rates, true, out)
            }
            None => false,
        }
    }

    /// The next thing that is due of itself, without a tick.
    pub(crate) fn deadline(&self) -> Instant {
        self.rtp().map_or(Instant::FAR, RtpLeg::deadline)
    }
}

/// All places.
#[derive(Debug)]
pub(crate) struct Slots {
    all: Vec<Slot>,
    /// Those in use, in their order: legs are few, and places are given out one after the other
    /// through all of them, so that a look at every place would be a look at a thousand.
    taken: Vec<u16>,
}

impl Slots {
    pub(crate) fn new(count: usize) -> Self {
        let mut all = Vec::with_capacity(count);
        all.resize_with(count, Slot::default);
        let taken = Vec::with_capacity(count);
        Self { all, taken }
    }

    /// The places in use.
    pub(crate) fn used(&self) -> impl Iterator<Item = (u16, &Slot)> {
        let seen = |&at| Some((at, self.see(at)?));
        self.taken.iter().filter_map(seen)
    }

    /// One of the places in use, by its number among them.
    pub(crate) fn nth(&self, index: usize) -> Option<u16> {
        self.taken.get(index).copied()
    }

    /// A leg came to the place `at`, or went from there.
    pub(crate) fn changed(&mut self, at: u16) {
        let there = self.see(at).is_some_and(|slot| slot.leg.is_some());
        match self.taken.binary_search(&at) {
            Err(index) if there => self.taken.insert(index, at),
            Ok(index) if !there => {
                self.taken.remove(index);
            }
            Ok(_) | Err(_) => {}
        }
    }

    /// Address and length of the arena and of the list.
    pub(crate) fn memory(&self) -> [(usize, usize); 2] {
        let list = self.taken.capacity().saturating_mul(size_of::<u16>());
        [
            (self.all.as_ptr().addr(), size_of_val(self.all.as_slice())),
            (self.taken.as_ptr().addr(), list),
        ]
    }

    /// The place `at`, whoever is there.
    pub(crate) fn at(&mut self, at: u16) -> Option<&mut Slot> {
        self.all.get_mut(usize::from(at))
    }

    pub(crate) fn see(&self, at: u16) -> Option<&Slot> {
        self.all.get(usize::from(at))
    }

    /// Two different places.
    pub(crate) fn two(&mut self, a: u16, b: u16) -> Option<(&mut Slot, &mut Slot)> {
        let wanted = [usize::from(a), usize::from(b)];
        let [a, b] = self.all.get_disjoint_mut(wanted).ok()?;
        Some((a, b))
    }

    /// The place of this very leg; `None` if it is over or never was.
    pub(crate) fn of(&mut self, leg: MediaLeg) -> Option<&mut Slot> {
        self.at(leg.slot)
            .filter(|slot| slot.leg.is_some() && slot.generation == leg.generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::PortId;

    #[test]
    fn only_places_in_use_are_looked_at_in_their_order() {
        let mut slots = Slots::new(1_000);
        let mut put = |at: u16, leg| {
            slots.at(at).expect("a place").leg = leg;
            slots.changed(at);
            slots.used().map(|(at, _)| at).collect::<Vec<_>>()
        };
        let port = || Some(Leg::Port(PortLeg::boxed(PortId(1))));
        assert_eq!(put(900, port()), [900]);
        assert_eq!(put(7, port()), [7, 900]);
        assert_eq!(put(7, port()), [7, 900]);
        assert_eq!(put(900, None), [7]);
        assert_eq!(put(900, None), [7]);
        assert_eq!(put(7, None), []);
    }
}
