//! Opening addresses. An address that overlaps one of ours, like `10.0.0.1:5060` where `0.0.0.0:5060` is
//! open, is opened beside it, so that nothing that comes meanwhile is lost: the kernel gives what comes
//! to the more exact of the two. It allows that only when both sockets agree (`SO_REUSEPORT`, of one user).
//! A socket agrees after it was bound, never before, unless it is to stand beside one of ours: so that a
//! second exchange is still told that the address is taken.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, bind, listen, setsockopt, socket,
    sockopt,
};

/// Connections that may wait to be taken.
const BACKLOG: i32 = 1_024;

/// Whether an overlapping socket of ours is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// None: whoever has the address is a stranger.
    Nobody,
    /// One that is given up, or will be.
    Ours,
}

/// A listening TCP socket; port 0 takes any free port.
pub(crate) fn tcp(address: SocketAddr, beside: Beside) -> io::Result<TcpListener> {
    let listener = match beside {
        Beside::Nobody => TcpListener::bind(address)?,
        Beside::Ours => {
            let socket = bound_beside(address, SockType::Stream)?;
            listen(&socket, Backlog::new(BACKLOG)?)?;
            TcpListener::from(socket)
        }
    };
    agree(&listener)?;
    Ok(listener)
}

/// A UDP socket; port 0 takes any free port.
pub(crate) fn udp(address: SocketAddr, beside: Beside) -> io::Result<UdpSocket> {
    let socket = match beside {
        Beside::Nobody => UdpSocket::bind(address)?,
        Beside::Ours => UdpSocket::from(bound_beside(address, SockType::Datagram)?),
    };
    agree(&socket)?;
    Ok(socket)
}

fn bound_beside(address: SocketAddr, kind: SockType) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    let socket = socket(family, kind, SockFlag::SOCK_CLOEXEC, None)?;
    // What std's listeners have too: connections of the last minute do not keep the port.
    setsockopt(&socket, sockopt::ReuseAddr, &(kind == SockType::Stream))?;
    agree(&socket)?;
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(socket)
}

fn agree(socket: &impl AsFd) -> io::Result<()> {
    Ok(setsockopt(socket, sockopt::ReusePort, &true)?)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn at(ip: [u8; 4], port: u16) -> SocketAddr {
        SocketAddr::from((ip, port))
    }

    const ANY: [u8; 4] = [0, 0, 0, 0];
    const LOOPBACK: [u8; 4] = [127, 0, 0, 1];

    fn port_of(socket: &UdpSocket) -> u16 {
        socket.local_addr().expect("it is bound").port()
    }

    #[test]
    fn the_more_exact_address_hears_and_the_other_hears_the_rest() {
        let wide = udp(at(ANY, 0), Beside::Nobody).expect("any port");
        let port = port_of(&wide);
        let exact = udp(at(LOOPBACK, port), Beside::Ours).expect("beside it");
        let phone = UdpSocket::bind(at(LOOPBACK, 0)).expect("loopback");
        phone.send_to(b"exact", at(LOOPBACK, port)).expect("sent");
        phone
            .send_to(b"wide", at([127, 0, 0, 2], port))
            .expect("sent");
        for (socket, words) in [(&exact, &b"exact"[..]), (&wide, b"wide")] {
            let mut said = [0; 9];
            let (length, _) = socket.recv_from(&mut said).expect("loopback");
            assert_eq!(&said[..length], words);
        }
    }

    #[test]
    fn listeners_stand_beside_each_other_in_every_order() {
        for (first, second) in [(ANY, LOOPBACK), (LOOPBACK, ANY), (LOOPBACK, LOOPBACK)] {
            let old = tcp(at(first, 0), Beside::Nobody).expect("any port");
            let port = old.local_addr().expect("it is bound").port();
            let new = tcp(at(second, port), Beside::Ours).expect("beside it");
            drop(old);
            let caller = std::net::TcpStream::connect(at(LOOPBACK, port)).expect("it listens");
            let (mut taken, _) = new.accept().expect("a caller");
            drop(caller);
            assert_eq!(taken.read(&mut [0; 1]).expect("its end"), 0);
        }
    }

    #[test]
    fn who_is_not_ours_finds_the_address_taken() {
        let first = udp(at(ANY, 0), Beside::Nobody).expect("any port");
        let port = port_of(&first);
        for ip in [ANY, LOOPBACK] {
            let second = udp(at(ip, port), Beside::Nobody);
            assert_eq!(second.expect_err("taken").kind(), io::ErrorKind::AddrInUse);
        }
        let first = tcp(at(LOOPBACK, 0), Beside::Nobody).expect("any port");
        let port = first.local_addr().expect("it is bound").port();
        let second = tcp(at(ANY, port), Beside::Nobody);
        assert_eq!(second.expect_err("taken").kind(), io::ErrorKind::AddrInUse);
        // A stranger who does not agree keeps what he has, whatever we say.
        let stranger = UdpSocket::bind(at(LOOPBACK, 0)).expect("any port");
        let beside = udp(at(ANY, port_of(&stranger)), Beside::Ours);
        assert_eq!(beside.expect_err("taken").kind(), io::ErrorKind::AddrInUse);
    }
}
