//! Claim codes: the one of the first start, and those that the button for recovery makes later.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use anyhow::Result;
use model::{ClaimStep, Command, Instant, Random};
use store::{Reader, Store};

use crate::{
    clock::Clock,
    tls,
    word::{Mouth, Word},
};

/// The file that shows the claim code until it is used.
pub(crate) const CLAIM_FILE: &str = "claim-code";
/// How long a code of the button is good.
const GOOD: Duration = Duration::from_secs(30 * 60);

/// Until when a claim code counts although somebody can sign in.
#[derive(Debug, Default)]
pub(crate) struct Window(Mutex<Option<Instant>>);

impl Window {
    fn open(&self, until: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    pub(crate) fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn is_open(&self, now: Instant) -> bool {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| now < until)
    }
}

/// The code that makes the first administrator, made at the first start and shown until used. One that the button
/// made does not outlive the program.
pub(crate) fn first_code(
    store: &Store,
    data: &Path,
    secret: &mut Random,
) -> Result<Option<String>> {
    let file = data.join(CLAIM_FILE);
    if store.has_login()? {
        forget(&file);
        return Ok(None);
    }
    if let Ok(code) = fs::read_to_string(&file) {
        return Ok(Some(code.trim().to_owned()));
    }
    let code = new_code(secret);
    tls::write_private(&file, format!("{code}\n").as_bytes())?;
    Ok(Some(code))
}

/// Letters and digits that nobody confuses; 40 bits, guessed once in ten thousand years at the
/// panel's rate.
fn new_code(secret: &mut Random) -> String {
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut code = String::new();
    for at in 0..8 {
        if at == 4 {
            code.push('-');
        }
        let letter = usize::try_from(secret.below(32)).unwrap_or(0);
        code.push(char::from(ALPHABET[letter]));
    }
    code
}

fn forget(file: &Path) {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            tracing::error!(%error, "the file of an old claim code cannot be removed; it counts no more");
        }
        Ok(()) | Err(_) => {}
    }
}

/// The way to the thread that makes codes. Its owner asks and never waits.
#[derive(Clone, Debug)]
pub(crate) struct Recovery(SyncSender<()>);

impl Recovery {
    /// The button was held.
    pub(crate) fn wanted(&self) {
        // One that waits already is as good.
        let _ = self.0.try_send(());
    }
}

/// What the thread needs.
pub(crate) struct Maker {
    pub(crate) data: PathBuf,
    pub(crate) reader: Reader,
    pub(crate) secret: Random,
    pub(crate) mouth: Mouth,
    pub(crate) clock: Clock,
    pub(crate) window: Arc<Window>,
}

impl Maker {
    /// Starts the thread; it ends with the last [`Recovery`].
    pub(crate) fn start(self) -> std::io::Result<Recovery> {
        let (wish, wishes) = sync_channel(1);
        thread::Builder::new()
            .name("recovery".into())
            .spawn(move || self.run(&wishes))?;
        Ok(Recovery(wish))
    }

    fn run(mut self, wishes: &Receiver<()>) {
        let mut until: Option<Instant> = None;
        loop {
            let wish = match until {
                None => wishes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(end) => wishes.recv_timeout(end.since(self.clock.now().mono)),
            };
            match wish {
                Ok(()) => match self.make() {
                    Ok(made) => until = made,
                    Err(error) => tracing::error!(%error, "no claim code could be made"),
                },
                Err(RecvTimeoutError::Timeout) => {
                    self.end();
                    until = None;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if until.is_some() {
                        self.end();
                    }
                    return;
                }
            }
        }
    }

    /// A new code, and until when it is good; none where nobody was administrator yet: that one's stays.
    fn make(&mut self) -> Result<Option<Instant>> {
        let file = self.data.join(CLAIM_FILE);
        if !self.reader.has_login()? {
            let code = fs::read_to_string(&file)?;
            show(code.trim());
            return Ok(None);
        }
        let code = new_code(&mut self.secret);
        tls::write_private(&file, format!("{code}\n").as_bytes())?;
        let until = self.clock.now().mono + GOOD;
        self.window.open(until);
        show(&code);
        self.mouth
            .insist(Word::Command(Command::Claim(ClaimStep::Made)))?;
        Ok(Some(until))
    }

    /// It is not good any more, used or not.
    fn end(&self) {
        self.window.close();
        forget(&self.data.join(CLAIM_FILE));
    }
}

#[expect(clippy::print_stdout, reason = "the console is who this is for")]
fn show(code: &str) {
    tracing::warn!(
        minutes = GOOD.as_secs() / 60,
        "the button for recovery was held: there is a claim code on the console and in the file claim-code"
    );
    println!("claim code: {code}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_by_itself_and_by_use() {
        let (window, now) = (Window::default(), Instant::from_millis(5_000));
        assert!(!window.is_open(now));
        window.open(now + GOOD);
        assert!(window.is_open(now + (GOOD - Duration::from_secs(1))));
        assert!(!window.is_open(now + GOOD), "good for half an hour");
        window.close();
        assert!(!window.is_open(now), "good once");
    }
}
