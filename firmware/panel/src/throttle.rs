//! Slows guessing down. After a few failures an account waits longer and longer, but only for the
//! address that failed: somebody who guesses from elsewhere cannot lock the office out.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use model::Instant;

/// Failures that cost nothing: people mistype.
const FREE: u32 = 3;
/// Longest wait after a failure.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Failures are forgotten after this long without one.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Accounts and addresses remembered at once; the one silent longest makes room.
const ENTRIES_MAX: usize = 4_096;
/// Failures an address has free over all accounts, so that trying one password on many is slow too.
const FREE_PER_ADDRESS: u32 = 12;

/// Counts failures by account and address, and by address alone.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    entries: BTreeMap<(Option<String>, IpAddr), Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    failures: u32,
    last: Instant,
}

impl Throttle {
    /// How long the next try must wait; zero if it may come now.
    pub(crate) fn wait(&self, now: Instant, account: &str, address: IpAddr) -> Duration {
        let address = block(address);
        let own = self.due(now, (Some(account.to_owned()), address), FREE);
        own.max(self.due(now, (None, address), FREE_PER_ADDRESS))
    }

    /// A try failed.
    pub(crate) fn failed(&mut self, now: Instant, account: &str, address: IpAddr) {
        let address = block(address);
        self.entries
            .retain(|_, entry| now.since(entry.last) < MEMORY);
        for key in [(Some(account.to_owned()), address), (None, address)] {
            self.make_room(&key);
            let entry = self.entries.entry(key).or_insert(Entry {
                failures: 0,
                last: now,
            });
            entry.failures = entry.failures.saturating_add(1);
            entry.last = now;
        }
    }

    /// A try succeeded: the account is clean for this address.
    pub(crate) fn succeeded(&mut self, account: &str, address: IpAddr) {
        self.entries
            .remove(&(Some(account.to_owned()), block(address)));
    }

    fn due(&self, now: Instant, key: (Option<String>, IpAddr), free: u32) -> Duration {
        let Some(entry) = self.entries.get(&key) else {
            return Duration::ZERO;
        };
        if entry.failures < free || now.since(entry.last) >= MEMORY {
            return Duration::ZERO;
        }
        let doublings = (entry.failures - free).min(6);
        let wait = Duration::from_secs(1 << doublings).min(WAIT_MAX);
        wait.saturating_sub(now.since(entry.last))
    }

    fn make_room(&mut self, key: &(Option<String>, IpAddr)) {
        if self.entries.len() < ENTRIES_MAX || self.entries.contains_key(key) {
            return;
        }
        let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.last);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.entries.remove(&oldest);
        }
    }
}

/// IPv6 hosts own a /64: all of it counts as one address. Mapped IPv4 is IPv4.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

    fn at(s: u64) -> Instant {
        Instant::from_millis(s * 1_000)
    }

    #[test]
    fn the_wait_doubles_for_the_guesser_only() {
        let mut throttle = Throttle::default();
        for _ in 0..3 {
            assert_eq!(throttle.wait(at(0), "jan", HERE), Duration::ZERO);
            throttle.failed(at(0), "jan", HERE);
        }
        assert_eq!(throttle.wait(at(0), "jan", HERE), Duration::from_secs(1));
        throttle.failed(at(1), "jan", HERE);
        assert_eq!(throttle.wait(at(1), "jan", HERE), Duration::from_secs(2));
        assert_eq!(throttle.wait(at(1), "jan", ELSEWHERE), Duration::ZERO);
        assert_eq!(throttle.wait(at(1), "ewa", HERE), Duration::ZERO);
        for _ in 0..20 {
            throttle.failed(at(1), "jan", HERE);
        }
        assert_eq!(throttle.wait(at(1), "jan", HERE), WAIT_MAX);
        throttle.succeeded("jan", HERE);
        assert_eq!(throttle.wait(at(2_000), "jan", HERE), Duration::ZERO);
    }

    #[test]
    fn one_password_on_many_accounts_is_slow_too() {
        let mut throttle = Throttle::default();
        for n in 0..FREE_PER_ADDRESS {
            throttle.failed(at(0), &format!("user{n}"), HERE);
        }
        assert!(throttle.wait(at(0), "another", HERE) > Duration::ZERO);
        assert_eq!(throttle.wait(at(0), "another", ELSEWHERE), Duration::ZERO);
    }

    #[test]
    fn memory_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..(2 * ENTRIES_MAX as u32) {
            throttle.failed(at(0), "jan", IpAddr::from(n.to_be_bytes()));
        }
        assert!(throttle.entries.len() <= ENTRIES_MAX);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let one: IpAddr = "2001:db8::1".parse().expect("an address");
        let two: IpAddr = "2001:db8::2".parse().expect("an address");
        let mut throttle = Throttle::default();
        for _ in 0..4 {
            throttle.failed(at(0), "jan", one);
        }
        assert!(throttle.wait(at(0), "jan", two) > Duration::ZERO);
    }
}
