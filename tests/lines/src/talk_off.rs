//! Speech that must not be taken for keys.

use dsp::dtmf::{DtmfReceiver, Key};

use crate::{Corpus, Random, scaled};

/// All the speech of a corpus as one that talks in turn: pieces at the levels of near and far
/// talkers, with pauses between them.
#[must_use]
pub fn speech(corpus: &Corpus, seed: u64) -> Vec<i16> {
    let mut random = Random::new(seed);
    let mut all = Vec::new();
    for piece in &corpus.pieces {
        all.extend(scaled(piece, random.between(-9.0, 3.0)));
        all.extend(vec![0; 800 + random.below(4_000)]);
    }
    all
}

/// The keys that our receiver hears.
#[must_use]
pub fn keys_heard(sound: &[i16]) -> String {
    let mut receiver = DtmfReceiver::new();
    let mut keys = String::new();
    for block in sound.chunks(80) {
        let samples: Vec<f32> = block.iter().map(|&s| f32::from(s)).collect();
        receiver.feed(&samples, |news| {
            if let Key::Pressed(digit) = news {
                keys.push(digit.to_char());
            }
        });
    }
    keys
}
