//! What a line of one impedance sends back of what a port of another says to it.

use hal_port::Impedance;

/// A resistor in series with a resistor and a capacitor that are parallel, in Ω and nF. Without the parallel
/// resistor the capacitor is in series alone; without the capacitor the resistors are.
const fn parts(impedance: Impedance) -> (f64, f64, f64) {
    match impedance {
        Impedance::Ohm600 => (600.0, 0.0, 0.0),
        Impedance::Ohm900 => (900.0, 0.0, 0.0),
        Impedance::Tbr21 => (270.0, 750.0, 150.0),
        Impedance::Ohm220Plus820 => (220.0, 820.0, 120.0),
        Impedance::Ohm220Plus820Short => (220.0, 820.0, 115.0),
        Impedance::Ohm370Plus620 => (370.0, 620.0, 310.0),
        Impedance::Ohm320Plus1050 => (320.0, 1_050.0, 230.0),
        Impedance::Ohm200Plus680 => (200.0, 680.0, 100.0),
        Impedance::Ohm600Series => (600.0, 0.0, 2_160.0),
        Impedance::Ohm900Series => (900.0, 0.0, 2_160.0),
    }
}

/// Real and imaginary part at a frequency.
fn ohms(impedance: Impedance, hz: f64) -> (f64, f64) {
    let (series, parallel, nano) = parts(impedance);
    let turn = core::f64::consts::TAU * hz * nano * 1e-9;
    if parallel == 0.0 {
        let reactance = if nano == 0.0 { 0.0 } else { -1.0 / turn };
        return (series, reactance);
    }
    let product = turn * parallel;
    let whole = 1.0 + product * product;
    (series + parallel / whole, -parallel * product / whole)
}

/// The best that any hybrid does, in dB.
const BEST_DB: f64 = 40.0;

/// Echo return loss in dB over the telephone band, weighted as white noise is: at least 1.
pub(crate) fn return_loss_db(port: Impedance, line: Impedance) -> u8 {
    let steps = (300..=3_400).step_by(100);
    let (mut sum, mut count) = (0.0, 0.0);
    for hz in steps {
        let ((a, b), (c, d)) = (ohms(port, f64::from(hz)), ohms(line, f64::from(hz)));
        let apart = (a - c).powi(2) + (b - d).powi(2);
        let together = (a + c).powi(2) + (b + d).powi(2);
        sum += apart / together;
        count += 1.0;
    }
    let loss = -10.0 * (sum / count).max(1e-9_f64).log10();
    loss.clamp(1.0, BEST_DB) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_balanced_best_by_its_own_impedance() {
        for line in Impedance::ALL {
            assert_eq!(return_loss_db(line, line), 40, "{line:?}");
            for port in Impedance::ALL {
                let loss = return_loss_db(port, line);
                assert_eq!(loss, return_loss_db(line, port), "it works both ways");
                let alike = loss > 35;
                let twins = [Impedance::Ohm220Plus820, Impedance::Ohm220Plus820Short];
                assert!(!alike || port == line || (twins.contains(&port) && twins.contains(&line)));
            }
        }
        // 600 Ω against 900 Ω is 1/5 of the voltage.
        assert_eq!(return_loss_db(Impedance::Ohm600, Impedance::Ohm900), 13);
    }
}
