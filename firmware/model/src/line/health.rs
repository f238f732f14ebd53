//! How an analog port is: what is measured on its line, what was counted on it, and the samples of both
//! that are kept.

use serde::{Deserialize, Serialize};

use super::{ToneEvidence, ToneSignature};
use crate::limits::IMPEDANCES;
use crate::{CallId, EntryId, LineSign, Party, Seq, Wall};

/// How often each sign ended a call on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
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
    /// Of these: that were none, because somebody still spoke or somebody said so.
    pub false_ones: u32,
}

impl HangUps {
    /// Counts one.
    pub fn count(&mut self, sign: LineSign) {
        let counter = match sign {
            LineSign::LoopBreak => &mut self.loop_break,
            LineSign::Reversal => &mut self.reversal,
            LineSign::Tone => &mut self.tone,
            LineSign::DialTone => &mut self.dial_tone,
            LineSign::Silence => &mut self.silence,
        };
        *counter = counter.saturating_add(1);
    }

    /// These and those of `other`.
    #[must_use]
    pub const fn and(&self, other: &Self) -> Self {
        Self {
            loop_break: self.loop_break.saturating_add(other.loop_break),
            reversal: self.reversal.saturating_add(other.reversal),
            tone: self.tone.saturating_add(other.tone),
            dial_tone: self.dial_tone.saturating_add(other.dial_tone),
            silence: self.silence.saturating_add(other.silence),
            false_ones: self.false_ones.saturating_add(other.false_ones),
        }
    }

    /// What came since `before`.
    #[must_use]
    pub const fn since(&self, before: &Self) -> Self {
        Self {
            loop_break: self.loop_break.saturating_sub(before.loop_break),
            reversal: self.reversal.saturating_sub(before.reversal),
            tone: self.tone.saturating_sub(before.tone),
            dial_tone: self.dial_tone.saturating_sub(before.dial_tone),
            silence: self.silence.saturating_sub(before.silence),
            false_ones: self.false_ones.saturating_sub(before.false_ones),
        }
    }
}

/// What an analog port measures and counts, at most once a minute; what it cannot measure, or did not in
/// this minute, is `None`. A line and a set have the same samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LineSample {
    /// When.
    pub at: Wall,
    /// Voltage between tip and ring in V; its sign is the polarity.
    pub volts: Option<i16>,
    /// Current in the loop in tenths of mA.
    pub loop_tenth_ma: Option<i16>,
    /// RMS voltage of the last ringing in V.
    pub ring_vrms: Option<u8>,
    /// Frequency of that ringing in tenths of Hz.
    pub ring_tenth_hz: Option<u16>,
    /// Voltage that does not belong on the line, in V, as it was measured last: of a set while its port did not feed
    /// the loop, of a line what is beyond any exchange's battery. 0 = there is none.
    pub foreign_volts: Option<i16>,
    /// Temperature of the chip in °C.
    pub celsius: Option<i16>,
    /// Level of the sound from the line in dBm0.
    pub rx_dbm0: Option<i8>,
    /// Level of the sound to the line in dBm0.
    pub tx_dbm0: Option<i8>,
    /// Noise of the line in dBm0.
    pub noise_dbm0: Option<i8>,
    /// Level of the last caller ID on a line in dBm0, while its data was sent.
    pub caller_dbm0: Option<i8>,
    /// Echo return loss in tenths of a dB.
    pub erl_db10: Option<i16>,
    /// What the echo canceller took off on top, in tenths of a dB.
    pub erle_db10: Option<i16>,
    /// An idle line has no battery.
    pub dead: bool,
    /// A parallel set is on the line.
    pub in_use: bool,
    /// The port does not work.
    pub out_of_service: bool,
    /// A set was left off hook until its line was switched off.
    pub left_off_hook: bool,
    /// Hang-ups since the sample before.
    pub hang_ups: HangUps,
}

impl LineSample {
    /// Whether it says something that `before` did not: a count, a flaw, or a figure that moved by more
    /// than measuring does by itself (1 V, 0.5 mA, 2 dB, 3 °C).
    #[must_use]
    pub fn tells_more_than(&self, before: &Self) -> bool {
        fn moved<T: Into<i32> + Copy>(now: Option<T>, then: Option<T>, least: i32) -> bool {
            match (now, then) {
                (Some(now), Some(then)) => (now.into() - then.into()).abs() > least,
                (None, None) => false,
                _ => true,
            }
        }
        let flaws = |of: &Self| [of.dead, of.in_use, of.out_of_service, of.left_off_hook];
        self.hang_ups != HangUps::default()
            || flaws(self) != flaws(before)
            || moved(self.volts, before.volts, 1)
            || moved(self.loop_tenth_ma, before.loop_tenth_ma, 5)
            || moved(self.ring_vrms, before.ring_vrms, 1)
            || moved(self.ring_tenth_hz, before.ring_tenth_hz, 5)
            || moved(self.foreign_volts, before.foreign_volts, 1)
            || moved(self.celsius, before.celsius, 3)
            || moved(self.rx_dbm0, before.rx_dbm0, 2)
            || moved(self.tx_dbm0, before.tx_dbm0, 2)
            || moved(self.noise_dbm0, before.noise_dbm0, 2)
            || moved(self.caller_dbm0, before.caller_dbm0, 2)
            || moved(self.erl_db10, before.erl_db10, 20)
            || moved(self.erle_db10, before.erle_db10, 20)
    }
}

/// Which impedance of a port balances its line best, as a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineBalance {
    /// When it was found.
    pub at: Wall,
    /// When it was searched for last, with whatever success.
    pub tried: Wall,
    /// The best one's place in the list of impedances that ports have, which only grows; `None`: no search has
    /// come off yet.
    pub best: Option<u8>,
    /// Echo return loss with each in tenths of a dB, in the order of that list; `None`: not measured.
    pub erl_db10: [Option<i16>; IMPEDANCES],
}

/// What a test of a lifeline found: of the relay that joins a set to a line without power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifelineVerdict {
    /// The set was seen on the line while the relay was let go, and off it when it was drawn again.
    Works,
    /// The set did not come onto the line: without power it is dead.
    StaysOff,
    /// The set is on the line although the relay is drawn.
    StaysOn,
    /// Nothing shows where the set is.
    Unseen,
}

impl LifelineVerdict {
    /// Whether the relay does not switch.
    #[must_use]
    pub const fn is_stuck(self) -> bool {
        matches!(self, Self::StaysOff | Self::StaysOn)
    }
}

/// The last test of a lifeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifelineTest {
    /// When.
    pub at: Wall,
    /// What it found.
    pub verdict: LifelineVerdict,
    /// When it was found to work last.
    pub worked: Option<Wall>,
}

/// The lifeline of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineLifeline {
    /// The jack of the set that is on the line without power, like `fxs1`.
    pub set: String,
    /// What its last test found; `None`: it was not tested yet.
    pub test: Option<LifelineTest>,
}

/// How an analog port is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineHealth {
    /// The jack's name, like `fxo1`.
    pub port: String,
    /// It feeds a set (FXS); else it is on a line of a carrier (FXO).
    pub set: bool,
    /// The `[[line]]` or `[[analog]]` entry that uses it.
    pub entry: Option<EntryId>,
    /// What it is doing, as one word: of a line `idle`, `announced`, `asked`, `rings`, `seized`, `called`, `talks`,
    /// `parts`, `turned_away`, `clears`, `measured`, `tested`; of a set `idle`, `waits` for its turn to ring, `rings`, `dials`, `calls` somebody
    /// whose telephone rings, `talks`, `hears` a tone or an announcement instead, `parts`, `locked`.
    pub state: String,
    /// Why its port does not work, as one word of the board: `overload`, `supply`, `lost`.
    #[serde(default)]
    pub fault: Option<String>,
    /// Who called on the line last since the start, as the line told it, and when.
    #[serde(default)]
    pub caller: Option<(Wall, Party)>,
    /// What is measured; its hang-ups are those since the start.
    pub now: LineSample,
    /// Tones by which hang-ups of the line are known.
    pub learned: Vec<ToneSignature>,
    /// How many messages wait for whoever uses the set; 0 for a line.
    #[serde(default)]
    pub messages: u8,
    /// The port can show its line other impedances: a search for the best makes sense.
    #[serde(default)]
    pub can_balance: bool,
    /// What the last search for it found.
    #[serde(default)]
    pub balance: Option<LineBalance>,
    /// The lifeline of a line that has one.
    #[serde(default)]
    pub lifeline: Option<LineLifeline>,
}

/// A hang-up on a line, of which the last seconds of sound are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEvidence {
    /// The number of its event in the ledger.
    pub id: Seq,
    /// When.
    pub at: Wall,
    /// The jack's name.
    pub port: String,
    /// The call that it ended.
    pub call: Option<CallId>,
    /// How it showed.
    pub sign: LineSign,
    /// By what a tone was known.
    pub tone: Option<ToneEvidence>,
    /// Somebody said that it was none.
    pub false_one: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_line_has_nothing_to_tell_and_a_flaw_has() {
        let idle = LineSample {
            volts: Some(48),
            celsius: Some(40),
            ..LineSample::default()
        };
        let later = LineSample {
            at: Wall::from_secs(60),
            volts: Some(47),
            celsius: Some(42),
            ..idle
        };
        assert!(!later.tells_more_than(&idle));
        let sagged = LineSample {
            volts: Some(46),
            ..idle
        };
        let talks = LineSample {
            loop_tenth_ma: Some(200),
            ..idle
        };
        let dead = LineSample { dead: true, ..idle };
        let mut ended = idle;
        ended.hang_ups.count(LineSign::Tone);
        for news in [sagged, talks, dead, ended] {
            assert!(news.tells_more_than(&idle), "{news:?}");
        }
        let mut total = ended.hang_ups;
        total.count(LineSign::Silence);
        let new = total.since(&ended.hang_ups);
        assert_eq!((new.tone, new.silence), (0, 1));
    }
}
