//! An engine and phones that are sockets of this machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use dsp::g711::Law;
use engine::{Engine, EngineConfig};
use hal_port::AudioHalf;
use model::{
    BridgeId, Codec, Learn, MediaCommand, MediaEvent, MediaFigures, MediaLeg, Now, PairId, PortId,
    Route, RtpIdentity, RtpParams,
};

/// Nothing on one machine takes longer, however busy it is.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// One packet of the phones.
pub(crate) const SAMPLES: usize = 160;

pub(crate) type BoxedPorts = Vec<(PortId, Box<dyn AudioHalf>)>;

/// The engine, and the events that nobody has waited for yet.
pub(crate) struct Rig {
    pub(crate) engine: Engine,
    pub(crate) events: Vec<MediaEvent>,
    /// When the phones send their next packet.
    next_send: Instant,
}

/// The clock of the test.
#[expect(
    clippy::disallowed_methods,
    reason = "a test over real sockets runs in real time"
)]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

pub(crate) fn leg(slot: u16) -> MediaLeg {
    MediaLeg {
        slot,
        generation: 7,
    }
}

impl Rig {
    pub(crate) fn new(rtp_ports: (u16, u16), ports: BoxedPorts) -> Self {
        Self::with_threads(1, rtp_ports, ports)
    }

    pub(crate) fn with_threads(threads: usize, rtp_ports: (u16, u16), ports: BoxedPorts) -> Self {
        let engine = Engine::start(EngineConfig {
            threads,
            rtp_ports,
            ports,
            seed: [9; 32],
            start: Now::default(),
            clips: Box::new(engine::NoClips),
            tracks: Vec::new(),
        })
        .expect("the engine starts");
        Self {
            engine,
            events: Vec::new(),
            next_send: clock(),
        }
    }

    pub(crate) fn send(&mut self, command: MediaCommand) {
        self.engine.send(command);
        self.engine.flush();
    }

    /// Waits for events until `until`, and takes them in.
    pub(crate) fn listen(&mut self, until: Instant) {
        let left = until.saturating_duration_since(clock());
        let mut poll = libc::pollfd {
            fd: self.engine.as_fd().as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        // What nobody is woken for is found by looking.
        let ms = i32::try_from(left.as_millis().min(20)).expect("short");
        // SAFETY: one pollfd is passed and its number is 1.
        unsafe { libc::poll(&raw mut poll, 1, ms) };
        while let Some(event) = self.engine.poll() {
            self.events.push(event);
        }
    }

    /// Waits for an event that `wanted` makes something of, and takes it out.
    pub(crate) fn wait<T>(&mut self, wanted: impl Fn(&MediaEvent) -> Option<T>) -> T {
        let deadline = clock() + PATIENCE;
        loop {
            let found = self
                .events
                .iter()
                .enumerate()
                .find_map(|(at, event)| Some((at, wanted(event)?)));
            if let Some((at, value)) = found {
                self.events.remove(at);
                return value;
            }
            assert!(clock() < deadline, "only {:?} came", self.events);
            self.listen(deadline);
        }
    }

    /// Waits until the media thread has executed all that was sent: the answer to a wish that
    /// cannot be fulfilled comes after it.
    pub(crate) fn settle(&mut self) {
        let nobody = leg(599);
        self.send(MediaCommand::AddPortLeg {
            leg: nobody,
            port: PortId(u16::MAX),
        });
        let fault = model::MediaFault::NoPort;
        let failed = MediaEvent::LegFailed { leg: nobody, fault };
        self.wait(|event| (*event == failed).then_some(()));
    }

    pub(crate) fn pair(&mut self) -> (PairId, u16) {
        self.wait(|event| match *event {
            MediaEvent::PairReady { pair, port } => Some((pair, port)),
            _ => None,
        })
    }

    /// An RTP leg in `slot` and the phone at its far end.
    pub(crate) fn phone(&mut self, slot: u16, ip: IpAddr) -> Phone {
        let (pair, port) = self.pair();
        let socket = UdpSocket::bind((ip, 0)).expect("a socket");
        socket
            .set_read_timeout(Some(Duration::from_millis(1)))
            .expect("not zero");
        let far = socket.local_addr().expect("bound");
        let leg = leg(slot);
        let identity = RtpIdentity {
            ssrc: 0xaa00 + u32::from(slot),
            seq: 1,
            timestamp: 1,
        };
        self.send(MediaCommand::AddRtpLeg {
            leg,
            pair,
            identity,
            beside: None,
        });
        let params = RtpParams {
            remote: Some(far),
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
        self.send(MediaCommand::SetRtp { leg, params });
        let local = match ip {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            v6 @ IpAddr::V6(_) => v6,
        };
        Phone {
            leg,
            socket,
            engine: SocketAddr::new(local, port),
            seq: 0,
            n: 0,
            hz: mark(slot),
            heard: Vec::new(),
            packets: 0,
            loud: 0,
        }
    }

    pub(crate) fn local_phone(&mut self, slot: u16) -> Phone {
        self.phone(slot, IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    pub(crate) fn join(&mut self, leg: MediaLeg, bridge: u16) {
        let route = Route::Bridge(BridgeId(bridge));
        self.send(MediaCommand::SetRoute { leg, route });
        self.settle();
    }

    /// The phones talk and listen in real time for so many packets.
    pub(crate) fn talk(&mut self, phones: &mut [&mut Phone], packets: usize) {
        self.next_send = self.next_send.max(clock());
        for _ in 0..packets {
            for phone in phones.iter_mut() {
                phone.say();
            }
            self.next_send += Duration::from_millis(20);
            while clock() < self.next_send {
                for phone in phones.iter_mut() {
                    phone.hear();
                }
                if phones.is_empty() {
                    self.listen(self.next_send);
                }
            }
        }
        self.listen(clock());
    }

    pub(crate) fn remove(&mut self, leg: MediaLeg) -> MediaFigures {
        self.send(MediaCommand::RemoveLeg { leg });
        self.wait(|event| match *event {
            MediaEvent::LegRemoved { leg: gone, figures } if gone == leg => Some(figures),
            _ => None,
        })
    }
}

/// The square of the phones' amplitude.
const LOUD: f64 = 8_000.0 * 8_000.0;

/// A phone that talks in a sine.
pub(crate) struct Phone {
    pub(crate) leg: MediaLeg,
    pub(crate) socket: UdpSocket,
    pub(crate) engine: SocketAddr,
    pub(crate) seq: u16,
    n: u32,
    hz: f32,
    pub(crate) heard: Vec<i16>,
    pub(crate) packets: u64,
    /// Packets with somebody's sound in at least half of them, as those have in which it begins.
    pub(crate) loud: u64,
}

impl Phone {
    pub(crate) fn packet(&mut self) -> Vec<u8> {
        let mut bytes = vec![0x80, 8];
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend((u32::from(self.seq) * 160).to_be_bytes());
        bytes.extend(77_u32.to_be_bytes());
        for _ in 0..SAMPLES {
            let turn = self.hz * self.n as f32 / 8_000.0 * std::f32::consts::TAU;
            bytes.push(
                Law::of(Codec::Pcma)
                    .expect("companded")
                    .encode((8_000.0 * turn.sin()) as i16),
            );
            self.n = (self.n + 1) % 8_000;
        }
        self.seq += 1;
        bytes
    }

    pub(crate) fn say(&mut self) {
        let bytes = self.packet();
        self.socket
            .send_to(&bytes, self.engine)
            .expect("loopback takes it");
    }

    /// Takes a datagram that is there or comes within a millisecond.
    pub(crate) fn hear(&mut self) -> bool {
        let mut buffer = [0; 2_000];
        let Ok((len, from)) = self.socket.recv_from(&mut buffer) else {
            return false;
        };
        assert_eq!(from, self.engine, "the answer comes from where we send to");
        let decoded = buffer[12..len]
            .iter()
            .map(|&octet| Law::of(Codec::Pcma).expect("companded").decode(octet));
        let before = self.heard.len();
        self.heard.extend(decoded);
        let squares = self.heard[before..].iter().map(|&s| f64::from(s).powi(2));
        let full = LOUD * SAMPLES as f64 / 2.0;
        self.loud += u64::from(squares.sum::<f64>() > full / 2.0);
        self.packets += 1;
        true
    }
}

/// The frequency that marks the talker in this slot.
pub(crate) fn mark(slot: u16) -> f32 {
    400.0 + 200.0 * f32::from(slot)
}

/// Amplitude of the sine of `hz` in `samples`.
pub(crate) fn amplitude(samples: &[i16], hz: f32) -> f32 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, &sample) in samples.iter().enumerate() {
        let turn = hz * n as f32 / 8_000.0 * std::f32::consts::TAU;
        re += f32::from(sample) * turn.cos();
        im += f32::from(sample) * turn.sin();
    }
    2.0 * (re * re + im * im).sqrt() / samples.len().max(1) as f32
}

/// Whether `hz` is heard in most of the blocks of 100 ms: a busy machine may tear some.
pub(crate) fn mostly_hears(samples: &[i16], hz: f32) -> bool {
    let blocks: Vec<f32> = samples
        .chunks_exact(800)
        .map(|block| amplitude(block, hz))
        .collect();
    let good = blocks.iter().filter(|&&level| level > 4_000.0).count();
    good > 0 && good * 2 > blocks.len()
}
