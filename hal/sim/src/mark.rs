use core::fmt;

use model::{ToneSpec, ToneStep};

/// Sound and pause of a mark in ms: no tone of any country has this cadence.
const ON_MS: u16 = 800;
const OFF_MS: u16 = 200;
/// Level of a mark as a whole, in dBm0: that of a clear voice.
pub(crate) const MARK_DBM0: i8 = -16;

/// Frequencies of named marks, one of each list, in Hz: away from DTMF (±4 %), call progress, special
/// information and fax tones and from the signalling tones 2130, 2225, 2600 and 2750 Hz.
const LOW_HZ: [u16; 6] = [1010, 1050, 1270, 1550, 1720, 1760];
const HIGH_HZ: [u16; 12] = [
    1880, 1940, 2000, 2340, 2400, 2460, 2520, 2660, 2820, 2880, 2940, 3000,
];

/// A signal by which a talker is known: a single frequency when named by it (`1000`), else two
/// frequencies that follow from the name (72 pairs; two names may share one).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    name: String,
    hz: [u16; 2],
}

impl Mark {
    /// Longest name in characters.
    pub const NAME_LEN_MAX: usize = 24;

    /// The mark called `name`: 1 to 24 of `a-z 0-9 _ -`; one of digits only is its frequency,
    /// 300 to 3400 Hz.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if name.is_empty() || name.len() > Self::NAME_LEN_MAX || !name.bytes().all(legal) {
            return None;
        }
        let hz = if name.bytes().all(|b| b.is_ascii_digit()) {
            let hz = name.parse().ok().filter(|hz| (300..=3_400).contains(hz))?;
            [hz, 0]
        } else {
            let hash = fnv1a(name.as_bytes()) as usize;
            let low = hash % LOW_HZ.len();
            let high = hash / LOW_HZ.len() % HIGH_HZ.len();
            [LOW_HZ[low], HIGH_HZ[high]]
        };
        Some(Self {
            name: name.into(),
            hz,
        })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its frequencies in Hz, one or two.
    #[must_use]
    pub fn hz(&self) -> &[u16] {
        if self.hz[1] == 0 {
            &self.hz[..1]
        } else {
            &self.hz
        }
    }

    /// The signal, endless.
    pub(crate) fn spec(&self) -> Option<ToneSpec> {
        let on = ToneStep {
            hz: self.hz,
            ms: ON_MS,
            ..ToneStep::default()
        };
        let off = ToneStep {
            ms: OFF_MS,
            ..ToneStep::default()
        };
        // Two sines of 3 dB less are as loud as one.
        let each = if self.hz[1] == 0 {
            MARK_DBM0
        } else {
            MARK_DBM0 - 3
        };
        ToneSpec::new(&[on, off], each)
    }
}

impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({} {:?})", self.name, self.hz())
    }
}

/// FNV-1a, 32 bits: spreads names, guards nothing.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, &byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_frequencies() {
        assert_eq!(Mark::new("1000").expect("legal").hz(), [1000]);
        assert_eq!(Mark::new("anna").expect("legal").hz().len(), 2);
        assert_eq!(Mark::new("anna"), Mark::new("anna"));
        for bad in ["", "50", "4000", "99999999", "Anna", "ą", &"x".repeat(25)] {
            assert_eq!(Mark::new(bad), None, "{bad}");
        }
    }

    /// A mark must never dial: 3.5 % off a DTMF frequency is no DTMF (Q.24).
    #[test]
    fn named_marks_are_no_dtmf() {
        for hz in LOW_HZ.into_iter().chain(HIGH_HZ) {
            for key in [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0] {
                let off = (f64::from(hz) / key - 1.0).abs();
                assert!(off > 0.04, "{hz} Hz is {off} from {key} Hz");
            }
        }
    }
}
