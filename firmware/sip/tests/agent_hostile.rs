//! Two agents whose every message also travels as mutated copies: numbers, tags, branches, methods
//! and bytes changed at random. Nothing panics, every call ends exactly once, nothing is left.

mod rig;

use model::Random;
use rig::{Weather, World, sdp};
use sip::{Headers, UsageEvent, UsageKey};

const METHODS: [&str; 9] = [
    "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "PRACK", "UPDATE", "INFO", "REFER",
];
const STATUSES: [&str; 12] = [
    "100", "180", "183", "200", "202", "302", "408", "422", "481", "491", "500", "699",
];
const LINES: [&str; 14] = [
    "Require: 100rel",
    "RSeq: 4294967295",
    "RAck: 1 1 INVITE",
    "Session-Expires: 1;refresher=uas",
    "Session-Expires: 4294967295;refresher=uac",
    "Min-SE: 4294967295",
    "Supported: timer, 100rel",
    "Allow: UPDATE",
    "Contact: <sip:x@203.0.113.9>",
    "Contact: *",
    "Record-Route: <sip:strict.example>, <sip:loose.example;lr>",
    "To: <sip:b@192.0.2.2>",
    "CSeq: 4294967295 INVITE",
    "Max-Forwards: 0",
];

fn one_of<'a>(dice: &mut Random, all: &[&'a str]) -> &'a str {
    all[dice.below(u32::try_from(all.len()).expect("few")) as usize]
}

/// A changed copy of a message.
fn mutate(dice: &mut Random, text: &str) -> Vec<u8> {
    let mut text = text.to_owned();
    for _ in 0..=dice.below(2) {
        match dice.below(7) {
            0 => {
                let old = one_of(dice, &METHODS);
                text = text.replace(old, one_of(dice, &METHODS));
            }
            1 => {
                if let Some(rest) = text.strip_prefix("SIP/2.0 ") {
                    text = format!("SIP/2.0 {}{}", one_of(dice, &STATUSES), &rest[3..]);
                }
            }
            2 => text = text.replacen("z9hG4bK", "z9hG4bKx", 1),
            3 => text = text.replacen("tag=", "tag=x", 1),
            4 | 5 => {
                let line = one_of(dice, &LINES);
                let name = line.split(':').next().unwrap_or("");
                let kept = text.lines().filter(|l| !l.starts_with(name));
                let mut changed: Vec<&str> = kept.collect();
                changed.insert(1.min(changed.len()), line);
                text = changed.join("\r\n") + "\r\n\r\n";
            }
            _ => {
                let mut bytes = text.clone().into_bytes();
                let at = dice.below(u32::try_from(bytes.len()).expect("short")) as usize;
                bytes[at] = (dice.next_u32() & 0x7f) as u8;
                text = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    text.into_bytes()
}

fn collect(world: &mut World, calls: &mut Vec<(usize, UsageKey)>) {
    for n in 0..2 {
        while world.has_incoming(n) {
            calls.push((n, world.take_incoming(n).0));
        }
        while world.has_request(n) {
            let (server, request) = world.take_request(n);
            let response = world.agent(n).response_to(&request, 200);
            world.with(n, |agent, now| {
                let _ = agent.respond(now, server, &response);
            });
        }
    }
}

/// The users of both sides act at a whim for some seconds.
fn fight(world: &mut World, dice: &mut Random, calls: &mut Vec<(usize, UsageKey)>) {
    for _ in 0..200 {
        world.run_ms(u64::from(dice.below(60)));
        collect(world, calls);
        let pick = dice.below(u32::try_from(calls.len()).expect("few"));
        let (n, call) = calls[pick as usize];
        world.with(n, |agent, now| {
            let _ = match dice.below(8) {
                0 => agent.ring(now, call, 180, Some(sdp("early"))),
                1 | 2 => agent.answer(now, call, sdp("answer")),
                3 => agent.offer(now, call, sdp("again")),
                4 | 5 => agent.accept_offer(now, call, sdp("accepted")),
                6 if dice.below(10) == 0 => agent.hang_up(now, call, None),
                7 if dice.below(10) == 0 => agent.reject(now, call, 480, &Headers::new()),
                _ => Ok(()),
            };
        });
    }
}

fn battle(seed: u8) {
    let weather = Weather {
        latency_ms: (1, 50),
        loss_percent: 5,
        duplicate_percent: 5,
    };
    let mut world = World::new(seed, weather);
    let mut attacker = Random::new([seed ^ 0x5a; 32]);
    world.mutator = Some(Box::new(move |text| {
        (0..attacker.below(4))
            .map(|_| mutate(&mut attacker, text))
            .collect()
    }));
    let mut dice = Random::new([seed.wrapping_add(3); 32]);
    let mut calls = Vec::new();
    for n in [0, 0, 1] {
        let mut params = rig::invite_params(n, Some(sdp("offer")));
        if dice.below(2) == 0 {
            params.headers.push(sip::HeaderName::Require, "100rel");
        }
        let call = world.with(n, |agent, now| agent.invite(now, params).expect("room"));
        calls.push((n, call));
    }
    fight(&mut world, &mut dice, &mut calls);
    world.mutator = None;
    for _ in 0..100 {
        world.run_ms(500);
        collect(&mut world, &mut calls);
    }
    for (n, call) in &calls {
        let call = *call;
        world.with(*n, |agent, now| {
            let _ = agent.hang_up(now, call, None);
        });
    }
    for _ in 0..4 {
        world.run_ms(1_000);
        collect(&mut world, &mut calls);
    }
    for (n, call) in calls {
        world.with(n, |agent, now| {
            let _ = agent.hang_up(now, call, None);
        });
        let mut ends = 0;
        while let Some(event) = world.next_event(n, call) {
            match event {
                UsageEvent::Ended { .. } => ends += 1,
                UsageEvent::Request { server, request } => {
                    let response = world.agent(n).response_to(&request, 501);
                    world.with(n, |agent, now| {
                        let _ = agent.respond(now, server, &response);
                    });
                }
                _ => {}
            }
        }
        assert_eq!(ends, 1, "seed {seed}: {call:?}");
    }
    world.rest();
}

#[test]
fn mutated_copies_of_everything_do_no_harm() {
    for seed in 0..80 {
        battle(seed);
    }
}
