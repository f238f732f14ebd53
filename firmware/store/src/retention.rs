//! Forgetting: whole segments of the ledger, with their CDRs and their people's data. The hash
//! chain goes on over the gap from checkpoint to checkpoint.

use std::collections::BTreeSet;

use model::{EventBody, PartyId, Wall};

use crate::{
    Store, StoreError,
    encode::{LedgerRow, party_key},
};

/// Records forgotten in one step, so that the writer is back before anybody waits for it.
const STEP: i64 = 1_000;

impl Store {
    /// Forgets a part of the oldest closed segment whose last record is older than `before`;
    /// returns whether there is more to forget. A closed segment holds at most a week or 65 536
    /// records. To be called again, through [`crate::WriterHandle::write`], until it says `false`.
    ///
    /// # Errors
    /// As any write.
    pub fn forget_step(&mut self, before: Wall) -> Result<bool, StoreError> {
        self.atomically(|store| {
            let sql = "SELECT first_seq, last_seq FROM segment
                       WHERE dropped < 2 AND last_wall < ?1 ORDER BY first_seq LIMIT 1";
            let found = store.one(sql, [before.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let Some((first, last)) = found else {
                return Ok(false);
            };
            store.forget_records(first, last)?;
            Ok(true)
        })
    }

    /// Forgets the next records of a segment, and with the last ones the segment itself.
    fn forget_records(&mut self, first: i64, last: i64) -> Result<(), StoreError> {
        // Marked before the first record goes, so that a look in between finds nothing missing.
        self.execute(
            "UPDATE segment SET dropped = 1 WHERE first_seq = ?1",
            [first],
        )?;
        let sql = "SELECT seq, boot, mono, wall, trust, call, leg, rule, body FROM ledger
                   WHERE seq <= ?1 ORDER BY seq LIMIT ?2";
        let rows = self.query(sql, [last, STEP], LedgerRow::read)?;
        let done = rows.last().map_or(last, |row| row.seq);
        let mut parties = BTreeSet::new();
        // A record that cannot be read names nobody that could be found through it.
        for stored in rows.into_iter().filter_map(|row| row.decode().ok()) {
            parties.extend(named(&stored.record.event.body).into_iter().flatten());
        }
        for id in parties {
            self.execute("DELETE FROM party WHERE id = ?1", [party_key(id)])?;
        }
        self.execute("DELETE FROM ledger WHERE seq <= ?1", [done])?;
        self.execute(
            "DELETE FROM cdr WHERE last_seq <= ?1 AND first_seq <= ?1",
            [done],
        )?;
        if done >= last {
            self.execute(
                "UPDATE segment SET dropped = 2 WHERE first_seq = ?1",
                [first],
            )?;
        }
        Ok(())
    }
}

/// The parties that an event names.
fn named(body: &EventBody) -> [Option<PartyId>; 2] {
    match body {
        EventBody::CallStarted { from, to } => [Some(*from), Some(*to)],
        EventBody::Dialled { to } => [Some(*to), None],
        EventBody::Registered { contact, .. } => [Some(*contact), None],
        EventBody::Unregistered { contact, .. } => [*contact, None],
        EventBody::LegStarted { party, .. } => [*party, None],
        EventBody::ExchangeStarted
        | EventBody::ExchangeStopping
        | EventBody::ExchangeStopped
        | EventBody::ClockStepped { .. }
        | EventBody::ConfigApplied { .. }
        | EventBody::Routed { .. }
        | EventBody::LegRang
        | EventBody::LegWaits
        | EventBody::LegEarlyMedia
        | EventBody::LegAnswered { .. }
        | EventBody::LegCodecChanged { .. }
        | EventBody::LegSecured
        | EventBody::LegFax { .. }
        | EventBody::LegCallerId { .. }
        | EventBody::LegMetered { .. }
        | EventBody::LegHeld
        | EventBody::LegResumed
        | EventBody::CallJoined { .. }
        | EventBody::Conference(_)
        | EventBody::LegEnded { .. }
        | EventBody::CallAnswered { .. }
        | EventBody::CallEnded { .. }
        | EventBody::LegQuality { .. }
        | EventBody::RecordingStarted { .. }
        | EventBody::TrackStarted { .. }
        | EventBody::RecordingPaused { .. }
        | EventBody::RecordingResumed { .. }
        | EventBody::RecordingEnded { .. }
        | EventBody::RecordingStored { .. }
        | EventBody::RecordingLost { .. }
        | EventBody::Line { .. }
        | EventBody::PortFault { .. }
        | EventBody::PortLocked { .. }
        | EventBody::MessagesWaiting { .. }
        | EventBody::PortLamp { .. }
        | EventBody::PortTested { .. }
        | EventBody::Erased { .. }
        | EventBody::Claim { .. } => [None, None],
    }
}
