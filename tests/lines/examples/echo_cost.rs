//! `cargo run --release --package tests-lines --example echo_cost`: what a canceller takes of one core, ours and libspandsp's,
//! on the same sound in the same run: real speech through a hybrid, CPU time of the thread. Needs what the crate's tests need.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::fs;

use dsp::line::echo::EchoCanceller;
use model::EchoSettings;
use tests_lines::{Corpus, dbm0, echo_of, scaled, spandsp};

const SECONDS: usize = 200;
const SECOND: usize = 8_000;

fn main() {
    let corpus = Corpus::load();
    let speech: Vec<i16> = corpus.pieces.iter().flatten().copied().collect();
    let speech: Vec<i16> = speech
        .iter()
        .copied()
        .cycle()
        .take(SECONDS * SECOND)
        .collect();
    let played = scaled(&speech, -16.0 - dbm0(&speech));
    let came = echo_of(&played);
    println!("% of a core for one port, {SECONDS} s of speech");
    for tail_ms in [16, 32, 64] {
        let bare = ours(&played, &came, tail_ms, false);
        let whole = ours(&played, &came, tail_ms, true);
        let theirs = theirs(&played, &came, tail_ms);
        println!(
            "{tail_ms} ms: ours {bare:.3}, with its suppressor {whole:.3}; libspandsp {theirs:.3}"
        );
    }
}

/// CPU time of this thread so far in seconds.
fn cpu_s() -> f64 {
    let line = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let ns: f64 = line
        .split(' ')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("a number");
    ns / 1e9
}

fn share(cpu_s: f64) -> f64 {
    cpu_s * 100.0 / SECONDS as f64
}

fn ours(played: &[i16], came: &[i16], tail_ms: u8, suppress: bool) -> f64 {
    let mut canceller = EchoCanceller::new(EchoSettings { tail_ms, suppress });
    let mut left = came.to_vec();
    let before = cpu_s();
    for (block, played) in left.chunks_exact_mut(80).zip(played.chunks_exact(80)) {
        canceller.process(played, block, false);
    }
    share(cpu_s() - before)
}

fn theirs(played: &[i16], came: &[i16], tail_ms: u8) -> f64 {
    let pairs: Vec<i16> = played
        .iter()
        .zip(came)
        .flat_map(|(p, c)| [*p, *c])
        .collect();
    let taps = (usize::from(tail_ms) * 8).to_string();
    let told = String::from_utf8(spandsp(&["cost", &taps], &pairs)).expect("text");
    let us: f64 = told.trim().parse().expect("microseconds");
    share(us / 1e6)
}
