//! `DATA/control.sock`: the command line talks to the running exchange, one JSON line each way. Only
//! who may open the data folder can.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::desk::{Answer, Ask, Desk};

/// The socket's name in the data folder.
const FILE: &str = "control.sock";
/// Longest question: a whole configuration text, escaped.
const ASK_BYTES_MAX: u64 = 2 * model::limits::CONFIG_TEXT_MAX as u64;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);

/// The listening thread.
pub(crate) struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Server {
    /// Opens the socket; one left by a dead process is replaced (the store's lock keeps a second
    /// living one away).
    pub(crate) fn start(data: &Path, desk: Arc<Desk>) -> Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = data.join(FILE);
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("{} cannot be opened", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("socket".into())
            .spawn(move || serve(&listener, &desk, &stopping))?;
        Ok(Self { path, stop, thread })
    }

    /// Ends the thread and takes the socket away.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        // The thread waits for a caller: be one.
        let _ = UnixStream::connect(&self.path);
        let _ = self.thread.join();
        let _ = fs::remove_file(&self.path);
    }
}

fn serve(listener: &UnixListener, desk: &Desk, stopping: &AtomicBool) {
    for caller in listener.incoming() {
        if stopping.load(Ordering::Acquire) {
            return;
        }
        if let Ok(caller) = caller
            && let Err(error) = talk(caller, desk)
        {
            tracing::debug!(%error, "the command line went away");
        }
    }
}

fn talk(caller: UnixStream, desk: &Desk) -> Result<()> {
    caller.set_read_timeout(Some(PATIENCE))?;
    caller.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new((&caller).take(ASK_BYTES_MAX)).read_line(&mut line)?;
    let answer: Answer = match serde_json::from_str::<Ask>(&line) {
        Ok(ask) => desk.answer(ask),
        Err(error) => Err(format!("not a question: {error}")),
    };
    let mut bytes = serde_json::to_vec(&answer)?;
    bytes.push(b'\n');
    (&caller).write_all(&bytes)?;
    Ok(())
}

/// Asks the exchange that runs on `data`; `None` when none does.
pub(crate) fn ask(data: &Path, ask: &Ask) -> Result<Option<serde_json::Value>> {
    let path = data.join(FILE);
    let Ok(server) = UnixStream::connect(&path) else {
        return Ok(None);
    };
    server.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = serde_json::to_vec(ask)?;
    bytes.push(b'\n');
    (&server).write_all(&bytes)?;
    let mut line = String::new();
    BufReader::new(&server).read_line(&mut line)?;
    match serde_json::from_str::<Answer>(&line).context("the exchange gave no answer")? {
        Ok(value) => Ok(Some(value)),
        Err(words) => bail!(words),
    }
}
