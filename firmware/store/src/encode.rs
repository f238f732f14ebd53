//! The one place where words of `model` become values of SQL and back.

use std::borrow::Cow;

use model::{
    CallId, Event, EventBody, Instant, LegId, Now, PartyId, Record, Rule, Seq, Trust, Wall,
};
use rusqlite::Row;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// SHA-256, as kept in the hash chain.
pub(crate) type Hash = [u8; 32];

/// The hash before the first record of all.
pub(crate) const CHAIN_START: Hash = [0; 32];

/// Most events and calls are no longer than this.
const JSON_ROOM: usize = 512;

/// A record and the start of the program that it belongs to: `at.mono` counts from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Which start of the program, counted from 1.
    pub boot: u64,
    /// The record as the exchange made it.
    pub record: Record,
}

/// A record as the values of its columns.
pub(crate) struct LedgerRow {
    pub(crate) seq: i64,
    pub(crate) boot: i64,
    pub(crate) mono: i64,
    pub(crate) wall: i64,
    pub(crate) trust: u8,
    pub(crate) call: Option<[u8; 16]>,
    pub(crate) leg: Option<[u8; 16]>,
    pub(crate) rule: Cow<'static, str>,
    pub(crate) body: String,
}

impl LedgerRow {
    /// The columns of `record`, made in boot `boot`.
    pub(crate) fn of(boot: u64, record: &Record) -> Self {
        Self {
            seq: signed(record.seq.0),
            boot: signed(boot),
            mono: signed(record.at.mono.as_nanos()),
            wall: record.at.wall.0,
            trust: trust_code(record.at.trust),
            call: record.event.call.map(|id| id.0.to_be_bytes()),
            leg: record.event.leg.map(|id| id.0.to_be_bytes()),
            rule: Cow::Borrowed(record.event.rule.name()),
            body: json(&record.event.body),
        }
    }

    /// Reads `seq, boot, mono, wall, trust, call, leg, rule, body` from the first nine columns.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get(0)?,
            boot: row.get(1)?,
            mono: row.get(2)?,
            wall: row.get(3)?,
            trust: row.get(4)?,
            call: row.get(5)?,
            leg: row.get(6)?,
            rule: Cow::Owned(row.get(7)?),
            body: row.get(8)?,
        })
    }

    /// The next link of the chain: SHA-256 over `before` and every column, lengths in front of
    /// what varies so that no two rows have the same bytes.
    pub(crate) fn hash(&self, before: &Hash) -> Hash {
        let mut sha = Sha256::new();
        sha.update(before);
        for number in [
            self.seq,
            self.boot,
            self.mono,
            self.wall,
            i64::from(self.trust),
        ] {
            sha.update(number.to_be_bytes());
        }
        for id in [self.call, self.leg] {
            match id {
                Some(bytes) => {
                    sha.update([1]);
                    sha.update(bytes);
                }
                None => sha.update([0]),
            }
        }
        for text in [&*self.rule, &*self.body] {
            sha.update((text.len() as u64).to_be_bytes());
            sha.update(text.as_bytes());
        }
        sha.finalize().into()
    }

    /// The record of these columns.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when a value is none that this program knows.
    pub(crate) fn decode(self) -> Result<StoredRecord, StoreError> {
        let seq = Seq(unsigned(self.seq));
        let bad = |detail: String| StoreError::Unreadable { seq, detail };
        let trust = trust_of(self.trust).ok_or_else(|| bad(format!("trust {}", self.trust)))?;
        let rule =
            Rule::from_name(&self.rule).ok_or_else(|| bad(format!("rule {:?}", self.rule)))?;
        let body: EventBody =
            serde_json::from_str(&self.body).map_err(|error| bad(format!("body: {error}")))?;
        Ok(StoredRecord {
            boot: unsigned(self.boot),
            record: Record {
                seq,
                at: Now {
                    mono: Instant::from_nanos(unsigned(self.mono)),
                    wall: Wall(self.wall),
                    trust,
                },
                event: Event {
                    call: self.call.map(|bytes| CallId(u128::from_be_bytes(bytes))),
                    leg: self.leg.map(|bytes| LegId(u128::from_be_bytes(bytes))),
                    rule,
                    body,
                },
            },
        })
    }
}

/// The text of an event, or of a call.
pub(crate) fn json(value: &impl Serialize) -> String {
    let mut text = Vec::with_capacity(JSON_ROOM);
    serde_json::to_writer(&mut text, value)
        .expect("there is no map with other keys than strings and no failing type");
    String::from_utf8(text).expect("JSON is text")
}

/// SQLite's integers are signed: sequence numbers and nanoseconds above 2⁶³ (292 years) stay there.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The inverse of [`signed`]; a negative value, which only damage can make, becomes 0.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// The blob of a party id.
pub(crate) fn party_key(id: PartyId) -> [u8; 16] {
    id.0.to_be_bytes()
}

/// The blob of a call id.
pub(crate) fn call_key(id: CallId) -> [u8; 16] {
    id.0.to_be_bytes()
}

fn trust_code(trust: Trust) -> u8 {
    match trust {
        Trust::Unset => 0,
        Trust::Restored => 1,
        Trust::Synced => 2,
    }
}

fn trust_of(code: u8) -> Option<Trust> {
    match code {
        0 => Some(Trust::Unset),
        1 => Some(Trust::Restored),
        2 => Some(Trust::Synced),
        _ => None,
    }
}
