//! The port of a line keeps the contract, in every way a board can be built.

use hal_port::conformance::fxo;
use hal_slic::SlotFormat;

use crate::fxo_bench::{Build, FxoBench};

#[test]
fn si3050_with_interrupt_conforms() {
    fxo(|| FxoBench::cold(Build::default())).expect("conforms");
}

#[test]
fn si3050_polled_conforms() {
    let build = Build {
        interrupt: false,
        country: *b"DE",
        ..Build::default()
    };
    fxo(|| FxoBench::cold(build)).expect("conforms");
}

/// Full scale is another where the DC voltage is low.
#[test]
fn companded_slot_in_japan_conforms() {
    let build = Build {
        format: SlotFormat::MuLaw,
        slot_start: 8,
        country: *b"JP",
        ..Build::default()
    };
    fxo(|| FxoBench::cold(build)).expect("conforms");
}
