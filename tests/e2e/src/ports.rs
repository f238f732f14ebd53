//! Ports that nobody uses, from the kernel.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// A UDP port that was free a moment ago, for programs that must be told one.
///
/// # Panics
/// If the machine has none.
#[must_use]
pub fn free_udp() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a UDP port is free");
    socket.local_addr().expect("it is bound").port()
}

/// A TCP port that was free a moment ago, and that the kernel gives to nobody who wants just any: what it gave to a
/// connection would not be free any more when the program that is told the port opens it.
///
/// # Panics
/// If the machine has none.
#[must_use]
pub fn free_tcp() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Below the ports for voice, and elsewhere for tests that run at the same time.
    let first = process::id() % 89 * 101;
    let found = (0..9_000).find_map(|_| {
        let next = first + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + u16::try_from(next % 9_000).expect("it is below 9000");
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        bound.is_ok().then_some(port)
    });
    found.expect("a TCP port is free")
}

/// The first of `count` ports for voice in a row, even, all free a moment ago.
///
/// # Panics
/// If the machine has none.
#[must_use]
pub fn free_voice(count: u16) -> u16 {
    let found = (0..200).find_map(|_| {
        let first = free_udp() & !1;
        let end = first.checked_add(count)?;
        let all = (first..end).map(|port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)));
        all.collect::<Result<Vec<_>, _>>().ok().map(|_| first)
    });
    found.expect("some ports in a row are free")
}

/// Whether a program has `port` open for UDP. Only looks: who tries by opening it takes it away from
/// the program that is just starting.
///
/// # Panics
/// If the kernel does not say.
#[must_use]
pub fn is_taken_udp(port: u16) -> bool {
    is_listed("/proc/net/udp", port, |_| true)
}

/// Whether a program takes connections at `port`.
///
/// # Panics
/// If the kernel does not say.
#[must_use]
pub fn listens_tcp(port: u16) -> bool {
    // State 10 is that of a listener.
    is_listed("/proc/net/tcp", port, |state| state == "0A")
}

fn is_listed(table: &str, port: u16, fits: impl Fn(&str) -> bool) -> bool {
    let table = fs::read_to_string(table).expect("Linux lists its sockets");
    let ending = format!(":{port:04X}");
    let mut sockets = table.lines().skip(1);
    sockets.any(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (local, _, state) = (words.next(), words.next(), words.next());
        local.is_some_and(|address| address.ends_with(&ending)) && state.is_some_and(&fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_port_is_none_that_the_kernel_gives_away() {
        let ports = [free_tcp(), free_tcp()];
        assert_ne!(ports[0], ports[1]);
        assert!(ports.iter().all(|port| (10_000..20_000).contains(port)));
    }

    #[test]
    fn a_port_is_taken_while_its_socket_is_open() {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a UDP port is free");
        assert!(is_taken_udp(
            socket.local_addr().expect("it is bound").port()
        ));
        assert!(!is_taken_udp(0));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a TCP port is free");
        let port = listener.local_addr().expect("it is bound").port();
        assert!(listens_tcp(port));
        drop(listener);
        assert!(!listens_tcp(port));
    }
}
