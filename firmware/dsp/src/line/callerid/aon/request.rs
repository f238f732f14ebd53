//! Asking for the number: requests and listening for the packet, in the card's own time.

use model::CallerInfo;

use super::AonReceiver;
use crate::level::peak_of;
use crate::tone::{RAMP_SAMPLES, Voice};
use crate::{SAMPLES_PER_MS, TICK_SAMPLES};

/// The request.
const REQUEST_HZ: f32 = 500.0;
const REQUEST_MS: u32 = 100;
/// From lifting to the first request: 250 to 275 ms, and what is played is heard some ms later.
const SETTLES_MS: u32 = 250;
/// An exchange answers within 300 ms, and the first code is known some blocks later.
const ANSWER_MS: u32 = 420;
/// What comes in is listened to for so long: two rounds of 360 ms, for it may begin within one.
const PACKET_MS: u32 = 1_100;
/// Requests at most.
const REQUESTS: u8 = 3;
/// All of it takes no longer, and no request is made that could not be answered before.
const WHOLE_MS: u32 = 2_800;

/// News while asking.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a media thread allocates nothing, so nothing is boxed"
)]
pub enum AonNews {
    /// A request begins.
    Requests,
    /// The exchange told the number: what, and its level in dBm0.
    Told(CallerInfo, i8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The line has just been lifted.
    Settles,
    Requests,
    Listens,
    Over {
        told: bool,
    },
}

/// Asks up to three times. Every block of 10 ms is filled, then the one that came at the same time is heard.
#[derive(Clone, Debug)]
pub struct AonRequest {
    step: Step,
    /// Samples of this step, and of all.
    at: u32,
    whole: u32,
    requests: u8,
    /// A request has begun that was not told yet.
    news: bool,
    tone: Voice,
    dbm0: i8,
    ear: AonReceiver,
}

const fn samples(ms: u32) -> u32 {
    ms.saturating_mul(SAMPLES_PER_MS)
}

impl AonRequest {
    /// Begins with the silence after lifting; the request has `dbm0`, usually −5.
    #[must_use]
    pub fn new(dbm0: i8) -> Self {
        Self {
            step: Step::Settles,
            at: 0,
            whole: 0,
            requests: 0,
            news: false,
            tone: Voice::new(REQUEST_HZ),
            dbm0,
            ear: AonReceiver::new(),
        }
    }

    /// How it ended, once it has: whether the number was told.
    #[must_use]
    pub const fn ended(&self) -> Option<bool> {
        match self.step {
            Step::Over { told } => Some(told),
            Step::Settles | Step::Requests | Step::Listens => None,
        }
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            self.at = self.at.saturating_add(1);
            self.whole = self.whole.saturating_add(1);
            *sample = 0;
            match self.step {
                Step::Settles if self.at >= samples(SETTLES_MS) => self.request(),
                Step::Requests => {
                    if self.at == samples(REQUEST_MS).saturating_sub(RAMP_SAMPLES) {
                        self.tone.aim(0.0);
                    }
                    *sample = self.tone.next() as i16;
                    if self.at >= samples(REQUEST_MS) {
                        (self.step, self.at) = (Step::Listens, 0);
                    }
                }
                Step::Listens => self.listens(),
                Step::Settles | Step::Over { .. } => {}
            }
        }
    }

    fn request(&mut self) {
        // What comes without being asked for is heard to its end.
        if self.ear.is_receiving() && self.at < samples(PACKET_MS) {
            return;
        }
        let most = samples(
            WHOLE_MS
                .saturating_sub(REQUEST_MS)
                .saturating_sub(ANSWER_MS),
        );
        if self.requests >= REQUESTS || self.whole > most {
            self.step = Step::Over { told: false };
            return;
        }
        self.requests = self.requests.saturating_add(1);
        self.news = true;
        self.tone = Voice::new(REQUEST_HZ);
        self.tone.aim(peak_of(i16::from(self.dbm0).min(0)));
        (self.step, self.at) = (Step::Requests, 0);
    }

    fn listens(&mut self) {
        let most = if self.ear.is_receiving() {
            PACKET_MS
        } else {
            ANSWER_MS
        };
        if self.whole >= samples(WHOLE_MS) {
            self.step = Step::Over { told: false };
        } else if self.at >= samples(most) {
            self.request();
        }
    }

    /// Hears a block that came from the line.
    pub fn hear(&mut self, block: &[i16], mut tell: impl FnMut(AonNews)) {
        if core::mem::take(&mut self.news) {
            tell(AonNews::Requests);
        }
        if self.ended().is_some() {
            return;
        }
        let mut sound = [0.0; TICK_SAMPLES];
        for (slot, &sample) in sound.iter_mut().zip(block) {
            *slot = f32::from(sample);
        }
        let sound = sound.get(..block.len().min(TICK_SAMPLES));
        if let Some((info, dbm0)) = sound.and_then(|sound| self.ear.feed(sound)) {
            self.step = Step::Over { told: true };
            tell(AonNews::Told(info, dbm0));
        }
    }
}
