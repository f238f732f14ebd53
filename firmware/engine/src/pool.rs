//! Pairs of ports, bound ahead of need in an order that nobody outside can guess. A pair that was
//! used rests and is used again: binding and closing one costs twenty system calls.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use model::{Instant, PairId, Random, limits};

use crate::link::Pair;
use crate::sys::{self, Socket};

/// How long the ports of a leg that is over rest: late packets of its far end, at most some seconds
/// of them, must not meet the next call.
const QUARANTINE: Duration = Duration::from_secs(3);
/// How long after it was bound a pair is taken for one leg after the other. Then it is closed and others
/// take its place, so that who has seen the ports of today's calls cannot tell those of tomorrow's.
const SERVES: Duration = Duration::from_mins(10);
/// Pairs that rest bound: those of 85 calls a second. More are closed.
pub(crate) const RESTING_MAX: usize = 2 * limits::PAIRS_AHEAD;
/// Datagrams thrown away before a pair is used again: more than a socket holds. A pair that has
/// more is being flooded, and is closed.
const STALE_MAX: usize = 512;
/// How long a port that another program uses is left alone.
const IN_USE: Duration = Duration::from_secs(30);
/// Attempts to find two neighbouring ports when any will do.
const ATTEMPTS: usize = 64;

/// All ports of the range and where they are.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Even ports that are free, shuffled; empty for ever when any port will do.
    free: VecDeque<u16>,
    /// First and last port; both 0: any port will do.
    range: (u16, u16),
    /// Even ports of pairs that are handed out.
    out: BTreeSet<u16>,
    /// Ports that are closed until then, in the order of time.
    quarantine: VecDeque<(Instant, u16)>,
    /// Pairs that are bound and unused until then, in the order of time.
    resting: VecDeque<(Instant, Pair)>,
    next_id: u32,
    shuffle: Random,
    /// Pairs that could not be bound.
    pub(crate) failed: u64,
}

impl Pool {
    /// Pairs from the ports `first..=last`, or from any when both are 0.
    pub(crate) fn new(first: u16, last: u16, random: &mut Random) -> Self {
        let free = shuffled(first, last, random);
        let mut seed = [0; 32];
        random.fill(&mut seed);
        Self {
            free: free.into(),
            range: (first, last),
            out: BTreeSet::new(),
            quarantine: VecDeque::new(),
            resting: VecDeque::new(),
            next_id: 1,
            shuffle: Random::new(seed),
            failed: 0,
        }
    }

    /// From now on pairs come from another range, or from any port when both are 0. Pairs that are out
    /// stay there, and are closed when they come back if they are no longer in it.
    pub(crate) fn use_range(&mut self, first: u16, last: u16) {
        self.range = (first, last);
        let (all, stay) = (core::mem::take(&mut self.resting), self.any());
        self.resting = all
            .into_iter()
            .filter(|(_, pair)| stay || self.contains(pair.rtp.port))
            .collect();
        let closed = self.quarantine.iter().map(|&(_, port)| port);
        let bound = self.resting.iter().map(|(_, pair)| pair.rtp.port);
        let taken: BTreeSet<u16> = closed
            .chain(bound)
            .chain(self.out.iter().copied())
            .collect();
        let free = shuffled(first, last, &mut self.shuffle).into_iter();
        self.free = free.filter(|port| !taken.contains(port)).collect();
    }

    const fn any(&self) -> bool {
        matches!(self.range, (0, 0))
    }

    /// Whether a pair with this even port is in the range.
    const fn contains(&self, port: u16) -> bool {
        self.range.0 <= port && port < self.range.1
    }

    /// A pair that nobody uses, with a name of its own; `None` when all are in use or rest.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(PairId, Pair)> {
        let pair = self.rested(now).or_else(|| self.bind(now))?;
        self.out.insert(pair.rtp.port);
        let id = PairId(self.next_id);
        self.next_id = self.next_id.wrapping_add(1);
        Some((id, pair))
    }

    /// One of the pairs that have rested, none more likely than another.
    fn rested(&mut self, now: Instant) -> Option<Pair> {
        loop {
            let rested = self.resting.partition_point(|&(until, _)| until <= now);
            let end = u32::try_from(rested).ok().filter(|&end| end > 0)?;
            let at = usize::try_from(self.shuffle.below(end)).unwrap_or(0);
            let (_, pair) = self.resting.remove(at)?;
            if serves(&pair, now) && drain(&pair.rtp) && drain(&pair.rtcp) {
                return Some(pair);
            }
            self.close(now, pair);
        }
    }

    fn bind(&mut self, now: Instant) -> Option<Pair> {
        if self.any() {
            return bind_any(now).ok();
        }
        while let Some(port) = self.free.pop_front() {
            match bind_at(now, port) {
                Ok(pair) => return Some(pair),
                Err(_) => {
                    self.failed = self.failed.saturating_add(1);
                    self.put_away(now + IN_USE, port);
                }
            }
        }
        None
    }

    /// Takes back a pair that a leg used.
    pub(crate) fn give_back(&mut self, now: Instant, pair: Pair) {
        self.out.remove(&pair.rtp.port);
        if !(self.any() || self.contains(pair.rtp.port)) {
            return;
        }
        if serves(&pair, now) && self.resting.len() < RESTING_MAX {
            self.resting.push_back((now + QUARANTINE, pair));
        } else {
            self.close(now, pair);
        }
    }

    /// Closes a pair and lets its ports rest.
    fn close(&mut self, now: Instant, pair: Pair) {
        let port = pair.rtp.port;
        drop(pair);
        if !self.any() {
            self.put_away(now + QUARANTINE, port);
        }
    }

    fn put_away(&mut self, until: Instant, port: u16) {
        let at = self.quarantine.partition_point(|&(end, _)| end <= until);
        self.quarantine.insert(at, (until, port));
    }

    /// Ports whose rest is over may be used again.
    pub(crate) fn release(&mut self, now: Instant) {
        while let Some(&(until, port)) = self.quarantine.front() {
            if until > now {
                break;
            }
            self.quarantine.pop_front();
            if self.contains(port) {
                self.free.push_back(port);
            }
        }
    }

    /// When the next pair that is in use now can be had again.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let closed = self.quarantine.front().map(|&(until, _)| until);
        let resting = self.resting.front().map(|&(until, _)| until);
        closed.into_iter().chain(resting).min()
    }
}

/// The even ports of a range in an order that nobody can guess: every order is equally likely (Fisher
/// and Yates).
fn shuffled(first: u16, last: u16, random: &mut Random) -> Vec<u16> {
    let even = first.saturating_add(first & 1);
    let mut ports: Vec<u16> = (even..last).step_by(2).filter(|&port| port != 0).collect();
    for index in (1..ports.len()).rev() {
        let end = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let other = usize::try_from(random.below(end)).unwrap_or(0);
        ports.swap(index, other);
    }
    ports
}

/// Whether a pair may serve one leg more.
fn serves(pair: &Pair, now: Instant) -> bool {
    now.since(pair.bound) < SERVES
}

/// Throws away what came while nobody listened; whether that was all.
fn drain(socket: &Socket) -> bool {
    let mut nothing = [0; 1];
    (0..STALE_MAX).any(|_| sys::receive(socket, &mut nothing).is_none())
}

/// RFC 3550 §11: RTP on the even port, RTCP on the next.
fn bind_at(bound: Instant, port: u16) -> io::Result<Pair> {
    Ok(Pair {
        rtp: sys::bind_udp(port)?,
        rtcp: sys::bind_udp(port.saturating_add(1))?,
        bound,
    })
}

/// Two neighbours, wherever the system has them.
fn bind_any(bound: Instant) -> io::Result<Pair> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    // Sockets that did not fit are kept until the end, so that the system offers others.
    let mut kept: Vec<Socket> = Vec::new();
    for _ in 0..ATTEMPTS {
        let socket = sys::bind_udp(0)?;
        let other = socket.port ^ 1;
        match sys::bind_udp(other) {
            Ok(second) if socket.port & 1 == 0 => {
                return Ok(Pair {
                    rtp: socket,
                    rtcp: second,
                    bound,
                });
            }
            Ok(second) => {
                return Ok(Pair {
                    rtp: second,
                    rtcp: socket,
                    bound,
                });
            }
            Err(error) => last = error,
        }
        kept.push(socket);
    }
    drop(kept);
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A free range of `pairs` pairs, found by asking for any and letting go.
    fn range(pairs: u16) -> (u16, u16) {
        loop {
            let first = bind_any(Instant::ZERO).expect("free ports").rtp.port;
            let Some(last) = first.checked_add(pairs * 2 - 1) else {
                continue;
            };
            if (first..=last)
                .step_by(2)
                .all(|port| bind_at(Instant::ZERO, port).is_ok())
            {
                return (first, last);
            }
        }
    }

    fn all(pool: &mut Pool, ms: u64) -> Vec<(PairId, Pair)> {
        std::iter::from_fn(|| pool.next(Instant::from_millis(ms))).collect()
    }

    #[test]
    fn any_pair_is_an_even_port_and_the_next() {
        let mut pool = Pool::new(0, 0, &mut Random::new([1; 32]));
        for _ in 0..3 {
            let (_, pair) = pool.next(Instant::ZERO).expect("any port will do");
            assert_eq!(pair.rtp.port % 2, 0);
            assert_eq!(pair.rtcp.port, pair.rtp.port + 1);
        }
    }

    #[test]
    fn a_pair_rests_before_it_is_used_again_and_what_came_meanwhile_is_gone() {
        let (first, last) = range(4);
        let mut pool = Pool::new(first, last, &mut Random::new([1; 32]));
        let mut pairs = all(&mut pool, 0);
        assert_eq!(pairs.len(), 4, "all pairs of {first}-{last}");
        let (id, used) = pairs.swap_remove(0);
        let port = used.rtp.port;
        assert!(port >= first && port < last);
        pool.give_back(Instant::ZERO, used);
        let stranger = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback");
        for _ in 0..20 {
            stranger
                .send_to(b"late", ("127.0.0.1", port))
                .expect("loopback");
        }
        assert_eq!(pool.next_deadline(), Some(Instant::from_millis(3_000)));
        assert!(all(&mut pool, 2_999).is_empty());
        let (again, pair) = all(&mut pool, 3_000).pop().expect("rested");
        assert_eq!(pair.rtp.port, port);
        assert_ne!(again, id, "a name is never used twice");
        assert!(sys::receive(&pair.rtp, &mut [0; 9]).is_none());
    }

    #[test]
    fn a_pair_is_closed_when_it_has_served_long_and_its_ports_rest() {
        let (first, last) = range(1);
        let mut pool = Pool::new(first, last, &mut Random::new([1; 32]));
        let used = |pool: &mut Pool, ms| {
            let (_, pair) = all(pool, ms).pop().expect("bound or rested");
            pool.give_back(Instant::from_millis(ms), pair);
        };
        for leg in 0..100 {
            used(&mut pool, leg * 5_000);
            assert!(bind_at(Instant::ZERO, first).is_err(), "it stays bound");
        }
        let (_, pair) = all(&mut pool, 599_999).pop().expect("rested");
        pool.give_back(Instant::from_millis(600_000), pair);
        assert!(pool.resting.is_empty());
        assert!(bind_at(Instant::ZERO, first).is_ok(), "it is closed");
        pool.release(Instant::from_millis(603_000));
        assert_eq!(all(&mut pool, 603_000).len(), 1, "and bound anew");
    }

    #[test]
    fn a_pair_that_rested_over_its_time_serves_no_more() {
        let (first, last) = range(1);
        let mut pool = Pool::new(first, last, &mut Random::new([1; 32]));
        let (_, pair) = all(&mut pool, 0).pop().expect("bound");
        pool.give_back(Instant::from_millis(1_000), pair);
        assert!(all(&mut pool, 600_000).is_empty(), "it was bound long ago");
        assert!(bind_at(Instant::ZERO, first).is_ok(), "it is closed");
    }

    #[test]
    fn a_port_of_another_program_is_left_out_and_counted() {
        let (first, last) = range(3);
        let _other = bind_at(Instant::ZERO, first + 2).expect("free");
        let mut pool = Pool::new(first, last, &mut Random::new([2; 32]));
        let pairs = all(&mut pool, 0);
        assert_eq!(pairs.len(), 2);
        assert!(pairs.iter().all(|(_, pair)| pair.rtp.port != first + 2));
        assert_eq!(pool.failed, 1);
    }

    #[test]
    fn another_range_counts_at_once_and_what_is_out_stays_open() {
        let (first, last) = range(2);
        let mut pool = Pool::new(first, last, &mut Random::new([4; 32]));
        let mut old = all(&mut pool, 0);
        assert_eq!(old.len(), 2);
        let (_, resting) = old.pop().expect("two pairs");
        pool.give_back(Instant::ZERO, resting);
        let (from, to) = range(2);
        pool.use_range(from, to);
        let new = all(&mut pool, 3_000);
        assert_eq!(new.len(), 2, "the rested pair of the old range is closed");
        assert!(
            new.iter()
                .all(|(_, pair)| (from..to).contains(&pair.rtp.port))
        );
        let (_, last_of_old) = old.pop().expect("two pairs");
        let port = last_of_old.rtp.port;
        assert!(bind_at(Instant::ZERO, port).is_err(), "its leg goes on");
        pool.give_back(Instant::from_millis(3_000), last_of_old);
        assert!(
            bind_at(Instant::ZERO, port).is_ok(),
            "closed when its leg is over"
        );
        // Back again, over a range that has one of the pairs that are out.
        let (_, one) = &new[0];
        pool.use_range(one.rtp.port, one.rtp.port + 1);
        assert!(all(&mut pool, 3_000).is_empty());
        assert_eq!(pool.failed, 0, "a port of our own is no stranger's");
    }

    #[test]
    fn the_order_is_shuffled() {
        let pool = Pool::new(20_000, 29_999, &mut Random::new([3; 32]));
        assert_eq!(pool.free.len(), 5_000);
        let sorted = pool.free.iter().zip(pool.free.iter().skip(1));
        assert!(sorted.filter(|(a, b)| a < b).count() < 3_000);
    }
}
