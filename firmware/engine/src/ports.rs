//! The ports of the board. What comes from a line and what goes there are pairs of blocks in the card's
//! clock (design §3). The ticks of the plane follow the board's first card: a tick waits a little for its
//! block, and time is made to come along with it. So nothing is resampled between its ports, nor between them and
//! the plane; what comes over the network is fitted in by the jitter buffers. Ports of a card with another
//! clock have a crossing on either side.

use std::time::Duration;

use dsp::line::PortDsp;
use dsp::resample::Crossing;
use hal_port::{AudioHalf, FRAME, Frame, Readiness};
use media::Plane;
use model::{Instant, LineHeard, MediaLeg, PortId};

use crate::clock::Clock;

/// The card that the ticks follow.
const FIRST: u16 = 0;
/// How often a block that has not come is looked for.
pub(crate) const LOOK: Duration = Duration::from_micros(250);
/// How long a tick waits for it: others need the tick too.
const PATIENCE: Duration = Duration::from_millis(4);
/// By so much each tick comes sooner than the last, so that it is known when the block came: twice what
/// the worst quartz makes.
const CREEP_NS: i64 = 2_000;
/// A sample lasts so long.
const SAMPLE_NS: i64 = 125_000;
/// Blocks of a card beside the first that are taken in one tick: two clocks beat.
const BLOCKS_MAX: usize = 4;

/// A port of the board.
pub(crate) struct Port {
    pub(crate) id: PortId,
    audio: Box<dyn AudioHalf>,
    pub(crate) dsp: PortDsp,
    /// The leg that it is in use by.
    pub(crate) leg: Option<MediaLeg>,
    /// It has another clock than the ticks.
    crossing: Option<Box<BothWays>>,
    /// A block was taken and is to be answered.
    asked: bool,
}

/// From the line's clock to the plane's, and back.
#[derive(Default)]
struct BothWays {
    from_line: Crossing,
    to_line: Crossing,
}

impl Port {
    pub(crate) fn boxed((id, audio): (PortId, Box<dyn AudioHalf>)) -> Box<Self> {
        let mut dsp = PortDsp::new();
        dsp.set_latency(audio.latency_samples());
        dsp.set(&model::PortSound {
            listens: model::PortListens {
                keys: true,
                ..model::PortListens::default()
            },
            ..model::PortSound::default()
        });
        let other = audio.card().is_some_and(|card| card != FIRST);
        Box::new(Self {
            id,
            audio,
            dsp,
            leg: None,
            crossing: other.then(Box::default),
            asked: false,
        })
    }

    /// Another leg begins to use it.
    pub(crate) fn begin(&mut self, leg: MediaLeg) {
        self.leg = Some(leg);
        self.dsp.reset();
        if let Some(crossing) = &mut self.crossing {
            crossing.from_line.reset();
            crossing.to_line.reset();
        }
    }

    /// A block of the line, in its own clock; whether there was one.
    fn take(&mut self, rx: &mut Frame, mut tell: impl FnMut(Told)) -> bool {
        let status = self.audio.take(rx);
        tell(Told::Slips(
            u64::from(status.underrun) + u64::from(status.overrun),
        ));
        // Without a block the card's time stands still.
        let came = !status.silent || self.audio.card().is_none();
        if came {
            self.dsp.from_line(rx, |heard| tell(Told::Heard(heard)));
        }
        came
    }

    fn give(&mut self, mut tx: Frame) {
        self.dsp.to_line(&mut tx);
        self.audio.give(&tx);
    }

    /// What the plane hears of the line in this tick.
    fn hear(&mut self, mut tell: impl FnMut(Told)) -> Frame {
        let mut rx: Frame = [0; FRAME];
        let Some(mut crossing) = self.crossing.take() else {
            self.asked = self.take(&mut rx, tell);
            return rx;
        };
        for _ in 0..BLOCKS_MAX {
            if self.audio.readiness() == Readiness::NotYet || !self.take(&mut rx, &mut tell) {
                break;
            }
            tell(Told::Slips(slips(crossing.from_line.put(&rx))));
            let mut tx = [0; FRAME];
            crossing.to_line.take(&mut tx);
            self.give(tx);
        }
        crossing.from_line.take(&mut rx);
        self.crossing = Some(crossing);
        rx
    }

    /// What the line is to hear, made in this tick.
    fn tell(&mut self, tx: &Frame) {
        if let Some(crossing) = &mut self.crossing {
            crossing.to_line.put(tx);
        } else if core::mem::take(&mut self.asked) {
            self.give(*tx);
        }
    }
}

fn slips(samples: usize) -> u64 {
    u64::try_from(samples).unwrap_or(u64::MAX)
}

/// What came of a block.
#[expect(
    clippy::large_enum_variant,
    reason = "handed on at once, and a box would have to be freed here"
)]
pub(crate) enum Told {
    /// Samples that were lost.
    Slips(u64),
    /// Something was heard in it.
    Heard(LineHeard),
}

/// All ports of a media thread.
#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) all: Vec<Box<Port>>,
    /// A tick waits for the card's block since then.
    waits_since: Option<Instant>,
    /// The last tick waited in vain: the next ones do not.
    stands: bool,
}

impl Ports {
    /// None, with room for so many: they may come from other threads.
    pub(crate) fn with_room(ports: usize) -> Self {
        Self {
            all: Vec::with_capacity(ports),
            ..Self::default()
        }
    }

    /// These are here from the start.
    pub(crate) fn bring(&mut self, ports: Vec<(PortId, Box<dyn AudioHalf>)>) {
        self.all.extend(ports.into_iter().map(Port::boxed));
    }

    /// The port that this leg uses.
    pub(crate) fn of(&mut self, leg: MediaLeg) -> Option<&mut Port> {
        let mut all = self.all.iter_mut().map(Box::as_mut);
        all.find(|port| port.leg == Some(leg))
    }

    /// Whether a tick waits for the card's block: look again after [`LOOK`].
    pub(crate) const fn wait(&self) -> bool {
        self.waits_since.is_some()
    }

    /// A tick is due at `now`: whether it is to wait for the card. If not, `clock` has come along with the card.
    pub(crate) fn hold(&mut self, now: Instant, clock: &Clock) -> bool {
        let first = self
            .all
            .iter_mut()
            .find(|port| port.leg.is_some() && port.audio.card() == Some(FIRST));
        let readiness = first.map_or(Readiness::Always, |port| port.audio.readiness());
        let (waited, stood) = (self.waits_since.map(|since| now.since(since)), self.stands);
        (self.waits_since, self.stands) = (None, false);
        match readiness {
            Readiness::Always => {}
            Readiness::NotYet if !stood && waited.is_none_or(|waited| waited < PATIENCE) => {
                self.waits_since = Some(waited.map_or(now, |waited| earlier(now, waited)));
                return true;
            }
            Readiness::NotYet => self.stands = true,
            Readiness::Since(samples) => clock.hasten(correction(samples, waited)),
        }
        false
    }

    /// Every port in use says its block.
    pub(crate) fn hear(&mut self, plane: &mut Plane, mut tell: impl FnMut(MediaLeg, Told)) {
        for port in &mut self.all {
            if let Some(leg) = port.leg {
                let block = port.hear(|told| tell(leg, told));
                plane.port_said(leg, &block);
            }
        }
    }

    /// Every port in use hears its block, right after the tick that made it.
    pub(crate) fn tell(&mut self, plane: &mut Plane) {
        const SILENCE: Frame = [0; FRAME];
        for port in &mut self.all {
            if let Some(leg) = port.leg {
                port.tell(plane.port_hears(leg).unwrap_or(&SILENCE));
            }
        }
    }
}

fn earlier(now: Instant, by: Duration) -> Instant {
    let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
    Instant::from_nanos(now.as_nanos().saturating_sub(by))
}

/// By how many nanoseconds ticks are to come sooner when a block was found `samples` after it came, or
/// after it was waited for.
fn correction(samples: u16, waited: Option<Duration>) -> i64 {
    match waited {
        // Looking takes its time: not all of it was needed.
        Some(waited) => i64::try_from(waited.as_nanos() / 4).map_or(0, i64::wrapping_neg),
        None => SAMPLE_NS * i64::from(samples) + CREEP_NS,
    }
}

#[cfg(test)]
mod tests;
