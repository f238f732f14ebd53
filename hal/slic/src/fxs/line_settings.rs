//! A line profile in the chip's terms: impedance, gains, current limit, metering.

use hal_port::{Impedance, LineProfile, Meter};

use super::indirect::{Indirect, Name};
use super::registers::{
    AUDIO_GAIN, BATTERY_VOLTS, CURRENT_LIMIT, IMPEDANCE, IMPEDANCE_ON, TRIP_DEBOUNCE,
};
use super::ring::RingFigures;
use super::{Part, registers::ENABLE_2};
use crate::{Trouble, bus::Registers};

/// Digital gain of 0 dB, 12 bits at 15:4 (3215 "DACG, ADCG").
const UNITY: f64 = 16_384.0;
const GAIN_MASK: u16 = 0x7ff0;
/// What one analog step gives (register 9), in dB.
const ANALOG_DB: f64 = 3.5;
/// Digital gain ends here, in dB.
const DIGITAL_DB_MAX: f64 = 6.0;
/// Metering into a matched load, in V RMS; the part's most is 0.85.
const METERING_VRMS: f64 = 0.8;
const METERING_GENERATOR_HZ: f64 = 64_000.0;

/// The code of register 10 that sends least back of what the profile asks (3215 table "2-wire impedance"; set A
/// from the cross reference).
pub(super) const fn impedance_code(impedance: Impedance, part: Part) -> u8 {
    match (impedance, part) {
        (Impedance::Ohm600, _) => 0,
        (Impedance::Ohm900, _) => 1,
        (Impedance::Ohm600Series, Part::Si3210) => 2,
        // Codes 2 (600 Ω + 1 µF) and 3 of the Si3215 want other parts around the chip.
        (Impedance::Ohm600Series, Part::Si3215) => 0,
        (Impedance::Ohm900Series, Part::Si3215) => 1,
        (Impedance::Ohm900Series, Part::Si3210) => 3,
        (Impedance::Tbr21 | Impedance::Ohm320Plus1050, _)
        | (Impedance::Ohm370Plus620, Part::Si3215) => 4,
        (Impedance::Ohm220Plus820, _) => 5,
        (Impedance::Ohm220Plus820Short, _) | (Impedance::Ohm200Plus680, Part::Si3210) => 6,
        (Impedance::Ohm370Plus620, Part::Si3210) | (Impedance::Ohm200Plus680, Part::Si3215) => 7,
    }
}

/// A gain as analog step (code of register 9) and digital factor. The analog stage helps only where
/// the digital one ends: it costs noise.
fn gain(tenth_db: i16) -> (u8, u16) {
    let db = f64::from(tenth_db) / 10.0;
    let (code, rest) = if db > DIGITAL_DB_MAX {
        (2, db - ANALOG_DB)
    } else {
        (0, db)
    };
    let factor = 10_f64.powf(rest.min(DIGITAL_DB_MAX) / 20.0) * UNITY;
    (code, (factor as u16).min(GAIN_MASK) & GAIN_MASK)
}

/// Codes of the analog gains for register 9: 3:2 from the line, 1:0 to the line.
pub(super) fn analog_gains(profile: &LineProfile) -> u8 {
    let (to_line, _) = gain(profile.to_line_tenth_db);
    let (from_line, _) = gain(profile.from_line_tenth_db);
    from_line << 2 | to_line
}

/// Hands the profile's indirect values to `hand`.
pub(super) fn indirect_values(profile: &LineProfile, part: Part, mut hand: impl FnMut(Name, u16)) {
    let ring = RingFigures::new(profile.ring);
    hand(Name::RingFrequency, ring.frequency);
    hand(Name::RingLevel, ring.amplitude);
    hand(Name::TripFilter, ring.trip_filter);
    hand(Name::GainToLine, gain(profile.to_line_tenth_db).1);
    hand(Name::GainFromLine, gain(profile.from_line_tenth_db).1);
    if part == Part::Si3210 {
        let hz = match profile.meter {
            Meter::Khz12 => 12_000.0,
            Meter::Khz16 => 16_000.0,
        };
        let cos = (core::f64::consts::TAU * hz / METERING_GENERATOR_HZ).cos();
        let scale = 32_767.0;
        let level = 0.25 * ((1.0 - cos) / (1.0 + cos)).sqrt() * scale * METERING_VRMS / 0.85;
        hand(Name::MeteringFrequency, (cos * scale).round() as u16);
        hand(Name::MeteringLevel, level.round() as u16);
    }
}

/// Writes the profile's direct registers.
pub(super) fn write_direct(
    bus: &mut impl Registers,
    profile: &LineProfile,
    part: Part,
) -> Result<(), Trouble> {
    let ring = RingFigures::new(profile.ring);
    bus.write_all(&[
        (AUDIO_GAIN, analog_gains(profile)),
        (
            IMPEDANCE,
            IMPEDANCE_ON | impedance_code(profile.impedance, part),
        ),
        (TRIP_DEBOUNCE, ring.trip_debounce),
        (
            CURRENT_LIMIT,
            profile.loop_ma.clamp(20, 41).saturating_sub(20) / 3,
        ),
        (BATTERY_VOLTS, ring.battery),
    ])
}

/// Wishes and writes a changed profile on a chip in service.
pub(super) fn change(
    bus: &mut impl Registers,
    indirect: &mut Indirect,
    profile: &LineProfile,
    part: Part,
) -> Result<(), Trouble> {
    indirect_values(profile, part, |name, value| indirect.set(name, value));
    write_direct(bus, profile, part)
}

/// Interrupts of the chip: every alarm, hook and ring trip, or none.
pub(super) fn enable_interrupts(bus: &mut impl Registers, on: bool) -> Result<(), Trouble> {
    bus.write(ENABLE_2, if on { 0xff } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_use_the_analog_step_only_where_they_must() {
        assert_eq!(gain(0), (0, 0x4000));
        assert_eq!(gain(-60), (0, 0x2000 + 0x10));
        assert_eq!(gain(60), (0, 0x7fb0));
        assert_eq!(gain(80), (2, 0x6b70));
        // Beyond 9.5 dB the chip gives its most.
        assert_eq!(gain(120), (2, 0x7fb0));
        assert_eq!(gain(-240).0, 0);
    }

    #[test]
    fn metering_figures_are_those_of_the_formula() {
        let mut got = Vec::new();
        let profile = LineProfile {
            meter: Meter::Khz12,
            ..LineProfile::default()
        };
        indirect_values(&profile, Part::Si3210, |name, value| {
            got.push((name, value))
        });
        // cos(2π · 12/64) = 0.3827
        assert!(got.contains(&(Name::MeteringFrequency, 12_539)));
        got.clear();
        indirect_values(&profile, Part::Si3215, |name, value| {
            got.push((name, value))
        });
        assert!(got.iter().all(|(name, _)| *name != Name::MeteringFrequency));
    }
}
