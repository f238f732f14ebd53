//! A board taken apart into what the threads of the exchange take.

use std::any::Any;

use hal_board::Controls;
use hal_port::{AudioHalf, ControlHalf, ErrorKind, Port};
use model::PortId;

use super::Finger;

/// The control half of a port, whatever the back end.
pub(crate) type Jack = Box<dyn ControlHalf<Error = ErrorKind> + Send>;

/// What the hardware needs as long as the exchange runs: the sound device's thread.
pub(crate) type Kept = Vec<Box<dyn Any + Send>>;

/// The board, taken apart.
#[derive(Default)]
pub(crate) struct OpenBoard {
    /// What it is called; `sim` for the simulated one.
    pub(crate) name: String,
    pub(crate) jacks: Vec<pbx::Jack>,
    pub(crate) audio: Vec<(PortId, Box<dyn AudioHalf>)>,
    pub(crate) control: Vec<(PortId, String, Jack)>,
    pub(crate) people: Option<hal_sim::People>,
    /// Buttons and the status lamp.
    pub(crate) controls: Option<Box<dyn Controls + Send>>,
    /// The finger on the simulated board's button.
    pub(crate) finger: Option<Finger>,
    pub(crate) kept: Kept,
}

impl OpenBoard {
    /// The next jack of the board.
    pub(super) fn add(
        &mut self,
        port: Port,
        audio: impl AudioHalf + 'static,
        control: impl ControlHalf<Error = ErrorKind> + Send + 'static,
    ) {
        self.add_boxed(port, Box::new(audio), Box::new(control));
    }

    pub(super) fn add_boxed(&mut self, port: Port, audio: Box<dyn AudioHalf>, control: Jack) {
        let id = PortId(u16::try_from(self.jacks.len()).unwrap_or(u16::MAX));
        self.jacks.push(pbx::Jack {
            port: id,
            name: port.name.clone(),
            kind: port.kind,
            capabilities: port.capabilities,
            lifeline: None,
        });
        self.audio.push((id, audio));
        self.control.push((id, port.name, control));
    }

    /// A relay joins these two jacks without power; `sensed`: a contact of it tells where it has the set; `released`:
    /// it does so now.
    pub(super) fn has_lifeline(&mut self, (set, line): (&str, &str), sensed: bool, released: bool) {
        let named = |name: &str| self.jacks.iter().position(|jack| jack.name == name);
        let (set, line) = (named(set), named(line));
        let line = line.and_then(|at| self.jacks.get(at)).map(|jack| jack.port);
        if let (Some(jack), Some(line)) = (set.and_then(|at| self.jacks.get_mut(at)), line) {
            jack.lifeline = Some(pbx::Lifeline {
                line,
                sensed,
                released,
            });
        }
    }
}
