//! The port of a set keeps the contract, in every way a board can be built.

use hal_port::conformance::fxs;
use hal_slic::SlotFormat;
use hal_slic::fxs::{LineDriver, Part};

use crate::fxs_bench::{Build, FxsBench};

#[test]
fn si3210_with_interrupt_conforms() {
    fxs(|| FxsBench::new(Build::default())).expect("conforms");
}

#[test]
fn si3215_polled_conforms() {
    let build = Build {
        part: Part::Si3215,
        interrupt: false,
        ..Build::default()
    };
    fxs(|| FxsBench::new(build)).expect("conforms");
}

#[test]
fn si3201_and_companded_slots_conform() {
    let build = Build {
        driver: LineDriver::Si3201,
        format: SlotFormat::ALaw,
        slot_start: 136,
        ..Build::default()
    };
    fxs(|| FxsBench::new(build)).expect("conforms");
}

/// The suite itself can fail here: a chip whose slot is elsewhere is not heard.
#[test]
fn a_port_on_the_wrong_slot_is_caught() {
    let board = hal_slic_model::slic::Board {
        slot_start: 16,
        ..hal_slic_model::slic::Board::new(hal_slic_model::slic::Part::Si3210)
    };
    let failure = fxs(|| {
        let mut bench = FxsBench::with_board(Build::default(), board);
        bench.pass(2_000);
        bench
    })
    .expect_err("deaf");
    assert_eq!(failure.case, "sound both ways");
}
