//! What is known of a port, for the line doctor.

use std::collections::BTreeMap;

use config::{Country, Tone};
use hal_port::PortKind;
use model::{
    EntryId, HangUps, LifelineTest, LineBalance, LineSecond, Party, PortId, Route, ToneSignature,
    ToneSpec, Wall,
};
use serde::{Deserialize, Serialize};

use super::{Line, Lines, Phase};
use crate::{
    ports::{Jack, Jacks, SetPhase},
    ringer::Ringer,
};

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
    /// Who called on the line last, and when.
    pub caller: Option<(Wall, Party)>,
    /// How many messages wait for whoever uses the set.
    pub messages: u8,
    /// The port can show its line other impedances.
    pub can_balance: bool,
    /// The impedance that balances the line best, as was found.
    pub balance: Option<LineBalance>,
    /// The set that the line's lifeline is for.
    pub lifeline_set: Option<PortId>,
    /// What the last test of it found.
    pub lifeline: Option<LifelineTest>,
    /// Level in dBm0 of the last caller ID that came on the line.
    pub caller_dbm0: Option<i8>,
}

impl PortFigures {
    fn of_line(port: PortId, line: &Line, jack: Option<&Jack>) -> Self {
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
            caller: line.caller.clone(),
            messages: 0,
            can_balance: jack.is_some_and(|jack| jack.capabilities.impedance),
            balance: line.balance,
            lifeline_set: None,
            lifeline: line.lifeline,
            caller_dbm0: line.caller_dbm0,
        }
    }

    fn of_jack(port: PortId, jack: &Jack, waits: bool, country: &Country) -> Self {
        Self {
            port,
            kind: jack.kind,
            entry: jack.entry.clone(),
            state: set_state(jack, waits, country).into(),
            dead: false,
            in_use: false,
            out_of_service: jack.out_of_service,
            left_off_hook: jack.phase == SetPhase::Locked,
            hang_ups: HangUps::default(),
            learned: Vec::new(),
            second: None,
            caller: None,
            messages: 0,
            can_balance: false,
            balance: None,
            lifeline_set: None,
            lifeline: None,
            caller_dbm0: None,
        }
    }
}

/// What is known of every jack of the board, in its order.
pub(crate) fn figures(
    jacks: &Jacks,
    lines: &Lines,
    ringer: &Ringer,
    country: &Country,
    messages: &BTreeMap<EntryId, u8>,
) -> Vec<PortFigures> {
    let figures = |port| match (lines.get(port), jacks.get(port)) {
        (Some(line), jack) => Some(PortFigures {
            lifeline_set: jacks.lifeline_of_line(port).map(|(set, _)| set),
            ..PortFigures::of_line(port, line, jack)
        }),
        (None, jack) => jack.map(|jack| {
            let waiting = jack.entry.as_ref().and_then(|set| messages.get(set));
            PortFigures {
                messages: waiting.copied().unwrap_or(0),
                ..PortFigures::of_jack(port, jack, ringer.waits(port), country)
            }
        }),
    };
    jacks.ports().filter_map(figures).collect()
}

const fn line_state(phase: &Phase) -> &'static str {
    match phase {
        Phase::Idle => "idle",
        Phase::Announced(_) => "announced",
        Phase::Asking(_) => "asked",
        Phase::Offered { .. } | Phase::RungOut(_) => "rings",
        Phase::Up { watch, .. } if watch.is_waiting() => "rings",
        Phase::Seizing(_) => "seized",
        Phase::Called { .. } => "called",
        Phase::Balancing(_) => "measured",
        Phase::Lifeline(_) => "tested",
        Phase::Up { .. } => "talks",
        Phase::TurnedAway { .. } => "turned_away",
        Phase::Parting { .. } => "parts",
        Phase::Clearing { .. } => "clears",
    }
}

/// Tones that ask for a number.
const DIAL: [Tone; 3] = [Tone::Dial, Tone::RecallDial, Tone::StutterDial];

fn set_state(jack: &Jack, waits: bool, country: &Country) -> &'static str {
    let leg = match jack.phase {
        SetPhase::Idle => return "idle",
        SetPhase::Ringing(_) if waits => return "waits",
        SetPhase::Ringing(_) => return "rings",
        SetPhase::Up { leg, .. } => leg,
        SetPhase::Parting(_) | SetPhase::Mute => return "parts",
        SetPhase::Locked => return "locked",
        SetPhase::Left { .. } => return "on_line",
        SetPhase::Restless(_) => return "dials",
    };
    let is = |tone: &ToneSpec, kinds: &[Tone]| kinds.iter().any(|&kind| tone == country.tone(kind));
    let heard = jack.legs.iter().find(|known| known.id == leg);
    match heard.map(|leg| leg.hears) {
        Some(Route::Bridge(_) | Route::Echo) => "talks",
        Some(Route::Tone(tone)) if is(&tone, &[Tone::Ringback]) => "calls",
        Some(Route::Tone(tone)) if !is(&tone, &DIAL) => "hears",
        Some(Route::Music(_) | Route::Prompt(_)) => "hears",
        Some(Route::Silence | Route::Tone(_)) | None => "dials",
    }
}
