//! `soak [--port] [--hours N] [--seed N] [--first CALL]`: so many hours of speech, music, keys, machines and three-way calls in front of
//! the listener that ends calls, on all cores, with a line of progress every twentieth and one for each call that
//! it would have ended; ends with status 1 then. `--first` begins with a later call of the same seed; `--port` has a whole
//! port listen, with its canceller, while the near side speaks. `cargo xtask soak lines` runs it.
#![expect(clippy::print_stdout, reason = "speaks to people on a terminal")]

use std::ops::Range;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use tests_lines::{Corpus, Ears, Kind, Report, Soak};

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
    let ears = if words.iter().any(|word| word == "--port") {
        Ears::Port
    } else {
        Ears::Listener
    };
    let corpus = Corpus::load();
    println!(
        "seed {seed}, {hours} hours out of {:.2} hours of different speech, ears: {ears:?}",
        corpus.hours()
    );
    let first = number("--first", 0);
    let report = run(&corpus, first..first + hours * CALLS_PER_HOUR, seed, ears);
    println!(
        "{:.1} hours, {} calls ended, {} regular tones told that end nothing",
        report.seconds / 3_600.0,
        report.ended.len(),
        report.unknown
    );
    if report.ended.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn run(corpus: &Corpus, calls: Range<u64>, seed: u64, ears: Ears) -> Report {
    let (next, ended) = (AtomicU64::new(calls.start), AtomicU64::new(0));
    let twentieth = ((calls.end - calls.start) / 20).max(1);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        let soak = Soak::new(corpus);
        let mut report = Report::default();
        loop {
            let call = next.fetch_add(1, Ordering::Relaxed);
            if call >= calls.end {
                return report;
            }
            if (call - calls.start).is_multiple_of(twentieth) {
                let ended = ended.load(Ordering::Relaxed);
                println!("{call} of {} calls, {ended} ended", calls.end);
            }
            let kind = Kind::ALL[(call % Kind::ALL.len() as u64) as usize];
            let one = soak.call(seed.wrapping_mul(1_000_003).wrapping_add(call), kind, ears);
            ended.fetch_add(one.ended.len() as u64, Ordering::Relaxed);
            for (_, kind, evidence) in &one.ended {
                println!("call {call}, {kind:?}: {evidence}");
            }
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
    whole
}
