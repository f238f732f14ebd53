//! What the parts of a simulated line share.

use core::sync::atomic::{AtomicBool, AtomicI8, AtomicU8, AtomicU16, Ordering};
use core::time::Duration;

use hal_port::{Impedance, Linefeed};

use crate::wire::Wire;

/// Changes on the line that may wait for the port.
pub(crate) const FACT_RING: usize = 64;
/// Movements of the port's contact that may wait for the carrier: a long number by pulses.
pub(crate) const CONTACT_RING: usize = 1_024;
/// Sounds that may wait for the line: the longest caller ID, block by block.
pub(crate) const LINE_SOUND_RING: usize = 1_024;
/// No noise.
const QUIET: i8 = i8::MIN;

/// Facts of the line that more than one thread reads; see [`Wire`].
#[derive(Debug)]
pub(crate) struct Copper {
    /// `live`: the port holds the loop closed, and it is fed.
    pub(crate) wire: Wire,
    /// The port listens without closing the loop. Written by the control half.
    listening: AtomicBool,
    /// How much weaker sound is at the other end, in dB. Written by the carrier.
    loss_db: AtomicU8,
    /// How much weaker what the port says comes back, in dB; 0 = not at all. Written by the carrier.
    echo_db: AtomicU8,
    /// Noise on the line in dBm0. Written by the carrier.
    noise_dbm0: AtomicI8,
    /// Another line is heard. Written by the carrier.
    crosstalk: AtomicBool,
    /// How much weaker what the port says comes back because its impedance is not the line's, in tenths of a
    /// dB; 0 = not at all. Written by the control half.
    mismatch_db10: AtomicU16,
}

impl Default for Copper {
    fn default() -> Self {
        Self {
            wire: Wire::default(),
            listening: AtomicBool::new(false),
            loss_db: AtomicU8::new(0),
            echo_db: AtomicU8::new(0),
            noise_dbm0: AtomicI8::new(QUIET),
            crosstalk: AtomicBool::new(false),
            mismatch_db10: AtomicU16::new(0),
        }
    }
}

impl Copper {
    pub(crate) fn listening(&self) -> bool {
        self.listening.load(Ordering::Relaxed)
    }

    pub(crate) fn set_listening(&self, listening: bool) {
        self.listening.store(listening, Ordering::Relaxed);
    }

    pub(crate) fn mismatch_db10(&self) -> u16 {
        self.mismatch_db10.load(Ordering::Relaxed)
    }

    pub(crate) fn set_mismatch_db10(&self, loss: u16) {
        self.mismatch_db10.store(loss, Ordering::Relaxed);
    }

    pub(crate) fn flaws(&self) -> Flaws {
        let noise = self.noise_dbm0.load(Ordering::Relaxed);
        Flaws {
            loss_db: self.loss_db.load(Ordering::Relaxed),
            echo_db: self.echo_db.load(Ordering::Relaxed),
            noise_dbm0: (noise != QUIET).then_some(noise),
            crosstalk: self.crosstalk.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn set_flaws(&self, flaws: Flaws) {
        let noise = flaws.noise_dbm0.unwrap_or(QUIET);
        self.loss_db.store(flaws.loss_db, Ordering::Relaxed);
        self.echo_db.store(flaws.echo_db, Ordering::Relaxed);
        self.noise_dbm0.store(noise, Ordering::Relaxed);
        self.crosstalk.store(flaws.crosstalk, Ordering::Relaxed);
    }
}

/// What the line does to sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flaws {
    pub(crate) loss_db: u8,
    pub(crate) echo_db: u8,
    pub(crate) noise_dbm0: Option<i8>,
    pub(crate) crosstalk: bool,
}

/// A change on the line, as the port sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) at: Duration,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// How the line is fed.
    Feed(Linefeed),
    /// Ringing voltage is on the line.
    Ringing(bool),
    /// A parallel set is off hook.
    Parallel(bool),
    /// Current of a closed loop in tenths of mA.
    LoopTenthMa(i16),
    /// The line's own impedance; `None`: whatever the port shows suits it.
    Impedance(Option<Impedance>),
    /// Voltage from elsewhere on the line.
    ForeignVolts(i16),
}

/// The port's contact closed or opened the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contact {
    pub(crate) at: Duration,
    pub(crate) closed: bool,
}
