//! The start: find the end of the ledger, and close what a power failure left open.

use core::time::Duration;

use model::{
    Binding, Cause, EntryId, Event, EventBody, Instant, LifelineTest, LineBalance, MediaFigures,
    Now, Record, Rule, Seq, ToneSignature, Trust, Wall,
};

use crate::{
    Batch, CdrFold, Reader, Store, StoreError,
    encode::{CHAIN_START, LedgerRow, signed, unsigned},
    store::Head,
};

/// Refreshed registrations are written at latest after this time (design §3: at most one write a
/// minute for all).
pub const REFRESH_WRITE: Duration = Duration::from_secs(60);

/// A refresh that moves the expiry of a registration by no more than this against what is on the
/// disk, and changes nothing else, is not written: 30 phones that refresh every minute cost a
/// tenth of the flash. A restart grants each registration so much more.
pub const REFRESH_LAG: Duration = Duration::from_secs(300);

/// What the exchange needs to go on where it stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Which start of the program this is, counted from 1.
    pub boot: u64,
    /// The number that the exchange's first record must have.
    pub next_seq: Seq,
    /// Calendar time at which the exchange starts: the clock's, or the last record's if that is
    /// later.
    pub wall: Wall,
    /// Trust in `wall`: at most `Restored` when the ledger had to correct the clock.
    pub trust: Trust,
    /// Registrations that may still hold: with [`REFRESH_LAG`] and [`REFRESH_WRITE`] added to
    /// their expiry, because that much of a refresh may not have been written.
    pub bindings: Vec<Binding>,
    /// Devices that are offered MD5 first.
    pub digest_md5: Vec<EntryId>,
    /// The tones by which the hang-ups of outside lines are known.
    pub line_tones: Vec<(EntryId, Vec<ToneSignature>)>,
    /// The impedances that balance outside lines.
    pub line_balance: Vec<(EntryId, LineBalance)>,
    /// What tests of lifelines found.
    pub lifelines: Vec<(EntryId, LifelineTest)>,
    /// How many messages wait, by `[[analog]]` entry.
    pub messages: Vec<(EntryId, u8)>,
    /// Calls that were cut off by the stop and are closed now with `power lost`.
    pub calls_closed: u64,
    /// The program did not stop in order the last time.
    pub unclean: bool,
    /// What could not be read for damage and is left out: registrations (the phones will come
    /// again), calls to be closed. To be logged and shown; the office can telephone.
    pub damage: Vec<String>,
}

/// The last boot, as found.
pub(crate) struct LastBoot {
    id: u64,
    clean: bool,
    mono: Instant,
}

/// Where the next record goes, and the boot before this one.
pub(crate) fn find_head(
    reader: &Reader,
    wall: Wall,
) -> Result<(Head, Option<LastBoot>), StoreError> {
    let sql = "SELECT seq, boot, mono, wall, trust, call, leg, rule, body, hash FROM ledger
               ORDER BY seq DESC LIMIT 1";
    let last = reader.one(sql, [], |row| Ok((LedgerRow::read(row)?, row.get(9)?)))?;
    let sql = "SELECT first_seq, before FROM segment WHERE last_seq IS NULL
               ORDER BY first_seq DESC LIMIT 1";
    let segment = reader.one(sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))?;
    let (next, hash) = match (&last, segment) {
        (Some((row, hash)), _) => (unsigned(row.seq).saturating_add(1), *hash),
        (None, Some((first, before))) => (unsigned(first), before),
        (None, None) => (1, CHAIN_START),
    };
    let segment_first = segment.map_or(0, |(first, _)| unsigned(first));
    let sql = "SELECT wall FROM ledger WHERE seq >= ?1 ORDER BY seq LIMIT 1";
    let segment_wall = reader.one(sql, [signed(segment_first)], |row| row.get(0).map(Wall))?;
    let sql = "SELECT id, closed, wall FROM boot ORDER BY id DESC LIMIT 1";
    let boot: Option<(i64, bool, i64)> =
        reader.one(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let last_mono = |id: i64| match &last {
        Some((row, _)) if row.boot == id => Instant::from_nanos(unsigned(row.mono)),
        _ => Instant::ZERO,
    };
    let before = boot.map(|(id, clean, _)| LastBoot {
        id: unsigned(id),
        clean,
        mono: last_mono(id),
    });
    // The newest word, not the latest time: a clock that was once wrong stays corrected.
    let last_wall = match (&last, boot) {
        (Some((row, _)), Some((id, _, _))) if row.boot == id => Wall(row.wall),
        (_, Some((_, _, wall))) => Wall(wall),
        (Some((row, _)), None) => Wall(row.wall),
        (None, None) => Wall(i64::MIN),
    };
    let head = Head {
        boot: before.as_ref().map_or(0, |boot| boot.id).saturating_add(1),
        boot_first_seq: Seq(next),
        next_seq: Seq(next),
        open_from: Seq(next),
        hash,
        last_wall,
        segment_first_seq: Seq(segment_first),
        segment_first_wall: segment_wall.unwrap_or(wall),
    };
    Ok((head, before))
}

/// Notes this boot, ends the calls of the last one and hands over the state.
pub(crate) fn recover(
    store: &mut Store,
    last: Option<LastBoot>,
    wall: Wall,
    trust: Trust,
) -> Result<Recovered, StoreError> {
    let behind = wall < store.head.last_wall;
    let trust = match (behind, trust) {
        (true, Trust::Synced | Trust::Restored) => Trust::Restored,
        (_, trust) => trust,
    };
    let wall = wall.max(store.head.last_wall);
    let head = store.head.clone();
    let mut damage = Vec::new();
    let open = readable(open_calls(store), &mut damage)?;
    store.folds = open
        .iter()
        .map(|fold| (fold.cdr.call, fold.clone()))
        .collect();
    let now = Now {
        mono: Instant::ZERO,
        wall,
        trust,
    };
    let died = last.as_ref().map_or(Instant::ZERO, |boot| boot.mono);
    let mut records = Vec::new();
    for fold in &open {
        let from = Seq(head.next_seq.0.saturating_add(records.len() as u64));
        records.extend(closing_records(fold, died, now, from));
    }
    store.atomically(|store| {
        store.execute(
            "INSERT INTO boot (id, wall, first_seq, open_from) VALUES (?1, ?2, ?3, ?3)",
            (signed(head.boot), wall.0, signed(head.next_seq.0)),
        )?;
        if head.segment_first_seq == Seq(0) {
            let mut started = head.clone();
            store.begin_segment(&mut started, head.next_seq, wall)?;
            store.head = started;
        }
        store.append(&[Batch {
            records,
            ..Batch::default()
        }])
    })?;
    let bindings = readable(store.bindings(), &mut damage)?;
    Ok(Recovered {
        boot: store.head.boot,
        next_seq: store.head.next_seq,
        wall,
        trust,
        bindings: bindings
            .into_iter()
            .filter_map(|binding| granted(binding, wall))
            .collect(),
        digest_md5: readable(store.digest_md5(), &mut damage)?,
        line_tones: readable(store.line_tones(), &mut damage)?,
        line_balance: readable(store.line_balance(), &mut damage)?,
        lifelines: readable(store.lifelines(), &mut damage)?,
        messages: readable(store.messages(), &mut damage)?,
        calls_closed: open.len() as u64,
        unclean: last.is_some_and(|boot| !boot.clean),
        damage,
    })
}

/// What was read; nothing, and a note, when it is damaged.
fn readable<T>(
    read: Result<Vec<T>, StoreError>,
    damage: &mut Vec<String>,
) -> Result<Vec<T>, StoreError> {
    match read {
        Err(error @ (StoreError::Damaged { .. } | StoreError::Unreadable { .. })) => {
            damage.push(error.to_string());
            Ok(Vec::new())
        }
        read => read,
    }
}

/// The folds of all calls without an end.
fn open_calls(store: &Store) -> Result<Vec<CdrFold>, StoreError> {
    let calls = store.open_calls()?;
    let mut folds = Vec::with_capacity(calls.len());
    for call in calls {
        let mut fold: Option<CdrFold> = None;
        for stored in store.call_records(call)? {
            match &mut fold {
                Some(fold) => fold.apply(&stored.record),
                None => fold = CdrFold::begin(&stored.record),
            }
        }
        // The stored CDR knows corrections of the clock, which are no events of the call.
        if let (Some(fold), Some(cdr)) = (&mut fold, store.cdr(call)?) {
            fold.cdr = cdr;
        }
        folds.extend(fold);
    }
    Ok(folds)
}

/// The records that end a call which a power failure cut off: `died` is the last moment of its
/// boot that the ledger knows, `now` that of the start, `from` the first free number. Pure, so that
/// a simulated disk closes calls by the same rule.
#[must_use]
pub fn closing_records(fold: &CdrFold, died: Instant, now: Now, from: Seq) -> Vec<Record> {
    let mut records = Vec::new();
    let mut push = |leg, body| {
        let event = Event {
            call: Some(fold.cdr.call),
            leg,
            rule: Rule::PowerLost,
            body,
        };
        let seq = Seq(from.0.saturating_add(records.len() as u64));
        records.push(Record {
            seq,
            at: now,
            event,
        });
    };
    for leg in fold.legs.iter().filter(|leg| leg.open) {
        let media = MediaFigures::default();
        push(
            Some(leg.id),
            EventBody::LegEnded {
                cause: Cause::PowerLost,
                status: None,
                media,
            },
        );
    }
    let duration = died.since(fold.started_at);
    let talk = fold.answered_at.map(|at| died.since(at));
    push(
        None,
        EventBody::CallEnded {
            cause: Cause::PowerLost,
            duration,
            talk,
        },
    );
    records
}

/// A registration from the disk at a start at `wall`: with the expiry that it may have got since
/// it was written, or none when it is over even so. Pure, as [`closing_records`].
#[must_use]
pub fn granted(mut binding: Binding, wall: Wall) -> Option<Binding> {
    binding.expires = binding.expires.plus(REFRESH_LAG + REFRESH_WRITE);
    (binding.expires > wall).then_some(binding)
}
