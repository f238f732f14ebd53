//! What comes back of a signal where two impedances meet.

use crate::Impedance;

impl Impedance {
    /// A resistor in series with a resistor and a capacitor that are parallel, in Ω and nF. Without the
    /// parallel resistor the capacitor is in series alone; without the capacitor there is only the first.
    const fn parts(self) -> (f64, f64, f64) {
        match self {
            Self::Ohm600 => (600.0, 0.0, 0.0),
            Self::Ohm900 => (900.0, 0.0, 0.0),
            Self::Tbr21 => (270.0, 750.0, 150.0),
            Self::Ohm220Plus820 => (220.0, 820.0, 120.0),
            Self::Ohm220Plus820Short => (220.0, 820.0, 115.0),
            Self::Ohm370Plus620 => (370.0, 620.0, 310.0),
            Self::Ohm320Plus1050 => (320.0, 1_050.0, 230.0),
            Self::Ohm200Plus680 => (200.0, 680.0, 100.0),
            Self::Ohm600Series => (600.0, 0.0, 2_160.0),
            Self::Ohm900Series => (900.0, 0.0, 2_160.0),
        }
    }

    /// Real and imaginary part in Ω at a frequency in Hz.
    #[must_use]
    pub fn ohms_at(self, hz: f64) -> (f64, f64) {
        let (series, parallel, nano) = self.parts();
        let turn = core::f64::consts::TAU * hz * nano * 1e-9;
        if parallel == 0.0 {
            let reactance = if nano == 0.0 { 0.0 } else { -1.0 / turn };
            return (series, reactance);
        }
        let product = turn * parallel;
        let whole = 1.0 + product * product;
        (series + parallel / whole, -parallel * product / whole)
    }

    /// How much weaker what a port of this impedance says comes back from a line of that one, in tenths of a dB:
    /// the mean power over the telephone band (300 to 3400 Hz), at most `BEST_RETURN_DB10`.
    #[must_use]
    pub fn return_loss_db10(self, line: Self) -> u16 {
        let (mut sum, mut count) = (0.0, 0.0);
        for hz in (300..=3_400).step_by(100) {
            let hz = f64::from(hz);
            let ((a, b), (c, d)) = (self.ohms_at(hz), line.ohms_at(hz));
            let apart = (a - c).powi(2) + (b - d).powi(2);
            let together = (a + c).powi(2) + (b + d).powi(2);
            sum += apart / together;
            count += 1.0;
        }
        let loss = -100.0 * (sum / count).max(1e-9_f64).log10();
        loss.clamp(10.0, f64::from(Self::BEST_RETURN_DB10)) as u16
    }

    /// No hybrid is better than this, in tenths of a dB.
    pub const BEST_RETURN_DB10: u16 = 400;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_sends_least_back_to_its_own_impedance() {
        for line in Impedance::ALL {
            assert_eq!(line.return_loss_db10(line), 400, "{line:?}");
            for port in Impedance::ALL {
                let loss = port.return_loss_db10(line);
                assert_eq!(loss, line.return_loss_db10(port), "it works both ways");
                let twins = [Impedance::Ohm220Plus820, Impedance::Ohm220Plus820Short];
                let alike = port == line || (twins.contains(&port) && twins.contains(&line));
                assert_eq!(loss > 350, alike, "{port:?} {line:?} {loss}");
            }
        }
        // 600 Ω against 900 Ω is a fifth of the voltage.
        let loss = Impedance::Ohm600.return_loss_db10(Impedance::Ohm900);
        assert_eq!(loss, 139);
    }
}
