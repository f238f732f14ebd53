//! Our canceller beside libspandsp's, on the same sound.

use dsp::line::echo::EchoCanceller;
use model::EchoSettings;
use tests_lines::{Corpus, dbm0, echo_of, scaled, spandsp};

fn ours(played: &[i16], came: &[i16]) -> Vec<i16> {
    let mut canceller = EchoCanceller::new(EchoSettings {
        tail_ms: 32,
        suppress: false,
    });
    let mut out = came.to_vec();
    for (block, played) in out.chunks_exact_mut(80).zip(played.chunks_exact(80)) {
        canceller.process(played, block, false);
    }
    out
}

fn theirs(played: &[i16], came: &[i16]) -> Vec<i16> {
    let pairs: Vec<i16> = played
        .iter()
        .zip(came)
        .flat_map(|(p, c)| [*p, *c])
        .collect();
    let octets = spandsp(&["echo", "256"], &pairs);
    let samples = octets.chunks_exact(2);
    samples
        .map(|two| i16::from_le_bytes([two[0], two[1]]))
        .collect()
}

/// On real speech, second by second, ours takes off no less than libspandsp's.
#[test]
fn no_worse_than_libspandsp() {
    let corpus = Corpus::load();
    let mut played: Vec<i16> = corpus
        .pieces
        .iter()
        .flatten()
        .copied()
        .skip(400_000)
        .take(80_000)
        .collect();
    played = scaled(&played, -16.0 - dbm0(&played));
    let came = echo_of(&played);
    let (ours, theirs) = (ours(&played, &came), theirs(&played, &came));
    let mut sums = [0.0, 0.0];
    for second in 0..10 {
        let range = second * 8_000..(second + 1) * 8_000;
        let echo = dbm0(&came[range.clone()]);
        let losses = [&ours, &theirs].map(|left| echo - dbm0(&left[range.clone()]));
        println!(
            "second {second}: echo {echo:.1} dBm0, ours −{:.1} dB, libspandsp −{:.1} dB",
            losses[0], losses[1]
        );
        for (sum, loss) in sums.iter_mut().zip(losses) {
            *sum += loss / 10.0;
        }
    }
    // Else it is not what libspandsp does that is compared with.
    assert!(sums[1] > 5.0, "libspandsp {:.1} dB", sums[1]);
    assert!(
        sums[0] > 30.0 && sums[0] > sums[1],
        "ours {:.1} dB, libspandsp {:.1} dB",
        sums[0],
        sums[1]
    );
}
