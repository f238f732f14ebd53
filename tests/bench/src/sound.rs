//! What sound costs: calls relayed and transcoded, conferences, memory of a call. CPU time of the
//! whole process for each second of a call or of a party, in per cent of a core.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::{
    agent::{Agent, Heard},
    clock,
    figure::{Figure, Target, rounded},
    measure::{Options, count, number, registered, speaking},
    media::{Media, Report, Says, Stream},
    office::Office,
    process::{Span, Spent},
    traffic,
    wire::Codec,
};

/// The room of the office.
const ROOM: &str = "9000";
/// Length of each window in seconds.
const SECONDS: usize = 20;

/// Calls of G.711 both ways, few and many.
pub(crate) fn relayed(options: &Options) -> Result<Vec<Figure>> {
    let both = [Codec::Pcma; 2];
    let (few, report) = calls(options, ("relayed_50", 50, 0.14), both, "")?;
    let delay = |name, part, most| {
        let us = report.delay_ms(part) * 1e3;
        Figure::new(name, us, "µs", Target::Most(most))
            .note("generator_late_pct", rounded(report.late_pct))
    };
    let delays = [
        delay("relayed_50_delay_p50", 0.5, 90.0),
        delay("relayed_50_delay_p99", 0.99, 250.0),
    ];
    let (many, _) = calls(options, ("relayed_200", 200, 0.11), both, "")?;
    Ok([few].into_iter().chain(delays).chain([many]).collect())
}

/// Calls of G.711 that are recorded.
pub(crate) fn recorded(options: &Options) -> Result<Vec<Figure>> {
    let both = [Codec::Pcma; 2];
    let all = "record = \"all\"\n";
    let (figure, _) = calls(options, ("recorded_50", 50, 0.20), both, all)?;
    Ok(vec![figure])
}

/// Calls between G.711 and G.722.
pub(crate) fn transcoded(options: &Options) -> Result<Vec<Figure>> {
    let codecs = [Codec::Pcma, Codec::G722];
    let (figure, _) = calls(options, ("transcoded_50", 50, 0.30), codecs, "")?;
    Ok(vec![figure])
}

/// So many calls in which both talk, of people with `person` in their configuration; then name, calls
/// and target.
fn calls(
    options: &Options,
    (name, calls, most): (&'static str, usize, f64),
    codecs: [Codec; 2],
    person: &str,
) -> Result<(Figure, Report)> {
    let (office, mut agent, mut media) = speaking(options, (2 * calls, calls), codecs, person)?;
    let (spent, ended) = window(options, &office, &mut agent, &mut media);
    ensure!(ended == 0, "{ended} calls were ended: {}", office.log_end());
    shared(name, calls, most, spent, media, 2 * calls)
}

/// A room of which everybody talks, for 10, 30 and 100.
pub(crate) fn conference(options: &Options) -> Result<Vec<Figure>> {
    let rooms = [
        ("conference_10", 10, 0.09),
        ("conference_30", 30, 0.06),
        ("conference_100", 100, 0.06),
    ];
    let marks = |_| Says::Marks;
    let figures = rooms.map(|(name, parties, most)| {
        let (figure, _) = room(options, (name, parties, most), marks)?;
        Ok(figure)
    });
    figures.into_iter().collect()
}

/// From a burst of sound to its being heard by the nine others of a room.
pub(crate) fn burst(options: &Options) -> Result<Vec<Figure>> {
    let one = |party| match party {
        0 => Says::Bursts,
        _ => Says::Silence,
    };
    let (_, report) = room(options, ("burst_10", 10, f64::INFINITY), one)?;
    ensure!(!report.onsets_ns.is_empty(), "no burst was heard");
    let target = Target::Most(18.0);
    Ok(vec![
        Figure::new("burst_to_heard", report.onset_ms(0.5), "ms", target)
            .note("p90_ms", rounded(report.onset_ms(0.9)))
            .note("heard", report.onsets_ns.len())
            .note("generator_late_pct", rounded(report.late_pct)),
    ])
}

/// A room of which everybody says what `says` tells; name, parties and target.
fn room(
    options: &Options,
    (name, parties, most): (&'static str, usize, f64),
    says: impl Fn(usize) -> Says,
) -> Result<(Figure, Report)> {
    let room = format!("\n[[conference]]\nnumber = \"{ROOM}\"\nlimit = 100\nannounce = false\n");
    let (office, mut agent, mut media) = registered(options, 2 * parties, ("", &room))?;
    let up = come(&mut agent, parties);
    ensure!(up == parties, "{up} of {parties}: {}", office.log_end());
    for party in 0..parties {
        let to = agent.calls[party].remote.context("no SDP in the answer")?;
        let socket = Media::socket_of(party, 0);
        let codec = Codec::Pcma;
        let says = says(party);
        media.add(Stream {
            says,
            socket,
            to,
            codec,
        });
    }
    let (spent, ended) = window(options, &office, &mut agent, &mut media);
    ensure!(ended == 0, "{ended} were put out: {}", office.log_end());
    shared(name, parties, most, spent, media, parties)
}

/// So many dial the room, a few at a time. How many came up.
fn come(agent: &mut Agent, calls: usize) -> usize {
    const AT_ONCE: usize = 5;
    let until = clock::now() + Duration::from_secs(60);
    let (mut begun, mut up, mut failed) = (0, 0, 0);
    while up + failed < calls && clock::now() < until {
        if begun < calls && begun - up - failed < AT_ONCE {
            agent.dial(begun, ROOM);
            begun += 1;
        }
        agent.turn(Duration::from_millis(1));
        while let Some(heard) = agent.hear() {
            match heard {
                Heard::Up { .. } => up += 1,
                Heard::Failed { .. } => failed += 1,
                _ => {}
            }
        }
    }
    up
}

/// What the process used while they talk, after two seconds of it; how many calls it ended.
fn window(
    options: &Options,
    office: &Office,
    agent: &mut Agent,
    media: &mut Media,
) -> (Spent, usize) {
    traffic::attend(agent, Duration::from_secs(2));
    media.open_window();
    let span = Span::begin(office.process());
    let ended = traffic::attend(agent, options.length(SECONDS));
    let spent = span.end();
    media.close_window();
    traffic::attend(agent, Duration::from_millis(300));
    (spent, ended)
}

/// The share of each; what was heard must be what was said but for the edges of the window, or the
/// figure is none.
fn shared(
    name: &'static str,
    sharers: usize,
    most: f64,
    spent: Spent,
    media: Media,
    streams: usize,
) -> Result<(Figure, Report)> {
    let report = media.finish();
    // Mixed and transcoded packets do not carry our marks.
    let came = report.received + report.strange;
    let wanted = count(report.sent) * 0.98;
    ensure!(
        count(came) >= wanted && report.sent > 0,
        "{name}: of {} packets {came} came over {streams} streams",
        report.sent
    );
    let cpu_pct = spent.cpu_s / spent.wall_s * 100.0;
    let target = Target::Most(most);
    let figure = Figure::new(name, cpu_pct / number(sharers), "% of a core", target)
        .note("us_per_packet", rounded(spent.cpu_s * 1e6 / count(came)))
        .note("seconds", rounded(spent.wall_s))
        .note("machine_busy_pct", rounded(spent.machine_busy_pct));
    Ok((figure, report))
}

/// What a live call adds to the resident memory.
pub(crate) fn memory(options: &Options) -> Result<Vec<Figure>> {
    const CALLS: usize = 500;
    let (office, mut agent, mut media) = registered(options, 2 * CALLS, ("", ""))?;
    let before = office.process().rss_kib();
    traffic::stand(&mut agent, 2 * CALLS, CALLS).with_context(|| office.log_end())?;
    crate::measure::talk(&mut agent, &mut media, 2 * CALLS, CALLS)?;
    let ended = traffic::attend(&mut agent, options.length(60));
    let after = office.process().rss_kib();
    ensure!(ended == 0, "{ended} calls were ended: {}", office.log_end());
    drop(media.finish());
    let each = count(after.saturating_sub(before)) / number(CALLS);
    let target = Target::Most(48.0);
    Ok(vec![
        Figure::new("memory_per_call", each, "KiB", target).note("calls", CALLS),
    ])
}
