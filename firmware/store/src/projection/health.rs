//! The history of analog ports: samples of what they measure and count.

use model::{
    HangUps, KeptSample, LineSample, Wall,
    limits::{LINE_HOURS, LINE_HOURS_AT_ONCE, LINE_MINUTES},
};
use rusqlite::{Row, params};

use crate::{ROWS_MAX, Reader, Store, StoreError, encode::signed};

const HOUR_US: i64 = 3_600_000_000;
/// How long a sample is kept as it is.
const FINE_US: i64 = LINE_MINUTES as i64 * 60_000_000;
/// How long anything of it is kept.
const KEPT_US: i64 = LINE_HOURS as i64 * HOUR_US;
/// What is dated so much later than a new sample was written by a clock that ran ahead.
const AHEAD_US: i64 = HOUR_US;

const COLUMNS: &str =
    "wall, volts, loop_tenth_ma, ring_vrms, ring_tenth_hz, foreign_volts, celsius,
    rx_dbm0, tx_dbm0, noise_dbm0, caller_dbm0, erl_db10, erle_db10, flaws,
    loop_break, reversal, tone, dial_tone, silence, false_ones, spread";

impl Store {
    /// Keeps a sample of a port, makes one of each hour that is older than a week, and forgets what is too
    /// old.
    pub(crate) fn put_sample(&mut self, port: &str, sample: &LineSample) -> Result<(), StoreError> {
        let kept = KeptSample {
            sample: *sample,
            spread: None,
        };
        self.insert_sample(port, &kept)?;
        let oldest = sample.at.0.saturating_sub(KEPT_US);
        let newest = sample.at.0.saturating_add(AHEAD_US);
        let sql = "DELETE FROM line_sample WHERE port = ?1 AND (wall <= ?2 OR wall > ?3)";
        self.execute(sql, (port, oldest, newest))?;
        let before = sample.at.0.saturating_sub(FINE_US).div_euclid(HOUR_US) * HOUR_US;
        for _ in 0..LINE_HOURS_AT_ONCE {
            if !self.gather_hour(port, before)? {
                break;
            }
        }
        Ok(())
    }

    /// Makes one sample of the oldest hour before `before` that is not one yet, if there is any.
    fn gather_hour(&mut self, port: &str, before: i64) -> Result<bool, StoreError> {
        let sql =
            "SELECT min(wall) FROM line_sample WHERE port = ?1 AND wall < ?2 AND spread IS NULL";
        let oldest = self.query(sql, (port, before), |row| row.get::<_, Option<i64>>(0))?;
        let Some(oldest) = oldest.into_iter().flatten().next() else {
            return Ok(false);
        };
        let from = oldest.div_euclid(HOUR_US) * HOUR_US;
        let until = from.saturating_add(HOUR_US);
        let sql = format!(
            "SELECT {COLUMNS} FROM line_sample WHERE port = ?1 AND wall >= ?2 AND wall < ?3
             AND spread IS NULL ORDER BY wall"
        );
        let hour = self.query(&sql, (port, from, until), row)?;
        let hour: Vec<LineSample> = hour.into_iter().map(|kept| kept.sample).collect();
        let sql = "DELETE FROM line_sample WHERE port = ?1 AND wall >= ?2 AND wall < ?3";
        self.execute(sql, (port, from, until))?;
        self.insert_sample(port, &KeptSample::hour(&hour, Wall(from), Wall(until)))?;
        Ok(true)
    }

    fn insert_sample(&mut self, port: &str, kept: &KeptSample) -> Result<(), StoreError> {
        let KeptSample { sample, spread } = kept;
        let ends = &sample.hang_ups;
        let spread =
            spread.map(|spread| serde_json::to_string(&spread).expect("plain data can be written"));
        let sql = format!(
            "INSERT OR REPLACE INTO line_sample (port, {COLUMNS}) VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
              ?20, ?21, ?22)"
        );
        self.execute(
            &sql,
            params![
                port,
                sample.at.0,
                sample.volts,
                sample.loop_tenth_ma,
                sample.ring_vrms,
                sample.ring_tenth_hz,
                sample.foreign_volts,
                sample.celsius,
                sample.rx_dbm0,
                sample.tx_dbm0,
                sample.noise_dbm0,
                sample.caller_dbm0,
                sample.erl_db10,
                sample.erle_db10,
                flaws(sample),
                ends.loop_break,
                ends.reversal,
                ends.tone,
                ends.dial_tone,
                ends.silence,
                ends.false_ones,
                spread,
            ],
        )
        .map(drop)
    }
}

impl Reader {
    /// The newest samples of a port from before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and other failures to read.
    pub fn line_samples(
        &self,
        port: &str,
        limit: usize,
        before: Wall,
    ) -> Result<Vec<KeptSample>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM line_sample WHERE port = ?1 AND wall < ?2
             ORDER BY wall DESC LIMIT ?3"
        );
        let limit = signed(limit.min(ROWS_MAX) as u64);
        self.query(&sql, (port, before.0, limit), row)
    }
}

fn flaws(sample: &LineSample) -> u8 {
    let flaws = [
        sample.dead,
        sample.in_use,
        sample.out_of_service,
        sample.left_off_hook,
    ];
    let bits = flaws.into_iter().enumerate();
    bits.fold(0, |sum, (bit, is)| sum | u8::from(is) << bit)
}

fn row(row: &Row<'_>) -> rusqlite::Result<KeptSample> {
    let flaws: u8 = row.get(13)?;
    let spread: Option<String> = row.get(20)?;
    let sample = LineSample {
        at: Wall(row.get(0)?),
        volts: row.get(1)?,
        loop_tenth_ma: row.get(2)?,
        ring_vrms: row.get(3)?,
        ring_tenth_hz: row.get(4)?,
        foreign_volts: row.get(5)?,
        celsius: row.get(6)?,
        rx_dbm0: row.get(7)?,
        tx_dbm0: row.get(8)?,
        noise_dbm0: row.get(9)?,
        caller_dbm0: row.get(10)?,
        erl_db10: row.get(11)?,
        erle_db10: row.get(12)?,
        dead: flaws & 1 != 0,
        in_use: flaws & 2 != 0,
        out_of_service: flaws & 4 != 0,
        left_off_hook: flaws & 8 != 0,
        hang_ups: HangUps {
            loop_break: row.get(14)?,
            reversal: row.get(15)?,
            tone: row.get(16)?,
            dial_tone: row.get(17)?,
            silence: row.get(18)?,
            false_ones: row.get(19)?,
        },
    };
    // A spread that cannot be read leaves the means.
    let spread = spread.map(|text| serde_json::from_str(&text).unwrap_or_default());
    Ok(KeptSample { sample, spread })
}
