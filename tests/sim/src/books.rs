//! The oracle of the books: the fold of the ledger against what truly happened.

use core::time::Duration;
use std::collections::BTreeMap;

use model::{Cause, EntryId, EventBody, Instant, LegKind, PortId, Rule, Target};
use store::CdrFold;

use crate::office::{ECHO, EMERGENCY, NOBODY, Office, ROOM, Seat, is_outside};
use crate::truth::{Fact, Truth};
use crate::world::World;

/// The answer to a caller waits this long for the start of the call to be on disk.
const WAITS_FOR_DISK: Duration = Duration::from_millis(model::limits::DURABLE_WAIT_MS_MAX);

/// A set that came back off hook from its lifeline has been still so long before a call begins there.
const STILL: Duration = Duration::from_millis(2_500);
/// A number that it was dialling by pulses is over by then.
const DIALLED: Duration = Duration::from_secs(20);

/// A line's hang-up is noticed within this time.
const SIGN_SEEN: Duration = Duration::from_secs(12);
/// Before that somebody may have answered who rang for a caller that had gone.
const GIVING_UP: Duration = Duration::from_secs(10);
/// A call on a line counts as answered so long after the answer at most, where nothing tells of it.
const ANSWER_SEEN: Duration = Duration::from_secs(30);
/// A call in need has its line after this time.
const TAKEN_OVER: Duration = Duration::from_millis(100);
/// A call that rings on a line for so long, on an exchange that has been on for as long, is in the books.
const RINGS: Duration = Duration::from_secs(8);

/// Checks every call record; gives how many there are.
pub(crate) fn check(world: &mut World) -> usize {
    let folds = world.disk.folds();
    let parties = world.disk.parties();
    let mut wrong = Vec::new();
    for (fold, began) in &folds {
        let number = |id| parties.get(&id).map_or("", |party| party.number.as_str());
        let case = Case {
            fold,
            began: *began,
            from: number(fold.cdr.from),
            to: number(fold.cdr.to),
            truth: &world.truth,
            office: &world.office,
        };
        let mut say = |what: &str| {
            let s = began.as_millis() as f64 / 1_000.0;
            let cause = fold.cdr.cause;
            wrong.push(format!(
                "call of {s:.3} s from {} to {:?} ({cause:?}): {what}",
                case.from, case.to
            ));
        };
        case.check(&mut say);
    }
    let count = folds.len();
    wrong.extend(missing(&folds, &world.truth, &world.office));
    wrong.extend(missing_of_lines(&folds, &world.truth, &world.office));
    wrong.extend(taken_twice(world));
    wrong.extend(let_in_unprotected(world));
    for wrong in wrong {
        world.violation(&wrong);
    }
    count
}

/// Calls that reached the exchange and were not refused for their credentials have a record.
fn missing(folds: &[(CdrFold, Instant)], truth: &Truth, office: &Office) -> Vec<String> {
    let mut by_start: BTreeMap<Instant, usize> = BTreeMap::new();
    for (_, began) in folds {
        *by_start.entry(*began).or_default() += 1;
    }
    let cuts: Vec<Instant> = truth
        .facts
        .iter()
        .filter(|(_, facts)| facts.iter().any(|(_, fact)| *fact == Fact::PowerCut))
        .map(|(at, _)| *at)
        .collect();
    let mut wrong = Vec::new();
    for (at, facts) in &truth.facts {
        for (seat, fact) in facts {
            let told =
                |status: &u16| truth.happened(*at, |s, f| s == *seat && *f == Fact::Told(*status));
            // Answered in the same instant with one of these there was no call, or a repeated one.
            let Fact::Invited(number) = fact else {
                continue;
            };
            let rejected = [401, 503, 500, 482, 481, 491].iter().any(told);
            let lost = cuts
                .iter()
                .any(|cut| cut.since(*at).as_millis() < 1_000 && cut >= at);
            let repeated = truth.repeated.contains(&(*at, *seat));
            if !rejected && !lost && !repeated && !by_start.contains_key(at) {
                let s = at.as_millis() as f64 / 1_000.0;
                let from = &office.seats[*seat].number;
                wrong.push(format!(
                    "call of {s:.3} s from {from} to {number} has no record"
                ));
            }
        }
    }
    wrong
}

/// Calls that rang on a line for long enough have a record.
fn missing_of_lines(folds: &[(CdrFold, Instant)], truth: &Truth, office: &Office) -> Vec<String> {
    let mut wrong = Vec::new();
    for call in &truth.lines.calls {
        let end = call.end.unwrap_or(Instant::FAR);
        let long = end.since(call.begin) >= RINGS;
        let during = truth.facts.range(call.begin..end).flat_map(|(_, f)| f);
        let disturbed = |(seat, fact): &(usize, Fact)| match fact {
            Fact::PowerCut | Fact::PowerOn => true,
            Fact::LineDied => *seat == call.seat,
            _ => false,
        };
        let excused = during.into_iter().any(disturbed) || !truth.has_power(call.begin);
        let entry = &office.seats[call.seat].entry;
        // Who rings before the exchange can know that the caller before gave up is taken for that one.
        let before = truth.lines.calls.iter().filter(|c| c.seat == call.seat);
        let ended = before.filter_map(|c| c.end.filter(|end| *end <= call.begin));
        let unknown = ended.filter(|end| call.begin.since(*end) < GIVING_UP).max();
        let since = unknown.unwrap_or(call.begin);
        let written = folds.iter().any(|(fold, began)| {
            let caller = fold.cdr.caller.as_ref().map(EntryId::as_str);
            caller == Some(entry.as_str()) && (since..=end).contains(began)
        });
        if long && !excused && !written {
            let s = call.begin.as_millis() as f64 / 1_000.0;
            wrong.push(format!("the call of {s:.3} s on {entry} has no record"));
        }
    }
    wrong
}

/// A line has one leg at a time, but for the moment in which a call in need takes it from another.
fn taken_twice(world: &World) -> Vec<String> {
    let mut open = BTreeMap::new();
    let mut stays: Vec<(PortId, Instant, Instant)> = Vec::new();
    for (at, record) in world.disk.records() {
        match (&record.event.body, record.event.leg) {
            (
                EventBody::LegStarted {
                    kind: LegKind::Line { port, .. },
                    ..
                },
                Some(leg),
            ) => {
                open.insert(leg, (*port, at));
            }
            (EventBody::LegEnded { .. }, Some(leg)) => {
                let stay = open.remove(&leg);
                stays.extend(stay.map(|(port, begin)| (port, begin, at)));
            }
            _ => {}
        }
    }
    stays.sort_unstable();
    let twice = |pair: &[(PortId, Instant, Instant)]| {
        let [(port, _, end), (next, begin, _)] = pair else {
            return None;
        };
        let s = begin.as_millis() as f64 / 1_000.0;
        let both = port == next && end.since(*begin) > TAKEN_OVER;
        both.then(|| format!("at {s:.3} s line {port} is taken a second time"))
    };
    stays.windows(2).filter_map(twice).collect()
}

/// Whoever must protect the voice and cannot is told so, and is in no call.
fn let_in_unprotected(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for (at, facts) in &world.truth.facts {
        for (seat, fact) in facts {
            let unfit = world.office.seats.get(*seat).is_some_and(Seat::is_unfit);
            if unfit && matches!(fact, Fact::Answered | Fact::Told(200..300)) {
                let s = at.as_millis() as f64 / 1_000.0;
                wrong.push(format!(
                    "{s:.3} s: seat {seat} has a call without protection"
                ));
            }
        }
    }
    wrong
}

struct Case<'c> {
    fold: &'c CdrFold,
    began: Instant,
    from: &'c str,
    to: &'c str,
    truth: &'c Truth,
    office: &'c Office,
}

impl Case<'_> {
    fn check(&self, say: &mut impl FnMut(&str)) {
        let cdr = &self.fold.cdr;
        if self.fold.is_open() {
            say("is never closed");
            return;
        }
        let caller = cdr.caller.as_ref().map(EntryId::as_str);
        let number_of = |entry: Option<&str>| {
            let mut seats = self.office.seats.iter();
            let seat = seats.find(|seat| Some(seat.entry.as_str()) == entry);
            seat.map_or("", |seat| seat.number.as_str())
        };
        // A caller outside may be shown without a number.
        let hidden = self.line_of(caller).is_some() && self.from.is_empty();
        if number_of(caller) != self.from && !hidden {
            say("the caller's number is not the caller's");
        }
        let is_caller = |seat: usize| self.seat_is(seat, caller);
        let began = match self.line_of(caller) {
            Some(line) => self.rang_on(line),
            None => {
                self.truth.happened(self.began, |seat, fact| match fact {
                    Fact::Invited(number) => is_caller(seat) && number == self.to,
                    Fact::Lifted => is_caller(seat),
                    _ => false,
                }) || self.came_back(&is_caller)
            }
        };
        if !began {
            say("nobody began it at this instant");
        }
        self.check_target(say);
        self.check_answer(say);
        self.check_end(say);
    }

    /// The seat of the line with this entry.
    fn line_of(&self, entry: Option<&str>) -> Option<usize> {
        let seats = &self.office.seats;
        let of = |seat: &Seat| Some(seat.entry.as_str()) == entry;
        seats.iter().position(|s| of(s) && s.line.is_some())
    }

    /// Somebody called on this line, and its caller had given up a moment ago at most.
    fn rang_on(&self, line: usize) -> bool {
        self.truth.lines.calls.iter().any(|call| {
            let end = call.end.map_or(Instant::FAR, |end| end + SIGN_SEEN);
            call.seat == line && (call.begin..=end).contains(&self.began)
        })
    }

    fn seat_is(&self, seat: usize, entry: Option<&str>) -> bool {
        let seat = self.office.seats.get(seat);
        seat.is_some_and(|seat| Some(seat.entry.as_str()) == entry)
    }

    fn check_target(&self, say: &mut impl FnMut(&str)) {
        let target = match &self.fold.cdr.target {
            None => return,
            Some(Target::Outside) if is_outside(self.to) || self.is_rest() => return,
            Some(Target::Outside) => String::new(),
            Some(Target::EchoTest) => ECHO.to_owned(),
            Some(Target::Conference(_)) => ROOM.to_owned(),
            Some(Target::Person(entry) | Target::Device(entry) | Target::Analog(entry)) => {
                let mut seats = self.office.seats.iter();
                let seat = seats.find(|seat| seat.entry == entry.as_str());
                seat.map(|seat| seat.number.clone()).unwrap_or_default()
            }
        };
        if target != self.to {
            say(&format!("it went to {target}"));
        }
    }

    /// The power came while the caller's set was dialling: what was dialled before that is not in the number.
    fn is_rest(&self) -> bool {
        let power = |_, fact: &Fact| *fact == Fact::PowerOn;
        self.truth.happened(self.began, power)
    }

    /// The caller's set came back off hook, and dialled no more for a while.
    fn came_back(&self, is_caller: &dyn Fn(usize) -> bool) -> bool {
        let before =
            |most: Duration| Instant::ZERO + self.began.since(Instant::ZERO).saturating_sub(most);
        let facts = self.truth.facts.range(before(DIALLED)..=before(STILL));
        let mut facts = facts.flat_map(|(_, facts)| facts);
        facts.any(|(seat, fact)| *fact == Fact::CameBack && is_caller(*seat))
    }

    fn check_answer(&self, say: &mut impl FnMut(&str)) {
        let cdr = &self.fold.cdr;
        let Some(at) = self.fold.answered_at else {
            if cdr.talk.is_some() || cdr.cause == Some(Cause::Normal) {
                say("it ended as a talk and was never answered");
            }
            return;
        };
        let at = self.began + at.since(self.fold.started_at);
        let by = cdr.answered_by.as_ref().map(EntryId::as_str);
        if let Some(line) = self.line_of(by) {
            // Where nothing tells of an answer, dialling counts as one after a while.
            let since = at.since(Instant::ZERO).saturating_sub(ANSWER_SEEN);
            let mut facts = self.truth.facts.range(Instant::ZERO + since..=at);
            let mine = |(seat, fact): &(usize, Fact)| {
                let dialled = matches!(fact, Fact::Dialled(number) if number == self.to);
                *seat == line && (*fact == Fact::FarAnswered || dialled)
            };
            if !facts.any(|(_, facts)| facts.iter().any(mine)) {
                say(&format!("nobody answered on {by:?} at {at:?}"));
            }
            return;
        }
        // The caller's answer, from which the talk counts, may wait for the disk.
        let since = Instant::from_nanos(
            at.as_nanos()
                .saturating_sub(WAITS_FOR_DISK.as_nanos() as u64),
        );
        let facts = self.truth.facts.range(since..=at);
        let answered = facts.flat_map(|(_, facts)| facts).any(|(seat, fact)| {
            matches!(fact, Fact::Answered | Fact::Lifted) && self.seat_is(*seat, by)
        });
        if ![ECHO, ROOM].contains(&self.to) && !answered {
            say(&format!("{by:?} did not answer at {at:?}"));
        }
    }

    fn check_end(&self, say: &mut impl FnMut(&str)) {
        let cdr = &self.fold.cdr;
        let (Some(cause), Some(rule), Some(duration)) = (cdr.cause, cdr.rule, cdr.duration) else {
            return;
        };
        let at = self.began + duration;
        let at_end = |fact: &dyn Fn(&Fact) -> bool| self.truth.happened(at, |_, f| fact(f));
        let right = match (cause, rule) {
            (Cause::Normal, Rule::LineTone | Rule::LineDialTone | Rule::LineReversal) => {
                self.happened_before(at, GIVING_UP + SIGN_SEEN, &|f| *f == Fact::FarHungUp)
            }
            (Cause::Normal, Rule::LineLoopBreak) => self.happened_before(at, SIGN_SEEN, &|f| {
                matches!(f, Fact::FarHungUp | Fact::LineDied)
            }),
            (Cause::Normal | Cause::Cancelled, Rule::LineDead) => {
                self.happened_before(at, SIGN_SEEN, &|f| *f == Fact::LineDied)
            }
            (Cause::Cancelled, Rule::LineAbandoned) => {
                self.happened_before(at, SIGN_SEEN, &|f| *f == Fact::FarHungUp)
            }
            (Cause::Busy | Cause::NotFound | Cause::Congestion, Rule::LineRefused) => {
                self.happened_before(at, SIGN_SEEN, &|f| *f == Fact::TurnedAway)
            }
            (Cause::Congestion, Rule::EmergencyPreempts) => {
                self.happened_before(at, SIGN_SEEN, &|f| {
                    matches!(f, Fact::Lifted)
                        || matches!(f, Fact::Invited(number) if number == EMERGENCY)
                })
            }
            (Cause::Normal, _) => at_end(&|f| matches!(f, Fact::Bye | Fact::HungUp)),
            (Cause::Cancelled, _) => {
                at_end(&|f| matches!(f, Fact::Cancelled | Fact::HungUp | Fact::Bye))
            }
            // Answered, and hung up again while the caller's answer waited for the disk.
            (Cause::Rejected, _) if at_end(&|f| matches!(f, Fact::Bye | Fact::HungUp)) => true,
            (Cause::Busy, Rule::PhoneRefused) | (Cause::Rejected, _) => {
                self.happened_between(at, &|f| matches!(f, Fact::Refused(486 | 600 | 603)))
            }
            // A set is stopped at the first digit that leads nowhere.
            // With the power the digits that were dialled before it were lost.
            (Cause::NotFound, _) => {
                let cut_off = self.truth.happened(self.began, |_, f| *f == Fact::PowerOn);
                !self.to.is_empty() && (NOBODY.starts_with(self.to) || cut_off)
            }
            (Cause::NoAnswer, _) => duration.as_secs() >= crate::office::RING_S,
            (Cause::PowerLost, _) => {
                let cuts = self.truth.facts.range(at..);
                let mut facts = cuts.flat_map(|(_, facts)| facts);
                facts.any(|(_, fact)| *fact == Fact::PowerCut)
            }
            (Cause::Internal | Cause::ProtocolError | Cause::ElsewhereAnswered, _) => false,
            _ => true,
        };
        if !right {
            say(&format!(
                "nothing happened that ends it so ({})",
                rule.name()
            ));
        }
    }

    fn happened_before(&self, end: Instant, most: Duration, fact: &dyn Fn(&Fact) -> bool) -> bool {
        let since = Instant::ZERO + end.since(Instant::ZERO).saturating_sub(most);
        let facts = self.truth.facts.range(since..=end);
        facts.flat_map(|(_, facts)| facts).any(|(_, f)| fact(f))
    }

    fn happened_between(&self, end: Instant, fact: &dyn Fn(&Fact) -> bool) -> bool {
        let facts = self.truth.facts.range(self.began..=end);
        facts.flat_map(|(_, facts)| facts).any(|(_, f)| fact(f))
    }
}
