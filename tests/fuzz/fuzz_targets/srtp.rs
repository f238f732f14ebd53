//! One datagram of a stranger through everything that opens and seals SRTP and SRTCP.
#![no_main]

#[path = "../../../firmware/rtp/tests/protected/property.rs"]
#[allow(dead_code, reason = "the other target's property")]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::srtp(data));
