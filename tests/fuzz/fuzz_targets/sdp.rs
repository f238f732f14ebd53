#![no_main]
//! The property is shared with the crate's own tests, which replay `corpus/sdp`.

#[path = "../../../firmware/sip/tests/corpus/property.rs"]
#[expect(dead_code, reason = "each target uses one of the properties")]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| property::session(data));
