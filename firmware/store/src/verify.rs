//! Looking whether everything is as it was written: SQLite's own check, and a walk along the hash
//! chain of the ledger.

use std::path::Path;

use model::Seq;

use crate::{
    Reader, StoreError, attached,
    encode::{CHAIN_START, Hash, LedgerRow, signed, unsigned},
};

/// Faults of one kind that are listed; further ones are only counted.
const FAULTS_LISTED: usize = 20;
/// Records read at once.
const STEP: u64 = 1_000;

/// What a look at the whole store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records looked at.
    pub records: u64,
    /// Segments looked at, dropped ones too.
    pub segments: u64,
    /// Calls without an end; normal while the exchange runs.
    pub calls_open: u64,
    /// What is wrong, the first twenty; empty when all is well.
    pub faults: Vec<Fault>,
    /// How much is wrong.
    pub faults_total: u64,
}

/// Something is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SQLite finds its own file wrong.
    Database(String),
    /// A sound or recording in a copy is not as it was.
    File(String),
    /// The record is not the one that was written.
    Altered(Seq),
    /// Records are missing before this one.
    Missing {
        /// The first missing one.
        from: Seq,
        /// The record found instead.
        found: Seq,
    },
    /// A segment does not end or begin where its checkpoint says.
    Checkpoint(Seq),
    /// The record cannot be read; a newer program may have written it.
    Unreadable(Seq),
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Database(text) => write!(f, "database: {text}"),
            Self::File(path) => write!(f, "{path} is not as it was"),
            Self::Altered(seq) => write!(f, "record {seq} was altered"),
            Self::Missing { from, found } => {
                write!(
                    f,
                    "records {from} to {} are missing",
                    found.0.saturating_sub(1)
                )
            }
            Self::Checkpoint(seq) => {
                write!(
                    f,
                    "the segment that begins with record {seq} does not fit its checkpoint"
                )
            }
            Self::Unreadable(seq) => write!(f, "record {seq} cannot be read"),
        }
    }
}

impl VerifyReport {
    /// Whether all is well.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults_total == 0
    }

    fn add(&mut self, fault: Fault) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_LISTED {
            self.faults.push(fault);
        }
    }
}

/// Looks at every page and every record of a database file. May run beside a running exchange, on
/// a thread of its own: reading 1 M records takes seconds.
///
/// # Errors
/// Only when the file cannot be opened at all; damage inside is in the report.
pub fn verify(file: &Path) -> Result<VerifyReport, StoreError> {
    let reader = Reader::open_file(file)?;
    let mut report = VerifyReport::default();
    check_pages(&reader, &mut report);
    if let Err(error) = check_chain(&reader, &mut report) {
        report.add(Fault::Database(error.to_string()));
    }
    if let Err(error) = check_texts(&reader) {
        report.add(Fault::Database(error.to_string()));
    }
    match attached::altered(&reader.conn) {
        Ok(files) => files
            .into_iter()
            .for_each(|path| report.add(Fault::File(path))),
        Err(error) => report.add(Fault::Database(error.to_string())),
    }
    if let Ok(open) = reader.open_calls() {
        report.calls_open = open.len() as u64;
    }
    Ok(report)
}

fn check_pages(reader: &Reader, report: &mut VerifyReport) {
    let sql = format!("PRAGMA integrity_check({FAULTS_LISTED})");
    match reader.query(&sql, [], |row| row.get::<_, String>(0)) {
        Ok(lines) => {
            for line in lines.into_iter().filter(|line| line != "ok") {
                report.add(Fault::Database(line));
            }
        }
        Err(error) => report.add(Fault::Database(error.to_string())),
    }
}

/// One row of `segment`.
struct Segment {
    first: u64,
    last: Option<u64>,
    before: Hash,
    after: Option<Hash>,
    dropped: bool,
}

fn check_chain(reader: &Reader, report: &mut VerifyReport) -> Result<(), StoreError> {
    let sql = "SELECT first_seq, last_seq, before, after, dropped FROM segment ORDER BY first_seq";
    let segments = reader.query(sql, [], |row| {
        Ok(Segment {
            first: unsigned(row.get(0)?),
            last: row.get::<_, Option<i64>>(1)?.map(unsigned),
            before: row.get(2)?,
            after: row.get(3)?,
            dropped: row.get(4)?,
        })
    })?;
    let mut hash = CHAIN_START;
    let mut next = segments.first().map_or(1, |segment| segment.first);
    for segment in segments {
        report.segments += 1;
        if segment.before != hash || segment.first != next {
            report.add(Fault::Checkpoint(Seq(segment.first)));
        }
        hash = segment.before;
        if !segment.dropped {
            hash = walk(reader, report, &segment)?;
        }
        if let (Some(last), Some(after)) = (segment.last, segment.after) {
            if !segment.dropped && hash != after {
                report.add(Fault::Checkpoint(Seq(segment.first)));
            }
            (hash, next) = (after, last.saturating_add(1));
        }
    }
    Ok(())
}

/// Computes the chain along one segment; goes on behind a fault from what is stored there, so
/// that each fault counts once.
fn walk(reader: &Reader, report: &mut VerifyReport, segment: &Segment) -> Result<Hash, StoreError> {
    let sql = "SELECT seq, boot, mono, wall, trust, call, leg, rule, body, hash FROM ledger
               WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3";
    let (mut hash, mut next) = (segment.before, segment.first);
    let last = segment.last.unwrap_or(u64::MAX);
    loop {
        let values = [signed(next), signed(last), signed(STEP)];
        let rows = reader.query(sql, values, |row| Ok((LedgerRow::read(row)?, row.get(9)?)))?;
        let full = rows.len() as u64 == STEP;
        for (row, stored) in rows {
            let seq = unsigned(row.seq);
            report.records += 1;
            if seq != next {
                report.add(Fault::Missing {
                    from: Seq(next),
                    found: Seq(seq),
                });
            }
            if row.hash(&hash) != stored {
                report.add(Fault::Altered(Seq(seq)));
            }
            if row.decode().is_err() {
                report.add(Fault::Unreadable(Seq(seq)));
            }
            (hash, next) = (stored, seq.saturating_add(1));
        }
        if !full {
            break;
        }
    }
    if segment
        .last
        .is_some_and(|last| next != last.saturating_add(1))
    {
        let found = Seq(last.saturating_add(1));
        report.add(Fault::Missing {
            from: Seq(next),
            found,
        });
    }
    Ok(hash)
}

/// Every version of the configuration is the text that was saved.
fn check_texts(reader: &Reader) -> Result<(), StoreError> {
    for version in reader.config_history(usize::MAX)? {
        reader.config(version.version)?;
    }
    Ok(())
}
