//! In what order a line tells a set of its caller, scheme by scheme, as data.
//!
//! Sources: GR-30-CORE §2.3 (Bellcore), EN 300 659-1 §6 (ETSI), SIN 227 §5 (BT), the national descriptions of
//! the DTMF schemes as the makers of gateways give them, and NTT's technical reference of the telephone
//! service.

use model::CallerIdScheme;

/// One thing that happens on the line. Times in ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// [`model::LinePlay::AlertTone`] for so long.
    AlertTone(u16),
    /// [`model::LinePlay::Caller`], until it is over.
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

/// What a line does for a caller's number, up to the ringing. The linefeed is in on-hook transmission during
/// `AlertTone` and `Data`. A set that lifts meanwhile ends the plan and has the call.
///
/// [`CallerIdScheme::Aon`] is asked for by the set after the answer: the plan only rings.
#[must_use]
pub const fn plan(scheme: CallerIdScheme) -> &'static [PlanStep] {
    match scheme {
        // 0.5 to 1.5 s after the burst, at least 200 ms before the next.
        CallerIdScheme::Bellcore | CallerIdScheme::BellcoreSingle | CallerIdScheme::EtsiRing => {
            &[FirstRing, Pause(600), Data, Pause(200), Ring]
        }
        // Tone 100 ± 10 ms; 45 to 500 ms to the data; 200 to 500 ms to the ring.
        CallerIdScheme::EtsiAlert => &[AlertTone(100), Pause(150), Data, Pause(300), Ring],
        // Pulse 200 to 300 ms; 500 to 800 ms to the data.
        CallerIdScheme::EtsiPulse => &[RingPulse(250), Pause(600), Data, Pause(300), Ring],
        CallerIdScheme::EtsiReversal => &[
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
        CallerIdScheme::BtSin227 => &[
            Reverse,
            Pause(300),
            AlertTone(100),
            Pause(150),
            Data,
            Pause(400),
            Restore,
            Ring,
        ],
        CallerIdScheme::DtmfAbdc | CallerIdScheme::DtmfHash | CallerIdScheme::DtmfDc => {
            &[Reverse, Pause(250), Data, Pause(300), Restore, Ring]
        }
        // The set answers the short ringing within 6 s, hears the data and hangs up within 7 s.
        CallerIdScheme::Ntt => &[
            Reverse,
            RingPulse(500),
            SetAnswers(6_000),
            Pause(100),
            Data,
            SetHangsUp(7_000),
            Restore,
            Ring,
        ],
        CallerIdScheme::Aon => &[Ring],
    }
}

/// The plan for a lamp of messages that wait: no ringing.
#[must_use]
pub const fn lamp_plan(scheme: CallerIdScheme) -> &'static [PlanStep] {
    match scheme {
        CallerIdScheme::EtsiReversal | CallerIdScheme::BtSin227 => &[
            Reverse,
            Pause(300),
            AlertTone(100),
            Pause(150),
            Data,
            Pause(300),
            Restore,
        ],
        CallerIdScheme::EtsiRing | CallerIdScheme::EtsiAlert => &[AlertTone(100), Pause(150), Data],
        CallerIdScheme::EtsiPulse => &[RingPulse(250), Pause(600), Data],
        // GR-30-CORE §2.3.2: without any alert.
        CallerIdScheme::Bellcore | CallerIdScheme::BellcoreSingle => &[Data],
        // No words for it.
        CallerIdScheme::DtmfAbdc
        | CallerIdScheme::DtmfHash
        | CallerIdScheme::DtmfDc
        | CallerIdScheme::Ntt
        | CallerIdScheme::Aon => &[],
    }
}
