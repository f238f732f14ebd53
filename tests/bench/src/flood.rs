//! A hundred thousand spoiled messages, oversized ones, silent connections and garbage on live RTP
//! ports, while people talk: the exchange stays, the call does not notice, memory stays flat, and
//! what came is counted.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::{
    agent::Agent,
    clock,
    figure::{Figure, Target, rounded},
    measure::{Options, count, number, talking},
    media::Report,
    mutate::{Stranger, garbage_rtp},
    office::Office,
    process::Span,
    random::Random,
    traffic,
    wire::Message,
};

const PEOPLE: usize = 12;
/// Calls in progress while the flood runs.
const CALLS: usize = 2;
/// Spoiled messages of the record.
const MESSAGES: usize = 100_000;
/// After so many a well-formed question must be answered: the flood goes as fast as it is read.
const BATCH: usize = 100;
/// A question is asked so often, 250 ms apart, before the exchange counts as gone.
const ASKED: usize = 40;
/// A connection on which nothing comes is closed within 15 s; a busy machine may be a little later.
const SILENT_S: u64 = 20;

/// Full tables of transactions, and the journal on its way to the disk, are bounded by
/// `model::limits` to less than this; 350 bytes kept of every message would be more.
const GROWTH_MIB: f64 = 32.0;

/// The flood and its figures.
pub(crate) fn flood(options: &Options) -> Result<Vec<Figure>> {
    let (mut office, mut agent, mut media) = talking(options, PEOPLE, CALLS)?;
    traffic::attend(&mut agent, Duration::from_secs(1));
    let silent = Silent::open(office.sip_tcp)?;
    let before = office.metrics()?;
    media.open_window();
    let span = Span::begin(office.process());
    let outcome = rain(&mut agent, &office, options)?;
    let spent = span.end();
    let torn = torn_streams(office.sip_tcp)?;
    let closed = silent.closed(&mut agent);
    media.close_window();
    traffic::attend(&mut agent, Duration::from_millis(300));
    let report = media.finish();
    let alive = office.is_alive();
    let after = office.metrics()?;
    let hung_up = traffic::hang_up(&mut agent, 0..CALLS);
    let again = traffic::register(&mut agent, PEOPLE, PEOPLE, 4);
    let grown = |name: &str| after.get(name).unwrap_or(&0.0) - before.get(name).unwrap_or(&0.0);
    let mut figures = vec![
        Figure::new(
            "flood_survived",
            f64::from(u8::from(alive)),
            "",
            Target::Is(1.0),
        )
        .note("seconds", rounded(spent.wall_s))
        .note(
            "cpu_us_per_message",
            rounded(spent.cpu_s * 1e6 / number(outcome.sent)),
        )
        .note("messages", outcome.sent)
        .note("answers", outcome.answers)
        .note("rtp_garbage", outcome.garbage)
        .note("questions_repeated", outcome.repeated)
        .note("seed", options.seed),
        Figure::new(
            "flood_counted",
            grown("centralka_sip_garbage_total"),
            "messages",
            Target::Least(1.0),
        )
        .note("lenient", grown("centralka_sip_lenient_total"))
        .note("auth_wrong", grown("centralka_auth_wrong_total")),
        Figure::new(
            "flood_memory_growth",
            outcome.growth_mib,
            "MiB",
            Target::Most(GROWTH_MIB),
        )
        .note("second_half_mib", rounded(outcome.late_growth_mib)),
    ];
    figures.extend(in_order(closed, torn, again.ok));
    figures.extend(undisturbed(&report, outcome.ended + CALLS - hung_up));
    Ok(figures)
}

/// What the exchange did with connections that never said anything, and with phones afterwards.
fn in_order(closed: usize, torn: usize, registered: usize) -> Vec<Figure> {
    vec![
        Figure::new(
            "flood_silent_closed",
            number(closed),
            "connections",
            Target::Is(number(Silent::COUNT)),
        ),
        Figure::new(
            "flood_torn_streams_refused",
            number(torn),
            "connections",
            Target::Is(3.0),
        ),
        Figure::new(
            "flood_phones_work_after",
            number(registered),
            "phones",
            Target::Is(number(PEOPLE)),
        ),
    ]
}

/// The calls during the flood.
fn undisturbed(report: &Report, calls_lost: usize) -> Vec<Figure> {
    vec![
        Figure::new(
            "flood_media_lost",
            count(report.lost()),
            "packets",
            Target::Is(0.0),
        )
        .note("sent", report.sent)
        .note("dropped_at_our_sockets", report.dropped_here)
        .note("delay_p99_ms", rounded(report.delay_ms(0.99)))
        .note("delay_max_ms", rounded(report.delay_ms(1.0))),
        Figure::new(
            "flood_strangers_heard",
            count(report.strange),
            "packets",
            Target::Is(0.0),
        ),
        Figure::new(
            "flood_calls_lost",
            number(calls_lost),
            "calls",
            Target::Is(0.0),
        ),
    ]
}

/// What came of the rain.
#[derive(Debug, Default)]
struct Outcome {
    sent: usize,
    answers: usize,
    garbage: usize,
    repeated: usize,
    ended: usize,
    /// Memory from the first message to the last.
    growth_mib: f64,
    /// Memory over the second half.
    late_growth_mib: f64,
}

fn rain(agent: &mut Agent, office: &Office, options: &Options) -> Result<Outcome> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_nonblocking(true)?;
    let honest = UdpSocket::bind("127.0.0.1:0")?;
    honest.set_read_timeout(Some(Duration::from_millis(250)))?;
    let call = agent.calls[0].id.clone();
    let mut stranger = Stranger::new(options.seed, socket.local_addr()?, office.sip, call);
    let mut random = Random::new(options.seed ^ 0x7274_7000);
    let mut outcome = Outcome::default();
    let whole = options.count(MESSAGES);
    let ports = live_ports(agent);
    let mut rss = vec![office.process().rss_kib()];
    let mut buffer = vec![0; 65_536];
    while outcome.sent < whole {
        for _ in 0..BATCH {
            outcome.sent += 1;
            // A full buffer of ours: the next batch waits for an answer anyway.
            let _ = socket.send_to(&stranger.next(), office.sip);
            while socket.recv_from(&mut buffer).is_ok() {
                outcome.answers += 1;
            }
        }
        for &port in &ports {
            outcome.garbage += 1;
            let _ = socket.send_to(&garbage_rtp(&mut random), port);
        }
        outcome.repeated += ask(&honest, office.sip, outcome.sent)?;
        outcome.ended += traffic::attend(agent, Duration::ZERO);
        agent.turn(Duration::ZERO);
        rss.push(office.process().rss_kib());
    }
    let last = rss.last().copied().unwrap_or(0);
    let half = rss[rss.len() / 2];
    outcome.growth_mib = (count(last) - count(rss[0])) / 1_024.0;
    outcome.late_growth_mib = (count(last) - count(half)) / 1_024.0;
    Ok(outcome)
}

/// The RTP and RTCP ports of the calls in progress.
fn live_ports(agent: &Agent) -> Vec<SocketAddr> {
    let callers = agent.calls.iter().filter_map(|call| call.remote);
    let called = (0..CALLS).filter_map(|at| agent.taken_remote(PEOPLE / 2 + at));
    let mut ports: Vec<SocketAddr> = callers.chain(called).collect();
    let rtcp: Vec<SocketAddr> = ports
        .iter()
        .map(|port| SocketAddr::new(port.ip(), port.port() + 1))
        .collect();
    ports.extend(rtcp);
    ports
}

/// Asks an honest OPTIONS until it is answered; how often it had to be repeated.
fn ask(socket: &UdpSocket, server: SocketAddr, number: usize) -> Result<usize> {
    let local = socket.local_addr()?;
    let host = server.ip();
    let question = format!(
        "OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {local};rport;branch=z9hG4bKask.{number:x}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:probe@{host}>;tag=p{number}\r\nTo: <sip:{host}>\r\n\
         Call-ID: ask-{number}@probe\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    );
    let mut buffer = [0; 4_096];
    for repeated in 0..ASKED {
        let _ = socket.send_to(question.as_bytes(), server);
        while let Ok((len, _)) = socket.recv_from(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..len]);
            let answer = Message::read(&text).and_then(|message| message.branch_number());
            if answer == u64::try_from(number).ok() {
                return Ok(repeated);
            }
        }
    }
    bail!("after {number} messages the exchange answers nothing any more")
}

/// Connections on which nothing is ever said.
struct Silent {
    streams: Vec<TcpStream>,
    opened: Instant,
}

impl Silent {
    const COUNT: usize = 10;

    fn open(server: SocketAddr) -> Result<Self> {
        let streams: std::io::Result<Vec<TcpStream>> = (0..Self::COUNT)
            .map(|at| {
                let mut stream = TcpStream::connect(server)?;
                stream.set_nonblocking(true)?;
                // Half of them say half a line.
                if at % 2 == 0 {
                    stream.write_all(b"REGISTER sip:x")?;
                }
                Ok(stream)
            })
            .collect();
        Ok(Self {
            streams: streams.context("SIP over TCP")?,
            opened: clock::now(),
        })
    }

    /// How many the exchange closes in time, while the phones go on.
    fn closed(mut self, agent: &mut Agent) -> usize {
        let until = self.opened + Duration::from_secs(SILENT_S);
        let whole = self.streams.len();
        while !self.streams.is_empty() && clock::now() < until {
            self.streams.retain_mut(|stream| !is_closed(stream));
            traffic::attend(agent, Duration::from_millis(50));
        }
        whole - self.streams.len()
    }
}

fn is_closed(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0; 512]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    }
}

/// Streams that can never become a message are closed at once, not kept; how many of three are.
fn torn_streams(server: SocketAddr) -> Result<usize> {
    let endless = "X: y\r\n".repeat(40_000);
    let torn = [
        format!("OPTIONS sip:a SIP/2.0\r\n{endless}"),
        "OPTIONS sip:a SIP/2.0\r\nContent-Length: 99999999999\r\n\r\n".to_owned(),
        "x".repeat(300_000),
    ];
    let mut refused = 0;
    for text in torn {
        let mut stream = TcpStream::connect(server)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        stream.set_write_timeout(Some(Duration::from_secs(10)))?;
        // It may be closed before all is said.
        let _ = stream.write_all(text.as_bytes());
        let mut answer = Vec::new();
        // An end, or a reset for what was left unread; not the time limit.
        refused += usize::from(match stream.read_to_end(&mut answer) {
            Ok(_) => true,
            Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
        });
    }
    Ok(refused)
}
