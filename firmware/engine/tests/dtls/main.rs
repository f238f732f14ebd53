//! Replays the committed inputs of the fuzz target `dtls`, what one octet changed makes of each, and
//! each cut short.

mod property;

use std::path::PathBuf;

/// Octets between two that are changed: every octet takes too long with keys to be made.
const STRIDE: usize = 7;

#[test]
fn no_datagram_stops_a_handshake_or_makes_keys() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus/dtls");
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is committed") {
        let data = std::fs::read(entry.expect("readable").path()).expect("readable");
        property::dtls(&data);
        for at in (0..data.len()).step_by(STRIDE) {
            let mut other = data.clone();
            other[at] ^= 1 << (at % 8);
            property::dtls(&other);
            property::dtls(&data[..at]);
        }
        inputs += 1;
    }
    assert!(inputs >= 5, "{inputs}");
}
