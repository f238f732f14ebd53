//! What it costs to be woken by a datagram and to answer it, and nothing else: the floor under every exchange that
//! gets one message at a time. `wake_cost [SECONDS]`, release build; figures stand in `tests/bench/RESULTS.md`.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::net::{Ipv4Addr, UdpSocket};
use std::thread;
use std::time::Duration;

/// As long as a SIP message.
const MESSAGE: usize = 600;
/// Messages a second: of 6, 20, 50 and 200 calls with eight messages each.
const RATES: [u32; 4] = [50, 160, 400, 1_600];

fn main() {
    let seconds = std::env::args()
        .nth(1)
        .and_then(|word| word.parse().ok())
        .unwrap_or(5);
    for rate in RATES {
        let us = answer(rate, rate * seconds);
        println!("{rate:>5} a second: {us:.1} us each");
    }
}

/// Processor time of the answering thread for each message, in µs.
fn answer(rate: u32, messages: u32) -> f64 {
    let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
    let (ours, theirs) = (bind(), bind());
    let address = ours.local_addr().expect("bound");
    let asking = thread::spawn(move || ask(&theirs, address, rate, messages));
    let before = ran_ns();
    let mut bytes = [0; MESSAGE];
    for _ in 0..messages {
        let (len, from) = ours.recv_from(&mut bytes).expect("a message");
        ours.send_to(&bytes[..len], from).expect("loopback");
    }
    let ran = ran_ns() - before;
    asking.join().expect("it only asks");
    ran as f64 / f64::from(messages) / 1_000.0
}

#[expect(clippy::disallowed_methods, reason = "the pauses are the experiment")]
fn ask(socket: &UdpSocket, to: std::net::SocketAddr, rate: u32, messages: u32) {
    let mut bytes = [0; MESSAGE];
    for _ in 0..messages {
        thread::sleep(Duration::from_secs(1) / rate);
        socket.send_to(&bytes, to).expect("loopback");
        socket.recv_from(&mut bytes).expect("an answer");
    }
}

/// Time that this thread ran, in ns (schedstat, first field).
fn ran_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|word| word.parse().ok()).unwrap_or(0)
}
