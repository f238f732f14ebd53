//! Datagrams of a stranger into a handshake in either role.
#![no_main]

#[path = "../../../firmware/engine/tests/dtls/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::dtls(data));
