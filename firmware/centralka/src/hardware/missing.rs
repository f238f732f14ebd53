//! What stands for a port that the machine has not: out of service from the first look on.

use std::time::Duration;

use hal_port::{
    AudioHalf, Capabilities, ControlHalf, ErrorKind, FaultKind, Frame, FrameStatus, Port,
    PortCommand, PortEvent, PortKind,
};

use super::open_board::Jack;

/// A port that the board file names and the machine has not.
#[derive(Default)]
struct Missing {
    told: bool,
}

pub(super) fn missing(name: &str, kind: PortKind) -> (Port, Jack) {
    let description = Port {
        name: name.to_owned(),
        kind,
        capabilities: Capabilities::default(),
    };
    (description, Box::new(Missing::default()))
}

impl ControlHalf for Missing {
    type Error = ErrorKind;

    fn advance(&mut self, _now: Duration) {}

    fn next_deadline(&self) -> Option<Duration> {
        None
    }

    fn apply(&mut self, _command: PortCommand) -> Result<(), ErrorKind> {
        Err(ErrorKind::Gone)
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        let first = !core::mem::replace(&mut self.told, true);
        first.then_some(PortEvent::Fault(FaultKind::Lost))
    }
}

/// The audio half of a port without sound device.
pub(super) struct NoSound;

impl AudioHalf for NoSound {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        rx.fill(0);
        FrameStatus {
            silent: true,
            ..FrameStatus::default()
        }
    }

    fn give(&mut self, _tx: &Frame) {}
}
