use core::time::Duration;

use crate::{Error, ErrorKind, PortCommand, PortEvent, Reading};

/// Samples per second of a port's audio.
pub const SAMPLE_HZ: u32 = 8_000;
/// Samples of one block: 10 ms at [`SAMPLE_HZ`].
pub const FRAME: usize = 80;
/// One block of audio: 16-bit linear, 0 dBm0 sine = ±22,827 (G.711 A-law scale, ×8).
pub type Frame = [i16; FRAME];
/// The control half is advanced at least this often, in ms.
pub const POLL_MS: u64 = 10;

/// The half of a port that lives on the control thread. No method ever waits.
///
/// Driver: `advance(now)`, then `poll_event` until `None`; commands in between as they come.
pub trait ControlHalf {
    /// The back end's own error.
    type Error: Error;

    /// Time has come to `now`: the time since the start of the process or of the simulation (that of
    /// `model::Instant`), never going back. Hardware is read and timed work is done here.
    fn advance(&mut self, now: Duration);

    /// When `advance` has work to do if nothing happens outside; `None` = nothing is planned. A back
    /// end that must be polled answers with its next poll.
    fn next_deadline(&self) -> Option<Duration>;

    /// Carries out `command` at once or not at all.
    ///
    /// # Errors
    /// As the command says; the port is then as before.
    fn apply(&mut self, command: PortCommand) -> Result<(), Self::Error>;

    /// The oldest event not yet taken. Events are in the order in which they happened.
    fn poll_event(&mut self) -> Option<PortEvent>;

    /// What the hardware measures on the line, as of the last `advance`.
    fn reading(&self) -> Reading {
        Reading::default()
    }
}

/// What happened besides one block each way. Counts since the last block taken, not errors: sound goes
/// on as well as it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStatus {
    /// Samples that the hardware played without having any, because they were given late.
    pub underrun: u16,
    /// Samples of the line that were lost, because they were taken late.
    pub overrun: u16,
    /// The hardware gave no block; `rx` was filled with silence.
    pub silent: bool,
}

/// Whether the next block of a line has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The port has no clock of its own: it has a block whenever it is asked for one.
    Always,
    /// Not yet.
    NotYet,
    /// It has, and at least so many samples of the next one have come since.
    Since(u16),
}

/// The half of a port that lives on a media thread. Wait-free: no lock, no allocation, no system call
/// that can block.
///
/// Driver: when a block has come, `take` it, and `give` exactly one in answer, soon. So blocks come in
/// pairs, in the card's clock, and a block is played at the same distance from the one that it answers.
pub trait AudioHalf: Send {
    /// Takes the oldest block of the line; silence if there is none. Always fills `rx`.
    fn take(&mut self, rx: &mut Frame) -> FrameStatus;

    /// Gives the block that the line hears in answer to the one taken last. Without one it is nothing.
    fn give(&mut self, tx: &Frame);

    /// Whether the next block has come.
    fn readiness(&mut self) -> Readiness {
        Readiness::Always
    }

    /// The card whose clock the blocks follow; ports of one card have their blocks at the same moment.
    /// `None` = it has no clock of its own.
    fn card(&self) -> Option<u16> {
        None
    }

    /// Samples, besides those of one block, from giving a block until what is taken has its echo: constant in
    /// the card's clock.
    fn latency_samples(&self) -> u16 {
        0
    }

    /// Takes a block and gives one that was known before.
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus {
        let status = self.take(rx);
        self.give(tx);
        status
    }
}

impl<C: ControlHalf + ?Sized> ControlHalf for Box<C> {
    type Error = C::Error;

    fn advance(&mut self, now: Duration) {
        (**self).advance(now);
    }

    fn next_deadline(&self) -> Option<Duration> {
        (**self).next_deadline()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), Self::Error> {
        (**self).apply(command)
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        (**self).poll_event()
    }

    fn reading(&self) -> Reading {
        (**self).reading()
    }
}

impl<A: AudioHalf + ?Sized> AudioHalf for Box<A> {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        (**self).take(rx)
    }

    fn give(&mut self, tx: &Frame) {
        (**self).give(tx);
    }

    fn readiness(&mut self) -> Readiness {
        (**self).readiness()
    }

    fn card(&self) -> Option<u16> {
        (**self).card()
    }

    fn latency_samples(&self) -> u16 {
        (**self).latency_samples()
    }
}

/// A control half whose errors are reduced to their kind, so that ports of several back ends fit in
/// one list of `Box<dyn ControlHalf<Error = ErrorKind>>`.
#[derive(Debug)]
pub struct KindOnly<C>(pub C);

impl<C: ControlHalf> ControlHalf for KindOnly<C> {
    type Error = ErrorKind;

    fn advance(&mut self, now: Duration) {
        self.0.advance(now);
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.0.next_deadline()
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        self.0.apply(command).map_err(|error| error.kind())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        self.0.poll_event()
    }

    fn reading(&self) -> Reading {
        self.0.reading()
    }
}
