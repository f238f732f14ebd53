//! What is known of a line, for the line doctor.

use model::{EntryId, LineSecond, LineSign, PortId, ToneSignature};
use serde::{Deserialize, Serialize};

use super::{Line, Lines, Phase};

/// How often each sign ended a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HangUps {
    /// Breaks of the loop.
    pub loop_break: u32,
    /// Reversals.
    pub reversal: u32,
    /// Busy, congestion and howler tones.
    pub tone: u32,
    /// Dial tones.
    pub dial_tone: u32,
    /// Silence.
    pub silence: u32,
    /// Of these: after how many somebody still spoke.
    pub false_ones: u32,
}

impl HangUps {
    pub(super) fn count(&mut self, sign: LineSign) {
        let counter = match sign {
            LineSign::LoopBreak => &mut self.loop_break,
            LineSign::Reversal => &mut self.reversal,
            LineSign::Tone => &mut self.tone,
            LineSign::DialTone => &mut self.dial_tone,
            LineSign::Silence => &mut self.silence,
        };
        *counter = counter.saturating_add(1);
    }
}

/// What is known of a line since the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineFigures {
    /// Its jack.
    pub port: PortId,
    /// The `[[line]]` entry.
    pub line: EntryId,
    /// What it is doing: `idle`, `announced`, `rings`, `seized`, `called`, `talks`, `parts`, `clears`.
    pub state: String,
    /// It has no battery.
    pub dead: bool,
    /// A parallel set is on it.
    pub in_use: bool,
    /// Its port does not work.
    pub out_of_service: bool,
    /// How its hang-ups showed.
    pub hang_ups: HangUps,
    /// Tones by which its hang-ups are known.
    pub learned: Vec<ToneSignature>,
    /// How its last second in a call sounded.
    pub second: Option<LineSecond>,
}

impl Lines {
    /// What is known of every configured line.
    pub(crate) fn figures(&self) -> Vec<LineFigures> {
        let figures = |(&port, line): (&PortId, &Line)| {
            Some(LineFigures {
                port,
                line: line.entry.clone()?,
                state: state(&line.phase).into(),
                dead: line.dead,
                in_use: line.in_use,
                out_of_service: line.out_of_service,
                hang_ups: line.hang_ups,
                learned: line.learned.clone(),
                second: line.second,
            })
        };
        self.all.iter().filter_map(figures).collect()
    }
}

const fn state(phase: &Phase) -> &'static str {
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
