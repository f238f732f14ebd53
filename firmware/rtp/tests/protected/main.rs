//! Replays the committed inputs of the fuzz targets `srtp` and `stun`, and what one octet changed
//! makes of each.

mod property;

use std::path::PathBuf;

fn replay(target: &str, property: impl Fn(&[u8])) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/corpus")
        .join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is committed") {
        let data = std::fs::read(entry.expect("readable").path()).expect("readable");
        property(&data);
        for at in 0..data.len() {
            for octet in [0, 0x7f, 0xff, data[at] ^ 1] {
                let mut other = data.clone();
                other[at] = octet;
                property(&other);
            }
            property(&data[..at]);
        }
        inputs += 1;
    }
    assert!(inputs >= 5, "{target}: {inputs}");
}

#[test]
fn no_input_opens_or_stops_srtp() {
    replay("srtp", property::srtp);
}

#[test]
fn no_input_stops_stun() {
    replay("stun", property::stun);
}
