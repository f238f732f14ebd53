//! What SRTP costs: a packet of 172 octets (20 ms of G.711) protected and unprotected, for each
//! suite. `cargo run --release -p rtp --example srtp_cost`; the best of many rounds, so that other
//! work on the machine does not count.

use std::time::Instant;

use model::{SrtpKey, SrtpSuite};
use rtp::srtp::{OVERHEAD, Receiver, Sender};

const ROUNDS: u16 = 300;
const PACKETS: u16 = 200;
const LEN: usize = 172;

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn clock() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "it exists to print")]
fn main() {
    for suite in [
        SrtpSuite::AesCm80,
        SrtpSuite::AesCm32,
        SrtpSuite::AesGcm128,
        SrtpSuite::AesGcm256,
    ] {
        let octets = [7; SrtpKey::OCTETS_MAX];
        let len = suite.key_len() + suite.salt_len();
        let key = SrtpKey::new(suite, &octets[..len]).expect("as long as the suite wants");
        let (mut sender, mut receiver) = (Sender::new(&key), Receiver::new(&key));
        let mut best = [u128::MAX; 2];
        let mut packets = vec![([0; LEN + OVERHEAD], 0); usize::from(PACKETS)];
        for round in 0..ROUNDS {
            for (n, (packet, _)) in (0..).zip(&mut packets) {
                packet[0] = 0x80;
                let seq = round.wrapping_mul(PACKETS).wrapping_add(n);
                packet[2..4].copy_from_slice(&seq.to_be_bytes());
            }
            let start = clock();
            for (packet, len) in &mut packets {
                *len = sender.protect(packet, LEN).expect("new");
            }
            best[0] = best[0].min(start.elapsed().as_nanos());
            let start = clock();
            for (packet, len) in &mut packets {
                receiver.unprotect(&mut packet[..*len]).expect("ours");
            }
            best[1] = best[1].min(start.elapsed().as_nanos());
        }
        let [protect, unprotect] = best.map(|ns| ns / u128::from(PACKETS));
        println!(
            "{:<26} protect {protect} ns, unprotect {unprotect} ns",
            suite.name()
        );
    }
    let size = size_of::<Sender>() + size_of::<Receiver>();
    println!("keys of a leg, both directions: {size} octets");
}
