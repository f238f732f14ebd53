//! One datagram of a stranger through everything that reads and answers checks of ICE.
#![no_main]

#[path = "../../../firmware/rtp/tests/protected/property.rs"]
#[allow(dead_code, reason = "the other target's property")]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::stun(data));
