//! What a relayed packet costs by each way to receive and send it, in the shape of this engine: a
//! socket per leg. `io_shapes [ROUNDS]`, release build; the result stands in `sys.rs`.
//!
//! In each round one datagram waits on each of so many sockets; the measured thread takes them all
//! and sends each on. Only its own processor time is counted, which io_uring uses too: nothing here
//! is handed to a kernel thread.
#![allow(unsafe_code)] // the ways themselves
#![expect(clippy::print_stdout, reason = "figures are what it is for")]

use std::mem::zeroed;
use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU16, Ordering};

use io_uring::{IoUring, cqueue, opcode, squeue, types};

const SOCKETS: usize = 64;
const PACKET: usize = 172;
/// Places for datagrams that the kernel chooses from, and the octets of each.
const PLACES: u16 = 128;
const PLACE: usize = 512;

/// Places for a datagram and its address that stay where they are.
struct Slot {
    bytes: [u8; 256],
    address: libc::sockaddr_in,
    part: libc::iovec,
    head: libc::msghdr,
}

struct Bench {
    sockets: Vec<UdpSocket>,
    far: UdpSocket,
    #[expect(clippy::vec_box, reason = "the kernel holds pointers into them")]
    slots: Vec<Box<Slot>>,
    epoll: RawFd,
}

fn cpu_ns() -> u64 {
    // SAFETY: `time` is a valid place for the result.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
        time
    };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Bench {
    fn new() -> Self {
        let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback");
        let sockets: Vec<UdpSocket> = (0..SOCKETS).map(|_| bind()).collect();
        // SAFETY: no pointers are passed.
        let epoll = unsafe { libc::epoll_create1(0) };
        for (at, socket) in sockets.iter().enumerate() {
            socket.set_nonblocking(true).expect("an option");
            let mut event = libc::epoll_event {
                events: libc::EPOLLIN as u32,
                u64: at as u64,
            };
            // SAFETY: `event` is valid, both descriptors are open.
            unsafe {
                libc::epoll_ctl(
                    epoll,
                    libc::EPOLL_CTL_ADD,
                    socket.as_raw_fd(),
                    &raw mut event,
                )
            };
        }
        let slot = || {
            // SAFETY: all zeros is valid for these C types.
            let (address, part, head) = unsafe { (zeroed(), zeroed(), zeroed()) };
            let bytes = [0; 256];
            let mut slot = Box::new(Slot {
                bytes,
                address,
                part,
                head,
            });
            slot.part.iov_base = slot.bytes.as_mut_ptr().cast();
            slot.head.msg_name = (&raw mut slot.address).cast();
            slot.head.msg_iov = &raw mut slot.part;
            slot.head.msg_iovlen = 1;
            slot
        };
        Self {
            sockets,
            far: bind(),
            slots: (0..SOCKETS).map(|_| slot()).collect(),
            epoll,
        }
    }

    /// One datagram to each of the first `ready` sockets.
    fn feed(&self, ready: usize) {
        for socket in &self.sockets[..ready] {
            let to = socket.local_addr().expect("bound");
            self.far.send_to(&[7; PACKET], to).expect("loopback");
        }
    }

    /// What was sent on is taken away.
    fn empty(&self, ready: usize) {
        for _ in 0..ready {
            self.far.recv_from(&mut [0; 256]).expect("sent on");
        }
    }

    fn open(slot: &mut Slot, len: usize) -> *mut libc::msghdr {
        slot.part.iov_len = len;
        slot.head.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        &raw mut slot.head
    }

    fn wait(&self) -> usize {
        // SAFETY: there is room for so many events.
        unsafe {
            let mut events: [libc::epoll_event; SOCKETS] = zeroed();
            libc::epoll_wait(self.epoll, events.as_mut_ptr(), SOCKETS as i32, -1) as usize
        }
    }

    /// epoll, then recvfrom and sendto for each socket. Those that are ready are the first ones.
    fn plain(&mut self) {
        for at in 0..self.wait() {
            let (fd, slot) = (self.sockets[at].as_raw_fd(), &mut self.slots[at]);
            let mut len = size_of::<libc::sockaddr_in>() as u32;
            let address = (&raw mut slot.address).cast::<libc::sockaddr>();
            let bytes = slot.bytes.as_mut_ptr().cast::<libc::c_void>();
            // SAFETY: the slot's places are valid for their lengths.
            unsafe {
                let got = libc::recvfrom(fd, bytes, 256, libc::MSG_DONTWAIT, address, &raw mut len);
                libc::sendto(fd, bytes, got as usize, libc::MSG_DONTWAIT, address, len);
            }
        }
    }

    /// epoll, then recvmmsg and sendmmsg for each socket, which has one datagram at a time.
    fn many(&mut self) {
        for at in 0..self.wait() {
            let fd = self.sockets[at].as_raw_fd();
            let head = Self::open(&mut self.slots[at], 256);
            // SAFETY: the head points into the slot, which stays where it is.
            unsafe {
                let mut one = libc::mmsghdr {
                    msg_hdr: *head,
                    msg_len: 0,
                };
                let none = std::ptr::null_mut();
                libc::recvmmsg(fd, &raw mut one, 1, libc::MSG_DONTWAIT, none);
                (*one.msg_hdr.msg_iov).iov_len = one.msg_len as usize;
                libc::sendmmsg(fd, &raw mut one, 1, libc::MSG_DONTWAIT);
            }
        }
    }

    /// io_uring: receives wait in the ring; all sends and the receives that follow go in one call.
    /// How many datagrams were taken.
    fn ring(&mut self, ring: &mut IoUring) -> usize {
        let mut taken = 0;
        ring.submit_and_wait(1).expect("a ring");
        let done: Vec<(u64, i32)> = ring
            .completion()
            .map(|entry| (entry.user_data(), entry.result()))
            .collect();
        for (token, result) in done {
            if token >= SOCKETS as u64 {
                continue;
            }
            taken += 1;
            let at = token as usize;
            let fd = types::Fd(self.sockets[at].as_raw_fd());
            let head = Self::open(
                &mut self.slots[at],
                usize::try_from(result).expect("received"),
            );
            let send = opcode::SendMsg::new(fd, head).build();
            let send = send
                .flags(squeue::Flags::IO_LINK)
                .user_data(token + SOCKETS as u64);
            // SAFETY: the slot stays where it is until both are done.
            unsafe { ring.submission().push(&send).expect("room") };
            self.listen(ring, at);
        }
        taken
    }

    fn listen(&mut self, ring: &mut IoUring, at: usize) {
        let fd = types::Fd(self.sockets[at].as_raw_fd());
        let head = &raw mut self.slots[at].head;
        let receive = opcode::RecvMsg::new(fd, head).build().user_data(at as u64);
        // SAFETY: as above.
        unsafe { ring.submission().push(&receive).expect("room") };
    }

    /// Processor time per packet of `way`, in µs.
    fn measure(&mut self, ready: usize, rounds: usize, mut way: impl FnMut(&mut Self)) -> f64 {
        let mut used = 0;
        for _ in 0..rounds {
            self.feed(ready);
            let before = cpu_ns();
            way(self);
            used += cpu_ns() - before;
            self.empty(ready);
        }
        used as f64 / 1_000.0 / (rounds * ready) as f64
    }
}

/// io_uring at its best: a receive of each socket that stays, into places that the kernel chooses, sockets
/// known to the ring, and no word about sends that went well.
struct Multishot {
    ring: IoUring,
    places: *mut types::BufRingEntry,
    bytes: Vec<u8>,
    tail: u16,
    head: Box<libc::msghdr>,
}

impl Multishot {
    fn new(bench: &Bench) -> std::io::Result<Self> {
        let mut builder = IoUring::builder();
        let builder = builder.setup_single_issuer().setup_defer_taskrun();
        let ring = builder.setup_cqsize(1_024).build(256)?;
        let fds: Vec<RawFd> = bench.sockets.iter().map(AsRawFd::as_raw_fd).collect();
        ring.submitter().register_files(&fds)?;
        let size = usize::from(PLACES) * size_of::<types::BufRingEntry>();
        let (rights, kind) = (
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_ANONYMOUS | libc::MAP_PRIVATE,
        );
        // SAFETY: fresh pages, which stay until the program ends.
        let places = unsafe {
            let places = libc::mmap(std::ptr::null_mut(), size, rights, kind, -1, 0);
            ring.submitter()
                .register_buf_ring_with_flags(places as u64, PLACES, 0, 0)?;
            places.cast()
        };
        // SAFETY: all zeros is valid for this C type.
        let mut head: Box<libc::msghdr> = Box::new(unsafe { zeroed() });
        head.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        let bytes = vec![0; usize::from(PLACES) * PLACE];
        let mut own = Self {
            ring,
            places,
            bytes,
            tail: 0,
            head,
        };
        for place in 0..PLACES {
            own.give(place);
        }
        for at in 0..SOCKETS {
            let receive =
                opcode::RecvMsgMulti::new(types::Fixed(at as u32), &raw const *own.head, 0);
            let receive = receive.build().user_data(at as u64);
            // SAFETY: the head stays where it is.
            unsafe { own.ring.submission().push(&receive).expect("room") };
        }
        own.ring.submit()?;
        Ok(own)
    }

    /// The kernel may use the place again.
    fn give(&mut self, place: u16) {
        // SAFETY: the index is inside the ring, whose tail lies in its first entry.
        unsafe {
            let entry = &mut *self.places.add(usize::from(self.tail % PLACES));
            entry.set_addr(self.bytes.as_mut_ptr().add(usize::from(place) * PLACE) as u64);
            entry.set_len(PLACE as u32);
            entry.set_bid(place);
            self.tail = self.tail.wrapping_add(1);
            let tail = types::BufRingEntry::tail(self.places).cast_mut();
            (*tail.cast::<AtomicU16>()).store(self.tail, Ordering::Release);
        }
    }

    /// Takes `ready` datagrams and sends them on.
    fn turn(&mut self, ready: usize) {
        let mut used = [0; PLACES as usize];
        let mut taken = 0;
        while taken < ready {
            self.ring.submit_and_wait(1).expect("a ring");
            let (_, mut sends, mut done) = self.ring.split();
            for entry in &mut done {
                let at = entry.user_data() as u32;
                let place = cqueue::buffer_select(entry.flags()).expect("a place");
                assert!(cqueue::more(entry.flags()), "the receive stays");
                let got = usize::try_from(entry.result()).expect("received");
                let bytes = &self.bytes[usize::from(place) * PLACE..][..got];
                let message = types::RecvMsgOut::parse(bytes, &self.head).expect("a datagram");
                let (name, payload) = (message.name_data(), message.payload_data());
                let send =
                    opcode::Send::new(types::Fixed(at), payload.as_ptr(), payload.len() as u32)
                        .dest_addr(name.as_ptr().cast())
                        .dest_addr_len(name.len() as u32);
                let send = send.build().flags(squeue::Flags::SKIP_SUCCESS);
                // SAFETY: the place is given back after the send.
                unsafe { sends.push(&send).expect("room") };
                used[taken] = place;
                taken += 1;
            }
        }
        self.ring.submit().expect("a ring");
        for &place in &used[..taken] {
            self.give(place);
        }
    }
}

fn main() {
    let rounds: usize = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_000);
    for ready in [1, 2, 8, 32] {
        let plain = Bench::new().measure(ready, rounds / ready, Bench::plain);
        let many = Bench::new().measure(ready, rounds / ready, Bench::many);
        print!("{ready:2} ready: plain {plain:.2} us, mmsg {many:.2} us, ");
        match IoUring::new(256) {
            Err(error) => print!("no io_uring: {error}, "),
            Ok(mut ring) => {
                let mut bench = Bench::new();
                for at in 0..SOCKETS {
                    Bench::open(&mut bench.slots[at], 256);
                    bench.listen(&mut ring, at);
                }
                ring.submit().expect("a ring");
                let used = bench.measure(ready, rounds / ready, |bench| {
                    // The receives of a round may come in turns; the sends go with the next call.
                    let mut left = ready;
                    while left > 0 {
                        left -= bench.ring(&mut ring);
                    }
                    ring.submit().expect("a ring");
                });
                print!("io_uring {used:.2} us, ");
            }
        }
        let mut bench = Bench::new();
        match Multishot::new(&bench) {
            Err(error) => println!("no multishot: {error}"),
            Ok(mut ring) => {
                let used = bench.measure(ready, rounds / ready, |_| ring.turn(ready));
                println!("multishot {used:.2} us");
            }
        }
    }
}
