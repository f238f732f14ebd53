//! Random streets: people at sets call each other, let callers wait, hold, go from one to the other, talk with two at
//! once, pass callers on and forget them, in any order. After every act each set hears whom it must hear and nobody
//! else, each bell is as it must be, and at last the books have every call.

mod desks;

use core::fmt;
use core::ops::Range;

use model::{Instant, Random, Seed};
use store::CdrFold;

use super::{MARKS, Street};
use desks::{Aside, Desks, Kept};

const SETS: usize = 5;
/// Nobody's patience ends but by the dice.
const PATIENCE: &str = "[limits]\nring_timeout_s = 120\n";
/// Whoever hears a tone does something after so many acts of anybody.
const BORED: u32 = 1;

/// What somebody at a set does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Deed {
    Lift,
    Call(usize),
    Flash,
    Enquire(usize),
    Choose(char),
    HangUp,
}

impl fmt::Debug for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lift => f.write_str("lifts"),
            Self::Call(set) => write!(f, "calls {}", set + 1),
            Self::Flash => f.write_str("presses the hook"),
            Self::Enquire(set) => write!(f, "presses the hook and calls {}", set + 1),
            Self::Choose(digit) => write!(f, "presses the hook and {digit}"),
            Self::HangUp => f.write_str("hangs up"),
        }
    }
}

struct RandomStreet {
    street: Street,
    desks: Desks,
    random: Random,
    /// A press of the hook goes round, and no digit follows it.
    goes_round: bool,
    /// Few hang up, and many are brought together: so talks of more than three come about.
    sociable: bool,
    /// For how many acts each set has had what nobody bears for long.
    bored: [u32; SETS],
    story: Vec<String>,
    /// The most others that somebody heard at once.
    most: usize,
}

impl RandomStreet {
    fn new(country: &str, seed: u64) -> Self {
        let mut bytes: Seed = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let top = format!("[office]\ncountry = \"{country}\"\n{PATIENCE}");
        let mut street = Street::new(&top, SETS as u16, |_| "");
        street.play_music();
        Self {
            street,
            desks: Desks::new(SETS),
            random: Random::derive(bytes, "street"),
            goes_round: country == "US",
            sociable: !seed.is_multiple_of(4),
            bored: [0; SETS],
            story: vec![format!("{country}, seed {seed}")],
            most: 0,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.random.below(end as u32) as usize
    }

    /// Somebody whom `set` may call: neither itself nor whom it talks with already.
    fn whom(&mut self, set: usize) -> Option<usize> {
        let mut called = self.below(SETS);
        if self.sociable {
            // Best somebody who has nobody yet.
            let free = |&set: &usize| self.desks.sets[set].active.is_none();
            called = (called..SETS).chain(0..called).find(free).unwrap_or(called);
        }
        let calls = &self.desks.calls;
        let desk = &self.desks.sets[set];
        let active = desk.active.map(|call| calls[call].other(set));
        (called != set && active != Some(called)).then_some(called)
    }

    /// What somebody at the set may do next.
    fn deed(&mut self, set: usize) -> Option<Deed> {
        let desk = self.desks.sets[set].clone();
        let bored = self.bored[set] > BORED;
        if !desk.lifted {
            return match desk.kept {
                Kept::Passing => (self.below(3) == 0).then_some(Deed::Lift),
                _ if desk.active.is_some() => Some(Deed::Lift),
                _ => self.whom(set).map(Deed::Call),
            };
        }
        let talks = desk.active.is_some_and(|call| self.desks.talks(call));
        let leaves = if self.sociable { 20 } else { 5 };
        match (desk.active, desk.aside) {
            (_, None) if !talks => (bored || self.below(3) == 0).then_some(Deed::HangUp),
            (_, None) => match self.below(leaves) {
                0 => Some(Deed::HangUp),
                _ => self.whom(set).map(Deed::Enquire),
            },
            (_, Some(_)) if self.below(leaves) == 0 => Some(Deed::HangUp),
            // Two at once stay together most of the time.
            (Some(_), Some((_, Aside::Together))) if self.sociable && self.below(6) > 0 => None,
            (None, Some(_)) => Some(Deed::Flash),
            (Some(_), Some(_)) if !talks => (bored || self.below(2) == 0).then_some(Deed::Flash),
            (Some(_), Some(_)) if self.goes_round => Some(Deed::Flash),
            (Some(_), Some(_)) => {
                let digit = char::from(b'0' + self.below(6) as u8);
                let unites = self.sociable && self.below(2) == 0;
                Some(Deed::Choose(if unites { '3' } else { digit }))
            }
        }
    }

    fn act(&mut self, set: usize, deed: Deed) {
        self.story.push(format!("{} {deed:?}", set + 1));
        let number = set as u16 + 1;
        let street = &mut self.street;
        match deed {
            Deed::Lift => {
                street.lift(number);
                street.talk(number, MARKS[set]);
                self.desks.lift(set);
            }
            Deed::Call(called) => {
                street.lift(number);
                street.dial(number, &(301 + called).to_string());
                street.talk(number, MARKS[set]);
                street.pass_ms(3_000);
                self.desks.lift(set);
                self.desks.dial(set, called);
            }
            Deed::Flash => {
                street.flash(number);
                let desk = &self.desks.sets[set];
                match desk.active {
                    Some(call) if self.goes_round && self.desks.talks(call) => {
                        self.desks.go_round(set);
                    }
                    _ => self.desks.flash(set),
                }
            }
            Deed::Enquire(called) => {
                street.flash(number);
                street.dial(number, &(301 + called).to_string());
                street.pass_ms(2_500);
                self.desks.enquire(set, called);
            }
            Deed::Choose(digit) => {
                street.flash(number);
                street.dial(number, &digit.to_string());
                street.pass_ms(1_500);
                self.desks.choose(set, digit);
            }
            Deed::HangUp => {
                street.hang_up(number);
                self.desks.hang_up(set);
            }
        }
    }

    /// Every ear and every bell.
    fn check(&mut self) {
        self.street.pass_ms(4_500);
        for set in 0..SETS {
            let report = self.street.report(set as u16 + 1);
            let heard = report
                .hearing
                .map_or_else(Vec::new, |hearing| hearing.marks);
            let place = |mark: &String| MARKS.iter().position(|known| known == mark);
            let mut heard: Vec<usize> = heard.iter().filter_map(place).collect();
            heard.sort_unstable();
            self.most = self.most.max(heard.len());
            let music = self.street.hears_music(set as u16 + 1);
            let (hears, rung) = (self.desks.hears(set), self.desks.is_rung(set));
            assert_eq!(
                (heard, music, report.rung),
                (hears, self.desks.waits(set), rung),
                "set {}: {:#?} {:#?}",
                set + 1,
                self.story,
                self.desks.sets
            );
            let calls = &self.desks.calls;
            let desk = &self.desks.sets[set];
            let idle = desk.active.is_none_or(|call| !self.desks.talks(call));
            let used = desk.lifted || desk.active.is_some() || !calls.is_empty() && rung;
            self.bored[set] = if idle && used || rung {
                self.bored[set] + 1
            } else {
                0
            };
        }
    }

    fn step(&mut self) {
        let bored = (0..SETS).filter(|&set| self.bored[set] > BORED);
        let first = bored.max_by_key(|&set| self.bored[set]);
        let set = first.unwrap_or_else(|| self.below(SETS));
        if let Some(deed) = self.deed(set) {
            self.act(set, deed);
            self.check();
        }
    }

    /// Everybody leaves; whoever is rung for somebody takes it first.
    fn end(&mut self) {
        for _ in 0..3 * SETS {
            for set in 0..SETS {
                if self.desks.is_rung(set) {
                    self.act(set, Deed::Lift);
                }
                if self.desks.sets[set].lifted {
                    self.act(set, Deed::HangUp);
                }
            }
        }
        self.street.must_be_quiet();
        self.check_books();
    }

    fn check_books(&self) {
        let mut folds: Vec<CdrFold> = Vec::new();
        for record in &self.street.records {
            folds.extend(CdrFold::begin(record));
            let call = record.event.call;
            let mut known = folds.iter_mut();
            if let Some(fold) = known.find(|fold| Some(fold.cdr.call) == call) {
                fold.apply(record);
            }
        }
        assert!(
            folds.iter().all(|fold| !fold.is_open()),
            "{:#?}",
            self.story
        );
        let number = |id| {
            self.street
                .parties
                .get(&id)
                .map(|party| party.number.clone())
        };
        let written: Vec<_> = folds
            .iter()
            .map(|fold| {
                let (from, to) = (number(fold.cdr.from), number(fold.cdr.to));
                (from, to, fold.answered_at.is_some())
            })
            .collect();
        let number = |set: usize| Some((301 + set).to_string());
        let known = self.desks.books.iter();
        let known: Vec<_> = known
            .map(|&(from, to, answered)| (number(from), number(to), answered))
            .collect();
        assert_eq!(written, known, "{:#?}", self.story);
        assert!(self.street.now > Instant::ZERO);
    }
}

/// Plays some streets; in one of them at least one more joins a talk of three.
fn play(country: &str, seeds: Range<u64>) {
    let mut most = 0;
    for seed in seeds {
        let mut random = RandomStreet::new(country, seed);
        for _ in 0..60 {
            random.step();
        }
        random.end();
        most = most.max(random.most);
    }
    assert!(most >= 3, "{most}");
}

#[test]
fn in_random_streets_of_europe_everybody_hears_whom_they_chose() {
    play("PL", 0..6);
}

#[test]
fn in_random_streets_of_america_everybody_hears_whom_they_chose() {
    play("US", 0..6);
}
