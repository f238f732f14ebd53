//! Every running timer of the agent in one ordered structure.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use model::Instant;

use crate::{
    transaction::{ClientKey, ServerKey, Timer},
    usage::UsageKey,
};

/// The timers of a usage. A usage has at most one of each running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UsageTimer {
    /// Send the 2xx to an INVITE again until its ACK comes (RFC 3261 §13.3.1.4).
    RepeatAnswer,
    /// The ACK of a 2xx never came.
    AckMissing,
    /// Send a reliable provisional response again until its PRACK comes (RFC 3262 §3).
    RepeatProvisional,
    /// The PRACK never came.
    PrackMissing,
    /// Repeat the provisional response so that proxies keep waiting (RFC 3261 §13.3.1.1).
    KeepRinging,
    /// Try our offer again after glare (RFC 3261 §14.1).
    RetryOffer,
    /// Cancel a re-INVITE that the peer leaves open.
    CancelOffer,
    /// Refresh the session (RFC 4028 §7.2).
    Refresh,
    /// The session expires (RFC 4028 §10).
    Expire,
}

/// What a timer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// A client transaction.
    Client(ClientKey, Timer),
    /// A server transaction.
    Server(ServerKey, Timer),
    /// A usage.
    Usage(UsageKey, UsageTimer),
}

impl Alarm {
    /// When it runs that is wanted at `at`.
    fn due(self, at: Instant) -> Instant {
        if self.lingers() {
            at.rounded_up(Duration::from_millis(LINGER_STEP_MS))
        } else {
            at
        }
    }

    /// Whether its transaction is over and only absorbs.
    const fn lingers(self) -> bool {
        matches!(
            self,
            Self::Client(_, Timer::Linger) | Self::Server(_, Timer::Linger)
        )
    }

    /// Why the agent wants to be woken.
    const fn reason(self) -> &'static str {
        match self {
            Self::Client(_, Timer::Retransmit) => "sip: repeat a request",
            Self::Client(_, Timer::GiveUp) => "sip: give up a request",
            Self::Client(_, Timer::Linger) => "sip: forget a client transaction",
            Self::Server(_, Timer::Retransmit) => "sip: say 100 or repeat a refusal",
            Self::Server(_, Timer::GiveUp) => "sip: give up waiting for an ACK",
            Self::Server(_, Timer::Linger) => "sip: forget a server transaction",
            Self::Usage(_, UsageTimer::RepeatAnswer) => "sip: repeat a 2xx",
            Self::Usage(_, UsageTimer::AckMissing) => "sip: ACK missing",
            Self::Usage(_, UsageTimer::RepeatProvisional) => "sip: repeat a reliable 1xx",
            Self::Usage(_, UsageTimer::PrackMissing) => "sip: PRACK missing",
            Self::Usage(_, UsageTimer::KeepRinging) => "sip: still ringing",
            Self::Usage(_, UsageTimer::RetryOffer) => "sip: offer again after glare",
            Self::Usage(_, UsageTimer::CancelOffer) => "sip: cancel an open re-INVITE",
            Self::Usage(_, UsageTimer::Refresh) => "sip: refresh the session",
            Self::Usage(_, UsageTimer::Expire) => "sip: session expires",
        }
    }
}

/// Transactions that are over are forgotten together, twice a second: the RFC's times are lower
/// bounds, and each call leaves eight of them behind, which woke the thread one by one.
const LINGER_STEP_MS: u64 = 500;

/// Timers ordered by time, each also found by its owner, but for those of transactions that are over.
/// There are thousands of these and hardly any is ever stopped, so they only stand in line: one that
/// runs for a transaction that was forgotten before its time finds nothing to do.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    by_time: BTreeSet<(Instant, Alarm)>,
    by_owner: BTreeMap<Alarm, Instant>,
    /// What lingers, by the step in which it ends.
    lingering: BTreeMap<Instant, Vec<Alarm>>,
}

impl Alarms {
    /// Starts `alarm` anew.
    pub(crate) fn set(&mut self, alarm: Alarm, at: Instant) {
        let at = alarm.due(at);
        if alarm.lingers() {
            self.lingering.entry(at).or_default().push(alarm);
            return;
        }
        if let Some(before) = self.by_owner.insert(alarm, at) {
            self.by_time.remove(&(before, alarm));
        }
        self.by_time.insert((at, alarm));
    }

    /// Starts `alarm` anew, `after` from `now`.
    pub(crate) fn set_after(&mut self, alarm: Alarm, now: Instant, after: Duration) {
        self.set(alarm, now.plus(after));
    }

    /// Stops `alarm`.
    pub(crate) fn clear(&mut self, alarm: Alarm) {
        if let Some(at) = self.by_owner.remove(&alarm) {
            self.by_time.remove(&(at, alarm));
        }
    }

    /// Whether `alarm` runs.
    pub(crate) fn is_set(&self, alarm: Alarm) -> bool {
        self.by_owner.contains_key(&alarm)
    }

    /// Stops every timer of a client transaction, but for the last one.
    pub(crate) fn clear_client(&mut self, key: ClientKey) {
        for timer in [Timer::Retransmit, Timer::GiveUp] {
            self.clear(Alarm::Client(key, timer));
        }
    }

    /// Stops every timer of a server transaction, but for the last one.
    pub(crate) fn clear_server(&mut self, key: ServerKey) {
        for timer in [Timer::Retransmit, Timer::GiveUp] {
            self.clear(Alarm::Server(key, timer));
        }
    }

    /// Stops every timer of a usage.
    pub(crate) fn clear_usage(&mut self, key: UsageKey) {
        let first = Alarm::Usage(key, UsageTimer::RepeatAnswer);
        let last = Alarm::Usage(key, UsageTimer::Expire);
        while let Some((alarm, at)) = self.by_owner.range(first..=last).next() {
            let (alarm, at) = (*alarm, *at);
            self.by_owner.remove(&alarm);
            self.by_time.remove(&(at, alarm));
        }
    }

    /// Takes the next timer that is due.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Alarm> {
        let (at, alarm) = self.first()?;
        if at > now {
            return None;
        }
        if alarm.lingers() {
            let mut step = self.lingering.first_entry()?;
            step.get_mut().pop();
            if step.get().is_empty() {
                step.remove();
            }
        } else {
            self.by_time.pop_first();
            self.by_owner.remove(&alarm);
        }
        Some(alarm)
    }

    /// The next timer: of two at the same time the one that does something.
    fn first(&self) -> Option<(Instant, Alarm)> {
        let acts = self.by_time.first().copied();
        let steps = self.lingering.first_key_value();
        let lingers = steps.and_then(|(&at, step)| Some((at, *step.last()?)));
        [acts, lingers]
            .into_iter()
            .flatten()
            .min_by_key(|(at, _)| *at)
    }

    /// The next timer and why it runs.
    pub(crate) fn next(&self) -> Option<(Instant, &'static str)> {
        self.first().map(|(at, alarm)| (at, alarm.reason()))
    }

    /// Lets only those linger for which `lives` holds.
    pub(crate) fn forget_lingering(&mut self, lives: impl Fn(Alarm) -> bool) {
        self.lingering.retain(|_, step| {
            step.retain(|&alarm| lives(alarm));
            !step.is_empty()
        });
    }

    /// How many timers linger, also those of transactions that were forgotten before their time.
    pub(crate) fn lingering(&self) -> usize {
        self.lingering.values().map(Vec::len).sum()
    }

    /// How many timers run.
    pub(crate) fn len(&self) -> usize {
        self.by_time.len() + self.lingering()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_set_again_runs_once_and_an_owner_is_cleared_alone() {
        let at = Instant::from_millis;
        let mut alarms = Alarms::default();
        let (a, b) = (UsageKey(1), UsageKey(2));
        alarms.set(Alarm::Usage(a, UsageTimer::Expire), at(9));
        alarms.set(Alarm::Usage(a, UsageTimer::Expire), at(5));
        alarms.set(Alarm::Usage(b, UsageTimer::RepeatAnswer), at(7));
        alarms.set(Alarm::Client(ClientKey(1), Timer::GiveUp), at(6));
        assert_eq!(alarms.len(), 3);
        assert_eq!(alarms.next(), Some((at(5), "sip: session expires")));
        assert_eq!(alarms.pop_due(at(4)), None);
        alarms.clear_usage(a);
        alarms.clear_client(ClientKey(1));
        assert_eq!(
            alarms.pop_due(at(7)),
            Some(Alarm::Usage(b, UsageTimer::RepeatAnswer))
        );
        assert_eq!((alarms.len(), alarms.by_owner.len()), (0, 0));
        assert_eq!(alarms.next(), None);
    }

    #[test]
    fn what_lingers_is_forgotten_together_and_never_early() {
        let at = Instant::from_millis;
        let mut alarms = Alarms::default();
        for key in 1..=9 {
            let alarm = Alarm::Client(ClientKey(key), Timer::Linger);
            alarms.set(alarm, at(32_000 + 100 * key));
        }
        alarms.set(Alarm::Client(ClientKey(1), Timer::Retransmit), at(32_001));
        alarms.set(Alarm::Client(ClientKey(2), Timer::Retransmit), at(32_500));
        assert_eq!(alarms.len(), 11);
        let mut times = Vec::new();
        while let Some((time, reason)) = alarms.next() {
            times.push((time, reason));
            while alarms.pop_due(time).is_some() {}
        }
        let (repeat, forget) = ("sip: repeat a request", "sip: forget a client transaction");
        let wanted = [(32_001, repeat), (32_500, repeat), (33_000, forget)];
        assert_eq!(times, wanted.map(|(ms, reason)| (at(ms), reason)));
        assert_eq!(alarms.len(), 0);
    }
}
