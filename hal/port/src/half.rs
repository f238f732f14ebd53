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

/// What happened besides one block each way. Counts since the last exchange, not errors: sound goes
/// on as well as it can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStatus {
    /// Samples that the hardware played without having any, because `exchange` came late.
    pub underrun: u16,
    /// Samples of the line that were lost, because `exchange` came late.
    pub overrun: u16,
    /// The hardware gave no block; `rx` was filled with silence.
    pub silent: bool,
}

/// The half of a port that lives on a media thread.
pub trait AudioHalf: Send {
    /// Gives one block to the line and takes one from it, at the same instant of the card's clock.
    /// Wait-free: no lock, no allocation, no system call that can block. Always fills `rx`.
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus;
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
    fn exchange(&mut self, tx: &Frame, rx: &mut Frame) -> FrameStatus {
        (**self).exchange(tx, rx)
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
