//! The system calls of the media threads, each wrapped so that the rest of the crate is safe.
//! Nothing here allocates but the opening of sockets.
//!
//! Plain `epoll`, `recvfrom` and `sendto` were measured against the others in the shape we need, a
//! socket per leg with one datagram at a time (`examples/io_shapes.rs`, loopback, Linux 6.18, µs of
//! processor time per packet received and sent on, the median of six runs, the ways one after another):
//!
//! | sockets ready per wake | plain | recvmmsg and sendmmsg | io_uring | io_uring, multishot |
//! | --- | --- | --- | --- | --- |
//! | 1 | 4.6 | 5.0 | 5.6 | 5.4 |
//! | 2 | 4.2 | 4.6 | 4.7 | 4.7 |
//! | 8 | 4.0 | 4.2 | 4.1 | 4.1 |
//! | 32 | 3.8 | 4.2 | 3.9 | 4.0 |
//!
//! A call for many datagrams has only one to carry here, and what io_uring saves in entries to the
//! kernel it spends on its own requests: the price is the kernel's UDP path, the same by every way.
//! Receives that stay, with places that the kernel chooses, registered sockets, deferred work and no
//! word about sends (multishot) do not change that. So it stays plain.
#![allow(unsafe_code)] // the one file of this crate that talks to libc

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{c_int, c_void, sockaddr, socklen_t};

/// DSCP Expedited Forwarding (RFC 3246) in the upper six bits.
const TOS_EF: c_int = 46 << 2;
/// Queueing discipline class of interactive traffic; more needs a capability.
const SOCKET_PRIORITY: c_int = 6;
/// Bytes that a socket may hold for us, about a second of sound: sockets bound ahead must not
/// become a store for whoever floods them.
const RECEIVE_BUFFER: c_int = 64 * 1_024;
/// Stack that the media thread may use and that is brought in before it starts.
const STACK: usize = 128 * 1_024;
/// Priority of the media threads among real-time threads, 1–99: above kernel threads' bottom
/// halves would starve the network, so in the lower half.
const FIFO_PRIORITY: c_int = 40;

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// Nanoseconds of the monotonic clock.
pub(crate) fn monotonic_ns() -> u64 {
    read_clock(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds of the calendar clock, which may jump.
pub(crate) fn calendar_ns() -> u64 {
    read_clock(libc::CLOCK_REALTIME)
}

fn read_clock(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a valid place for the result; the clocks asked for always exist.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    nanoseconds(time)
}

fn nanoseconds(time: libc::timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let ns = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(ns)
}

/// Nanoseconds of processor time that the calling thread has used.
pub(crate) fn thread_cpu_ns() -> u64 {
    read_clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// A counter that wakes who waits for it.
pub(crate) fn eventfd() -> io::Result<OwnedFd> {
    // SAFETY: no pointers are passed; a new descriptor is ours alone.
    unsafe {
        let fd = check(libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC))?;
        Ok(OwnedFd::from_raw_fd(fd))
    }
}

/// Adds one to the counter. A full counter wakes just as well, so nothing can go wrong.
pub(crate) fn eventfd_wake(fd: BorrowedFd<'_>) {
    let one = 1_u64;
    // SAFETY: eight bytes of `one` are read.
    unsafe {
        libc::write(
            fd.as_raw_fd(),
            (&raw const one).cast::<c_void>(),
            size_of::<u64>(),
        )
    };
}

/// Sets the counter back; whether anybody had called.
pub(crate) fn eventfd_clear(fd: BorrowedFd<'_>) -> bool {
    let mut count = 0_u64;
    // SAFETY: eight bytes are written into `count`.
    let read = unsafe {
        libc::read(
            fd.as_raw_fd(),
            (&raw mut count).cast::<c_void>(),
            size_of::<u64>(),
        )
    };
    read > 0 && count > 0
}

/// Waits until `fd` is readable, at most `timeout_ms` (−1 = for ever).
pub(crate) fn wait_readable(fd: BorrowedFd<'_>, timeout_ms: c_int) -> bool {
    let mut poll = libc::pollfd {
        fd: fd.as_raw_fd(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one pollfd is passed and its number is 1.
    unsafe { libc::poll(&raw mut poll, 1, timeout_ms) > 0 }
}

/// An epoll instance, and what became ready last.
pub(crate) struct Epoll {
    fd: OwnedFd,
    ready: Vec<libc::epoll_event>,
    len: usize,
    /// The kernel knows `epoll_pwait2` (Linux 5.11), whose timeout is in nanoseconds.
    precise: bool,
}

impl Epoll {
    /// An instance with room for `most` events a wait.
    pub(crate) fn new(most: usize) -> io::Result<Self> {
        // SAFETY: no pointers are passed; a new descriptor is ours alone.
        let fd = unsafe { OwnedFd::from_raw_fd(check(libc::epoll_create1(libc::EPOLL_CLOEXEC))?) };
        Ok(Self {
            fd,
            ready: vec![libc::epoll_event { events: 0, u64: 0 }; most],
            len: 0,
            precise: true,
        })
    }

    /// The token of the event at `index`.
    pub(crate) fn token(&self, index: usize) -> Option<u64> {
        let found = self.ready.get(..self.len)?.get(index)?;
        Some(found.u64)
    }

    /// Watches `fd` for something to read, for as long as there is any.
    pub(crate) fn add(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        self.watch(fd, libc::EPOLLIN, token)
    }

    /// Watches an eventfd: each call of it is told once, and nobody need take it back.
    pub(crate) fn add_calls(&self, fd: BorrowedFd<'_>, token: u64) -> io::Result<()> {
        self.watch(fd, libc::EPOLLIN | libc::EPOLLET, token)
    }

    fn watch(&self, fd: BorrowedFd<'_>, events: c_int, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: events as u32,
            u64: token,
        };
        // SAFETY: `event` is valid for the call; both descriptors are open.
        check(unsafe {
            libc::epoll_ctl(
                self.fd.as_raw_fd(),
                libc::EPOLL_CTL_ADD,
                fd.as_raw_fd(),
                &raw mut event,
            )
        })?;
        Ok(())
    }

    /// Watches `fd` no longer.
    pub(crate) fn remove(&self, fd: BorrowedFd<'_>) {
        // SAFETY: no event is read by EPOLL_CTL_DEL; both descriptors are open.
        unsafe {
            libc::epoll_ctl(
                self.fd.as_raw_fd(),
                libc::EPOLL_CTL_DEL,
                fd.as_raw_fd(),
                std::ptr::null_mut(),
            )
        };
    }

    /// Waits for events, at most `timeout_ns` (`None` = for ever). A signal ends the wait early.
    pub(crate) fn wait(&mut self, timeout_ns: Option<u64>) {
        let most = c_int::try_from(self.ready.len()).unwrap_or(c_int::MAX);
        let mut result = -1;
        if self.precise {
            let limit = timeout_ns.map(|ns| libc::timespec {
                tv_sec: libc::time_t::try_from(ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
                tv_nsec: libc::c_long::try_from(ns % 1_000_000_000).unwrap_or(0),
            });
            let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
            // SAFETY: the buffer has room for `most` events; `limit` is null or valid.
            let got = unsafe {
                libc::syscall(
                    libc::SYS_epoll_pwait2,
                    self.fd.as_raw_fd(),
                    self.ready.as_mut_ptr(),
                    most,
                    limit,
                    std::ptr::null::<c_void>(),
                    0_usize,
                )
            };
            result = c_int::try_from(got).unwrap_or(-1);
            if result < 0 && io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS) {
                self.precise = false;
            }
        }
        if !self.precise {
            let ms = timeout_ns.map_or(-1, |ns| {
                c_int::try_from(ns.div_ceil(1_000_000)).unwrap_or(c_int::MAX)
            });
            // SAFETY: the buffer has room for `most` events.
            result =
                unsafe { libc::epoll_wait(self.fd.as_raw_fd(), self.ready.as_mut_ptr(), most, ms) };
        }
        self.len = usize::try_from(result).unwrap_or(0);
    }
}

/// A bound UDP socket.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    /// An IPv6 socket, which reaches IPv4 by mapped addresses.
    v6: bool,
    pub(crate) port: u16,
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A UDP socket bound to `port` (0 = any) on all addresses, IPv6 and IPv4 at once where the system
/// has IPv6. Does not wait, marks what it sends as voice.
pub(crate) fn bind_udp(port: u16) -> io::Result<Socket> {
    let any_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, port));
    match bind(any_v6) {
        Err(error) if error.raw_os_error() != Some(libc::EADDRINUSE) => {
            bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)))
        }
        other => other,
    }
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let family = match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    let kind = libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: no pointers are passed; a new descriptor is ours alone.
    let fd = unsafe { OwnedFd::from_raw_fd(check(libc::socket(family, kind, 0))?) };
    if address.is_ipv6() {
        set_option(&fd, libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, 0)?;
        // Marking is a courtesy: a socket without it works.
        let _ = set_option(&fd, libc::IPPROTO_IPV6, libc::IPV6_TCLASS, TOS_EF);
    }
    let _ = set_option(&fd, libc::IPPROTO_IP, libc::IP_TOS, TOS_EF);
    let _ = set_option(&fd, libc::SOL_SOCKET, libc::SO_PRIORITY, SOCKET_PRIORITY);
    let _ = set_option(&fd, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_BUFFER);
    let mut raw = RawAddress::new(address, address.is_ipv6());
    // SAFETY: `raw` holds an address of `raw.len` bytes.
    check(unsafe { libc::bind(fd.as_raw_fd(), raw.pointer(), raw.len) })?;
    let mut raw = RawAddress::empty();
    let (pointer, len) = raw.place();
    // SAFETY: `raw` has room for every address; `len` says how much.
    check(unsafe { libc::getsockname(fd.as_raw_fd(), pointer, len) })?;
    let port = raw.address().map_or(0, |address| address.port());
    Ok(Socket {
        fd,
        v6: address.is_ipv6(),
        port,
    })
}

fn set_option(fd: &OwnedFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let len = socklen_t::try_from(size_of::<c_int>()).unwrap_or(4);
    // SAFETY: `value` is an int and `len` its size.
    check(unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            level,
            name,
            (&raw const value).cast::<c_void>(),
            len,
        )
    })?;
    Ok(())
}

/// Takes one datagram that is there, without waiting; longer ones are cut to `buffer`.
pub(crate) fn receive(socket: &Socket, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
    let mut raw = RawAddress::empty();
    let (pointer, len) = raw.place();
    // SAFETY: buffer and address are valid for their lengths.
    let got = unsafe {
        libc::recvfrom(
            socket.fd.as_raw_fd(),
            buffer.as_mut_ptr().cast::<c_void>(),
            buffer.len(),
            libc::MSG_DONTWAIT,
            pointer,
            len,
        )
    };
    let got = usize::try_from(got).ok()?;
    Some((got, raw.address()?))
}

/// Whether the kernel writes down when datagrams come to the socket, for [`receive_stamped`].
pub(crate) fn stamp(socket: &Socket, stamped: bool) {
    // Without stamps a datagram counts as come when it is read.
    let _ = set_option(
        &socket.fd,
        libc::SOL_SOCKET,
        libc::SO_TIMESTAMPNS,
        c_int::from(stamped),
    );
}

/// Room for one control message with a time in it.
#[repr(C, align(8))]
struct Control([u8; 64]);

/// As [`receive`], and when the datagram came: nanoseconds of [`calendar_ns`], if the kernel wrote
/// it down.
pub(crate) fn receive_stamped(
    socket: &Socket,
    buffer: &mut [u8],
) -> Option<(usize, SocketAddr, Option<u64>)> {
    let mut raw = RawAddress::empty();
    let mut control = Control([0; 64]);
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast::<c_void>(),
        iov_len: buffer.len(),
    };
    // SAFETY: all zeros is a valid msghdr.
    let mut message: libc::msghdr = unsafe { zeroed() };
    message.msg_name = (&raw mut raw.storage).cast::<c_void>();
    message.msg_namelen = raw.len;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = (&raw mut control).cast::<c_void>();
    message.msg_controllen = size_of::<Control>();
    // SAFETY: buffer, address and control are valid for their lengths.
    let got = unsafe { libc::recvmsg(socket.fd.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let got = usize::try_from(got).ok()?;
    // SAFETY: the kernel filled `message`, whose control part is aligned and still there.
    let stamp = unsafe { stamp_of(&message) };
    Some((got, raw.address()?, stamp))
}

/// The time in the first control message.
///
/// # Safety
/// `message` must be as `recvmsg` left it, with what it points to still there.
unsafe fn stamp_of(message: &libc::msghdr) -> Option<u64> {
    // SAFETY: as above; the header is only read if there is one, its data only if it is a time.
    unsafe {
        let head = libc::CMSG_FIRSTHDR(message);
        let head_read = head.as_ref()?;
        if head_read.cmsg_level != libc::SOL_SOCKET || head_read.cmsg_type != libc::SCM_TIMESTAMPNS
        {
            return None;
        }
        Some(nanoseconds(
            libc::CMSG_DATA(head)
                .cast::<libc::timespec>()
                .read_unaligned(),
        ))
    }
}

/// Sends one datagram without waiting; whether the system took it.
pub(crate) fn send(socket: &Socket, to: SocketAddr, bytes: &[u8]) -> bool {
    let mut raw = RawAddress::new(to, socket.v6);
    // SAFETY: bytes and address are valid for their lengths.
    let sent = unsafe {
        libc::sendto(
            socket.fd.as_raw_fd(),
            bytes.as_ptr().cast::<c_void>(),
            bytes.len(),
            libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL,
            raw.pointer(),
            raw.len,
        )
    };
    usize::try_from(sent) == Ok(bytes.len())
}

/// A socket address as the kernel has it.
struct RawAddress {
    storage: libc::sockaddr_storage,
    len: socklen_t,
}

impl RawAddress {
    fn empty() -> Self {
        Self {
            // SAFETY: all zeros is a valid sockaddr_storage.
            storage: unsafe { zeroed() },
            len: socklen_t::try_from(size_of::<libc::sockaddr_storage>()).unwrap_or(0),
        }
    }

    /// `address`, as a mapped one if the socket is an IPv6 one.
    fn new(address: SocketAddr, v6: bool) -> Self {
        let mut raw = Self::empty();
        match address {
            SocketAddr::V4(v4) if !v6 => raw.set_v4(v4),
            SocketAddr::V4(v4) => {
                let mapped = v4.ip().to_ipv6_mapped();
                raw.set_v6(SocketAddrV6::new(mapped, v4.port(), 0, 0));
            }
            SocketAddr::V6(v6) => raw.set_v6(v6),
        }
        raw
    }

    fn set_v4(&mut self, address: SocketAddrV4) {
        let raw = libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: address.port().to_be(),
            sin_addr: libc::in_addr {
                s_addr: u32::from_ne_bytes(address.ip().octets()),
            },
            sin_zero: [0; 8],
        };
        // SAFETY: sockaddr_storage is larger than, and aligned for, every address.
        unsafe {
            (&raw mut self.storage)
                .cast::<libc::sockaddr_in>()
                .write(raw);
        }
        self.len = socklen_t::try_from(size_of::<libc::sockaddr_in>()).unwrap_or(0);
    }

    fn set_v6(&mut self, address: SocketAddrV6) {
        let raw = libc::sockaddr_in6 {
            sin6_family: libc::AF_INET6 as libc::sa_family_t,
            sin6_port: address.port().to_be(),
            sin6_flowinfo: 0,
            sin6_addr: libc::in6_addr {
                s6_addr: address.ip().octets(),
            },
            sin6_scope_id: address.scope_id(),
        };
        // SAFETY: sockaddr_storage is larger than, and aligned for, every address.
        unsafe {
            (&raw mut self.storage)
                .cast::<libc::sockaddr_in6>()
                .write(raw);
        }
        self.len = socklen_t::try_from(size_of::<libc::sockaddr_in6>()).unwrap_or(0);
    }

    fn pointer(&mut self) -> *const sockaddr {
        (&raw const self.storage).cast()
    }

    fn place(&mut self) -> (*mut sockaddr, *mut socklen_t) {
        ((&raw mut self.storage).cast(), &raw mut self.len)
    }

    /// The address; a mapped one as the IPv4 address that it is.
    fn address(&self) -> Option<SocketAddr> {
        match c_int::from(self.storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says which address is stored.
                let raw = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in>() };
                let ip = Ipv4Addr::from(raw.sin_addr.s_addr.to_ne_bytes());
                Some(SocketAddr::from((ip, u16::from_be(raw.sin_port))))
            }
            libc::AF_INET6 => {
                // SAFETY: the family says which address is stored.
                let raw = unsafe { &*(&raw const self.storage).cast::<libc::sockaddr_in6>() };
                let ip = Ipv6Addr::from(raw.sin6_addr.s6_addr);
                let port = u16::from_be(raw.sin6_port);
                Some(match ip.to_ipv4_mapped() {
                    Some(ip) => SocketAddr::from((ip, port)),
                    None => SocketAddrV6::new(ip, port, 0, raw.sin6_scope_id).into(),
                })
            }
            _ => None,
        }
    }
}

/// Makes the calling thread a real-time one.
///
/// # Errors
/// The system's, usually EPERM: the thread then runs as it did.
pub(crate) fn become_real_time() -> io::Result<()> {
    let parameters = libc::sched_param {
        sched_priority: FIFO_PRIORITY,
    };
    // SAFETY: `parameters` is valid for the call; the thread is the calling one.
    let result = unsafe {
        libc::pthread_setschedparam(
            libc::pthread_self(),
            libc::SCHED_FIFO,
            &raw const parameters,
        )
    };
    match result {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// Keeps `len` bytes at `address` in memory.
///
/// # Errors
/// The system's, usually ENOMEM: more than `RLIMIT_MEMLOCK`.
pub(crate) fn lock_memory(address: usize, len: usize) -> io::Result<()> {
    // SAFETY: locking changes no memory; an address that is not ours is answered with an error.
    check(unsafe { libc::mlock(address as *const c_void, len) })?;
    Ok(())
}

/// Brings in and locks the part of the calling thread's stack that is going to be used.
///
/// # Errors
/// As [`lock_memory`].
#[inline(never)]
pub(crate) fn lock_stack() -> io::Result<()> {
    let stack = std::hint::black_box([0_u8; STACK]);
    lock_memory(stack.as_ptr().addr(), STACK)
}

/// Raises the number of files that may be open to what is needed, if that is allowed.
pub(crate) fn allow_files(wanted: u64) {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is valid for both calls.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && limit.rlim_cur < wanted {
            limit.rlim_cur = wanted.min(limit.rlim_max);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

/// What is larger than this has pages of its own, in bytes: glibc's threshold at the start.
#[cfg(target_env = "gnu")]
const LARGE: c_int = 128 * 1_024;

/// Large pieces of memory go back to the system when they are over. Left to itself glibc raises its threshold
/// when the first one goes (mallopt(3), `M_MMAP_THRESHOLD`), and from then on buffers that come and go leave holes
/// between what stays: 10,000 more registrations and 1,000 more calls left 2.8 MiB of them, and leave 1.0.
pub(crate) fn give_large_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it sets a number; whether it did makes no difference to anybody.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_told_once_though_nobody_takes_it_back() {
        let calls = eventfd().expect("an eventfd");
        let mut epoll = Epoll::new(4).expect("an epoll instance");
        epoll.add_calls(calls.as_fd(), 7).expect("watched");
        for _ in 0..3 {
            eventfd_wake(calls.as_fd());
            epoll.wait(Some(1_000_000_000));
            assert_eq!((epoll.token(0), epoll.token(1)), (Some(7), None));
            epoll.wait(Some(0));
            assert_eq!(epoll.token(0), None);
        }
    }

    #[test]
    fn what_is_sent_is_marked_as_voice() {
        let socket = bind_udp(0).expect("a socket");
        let option = |level, name| {
            let (mut value, mut len): (c_int, socklen_t) = (0, 4);
            let place = (&raw mut value).cast::<c_void>();
            let fd = socket.fd.as_raw_fd();
            // SAFETY: there is room for an int, and `len` says so.
            let result = unsafe { libc::getsockopt(fd, level, name, place, &raw mut len) };
            check(result).map(|_| value).ok()
        };
        assert_eq!(option(libc::IPPROTO_IP, libc::IP_TOS), Some(0xb8));
        let class = option(libc::IPPROTO_IPV6, libc::IPV6_TCLASS);
        assert_eq!(class, socket.v6.then_some(0xb8));
    }

    #[test]
    fn a_stamped_socket_tells_when_a_datagram_came() {
        let socket = bind_udp(0).expect("a socket");
        let far = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
        let mut buffer = [0; 9];
        stamp(&socket, true);
        assert!(receive_stamped(&socket, &mut buffer).is_none());
        let start = monotonic_ns();
        loop {
            let before = calendar_ns();
            far.send_to(b"now", ("127.0.0.1", socket.port))
                .expect("loopback");
            let sent = calendar_ns();
            let (len, from, stamp) = receive_stamped(&socket, &mut buffer).expect("it came");
            assert_eq!((len, Some(from)), (3, far.local_addr().ok()));
            let stamp = stamp.expect("the kernel wrote it down");
            // It was there before it was read.
            if (before..=sent).contains(&stamp) {
                return;
            }
            // The first socket of a machine that wants stamps gets them some moments later; until
            // then they say when the datagram was read.
            let waited = monotonic_ns() - start;
            assert!(waited < 20_000_000_000, "{before} {stamp} {sent}");
        }
    }
}
