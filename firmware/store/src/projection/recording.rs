//! What is known of recordings: a row each, and a row for each track.

use model::{CallId, EventBody, LegId, Record, RecordingId, SharedTrack, TapId, Wall};
use rusqlite::Row;
use serde::{Deserialize, Serialize};

use crate::{
    Reader, Store, StoreError,
    encode::{call_key, signed},
    reader::ROWS_MAX,
};

/// How far a recording has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// The call goes on.
    Open,
    /// Its file is to be made.
    Ended,
    /// Its file is there.
    Kept,
    /// Nothing could be kept.
    Lost,
}

impl RecordingState {
    const ALL: [Self; 4] = [Self::Open, Self::Ended, Self::Kept, Self::Lost];

    fn code(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Ended => 1,
            Self::Kept => 2,
            Self::Lost => 3,
        }
    }
}

/// One recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// Its id, the same all the way upstream.
    pub id: RecordingId,
    /// The call.
    pub call: CallId,
    /// The start of the program that recorded it: track numbers and times count from there.
    pub boot: u64,
    /// When it began.
    pub started: Wall,
    /// How far it has come.
    pub state: RecordingState,
    /// How long it is, in ms; 0 until kept.
    pub ms: u64,
    /// Bytes of the file; 0 until kept.
    pub bytes: u64,
    /// SHA-256 of the file in hexadecimal digits; empty until kept.
    pub sha256: String,
    /// Its tracks in the order they began.
    pub tracks: Vec<Track>,
    /// When nothing was recorded because somebody asked for it, in the order of time.
    pub pauses: Vec<Pause>,
}

/// A span in which nothing was recorded because somebody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From here on.
    pub since: Wall,
    /// Up to here; `None` while it lasts, and where the recording ended paused.
    pub until: Option<Wall>,
}

/// One party's part of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// Its number, never used twice in a start of the program.
    pub tap: TapId,
    /// Whose voice.
    pub leg: LegId,
    /// The track of the recording's own party with whose beginning this one becomes a part of it; `None`
    /// if all of it is.
    pub since: Option<TapId>,
}

const COLUMNS: &str = "SELECT id, call, boot, started, state, ms, bytes, sha256 FROM recording";

impl Reader {
    /// The newest recordings that began before `before`, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] and other failures to read.
    pub fn recordings(&self, limit: usize, before: Wall) -> Result<Vec<Recording>, StoreError> {
        let sql = format!("{COLUMNS} WHERE started < ?1 ORDER BY started DESC LIMIT ?2");
        let limit = signed(limit.min(ROWS_MAX) as u64);
        let rows = self.query(&sql, (before.0, limit), row)?;
        self.with_parts(rows)
    }

    /// One recording.
    ///
    /// # Errors
    /// As [`Self::recordings`].
    pub fn recording(&self, id: RecordingId) -> Result<Option<Recording>, StoreError> {
        let sql = format!("{COLUMNS} WHERE id = ?1");
        let rows = self.query(&sql, [key(id)], row)?;
        Ok(self.with_parts(rows)?.pop())
    }

    /// The recordings of one call, in the order they began.
    ///
    /// # Errors
    /// As [`Self::recordings`].
    pub fn recordings_of(&self, call: CallId) -> Result<Vec<Recording>, StoreError> {
        let sql = format!("{COLUMNS} WHERE call = ?1 ORDER BY started");
        let rows = self.query(&sql, [call.0.to_be_bytes()], row)?;
        self.with_parts(rows)
    }

    /// Recordings whose file is still to be made, oldest first: those that ended, and those that
    /// an earlier start of the program than `boot` left open.
    ///
    /// # Errors
    /// As [`Self::recordings`].
    pub fn recordings_waiting(&self, boot: u64) -> Result<Vec<Recording>, StoreError> {
        let sql = format!(
            "{COLUMNS} WHERE state < 2 AND (state = 1 OR boot < ?1) ORDER BY started LIMIT ?2"
        );
        let rows = self.query(&sql, (signed(boot), signed(ROWS_MAX as u64)), row)?;
        self.with_parts(rows)
    }

    /// The same with tracks and pauses.
    fn with_parts(&self, mut rows: Vec<Recording>) -> Result<Vec<Recording>, StoreError> {
        let tracks = "SELECT tap, leg, since FROM track WHERE recording = ?1 ORDER BY place, tap";
        let pauses = "SELECT since, until FROM pause WHERE recording = ?1 ORDER BY since";
        for recording in &mut rows {
            recording.pauses = self.query(pauses, [key(recording.id)], |row| {
                Ok(Pause {
                    since: Wall(row.get(0)?),
                    until: row.get::<_, Option<i64>>(1)?.map(Wall),
                })
            })?;
            recording.tracks = self.query(tracks, [key(recording.id)], |row| {
                Ok(Track {
                    tap: TapId(row.get(0)?),
                    leg: LegId(u128::from_be_bytes(row.get(1)?)),
                    since: row.get::<_, Option<u32>>(2)?.map(TapId),
                })
            })?;
        }
        Ok(rows)
    }
}

impl Store {
    /// Which start of the program this is, counted from 1.
    #[must_use]
    pub fn boot(&self) -> u64 {
        self.head.boot
    }

    /// Takes an event of a recording into its row; all others change nothing.
    pub(crate) fn put_recording(&mut self, boot: u64, record: &Record) -> Result<(), StoreError> {
        match &record.event.body {
            EventBody::RecordingStarted { recording } => {
                let call = record
                    .event
                    .call
                    .map_or([0; 16], |call| call.0.to_be_bytes());
                let sql = "INSERT OR IGNORE INTO recording (id, call, boot, started, state)
                           VALUES (?1, ?2, ?3, ?4, 0)";
                let values = (key(*recording), call, signed(boot), record.at.wall.0);
                self.execute(sql, values).map(drop)
            }
            EventBody::TrackStarted {
                recording,
                also,
                tap,
                shares,
            } => {
                let leg = record.event.leg.unwrap_or(LegId(0));
                let (tap, since) = (*tap, None);
                for &recording in [recording].into_iter().chain(also) {
                    self.put_track(recording, Track { tap, leg, since })?;
                }
                shares.iter().try_for_each(|&SharedTrack { tap: of, leg }| {
                    let (tap, since) = (of, Some(tap));
                    self.put_track(*recording, Track { tap, leg, since })
                })
            }
            EventBody::RecordingPaused { recording } => {
                let sql = "INSERT OR IGNORE INTO pause (recording, since) VALUES (?1, ?2)";
                let values = (key(*recording), record.at.wall.0);
                self.execute(sql, values).map(drop)
            }
            EventBody::RecordingResumed { recording } => {
                let sql = "UPDATE pause SET until = ?2 WHERE recording = ?1 AND until IS NULL";
                let values = (key(*recording), record.at.wall.0);
                self.execute(sql, values).map(drop)
            }
            EventBody::RecordingEnded { recording } => {
                self.set_recording(*recording, RecordingState::Ended, (0, 0, ""))
            }
            EventBody::RecordingStored {
                recording,
                ms,
                bytes,
                sha256,
            } => {
                self.reach_to(record)?;
                self.set_recording(*recording, RecordingState::Kept, (*ms, *bytes, sha256))
            }
            EventBody::RecordingLost { recording } => {
                self.reach_to(record)?;
                self.set_recording(*recording, RecordingState::Lost, (0, 0, ""))
            }
            _ => Ok(()),
        }
    }

    fn put_track(&mut self, recording: RecordingId, track: Track) -> Result<(), StoreError> {
        let sql = "INSERT OR IGNORE INTO track (recording, tap, leg, since, place) VALUES
                   (?1, ?2, ?3, ?4, (SELECT count(*) FROM track WHERE recording = ?1))";
        let leg = track.leg.0.to_be_bytes();
        let since = track.since.map(|since| since.0);
        let values = (key(recording), track.tap.0, leg, since);
        self.execute(sql, values).map(drop)
    }

    /// A file that was made after the call had ended belongs to its story all the same.
    fn reach_to(&mut self, record: &Record) -> Result<(), StoreError> {
        let Some(call) = record.event.call else {
            return Ok(());
        };
        let sql = "UPDATE cdr SET last_seq = ?2 WHERE call = ?1 AND open = 0 AND last_seq < ?2";
        self.execute(sql, (call_key(call), signed(record.seq.0)))
            .map(drop)
    }

    fn set_recording(
        &mut self,
        id: RecordingId,
        state: RecordingState,
        (ms, bytes, sha256): (u64, u64, &str),
    ) -> Result<(), StoreError> {
        let sql = "UPDATE recording SET state = ?2, ms = ?3, bytes = ?4, sha256 = ?5
                   WHERE id = ?1 AND state < ?2";
        let values = (key(id), state.code(), signed(ms), signed(bytes), sha256);
        self.execute(sql, values).map(drop)
    }
}

fn key(id: RecordingId) -> [u8; 16] {
    id.0.to_be_bytes()
}

fn row(row: &Row<'_>) -> rusqlite::Result<Recording> {
    let state: i64 = row.get(4)?;
    let unsigned = |at| row.get::<_, i64>(at).map(crate::encode::unsigned);
    Ok(Recording {
        id: RecordingId(u128::from_be_bytes(row.get(0)?)),
        call: CallId(u128::from_be_bytes(row.get(1)?)),
        boot: unsigned(2)?,
        started: Wall(row.get(3)?),
        // A number that no format has: whoever wrote it, there is nothing to listen to.
        state: RecordingState::ALL
            .into_iter()
            .find(|known| known.code() == state)
            .unwrap_or(RecordingState::Lost),
        ms: unsigned(5)?,
        bytes: unsigned(6)?,
        sha256: row.get(7)?,
        tracks: Vec::new(),
        pauses: Vec::new(),
    })
}
