//! A Si3210 or Si3215 with a set at the end of its line.

mod access;
mod analog;
mod handle;
mod highway;
mod map;

pub use handle::SlicHandle;
pub use highway::SlicAudio;

/// The part on the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Metering, DTMF, indirect registers of set A.
    Si3210,
    /// Indirect registers of set B.
    Si3215,
}

/// What the data sheet leaves open, and what boards differ in.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// The part.
    pub part: Part,
    /// Revision nibble of register 0.
    pub revision: u8,
    /// From converter on to full battery, in ms.
    pub ramp_ms: u32,
    /// What a calibration takes after the battery's settling time, in ms.
    pub calibration_ms: u32,
    /// Where Q5's and Q6's currents vanish (register 98, 99), for boards with a Si3201.
    pub mismatch: [u8; 2],
    /// What the converter's own calibration finds.
    pub peak_current: u8,
    /// Bits per second on the bus.
    pub bus_hz: u32,
    /// Clocks from the frame sync to the port's slot, where the highway looks for it.
    pub slot_start: u16,
}

impl Board {
    /// A healthy board with this part.
    #[must_use]
    pub const fn new(part: Part) -> Self {
        Self {
            part,
            revision: 3,
            ramp_ms: 200,
            calibration_ms: 250,
            mismatch: [0x12, 0x0e],
            peak_current: 8,
            bus_hz: 2_000_000,
            slot_start: 0,
        }
    }
}

/// What is broken now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Data to the driver sticks at this byte; what it sends is not heard.
    pub stuck: Option<u8>,
    /// The operating system's bus driver reports an error.
    pub bus_error: bool,
    /// The supply of the converter is missing.
    pub no_battery: bool,
    /// A calibration never ends.
    pub endless_calibration: bool,
    /// A short or foreign voltage on the line: transistors grow too hot 20 ms after the line is fed.
    pub overload: bool,
    /// The interrupt pin never moves.
    pub dead_interrupt: bool,
    /// An indirect access never ends.
    pub endless_indirect: bool,
    /// Indirect registers forget their lowest bit.
    pub forgetful: bool,
}

/// The set and its line.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// The hook's contact is closed.
    pub closed: bool,
    /// Line and set in Ω when it is closed.
    pub ohms: f64,
    /// Bells on the line, in tenths of one load unit.
    pub ren_tenths: u32,
    /// Voltage from elsewhere between tip and ring, in V: seen while the chip feeds nothing.
    pub foreign_volts: f64,
}

impl Default for Set {
    fn default() -> Self {
        Self {
            closed: false,
            ohms: 460.0,
            ren_tenths: 10,
            foreign_volts: 0.0,
        }
    }
}

/// States of the line driver (register 64).
mod state {
    pub(super) const OPEN: u8 = 0;
    pub(super) const FORWARD: u8 = 1;
    pub(super) const RINGING: u8 = 4;
    pub(super) const REVERSE: u8 = 5;
}

/// The whole chip.
#[derive(Debug)]
pub(crate) struct Slic {
    board: Board,
    faults: Faults,
    set: Set,
    registers: [u8; 128],
    indirect: [Option<u16>; 256],
    now_us: u64,
    /// The next step of the line's electronics: every 1.25 ms.
    next_step_us: u64,
    command: Option<u8>,
    violations: Vec<String>,
    /// After something broke the driver may do what it did not know to be wrong, until it looks at the
    /// identity again.
    lenient: bool,

    indirect_until_us: Option<u64>,
    indirect_written: bool,
    indirect_read: Option<u8>,

    battery: f64,
    calibration_until_us: Option<u64>,
    calibrated: bool,
    fed_since_us: Option<u64>,

    loop_ma: f64,
    loop_filtered: f64,
    trip_filtered: f64,
    loop_opposite_us: u64,
    trip_opposite_us: u64,
    closed_since_us: Option<u64>,
    /// Peak of the ringing voltage of the last step, and what was said over it.
    metering_us: u64,
    /// What the box gave last.
    given: hal_port::Frame,
    pub(crate) heard: hal_port::Frame,
    pub(crate) microphone: hal_port::Frame,
}
