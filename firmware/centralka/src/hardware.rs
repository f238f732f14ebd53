//! Opening the telephone hardware: the one place that names the back ends of `hal`.

use config::{Config, Tone};
use hal_port::{AudioHalf, KindOnly};
use hal_sim::{NamedTone, SetOptions, SimBoard};
use model::{PortId, limits};

use crate::control;

/// Which telephone hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoardChoice {
    /// Simulated sets.
    Sim,
    /// No ports at all.
    None,
}

/// The board, taken apart.
pub(crate) struct OpenBoard {
    pub(crate) jacks: Vec<pbx::Jack>,
    pub(crate) audio: Vec<(PortId, Box<dyn AudioHalf>)>,
    pub(crate) control: Vec<(PortId, String, control::Jack)>,
    pub(crate) people: Option<hal_sim::People>,
}

/// Opens the chosen board.
pub(crate) fn open(choice: BoardChoice, config: &Config) -> OpenBoard {
    let mut open = OpenBoard {
        jacks: Vec::new(),
        audio: Vec::new(),
        control: Vec::new(),
        people: None,
    };
    let sets = match choice {
        BoardChoice::None => return open,
        BoardChoice::Sim => SimBoard::SETS.max(config.analog.len()).min(limits::PORTS),
    };
    let Some(mut board) = SimBoard::new(sets, SetOptions::default()) else {
        return open;
    };
    let tones = Tone::ALL.iter().map(|&tone| NamedTone {
        name: tone.key().to_owned(),
        spec: *config.country.tone(tone),
    });
    board.people.set_tones(tones.collect());
    for (at, port) in (0..).zip(board.ports) {
        let id = PortId(at);
        open.jacks.push(pbx::Jack {
            port: id,
            name: port.port.name.clone(),
        });
        open.audio.push((id, Box::new(port.audio)));
        let control = Box::new(KindOnly(port.control));
        open.control.push((id, port.port.name, control));
    }
    open.people = Some(board.people);
    open
}
