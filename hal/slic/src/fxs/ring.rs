//! The ringing generator's figures (3215 "Ringing generation").

use hal_port::RingSignal;

/// The highest peak that leaves the line driver its headroom below the highest battery (94.5 V −
/// 7.5 V).
const PEAK_VOLTS_MAX: f64 = 87.0;
/// Headroom of ringing below the battery.
const HEADROOM_VOLTS: f64 = 7.5;
/// Full scale of the generator.
const FULL_SCALE_VOLTS: f64 = 96.0;
/// The generator runs at 1 kHz.
const GENERATOR_HZ: f64 = 1_000.0;
/// Below this battery on-hook voltage and overhead do not fit (75 V).
const BATTERY_CODE_MIN: u8 = 0x32;
const VOLTS_PER_STEP: f64 = 1.5;

/// V RMS of a sine at [`PEAK_VOLTS_MAX`].
pub(super) const VRMS_MAX: u8 = 61;

/// What the registers hold for a ringing signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RingFigures {
    /// RCO.
    pub(super) frequency: u16,
    /// RNGX.
    pub(super) amplitude: u16,
    /// NRTP: filter of the ring trip current.
    pub(super) trip_filter: u16,
    /// RTDI in 1.25 ms.
    pub(super) trip_debounce: u8,
    /// VBATH in 1.5 V.
    pub(super) battery: u8,
}

/// RPTP: a set that trips draws 34 mA or more, a bell of 5 REN less (published driver, 3215 table).
pub(super) const TRIP_THRESHOLD: u16 = 0x3600;

/// Ring trip by frequency (3215 table "Recommended ring trip values"): up to this many Hz, NRTP, RTDI.
const TRIP: [(u8, u16, u8); 6] = [
    (18, 0x0200, 0x0f),
    (22, 0x0320, 0x0b),
    (27, 0x0380, 0x09),
    (44, 0x0400, 0x07),
    (54, 0x06a8, 0x05),
    (u8::MAX, 0x0800, 0x05),
];

impl RingFigures {
    /// Figures of a sound [`RingSignal`]; voltage beyond the chip's is the chip's highest.
    pub(super) fn new(signal: RingSignal) -> Self {
        let peak = (f64::from(signal.vrms) * core::f64::consts::SQRT_2).min(PEAK_VOLTS_MAX);
        let cos = (core::f64::consts::TAU * f64::from(signal.hz) / GENERATOR_HZ).cos();
        let scale = 32_768.0;
        let amplitude = 0.25 * ((1.0 - cos) / (1.0 + cos)).sqrt() * scale * peak / FULL_SCALE_VOLTS;
        let (_, trip_filter, trip_debounce) = TRIP
            .into_iter()
            .find(|&(up_to, ..)| signal.hz <= up_to)
            .unwrap_or(TRIP[5]);
        let battery = ((peak + HEADROOM_VOLTS) / VOLTS_PER_STEP).ceil() as u8;
        Self {
            frequency: (cos * scale).round().min(32_767.0) as u16,
            amplitude: amplitude.round() as u16,
            trip_filter,
            trip_debounce,
            battery: battery.max(BATTERY_CODE_MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of the data sheet's examples and of a published driver, one unit of rounding
    /// apart.
    #[test]
    fn figures_are_those_of_the_data_sheet() {
        // V RMS are whole: 60 V RMS are a peak of 84.85 V.
        for (hz, vrms, rco, rngx) in [(20, 60, 0x7efe, 0x01c7), (25, 60, 0x7e6d, 0x023a)] {
            let got = RingFigures::new(RingSignal { hz, vrms });
            assert!(got.frequency.abs_diff(rco) <= 1, "{got:x?}");
            assert!(got.amplitude.abs_diff(rngx) <= 1, "{got:x?}");
            assert_eq!(got.battery, 62);
        }
        let hard = RingFigures::new(RingSignal { hz: 50, vrms: 90 });
        assert_eq!((hard.battery, hard.trip_filter), (63, 0x06a8));
        let soft = RingFigures::new(RingSignal { hz: 17, vrms: 40 });
        assert_eq!((soft.battery, soft.trip_debounce), (BATTERY_CODE_MIN, 0x0f));
    }
}
