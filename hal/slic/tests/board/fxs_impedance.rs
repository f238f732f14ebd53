//! What the port of a set shows its set: register 10, by the data sheets' tables "2-wire impedance".

use hal_port::{Impedance, LineProfile, PortCommand};
use hal_slic::fxs::Part;

use crate::fxs_bench::{Build, FxsBench};

const IMPEDANCE: u8 = 10;
/// Synthesis is on: TISE.
const ON: u8 = 0x08;

/// The codes of a part, as far as they need no other parts around the chip than our boards have: with a 12 kΩ
/// or 18 kΩ reference and other capacitors the Si3215 has 600 Ω + 1 µF (2) and 900 Ω + 2.16 µF (3) too.
fn codes(part: Part) -> Vec<(u8, Impedance)> {
    use Impedance::{
        Ohm200Plus680, Ohm220Plus820, Ohm220Plus820Short, Ohm370Plus620, Ohm600, Ohm600Series,
        Ohm900, Ohm900Series, Tbr21,
    };
    let both = [
        (0, Ohm600),
        (1, Ohm900),
        (4, Tbr21),
        (5, Ohm220Plus820),
        (6, Ohm220Plus820Short),
    ];
    let own: &[(u8, Impedance)] = match part {
        Part::Si3210 => &[(2, Ohm600Series), (3, Ohm900Series), (7, Ohm370Plus620)],
        Part::Si3215 => &[(7, Ohm200Plus680)],
    };
    both.into_iter().chain(own.iter().copied()).collect()
}

/// Each impedance of a country file has its code, and where the part has none, that of the nearest it has.
#[test]
fn each_impedance_has_its_code_or_the_nearest() {
    for part in [Part::Si3210, Part::Si3215] {
        let mut bench = FxsBench::new(Build {
            part,
            ..Build::default()
        });
        let codes = codes(part);
        for impedance in Impedance::ALL {
            bench.must(PortCommand::SetProfile(LineProfile {
                impedance,
                ..LineProfile::default()
            }));
            let own = codes.iter().find(|&&(_, has)| has == impedance);
            let nearest = || {
                let all = codes.iter();
                all.max_by_key(|(_, has)| has.return_loss_db10(impedance))
            };
            let (code, _) = own.or_else(nearest).expect("the part has some");
            let register = bench.chip.register(IMPEDANCE);
            assert_eq!(register, ON | code, "{part:?} {impedance:?}");
        }
    }
}

/// What was set before the chip was brought up, and what a dip of the supply took away, is set too.
#[test]
fn the_impedance_outlives_the_chips_reset() {
    let mut bench = FxsBench::cold(Build::default());
    bench.must(PortCommand::SetProfile(LineProfile {
        impedance: Impedance::Tbr21,
        ..LineProfile::default()
    }));
    bench.pass(6_000);
    assert_eq!(bench.chip.register(IMPEDANCE), ON | 4);
    bench.chip.brown_out();
    bench.pass(6_000);
    assert!(bench.line.is_in_service());
    assert_eq!(bench.chip.register(IMPEDANCE), ON | 4);
}
