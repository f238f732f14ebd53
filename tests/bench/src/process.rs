//! What the kernel says of a process and of the machine.

use std::{
    collections::BTreeMap,
    fs,
    time::{Duration, Instant},
};

use nix::unistd::{SysconfVar, sysconf};

use crate::clock;

/// A process that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub u32);

impl Process {
    /// User and system time of all its threads so far.
    pub(crate) fn cpu(self) -> Duration {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap_or_default();
        // The name in parentheses may hold spaces; the fields after it do not.
        let fields: Vec<&str> = text
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<u64>().ok());
        // Fields 14 and 15 of proc(5), counted from the state that follows the name.
        seconds(ticks(11).unwrap_or(0) + ticks(12).unwrap_or(0))
    }

    /// Resident memory in KiB.
    pub(crate) fn rss_kib(self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        text.lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    }

    /// Number of threads.
    pub(crate) fn threads(self) -> usize {
        fs::read_dir(format!("/proc/{}/task", self.0)).map_or(0, Iterator::count)
    }
}

/// CPU time over a stretch of real time, of a process and of the whole machine.
#[derive(Debug)]
pub(crate) struct Span {
    process: Process,
    cpu: Duration,
    machine: (Duration, Duration),
    at: Instant,
}

/// What a [`Span`] found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    /// CPU seconds of the process.
    pub(crate) cpu_s: f64,
    /// Real seconds.
    pub(crate) wall_s: f64,
    /// Per cent of all cores that were busy, with anything.
    pub(crate) machine_busy_pct: f64,
}

impl Span {
    /// Begins now.
    pub(crate) fn begin(process: Process) -> Self {
        Self {
            process,
            cpu: process.cpu(),
            machine: machine(),
            at: clock::now(),
        }
    }

    /// Ends now.
    pub(crate) fn end(&self) -> Spent {
        let wall = clock::now().duration_since(self.at);
        let (busy, all) = machine();
        let busy = busy.saturating_sub(self.machine.0).as_secs_f64();
        let all = all.saturating_sub(self.machine.1).as_secs_f64();
        Spent {
            cpu_s: self.process.cpu().saturating_sub(self.cpu).as_secs_f64(),
            wall_s: wall.as_secs_f64(),
            machine_busy_pct: if all > 0.0 { busy / all * 100.0 } else { 0.0 },
        }
    }
}

/// Busy and whole time of all cores.
fn machine() -> (Duration, Duration) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = line
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|field| field.parse().ok())
        .collect();
    let all: u64 = ticks.iter().sum();
    // Idle, and waiting for a disk.
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    (seconds(all - idle), seconds(all))
}

fn seconds(ticks: u64) -> Duration {
    let rate = sysconf(SysconfVar::CLK_TCK).ok().flatten();
    let rate = rate
        .and_then(|rate| u32::try_from(rate).ok())
        .unwrap_or(100);
    Duration::from_secs(ticks) / rate.max(1)
}

/// Datagrams the kernel threw away for want of room, by local port: whose fault a loss is.
pub(crate) fn dropped_by_port() -> BTreeMap<u16, u64> {
    let text = fs::read_to_string("/proc/net/udp").unwrap_or_default();
    let mut dropped = BTreeMap::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let port = fields
            .get(1)
            .and_then(|local| local.rsplit_once(':'))
            .and_then(|(_, port)| u16::from_str_radix(port, 16).ok());
        let count = fields.last().and_then(|count| count.parse::<u64>().ok());
        if let (Some(port), Some(count)) = (port, count) {
            *dropped.entry(port).or_insert(0) += count;
        }
    }
    dropped
}

/// The machine in a line: processor, cores, memory, kernel.
pub(crate) fn machine_name() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .and_then(|rest| rest.split_once(':'))
        .map_or("unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{model}, {cores} cores, {} MiB, Linux {}",
        kib / 1024,
        kernel.trim()
    )
}
