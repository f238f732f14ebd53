//! The second half of a run: the faults stop, and everything must work again within a stated time.

use core::time::Duration;

use pbx::Figures;

use crate::world::World;

/// Within this time of healing all phones are registered again: the longest expiry, what a late
/// phone adds, and a round of retries.
const REGISTERED_WITHIN: Duration = Duration::from_secs(240);
/// All calls are gone this long after the last one was hung up.
const FREE_WITHIN: Duration = Duration::from_secs(45);
/// Nothing at all is left this long after the phones were switched off: the longest expiry.
const EMPTY_WITHIN: Duration = Duration::from_secs(240);
/// Calls that both ends forgot end with the session timer (RFC 4028: 1800 s, refreshed at half).
const FORGOTTEN_WITHIN: Duration = Duration::from_secs(2_000);

/// Heals the world and checks what it promises then.
pub(crate) fn heal_and_prove(world: &mut World) {
    world.heal();
    let now = world.now;
    for at in 0..world.stations.len() {
        let station = &mut world.stations[at];
        station.person.leave(now, &mut station.phone);
        // To refresh too late, and to forget a BYE, are faults like any other.
        station.phone.manner.forgets_bye = false;
        station.phone.manner.refresh_percent = station.phone.manner.refresh_percent.min(98);
        let mut out = Vec::new();
        station.settle(now, &mut out);
        world.carry(at, out);
    }
    for sitter in &mut world.sitters {
        sitter.lively = false;
        sitter.behave(&mut world.board.people, None, Some(1));
        sitter.leave(&mut world.board.people);
    }
    world.pass(REGISTERED_WITHIN);
    let now = world.now;
    for at in 0..world.stations.len() {
        if !world.stations[at].phone.is_registered(now) {
            world.violation(&format!("seat {at} is not registered after healing"));
        }
    }
    let quiet = world.features.is_forgetful();
    wait_until_free(world, if quiet { FORGOTTEN_WITHIN } else { FREE_WITHIN });
    world.prove_lifeline();
    test_calls(world);
    test_lines(world);
    wait_until_free(world, FREE_WITHIN);
    for unfinished in world.tapes.unfinished() {
        world.violation(&unfinished);
    }
    switch_off(world);
}

/// Waits until nobody is in a call; registrations and their transactions go on.
fn wait_until_free(world: &mut World, most: Duration) {
    wait_until(world, most, |figures| {
        let used = [
            figures.calls,
            figures.sip_legs,
            figures.sets_busy,
            figures.media_legs,
            figures.bridges,
            figures.usages,
            figures.lines_busy,
        ];
        used == [0; 7]
    });
}

/// Switches all phones off and waits until the exchange has forgotten everything.
fn switch_off(world: &mut World) {
    for at in 0..world.stations.len() {
        world.stations[at].phone.switch_off();
        world.break_streams(at, Duration::from_millis(10));
        world.stations[at].due = model::Instant::FAR;
    }
    wait_until(world, EMPTY_WITHIN, |figures| {
        let pairs_ready = figures.pairs_ready;
        *figures
            == Figures {
                pairs_ready,
                ..Figures::default()
            }
    });
}

fn wait_until(world: &mut World, most: Duration, done: impl Fn(&Figures) -> bool) {
    let end = world.now + most;
    while !done(&world.figures()) {
        if world.now >= end {
            let figures = world.figures();
            world.violation(&format!(
                "not everything is free after {most:?}: {figures:?}"
            ));
            return;
        }
        world.pass(Duration::from_secs(1));
    }
}

/// Every seat calls every other once, as many at a time as there are pairs (the circle method).
fn test_calls(world: &mut World) {
    let seats = world.office.seats.len() - world.outsiders.len();
    let even = seats + seats % 2;
    for round in 0..2 * (even - 1) {
        let turn = round % (even - 1);
        let mut pairs = Vec::new();
        for at in 0..even / 2 {
            let place = |n: usize| {
                if n == 0 {
                    0
                } else {
                    (n - 1 + turn) % (even - 1) + 1
                }
            };
            let (a, b) = (place(at), place(even - 1 - at));
            if a < seats && b < seats {
                pairs.push(if round < even - 1 { (a, b) } else { (b, a) });
            }
        }
        // Some can have no call at all.
        let unfit = |at: usize| world.office.seats[at].is_unfit();
        pairs.retain(|&(a, b)| !unfit(a) && !unfit(b));
        // Two phones of one person ring together: not two calls to them at a time.
        let mut called = Vec::new();
        let mut second = Vec::new();
        pairs.retain(|&(a, b)| {
            let number = &world.office.seats[b].number;
            let first = !called.contains(number);
            called.push(number.clone());
            if !first {
                second.push((a, b));
            }
            first
        });
        // A call to two phones takes three legs.
        let at_once = (world.features.media_legs / 3).max(1);
        for some in pairs.chunks(at_once).chain(second.chunks(at_once)) {
            play_round(world, some);
        }
    }
}

fn play_round(world: &mut World, pairs: &[(usize, usize)]) {
    let now = world.now;
    for at in 0..world.stations.len() {
        let called = pairs.iter().any(|&(_, b)| b == at);
        world.stations[at].person.orders = Some(called);
    }
    let talks_before = world.truth.talks;
    for &(a, b) in pairs {
        let number = world.office.seats[b].number.clone();
        if let Some(sitter) = world.sitters.iter_mut().find(|s| s.seat == b) {
            sitter.behave(&mut world.board.people, Some(1), None);
        }
        if let Some(sitter) = world.sitters.iter_mut().find(|s| s.seat == a) {
            sitter.behave(&mut world.board.people, None, None);
            sitter.call(&mut world.board.people, &number);
            world.look_at_sets();
        } else {
            world.stations[a].phone.dial(now, &number);
            settle(world, a);
        }
    }
    world.pass(Duration::from_secs(8));
    let connected = (world.truth.talks - talks_before) as usize;
    if connected < pairs.len() {
        world.violation(&format!(
            "{connected} of the test calls {pairs:?} came about"
        ));
    }
    for &(a, b) in pairs {
        for seat in [a, b] {
            part(world, seat);
        }
    }
    world.pass(Duration::from_secs(3));
}

/// Each line carries a call in and one out.
fn test_lines(world: &mut World) {
    for line in 0..world.outsiders.len() {
        let seat = world.outsiders[line].seat;
        let number = world.office.answering(seat).to_owned();
        let mut seats = world.office.seats.iter();
        let Some(called) = seats.position(|seat| seat.number == number) else {
            continue;
        };
        for at in 0..world.stations.len() {
            world.stations[at].person.orders = Some(at == called);
        }
        for sitter in &mut world.sitters {
            let answers = (sitter.seat == called).then_some(1);
            sitter.behave(&mut world.board.people, answers, None);
        }
        let talks = world.truth.talks;
        world.outsiders[line].call(&mut world.board.people);
        world.look_at_sets();
        world.pass(Duration::from_secs(15));
        must_talk(world, talks, &format!("from line {line}"));
        world.outsiders[line].leave(&mut world.board.people);
        world.pass(Duration::from_secs(12));
        part(world, called);
        world.pass(Duration::from_secs(3));
        let talks = world.truth.talks;
        let number = format!("67000000{line}");
        world.stations[0].person.orders = Some(false);
        let now = world.now;
        world.stations[0].phone.dial(now, &number);
        settle(world, 0);
        world.pass(Duration::from_secs(30));
        must_talk(world, talks, &format!("to {number}"));
        part(world, 0);
        world.pass(Duration::from_secs(5));
    }
}

fn must_talk(world: &mut World, before: u64, what: &str) {
    if world.truth.talks == before {
        world.violation(&format!("the test call {what} came to nothing"));
    }
}

/// Whoever sits there hangs up.
fn part(world: &mut World, seat: usize) {
    if let Some(sitter) = world.sitters.iter_mut().find(|s| s.seat == seat) {
        sitter.leave(&mut world.board.people);
        world.look_at_sets();
    } else {
        let now = world.now;
        world.stations[seat].phone.hang_up(now);
        settle(world, seat);
    }
}

fn settle(world: &mut World, seat: usize) {
    let mut out = Vec::new();
    let now = world.now;
    world.stations[seat].settle(now, &mut out);
    world.carry(seat, out);
}
