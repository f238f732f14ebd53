//! How much a relayed two-way call costs, and how long a packet takes: `relay_load [CALLS] [SECONDS]`.
//!
//! All phones are one socket of this machine; one thread sends, one receives. The figures of the
//! media thread are read from the kernel. Run it in a release build on an otherwise idle machine.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "a load test reads the clock")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use engine::{Engine, EngineConfig};
use model::{
    BridgeId, Codec, Learn, MediaCommand, MediaEvent, MediaLeg, Now, PairId, Route, RtpIdentity,
    RtpParams,
};

const PACKET: Duration = Duration::from_millis(20);

struct Phone {
    engine: SocketAddr,
    seq: u16,
}

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let calls: u16 = arguments.next().unwrap_or(100);
    let seconds: u16 = arguments.next().unwrap_or(10);
    let mut engine = Engine::start(EngineConfig {
        threads: 1,
        rtp_ports: (0, 0),
        ports: Vec::new(),
        seed: [1; 32],
        start: Now::default(),
        clips: Box::new(engine::NoClips),
        tracks: Vec::new(),
    })
    .expect("the engine starts");
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let mut phones: Vec<Phone> = (0..calls * 2)
        .map(|slot| phone(&mut engine, &socket, slot))
        .collect();
    let tid = media_thread();
    let ear = socket.try_clone().expect("a second handle");
    ear.set_read_timeout(Some(Duration::from_millis(500)))
        .expect("not zero");
    let (cpu, started) = (cpu_ms(&tid), Instant::now());
    let listener = std::thread::spawn(move || hear(&ear, started));
    run(&socket, &mut phones, u32::from(seconds) * 50, started);
    let wall_ms = started.elapsed().as_secs_f64() * 1_000.0;
    let used_ms = cpu_ms(&tid) - cpu;
    let mut delays_us = listener.join().expect("it ends after a silence");
    let sent = u64::from(calls) * 2 * u64::from(seconds) * 50;
    delays_us.sort_unstable();
    let at = |part: f64| {
        let index = (delays_us.len() as f64 * part) as usize;
        delays_us.get(index.min(delays_us.len().saturating_sub(1)))
    };
    let status = engine.status();
    println!(
        "calls {calls}, packets sent {sent}, came {}",
        delays_us.len()
    );
    println!(
        "delay in us: p50 {:?}, p99 {:?}, most {:?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!(
        "media thread: {:.4} % of a core per call, {:.2} us per packet, {:.2} packets per wake",
        used_ms / wall_ms * 100.0 / f64::from(calls),
        used_ms * 1_000.0 / status.datagrams_in as f64,
        status.datagrams_in as f64 / status.wakes as f64
    );
    println!("{status:?}");
}

fn phone(engine: &mut Engine, socket: &UdpSocket, slot: u16) -> Phone {
    let (pair, port) = next_pair(engine);
    let leg = MediaLeg {
        slot,
        generation: 1,
    };
    engine.send(MediaCommand::AddRtpLeg {
        leg,
        pair,
        identity: RtpIdentity {
            ssrc: u32::from(slot),
            seq: 1,
            timestamp: 1,
        },
        beside: None,
    });
    let params = RtpParams {
        remote: socket.local_addr().ok(),
        remote_rtcp: None,
        learn: Learn::Never,
        codec: Codec::Pcma,
        pt_out: 8,
        pt_in: 8,
        event_pt_out: None,
        event_pt_in: None,
        ptime_ms: 20,
        send: true,
        receive: true,
        ..RtpParams::of(Codec::Pcma)
    };
    engine.send(MediaCommand::SetRtp { leg, params });
    let route = Route::Bridge(BridgeId(slot / 2));
    engine.send(MediaCommand::SetRoute { leg, route });
    engine.flush();
    Phone {
        engine: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        seq: 0,
    }
}

fn next_pair(engine: &mut Engine) -> (PairId, u16) {
    loop {
        match engine.poll() {
            Some(MediaEvent::PairReady { pair, port }) => return (pair, port),
            Some(_) => {}
            None => std::thread::yield_now(),
        }
    }
}

/// All phones send every 20 ms, spread over the time between.
fn run(socket: &UdpSocket, phones: &mut [Phone], rounds: u32, started: Instant) {
    let apart = PACKET / u32::try_from(phones.len()).expect("few");
    for round in 0..rounds {
        for (index, phone) in (0..).zip(&mut *phones) {
            let due = PACKET * round + apart * index;
            while started.elapsed() < due {
                std::thread::park_timeout(due.saturating_sub(started.elapsed()));
            }
            phone.say(socket, started);
        }
    }
}

/// The delays of all that comes until nothing does for a while, in µs.
fn hear(ear: &UdpSocket, started: Instant) -> Vec<u64> {
    let mut delays_us = Vec::new();
    let mut bytes = [0; 200];
    while let Ok(20..) = ear.recv(&mut bytes) {
        let sent = u64::from_be_bytes(bytes[12..20].try_into().expect("eight"));
        let now = u64::try_from(started.elapsed().as_nanos()).expect("short");
        delays_us.push(now.saturating_sub(sent) / 1_000);
    }
    delays_us
}

impl Phone {
    fn say(&mut self, socket: &UdpSocket, started: Instant) {
        let mut bytes = [0x55; 172];
        bytes[..2].copy_from_slice(&[0x80, 8]);
        bytes[2..4].copy_from_slice(&self.seq.to_be_bytes());
        bytes[4..8].copy_from_slice(&(u32::from(self.seq) * 160).to_be_bytes());
        let now = u64::try_from(started.elapsed().as_nanos()).expect("short");
        bytes[12..20].copy_from_slice(&now.to_be_bytes());
        self.seq = self.seq.wrapping_add(1);
        socket.send_to(&bytes, self.engine).expect("sent");
    }
}

fn media_thread() -> std::path::PathBuf {
    // The thread names itself a moment after its start.
    loop {
        if let Some(task) = find_media_thread() {
            return task;
        }
        std::thread::yield_now();
    }
}

fn find_media_thread() -> Option<std::path::PathBuf> {
    std::fs::read_dir("/proc/self/task")
        .expect("Linux")
        .flatten()
        .map(|task| task.path())
        .find(|path| {
            std::fs::read_to_string(path.join("comm")).is_ok_and(|n| n.trim() == "media-0")
        })
}

/// Time that a thread ran, in ms (schedstat, first field, ns).
fn cpu_ms(task: &std::path::Path) -> f64 {
    let text = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let ns: f64 = text
        .split_whitespace()
        .next()
        .and_then(|field| field.parse().ok())
        .unwrap_or(0.0);
    ns / 1e6
}
