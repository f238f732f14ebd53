//! What tones of an exchange say, and by what they are known.

use serde::{Deserialize, Serialize};

use crate::ToneSpec;
use crate::limits::SIGNATURE_STEPS;

/// What an exchange says with a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineTone {
    /// Dial now.
    Dial,
    /// The called set rings.
    Ringback,
    /// The called set is in use, or the other party has hung up.
    Busy,
    /// No way there, or the other party has hung up (reorder tone).
    Congestion,
    /// This set has been left off hook.
    Howler,
    /// An announcement follows: the number is not in use or has changed.
    SpecialInfo,
    /// A tone with a regular cadence that is none of the known. Where the line proves to be over
    /// soon after, its signature is worth learning.
    Unknown,
}

impl LineTone {
    /// Whether a line that plays this in the middle of a call has nobody on it any more.
    #[must_use]
    pub const fn ends_a_call(self) -> bool {
        matches!(
            self,
            Self::Dial | Self::Busy | Self::Congestion | Self::Howler
        )
    }
}

/// A tone by what can be measured of it: learned from a line, kept as it is, recognised later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToneSignature {
    /// Frequencies in Hz, the lower one first; 0 = there is no second.
    pub hz: [u16; 2],
    /// On and off in turn, in ms; 0 after the last. `[0, …]` is a tone without a pause.
    pub cadence_ms: [u16; SIGNATURE_STEPS],
}

impl ToneSignature {
    /// Whether it is the same tone, measured another time: frequencies within 3 % and 10 Hz, steps within
    /// 15 % and 20 ms.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let near = |a: u16, b: u16, percent: u32, more: u32| {
            let far = u32::from(a.max(b)) * percent / 100 + more;
            (a == 0) == (b == 0) && u32::from(a.abs_diff(b)) <= far
        };
        let hz = self.hz.iter().zip(&other.hz);
        let mut steps = self.cadence_ms.iter().zip(&other.cadence_ms);
        hz.into_iter().all(|(&a, &b)| near(a, b, 3, 10)) && steps.all(|(&a, &b)| near(a, b, 15, 20))
    }
}

/// A tone of the country's, to be recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownTone {
    /// What it says.
    pub tone: LineTone,
    /// What it is known by.
    pub signature: ToneSignature,
}

impl KnownTone {
    /// What of a tone repeats, as it can be measured: of more than two sines the first two, steps of
    /// one kind as one. `None` if it has no frequency or too many steps.
    #[must_use]
    pub fn of(tone: LineTone, spec: &ToneSpec) -> Option<Self> {
        let mut signature = ToneSignature::default();
        let mut at = 0_usize;
        let repeated = spec.steps().iter().filter(|step| !step.once);
        for step in repeated {
            let sounds = step.hz != [0, 0];
            if sounds && signature.hz == [0, 0] {
                signature.hz = sorted(step.hz);
            }
            if step.ms == 0 {
                return sounds.then_some(Self {
                    tone,
                    signature: ToneSignature {
                        cadence_ms: [0; SIGNATURE_STEPS],
                        ..signature
                    },
                });
            }
            // On at even places, off at odd ones.
            if sounds != at.is_multiple_of(2) {
                at = at.checked_sub(1)?;
            }
            let slot = signature.cadence_ms.get_mut(at)?;
            *slot = slot.saturating_add(step.ms);
            at = at.saturating_add(1);
        }
        if at == 1 {
            signature.cadence_ms = [0; SIGNATURE_STEPS];
        }
        (signature.hz != [0, 0] && at != 0).then_some(Self { tone, signature })
    }
}

fn sorted([a, b]: [u16; 2]) -> [u16; 2] {
    if b == 0 || a < b { [a, b] } else { [b, a] }
}

/// By what a tone was recognised: for the line doctor and for "why did this call end".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToneEvidence {
    /// What it says.
    pub tone: LineTone,
    /// Which learned signature it agrees with, by its place in [`super::PortSound::learned`]; `None` =
    /// a tone of the country's or a common one. Learned tones say [`LineTone::Busy`].
    pub learned: Option<u8>,
    /// What was measured; can be kept as a learned signature.
    pub measured: ToneSignature,
    /// Whole periods of the cadence that agreed; 0 for a tone without a pause.
    pub cycles: u8,
    /// From its first sound to the decision, in ms.
    pub heard_ms: u16,
    /// Level in dBm0.
    pub level_dbm0: i8,
    /// Time without any speech before the decision, in ms.
    pub no_speech_ms: u16,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToneStep;

    fn known(steps: &[([u16; 2], u16, bool)]) -> Option<KnownTone> {
        let steps: Vec<ToneStep> = steps
            .iter()
            .map(|&(hz, ms, once)| ToneStep {
                hz,
                ms,
                once,
                ..ToneStep::default()
            })
            .collect();
        KnownTone::of(LineTone::Busy, &ToneSpec::new(&steps, -16)?)
    }

    #[test]
    fn a_tone_is_like_itself_measured_again() {
        let signature = |hz, on, off| {
            let mut cadence_ms = [0; SIGNATURE_STEPS];
            cadence_ms[..2].copy_from_slice(&[on, off]);
            ToneSignature { hz, cadence_ms }
        };
        let busy = signature([425, 0], 500, 500);
        assert!(busy.is_like(&signature([430, 0], 480, 530)));
        for other in [
            signature([425, 0], 250, 250),
            signature([480, 0], 500, 500),
            signature([425, 480], 500, 500),
            signature([425, 0], 500, 0),
        ] {
            assert!(!busy.is_like(&other), "{other:?}");
        }
    }

    #[test]
    fn a_tone_is_known_by_what_repeats() {
        let busy = known(&[([620, 480], 500, false), ([0, 0], 500, false)]).expect("repeats");
        assert_eq!(busy.signature.hz, [480, 620]);
        assert_eq!(busy.signature.cadence_ms[..3], [500, 500, 0]);
        let stutter = [
            ([425, 0], 100, true),
            ([0, 0], 100, true),
            ([425, 0], 0, false),
        ];
        let dial = known(&stutter).expect("ends steadily");
        assert_eq!(dial.signature.cadence_ms, [0; SIGNATURE_STEPS]);
        let two = [([470, 0], 400, false), ([425, 0], 400, false)];
        assert_eq!(known(&two).expect("no pause").signature.cadence_ms, [0; 8]);
        assert_eq!(known(&[([950, 0], 330, true)]), None);
        assert_eq!(known(&[([0, 0], 0, false)]), None);
    }
}
