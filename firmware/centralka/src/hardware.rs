//! Opening the telephone hardware: the one place that names the back ends of `hal`.

mod cards;
mod chips;
mod finger;
mod missing;
mod open_board;
mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use config::{Config, Country, Tone};
use hal_board::linux::Linux;
use hal_port::{Cadence, KindOnly};
use hal_sim::{
    BoardPlan, CarrierRules, CarrierTones, LifelinePlan, NamedTone, RelayKind, SetOptions, SimBoard,
};
use model::limits;

pub(crate) use finger::Finger;
pub(crate) use open_board::{Jack, Kept, OpenBoard};
pub(crate) use report::{BoardReport, Part};

/// Which telephone hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BoardChoice {
    /// What this machine's own board file says; simulated when it has none.
    Auto,
    /// What this file says.
    File(PathBuf),
    /// Simulated sets and lines.
    Sim,
    /// No ports at all.
    None,
}

impl From<String> for BoardChoice {
    /// As the command line has it.
    fn from(word: String) -> Self {
        match word.as_str() {
            "auto" => Self::Auto,
            "sim" => Self::Sim,
            "none" => Self::None,
            _ => Self::File(word.into()),
        }
    }
}

/// Opens the chosen board. A chip that is not there is a port out of service; the exchange runs on.
///
/// # Errors
/// A board file that was named cannot be read or has mistakes.
pub(crate) fn open(choice: &BoardChoice, config: &Config) -> Result<OpenBoard> {
    let path = match choice {
        BoardChoice::None => return Ok(OpenBoard::default()),
        BoardChoice::Sim => return Ok(simulated(config)),
        BoardChoice::File(path) => path.clone(),
        BoardChoice::Auto => match hal_board::find(Path::new("/")) {
            None => return Ok(simulated(config)),
            Some(found) => found.path,
        },
    };
    match hal_board::load(&path) {
        Ok(file) => {
            tracing::info!(board = file.name, path = %path.display(), "the board's file was read");
            Ok(chips::open(&file, &mut Linux, chips::card))
        }
        // Nobody named it: calls between phones are better than none.
        Err(error) if *choice == BoardChoice::Auto => {
            tracing::error!(%error, "the board is not used");
            Ok(OpenBoard::default())
        }
        Err(error) => Err(error).context("the board"),
    }
}

fn simulated(config: &Config) -> OpenBoard {
    let mut open = OpenBoard {
        name: "sim".into(),
        ..OpenBoard::default()
    };
    let Some(mut board) = SimBoard::with(plan(config)) else {
        return open;
    };
    let tones = Tone::ALL.iter().map(|&tone| NamedTone {
        name: tone.key().to_owned(),
        spec: *config.country.tone(tone),
    });
    board.people.set_tones(tones.collect());
    board.people.set_flash_ms(config.country.flash_send_ms);
    let mut lifelines = Vec::new();
    for port in board.ports {
        if let Some((line, kind)) = port.lifeline {
            lifelines.push((port.port.name.clone(), line, kind == RelayKind::Sensed));
        }
        open.add(port.port, port.audio, KindOnly(port.control));
    }
    for line in board.lines {
        open.add(line.port, line.audio, KindOnly(line.control));
    }
    for (set, line, sensed) in lifelines {
        // Its people begin with the program: nobody was in a call.
        open.has_lifeline((&set, &line), sensed, false);
    }
    open.people = Some(board.people);
    let (controls, finger) = finger::simulated();
    open.controls = Some(Box::new(controls));
    open.finger = Some(finger);
    open
}

/// The simulated board: what the configuration uses, at least two sets and a line, and a lifeline between the first
/// of each.
fn plan(config: &Config) -> BoardPlan {
    let sets = SimBoard::SETS.max(config.analog.len()).min(limits::PORTS);
    let lines = SimBoard::LINES
        .max(config.lines.len())
        .min(limits::PORTS - sets);
    BoardPlan {
        sets,
        set_options: SetOptions::default(),
        lines: vec![carrier(&config.country); lines],
        lifelines: vec![LifelinePlan {
            set: 1,
            line: 1,
            kind: RelayKind::Sensed,
        }],
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
