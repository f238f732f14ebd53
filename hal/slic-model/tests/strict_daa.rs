//! The model of the line's chip notices what the data sheet forbids: else the tests of the driver prove
//! nothing.

use core::time::Duration;

use embedded_hal::spi::SpiDevice as _;
use hal_slic_model::daa::{Board, DaaHandle};

const WRITE: u8 = 0x20;
const READ: u8 = 0x60;

/// Bytes as the chip wants them: select rises after each.
fn bytes<const N: usize>(chip: &DaaHandle, bytes: [u8; N]) -> u8 {
    let mut last = 0;
    for byte in bytes {
        let mut word = [byte];
        chip.spi().transfer_in_place(&mut word).expect("works");
        last = word[0];
    }
    last
}

fn write(chip: &DaaHandle, register: u8, value: u8) {
    bytes(chip, [WRITE, register, value]);
}

fn read(chip: &DaaHandle, register: u8) -> u8 {
    bytes(chip, [READ, register, 0])
}

/// Powers the line side up and waits for the lock of the link.
fn link(chip: &DaaHandle) {
    write(chip, 6, 0);
    chip.pass_to(Duration::from_millis(20));
    assert_eq!(read(chip, 12) & 0x40, 0x40);
}

/// A chip on which `wrong` was done, and a word of what must be said of it.
#[track_caller]
fn forbidden(wrong: impl Fn(&DaaHandle), word: &str) {
    let chip = DaaHandle::new(Board::default());
    wrong(&chip);
    let said = chip.violations();
    assert!(
        said.iter().any(|what| what.contains(word)),
        "{word}: {said:?}"
    );
}

#[test]
fn registers_that_are_not_to_be_touched() {
    for register in [0, 8, 9, 27, 53, 58, 60, 63] {
        forbidden(|chip| write(chip, register, 0), "reserved and was written");
    }
    forbidden(|chip| write(chip, 11, 1), "read-only");
    forbidden(|chip| write(chip, 12, 0x40), "read-only");
    forbidden(|chip| write(chip, 28, 1), "read-only");
    forbidden(|chip| write(chip, 29, 1), "read-only");
    // Control 1 bit 6, DC termination 3:2, DAA control 5 bit 4, PCM mode 2, spark quench 7.
    for (register, bits) in [(1, 0x40), (26, 0x0c), (31, 0x10), (33, 0x04), (59, 0x80)] {
        forbidden(|chip| write(chip, register, bits), "reserved bits");
    }
}

#[test]
fn the_line_side_without_its_link() {
    for register in [13, 19, 28, 29] {
        forbidden(
            |chip| {
                read(chip, register);
            },
            "means nothing without the link",
        );
    }
    forbidden(
        |chip| write(chip, 5, 0x01),
        "off hook without the line side",
    );
    // Lost again: what was powered up is powered down.
    forbidden(
        |chip| {
            link(chip);
            write(chip, 6, 0x10);
            chip.pass_to(Duration::from_millis(40));
            read(chip, 29);
        },
        "means nothing without the link",
    );
    forbidden(
        |chip| {
            link(chip);
            write(chip, 1, 0x80);
            write(chip, 5, 0x01);
        },
        "off hook without the line side",
    );
}

#[test]
fn settings_that_exclude_each_other() {
    // Full scale wants DCV = 11 and MINI = 00; a change of either is looked at.
    forbidden(|chip| write(chip, 31, 0xa3), "full scale");
    forbidden(
        |chip| {
            write(chip, 26, 0xc0);
            write(chip, 31, 0xa3);
            write(chip, 26, 0xd0);
        },
        "full scale",
    );
    forbidden(|chip| write(chip, 17, 0x10), "reserved ring threshold");
    forbidden(
        |chip| {
            write(chip, 23, 0x05);
            write(chip, 24, 0x99);
        },
        "time-out of 0",
    );
    forbidden(
        |chip| {
            link(chip);
            write(chip, 17, 0x08);
        },
        "overload protection within 25 ms",
    );
    forbidden(
        |chip| {
            link(chip);
            write(chip, 5, 0x01);
            chip.pass_to(Duration::from_millis(60));
            write(chip, 17, 0x08);
            write(chip, 5, 0x00);
            write(chip, 5, 0x01);
        },
        "off hook with the overload protection on",
    );
}

#[test]
fn accesses_that_are_none() {
    let together = |chip: &DaaHandle| {
        chip.spi().write(&[WRITE, 5, 0]).expect("works");
    };
    forbidden(together, "3 bytes in one select cycle");
    // Bits 5:4 are 10, and nobody answers all at once.
    for control in [0x00, 0x30, READ | 0x80] {
        forbidden(
            |chip| {
                bytes(chip, [control]);
            },
            "control byte",
        );
    }
}

#[test]
fn a_well_behaved_access_is_not_complained_of() {
    let chip = DaaHandle::new(Board::default());
    assert_eq!((read(&chip, 2), read(&chip, 11) >> 4), (0x03, 0));
    write(&chip, 26, 0xc0);
    write(&chip, 31, 0xa3);
    link(&chip);
    assert_eq!(read(&chip, 11) >> 4, 3, "a Si3019");
    assert_eq!(read(&chip, 29), 48);
    // Sticky: writing 1 leaves them, writing 0 clears them.
    assert_eq!(read(&chip, 4), 0x88);
    write(&chip, 4, 0xff);
    assert_eq!(read(&chip, 4), 0x88);
    write(&chip, 4, 0x00);
    assert_eq!(read(&chip, 4), 0x00);
    write(&chip, 5, 0x01);
    chip.pass_to(Duration::from_millis(60));
    write(&chip, 17, 0x08);
    assert!(read(&chip, 28) > 10);
    write(&chip, 17, 0x00);
    write(&chip, 5, 0x00);
    write(&chip, 5, 0x01);
    assert_eq!(chip.violations(), Vec::<String>::new());
}
