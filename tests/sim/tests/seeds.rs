//! Worlds from seeds: each is played and judged by every oracle.
//!
//! 20 worlds of ten virtual minutes in the fast tier; `CENTRALKA_SIM_SEEDS` says how many in the
//! full gate, `CENTRALKA_SIM_FIRST` with which seed they begin.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tests_sim::{Plan, Profile, run};

/// Worlds of the fast tier.
const SEEDS: u64 = 20;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks for the size of the gate"
)]
fn asked(what: &str) -> Option<u64> {
    std::env::var(what).ok()?.parse().ok()
}

fn seeds() -> u64 {
    asked("CENTRALKA_SIM_SEEDS").unwrap_or(SEEDS)
}

/// Plays the seeds on two threads; each world has one.
#[test]
fn every_seed_keeps_its_promises() {
    let first = asked("CENTRALKA_SIM_FIRST").unwrap_or(0);
    let next = AtomicU64::new(first);
    let broken = Mutex::new(Vec::new());
    let (calls, talks, moves) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let opus = [AtomicU64::new(0), AtomicU64::new(0)];
    let shuts = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first.saturating_add(seeds()) {
                return;
            }
            let outcome = run(&Plan::new(seed), None);
            calls.fetch_add(outcome.calls as u64, Ordering::Relaxed);
            talks.fetch_add(outcome.talks, Ordering::Relaxed);
            moves.fetch_add(outcome.moves, Ordering::Relaxed);
            shuts.fetch_add(outcome.shuts, Ordering::Relaxed);
            for (all, heard) in opus.iter().zip(outcome.opus) {
                all.fetch_add(heard, Ordering::Relaxed);
            }
            if !outcome.violations.is_empty() {
                let mut broken = broken
                    .lock()
                    .expect("no world panics while it holds the lock");
                broken.push((seed, outcome.violations));
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    let mut broken = broken.into_inner().expect("no thread is left");
    broken.sort();
    assert!(
        broken.is_empty(),
        "cargo xtask sim SEED replays: {broken:#?}"
    );
    // A world in which nothing happens breaks no promise.
    assert!(calls.into_inner() > 40 * seeds() && talks.into_inner() > 20 * seeds());
    // In two of three worlds there are several media planes.
    assert!(moves.into_inner() > 5 * seeds());
    // In one of six some phones speak Opus, to each other and to others.
    let enough = |heard: AtomicU64| seeds() < SEEDS || heard.into_inner() > 100 * seeds();
    assert!(opus.into_iter().all(enough));
    // In one of three some phones are made mute.
    assert!(seeds() < SEEDS || shuts.into_inner() > 5 * seeds());
}

/// At 200 parts per million a clock gains 360 ms in this time, were nothing done about it.
#[test]
fn half_an_hour_between_clocks_that_are_off_adds_no_delay() {
    let mut plan = Plan::new(4711);
    plan.profile = Profile::Drift;
    plan.length *= 3;
    let outcome = run(&plan, None);
    assert!(outcome.violations.is_empty(), "{:#?}", outcome.violations);
    assert!(outcome.mixed > 20_000, "{}", outcome.summary);
}

#[test]
fn a_seed_repeats_to_the_byte_and_seeds_differ() {
    for profile in Profile::ALL {
        let mut plan = Plan::new(4711);
        plan.profile = profile;
        plan.length /= 5;
        let (first, again) = (run(&plan, None), run(&plan, None));
        assert_eq!(
            (first.hash, first.effects),
            (again.hash, again.effects),
            "{profile}"
        );
        plan.seed += 1;
        assert_ne!(run(&plan, None).hash, first.hash, "{profile}");
    }
}
