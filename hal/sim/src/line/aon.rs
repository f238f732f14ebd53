//! An exchange that tells the caller's number to whoever asks for it with 500 Hz after lifting (АОН).

use core::time::Duration;

use dsp::goertzel::Goertzel;
use dsp::level::power_of;
use hal_port::{FRAME, Frame};
use model::{CallerIdScheme, CallerInfo, LinePlay};
use serde::{Deserialize, Serialize};

use super::plan::played;

/// The request: 90 to 110 ms of 495 to 505 Hz; so many blocks of 10 ms are within it.
const REQUEST_HZ: f32 = 500.0;
const REQUEST_BLOCKS: core::ops::RangeInclusive<u32> = 7..=11;
/// Softest request that is heard, in dBm0, and how much of all sound it must be.
const SOFTEST_DBM0: i16 = -30;
const PURITY: f32 = 0.8;
/// From the end of the request to the packet: exchanges take up to 300 ms.
const ANSWERS_AFTER: Duration = Duration::from_millis(150);
/// Level of each tone: 0.33 V.
const PACKET_DBM0: i8 = -7;

/// Whether the exchange has the device for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aon {
    /// It has not: requests are sounds like any other.
    #[default]
    None,
    /// Every request is answered.
    Answers,
    /// The first request of a call is not heard, for the device is slow.
    IgnoresFirst,
}

/// The device, for one call that comes to the port.
#[derive(Debug, Default)]
pub(crate) struct Teller {
    caller: CallerInfo,
    /// Blocks of a request so far.
    blocks: u32,
    requests: u32,
    /// When the answer goes out.
    pub(crate) due: Option<Duration>,
}

impl Teller {
    /// For a call of this caller.
    pub(crate) fn new(caller: CallerInfo) -> Self {
        Self {
            caller,
            ..Self::default()
        }
    }

    /// The port said this.
    pub(crate) fn hear(&mut self, frame: &Frame, now: Duration, aon: Aon) {
        let sound = frame.map(f32::from);
        let energy: f32 = sound.iter().map(|sample| sample * sample).sum();
        let whole = FRAME as f32;
        let [tone] = Goertzel::new([REQUEST_HZ]).measure(&sound);
        let loud = energy > power_of(SOFTEST_DBM0) * whole;
        if loud && tone.power() * 2.0 / whole > PURITY * energy {
            self.blocks = self.blocks.saturating_add(1);
            return;
        }
        if !REQUEST_BLOCKS.contains(&core::mem::take(&mut self.blocks)) {
            return;
        }
        self.requests = self.requests.saturating_add(1);
        let answers = match aon {
            Aon::None => false,
            Aon::Answers => true,
            Aon::IgnoresFirst => self.requests > 1,
        };
        if answers {
            self.due = Some(now + ANSWERS_AFTER);
        }
    }

    /// The answer, block by block: nothing of a caller who does not want it.
    pub(crate) fn packet(&mut self) -> Vec<Frame> {
        self.due = None;
        played(&LinePlay::Caller {
            info: self.caller,
            scheme: CallerIdScheme::Aon,
            dbm0: PACKET_DBM0,
        })
    }
}
