//! The tones of an exchange, ITU-T E.180.

use model::{ToneSpec, ToneStep, limits::TONE_STEPS_MAX};

/// What a tone tells the person who hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// Dial now.
    Dial,
    /// The called set is in use.
    Busy,
    /// The called set rings.
    Ringback,
    /// No way to the called set, or the number is incomplete.
    Congestion,
    /// Somebody else calls you while you talk.
    CallWaiting,
    /// Dial now, the other party is held.
    RecallDial,
    /// This call is recorded.
    Record,
    /// The number is not in use; often followed by an announcement.
    SpecialInfo,
    /// Dial now, and there are messages for you.
    StutterDial,
    /// Your set has been off hook for long.
    Howler,
}

impl Tone {
    /// How many there are.
    pub const COUNT: usize = 10;

    /// Every tone, in the order of the enum.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Dial,
        Self::Busy,
        Self::Ringback,
        Self::Congestion,
        Self::CallWaiting,
        Self::RecallDial,
        Self::Record,
        Self::SpecialInfo,
        Self::StutterDial,
        Self::Howler,
    ];

    /// The table's name in the country files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Busy => "busy",
            Self::Ringback => "ringback",
            Self::Congestion => "congestion",
            Self::CallWaiting => "call_waiting",
            Self::RecallDial => "recall_dial",
            Self::Record => "record",
            Self::SpecialInfo => "special_info",
            Self::StutterDial => "stutter_dial",
            Self::Howler => "howler",
        }
    }

    /// Level of each sine in dBm0 where the country's file has none: the middle of what E.180 and
    /// gateway makers give (dial tone −10 to −13, the others −13 to −19 in sum). With more sines
    /// each is lower, so that the sum stays.
    pub(super) const fn level_dbm0(self, sines: usize) -> i8 {
        let one = match self {
            Self::Dial | Self::RecallDial | Self::StutterDial => -10,
            Self::Howler => -6,
            Self::Busy
            | Self::Ringback
            | Self::Congestion
            | Self::CallWaiting
            | Self::Record
            | Self::SpecialInfo => -16,
        };
        match sines {
            0 | 1 => one,
            2 => one - 3,
            3 => one - 5,
            _ => one - 6,
        }
    }

    /// The tone of a country that has none of its own: a howler and a record tone are not national
    /// everywhere.
    pub(super) fn fallback(self) -> Option<ToneSpec> {
        let step = |hz, ms| ToneStep {
            hz,
            ms,
            ..ToneStep::default()
        };
        match self {
            Self::Howler => ToneSpec::new(
                &[step([1400, 2060], 100), step([0, 0], 100)],
                self.level_dbm0(2),
            ),
            Self::Record => ToneSpec::new(
                &[step([1400, 0], 500), step([0, 0], 15_000)],
                self.level_dbm0(1),
            ),
            _ => None,
        }
    }
}

/// `steps` cut to what a [`ToneSpec`] holds. What is repeated for ever stays, and of what is played
/// once the first steps.
pub(super) fn fit(mut steps: Vec<ToneStep>) -> Vec<ToneStep> {
    let Some(excess) = steps.len().checked_sub(TONE_STEPS_MAX) else {
        return steps;
    };
    let once = steps.iter().take_while(|step| step.once).count();
    let cut_end = if once == steps.len() {
        steps.len()
    } else {
        once
    };
    // An even number goes, so that sound and pause still take turns.
    let cut = (excess + excess % 2).min(cut_end);
    steps.drain(cut_end - cut..cut_end);
    steps.truncate(TONE_STEPS_MAX);
    steps
}
