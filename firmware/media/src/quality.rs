//! How a leg sounds: its figures of each second, folded into those of a minute.

use core::time::Duration;

use dsp::emodel::{Path, rate};
use dsp::level::Metering;
use model::{Codec, Instant, QualityCause, QualityMinute, QualitySecond};

/// A second, and seconds of a minute.
const SECOND_NS: u64 = 1_000_000_000;
const MINUTE: u8 = 60;
/// What is added to the way there and our wait: packet time and codecs of both ends, in ms.
pub(crate) const ENDS_MS: f32 = 30.0;
/// Sound weaker than this, in dBm0, is silence; digital silence is weaker still.
const SILENCE_DBM0: f32 = -60.0;
const DIGITAL_SILENCE_DBM0: f32 = -90.0;
/// Seconds without a packet, or of digital silence only, that make a leg one-way.
const EMPTY_SECONDS: u8 = 2;
const SILENT_SECONDS: u8 = 10;
/// Loss that a far end reports, in 1/256, when it hears nothing.
const FAR_DEAF: u8 = 250;
/// Clipped samples of a second that are heard.
const CLIPPED: u32 = 40;

/// What there is to know about a leg at the end of a second; counts are since its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) codec: Codec,
    pub(crate) packets: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) jitter_ms: u8,
    pub(crate) round_trip_ms: u16,
    pub(crate) far_loss_256: u8,
    pub(crate) far_late_256: u8,
    pub(crate) far_mos_100: u16,
    pub(crate) wait_us: u32,
    pub(crate) metering: Metering,
    /// The far end should send: it is to be heard and did not say that it pauses.
    pub(crate) expected: bool,
}

/// The books of one leg.
#[derive(Debug, Default)]
pub(crate) struct Quality {
    due: Option<Instant>,
    packets: u64,
    lost: u64,
    late: u64,
    empty: u8,
    silent: u8,
    minute: QualityMinute,
    mos_sum: u32,
    level_sum: f32,
    level_seconds: u8,
}

impl Quality {
    /// When the running second ends: at whole seconds, so that all legs are told in one go.
    pub(crate) fn due(&self) -> Instant {
        self.due.unwrap_or(Instant::FAR)
    }

    /// The leg speaks RTP from now on; nothing changes if it did before.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.due.is_none() {
            self.plan(now);
        }
    }

    fn plan(&mut self, now: Instant) {
        let into = now.as_nanos() % SECOND_NS;
        self.due = Some(now.plus(Duration::from_nanos(SECOND_NS.saturating_sub(into))));
    }

    /// Closes the second that is over at `now`.
    pub(crate) fn second(&mut self, now: Instant, reading: &Reading) -> QualitySecond {
        self.plan(now);
        let packets = reading.packets.saturating_sub(self.packets);
        let lost = reading.lost.saturating_sub(self.lost);
        let late = reading.late.saturating_sub(self.late);
        self.packets = reading.packets;
        // A reordered packet takes a loss back; it is not counted twice.
        self.lost = self.lost.max(reading.lost);
        self.late = reading.late;
        let whole = packets.saturating_add(lost).saturating_add(late).max(1) as f32;
        let path = Path {
            lost: lost as f32 / whole,
            late: late as f32 / whole,
            delay_ms: f32::from(reading.round_trip_ms) / 2.0
                + reading.wait_us as f32 / 1_000.0
                + ENDS_MS,
        };
        let rating = rate(reading.codec, path);
        let dbm0 = reading.metering.dbm0();
        let measured = reading.metering.samples() > 0;
        let cause = self.cause(rating.cause, reading, packets, dbm0);
        let second = QualitySecond {
            packets: short(packets),
            lost: short(lost),
            late: short(late),
            jitter_ms: reading.jitter_ms,
            round_trip_ms: reading.round_trip_ms,
            far_loss_256: reading.far_loss_256,
            far_late_256: reading.far_late_256,
            far_mos_100: reading.far_mos_100,
            level_dbm0: level(measured && dbm0 > SILENCE_DBM0, dbm0),
            clipped: short(reading.metering.clipped().into()),
            mos_100: if cause == QualityCause::OneWay {
                100
            } else {
                rating.mos_100
            },
            cause,
        };
        self.fold(&second, measured, dbm0);
        second
    }

    fn cause(
        &mut self,
        rated: QualityCause,
        reading: &Reading,
        packets: u64,
        dbm0: f32,
    ) -> QualityCause {
        let count = |seconds: u8, more: bool| if more { seconds.saturating_add(1) } else { 0 };
        let measured = reading.metering.samples() > 0;
        self.empty = count(self.empty, reading.expected && packets == 0);
        self.silent = count(
            self.silent,
            reading.expected && measured && packets > 0 && dbm0 < DIGITAL_SILENCE_DBM0,
        );
        if self.empty >= EMPTY_SECONDS
            || self.silent >= SILENT_SECONDS
            || reading.far_loss_256 >= FAR_DEAF
        {
            QualityCause::OneWay
        } else if rated == QualityCause::None && reading.metering.clipped() >= CLIPPED {
            QualityCause::Clipping
        } else {
            rated
        }
    }

    fn fold(&mut self, second: &QualitySecond, measured: bool, dbm0: f32) {
        let minute = &mut self.minute;
        let add = |sum: u32, more: u16| sum.saturating_add(more.into());
        let one = |sum: u8, more: bool| sum.saturating_add(more.into());
        minute.seconds = minute.seconds.saturating_add(1);
        minute.packets = add(minute.packets, second.packets);
        minute.lost = add(minute.lost, second.lost);
        minute.late = add(minute.late, second.late);
        minute.jitter_ms_max = minute.jitter_ms_max.max(second.jitter_ms);
        minute.round_trip_ms_max = minute.round_trip_ms_max.max(second.round_trip_ms);
        minute.far_loss_256_max = minute.far_loss_256_max.max(second.far_loss_256);
        let far_mos = [minute.far_mos_100_min, second.far_mos_100];
        let told = far_mos.into_iter().filter(|mos| *mos > 0);
        minute.far_mos_100_min = told.min().unwrap_or(0);
        let clipped = u32::from(second.clipped) >= CLIPPED;
        minute.clipped_seconds = one(minute.clipped_seconds, clipped);
        let voice = measured && dbm0 > SILENCE_DBM0;
        let silent = second.packets == 0 || (measured && !voice);
        minute.silent_seconds = one(minute.silent_seconds, silent);
        if voice {
            self.level_sum += dbm0;
            self.level_seconds = self.level_seconds.saturating_add(1);
        }
        self.mos_sum = add(self.mos_sum, second.mos_100);
        let worst = minute.seconds == 1 || second.mos_100 < minute.mos_100_min;
        // Clipping takes nothing from the score and still is something to name.
        if worst || (minute.cause == QualityCause::None && second.cause != QualityCause::None) {
            minute.mos_100_min = second.mos_100.min(if worst {
                second.mos_100
            } else {
                minute.mos_100_min
            });
            minute.cause = second.cause;
        }
    }

    /// The mean level of the voice in the running minute, if there was any.
    pub(crate) fn level_dbm0(&self) -> Option<i8> {
        let seconds = self.level_seconds;
        (seconds > 0).then(|| (self.level_sum / f32::from(seconds)).round() as i8)
    }

    /// The minute, if it is full, or with `over` what there is of it.
    pub(crate) fn minute(&mut self, over: bool) -> Option<QualityMinute> {
        let seconds = self.minute.seconds;
        if seconds == 0 || (seconds < MINUTE && !over) {
            return None;
        }
        let mut minute = core::mem::take(&mut self.minute);
        let mos = core::mem::take(&mut self.mos_sum).checked_div(seconds.into());
        minute.mos_100 = mos.and_then(|mos| u16::try_from(mos).ok()).unwrap_or(0);
        let voice = core::mem::take(&mut self.level_seconds);
        let sum = core::mem::take(&mut self.level_sum);
        minute.level_dbm0 = level(voice > 0, sum / f32::from(voice.max(1)));
        Some(minute)
    }
}

/// A level as the figures have it: −127 if there is none.
fn level(there: bool, dbm0: f32) -> i8 {
    if there { dbm0.round() as i8 } else { -127 }
}

fn short(count: u64) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(second: u64) -> Reading {
        let mut metering = Metering::new();
        metering.measure(&[2_000, -2_000].repeat(4_000));
        Reading {
            codec: Codec::Pcma,
            packets: second * 50,
            lost: 0,
            late: 0,
            jitter_ms: 2,
            round_trip_ms: 20,
            far_loss_256: 0,
            far_late_256: 0,
            far_mos_100: 0,
            wait_us: 13_000,
            metering,
            expected: true,
        }
    }

    #[test]
    fn a_good_minute_has_the_best_score_and_no_cause() {
        let mut quality = Quality::default();
        quality.start(Instant::from_millis(1_400));
        assert_eq!(quality.due(), Instant::from_millis(2_000));
        for n in 1..=60 {
            assert_eq!(quality.minute(false), None);
            let second = quality.second(Instant::from_millis(1_000 + n * 1_000), &reading(n));
            assert_eq!((second.packets, second.mos_100), (50, 441));
            assert_eq!((second.cause, second.level_dbm0), (QualityCause::None, -18));
        }
        let minute = quality.minute(false).expect("sixty seconds");
        assert_eq!((minute.seconds, minute.packets), (60, 3_000));
        assert_eq!((minute.mos_100, minute.mos_100_min), (441, 441));
        assert_eq!((minute.level_dbm0, minute.silent_seconds), (-18, 0));
        assert_eq!(quality.minute(true), None);
    }

    #[test]
    fn the_worst_second_names_the_cause() {
        let mut quality = Quality::default();
        let at = |n: u64| Instant::from_millis(n * 1_000);
        quality.second(at(1), &reading(1));
        let bad = Reading {
            packets: 95,
            lost: 5,
            ..reading(2)
        };
        assert_eq!(quality.second(at(2), &bad).cause, QualityCause::Loss);
        let clipped = {
            let mut reading = Reading {
                packets: 145,
                lost: 5,
                ..reading(3)
            };
            reading.metering.measure(&[32_767; 100]);
            reading
        };
        assert_eq!(
            quality.second(at(3), &clipped).cause,
            QualityCause::Clipping
        );
        let minute = quality.minute(true).expect("three seconds");
        assert_eq!((minute.seconds, minute.lost), (3, 5));
        assert_eq!(
            (minute.cause, minute.clipped_seconds),
            (QualityCause::Loss, 1)
        );
        assert!(minute.mos_100_min < 360 && minute.mos_100 > 400);
    }

    #[test]
    fn sound_in_one_direction_only_is_named_in_both() {
        let at = |n: u64| Instant::from_millis(n * 1_000);
        let none = Reading {
            packets: 0,
            metering: Metering::new(),
            ..reading(0)
        };
        let mut quality = Quality::default();
        assert_eq!(quality.second(at(1), &none).cause, QualityCause::None);
        assert_eq!(quality.second(at(2), &none).cause, QualityCause::OneWay);
        let held = Reading {
            expected: false,
            ..none
        };
        assert_eq!(quality.second(at(3), &held).cause, QualityCause::None);
        let deaf = Reading {
            far_loss_256: 255,
            ..reading(4)
        };
        assert_eq!(quality.second(at(4), &deaf).cause, QualityCause::OneWay);
        let mut zeros = Metering::new();
        zeros.measure(&[0; 8_000]);
        for n in 5..15 {
            let muted = Reading {
                metering: zeros,
                ..reading(n)
            };
            let second = quality.second(at(n), &muted);
            assert_eq!(second.cause == QualityCause::OneWay, n == 14, "{n}");
        }
    }
}
