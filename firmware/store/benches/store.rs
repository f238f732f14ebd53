//! What the store costs: `cargo bench -p store -- [calls]` (200 000 without an argument, ten
//! records each). CPU is that of this thread, kernel included, as /proc tells it.
#![allow(clippy::unwrap_used, reason = "a bench that cannot be set up stops")]
#![allow(clippy::print_stdout, reason = "its figures are its output")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

#[path = "../tests/office/mod.rs"]
mod office;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use model::Trust;
use office::{Folder, MORNING, Scribe, open};
use store::{Batch, Reader, Store};

fn main() {
    let calls = std::env::args()
        .filter_map(|arg| arg.parse().ok())
        .next()
        .unwrap_or(200_000);
    let folder = Folder::new();
    let (mut store, recovered) = open(&folder);
    let mut scribe = Scribe::new(recovered.next_seq);

    let mut measure = |name: &str, n: u128, first: u128, group: usize| {
        let bytes = written();
        let (cpu, wall) = (cpu(), Instant::now());
        for call in first..first + n {
            // Each urgent event is committed with what came before it, as the writer does.
            for batch in scribe.whole_call(call).chunks(group) {
                store.append(batch).unwrap();
            }
        }
        let per = |time: Duration| time.as_nanos() / n / 1_000;
        println!(
            "{name}: {} µs CPU, {} µs wall, {} bytes to the disk a call",
            per(cpu_since(cpu)),
            per(wall.elapsed()),
            written().saturating_sub(bytes) / u64::try_from(n).unwrap(),
        );
    };
    measure("warm up, 3 commits a call", 100, 1, 1);
    measure("one call at a time, 3 commits a call", 1_000, 1_000, 1);
    fill(&mut store, &mut scribe, calls);
    list(folder.path(), calls);
    let mut measure = |name: &str, n: u128, first: u128| {
        let cpu = cpu();
        for call in first..first + n {
            for batch in scribe.whole_call(call) {
                store.append(&[batch]).unwrap();
            }
        }
        println!(
            "{name}: {} µs CPU a call",
            cpu_since(cpu).as_nanos() / n / 1_000
        );
    };
    measure("the same with the ledger full", 1_000, 10_000_000);
    drop(store);
    let start = Instant::now();
    let (store, _) = Store::open(folder.path(), MORNING, Trust::Synced).unwrap();
    println!("open: {} µs", start.elapsed().as_micros());
    store.close().unwrap();
}

fn fill(store: &mut Store, scribe: &mut Scribe, calls: u128) {
    let (cpu, start) = (cpu(), Instant::now());
    let mut batches: Vec<Batch> = Vec::new();
    for call in 100_000..100_000 + calls {
        // Ids are random in life: scattered, so that indexes are hit where it hurts.
        batches.extend(scribe.whole_call(call.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060)));
        if batches.len() >= 3_000 {
            store.append(&batches).unwrap();
            batches.clear();
        }
    }
    store.append(&batches).unwrap();
    println!(
        "{calls} calls in groups of 1000: {} µs CPU a call, {} s",
        cpu_since(cpu).as_nanos() / calls / 1_000,
        start.elapsed().as_secs()
    );
}

fn list(dir: &Path, calls: u128) {
    let reader = Reader::open(dir).unwrap();
    for name in ["cold", "warm"] {
        let start = Instant::now();
        let newest = reader.calls(100, None).unwrap();
        println!(
            "newest 100 of {calls} calls, {name}: {} µs",
            start.elapsed().as_micros()
        );
        let start = Instant::now();
        let view = reader.call(newest[99].call).unwrap().unwrap();
        println!(
            "all of one call, {name}: {} µs ({})",
            start.elapsed().as_micros(),
            view.lines.len()
        );
    }
}

/// CPU time of this thread in ns.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

fn cpu_since(start: u64) -> Duration {
    Duration::from_nanos(cpu() - start)
}

/// Bytes this process sent to the disk.
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|value| value.parse().ok()).unwrap_or(0)
}
