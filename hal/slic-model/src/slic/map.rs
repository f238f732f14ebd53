//! Which registers there are, what they hold after a reset and which bits may be written (Si3215
//! data sheet rev. 0.92, Si3230 rev. 0.96 for what only the Si3210 has).

use super::Part;

/// One direct register.
pub(super) struct Cell {
    pub(super) address: u8,
    pub(super) reset: u8,
    /// Bits that may be written on the Si3210, on the Si3215.
    pub(super) writable: [u8; 2],
    /// Bits that are there but read-only: written, they keep their value.
    pub(super) fixed: u8,
}

const fn both(address: u8, reset: u8, writable: u8) -> Cell {
    split(address, reset, writable, writable, 0)
}

const fn split(address: u8, reset: u8, a: u8, b: u8, fixed: u8) -> Cell {
    Cell {
        address,
        reset,
        writable: [a, b],
        fixed,
    }
}

const fn only_3210(address: u8, reset: u8, writable: u8) -> Cell {
    split(address, reset, writable, 0, 0)
}

const fn read_only(address: u8, reset: u8) -> Cell {
    split(address, reset, 0, 0, 0xff)
}

const MAP: [Cell; 88] = [
    split(0, 0x03, 0xc0, 0xc0, 0x3f),
    split(1, 0x08, 0x3f, 0x3f, 0x80),
    both(2, 0, 0xff),
    both(3, 0, 0x03),
    both(4, 0, 0xff),
    both(5, 0, 0x03),
    read_only(6, 0),
    both(8, 0x02, 0x07),
    both(9, 0, 0xff),
    both(10, 0x08, 0x3f),
    both(11, 0x33, 0x77),
    split(14, 0x10, 0x3b, 0x1b, 0),
    both(15, 0, 0x3f),
    split(18, 0, 0xff, 0x3f, 0),
    both(19, 0, 0xff),
    split(20, 0, 0x07, 0x02, 0),
    split(21, 0, 0xff, 0x3f, 0),
    both(22, 0, 0xff),
    split(23, 0, 0x07, 0x02, 0),
    read_only(24, 0),
    both(28, 0, 0xff),
    both(29, 0, 0xff),
    both(30, 0, 0xff),
    read_only(31, 0),
    split(32, 0, 0x7f, 0x7f, 0x80),
    split(33, 0, 0x3f, 0x3f, 0x80),
    split(34, 0, 0x1b, 0x1b, 0xa4),
    split(35, 0, 0x1c, 0, 0x80),
    both(36, 0, 0xff),
    both(37, 0, 0xff),
    both(38, 0, 0xff),
    both(39, 0, 0xff),
    both(40, 0, 0xff),
    both(41, 0, 0xff),
    both(42, 0, 0xff),
    both(43, 0, 0xff),
    only_3210(44, 0, 0xff),
    only_3210(45, 0, 0xff),
    only_3210(46, 0, 0xff),
    only_3210(47, 0, 0xff),
    both(48, 0, 0xff),
    both(49, 0, 0xff),
    both(50, 0, 0xff),
    both(51, 0, 0xff),
    both(52, 0, 0x01),
    both(63, 0x54, 0xff),
    split(64, 0, 0x07, 0x07, 0x70),
    both(65, 0x61, 0x7f),
    split(66, 0x03, 0x19, 0x19, 0x02),
    split(67, 0x1f, 0x7f, 0x77, 0x08),
    read_only(68, 0x04),
    both(69, 0x0a, 0x7f),
    both(70, 0x0a, 0x7f),
    both(71, 0, 0x07),
    both(72, 0x20, 0x7f),
    both(73, 0x02, 0x3f),
    both(74, 0x32, 0x3f),
    both(75, 0x10, 0x3f),
    both(76, 0, 0x07),
    read_only(77, 0),
    read_only(78, 0),
    read_only(79, 0),
    read_only(80, 0),
    read_only(81, 0),
    read_only(82, 0),
    read_only(83, 0),
    read_only(84, 0),
    read_only(85, 0),
    read_only(86, 0),
    read_only(87, 0),
    read_only(88, 0),
    read_only(89, 0),
    split(92, 0xff, 0xbf, 0xbf, 0x40),
    split(93, 0x14, 0x9f, 0x9f, 0x20),
    read_only(94, 0),
    both(96, 0x1f, 0x7f),
    both(97, 0x1f, 0x1f),
    both(98, 0x10, 0x1f),
    both(99, 0x10, 0x1f),
    both(100, 0x11, 0x1f),
    both(101, 0x11, 0x1f),
    both(102, 0x08, 0x0f),
    both(103, 0x88, 0xff),
    both(104, 0, 0x0f),
    both(105, 0, 0xff),
    only_3210(106, 0x20, 0x3f),
    both(107, 0x08, 0x0f),
    both(108, 0, 0xf7),
];

/// The register at `address`, if there is one.
pub(super) fn cell(address: u8) -> Option<&'static Cell> {
    MAP.iter().find(|cell| cell.address == address)
}

/// Values after a reset.
pub(super) fn after_reset() -> [u8; 128] {
    let mut values = [0; 128];
    for cell in &MAP {
        values[usize::from(cell.address)] = cell.reset;
    }
    values
}

/// Whether the part has an indirect register there.
pub(super) fn has_indirect(part: Part, address: u8) -> bool {
    match part {
        Part::Si3210 => matches!(address, 0..=43 | 88..=93 | 97 | 99..=104),
        Part::Si3215 => matches!(address, 0..=9 | 13..=27 | 64 | 66 | 69..=74),
    }
}

/// Indirect registers by what the model needs to know of them: (Si3210, Si3215).
pub(super) mod indirect {
    pub(crate) const RING_FREQUENCY: (u8, u8) = (20, 7);
    pub(crate) const RING_LEVEL: (u8, u8) = (21, 8);
    pub(crate) const RING_PHASE: (u8, u8) = (22, 9);
    pub(crate) const RING_OFFSET: (u8, u8) = (19, 6);
    pub(crate) const TO_LINE: (u8, u8) = (26, 13);
    pub(crate) const FROM_LINE: (u8, u8) = (27, 14);
    pub(crate) const LOOP_THRESHOLD: (u8, u8) = (28, 15);
    pub(crate) const TRIP_THRESHOLD: (u8, u8) = (29, 16);
    pub(crate) const LOOP_FILTER: (u8, u8) = (35, 22);
    pub(crate) const TRIP_FILTER: (u8, u8) = (36, 23);
    /// Everything that must hold something known before the line is fed.
    pub(crate) const NEEDED: [(u8, u8); 19] = [
        TO_LINE,
        FROM_LINE,
        LOOP_THRESHOLD,
        TRIP_THRESHOLD,
        (30, 17),
        (31, 18),
        (32, 19),
        (33, 20),
        (34, 21),
        LOOP_FILTER,
        TRIP_FILTER,
        (37, 24),
        (38, 25),
        (39, 26),
        (40, 27),
        (41, 64),
        (43, 66),
        RING_OFFSET,
        RING_PHASE,
    ];
}
