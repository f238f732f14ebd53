//! Listeners and connections: limits in number and time, TLS, and an orderly end.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr, TcpListener as StdListener},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::Ordering,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    authority::Authority,
    desk::{Clock, Desk, Figures, Given},
    exchange::Exchange,
    feed::Feed,
    guard::Peer,
    routes,
    vault::Vault,
    web_phones::WebPhones,
};

/// Connections at once.
pub const CONNECTIONS_MAX: u32 = 512;
/// Connections of one address at once: an office behind one address has many open pages.
pub const CONNECTIONS_PER_ADDRESS_MAX: u32 = 128;
/// A request's head, and a TLS handshake, must be there within this time.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(15);
/// Bytes of a request's head.
const HEAD_BYTES_MAX: usize = 32 * 1_024;
/// Headers of a request.
const HEADERS_MAX: usize = 64;
/// Threads that run the panel.
const WORKERS: usize = 2;
/// Threads for what may block: database reads, password hashing.
const BLOCKING_THREADS_MAX: usize = 8;

/// Everything the panel is handed.
pub struct PanelParts {
    /// Bound listeners for http; port 0 is the binder's business.
    pub http: Vec<StdListener>,
    /// Bound listeners for https; they need `tls`.
    pub https: Vec<StdListener>,
    /// Certificate and settings of https; ALPN should be `http/1.1`.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The exchange.
    pub exchange: Arc<dyn Exchange>,
    /// The live state, told by the exchange.
    pub feed: Arc<Feed>,
    /// Durable secrets.
    pub vault: Arc<dyn Vault>,
    /// The program's clock.
    pub clock: Clock,
    /// The program's version, shown to people who are signed in.
    pub version: String,
    /// Where browsers lead that are phones; `None`: there is no `/sip`.
    pub phones: Option<WebPhones>,
    /// The box's own authority, to be offered for download; `None`: the office brought its own.
    pub authority: Option<Authority>,
}

/// The running panel. Dropping it stops it.
#[derive(Debug)]
pub struct Panel {
    stop: watch::Sender<bool>,
    moves: Moves,
    thread: Option<thread::JoinHandle<()>>,
}

/// A way to change where a running panel listens; clones lead to the same panel.
#[derive(Clone, Debug)]
pub struct Moves(mpsc::Sender<Move>);

/// Changes of address that may wait: one administrator saves at a time.
const MOVES_WAITING: usize = 4;

/// Listeners to open, addresses to close, and who waits for it.
#[derive(Debug)]
struct Move {
    http: Vec<StdListener>,
    https: Vec<StdListener>,
    close: Vec<SocketAddr>,
    done: SyncSender<()>,
}

impl Moves {
    /// Listens no longer on the addresses `close`, but on these bound listeners. Connections
    /// and requests in progress go on. Waits until it is done, at most 2 s; not for the panel's own
    /// asynchronous code.
    ///
    /// # Errors
    /// When a listener cannot be used, or the panel is stopping.
    pub fn change(
        &self,
        http: Vec<StdListener>,
        https: Vec<StdListener>,
        close: Vec<SocketAddr>,
    ) -> io::Result<()> {
        for listener in http.iter().chain(&https) {
            listener.set_nonblocking(true)?;
        }
        let (done, wait) = sync_channel(1);
        let wish = Move {
            http,
            https,
            close,
            done,
        };
        let busy = |_| io::Error::other("the panel is busy or stopping");
        self.0.try_send(wish).map_err(busy)?;
        wait.recv_timeout(Duration::from_secs(2))
            .map_err(|_| io::Error::other("the panel does not answer"))
    }
}

impl Panel {
    /// The way to change where it listens.
    #[must_use]
    pub fn moves(&self) -> Moves {
        self.moves.clone()
    }

    /// Refuses new connections, lets requests in progress end, and waits for it, at most about 3 s.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the panel's thread ended by a panic");
        }
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts the panel on threads of its own.
///
/// # Errors
/// When the vault cannot be read, https is asked for without `tls`, or no thread can be started.
pub fn serve(parts: PanelParts) -> io::Result<Panel> {
    let (stop, stopping) = watch::channel(false);
    if parts.tls.is_none() && !parts.https.is_empty() {
        return Err(io::Error::other("https listeners need a certificate"));
    }
    for listener in parts.http.iter().chain(&parts.https) {
        listener.set_nonblocking(true)?;
    }
    let desk = Desk::new(
        parts.exchange,
        parts.feed,
        parts.vault,
        parts.clock,
        Given {
            version: parts.version,
            phones: parts.phones,
            authority: parts.authority,
        },
        stopping.clone(),
    )
    .map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .thread_name("panel")
        .enable_io()
        .enable_time()
        .build()?;
    let front = Front {
        router: routes::router(desk.clone()),
        desk,
        gate: Arc::new(Gate::default()),
        stopping,
    };
    let listeners = Listeners {
        front,
        acceptor: parts.tls.map(TlsAcceptor::from),
        open: BTreeMap::new(),
    };
    let (http, https) = (parts.http, parts.https);
    let (moves, wishes) = mpsc::channel(MOVES_WAITING);
    let thread = thread::Builder::new().name("panel".into()).spawn(move || {
        runtime.block_on(listeners.run(http, https, wishes));
        runtime.shutdown_timeout(Duration::from_secs(1));
    })?;
    Ok(Panel {
        stop,
        moves: Moves(moves),
        thread: Some(thread),
    })
}

#[derive(Clone)]
struct Front {
    router: Router,
    desk: Desk,
    gate: Arc<Gate>,
    stopping: watch::Receiver<bool>,
}

/// Where the panel listens, and who takes the connections there.
struct Listeners {
    front: Front,
    acceptor: Option<TlsAcceptor>,
    open: BTreeMap<SocketAddr, JoinHandle<()>>,
}

impl Listeners {
    async fn run(
        mut self,
        http: Vec<StdListener>,
        https: Vec<StdListener>,
        mut wishes: mpsc::Receiver<Move>,
    ) {
        self.listen(http, https);
        let mut stopping = self.front.stopping.clone();
        loop {
            let wish = tokio::select! {
                wish = wishes.recv() => wish,
                () = stopped(&mut stopping) => None,
            };
            let Some(wish) = wish else { break };
            // The new ones are bound already, so that nobody finds a closed door.
            for address in wish.close {
                self.close(address).await;
            }
            self.listen(wish.http, wish.https);
            // Who wished it may have given up waiting.
            let _ = wish.done.try_send(());
        }
        // All places free: the last connection has ended.
        let _ = timeout(
            Duration::from_secs(2),
            self.front.gate.places.acquire_many(CONNECTIONS_MAX),
        )
        .await;
    }

    fn listen(&mut self, http: Vec<StdListener>, https: Vec<StdListener>) {
        let plain = http.into_iter().map(|listener| (listener, None));
        let secure = https.into_iter().map(|l| (l, self.acceptor.clone()));
        for (listener, acceptor) in plain.chain(secure).collect::<Vec<_>>() {
            let bound = listener.local_addr();
            match bound.and_then(|bound| Ok((bound, TcpListener::from_std(listener)?))) {
                Ok((bound, listener)) => {
                    let task = tokio::spawn(self.front.clone().accept(listener, acceptor));
                    self.open.insert(bound, task);
                }
                Err(error) => tracing::error!(%error, "a listener of the panel cannot be used"),
            }
        }
    }

    /// Ends the task that takes connections; those it took have tasks of their own.
    async fn close(&mut self, address: SocketAddr) {
        if let Some(task) = self.open.remove(&address) {
            task.abort();
            // The error says that it was aborted.
            let _ = task.await;
        }
    }
}

/// Returns when the panel is to stop.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error would mean that the panel's handle is gone, which stops it too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

impl Front {
    async fn accept(self, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
        let mut stopping = self.stopping.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stopping) => return,
            };
            match accepted {
                Ok((stream, address)) => match self.gate.enter(address.ip()) {
                    Some(place) => {
                        tokio::spawn(self.clone().connection(
                            stream,
                            address,
                            acceptor.clone(),
                            place,
                        ));
                    }
                    None => Figures::count(&self.desk.figures.connections_refused),
                },
                Err(error) => {
                    // Out of descriptors or memory: others must end first.
                    tracing::warn!(%error, "the panel could not accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn connection(
        self,
        stream: TcpStream,
        address: SocketAddr,
        acceptor: Option<TlsAcceptor>,
        place: Place,
    ) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        let place = Arc::new(place);
        let peer = |secure| Peer {
            address,
            local,
            secure,
        };
        let open = &self.desk.figures.connections;
        open.fetch_add(1, Ordering::Relaxed);
        // Latency matters more than a packet saved; without it the answer is only later.
        let _ = stream.set_nodelay(true);
        match acceptor {
            None => self.talk(stream, peer(false), place).await,
            Some(acceptor) => match timeout(HEAD_TIME_MAX, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.talk(stream, peer(true), place).await,
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake of the panel failed"),
                Err(_) => tracing::debug!("TLS handshake of the panel took too long"),
            },
        }
        open.fetch_sub(1, Ordering::Relaxed);
    }

    async fn talk<S>(&self, stream: S, peer: Peer, place: Arc<Place>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(Arc::clone(&place));
            hyper::service::Service::call(&service, request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let mut stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = stopped(&mut stopping) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection of the panel broke");
        }
    }
}

/// Counts connections, in all and by address.
#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    by_address: Arc<Mutex<BTreeMap<IpAddr, u32>>>,
}

/// A place taken by a connection; free again when dropped.
pub(crate) struct Place {
    address: IpAddr,
    by_address: Arc<Mutex<BTreeMap<IpAddr, u32>>>,
    _place: OwnedSemaphorePermit,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(CONNECTIONS_MAX as usize)),
            by_address: Arc::default(),
        }
    }
}

impl Gate {
    fn enter(&self, address: IpAddr) -> Option<Place> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let mut counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS_MAX {
            return None;
        }
        *count += 1;
        Some(Place {
            address,
            by_address: self.by_address.clone(),
            _place: place,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self
            .by_address
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let gate = Gate::default();
        let address = IpAddr::from([10, 0, 0, 1]);
        let places: Vec<Place> = std::iter::from_fn(|| gate.enter(address)).collect();
        assert_eq!(places.len() as u32, CONNECTIONS_PER_ADDRESS_MAX);
        assert!(gate.enter(IpAddr::from([10, 0, 0, 2])).is_some());
        drop(places);
        assert!(gate.enter(address).is_some());
        assert_eq!(gate.places.available_permits() as u32, CONNECTIONS_MAX);
    }
}
