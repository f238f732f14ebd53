//! Loads of the phones: a number of registrations, a number of calls.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use crate::{
    agent::{Agent, Heard},
    clock,
};

/// From one call that is to stay up to the next.
const PACE: Duration = Duration::from_millis(20);
/// Longest turn of the phones.
const TURN: Duration = Duration::from_millis(5);

/// What came of registrations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered {
    /// Rounds that came to 200.
    pub(crate) ok: usize,
    /// Rounds that did not.
    pub(crate) failed: usize,
    /// How long rounds took, sorted, in nanoseconds.
    pub(crate) took_ns: Vec<u64>,
}

/// Registers phones `0..people` in turn, `count` rounds in all, at most `window` at a time.
pub(crate) fn register(
    agent: &mut Agent,
    people: usize,
    count: usize,
    window: usize,
) -> Registered {
    let mut done = Registered::default();
    let mut begun = 0;
    while done.ok + done.failed < count {
        while begun < count && begun - done.ok - done.failed < window {
            agent.register(begun % people);
            begun += 1;
        }
        agent.turn(TURN);
        while let Some(heard) = agent.hear() {
            match heard {
                Heard::Registered { took } => {
                    done.ok += 1;
                    done.took_ns.push(nanoseconds(took));
                }
                Heard::NotRegistered { .. } => done.failed += 1,
                _ => {}
            }
        }
    }
    done.took_ns.sort_unstable();
    done
}

/// How calls are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How many.
    pub(crate) count: usize,
    /// At most so many a second.
    pub(crate) rate: f64,
    /// At most so many at a time.
    pub(crate) window: usize,
    /// How long a call stays up.
    pub(crate) hold: Duration,
}

/// What came of calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Called {
    /// Calls that came up.
    pub(crate) up: usize,
    /// Calls that did not, by status.
    pub(crate) failed: BTreeMap<u16, usize>,
    /// Calls whose end went wrong, or which the exchange ended.
    pub(crate) ended_badly: usize,
    /// Time from INVITE to 180, sorted, in nanoseconds.
    pub(crate) ringing_ns: Vec<u64>,
}

impl Called {
    /// Calls that did not do what they should.
    pub(crate) fn bad(&self) -> usize {
        self.failed.values().sum::<usize>() + self.ended_badly
    }
}

/// Calls between pairs of phones, each pair one call at a time. The first half of the `people`
/// calls, the second is called.
pub(crate) fn calls(agent: &mut Agent, people: usize, plan: Plan) -> Called {
    let half = people / 2;
    let mut free: VecDeque<usize> = (0..half.min(plan.window.max(1))).collect();
    let mut pair_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut holding: VecDeque<(Instant, usize)> = VecDeque::new();
    let mut called = Called::default();
    let start = clock::now();
    let (mut begun, mut over) = (0_u32, 0);
    while over < plan.count {
        let now = clock::now();
        let due = start + Duration::from_secs_f64(f64::from(begun) / plan.rate);
        let more = usize::try_from(begun).is_ok_and(|begun| begun < plan.count);
        if more
            && due <= now
            && let Some(pair) = free.pop_front()
        {
            pair_of.insert(agent.call(pair, half + pair), pair);
            begun += 1;
        }
        while let Some((_, call)) = holding.pop_front_if(|(until, _)| *until <= now) {
            agent.hang_up(call);
        }
        agent.turn(Duration::from_millis(1));
        while let Some(heard) = agent.hear() {
            let ended = match heard {
                Heard::Up { call } => {
                    called.up += 1;
                    holding.push_back((clock::now() + plan.hold, call));
                    None
                }
                Heard::Failed { call, status } => {
                    *called.failed.entry(status).or_default() += 1;
                    Some(call)
                }
                Heard::Ended { call, well } => {
                    called.ended_badly += usize::from(!well);
                    Some(call)
                }
                Heard::Ringing { after } => {
                    called.ringing_ns.push(nanoseconds(after));
                    None
                }
                Heard::HungUp | Heard::Unacknowledged => {
                    called.ended_badly += 1;
                    None
                }
                _ => None,
            };
            if let Some(pair) = ended.and_then(|call| pair_of.remove(&call)) {
                over += 1;
                free.push_back(pair);
            }
        }
    }
    called.ringing_ns.sort_unstable();
    called
}

/// Brings up calls of the first `count` pairs and leaves them up.
///
/// # Errors
/// Not all came up; what became of the others.
pub(crate) fn stand(agent: &mut Agent, people: usize, count: usize) -> Result<()> {
    let half = people / 2;
    let (mut begun, mut up, mut taken, mut bad) = (0, 0, 0, 0);
    let mut statuses: BTreeMap<u16, usize> = BTreeMap::new();
    let start = clock::now();
    let until = start + Duration::from_secs(60);
    while clock::now() < until && (up.min(taken) + bad < count) {
        // Twenty at a time and fifty a second: this is not the figure of the call rate, and an
        // exchange may refuse more than it has bound ports for.
        let due = start + PACE.saturating_mul(u32::try_from(begun).unwrap_or(u32::MAX));
        if begun < count && begun - up - bad < 20 && due <= clock::now() {
            agent.call(begun, half + begun);
            begun += 1;
        }
        agent.turn(Duration::from_millis(1));
        while let Some(heard) = agent.hear() {
            match heard {
                Heard::Up { .. } => up += 1,
                Heard::Taken { .. } => taken += 1,
                Heard::Failed { status, .. } => {
                    bad += 1;
                    *statuses.entry(status).or_default() += 1;
                }
                _ => {}
            }
        }
    }
    ensure!(
        up.min(taken) == count,
        "{up} of {count} calls came up, {taken} were acknowledged, refused by status: {statuses:?}"
    );
    Ok(())
}

/// Lets the phones go on with what they do for `length`; how many calls the exchange ended.
pub(crate) fn attend(agent: &mut Agent, length: Duration) -> usize {
    let until = clock::now() + length;
    let mut lost = 0;
    while clock::now() < until {
        agent.turn(TURN);
        while let Some(heard) = agent.hear() {
            lost += usize::from(heard == Heard::HungUp);
        }
    }
    lost
}

/// Hangs up all of `calls` and waits for the answers; how many were good.
pub(crate) fn hang_up(agent: &mut Agent, calls: core::ops::Range<usize>) -> usize {
    let (mut good, mut over) = (0, 0);
    let count = calls.len();
    for call in calls {
        agent.hang_up(call);
        agent.turn(Duration::ZERO);
    }
    let until = clock::now() + Duration::from_secs(40);
    while over < count && clock::now() < until {
        agent.turn(TURN);
        while let Some(heard) = agent.hear() {
            if let Heard::Ended { well, .. } = heard {
                over += 1;
                good += usize::from(well);
            }
        }
    }
    good
}

fn nanoseconds(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}
