//! An hour of a port's samples as one: what is kept of a line after some days.

use serde::{Deserialize, Serialize};

use super::{HangUps, LineSample};
use crate::Wall;

/// The lowest and the highest value of a figure; `None` for one that was not measured or stayed the same.
pub type Between<T> = Option<(T, T)>;

/// Between which values each figure of a [`LineSample`] moved, in its units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "they are the figures of LineSample")]
pub struct LineSpread {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volts: Between<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loop_tenth_ma: Between<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_vrms: Between<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_tenth_hz: Between<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreign_volts: Between<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub celsius: Between<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rx_dbm0: Between<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_dbm0: Between<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_dbm0: Between<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller_dbm0: Between<i8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erl_db10: Between<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erle_db10: Between<i16>,
}

/// A sample as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptSample {
    /// What was measured at its moment, or, with a spread, the means of the hour that began there.
    pub sample: LineSample,
    /// Present for an hour: a spike is not averaged away.
    pub spread: Option<LineSpread>,
}

impl KeptSample {
    /// The hour from `at` to `until` as one: means by the time that each value held, lowest and highest
    /// values, every flaw that there was, and the sum of what was counted. `samples` are those of the hour,
    /// oldest first.
    #[must_use]
    pub fn hour(samples: &[LineSample], at: Wall, until: Wall) -> Self {
        let hour = Hour { samples, until };
        let any = |is: fn(&LineSample) -> bool| samples.iter().any(is);
        let mut mean = LineSample {
            at,
            dead: any(|one| one.dead),
            in_use: any(|one| one.in_use),
            out_of_service: any(|one| one.out_of_service),
            left_off_hook: any(|one| one.left_off_hook),
            hang_ups: samples
                .iter()
                .fold(HangUps::default(), |sum, one| sum.and(&one.hang_ups)),
            ..LineSample::default()
        };
        let mut spread = LineSpread::default();
        (mean.volts, spread.volts) = hour.figure(|one| one.volts);
        (mean.loop_tenth_ma, spread.loop_tenth_ma) = hour.figure(|one| one.loop_tenth_ma);
        (mean.ring_vrms, spread.ring_vrms) = hour.figure(|one| one.ring_vrms);
        (mean.ring_tenth_hz, spread.ring_tenth_hz) = hour.figure(|one| one.ring_tenth_hz);
        (mean.foreign_volts, spread.foreign_volts) = hour.figure(|one| one.foreign_volts);
        (mean.celsius, spread.celsius) = hour.figure(|one| one.celsius);
        (mean.rx_dbm0, spread.rx_dbm0) = hour.figure(|one| one.rx_dbm0);
        (mean.tx_dbm0, spread.tx_dbm0) = hour.figure(|one| one.tx_dbm0);
        (mean.noise_dbm0, spread.noise_dbm0) = hour.figure(|one| one.noise_dbm0);
        (mean.caller_dbm0, spread.caller_dbm0) = hour.figure(|one| one.caller_dbm0);
        (mean.erl_db10, spread.erl_db10) = hour.figure(|one| one.erl_db10);
        (mean.erle_db10, spread.erle_db10) = hour.figure(|one| one.erle_db10);
        Self {
            sample: mean,
            spread: Some(spread),
        }
    }
}

struct Hour<'a> {
    samples: &'a [LineSample],
    until: Wall,
}

impl Hour<'_> {
    /// The mean of a figure, and between which values it moved.
    fn figure<T>(&self, of: impl Fn(&LineSample) -> Option<T>) -> (Option<T>, Between<T>)
    where
        T: Copy + Ord + Into<i64> + TryFrom<i64>,
    {
        let (mut sum, mut time) = (0_i64, 0_i64);
        let mut between: Between<T> = None;
        for (at, sample) in self.samples.iter().enumerate() {
            let Some(value) = of(sample) else { continue };
            let next = self.samples.get(at + 1).map_or(self.until, |next| next.at);
            // Whole milliseconds of an hour, times 16 bits, are far from the end of 64.
            let held = (next.0.saturating_sub(sample.at.0) / 1_000).clamp(1, 3_600_000);
            sum += value.into() * held;
            time += held;
            between = Some(between.map_or((value, value), |(low, high)| {
                (low.min(value), high.max(value))
            }));
        }
        if time == 0 {
            return (None, None);
        }
        let mean = (2 * sum + time).div_euclid(2 * time);
        (
            T::try_from(mean).ok(),
            between.filter(|(low, high)| low != high),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LineSign;

    #[test]
    fn an_hour_keeps_its_spike_its_flaws_and_its_counts() {
        let at = |minute: i64| Wall::from_secs(60 * minute);
        let idle = LineSample {
            volts: Some(-48),
            celsius: Some(40),
            ..LineSample::default()
        };
        let mut call = LineSample {
            at: at(30),
            volts: Some(-8),
            loop_tenth_ma: Some(240),
            in_use: true,
            ..idle
        };
        call.hang_ups.count(LineSign::Tone);
        let mut spike = LineSample {
            at: at(45),
            volts: Some(120),
            ..idle
        };
        spike.hang_ups.count(LineSign::Tone);
        let after = LineSample { at: at(46), ..idle };
        let hour = KeptSample::hour(&[idle, call, spike, after], at(0), at(60));
        let mean = hour.sample;
        let spread = hour.spread.expect("an hour has one");
        // 44 minutes of -48 V, 15 of -8, 1 of 120.
        assert_eq!(mean.volts, Some(-35));
        assert_eq!(spread.volts, Some((-48, 120)));
        assert_eq!((mean.celsius, spread.celsius), (Some(40), None));
        assert_eq!(
            (mean.loop_tenth_ma, spread.loop_tenth_ma),
            (Some(240), None)
        );
        assert_eq!((mean.erl_db10, spread.erl_db10), (None, None));
        assert!(mean.in_use && !mean.dead);
        assert_eq!(mean.hang_ups.tone, 2);
        assert_eq!(mean.at, at(0));
        let never = KeptSample::hour(&[], at(0), at(60));
        assert_eq!(
            never.sample,
            LineSample {
                at: at(0),
                ..LineSample::default()
            }
        );
    }
}
