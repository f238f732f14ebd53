//! The model notices what the data sheet forbids: else the tests of the driver prove nothing.

use core::time::Duration;

use embedded_hal::spi::SpiDevice as _;
use hal_slic_model::slic::{Board, Part, SlicHandle};

fn write(chip: &SlicHandle, register: u8, value: u8) {
    chip.spi().write(&[register, value]).expect("the bus works");
}

fn read(chip: &SlicHandle, register: u8) -> u8 {
    let mut word = [0x80 | register, 0];
    chip.spi().transfer_in_place(&mut word).expect("works");
    word[1]
}

/// A chip on which `wrong` was done, and a word of what must be said of it.
#[track_caller]
fn forbidden(part: Part, wrong: impl Fn(&SlicHandle), word: &str) {
    let chip = SlicHandle::new(Board::new(part));
    wrong(&chip);
    let said = chip.violations();
    assert!(
        said.iter().any(|what| what.contains(word)),
        "{word}: {said:?}"
    );
}

#[test]
fn what_the_data_sheet_forbids_is_noticed() {
    let part = Part::Si3210;
    forbidden(part, |chip| write(chip, 7, 0), "reserved");
    forbidden(part, |chip| write(chip, 68, 1), "read-only");
    forbidden(part, |chip| write(chip, 71, 0x08), "reserved bits");
    forbidden(part, |chip| write(chip, 64, 1), "without the converter");
    forbidden(part, |chip| write(chip, 96, 0x5f), "without battery");
    forbidden(part, |chip| write(chip, 14, 0), "undefined");
    forbidden(Part::Si3215, |chip| write(chip, 35, 4), "reserved");
    forbidden(
        Part::Si3215,
        |chip| {
            write(chip, 28, 1);
            write(chip, 30, 36);
        },
        "does not exist",
    );
    forbidden(
        part,
        |chip| {
            write(chip, 28, 1);
            write(chip, 29, 0);
            write(chip, 30, 20);
            read(chip, 28);
        },
        "pending",
    );
    forbidden(
        part,
        |chip| {
            write(chip, 14, 0);
            chip.pass_to(Duration::from_millis(400));
            write(chip, 64, 4);
        },
        "generator undefined",
    );
}

#[test]
fn a_well_behaved_access_is_not_complained_of() {
    let chip = SlicHandle::new(Board::new(Part::Si3215));
    assert_eq!((read(&chip, 0), read(&chip, 1)), (0x03, 0x88));
    assert_eq!((read(&chip, 8), read(&chip, 11)), (0x02, 0x33));
    write(&chip, 28, 0x34);
    write(&chip, 29, 0x12);
    write(&chip, 30, 7);
    while read(&chip, 31) != 0 {}
    write(&chip, 30, 7);
    while read(&chip, 31) != 0 {}
    assert_eq!((read(&chip, 28), read(&chip, 29)), (0x34, 0x12));
    assert_eq!(chip.indirect(7), Some(0x1234));
    assert_eq!(chip.violations(), Vec::<String>::new());
}
