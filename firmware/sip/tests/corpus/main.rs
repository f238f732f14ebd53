//! Replays the committed fuzz corpora and seeded mutations of them: no input may panic or break
//! the properties in `property.rs`.

mod property;

use std::path::PathBuf;

use model::Random;

/// Mutations of one target: some seconds in an unoptimised build.
const MUTATIONS: u32 = 12_000;

fn inputs(folders: &[&str]) -> Vec<Vec<u8>> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let mut paths = Vec::new();
    for folder in folders {
        for entry in std::fs::read_dir(root.join(folder)).expect("committed") {
            let path = entry.expect("readable").path();
            if path.is_file() && !path.ends_with(".gitattributes") {
                paths.push(path);
            }
        }
    }
    // The order of a directory is not that of another machine.
    paths.sort();
    assert!(paths.len() > 3);
    let read = |path: PathBuf| std::fs::read(path).expect("readable");
    paths.into_iter().map(read).collect()
}

/// Pieces that readers stumble over.
const DICTIONARY: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\r\n\r\n",
    b" ",
    b"\t",
    b"\r\n ",
    b":",
    b";",
    b",",
    b"\"",
    b"\\",
    b"<",
    b">",
    b"@",
    b"%",
    b"%00",
    b"?",
    b"=",
    b"*",
    b"[",
    b"]",
    b"::",
    b":::1.2.3.4",
    b"\0",
    b"\xff",
    b"\xc3\xa9",
    b"SIP/2.0",
    b"z9hG4bK",
    b";tag=",
    b"Content-Length: 4294967296",
    b"l: -1",
    b"99999999999999999999",
    b"sip:",
    b"tel:",
    b"sips:a:b@c:65536",
    b"m=audio 0 RTP/AVP 8\r\n",
    b"c=IN IP4 224.0.0.1\r\n",
    b"a=rtpmap:8 PCMU/8000\r\n",
    b"a=inactive\r\n",
    b"/",
    b"Via:",
    b"v:",
    b"\r\nTo: x",
];

fn mutate(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let pick = |random: &mut Random, length: usize| {
        let below = random.below(u32::try_from(length.max(1)).unwrap_or(1));
        usize::try_from(below).unwrap_or(0)
    };
    let mut data = seeds[pick(random, seeds.len())].clone();
    for _ in 0..=random.below(4) {
        let at = pick(random, data.len() + 1);
        let end = (at + pick(random, 24)).min(data.len());
        match random.below(6) {
            0 => drop(data.drain(at..end)),
            1 => {
                let piece = DICTIONARY[pick(random, DICTIONARY.len())];
                drop(data.splice(at..at, piece.iter().copied()));
            }
            2 => {
                let piece = DICTIONARY[pick(random, DICTIONARY.len())];
                drop(data.splice(at..end, piece.iter().copied()));
            }
            3 => {
                let copy = data[at..end].to_vec();
                drop(data.splice(at..at, copy));
            }
            4 => {
                if let Some(byte) = data.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            _ => {
                let other = &seeds[pick(random, seeds.len())];
                let from = pick(random, other.len());
                let to = (from + pick(random, 200)).min(other.len());
                drop(data.splice(at..at, other[from..to].iter().copied()));
            }
        }
    }
    data
}

fn replay(name: &str, folders: &[&str], property: fn(&[u8])) {
    let seeds = inputs(folders);
    for seed in &seeds {
        property(seed);
    }
    let mut random = Random::derive([42; 32], name);
    for n in 0..MUTATIONS {
        let data = mutate(&mut random, &seeds);
        let broken = std::panic::catch_unwind(|| property(&data)).is_err();
        assert!(
            !broken,
            "{name}, mutation {n}: {:?}",
            String::from_utf8_lossy(&data)
        );
    }
}

#[test]
fn messages() {
    let folders = [
        "fuzz/corpus/sip_message",
        "vectors/sip/rfc4475",
        "vectors/sip/rfc5118",
    ];
    replay("sip_message", &folders, property::message);
}

#[test]
fn streams() {
    let folders = ["fuzz/corpus/sip_framer", "fuzz/corpus/sip_message"];
    replay("sip_framer", &folders, property::framer);
}

#[test]
fn sessions() {
    replay("sdp", &["fuzz/corpus/sdp"], property::session);
}
