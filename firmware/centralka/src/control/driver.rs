//! The driver of the real program: one input into `Pbx`, its outputs to whoever carries them out,
//! and both into the books. The simulation has another driver and nothing else that differs.

use std::net::SocketAddr;

use engine::EngineHandle;
use model::{Command, FlowId, Instant, Now, PortId, Transport};
use pbx::{Input, Output, Pbx};
use store::{Batch, WriterHandle};

use crate::live::Live;

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
    pub(crate) engine: EngineHandle,
    pub(crate) writer: WriterHandle,
    pub(crate) live: Live,
    pub(crate) journal: bool,
    /// What the writer did not take yet.
    pub(crate) kept: Batch,
}

impl Driver {
    /// Runs one input to its end.
    pub(crate) fn drive(&mut self, now: Now, input: Input, outside: &mut impl Outside) {
        let journal = self.journal.then(|| self.pbx.open_tape(now, &input));
        self.pbx.handle(now, input);
        let mut outputs = pbx::Fingerprint::default();
        while let Some(output) = self.pbx.poll() {
            if journal.is_some() {
                outputs.add(&output);
            }
            self.carry_out(output, outside);
        }
        if let Some(entry) = journal {
            if self.writer.wants_snapshot()
                && let Some(snapshot) = self.pbx.snapshot(now)
            {
                self.kept.snapshot = Some(snapshot);
            }
            let payload = self.pbx.close_tape(entry, outputs);
            store::journal::frame(&mut self.kept.journal, now, &payload);
        }
        self.flush();
    }

    /// Hands what is to be remembered to the writer; what it does not take stays.
    pub(crate) fn flush(&mut self) {
        if self.kept.is_empty() {
            return;
        }
        if let Err(store::Refused { batch, .. }) = self.writer.try_send(std::mem::take(&mut self.kept))
        {
            self.kept = batch;
            self.limit_backlog();
        }
    }

    fn limit_backlog(&mut self) {
        const JOURNAL_KEPT: usize = 1 << 20;
        if self.kept.journal.len() > JOURNAL_KEPT {
            self.kept.journal.clear();
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.pbx.next_deadline().map(|(at, _)| at)
    }

    fn carry_out(&mut self, output: Output, outside: &mut impl Outside) {
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
            Output::Media(command) => self.engine.command(command),
            Output::Party(id, party) => {
                self.live.party(id, &party);
                self.kept.parties.push((id, party));
            }
            Output::Record(record) => {
                self.live.record(&record);
                self.kept.records.push(record);
            }
            Output::State(change) => self.kept.state.push(change),
        }
    }

    /// A wish of the program itself.
    pub(crate) fn command(&mut self, now: Now, command: Command, outside: &mut impl Outside) {
        self.drive(now, Input::Command(command), outside);
    }
}
