//! The phones' voices: one thread sends a packet every 20 ms for every stream, one takes what comes.
//! Every packet carries its stream, number and time, so that a loss, a stranger and a delay are seen.

use std::{
    collections::BTreeMap,
    io::{IoSliceMut, Result},
    net::{SocketAddr, UdpSocket},
    os::fd::{AsFd as _, AsRawFd as _},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread::JoinHandle,
    time::Duration,
};

use nix::{
    poll::{PollFd, PollFlags, ppoll},
    sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt},
};

use crate::{clock, process::dropped_by_port, wire::Codec};

/// First bytes of our payloads.
const MARK: &[u8; 4] = b"CBEN";
/// Sockets of each side; the phones share them.
const SOCKETS: usize = 8;
/// A packet every 20 ms, sent in slots of 1 ms.
const SLOTS: usize = 20;
/// Header and 20 ms of A-law.
const PACKET: usize = 12 + 160;

/// Packets of a burst, and from one burst to the next: 100 ms in each second.
const BURST: u32 = 5;
/// See [`BURST`].
const BURST_EVERY: u32 = 50;
/// A packet whose mean sample is larger is the burst; between bursts there is silence.
const LOUD: u32 = 300;
/// Silent packets before one counts as the beginning of a burst.
const QUIET: u32 = 10;
/// A-law of silence.
const SILENCE: u8 = 0xd5;

/// What a voice says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Says {
    /// Packets that are known again when they come out unchanged.
    #[default]
    Marks,
    /// Nothing.
    Silence,
    /// Noise for 100 ms of each second, each time 1 ms later in the exchange's beat.
    Bursts,
}

/// A voice on its way to the exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    /// What it says.
    pub(crate) says: Says,
    /// Which of our sockets it leaves from, as [`Media::sockets`] numbers them.
    pub(crate) socket: usize,
    /// Where the exchange wants it.
    pub(crate) to: SocketAddr,
    /// What it claims to be; the octets are the same.
    pub(crate) codec: Codec,
}

/// What was heard in the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Packets sent in the window.
    pub(crate) sent: u64,
    /// Those of them that came, each counted once.
    pub(crate) received: u64,
    /// Came more than once.
    pub(crate) twice: u64,
    /// Came after a later one.
    pub(crate) disordered: u64,
    /// Packets in the window that are none of ours.
    pub(crate) strange: u64,
    /// Thrown away by the kernel at our own sockets: not the exchange's fault.
    pub(crate) dropped_here: u64,
    /// Nanoseconds from our sending to the kernel's taking the relayed packet, sorted.
    pub(crate) delays_ns: Vec<u64>,
    /// Nanoseconds from the sending of a burst's first packet to that of the first loud one that
    /// came to somebody else, sorted.
    pub(crate) onsets_ns: Vec<u64>,
    /// Per cent of slots in which the generator was over 2 ms late: above a few, trust no delay.
    pub(crate) late_pct: f64,
}

impl Report {
    /// A delay in ms, `part` of the way up.
    pub(crate) fn delay_ms(&self, part: f64) -> f64 {
        crate::figure::percentile(&self.delays_ns, part) / 1e6
    }

    /// The time from a burst to its being heard, in ms, `part` of the way up.
    pub(crate) fn onset_ms(&self, part: f64) -> f64 {
        crate::figure::percentile(&self.onsets_ns, part) / 1e6
    }

    /// What neither came nor was dropped at our own sockets.
    pub(crate) const fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received + self.dropped_here)
    }
}

#[derive(Debug)]
struct Common {
    from: AtomicU64,
    until: AtomicU64,
    stop: AtomicBool,
    sent: AtomicU64,
    late: AtomicU64,
    slots: AtomicU64,
    /// When the newest burst began.
    burst: AtomicU64,
    new: Mutex<Vec<(u32, Stream)>>,
}

/// The voices.
#[derive(Debug)]
pub(crate) struct Media {
    common: Arc<Common>,
    /// Our sockets: those of the callers, then those of the called.
    pub(crate) sockets: Vec<SocketAddr>,
    next: u32,
    sender: JoinHandle<()>,
    receiver: JoinHandle<Taken>,
    dropped: u64,
    /// Held so that the RTCP ports beside ours are not closed ones.
    _beside: Vec<UdpSocket>,
}

#[derive(Debug, Default)]
struct Taken {
    streams: BTreeMap<u32, Order>,
    received: u64,
    twice: u64,
    disordered: u64,
    strange: u64,
    delays_ns: Vec<u64>,
    onsets_ns: Vec<u64>,
    /// Silent packets in a row, by SSRC.
    quiet: BTreeMap<u32, u32>,
}

/// Which numbers of a stream came lately.
#[derive(Debug, Default)]
struct Order {
    newest: u32,
    /// Bit n: `newest - n` came.
    seen: u64,
}

impl Media {
    /// Starts both threads, with nothing to send yet.
    pub(crate) fn start() -> Result<Self> {
        let mut sockets = Vec::new();
        let mut beside = Vec::new();
        while sockets.len() < 2 * SOCKETS {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            let mut next = socket.local_addr()?;
            if next.port() % 2 == 1 || next.port() == u16::MAX - 1 {
                continue;
            }
            next.set_port(next.port() + 1);
            let Ok(odd) = UdpSocket::bind(next) else {
                continue;
            };
            prepare(&socket)?;
            beside.push(odd);
            sockets.push(socket);
        }
        let addresses: Result<Vec<SocketAddr>> =
            sockets.iter().map(UdpSocket::local_addr).collect();
        let common = Arc::new(Common {
            from: AtomicU64::new(u64::MAX),
            until: AtomicU64::new(u64::MAX),
            stop: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            late: AtomicU64::new(0),
            slots: AtomicU64::new(0),
            burst: AtomicU64::new(0),
            new: Mutex::new(Vec::new()),
        });
        let sockets = Arc::new(sockets);
        let (for_sender, for_receiver) = (Arc::clone(&common), Arc::clone(&common));
        let (mine, theirs) = (Arc::clone(&sockets), Arc::clone(&sockets));
        Ok(Self {
            common,
            sockets: addresses?,
            next: 0,
            sender: std::thread::spawn(move || send(&for_sender, &mine)),
            receiver: std::thread::spawn(move || receive(&for_receiver, &theirs)),
            dropped: 0,
            _beside: beside,
        })
    }

    /// The socket of a phone: `door` 0 for callers, 1 for called.
    pub(crate) const fn socket_of(phone: usize, door: usize) -> usize {
        door * SOCKETS + phone % SOCKETS
    }

    /// Begins to send a voice.
    pub(crate) fn add(&mut self, stream: Stream) {
        self.next += 1;
        if let Ok(mut new) = self.common.new.lock() {
            new.push((self.next, stream));
        }
    }

    /// From now on packets count.
    pub(crate) fn open_window(&mut self) {
        self.dropped = self.dropped_here();
        self.common.from.store(clock::realtime_ns(), Relaxed);
    }

    /// What is sent from now on does not count.
    pub(crate) fn close_window(&self) {
        self.common.until.store(clock::realtime_ns(), Relaxed);
    }

    fn dropped_here(&self) -> u64 {
        let all = dropped_by_port();
        let of = |address: &SocketAddr| all.get(&address.port()).copied().unwrap_or(0);
        self.sockets.iter().map(of).sum()
    }

    /// Stops both threads and says what was heard.
    pub(crate) fn finish(self) -> Report {
        // The last packets of the window are still on their way.
        clock::idle(Duration::from_millis(500));
        let dropped_here = self.dropped_here().saturating_sub(self.dropped);
        self.common.stop.store(true, Relaxed);
        // A thread that panicked reports nothing, which no figure survives.
        let _ = self.sender.join();
        let mut taken = self.receiver.join().unwrap_or_default();
        taken.delays_ns.sort_unstable();
        taken.onsets_ns.sort_unstable();
        let slots = self.common.slots.load(Relaxed).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a percentage")]
        let late_pct = self.common.late.load(Relaxed) as f64 * 100.0 / slots as f64;
        Report {
            sent: self.common.sent.load(Relaxed),
            received: taken.received,
            twice: taken.twice,
            disordered: taken.disordered,
            strange: taken.strange,
            dropped_here,
            delays_ns: taken.delays_ns,
            onsets_ns: taken.onsets_ns,
            late_pct,
        }
    }
}

fn prepare(socket: &UdpSocket) -> Result<()> {
    socket.set_nonblocking(true)?;
    setsockopt(socket, sockopt::ReceiveTimestampns, &true)?;
    if setsockopt(socket, sockopt::RcvBufForce, &(8 << 20)).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &(8 << 20))?;
    }
    Ok(())
}

impl Common {
    fn in_window(&self, ns: u64) -> bool {
        ns >= self.from.load(Relaxed) && ns < self.until.load(Relaxed)
    }
}

/// A stream being sent.
struct Voice {
    id: u32,
    stream: Stream,
    number: u32,
    /// Milliseconds in which it sent nothing, so that its packets leave at another moment of the beat.
    shifted: u32,
    /// Its slot comes 1 ms after the one that it has just left.
    rests: bool,
}

fn send(common: &Common, sockets: &[UdpSocket]) {
    let mut slots: Vec<Vec<Voice>> = (0..SLOTS).map(|_| Vec::new()).collect();
    let mut next = clock::now();
    let mut at = 0;
    while !common.stop.load(Relaxed) {
        if let Ok(mut new) = common.new.try_lock() {
            for (id, stream) in new.drain(..) {
                // Seven is prime to twenty: neighbours in time are not neighbours in number.
                let slot = usize::try_from(id).unwrap_or(0) * 7 % SLOTS;
                slots[slot].push(Voice {
                    id,
                    stream,
                    number: 0,
                    shifted: 0,
                    rests: false,
                });
            }
        }
        next += Duration::from_millis(1);
        let now = clock::now();
        if now < next {
            clock::idle(next - now);
        }
        common.slots.fetch_add(1, Relaxed);
        let late = clock::now().saturating_duration_since(next);
        if late > Duration::from_millis(2) {
            common.late.fetch_add(1, Relaxed);
        }
        for voice in &mut slots[at] {
            if !std::mem::take(&mut voice.rests) {
                say(common, sockets, voice);
                voice.shift();
            }
        }
        let after = (at + 1) % SLOTS;
        let shifted: Vec<Voice> = slots[at].extract_if(.., |voice| voice.rests).collect();
        slots[after].extend(shifted);
        at = after;
    }
}

impl Voice {
    /// Leaves this slot for the next after a burst: people begin to talk at any moment, and how long
    /// they wait to be heard depends on it.
    const fn shift(&mut self) {
        if matches!(self.stream.says, Says::Bursts) && self.number % BURST_EVERY == BURST {
            self.shifted += 1;
            self.rests = true;
        }
    }
}

fn say(common: &Common, sockets: &[UdpSocket], voice: &mut Voice) {
    let mut packet = [SILENCE; PACKET];
    let now = clock::realtime_ns();
    let number = voice.number.to_be_bytes();
    let stamp = voice
        .number
        .wrapping_mul(160)
        .wrapping_add(8 * voice.shifted);
    let stamp = stamp.to_be_bytes();
    let marker = if voice.number == 0 { 0x80 } else { 0 };
    packet[..4].copy_from_slice(&[
        0x80,
        marker | voice.stream.codec.payload_type(),
        number[2],
        number[3],
    ]);
    packet[4..8].copy_from_slice(&stamp);
    packet[8..12].copy_from_slice(&(0x0c0d_0000 | voice.id).to_be_bytes());
    match voice.stream.says {
        Says::Marks => {
            packet[12..16].copy_from_slice(MARK);
            packet[16..20].copy_from_slice(&voice.id.to_be_bytes());
            packet[20..24].copy_from_slice(&number);
            packet[24..32].copy_from_slice(&now.to_be_bytes());
        }
        Says::Bursts if voice.number % BURST_EVERY < BURST => {
            if voice.number.is_multiple_of(BURST_EVERY) {
                common.burst.store(now, Relaxed);
            }
            for (octet, n) in packet[12..].iter_mut().zip(0_u8..) {
                *octet = n.wrapping_mul(89) ^ n >> 3;
            }
        }
        Says::Silence | Says::Bursts => {}
    }
    voice.number += 1;
    let sent = sockets[voice.stream.socket].send_to(&packet, voice.stream.to);
    if sent.is_ok() && common.in_window(now) {
        common.sent.fetch_add(1, Relaxed);
    }
}

fn receive(common: &Common, sockets: &[UdpSocket]) -> Taken {
    let mut taken = Taken::default();
    let mut buffer = [0_u8; 2_048];
    while !common.stop.load(Relaxed) {
        let mut fds: Vec<PollFd<'_>> = sockets
            .iter()
            .map(|socket| PollFd::new(socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let _ = ppoll(&mut fds, Some(Duration::from_millis(50).into()), None);
        for (socket, fd) in sockets.iter().zip(&fds) {
            if fd.any() != Some(true) {
                continue;
            }
            while let Some((len, ns)) = take(socket, &mut buffer) {
                taken.count(common, &buffer[..len], ns);
            }
        }
    }
    taken
}

/// A datagram and when the kernel took it.
fn take(socket: &UdpSocket, buffer: &mut [u8]) -> Option<(usize, u64)> {
    let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let mut slices = [IoSliceMut::new(buffer)];
    let flags = MsgFlags::MSG_DONTWAIT;
    let fd = socket.as_raw_fd();
    let message = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(&mut space), flags).ok()?;
    let time = message.cmsgs().ok()?.find_map(|control| match control {
        ControlMessageOwned::ScmTimestampns(time) => Some(Duration::from(time).as_nanos()),
        _ => None,
    });
    let ns = time.and_then(|ns| u64::try_from(ns).ok());
    Some((message.bytes, ns.unwrap_or_else(clock::realtime_ns)))
}

impl Taken {
    fn count(&mut self, common: &Common, packet: &[u8], ns: u64) {
        let word = |at: usize| -> Option<[u8; 4]> { packet.get(at..at + 4)?.try_into().ok() };
        let stamp = packet.get(24..32).and_then(|eight| eight.try_into().ok());
        let (Some(MARK), Some(id), Some(number), Some(stamp), PACKET) =
            (word(12).as_ref(), word(16), word(20), stamp, packet.len())
        else {
            if common.in_window(ns) {
                self.strange += 1;
                self.listen(common.burst.load(Relaxed), packet, ns);
            }
            return;
        };
        let sent = u64::from_be_bytes(stamp);
        let order = self.streams.entry(u32::from_be_bytes(id)).or_default();
        let (again, disordered) = order.take(u32::from_be_bytes(number));
        if !common.in_window(sent) {
            return;
        }
        if again {
            self.twice += 1;
            return;
        }
        self.received += 1;
        self.disordered += u64::from(disordered);
        self.delays_ns.push(ns.saturating_sub(sent));
    }
}

impl Taken {
    /// Notes the first loud packet after silence; `burst` is when the burst began.
    fn listen(&mut self, burst: u64, packet: &[u8], ns: u64) {
        let (Some(ssrc), Some(payload)) = (packet.get(8..12), packet.get(12..)) else {
            return;
        };
        let ssrc = u32::from_be_bytes(ssrc.try_into().unwrap_or_default());
        let quiet = self.quiet.entry(ssrc).or_default();
        let level: u32 = payload.iter().map(|&octet| alaw_size(octet)).sum();
        let samples = u32::try_from(payload.len()).unwrap_or(u32::MAX).max(1);
        if level / samples <= LOUD {
            *quiet += 1;
        } else if std::mem::take(quiet) >= QUIET && burst > 0 {
            self.onsets_ns.push(ns.saturating_sub(burst));
        }
    }
}

/// How far from zero an octet of A-law is (G.711 table 1a).
fn alaw_size(octet: u8) -> u32 {
    let code = u32::from(octet ^ 0x55) & 0x7f;
    let (segment, step) = (code >> 4, code & 15);
    match segment {
        0 => step << 4 | 8,
        _ => (step << 4 | 264) << (segment - 1),
    }
}

impl Order {
    /// Whether `number` came before, and whether a later one did.
    fn take(&mut self, number: u32) -> (bool, bool) {
        if self.seen == 0 || number > self.newest {
            let ahead = number.saturating_sub(self.newest);
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.newest = number;
            return (false, false);
        }
        let bit = 1_u64.checked_shl(self.newest - number).unwrap_or(0);
        let again = self.seen & bit != 0;
        self.seen |= bit;
        (again, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_after_silence_is_heard_once() {
        let mut taken = Taken::default();
        let packet = |octet: u8| {
            let mut packet = [octet; PACKET];
            packet[8..12].copy_from_slice(&[1, 2, 3, 4]);
            packet
        };
        taken.listen(5, &packet(0x2a), 9);
        for _ in 0..QUIET {
            taken.listen(5, &packet(SILENCE), 10);
        }
        for ns in [105, 205] {
            taken.listen(5, &packet(0x2a), ns);
        }
        assert_eq!(taken.onsets_ns, [100]);
        assert_eq!((alaw_size(SILENCE), alaw_size(0x2a)), (8, 32_256));
    }

    #[test]
    fn repeats_and_disorder_are_told_apart() {
        let mut order = Order::default();
        let taken: Vec<_> = [0, 1, 3, 2, 3, 200, 199].map(|n| order.take(n)).into();
        let fresh = (false, false);
        let late = (false, true);
        assert_eq!(
            taken,
            [fresh, fresh, fresh, late, (true, true), fresh, late]
        );
    }
}
