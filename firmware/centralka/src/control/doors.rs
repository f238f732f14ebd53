//! Sockets that come and go while the exchange runs.

use std::{io, net::SocketAddr, os::fd::AsRawFd, sync::Arc};

use mio::{Interest, Token, unix::SourceFd};

use super::{Control, LISTENERS, SOCKETS};
use crate::{
    doors::{Listener, SipSocket},
    word::SipChange,
};

/// A UDP socket, and whether it was given up: it serves the calls that began on it.
pub(crate) struct UdpDoor {
    pub(crate) socket: Arc<SipSocket>,
    leaving: bool,
}

impl Control {
    /// Closes old listeners and marks old UDP sockets, then watches new ones. These are bound already, so
    /// that nobody finds a closed door.
    pub(crate) fn change_doors(&mut self, change: SipChange) {
        for (udp, address) in change.close {
            if udp {
                let doors = self.sockets.values_mut();
                for door in doors.filter(|door| door.socket.bound() == address) {
                    door.leaving = true;
                }
            } else {
                self.close_listener(address);
            }
        }
        for socket in change.udp {
            if let Err(error) = self.open_udp(socket) {
                tracing::error!(%error, "a SIP socket cannot be watched");
            }
        }
        for listener in change.listeners {
            if let Err(error) = self.open_listener(listener) {
                tracing::error!(%error, "a SIP listener cannot be watched");
            }
        }
        self.close_left();
        // Nobody waits any more if this fails.
        let _ = change.done.try_send(());
    }

    /// Listens on a socket; one that was given up and is wanted again stays.
    pub(crate) fn open_udp(&mut self, socket: Arc<SipSocket>) -> io::Result<()> {
        let mut doors = self.sockets.values_mut();
        if let Some(door) = doors.find(|door| Arc::ptr_eq(&door.socket, &socket)) {
            door.leaving = false;
            return Ok(());
        }
        let at = free_place(|at| self.sockets.contains_key(&at));
        let fd = socket.std().as_raw_fd();
        let registry = self.poll.registry();
        registry.register(&mut SourceFd(&fd), Token(SOCKETS + at), Interest::READABLE)?;
        let leaving = false;
        self.sockets.insert(at, UdpDoor { socket, leaving });
        Ok(())
    }

    pub(crate) fn open_listener(&mut self, mut listener: Listener) -> io::Result<()> {
        let at = free_place(|at| self.listeners.contains_key(&at));
        let token = Token(LISTENERS + at);
        let registry = self.poll.registry();
        registry.register(&mut listener.socket, token, Interest::READABLE)?;
        self.listeners.insert(at, listener);
        Ok(())
    }

    fn close_listener(&mut self, address: SocketAddr) {
        let mut listeners = self.listeners.iter();
        let found = listeners.find(|(_, listener)| listener.bound == address);
        let Some(at) = found.map(|(&at, _)| at) else {
            return;
        };
        // Connections that wait in it are answered by their own streams.
        self.accept(at);
        if let Some(mut listener) = self.listeners.remove(&at) {
            let _ = self.poll.registry().deregister(&mut listener.socket);
        }
    }

    /// Closes UDP sockets that were given up and that no call uses any more.
    pub(crate) fn close_left(&mut self) {
        let unused =
            |door: &UdpDoor| door.leaving && !self.driver.pbx.speaks_from(door.socket.bound());
        let left = self.sockets.iter().filter(|(_, door)| unused(door));
        let left: Vec<usize> = left.map(|(&at, _)| at).collect();
        for at in left {
            if let Some(door) = self.sockets.remove(&at) {
                let fd = door.socket.std().as_raw_fd();
                let _ = self.poll.registry().deregister(&mut SourceFd(&fd));
                tracing::info!(address = %door.socket.bound(), "closed, no call uses it any more");
            }
        }
    }
}

/// The lowest place that is not taken; the configuration limits how many are.
fn free_place(taken: impl Fn(usize) -> bool) -> usize {
    (0..).find(|at| !taken(*at)).unwrap_or(usize::MAX)
}
