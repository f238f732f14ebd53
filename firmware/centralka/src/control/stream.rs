//! One SIP connection over TCP or TLS: bytes in, bytes out, never blocking.

use std::{
    io::{self, Read, Write},
    net::SocketAddr,
    sync::Arc,
};

use mio::net::TcpStream;
use model::{Instant, Transport};
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

/// Bytes that may wait for a slow peer before the connection is given up.
const BACKLOG_MAX: usize = 1 << 20;

/// What reading brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// The connection goes on.
    Alive,
    /// The peer closed, broke the protocol, or is too slow.
    Dead,
}

/// A connection from its first byte to its last.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) socket: TcpStream,
    tls: Option<Box<Connection>>,
    /// Bytes that the socket did not take yet.
    backlog: Vec<u8>,
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) transport: Transport,
    /// Whether the exchange was told; TLS is told after its handshake.
    pub(crate) announced: bool,
    /// Until when that must be.
    pub(crate) deadline: Instant,
}

impl Stream {
    /// Bytes read in one go, so that one busy peer does not starve the others.
    pub(crate) const READ_MAX: usize = 64 << 10;

    /// A connection that a peer made to us.
    pub(crate) fn accepted(
        socket: TcpStream,
        remote: SocketAddr,
        tls: Option<&Arc<ServerConfig>>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let tls = match tls {
            Some(config) => {
                let server = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Some(Box::new(Connection::Server(server)))
            }
            None => None,
        };
        Self::new(socket, remote, tls, deadline)
    }

    /// A connection that we are making to a peer.
    pub(crate) fn connecting(
        remote: SocketAddr,
        tls: Option<&Arc<ClientConfig>>,
        deadline: Instant,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect(remote)?;
        let tls = match tls {
            Some(config) => {
                let name = rustls::pki_types::ServerName::IpAddress(remote.ip().into());
                let client =
                    ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
                Some(Box::new(Connection::Client(client)))
            }
            None => None,
        };
        Self::new(socket, remote, tls, deadline)
    }

    fn new(
        socket: TcpStream,
        remote: SocketAddr,
        tls: Option<Box<Connection>>,
        deadline: Instant,
    ) -> io::Result<Self> {
        // SIP messages are whole when written; waiting for more only delays them.
        let _ = socket.set_nodelay(true);
        let local = socket.local_addr()?;
        let transport = if tls.is_some() {
            Transport::Tls
        } else {
            Transport::Tcp
        };
        Ok(Self {
            socket,
            tls,
            backlog: Vec::new(),
            local,
            remote,
            transport,
            announced: false,
            deadline,
        })
    }

    /// Whether SIP can travel: connected, and the handshake done.
    pub(crate) fn is_ready(&self) -> bool {
        let connected = self.socket.peer_addr().is_ok();
        connected && self.tls.as_ref().is_none_or(|tls| !tls.is_handshaking())
    }

    /// Reads what is there into `plain`.
    pub(crate) fn read(&mut self, plain: &mut Vec<u8>) -> Progress {
        let result = match &mut self.tls {
            None => read_plain(&mut self.socket, plain),
            Some(tls) => read_tls(tls, &mut self.socket, plain),
        };
        match result {
            Ok(progress) => self.flush_after(progress),
            Err(error) => {
                // What TLS has to say about the fault (an alert) still goes out.
                let _ = self.flush();
                tracing::debug!(remote = %self.remote, %error, "connection lost");
                Progress::Dead
            }
        }
    }

    fn flush_after(&mut self, progress: Progress) -> Progress {
        match self.flush() {
            Ok(()) => progress,
            Err(_) => Progress::Dead,
        }
    }

    /// Hands bytes in; what the socket does not take waits.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Progress {
        match &mut self.tls {
            None => self.backlog.extend_from_slice(bytes),
            Some(tls) => {
                if tls.writer().write_all(bytes).is_err() {
                    return Progress::Dead;
                }
            }
        }
        if self.backlog.len() > BACKLOG_MAX {
            tracing::warn!(remote = %self.remote, "peer reads too slowly, connection closed");
            return Progress::Dead;
        }
        self.flush_after(Progress::Alive)
    }

    /// Sends what waits, as far as the socket takes it.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                match tls.write_tls(&mut self.socket) {
                    Ok(_) => {}
                    Err(e) if would_block(&e) => return Ok(()),
                    Err(e) => return Err(e),
                }
            }
            return Ok(());
        }
        while !self.backlog.is_empty() {
            match self.socket.write(&self.backlog) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => drop(self.backlog.drain(..n)),
                Err(e) if would_block(&e) => return Ok(()),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Says goodbye where the protocol has a word for it.
    pub(crate) fn close(&mut self) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        let _ = self.flush();
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }
}

/// Not yet: the socket is full, or the connection is still being made.
fn would_block(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::NotConnected
    )
}

fn read_plain(socket: &mut TcpStream, plain: &mut Vec<u8>) -> io::Result<Progress> {
    let mut chunk = [0; 4_096];
    while plain.len() < Stream::READ_MAX {
        match socket.read(&mut chunk) {
            Ok(0) => return Ok(Progress::Dead),
            Ok(n) => plain.extend_from_slice(&chunk[..n]),
            Err(e) if would_block(&e) => return Ok(Progress::Alive),
            Err(e) => return Err(e),
        }
    }
    Ok(Progress::Alive)
}

fn read_tls(
    tls: &mut Connection,
    socket: &mut TcpStream,
    plain: &mut Vec<u8>,
) -> io::Result<Progress> {
    let mut chunk = [0; 4_096];
    while plain.len() < Stream::READ_MAX {
        match tls.read_tls(socket) {
            Ok(0) => return Ok(Progress::Dead),
            Ok(_) => {}
            Err(e) if would_block(&e) => return Ok(Progress::Alive),
            Err(e) => return Err(e),
        }
        tls.process_new_packets().map_err(io::Error::other)?;
        loop {
            match tls.reader().read(&mut chunk) {
                Ok(0) => return Ok(Progress::Dead),
                Ok(n) => plain.extend_from_slice(&chunk[..n]),
                Err(e) if would_block(&e) => break,
                Err(e) => return Err(e),
            }
        }
    }
    Ok(Progress::Alive)
}
