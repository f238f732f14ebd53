//! A running exchange, and how it is taken down.

use std::{fs, path::PathBuf, sync::Arc, thread};

use anyhow::{Context, Result, bail};
use panel::Panel;
use store::Writer;

use crate::{desk::Desk, guard::Guard, hardware::Kept, notify, porter::Porter, socket};

/// The threads of a running exchange.
pub(crate) struct Running {
    pub(crate) control: thread::JoinHandle<std::io::Result<()>>,
    pub(crate) panel: Panel,
    pub(crate) recording: thread::JoinHandle<()>,
    pub(crate) guard: Guard,
    pub(crate) socket: socket::Server,
    pub(crate) writer: Writer,
    pub(crate) desk: Arc<Desk>,
    pub(crate) porter: Arc<Porter>,
    /// SHA-256 of the box's own authority.
    pub(crate) fingerprint: Option<String>,
    pub(crate) hardware: Kept,
    pub(crate) data: PathBuf,
}

impl Running {
    /// Waits for the end and takes everything down in order: what makes facts first, what stores
    /// them last.
    pub(crate) fn wait(self) -> Result<()> {
        let control = self.control.join();
        // Sets hang on their lifelines since the control thread dropped their ports.
        drop(self.hardware);
        notify::stopping();
        self.panel.stop();
        self.guard.stop();
        self.socket.stop();
        drop(self.desk);
        // It ended with the control thread; what it did not finish the next start does.
        let _ = self.recording.join();
        let stored = self.writer.stop();
        // Whoever finds the file finds a running exchange.
        let _ = fs::remove_file(self.data.join("listen.json"));
        match control {
            Ok(result) => result.context("the control thread")?,
            Err(_) => bail!("the control thread ended by a panic"),
        }
        stored.context("the last of the records")?;
        Ok(())
    }
}
