//! The figures of the ordinary load: registrations, call set-up, media, start, memory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};

use crate::{
    agent::{Agent, Heard},
    clock,
    figure::{Figure, Target, percentile, rounded},
    media::{Media, Report, Says, Stream},
    office::{self, Folder, Office},
    process::{Process, Span},
    traffic::{self, Plan},
    wire::Codec,
};

/// What every figure is told.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// The program.
    pub(crate) bin: PathBuf,
    /// Seed of everything random.
    pub(crate) seed: u64,
    /// Divides counts and lengths: 1 for the figures of the record.
    pub(crate) shrink: usize,
}

impl Options {
    /// A count, shrunk.
    pub(crate) fn count(&self, whole: usize) -> usize {
        (whole / self.shrink.max(1)).max(1)
    }

    /// A length in seconds, shrunk.
    pub(crate) fn length(&self, whole: usize) -> Duration {
        Duration::from_secs(u64::try_from(self.count(whole)).unwrap_or(1))
    }
}

/// CPU of an authenticated REGISTER: REGISTER, 401, REGISTER, 200.
pub(crate) fn register(options: &Options) -> Result<Vec<Figure>> {
    const PEOPLE: usize = 500;
    let office = Office::open(&options.bin, PEOPLE)?;
    let mut agent = Agent::new(office.sip, &office.phones)?;
    let warm = traffic::register(&mut agent, PEOPLE, PEOPLE, 16);
    ensure!(
        warm.ok == PEOPLE,
        "{} of {PEOPLE} registered: {}",
        warm.ok,
        office.log_end()
    );
    let count = options.count(10_000);
    let span = Span::begin(office.process());
    let done = traffic::register(&mut agent, PEOPLE, count, 16);
    let spent = span.end();
    let each = spent.cpu_s * 1e6 / number(done.ok);
    Ok(vec![
        Figure::new("register_cpu", each, "µs", Target::Most(80.0))
            .note("rounds", done.ok)
            .note("per_second", rounded(number(done.ok) / spent.wall_s))
            .note(
                "round_trip_p50_ms",
                rounded(percentile(&done.took_ns, 0.5) / 1e6),
            )
            .note("machine_busy_pct", rounded(spent.machine_busy_pct)),
        Figure::new(
            "register_failed",
            number(done.failed),
            "rounds",
            Target::Is(0.0),
        )
        .note("repeated", agent.repeated),
    ])
}

/// CPU and delay of a call set-up with digest at 20 calls a second.
pub(crate) fn calls(options: &Options) -> Result<Vec<Figure>> {
    const PEOPLE: usize = 200;
    let office = Office::open(&options.bin, PEOPLE)?;
    let mut agent = Agent::new(office.sip, &office.phones)?;
    let warm = traffic::register(&mut agent, PEOPLE, PEOPLE, 16);
    ensure!(
        warm.ok == PEOPLE,
        "{} of {PEOPLE} registered: {}",
        warm.ok,
        office.log_end()
    );
    let plan = Plan {
        count: 40,
        rate: 20.0,
        window: 100,
        hold: Duration::from_millis(500),
    };
    traffic::calls(&mut agent, PEOPLE, plan);
    // What the exchange does without calls is not the calls'.
    let span = Span::begin(office.process());
    clock::idle(options.length(4));
    let idle = span.end();
    let span = Span::begin(office.process());
    let plan = Plan {
        count: options.count(600),
        ..plan
    };
    let done = traffic::calls(&mut agent, PEOPLE, plan);
    let spent = span.end();
    let idle_s = idle.cpu_s / idle.wall_s * spent.wall_s;
    let each = (spent.cpu_s - idle_s).max(0.0) * 1e3 / number(done.up);
    let delay = |part| percentile(&done.ringing_ns, part) / 1e6;
    Ok(vec![
        Figure::new("call_cpu", each, "ms", Target::Most(0.8))
            .note("calls", done.up)
            .note("idle_cpu_pct", rounded(idle.cpu_s / idle.wall_s * 100.0))
            .note("with_idle_ms", rounded(spent.cpu_s * 1e3 / number(done.up)))
            .note("machine_busy_pct", rounded(spent.machine_busy_pct)),
        Figure::new("call_ringing_p99", delay(0.99), "ms", Target::Below(30.0))
            .note("p50_ms", rounded(delay(0.5)))
            .note("max_ms", rounded(delay(1.0))),
        Figure::new("calls_failed", number(done.bad()), "calls", Target::Is(0.0))
            .note("statuses", format!("{:?}", done.failed))
            .note("repeated", agent.repeated),
    ])
}

/// Media of 100 concurrent calls among 500 registered devices.
pub(crate) fn media(options: &Options) -> Result<Vec<Figure>> {
    const PEOPLE: usize = 500;
    const CALLS: usize = 100;
    let (office, mut agent, mut media) = talking(options, PEOPLE, CALLS)?;
    traffic::attend(&mut agent, Duration::from_secs(2));
    let before = office.metrics()?;
    media.open_window();
    let span = Span::begin(office.process());
    let ended = traffic::attend(&mut agent, options.length(60));
    let spent = span.end();
    media.close_window();
    traffic::attend(&mut agent, Duration::from_millis(300));
    let after = office.metrics()?;
    let report = media.finish();
    let good = traffic::hang_up(&mut agent, 0..CALLS);
    let mut figures = heard(&report, spent.machine_busy_pct, &changed(&before, &after));
    let cpu_pct = spent.cpu_s / spent.wall_s * 100.0;
    figures.extend([
        Figure::new(
            "media_cpu_per_call",
            cpu_pct / number(CALLS),
            "% of a core",
            Target::Most(0.2),
        )
        .note(
            "us_per_packet",
            rounded(spent.cpu_s * 1e6 / count(report.sent)),
        )
        .note("seconds", rounded(spent.wall_s)),
        Figure::new(
            "media_calls_lost",
            number(ended + CALLS - good),
            "calls",
            Target::Is(0.0),
        ),
    ]);
    Ok(figures)
}

/// What the phones heard of each other.
fn heard(report: &Report, busy_pct: f64, counted: &str) -> Vec<Figure> {
    vec![
        Figure::new(
            "media_lost",
            count(report.lost()),
            "packets",
            Target::Is(0.0),
        )
        .note("sent", report.sent)
        .note("dropped_at_our_sockets", report.dropped_here)
        .note("twice", report.twice)
        .note("disordered", report.disordered)
        .note("strange", report.strange)
        .note("counted", counted),
        Figure::new(
            "media_delay_p50",
            report.delay_ms(0.5),
            "ms",
            Target::Below(1.0),
        )
        .note("generator_late_pct", rounded(report.late_pct)),
        Figure::new(
            "media_delay_p99",
            report.delay_ms(0.99),
            "ms",
            Target::Below(20.0),
        )
        .note("p999_ms", rounded(report.delay_ms(0.999)))
        .note("max_ms", rounded(report.delay_ms(1.0)))
        .note("machine_busy_pct", rounded(busy_pct)),
    ]
}

/// What the exchange counted as lost, late or dropped between two looks at `/metrics`.
fn changed(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> String {
    let changed: Vec<String> = after
        .iter()
        .filter(|(name, _)| name.contains("lost") || name.contains("late") || name.contains("drop"))
        .map(|(name, value)| (name, value - before.get(name).unwrap_or(&0.0)))
        .filter(|(_, change)| *change > 0.0)
        .map(|(name, change)| format!("{name} {change}"))
        .collect();
    changed.join(" ")
}

/// An office of `people`, all registered, with `calls` calls in which both ends talk.
pub(crate) fn talking(
    options: &Options,
    people: usize,
    calls: usize,
) -> Result<(Office, Agent, Media)> {
    speaking(options, (people, calls), [Codec::Pcma; 2], "")
}

/// The same with what callers and called speak, and `person` in the configuration of each.
pub(crate) fn speaking(
    options: &Options,
    (people, calls): (usize, usize),
    codecs: [Codec; 2],
    person: &str,
) -> Result<(Office, Agent, Media)> {
    let (office, mut agent, mut media) = registered(options, people, (person, WIDE_TOO))?;
    agent.codecs = codecs;
    traffic::stand(&mut agent, people, calls).with_context(|| office.log_end())?;
    talk(&mut agent, &mut media, people, calls)?;
    Ok((office, agent, media))
}

/// What the office may speak besides G.711.
const WIDE_TOO: &str = "\n[media]\ncodecs = [\"pcma\", \"pcmu\", \"g722\"]\n";

/// An office of `people`, all registered, with sockets for their voices, and more in its
/// configuration: in that of each person, and at its end.
pub(crate) fn registered(
    options: &Options,
    people: usize,
    more: (&str, &str),
) -> Result<(Office, Agent, Media)> {
    let office = Office::open_with(&options.bin, people, more)?;
    let mut agent = Agent::new(office.sip, &office.phones)?;
    let media = Media::start()?;
    give_sockets(&mut agent, &media, people);
    let ok = traffic::register(&mut agent, people, people, 16).ok;
    ensure!(
        ok == people,
        "{ok} of {people} registered: {}",
        office.log_end()
    );
    Ok((office, agent, media))
}

/// Every phone gets one of our media sockets.
fn give_sockets(agent: &mut Agent, media: &Media, people: usize) {
    for phone in 0..people {
        let door = usize::from(phone >= people / 2);
        agent.audio[phone] = media.sockets[Media::socket_of(phone, door)];
    }
}

/// Both ends of the first `calls` calls begin to talk.
pub(crate) fn talk(
    agent: &mut Agent,
    media: &mut Media,
    people: usize,
    calls: usize,
) -> Result<()> {
    for call in 0..calls {
        let called = people / 2 + call;
        let codec = agent.codecs[0];
        let to = agent.calls[call].remote.context("no SDP in the answer")?;
        let socket = Media::socket_of(call, 0);
        let says = Says::Marks;
        media.add(Stream {
            says,
            socket,
            to,
            codec,
        });
        let codec = agent.codecs[1];
        let to = agent.taken_remote(called).context("no SDP in the offer")?;
        let socket = Media::socket_of(called, 1);
        let says = Says::Marks;
        media.add(Stream {
            says,
            socket,
            to,
            codec,
        });
    }
    Ok(())
}

/// Time to the first answered REGISTER, of a new office and of one that was there before; memory at
/// rest.
pub(crate) fn start(options: &Options) -> Result<Vec<Figure>> {
    const TIMES: usize = 5;
    let (mut first, mut again, mut rest) = (Vec::new(), Vec::new(), (0, 0));
    for time in 0..TIMES {
        let folder = Folder::new()?;
        let address = office::free_address()?;
        fs::write(
            folder.join("office.toml"),
            office::text(&office::phones(10), address),
        )?;
        first.push(one_start(&options.bin, &folder, address, None)?);
        let settled = (time == TIMES - 1).then_some(&mut rest);
        again.push(one_start(&options.bin, &folder, address, settled)?);
    }
    first.sort_unstable();
    again.sort_unstable();
    let worst = |sorted: &[u64]| rounded(percentile(sorted, 1.0) / 1e6);
    Ok(vec![
        Figure::new(
            "start",
            percentile(&again, 0.5) / 1e6,
            "ms",
            Target::Below(150.0),
        )
        .note("worst_ms", worst(&again))
        .note("starts", TIMES),
        Figure::new(
            "start_of_a_new_office",
            percentile(&first, 0.5) / 1e6,
            "ms",
            Target::Below(150.0),
        )
        .note("worst_ms", worst(&first)),
        Figure::new(
            "idle_memory",
            count(rest.0) / 1_024.0,
            "MiB",
            Target::Below(30.0),
        )
        .note("threads", rest.1),
    ])
}

/// Nanoseconds from spawning to the 200 of a REGISTER tried every 5 ms; with `rest`, KiB and threads after five
/// seconds at rest.
fn one_start(
    bin: &Path,
    folder: &Folder,
    address: std::net::SocketAddr,
    rest: Option<&mut (u64, usize)>,
) -> Result<u64> {
    let phones = office::phones(10);
    let mut agent = Agent::new(address, &phones)?;
    let began = clock::now();
    let mut child = office::spawn(bin, folder)?;
    let mut next = began;
    let mut took = None;
    while took.is_none() && began.elapsed() < Duration::from_secs(60) {
        if clock::now() >= next {
            agent.register(0);
            next = clock::now() + Duration::from_millis(5);
        }
        agent.turn(Duration::from_millis(1));
        while let Some(heard) = agent.hear() {
            if matches!(heard, Heard::Registered { .. }) {
                took = Some(began.elapsed());
            }
        }
    }
    if let Some(rest) = rest {
        clock::idle(Duration::from_secs(5));
        let process = Process(child.id());
        *rest = (process.rss_kib(), process.threads());
    }
    let in_order = office::stop(&mut child);
    ensure!(in_order, "the program did not stop in order");
    let took = took.context("no REGISTER was answered in a minute")?;
    Ok(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX))
}

/// Transactions are remembered for 64 T1 after their answer (RFC 3261 §17.2.1, RFC 6026 §7.1).
const FORGOTTEN: Duration = Duration::from_secs(34);

/// Memory after many registrations and calls: the first 10,000 and 1,000 make tables and caches as
/// large as this rate needs; when the exchange has forgotten them, the next as many add nothing.
pub(crate) fn flat(options: &Options) -> Result<Vec<Figure>> {
    const PEOPLE: usize = 200;
    let office = Office::open(&options.bin, PEOPLE)?;
    let mut agent = Agent::new(office.sip, &office.phones)?;
    let mut rss = vec![office.process().rss_kib()];
    let (mut failed, mut statuses) = (0, String::new());
    for _ in 0..2 {
        let count = options.count(10_000);
        let registered = traffic::register(&mut agent, PEOPLE, count, 16);
        let plan = Plan {
            count: options.count(1_000),
            rate: 50.0,
            window: 50,
            hold: Duration::from_millis(100),
        };
        let called = traffic::calls(&mut agent, PEOPLE, plan);
        rss.push(office.process().rss_kib());
        clock::idle(FORGOTTEN / u32::try_from(options.shrink).unwrap_or(1).max(1));
        failed += registered.failed + called.bad();
        statuses += &format!("{:?}", called.failed);
    }
    let mib: Vec<f64> = rss.iter().map(|&kib| count(kib) / 1_024.0).collect();
    Ok(vec![
        Figure::new("memory_growth", mib[2] - mib[1], "MiB", Target::Most(2.0))
            .note("registers", options.count(10_000))
            .note("calls", options.count(1_000))
            .note("start_mib", rounded(mib[0]))
            .note("after_first_mib", rounded(mib[1]))
            .note("after_second_mib", rounded(mib[2])),
        Figure::new("flat_failed", number(failed), "rounds", Target::Is(0.0))
            .note("statuses", statuses),
    ])
}

/// A count as a number to reckon with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^53"
)]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// The same for what the kernel counts.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a bench are far below 2^53"
)]
pub(crate) fn count(count: u64) -> f64 {
    count as f64
}
