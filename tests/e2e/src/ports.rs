//! Ports that nobody uses, from the kernel.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, UdpSocket},
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

/// A TCP port that was free a moment ago.
///
/// # Panics
/// If the machine has none.
#[must_use]
pub fn free_tcp() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a TCP port is free");
    socket.local_addr().expect("it is bound").port()
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
