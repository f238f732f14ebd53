//! One datagram of a stranger through everything that reads RTCP.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Instant, Now};
use rtp::rtcp::{NtpClock, Part, Parts, Reports};

fuzz_target!(|data: &[u8]| {
    let clock = NtpClock::new(Now::default());
    let heard = Reports::new().receive(data, 0x1111_1111, &clock, Instant::from_millis(1));
    let parts = Parts::read(data);
    assert_eq!(heard.is_ok(), parts.is_ok());
    let Ok(parts) = parts else { return };
    let mut octets = 0;
    for part in parts {
        octets += match part {
            Part::Sender { blocks, .. } => 28 + 24 * blocks.count(),
            Part::Receiver { blocks, .. } => 8 + 24 * blocks.count(),
            Part::Extended { voices } => 8 + 36 * voices.count(),
            Part::Goodbye { .. } | Part::Other { .. } => 4,
        };
    }
    assert!(octets >= 8 && octets <= data.len());
});
