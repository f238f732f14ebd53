//! What the three parts of a port share.

use core::sync::atomic::{AtomicBool, AtomicI16, AtomicU32, AtomicU64, Ordering};
use core::time::Duration;

use hal_port::{Cadence, Frame, Linefeed};

/// Blocks heard that may wait for the person: 2 s. More are dropped and counted.
pub(crate) const HEARD_RING: usize = 200;
/// Readings of the set's display that may wait for the person.
pub(crate) const READ_RING: usize = 8;
/// Sounds that may wait for the microphone.
pub(crate) const SOUND_RING: usize = 128;
/// Movements of the hand that may wait for the hook.
pub(crate) const HAND_RING: usize = 64;
/// States of the bell that may wait for the person; only the last counts.
pub(crate) const BELL_RING: usize = 8;

/// Facts of the loop that more than one thread reads. Each is one writer's, and none is used to
/// order others, so relaxed access does.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// The loop is closed and fed: sound passes. Written by the control half.
    live: AtomicBool,
    /// The loop is open and lets sound through to the set on hook. Written by the control half.
    whispers: AtomicBool,
    /// The line is reversed. Written by the control half.
    reversed: AtomicBool,
    /// The set's display has closed the loop to read who calls. Written by the control half.
    reads: AtomicBool,
    /// What it has read so since the start. Written by the audio half.
    readings: AtomicU32,
    /// Voltage from elsewhere on the loop, in V. Written by the person.
    foreign_volts: AtomicI16,
    /// Bursts of the bell since the start. Written by the control half.
    bursts: AtomicU32,
    /// Grows with each lift and each hang-up; sounds of another stay are not spoken. Written by
    /// the person.
    stay: AtomicU32,
    /// Blocks exchanged since the start. Written by the audio half.
    blocks: AtomicU64,
    /// Sounds begun or skipped since the start. Written by the audio half.
    spoken: AtomicU64,
    /// Heard blocks that found no room. Written by the audio half.
    dropped: AtomicU64,
}

macro_rules! fact {
    ($get:ident, $set:ident, $field:ident, $kind:ty) => {
        pub(crate) fn $get(&self) -> $kind {
            self.$field.load(Ordering::Relaxed)
        }

        pub(crate) fn $set(&self, value: $kind) {
            self.$field.store(value, Ordering::Relaxed);
        }
    };
}

impl Wire {
    fact!(live, set_live, live, bool);
    fact!(whispers, set_whispers, whispers, bool);
    fact!(reversed, set_reversed, reversed, bool);
    fact!(reads, set_reads, reads, bool);
    fact!(readings, set_readings, readings, u32);
    fact!(foreign_volts, set_foreign_volts, foreign_volts, i16);
    fact!(bursts, set_bursts, bursts, u32);
    fact!(stay, set_stay, stay, u32);
    fact!(blocks, set_blocks, blocks, u64);
    fact!(spoken, set_spoken, spoken, u64);
    fact!(dropped, set_dropped, dropped, u64);
}

/// A movement of the hand at the hook; each is finished before the next begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hand {
    /// The receiver is lifted or put back, and the hand rests for a while.
    Put { closed: bool },
    /// The loop is closed or opened, and the hand is free at once.
    Contact { closed: bool },
    /// A short press of the hook.
    Flash { ms: u16 },
    /// A digit on the dial: `pulses` breaks, then the pause between digits.
    Pulses { pulses: u8 },
}

/// What the set shows of the loop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bell {
    /// Rung since then, in this cadence.
    pub(crate) ringing: Option<(Duration, Cadence)>,
    pub(crate) linefeed: Linefeed,
    /// The neon lamp is lit.
    pub(crate) neon: bool,
    /// Metering pulses since the start.
    pub(crate) metered: u32,
    /// The loop is closed at the set.
    pub(crate) closed: bool,
}

/// A block that reached the earpiece, or the set on hook.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) stay: u32,
    pub(crate) on_hook: bool,
    pub(crate) frame: Frame,
}
