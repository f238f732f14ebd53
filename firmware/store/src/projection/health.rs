//! The history of analog ports: samples of what they measure and count.

use model::{HangUps, LineSample, Wall, limits::LINE_SAMPLES};
use rusqlite::{Row, params};

use crate::{ROWS_MAX, Reader, Store, StoreError, encode::signed};

/// How long a sample is kept: as many minutes as there may be samples.
const KEPT_US: i64 = LINE_SAMPLES as i64 * 60_000_000;
/// What is dated so much later than a new sample was written by a clock that ran ahead.
const AHEAD_US: i64 = 3_600_000_000;

const COLUMNS: &str =
    "wall, volts, loop_tenth_ma, ring_vrms, ring_tenth_hz, foreign_volts, celsius,
    rx_dbm0, tx_dbm0, noise_dbm0, caller_dbm0, erl_db10, erle_db10, flaws,
    loop_break, reversal, tone, dial_tone, silence, false_ones";

impl Store {
    /// Keeps a sample of a port and forgets what is too old.
    pub(crate) fn put_sample(&mut self, port: &str, sample: &LineSample) -> Result<(), StoreError> {
        let ends = &sample.hang_ups;
        let sql = format!(
            "INSERT OR REPLACE INTO line_sample (port, {COLUMNS}) VALUES
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,
              ?20, ?21)"
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
            ],
        )?;
        let oldest = sample.at.0.saturating_sub(KEPT_US);
        let newest = sample.at.0.saturating_add(AHEAD_US);
        let sql = "DELETE FROM line_sample WHERE port = ?1 AND (wall <= ?2 OR wall > ?3)";
        self.execute(sql, (port, oldest, newest)).map(drop)
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
    ) -> Result<Vec<LineSample>, StoreError> {
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

fn row(row: &Row<'_>) -> rusqlite::Result<LineSample> {
    let flaws: u8 = row.get(13)?;
    Ok(LineSample {
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
    })
}
