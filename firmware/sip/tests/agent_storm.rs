//! Two agents in bad weather: loss, duplicates and reordering of every degree, users who do
//! anything at any time. Whatever happens, calls that can be made are made, both sides agree in the
//! end, each call ends exactly once, and nothing is left.

mod rig;

use model::Random;
use rig::{Weather, World, sdp};
use sip::{Headers, How, Outcome, UsageEvent, UsageKey};

const BAD: Weather = Weather {
    latency_ms: (5, 400),
    loss_percent: 30,
    duplicate_percent: 20,
};

/// Reads events of a call until `wanted` or the end.
fn until(
    world: &mut World,
    n: usize,
    call: UsageKey,
    wanted: fn(&UsageEvent) -> bool,
) -> Option<UsageEvent> {
    for _ in 0..40_000 {
        while let Some(event) = world.next_event(n, call) {
            if wanted(&event) || matches!(event, UsageEvent::Ended { .. }) {
                return Some(event);
            }
        }
        world.run_ms(5);
    }
    None
}

fn is_end(event: &UsageEvent) -> bool {
    matches!(event, UsageEvent::Ended { .. })
}

#[test]
fn with_30_percent_loss_nearly_every_call_is_made_and_ended() {
    let mut made = 0;
    for seed in 0..60 {
        let mut world = World::new(seed, BAD);
        let a = world.invite(0, Some(sdp("offer")));
        let mut waited = 0;
        while !world.has_incoming(1) && waited < 32_000 {
            world.run_ms(50);
            waited += 50;
        }
        if !world.has_incoming(1) {
            // Seven losses in a row: the caller is told.
            assert!(matches!(
                until(&mut world, 0, a, is_end),
                Some(UsageEvent::Ended {
                    how: How::Timeout,
                    ..
                })
            ));
            world.rest();
            continue;
        }
        let (b, _) = world.take_incoming(1);
        world.with(1, |agent, now| agent.ring(now, b, 180, None).expect("open"));
        world.run_ms(2_000);
        world.with(1, |agent, now| {
            agent.answer(now, b, sdp("answer")).expect("open")
        });
        let caller = until(&mut world, 0, a, |e| {
            matches!(e, UsageEvent::Answered { .. })
        });
        let called = until(&mut world, 1, b, |e| matches!(e, UsageEvent::Confirmed));
        let both = matches!(caller, Some(UsageEvent::Answered { .. }))
            && matches!(called, Some(UsageEvent::Confirmed));
        if !both {
            world.rest();
            continue;
        }
        made += 1;
        let (n, call) = if seed % 2 == 0 { (0, a) } else { (1, b) };
        world.with(n, |agent, now| {
            agent.hang_up(now, call, None).expect("lives")
        });
        let other = if n == 0 { b } else { a };
        let end = until(&mut world, 1 - n, other, is_end);
        // Eleven BYEs lost in a row do not happen with these seeds.
        assert!(
            matches!(end, Some(UsageEvent::Ended { how: How::Bye, .. })),
            "seed {seed}"
        );
        world.rest();
    }
    assert!(made >= 57, "{made} of 60");
}

#[test]
fn options_get_through_or_time_out_once() {
    for seed in 0..60 {
        let mut world = World::new(seed, BAD);
        let client = world.options(0);
        let mut finals = 0;
        for _ in 0..400 {
            world.run_ms(100);
            while world.has_request(1) {
                let (server, request) = world.take_request(1);
                let response = world.agent(1).response_to(&request, 200);
                world.with(1, |agent, now| {
                    agent.respond(now, server, &response).expect("open")
                });
            }
            while let Some(outcome) = world.next_response(0, client) {
                finals += 1;
                assert!(matches!(outcome, Outcome::Response(_) | Outcome::Timeout));
            }
        }
        assert_eq!(finals, 1, "seed {seed}");
        world.rest();
    }
}

/// What a user of one side may do to a call at a whim; most of it is refused by the state.
fn whim(world: &mut World, n: usize, call: UsageKey, choice: u32) {
    world.with(n, |agent, now| {
        let _ = match choice {
            0 => agent.ring(now, call, 180, None),
            1 => agent.ring(now, call, 183, Some(sdp("early"))),
            2..=5 => agent.answer(now, call, sdp("answer")),
            6 => agent.reject(now, call, 486, &Headers::new()),
            7 => agent.cancel(now, call, None),
            8 | 9 => agent.hang_up(now, call, None),
            10..=12 => agent.offer(now, call, sdp("again")),
            13..=16 => agent.accept_offer(now, call, sdp("accepted")),
            17 => agent.reject_offer(now, call, 488),
            _ => Ok(()),
        };
    });
}

#[derive(Default)]
struct Seen {
    ends: usize,
    answered: bool,
}

fn storm(seed: u8, weather: Weather) -> u64 {
    let mut world = World::new(seed, weather);
    let mut dice = Random::new([seed.wrapping_add(100); 32]);
    let mut calls: Vec<(usize, UsageKey)> = Vec::new();
    for _ in 0..6 {
        let n = usize::from(dice.below(2) == 1);
        let offer = (dice.below(4) != 0).then(|| sdp("offer"));
        let mut params = rig::invite_params(n, offer);
        if dice.below(3) == 0 {
            params.headers.push(sip::HeaderName::Require, "100rel");
        }
        let call = world.with(n, |agent, now| agent.invite(now, params).expect("room"));
        calls.push((n, call));
    }
    for _ in 0..600 {
        world.run_ms(u64::from(dice.below(200)));
        for n in 0..2 {
            while world.has_incoming(n) {
                calls.push((n, world.take_incoming(n).0));
            }
        }
        let pick = dice.below(u32::try_from(calls.len()).expect("few"));
        let (n, call) = calls[pick as usize];
        whim(&mut world, n, call, dice.below(20));
    }
    // Peace: whoever still lives hangs up.
    world.run_ms(1_000);
    for n in 0..2 {
        while world.has_incoming(n) {
            calls.push((n, world.take_incoming(n).0));
        }
    }
    for (n, call) in &calls {
        let call = *call;
        world.with(*n, |agent, now| {
            let _ = agent.hang_up(now, call, None);
        });
    }
    world.rest();
    for (n, call) in calls {
        let mut seen = Seen::default();
        while let Some(event) = world.next_event(n, call) {
            match event {
                UsageEvent::Ended { .. } => seen.ends += 1,
                UsageEvent::Answered { .. } => {
                    assert!(!seen.answered, "answered twice");
                    seen.answered = true;
                }
                _ => {}
            }
        }
        assert_eq!(seen.ends, 1, "seed {seed}, agent {n}, {call:?}");
    }
    world.fingerprint()
}

#[test]
fn anything_at_any_time_in_good_weather() {
    for seed in 0..60 {
        storm(
            seed,
            Weather {
                latency_ms: (1, 30),
                loss_percent: 0,
                duplicate_percent: 0,
            },
        );
    }
}

#[test]
fn anything_at_any_time_in_bad_weather() {
    for seed in 0..60 {
        storm(seed, BAD);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    assert_eq!(storm(7, BAD), storm(7, BAD));
    assert_ne!(storm(7, BAD), storm(8, BAD));
}
