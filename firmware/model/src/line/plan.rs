//! In what order a line tells a set of its caller, scheme by scheme, as data.
//!
//! Sources: GR-30-CORE §2.3 (Bellcore), EN 300 659-1 §6 (ETSI), SIN 227 §5 (BT), the national descriptions of
//! the DTMF schemes as the makers of gateways give them, and NTT's technical reference of the telephone
//! service.

use serde::{Deserialize, Serialize};

use super::CallerIdScheme;

/// One thing that happens on the line. Times in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanStep {
    /// The line is reversed.
    Reverse,
    /// The line is as it was.
    Restore,
    /// The first burst of the country's ringing, whole; the data follow in the pause after it.
    FirstRing,
    /// Ringing for so long, which no set takes for a call.
    RingPulse(u16),
    /// Nothing for so long.
    Pause(u16),
    /// [`crate::LinePlay::AlertTone`] for so long.
    AlertTone(u16),
    /// [`crate::LinePlay::Caller`], until it is over.
    Data,
    /// The set goes off hook to hear the data and on hook after them; if it does not within so
    /// long, the plan goes on without.
    SetAnswers(u16),
    /// See [`Self::SetAnswers`].
    SetHangsUp(u16),
    /// Ringing by the country's cadence, from the start of a burst, or after `FirstRing` from the end
    /// of its pause.
    Ring,
}

use PlanStep::{
    AlertTone, Data, FirstRing, Pause, Restore, Reverse, Ring, RingPulse, SetAnswers, SetHangsUp,
};

impl CallerIdScheme {
    /// What a line does for a caller's number, up to the ringing. The linefeed is in on-hook transmission during
    /// `AlertTone` and `Data`. A set that lifts meanwhile ends the plan and has the call.
    ///
    /// [`Self::Aon`] is asked for by the set after the answer: the plan only rings.
    #[must_use]
    pub const fn plan(self) -> &'static [PlanStep] {
        match self {
            // 0.5 to 1.5 s after the burst, at least 200 ms before the next.
            Self::Bellcore | Self::BellcoreSingle | Self::EtsiRing => {
                &[FirstRing, Pause(600), Data, Pause(200), Ring]
            }
            // Tone 100 ± 10 ms; 45 to 500 ms to the data; 200 to 500 ms to the ring.
            Self::EtsiAlert => &[AlertTone(100), Pause(150), Data, Pause(300), Ring],
            // Pulse 200 to 300 ms; 500 to 800 ms to the data.
            Self::EtsiPulse => &[RingPulse(250), Pause(600), Data, Pause(300), Ring],
            Self::EtsiReversal => &[
                Reverse,
                Pause(150),
                AlertTone(100),
                Pause(150),
                Data,
                Pause(300),
                Restore,
                Ring,
            ],
            // The set draws its wetting pulse 20 ms after the tone.
            Self::BtSin227 => &[
                Reverse,
                Pause(300),
                AlertTone(100),
                Pause(150),
                Data,
                Pause(400),
                Restore,
                Ring,
            ],
            Self::DtmfAbdc | Self::DtmfHash | Self::DtmfDc => {
                &[Reverse, Pause(250), Data, Pause(300), Restore, Ring]
            }
            // The set answers the short ringing within 6 s, hears the data and hangs up within 7 s.
            Self::Ntt => &[
                Reverse,
                RingPulse(500),
                SetAnswers(6_000),
                Pause(100),
                Data,
                SetHangsUp(7_000),
                Restore,
                Ring,
            ],
            Self::Aon => &[Ring],
        }
    }

    /// The plan for a lamp of messages that wait: no ringing.
    #[must_use]
    pub const fn lamp_plan(self) -> &'static [PlanStep] {
        match self {
            Self::EtsiReversal | Self::BtSin227 => &[
                Reverse,
                Pause(300),
                AlertTone(100),
                Pause(150),
                Data,
                Pause(300),
                Restore,
            ],
            Self::EtsiRing | Self::EtsiAlert => &[AlertTone(100), Pause(150), Data],
            Self::EtsiPulse => &[RingPulse(250), Pause(600), Data],
            // GR-30-CORE §2.3.2: without any alert.
            Self::Bellcore | Self::BellcoreSingle => &[Data],
            // No words for it.
            Self::DtmfAbdc | Self::DtmfHash | Self::DtmfDc | Self::Ntt | Self::Aon => &[],
        }
    }

    /// Whether the plan cannot do without reversing the line. The schemes of DTMF can: there it only
    /// wakes the set.
    #[must_use]
    pub const fn needs_reversal(self) -> bool {
        matches!(self, Self::EtsiReversal | Self::BtSin227 | Self::Ntt)
    }

    /// Whether a set in a call can be told of a second caller: by the modems only.
    #[must_use]
    pub const fn tells_in_call(self) -> bool {
        matches!(
            self,
            Self::Bellcore
                | Self::BellcoreSingle
                | Self::EtsiRing
                | Self::EtsiAlert
                | Self::EtsiPulse
                | Self::EtsiReversal
                | Self::BtSin227
        )
    }
}
