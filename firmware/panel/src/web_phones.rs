//! Browsers as phones: SIP over WebSocket (RFC 7118) between the panel's listeners and the control
//! thread, which sees a connection like any other. Both ways are bounded queues: a browser that talks
//! faster than the exchange listens waits, one that reads too slowly is closed.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket, close_code},
};
use model::limits;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval_at, timeout},
};

use crate::server::stopped;

/// A browser hears a ping so often; one that answered none of two is gone.
const PING_EVERY: Duration = Duration::from_secs(30);
/// A browser must take a message within this time.
const WRITE_TIME_MAX: Duration = Duration::from_secs(10);

/// What a browser brought.
#[derive(Debug)]
pub enum WebPhoneWord {
    /// It is connected.
    Opened {
        /// Which browser; never used again.
        number: u64,
        /// Whether nobody in between can read along.
        secure: bool,
        /// Our address.
        local: SocketAddr,
        /// Theirs.
        remote: SocketAddr,
        /// The way back. Dropping it ends the connection.
        line: WebLine,
    },
    /// One message, never empty.
    Said {
        /// Which browser.
        number: u64,
        /// The message, at most `limits::SIP_MESSAGE_MAX` bytes.
        bytes: Vec<u8>,
    },
    /// It is gone.
    Closed {
        /// Which browser.
        number: u64,
    },
}

/// The way to one browser.
#[derive(Debug)]
pub struct WebLine(mpsc::Sender<Vec<u8>>);

/// A browser is gone, or too slow for what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the browser is gone or reads too slowly")]
pub struct LineLost;

impl WebLine {
    /// Sends one message; never waits.
    ///
    /// # Errors
    /// [`LineLost`]: the line is of no use any more and is to be dropped.
    pub fn send(&self, message: Vec<u8>) -> Result<(), LineLost> {
        self.0.try_send(message).map_err(|_| LineLost)
    }
}

/// The end of the exchange: what browsers say.
#[derive(Debug)]
pub struct WebInbox(mpsc::Receiver<WebPhoneWord>);

impl WebInbox {
    /// The next word, if there is one; never waits.
    pub fn next_word(&mut self) -> Option<WebPhoneWord> {
        self.0.try_recv().ok()
    }
}

/// The end of the panel.
#[derive(Clone)]
pub struct WebPhones {
    words: mpsc::Sender<WebPhoneWord>,
    wake: Arc<dyn Fn() + Send + Sync>,
    numbers: Arc<AtomicU64>,
    places: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

/// Both ends of the queue. `wake` is called after every word, on threads of the panel, and must not
/// block.
#[must_use]
pub fn web_phones(wake: impl Fn() + Send + Sync + 'static) -> (WebPhones, WebInbox) {
    let (words, inbox) = mpsc::channel(limits::WEB_PHONE_QUEUE);
    let phones = WebPhones {
        words,
        wake: Arc::new(wake),
        numbers: Arc::default(),
        places: Arc::default(),
    };
    (phones, WebInbox(inbox))
}

/// A place taken by a browser; free again when dropped.
pub(crate) struct WebPlace {
    address: IpAddr,
    places: Arc<Mutex<BTreeMap<IpAddr, usize>>>,
}

impl Drop for WebPlace {
    fn drop(&mut self) {
        let mut places = locked(&self.places);
        if let Some(count) = places.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.address);
            }
        }
    }
}

fn locked(places: &Mutex<BTreeMap<IpAddr, usize>>) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The two ends of a browser's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    pub(crate) secure: bool,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
}

impl WebPhones {
    /// How many browsers are connected.
    pub(crate) fn count(&self) -> usize {
        locked(&self.places).values().sum()
    }

    /// A place for one browser more; `None` at the limit of all, or of one address.
    pub(crate) fn enter(&self, address: IpAddr) -> Option<WebPlace> {
        let mut places = locked(&self.places);
        if places.values().sum::<usize>() >= limits::WEB_PHONES {
            return None;
        }
        let count = places.entry(address).or_default();
        if *count >= limits::WEB_PHONES_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(WebPlace {
            address,
            places: Arc::clone(&self.places),
        })
    }

    /// Carries a browser's messages until one side ends it.
    pub(crate) async fn carry(
        &self,
        mut socket: WebSocket,
        ends: Ends,
        mut stopping: watch::Receiver<bool>,
        _place: WebPlace,
    ) {
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let (line, messages) = mpsc::channel(limits::WEB_PHONE_BACKLOG);
        let opened = WebPhoneWord::Opened {
            number,
            secure: ends.secure,
            local: ends.local,
            remote: ends.remote,
            line: WebLine(line),
        };
        if !self.say(opened).await {
            return;
        }
        let reason = self
            .talk(&mut socket, number, messages, &mut stopping)
            .await;
        self.say(WebPhoneWord::Closed { number }).await;
        let goodbye = CloseFrame {
            code: reason,
            reason: "".into(),
        };
        // Whoever is gone already does not hear it.
        let _ = send(&mut socket, Message::Close(Some(goodbye))).await;
    }

    /// The conversation; the code to close with.
    async fn talk(
        &self,
        socket: &mut WebSocket,
        number: u64,
        mut messages: mpsc::Receiver<Vec<u8>>,
        stopping: &mut watch::Receiver<bool>,
    ) -> u16 {
        let mut pings = interval_at(tokio::time::Instant::now() + PING_EVERY, PING_EVERY);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut unanswered = 0;
        loop {
            tokio::select! {
                heard = socket.recv() => {
                    unanswered = 0;
                    let bytes = match heard {
                        Some(Ok(Message::Text(text))) => Bytes::from(text).to_vec(),
                        Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                        Some(Ok(Message::Close(_))) | None => return close_code::NORMAL,
                        Some(Err(_)) => return close_code::PROTOCOL,
                    };
                    let word = WebPhoneWord::Said { number, bytes };
                    if !word.is_empty() && !self.say(word).await {
                        return close_code::AWAY;
                    }
                }
                message = messages.recv() => {
                    // The exchange let go of the line.
                    let Some(message) = message else { return close_code::POLICY };
                    if !send(socket, framed(message)).await {
                        return close_code::AGAIN;
                    }
                }
                _ = pings.tick() => {
                    unanswered += 1;
                    if unanswered > 2 || !send(socket, Message::Ping(Bytes::new())).await {
                        return close_code::AWAY;
                    }
                }
                () = stopped(stopping) => return close_code::RESTART,
            }
        }
    }

    /// Waits while the exchange is busy; `false` when it is gone.
    async fn say(&self, word: WebPhoneWord) -> bool {
        let heard = self.words.send(word).await.is_ok();
        (self.wake)();
        heard
    }
}

impl WebPhoneWord {
    const fn is_empty(&self) -> bool {
        matches!(self, Self::Said { bytes, .. } if bytes.is_empty())
    }
}

async fn send(socket: &mut WebSocket, message: Message) -> bool {
    matches!(
        timeout(WRITE_TIME_MAX, socket.send(message)).await,
        Ok(Ok(()))
    )
}

/// SIP is text; only a body may be something else (RFC 7118 §5.2 allows both).
fn framed(message: Vec<u8>) -> Message {
    match String::from_utf8(message) {
        Ok(text) => Message::Text(text.into()),
        Err(other) => Message::Binary(other.into_bytes().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places_and_gets_its_own_back() {
        let (phones, _inbox) = web_phones(|| {});
        let address = |last| IpAddr::from([10, 0, 0, last]);
        let places: Vec<WebPlace> = std::iter::from_fn(|| phones.enter(address(1))).collect();
        assert_eq!(places.len(), limits::WEB_PHONES_PER_ADDRESS);
        let others: Vec<WebPlace> = (2..=9)
            .flat_map(|last| std::iter::from_fn(move || Some(last)).take(64))
            .filter_map(|last| phones.enter(address(last)))
            .collect();
        assert_eq!(places.len() + others.len(), limits::WEB_PHONES);
        assert!(phones.enter(address(200)).is_none());
        drop(places);
        assert!(phones.enter(address(1)).is_some());
        drop(others);
        assert_eq!(phones.count(), 0);
    }

    #[test]
    fn a_browser_that_reads_nothing_loses_its_line() {
        let (sender, mut receiver) = mpsc::channel(limits::WEB_PHONE_BACKLOG);
        let line = WebLine(sender);
        let sent = std::iter::from_fn(|| line.send(b"SIP/2.0 100".to_vec()).ok()).count();
        assert_eq!(sent, limits::WEB_PHONE_BACKLOG);
        assert_eq!(line.send(b"more".to_vec()), Err(LineLost));
        receiver.close();
        assert_eq!(line.send(Vec::new()), Err(LineLost));
    }
}
