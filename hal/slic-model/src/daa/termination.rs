//! What comes back of our side where the chip's AC termination meets the line (3050 register 30).

use hal_port::Impedance;

use super::Daa;

/// On a line that matches the hybrid holds back at least 20 dB.
const MATCHED: f64 = 0.1;

impl Daa {
    /// The part of a signal to the line that comes back.
    pub(super) fn hybrid(&self) -> f64 {
        let shown = match self.register(30) & 0x0f {
            0x0 => Impedance::Ohm600,
            0x1 => Impedance::Ohm900,
            0x2 => Impedance::Tbr21,
            0x3 => Impedance::Ohm220Plus820,
            0x4 => Impedance::Ohm370Plus620,
            0x5 => Impedance::Ohm320Plus1050,
            0xa => Impedance::Ohm200Plus680,
            0xb => Impedance::Ohm600Series,
            0xd => Impedance::Ohm900Series,
            // Impedances that no port asks for: nothing is held back.
            _ => return 1.0,
        };
        self.line.impedance.map_or(MATCHED, |line| {
            let loss = f64::from(shown.return_loss_db10(line)) / 10.0;
            10_f64.powf(-loss / 20.0)
        })
    }
}
