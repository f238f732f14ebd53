//! `soak [--hours N] [--seed N]`: so many hours of speech, music, keys, machines and three-way calls in front of
//! the listener that ends calls, on all cores, with a line of progress every twentieth; ends with status 1 if
//! it would have ended one. `cargo xtask soak lines` runs it.
#![expect(clippy::print_stdout, reason = "speaks to people on a terminal")]

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tests_lines::{Corpus, Kind, Report, Soak};

/// Calls of an hour, each about five minutes.
const CALLS_PER_HOUR: u64 = 12;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let at = words.iter().position(|word| word == name);
        let value = at.and_then(|at| words.get(at + 1));
        value
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    };
    let (hours, seed) = (number("--hours", 1_000), number("--seed", 20_261_122));
    let corpus = Corpus::load();
    println!(
        "seed {seed}, {hours} hours out of {:.2} hours of different speech",
        corpus.hours()
    );
    let report = run(&corpus, hours * CALLS_PER_HOUR, seed);
    println!(
        "{:.1} hours, {} calls ended, {} regular tones told that end nothing",
        report.seconds / 3_600.0,
        report.ended.len(),
        report.unknown
    );
    for (seed, kind, evidence) in &report.ended {
        println!("{seed} {kind:?}: {evidence}");
    }
    if report.ended.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(corpus: &Corpus, calls: u64, seed: u64) -> Report {
    let (next, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let soak = Soak::new(corpus);
        let mut report = Report::default();
        loop {
            let call = next.fetch_add(1, Ordering::Relaxed);
            if call >= calls {
                return report;
            }
            if call.is_multiple_of((calls / 20).max(1)) {
                let ended = ended.load(Ordering::Relaxed);
                println!("{call} of {calls} calls, {ended} ended");
            }
            let kind = Kind::ALL[(call % Kind::ALL.len() as u64) as usize];
            let one = soak.call(seed.wrapping_mul(1_000_003).wrapping_add(call), kind);
            ended.fetch_add(one.ended.len() as u64, Ordering::Relaxed);
            report.add(one);
        }
    };
    let mut whole = Report::default();
    thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            whole.add(thread.join().expect("a thread that fails has said why"));
        }
    });
    whole.ended.sort();
    whole
}
