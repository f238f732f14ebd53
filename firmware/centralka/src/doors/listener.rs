//! Ports on which phones connect by TCP or TLS.

use std::{io, net::SocketAddr};

use mio::net::{TcpListener, TcpStream};

use super::bind::{self, Beside};

/// A bound port.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) bound: SocketAddr,
    pub(crate) secure: bool,
}

impl Listener {
    /// Binds `address`; port 0 takes any free port.
    pub(crate) fn bind(address: SocketAddr, secure: bool, beside: Beside) -> io::Result<Self> {
        let socket = bind::tcp(address, beside)?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?;
        Ok(Self {
            socket: TcpListener::from_std(socket),
            bound,
            secure,
        })
    }

    /// The next connection that waits, if one does. A connection that broke before it was taken is
    /// passed over.
    pub(crate) fn accept(&self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        loop {
            match self.socket.accept() {
                Ok(taken) => return Ok(Some(taken)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(e)
                    if matches!(
                        e.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(e) => return Err(e),
            }
        }
    }
}
