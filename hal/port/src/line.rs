//! What differs from country to country and from line to line, as plain data, and what a port can
//! measure on its line.

use serde::{Deserialize, Serialize};

/// The impedance that a port shows to its line, and its hybrid balances against.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Impedance {
    /// 600 Ω.
    #[default]
    Ohm600,
    /// 900 Ω.
    Ohm900,
    /// 270 Ω + (750 Ω ‖ 150 nF): ETSI TBR 21, most of Europe.
    Tbr21,
    /// 220 Ω + (820 Ω ‖ 120 nF): Australia, and lines of Germany.
    Ohm220Plus820,
    /// 220 Ω + (820 Ω ‖ 115 nF): Germany, Switzerland.
    Ohm220Plus820Short,
    /// 370 Ω + (620 Ω ‖ 310 nF): New Zealand.
    Ohm370Plus620,
    /// 320 Ω + (1050 Ω ‖ 230 nF): United Kingdom.
    Ohm320Plus1050,
    /// 200 Ω + (680 Ω ‖ 100 nF): China.
    Ohm200Plus680,
    /// 600 Ω + 2.16 µF.
    Ohm600Series,
    /// 900 Ω + 2.16 µF.
    Ohm900Series,
}

impl Impedance {
    /// Every one, in the order in which a search for the best balance tries them.
    pub const ALL: [Self; 10] = [
        Self::Ohm600,
        Self::Ohm900,
        Self::Tbr21,
        Self::Ohm220Plus820,
        Self::Ohm220Plus820Short,
        Self::Ohm370Plus620,
        Self::Ohm320Plus1050,
        Self::Ohm200Plus680,
        Self::Ohm600Series,
        Self::Ohm900Series,
    ];
}

/// The ringing signal of an FXS port. The shape is a sine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RingSignal {
    /// Frequency in Hz, 16–60.
    pub hz: u8,
    /// Voltage at the port in V RMS, 40–90; less when the hardware cannot ([`crate::Capabilities`]).
    pub vrms: u8,
}

/// Metering pulses of an FXS port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// 12 kHz.
    Khz12,
    /// 16 kHz.
    Khz16,
}

/// How a port behaves electrically on its line. A back end sets what its hardware can and takes the
/// nearest it has for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LineProfile {
    /// ISO 3166 code of the country whose rules an FXO port keeps (DC mask, current limit, ring
    /// thresholds), in capitals.
    pub country: [u8; 2],
    /// The impedance shown to the line.
    pub impedance: Impedance,
    /// Gain from us to the line in tenths of a dB, −240 to 120.
    pub to_line_tenth_db: i16,
    /// Gain from the line to us in tenths of a dB, −240 to 120.
    pub from_line_tenth_db: i16,
    /// FXS: the ringing signal.
    pub ring: RingSignal,
    /// FXS: current in a closed loop in mA, 18–41.
    pub loop_ma: u8,
    /// FXS: what a metering pulse is.
    pub meter: Meter,
}

impl LineProfile {
    /// Whether every figure is in its range.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let gain = |tenth_db: i16| (-240..=120).contains(&tenth_db);
        self.country.iter().all(u8::is_ascii_uppercase)
            && gain(self.to_line_tenth_db)
            && gain(self.from_line_tenth_db)
            && (16..=60).contains(&self.ring.hz)
            && (40..=90).contains(&self.ring.vrms)
            && (18..=41).contains(&self.loop_ma)
    }
}

impl Default for LineProfile {
    /// 600 Ω, no gain, 60 V of 25 Hz, 20 mA, 16 kHz, the rules of the United States.
    fn default() -> Self {
        Self {
            country: *b"US",
            impedance: Impedance::default(),
            to_line_tenth_db: 0,
            from_line_tenth_db: 0,
            ring: RingSignal { hz: 25, vrms: 60 },
            loop_ma: 20,
            meter: Meter::Khz16,
        }
    }
}

/// How an FXO port holds its line.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum LoopHook {
    /// As a set that lies on its hook: no current, no sound.
    #[default]
    OnHook,
    /// No current, but sound of the line is heard: for caller ID.
    Listening,
    /// The loop is closed.
    OffHook,
}

/// What a port measures on its line now; what it cannot measure is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Voltage between tip and ring in V; its sign is the polarity.
    pub volts: Option<i16>,
    /// Current in the loop in tenths of mA.
    pub loop_tenth_ma: Option<i16>,
    /// RMS voltage of the ringing that is on the line, or of the last one, in V.
    pub ring_vrms: Option<u8>,
    /// Frequency of that ringing in tenths of Hz.
    pub ring_tenth_hz: Option<u16>,
    /// Voltage between tip and ring that is not the line's own, in V, as it was measured last: of a set's
    /// port what is there while it does not feed the loop, of a line's port what is beyond any exchange's
    /// battery. 0 = there is none.
    pub foreign_volts: Option<i16>,
    /// Temperature of the chip in °C.
    pub celsius: Option<i16>,
}

impl Reading {
    /// Exchanges feed 48 or 60 V, which is 72 V with a full battery; chips measure by 10 % too much.
    const EXCHANGE_VOLTS: i16 = 80;
    /// Long wires pick up so much by themselves.
    const INDUCED_VOLTS: i16 = 5;

    /// What of the voltage of an idle line no exchange gives, in V.
    #[must_use]
    pub const fn beyond_exchange(volts: i16) -> i16 {
        if volts.unsigned_abs() <= Self::EXCHANGE_VOLTS.unsigned_abs() {
            return 0;
        }
        volts.saturating_sub(volts.signum() * Self::EXCHANGE_VOLTS)
    }

    /// What of the voltage of a loop that nobody should feed is worth a word, in V.
    #[must_use]
    pub const fn on_open_loop(volts: i16) -> i16 {
        if volts.unsigned_abs() < Self::INDUCED_VOLTS.unsigned_abs() {
            0
        } else {
            volts
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voltages_of_exchanges_and_of_long_wires_are_not_foreign() {
        for (volts, foreign) in [(48, 0), (-72, 0), (80, 0), (95, 15), (-127, -47)] {
            assert_eq!(Reading::beyond_exchange(volts), foreign);
        }
        for (volts, foreign) in [(0, 0), (-4, 0), (5, 5), (-48, -48)] {
            assert_eq!(Reading::on_open_loop(volts), foreign);
        }
    }
}
