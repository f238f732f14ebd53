//! The driver of the real program: one input into `Pbx`, its outputs to whoever carries them out,
//! and both into the books. The simulation has another driver and nothing else that differs.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use engine::Engine;
use model::{FlowId, Instant, MediaCommand, MediaEvent, Now, PortId, Random, Transport};
use pbx::{Entry, Fingerprint, Input, Output, Pbx, Redactor, Snapshot, Tape};
use store::{Batch, WriterHandle};

use super::{Gather, Parting};
use crate::{live::Live, recorder::Recorder};

/// What only the control thread's sockets and ports can do.
pub(crate) trait Outside {
    /// Begin a connection.
    fn connect(&mut self, flow: FlowId, transport: Transport, remote: SocketAddr);
    /// Send on a connection.
    fn bytes(&mut self, flow: FlowId, bytes: &[u8]);
    /// Send a datagram.
    fn datagram(&mut self, local: SocketAddr, remote: SocketAddr, bytes: &[u8]);
    /// End a connection.
    fn close(&mut self, flow: FlowId);
    /// Command a port.
    fn port(&mut self, port: PortId, command: hal_port::PortCommand);
}

/// `Pbx` and those who listen to it.
pub(crate) struct Driver {
    pub(crate) pbx: Pbx,
    pub(crate) engine: Engine,
    pub(crate) writer: WriterHandle,
    pub(crate) live: Live,
    pub(crate) recorder: Recorder,
    /// What the vault answered, for the journal.
    pub(crate) tape: Tape,
    /// Keeps secrets out of the journal.
    pub(crate) redactor: Redactor,
    /// The configuration text in force, for the journal.
    pub(crate) text: Arc<str>,
    /// Seeds for restart points.
    pub(crate) seeds: Random,
    /// What the writer did not get or take yet.
    pub(crate) kept: Batch,
    /// Whether that may gather.
    pub(crate) gather: Gather,
    /// When the engine is woken at the latest for what it was told.
    pub(crate) media_due: Option<Instant>,
    /// What is known of legs that are on their way out.
    pub(crate) parting: Parting,
    /// When the last snapshot was made, while the writer may not have it yet.
    pub(crate) snapshot_sent: Option<Instant>,
}

/// Entries that may gather.
const GATHER_MAX: usize = 256;
/// Bytes of the journal that may.
const GATHER_BYTES: usize = 64 * 1_024;
/// Bytes of it that are asked for at once, a call's worth: growing from nothing copies all of it four times.
const JOURNAL_ROOM: usize = 8 * 1_024;
/// How long the engine need not know that a leg is to be or is over. Mostly a call that needs it at
/// once comes before.
const MEDIA_GATHER: Duration = Duration::from_millis(150);
/// After this time a full ring is tried again.
const MEDIA_AGAIN: Duration = Duration::from_millis(2);
/// After this time a snapshot that the writer did not get is made again.
const SNAPSHOT_AGAIN: Duration = Duration::from_secs(10);

impl Driver {
    /// Runs one input to its end.
    pub(crate) fn drive(&mut self, now: Now, input: Input, outside: &mut impl Outside) {
        self.begin_segment(now);
        let decides = match &input {
            Input::Media(MediaEvent::Digit { leg, digit, .. }) => self.pbx.decides(*leg, *digit),
            _ => false,
        };
        if let Input::Media(
            MediaEvent::LegRemoved { leg, .. } | MediaEvent::LegFailed { leg, .. },
        ) = &input
        {
            self.parting.over(*leg);
        }
        let entry = Entry::open(&input, decides, &mut self.redactor);
        if let Input::Config { text, .. } = &input {
            self.text = Arc::clone(text);
        }
        self.pbx.handle(now, input);
        let mut outputs = Fingerprint::default();
        while let Some(output) = self.pbx.poll() {
            outputs.add(&output);
            self.carry_out(now.mono, output, outside);
        }
        let payload = entry.close(&self.tape.take(), outputs);
        if self.kept.journal.capacity() == 0 {
            self.kept.journal.reserve(JOURNAL_ROOM);
        }
        store::journal::frame(&mut self.kept.journal, now, &payload);
        self.gather.add(now.mono);
    }

    /// A full segment of the journal is followed by another one as soon as no call is in progress.
    fn begin_segment(&mut self, now: Now) {
        if !self.writer.wants_snapshot() {
            self.snapshot_sent = None;
            return;
        }
        // The writer hears of the one on its way only when it writes. A second one would throw away
        // what the exchange knows for a moment (who asked to register) and a file of the journal;
        // one that is lost on its way to a full writer is made again after a while.
        let on_its_way = self
            .snapshot_sent
            .is_some_and(|sent| now.mono.since(sent) < SNAPSHOT_AGAIN);
        if on_its_way || self.kept.snapshot.is_some() {
            return;
        }
        self.send(now.mono);
        if !self.kept.journal.is_empty() {
            // The writer is full: older inputs would land behind the snapshot.
            return;
        }
        let mut seed = [0; 32];
        self.seeds.fill(&mut seed);
        if let Some(setup) = self.pbx.restart_point(now, seed) {
            let snapshot = Snapshot::of(&setup, &self.text);
            self.kept.snapshot = Some(snapshot.to_bytes());
            self.snapshot_sent = Some(now.mono);
        }
    }

    /// The last record, and everything to the writer.
    pub(crate) fn finish(&mut self, now: Now) {
        self.pbx.finish(now);
        while let Some(output) = self.pbx.poll() {
            if let Output::Record(record) = output {
                self.kept.records.push(record);
            }
        }
        self.live.flush();
        self.send(now.mono);
    }

    /// The news that what the exchange waits for is on the disk.
    pub(crate) fn committed(&self) -> Option<Input> {
        let awaited = self.pbx.awaited()?;
        let durable = self.writer.durable();
        (durable >= awaited).then_some(Input::Durable(durable))
    }

    /// At the end of a turn: hands over what was decided. What is to be remembered and shown
    /// gathers for a while, unless an answer waits for it, and so does what only prepares a leg.
    pub(crate) fn flush(&mut self, now: Instant) {
        let due = self.gathers_until().is_none_or(|until| until <= now);
        if self.media_due.is_some_and(|at| at <= now) {
            self.media_due = (!self.engine.flush()).then(|| now + MEDIA_AGAIN);
            self.parting.known(now);
        }
        if self.live.is_due(now) {
            self.live.flush();
        }
        if due {
            self.send(now);
        }
    }

    /// Until when what is kept need not be handed over; `None`: it is to be.
    fn gathers_until(&self) -> Option<Instant> {
        let kept = &self.kept;
        let gathers = !kept.awaited
            && kept.snapshot.is_none()
            && kept.len() < GATHER_MAX
            && kept.journal.len() < GATHER_BYTES;
        gathers.then(|| self.gather.until(self.pbx.awaited()))?
    }

    /// Hands everything to the writer; what it does not take stays.
    fn send(&mut self, now: Instant) {
        self.kept.awaited |= self.gather.hand_over(now, self.pbx.awaited());
        if self.kept.is_empty() {
            return;
        }
        if let Err(refused) = self.writer.try_send(std::mem::take(&mut self.kept)) {
            self.kept = refused.into_batch();
            self.limit_backlog();
        }
    }

    fn limit_backlog(&mut self) {
        const JOURNAL_KEPT: usize = 1 << 20;
        if self.kept.journal.len() > JOURNAL_KEPT {
            self.kept.journal.clear();
            // Said in the journal itself: a replay must not run over the gap.
            self.kept.journal_hole = true;
            self.kept.snapshot = None;
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let due = self.pbx.next_deadline().map(|(at, _)| at);
        let shown = self.live.deadline();
        let stored = self.gathers_until();
        let media = self
            .media_due
            .into_iter()
            .chain(self.parting.next_look())
            .min();
        [due, shown, stored, media].into_iter().flatten().min()
    }

    /// What the engine said without waking anybody, while legs part.
    pub(crate) fn glance(&mut self, now: Instant) -> Option<MediaEvent> {
        self.parting.look(now).then(|| self.engine.glance())?
    }

    /// When the exchange itself has something to do.
    pub(crate) fn exchange_deadline(&self) -> Option<Instant> {
        self.pbx.next_deadline().map(|(at, _)| at)
    }

    fn carry_out(&mut self, now: Instant, output: Output, outside: &mut impl Outside) {
        match output {
            Output::Connect {
                flow,
                transport,
                remote,
            } => outside.connect(flow, transport, remote),
            Output::Bytes { flow, bytes } => outside.bytes(flow, &bytes),
            Output::Datagram {
                local,
                remote,
                bytes,
            } => outside.datagram(local, remote, &bytes),
            Output::Close { flow } => outside.close(flow),
            Output::Port { port, command } => outside.port(port, command),
            Output::Media(command) => {
                // Nobody waits for a leg that has no way to or from somebody yet, nor for one that
                // is over.
                let at = match command {
                    MediaCommand::AddRtpLeg { .. } | MediaCommand::RemoveLeg { .. } => {
                        now + MEDIA_GATHER
                    }
                    _ => now,
                };
                if let MediaCommand::RemoveLeg { leg } = command {
                    self.parting.add(leg);
                }
                self.media_due = Some(self.media_due.map_or(at, |due| due.min(at)));
                self.engine.send(command);
            }
            Output::Party(id, party) => {
                self.live.party(id, &party);
                self.kept.parties.push((id, party));
            }
            Output::Record(record) => {
                self.live.record(&record);
                self.recorder.record(&record);
                self.kept.records.push(record);
            }
            Output::State(change) => {
                self.live.state(&change);
                self.kept.state.push(change);
            }
        }
    }
}
