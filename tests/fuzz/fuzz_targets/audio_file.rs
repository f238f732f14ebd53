#![no_main]
//! Uploaded sound files. The property is shared with the crate's own tests, which replay
//! `corpus/audio_file`.

#[path = "../../../firmware/dsp/tests/file/property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    property::audio_file(data);
});
