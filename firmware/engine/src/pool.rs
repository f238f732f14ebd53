//! Pairs of ports, bound ahead of need in an order that nobody outside can guess.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use model::{Instant, PairId, Random, limits};

use crate::link::Pair;
use crate::sys::{self, Socket};

/// How long the ports of a leg that is over stay closed: late packets of its far end, at most
/// some seconds of them, must not meet the next call.
const QUARANTINE: Duration = Duration::from_secs(3);
/// How long a port that another program uses is left alone.
const IN_USE: Duration = Duration::from_secs(30);
/// Attempts to find two neighbouring ports when any will do.
const ATTEMPTS: usize = 64;

/// All ports of the range and where they are.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Even ports that are free, shuffled; empty for ever when any port will do.
    free: VecDeque<u16>,
    any: bool,
    quarantine: VecDeque<(Instant, u16)>,
    bound: BTreeMap<PairId, Pair>,
    next_id: u32,
    ahead: usize,
    /// Pairs that could not be bound.
    pub(crate) failed: u64,
}

impl Pool {
    /// Pairs from the ports `first..=last`, or from any when both are 0.
    pub(crate) fn new(first: u16, last: u16, random: &mut Random) -> Self {
        let any = first == 0 && last == 0;
        let even = first.saturating_add(first & 1);
        let mut free: Vec<u16> = (even..last).step_by(2).filter(|&port| port != 0).collect();
        if any {
            free.clear();
        }
        // Fisher and Yates: every order is equally likely.
        for index in (1..free.len()).rev() {
            let end = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let other = usize::try_from(random.below(end)).unwrap_or(0);
            free.swap(index, other);
        }
        Self {
            free: free.into(),
            any,
            quarantine: VecDeque::new(),
            bound: BTreeMap::new(),
            next_id: 1,
            ahead: limits::PAIRS_AHEAD,
            failed: 0,
        }
    }

    /// Binds one more pair if there are too few ahead; gives its name and RTP port.
    pub(crate) fn fill_one(&mut self, now: Instant) -> Option<(PairId, u16)> {
        while self.bound.len() < self.ahead {
            let pair = if self.any {
                bind_any().ok()?
            } else {
                let port = self.free.pop_front()?;
                match bind_at(port) {
                    Ok(pair) => pair,
                    Err(_) => {
                        self.failed = self.failed.saturating_add(1);
                        self.put_away(now + IN_USE, port);
                        continue;
                    }
                }
            };
            let id = PairId(self.next_id);
            self.next_id = self.next_id.wrapping_add(1);
            let port = pair.rtp.port;
            self.bound.insert(id, pair);
            return Some((id, port));
        }
        None
    }

    /// The sockets of a pair that was announced, for a leg.
    pub(crate) fn take(&mut self, id: PairId) -> Option<Pair> {
        self.bound.remove(&id)
    }

    /// Closes a pair and lets its ports rest.
    pub(crate) fn close(&mut self, now: Instant, pair: Pair) {
        let port = pair.rtp.port;
        drop(pair);
        if !self.any {
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
            self.free.push_back(port);
        }
    }

    /// When `release` will have something to do that somebody waits for.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let (until, _) = self.quarantine.front()?;
        (self.bound.len() < self.ahead).then_some(*until)
    }
}

/// RFC 3550 §11: RTP on the even port, RTCP on the next.
fn bind_at(port: u16) -> io::Result<Pair> {
    Ok(Pair {
        rtp: sys::bind_udp(port)?,
        rtcp: sys::bind_udp(port.saturating_add(1))?,
    })
}

/// Two neighbours, wherever the system has them.
fn bind_any() -> io::Result<Pair> {
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
                });
            }
            Ok(second) => {
                return Ok(Pair {
                    rtp: second,
                    rtcp: socket,
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
            let first = bind_any().expect("free ports").rtp.port;
            let Some(last) = first.checked_add(pairs * 2 - 1) else {
                continue;
            };
            if (first..=last).step_by(2).all(|port| bind_at(port).is_ok()) {
                return (first, last);
            }
        }
    }

    fn fill(pool: &mut Pool, ms: u64) -> Vec<(PairId, u16)> {
        std::iter::from_fn(|| pool.fill_one(Instant::from_millis(ms))).collect()
    }

    #[test]
    fn any_pair_is_an_even_port_and_the_next() {
        let mut pool = Pool::new(0, 0, &mut Random::new([1; 32]));
        pool.ahead = 3;
        let pairs = fill(&mut pool, 0);
        assert_eq!(pairs.len(), 3);
        for (id, port) in pairs {
            assert_eq!(port % 2, 0);
            let pair = pool.take(id).expect("announced");
            assert_eq!(pair.rtcp.port, port + 1);
        }
    }

    #[test]
    fn a_range_is_used_up_and_rests_before_it_is_used_again() {
        let (first, last) = range(4);
        let mut pool = Pool::new(first, last, &mut Random::new([1; 32]));
        let pairs = fill(&mut pool, 0);
        assert_eq!(pairs.len(), 4, "all pairs of {first}-{last}");
        assert!(pairs.iter().all(|&(_, port)| port >= first && port < last));
        let taken = pool.take(pairs[0].0).expect("announced");
        assert!(pool.take(pairs[0].0).is_none(), "given out once");
        assert_eq!(fill(&mut pool, 0), []);
        pool.close(Instant::from_millis(0), taken);
        assert_eq!(pool.next_deadline(), Some(Instant::from_millis(3_000)));
        pool.release(Instant::from_millis(2_999));
        assert_eq!(fill(&mut pool, 2_999), []);
        pool.release(Instant::from_millis(3_000));
        let again = fill(&mut pool, 3_000);
        assert_eq!(again.len(), 1);
        assert_eq!(again[0].1, pairs[0].1);
        assert_ne!(again[0].0, pairs[0].0, "a name is never used twice");
    }

    #[test]
    fn a_port_of_another_program_is_left_out_and_counted() {
        let (first, last) = range(3);
        let _other = bind_at(first + 2).expect("free");
        let mut pool = Pool::new(first, last, &mut Random::new([2; 32]));
        let ports: Vec<u16> = fill(&mut pool, 0).iter().map(|pair| pair.1).collect();
        assert_eq!(ports.len(), 2);
        assert!(!ports.contains(&(first + 2)));
        assert_eq!(pool.failed, 1);
    }

    #[test]
    fn the_order_is_shuffled() {
        let pool = Pool::new(20_000, 29_999, &mut Random::new([3; 32]));
        assert_eq!(pool.free.len(), 5_000);
        let sorted = pool.free.iter().zip(pool.free.iter().skip(1));
        assert!(sorted.filter(|(a, b)| a < b).count() < 3_000);
    }
}
