//! Opening the telephone hardware: the one place that names the back ends of `hal`.

use config::{Config, Country, Tone};
use hal_port::{AudioHalf, Cadence, KindOnly};
use hal_sim::{BoardPlan, CarrierRules, CarrierTones, NamedTone, SetOptions, SimBoard};
use model::{PortId, limits};

use crate::control;

/// Which telephone hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoardChoice {
    /// Simulated sets and lines.
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
    let plan = match choice {
        BoardChoice::None => return open,
        BoardChoice::Sim => plan(config),
    };
    let Some(mut board) = SimBoard::with(plan) else {
        return open;
    };
    let tones = Tone::ALL.iter().map(|&tone| NamedTone {
        name: tone.key().to_owned(),
        spec: *config.country.tone(tone),
    });
    board.people.set_tones(tones.collect());
    for port in board.ports {
        open.add(port.port, port.audio, KindOnly(port.control));
    }
    for line in board.lines {
        open.add(line.port, line.audio, KindOnly(line.control));
    }
    open.people = Some(board.people);
    open
}

impl OpenBoard {
    /// The next jack of the board.
    fn add(
        &mut self,
        port: hal_port::Port,
        audio: impl AudioHalf + 'static,
        control: impl hal_port::ControlHalf<Error = hal_port::ErrorKind> + Send + 'static,
    ) {
        let id = PortId(u16::try_from(self.jacks.len()).unwrap_or(u16::MAX));
        self.jacks.push(pbx::Jack {
            port: id,
            name: port.name.clone(),
            kind: port.kind,
            capabilities: port.capabilities,
        });
        self.audio.push((id, Box::new(audio)));
        self.control.push((id, port.name, Box::new(control)));
    }
}

/// The simulated board: what the configuration uses, and at least two sets and a line.
fn plan(config: &Config) -> BoardPlan {
    let sets = SimBoard::SETS.max(config.analog.len()).min(limits::PORTS);
    let lines = SimBoard::LINES
        .max(config.lines.len())
        .min(limits::PORTS - sets);
    BoardPlan {
        sets,
        set_options: SetOptions::default(),
        lines: vec![carrier(&config.country); lines],
    }
}

/// A carrier's exchange of the office's country.
fn carrier(country: &Country) -> CarrierRules {
    let usual = CarrierRules::default();
    let tone = |tone| *country.tone(tone);
    CarrierRules {
        ring: Cadence::new(&country.ring.cadence_ms).unwrap_or(usual.ring),
        ring_hz: country.ring.hz,
        ring_vrms: u8::try_from(country.ring.vrms).unwrap_or(usual.ring_vrms),
        caller_id: country
            .caller_id
            .first()
            .copied()
            .unwrap_or(usual.caller_id),
        tones: CarrierTones {
            dial: tone(Tone::Dial),
            ringback: tone(Tone::Ringback),
            busy: tone(Tone::Busy),
            congestion: tone(Tone::Congestion),
            special_info: tone(Tone::SpecialInfo),
            howler: tone(Tone::Howler),
        },
        ..usual
    }
}
