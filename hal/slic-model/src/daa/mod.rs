//! A Si3050 with a Si3019, and the exchange at the other end of the line. Alone or in a daisy chain.

mod access;
mod analog;
mod chain;
mod handle;
mod highway;
mod termination;

pub use handle::DaaHandle;
pub use highway::DaaAudio;

use hal_port::Impedance;

/// What boards differ in.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Nibble of register 11: 3 = Si3019, 1 = Si3018.
    pub line_side: u8,
    /// From power-up of the line side to a locked link, in ms.
    pub link_ms: u32,
    /// Bits per second on the bus.
    pub bus_hz: u32,
    /// Clocks from the frame sync to the port's slot, where the highway looks for it.
    pub slot_start: u16,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            line_side: 3,
            link_ms: 6,
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
    /// The line side does not answer over the isolation link.
    pub no_line_side: bool,
    /// The line gives too much current when the loop is closed.
    pub overload: bool,
    /// The interrupt pin never moves.
    pub dead_interrupt: bool,
}

/// How the exchange feeds the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Feed {
    /// Battery, tip above ring.
    #[default]
    Forward,
    /// Battery, ring above tip.
    Reverse,
    /// None.
    Open,
}

/// The line and what is at its other end.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// How it is fed.
    pub feed: Feed,
    /// Battery in V.
    pub volts: f64,
    /// The exchange's feed and the line, in Ω.
    pub ohms: f64,
    /// The exchange's current limit, in mA.
    pub limit_ma: f64,
    /// Ringing: frequency in Hz and V RMS, while it is on the line.
    pub ringing: Option<(f64, f64)>,
    /// A parallel set is lifted, of this many Ω.
    pub parallel: Option<f64>,
    /// The line's own impedance; `None`: whatever the chip shows suits it as well as can be.
    pub impedance: Option<Impedance>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            feed: Feed::Forward,
            volts: 48.0,
            ohms: 800.0,
            limit_ma: 30.0,
            ringing: None,
            parallel: None,
            impedance: None,
        }
    }
}

/// Where a byte of an access belongs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expect {
    #[default]
    Control,
    Address {
        read: bool,
    },
    Data {
        read: bool,
        register: u8,
    },
}

/// Ring validation as it runs.
#[derive(Clone, Copy, Debug, Default)]
struct Validation {
    above: bool,
    /// Last rise over the threshold, and since when they come at ringing's pace.
    last_rise_us: Option<u64>,
    run_since_us: Option<u64>,
}

/// The whole chip set.
#[derive(Debug)]
struct Daa {
    board: Board,
    faults: Faults,
    line: Line,
    registers: [u8; 64],
    now_us: u64,
    next_step_us: u64,
    violations: Vec<String>,
    /// After something broke the driver may do what it did not know to be wrong, until it looks at the
    /// identity again.
    lenient: bool,

    link_at_us: Option<u64>,
    off_hook_since_us: Option<u64>,
    sound_at_us: Option<u64>,
    /// A change of the feed trips the ring detector once.
    flick_until_us: u64,
    validation: Validation,
    /// What went to the line last: its echo comes with the next block.
    heard: hal_port::Frame,
    spoken: hal_port::Frame,
}
