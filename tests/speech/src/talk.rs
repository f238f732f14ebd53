//! Speech: recorded by people, for the prompts of another exchange.

use std::{env, fs, path::PathBuf};

use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX, SAMPLES_MAX};
use model::{Codec, OpusParams};

/// Longest speech that is used, in seconds: PESQ was made for 8 to 20.
const LONGEST_S: usize = 12;

/// Somebody says something.
#[derive(Clone, Debug)]
pub struct Speech {
    /// Samples a second.
    pub hz: u32,
    /// What is said.
    pub samples: Vec<i16>,
}

fn folder() -> PathBuf {
    let folder = env::var_os("CENTRALKA_SPEECH");
    folder.map(PathBuf::from).unwrap_or_else(|| {
        panic!(
            "CENTRALKA_SPEECH must name the folder of Debian's speech prompts; scripts/test does it"
        )
    })
}

/// A prompt with 8,000 samples a second.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn narrow(name: &str) -> Speech {
    let path = folder().join(format!("{name}.wav"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(&bytes[36..40], b"data", "{}", path.display());
    let samples = bytes[44..].chunks_exact(2);
    let samples = samples.map(|two| i16::from_le_bytes([two[0], two[1]]));
    Speech {
        hz: 8_000,
        samples: samples.take(8_000 * LONGEST_S).collect(),
    }
}

/// A prompt with 16,000 samples a second. It was G.722 once; what that left is the speech.
///
/// # Panics
/// If it is not there.
#[must_use]
pub fn wide(name: &str) -> Speech {
    let path = folder().join(format!("{name}.g722"));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut decoder = Decoder::new(Codec::G722, OpusParams::default()).expect("no memory needed");
    let mut samples = Vec::new();
    for packet in bytes.chunks(160).take(50 * LONGEST_S) {
        let mut block = [0; SAMPLES_MAX];
        let len = decoder
            .decode(packet, &mut block)
            .expect("G.722 is any bytes");
        samples.extend_from_slice(&block[..len]);
    }
    Speech {
        hz: 16_000,
        samples,
    }
}

/// What a codec makes of speech at its best: encoded and decoded, nothing lost, nothing mixed.
///
/// # Panics
/// If the codec takes another rate than the speech has.
#[must_use]
pub fn through(codec: Codec, speech: &Speech) -> Speech {
    let wishes = OpusParams::default();
    let mut encoder = Encoder::new(codec, wishes).expect("memory");
    let mut decoder = Decoder::new(codec, wishes).expect("memory");
    assert_eq!(encoder.sample_hz(), speech.hz);
    let packet = speech.hz as usize / 50;
    let mut samples = Vec::new();
    for block in speech.samples.chunks_exact(packet) {
        let mut payload = [0; PAYLOAD_MAX];
        let len = encoder.encode(block, &mut payload);
        let mut out = [0; SAMPLES_MAX];
        let len = decoder
            .decode(&payload[..len], &mut out)
            .expect("its own payload");
        samples.extend_from_slice(&out[..len]);
    }
    Speech {
        hz: speech.hz,
        samples,
    }
}
