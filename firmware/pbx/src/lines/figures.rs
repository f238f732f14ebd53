//! What is known of a port, for the line doctor.

use hal_port::PortKind;
use model::{EntryId, HangUps, LineSecond, PortId, ToneSignature};
use serde::{Deserialize, Serialize};

use super::{Line, Lines, Phase};
use crate::ports::{Jack, Jacks, SetPhase};

/// What is known of a port since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortFigures {
    /// The jack.
    pub port: PortId,
    /// Whether it feeds a set or is on a line.
    pub kind: PortKind,
    /// The `[[line]]` or `[[analog]]` entry that uses it.
    pub entry: Option<EntryId>,
    /// What it is doing, as [`model::LineHealth::state`] says.
    pub state: String,
    /// The line has no battery.
    pub dead: bool,
    /// A parallel set is on the line.
    pub in_use: bool,
    /// The port does not work.
    pub out_of_service: bool,
    /// The set was left off hook until its line was switched off.
    pub left_off_hook: bool,
    /// How hang-ups on the line showed.
    pub hang_ups: HangUps,
    /// Tones by which hang-ups of the line are known.
    pub learned: Vec<ToneSignature>,
    /// How the line's last second in a call sounded.
    pub second: Option<LineSecond>,
}

impl PortFigures {
    fn of_line(port: PortId, line: &Line) -> Self {
        Self {
            port,
            kind: PortKind::Fxo,
            entry: line.entry.clone(),
            state: line_state(&line.phase).into(),
            dead: line.dead,
            in_use: line.in_use,
            out_of_service: line.out_of_service,
            left_off_hook: false,
            hang_ups: line.hang_ups,
            learned: line.learned.clone(),
            second: line.second,
        }
    }

    fn of_jack(port: PortId, jack: &Jack) -> Self {
        Self {
            port,
            kind: jack.kind,
            entry: jack.entry.clone(),
            state: set_state(jack.phase).into(),
            dead: false,
            in_use: false,
            out_of_service: jack.out_of_service,
            left_off_hook: jack.phase == SetPhase::Locked,
            hang_ups: HangUps::default(),
            learned: Vec::new(),
            second: None,
        }
    }
}

/// What is known of every jack of the board, in its order.
pub(crate) fn figures(jacks: &Jacks, lines: &Lines) -> Vec<PortFigures> {
    let figures = |port| match (lines.get(port), jacks.get(port)) {
        (Some(line), _) => Some(PortFigures::of_line(port, line)),
        (None, jack) => jack.map(|jack| PortFigures::of_jack(port, jack)),
    };
    jacks.ports().filter_map(figures).collect()
}

const fn line_state(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Announced(_) => "announced",
        Phase::Offered { .. } | Phase::RungOut { .. } => "rings",
        Phase::Seizing(_) => "seized",
        Phase::Called { .. } => "called",
        Phase::Up { .. } => "talks",
        Phase::Parting { .. } => "parts",
        Phase::Clearing { .. } => "clears",
    }
}

const fn set_state(phase: SetPhase) -> &'static str {
    match phase {
        SetPhase::Idle => "idle",
        SetPhase::Ringing(_) => "rings",
        SetPhase::Up { .. } => "talks",
        SetPhase::Parting(_) | SetPhase::Mute => "parts",
        SetPhase::Locked => "locked",
    }
}
