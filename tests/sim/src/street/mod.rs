//! A street: the exchange with analog sets and nobody else, played by a script. What the random worlds
//! cannot tell for sure (what exactly is heard, rung and written, and when) is asserted here.

mod aon;
mod callers;
mod fax;
mod foreign;
mod lifeline;
mod measure;
mod outside;
mod random;
mod room;
mod silence;
mod subscriber;
mod two_calls;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use config::{Config, Country, Tone};
use hal_port::{Linefeed, PortEvent};
use hal_sim::{Act, CarrierRules, LifelinePlan, NamedTone, Report};
use model::{
    Command, EntryId, EventBody, Instant, LifelineTest, LineBalance, Party, PartyId, PortId,
    Random, Record, Rule, Seq, StateChange,
};
use pbx::{Input, Keys, Setup};

use crate::exchange::{Board, Effect, Exchange, times};
use crate::outsider::carrier;

/// The longest time between two looks at everything.
const STEP: Duration = Duration::from_millis(5);

/// What the person at each set says.
const MARKS: [&str; 8] = ["700", "900", "1100", "1300", "1500", "1700", "1900", "2100"];

/// What whoever is held hears, in Hz.
const MUSIC_HZ: u16 = 2_400;

/// What is kept of lines over a restart.
#[derive(Default)]
struct Found {
    balance: Vec<(EntryId, LineBalance)>,
    lifelines: Vec<(EntryId, LifelineTest)>,
}

/// Switches the exchange on.
fn switch_on(
    now: Instant,
    config: &Arc<Config>,
    next_seq: Seq,
    found: &Found,
    board: &mut Board,
) -> Exchange {
    let setup = Setup {
        config: Arc::clone(config),
        version: 1,
        jacks: Vec::new(),
        bindings: Vec::new(),
        md5: Vec::new(),
        next_seq,
        seed: [7; 32],
        media_legs: 40,
        pairs: Vec::new(),
        external: None,
        flows: (Vec::new(), 0),
        fingerprint: None,
        line_tones: Vec::new(),
        line_balance: found.balance.clone(),
        lifelines: found.lifelines.clone(),
        messages: Vec::new(),
        resumed: false,
    };
    let mut secret = [0; 32];
    Random::new([3; 32]).fill(&mut secret);
    let keys = Keys::new(secret, Default::default());
    Exchange::start(now, setup, keys, (board, 1))
}

/// The exchange, its board, and what it wrote.
pub(crate) struct Street {
    pub(crate) now: Instant,
    config: Arc<Config>,
    exchange: Exchange,
    board: Board,
    pub(crate) records: Vec<Record>,
    pub(crate) parties: BTreeMap<PartyId, Party>,
    found: Found,
    /// Lines whose port told last that another set uses them.
    in_use: BTreeSet<u16>,
    /// When the relay of a lifeline was let go (`true`) or drawn.
    relays: Vec<(Instant, bool)>,
    /// When a bell began or ended.
    pub(crate) bells: Vec<(Instant, PortId, bool)>,
    /// When a set heard something louder than −40 dBm0 for the first time since somebody asked.
    first_sound: [Option<Instant>; 8],
}

impl Street {
    /// `sets` sets on `fxs1` to `fxsN`, entries `301` to `30N`, each with `keys` of the entry; `top` stands
    /// before them.
    pub(crate) fn new(top: &str, sets: u16, keys: impl Fn(u16) -> &'static str) -> Self {
        Self::with_lifelines(top, sets, keys, Vec::new())
    }

    /// The same with lifelines.
    fn with_lifelines(
        top: &str,
        sets: u16,
        keys: impl Fn(u16) -> &'static str,
        lifelines: Vec<LifelinePlan>,
    ) -> Self {
        Self::on_lines_of(top, sets, keys, lifelines, carrier)
    }

    /// The same on lines of a carrier whose exchange is like this in our country.
    fn on_lines_of(
        top: &str,
        sets: u16,
        keys: impl Fn(u16) -> &'static str,
        lifelines: Vec<LifelinePlan>,
        carrier: impl Fn(&Country) -> CarrierRules,
    ) -> Self {
        let mut text = top.to_owned();
        for set in 1..=sets {
            text += &format!(
                "[[analog]]\nid = \"set{set}\"\nname = \"Set {set}\"\nport = \"fxs{set}\"\nextension \
                 = \"{}\"\n{}\n",
                300 + set,
                keys(set)
            );
        }
        let config = Arc::new(Config::parse(&text).expect("a legal configuration"));
        let lines = vec![carrier(&config.country); config.lines.len()];
        let mut board = Board::new(sets, lines, lifelines).expect("few sets and lines");
        let tones = Tone::ALL.iter().map(|&tone| NamedTone {
            name: tone.key().to_owned(),
            spec: *config.country.tone(tone),
        });
        board.people.set_tones(tones.collect());
        board.people.set_flash_ms(config.country.flash_send_ms);
        let now = Instant::ZERO;
        let exchange = switch_on(now, &config, Seq(1), &Found::default(), &mut board);
        let mut street = Self {
            now,
            config,
            exchange,
            board,
            records: Vec::new(),
            parties: BTreeMap::new(),
            found: Found::default(),
            in_use: BTreeSet::new(),
            relays: Vec::new(),
            bells: Vec::new(),
            first_sound: [None; 8],
        };
        street.take();
        street
    }

    /// The program dies and starts anew; the board does not notice.
    pub(crate) fn restart(&mut self) {
        let next = self.records.last().map_or(1, |record| record.seq.0 + 1);
        let (now, board) = (self.now, &mut self.board);
        self.exchange = switch_on(now, &self.config, Seq(next), &self.found, board);
        self.take();
        // A port tells whoever opens it what it sees.
        for jack in self.in_use.clone() {
            let port = PortId(jack);
            let event = PortEvent::InUse(true);
            let input = Input::Port { port, event };
            self.exchange.input(self.now, input, &mut self.board);
        }
        self.take();
    }

    /// Lets time go by.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let next = self.exchange.next_deadline().min(self.now + STEP).min(end);
            self.now = next.max(self.now + Duration::from_micros(100));
            self.look();
            self.exchange.timeout(self.now, &mut self.board);
            self.take();
        }
    }

    pub(crate) fn pass_ms(&mut self, ms: u64) {
        self.pass(Duration::from_millis(ms));
    }

    /// Somebody in the office wishes.
    pub(crate) fn command(&mut self, command: Command) {
        let input = Input::Command(command);
        self.exchange.input(self.now, input, &mut self.board);
        self.take();
    }

    /// Moves contacts and hands the exchange what ports report.
    fn look(&mut self) {
        for (jack, event) in self.board.advance(self.now) {
            match event {
                PortEvent::InUse(true) => drop(self.in_use.insert(jack)),
                PortEvent::InUse(false) => drop(self.in_use.remove(&jack)),
                _ => {}
            }
            let port = PortId(jack);
            let input = Input::Port { port, event };
            self.exchange.input(self.now, input, &mut self.board);
        }
    }

    fn take(&mut self) {
        for effect in core::mem::take(&mut self.exchange.effects) {
            match effect {
                Effect::Record(record) => self.records.push(record),
                Effect::Party(id, party) => {
                    self.parties.insert(id, party);
                }
                Effect::State(StateChange::LineBalance { line, balance }) => {
                    let all = &mut self.found.balance;
                    all.retain(|(known, _)| *known != line);
                    all.push((line, balance));
                }
                Effect::State(StateChange::Lifeline { line, test }) => {
                    let all = &mut self.found.lifelines;
                    all.retain(|(known, _)| *known != line);
                    all.push((line, test));
                }
                Effect::Relay(_, released) => self.relays.push((self.now, released)),
                Effect::Bell(port, on) => self.bells.push((self.now, port, on)),
                _ => {}
            }
        }
        for (jack, frame) in core::mem::take(&mut self.board.heard) {
            let Some(place) = self.first_sound.get_mut(usize::from(jack)) else {
                continue;
            };
            let loud = frame.iter().map(|&s| i64::from(s).pow(2)).sum::<i64>() / 80 > 25_000;
            if loud && place.is_none() {
                *place = Some(self.now);
            }
        }
    }

    /// Makes somebody act; the hook moves at once.
    pub(crate) fn act(&mut self, set: u16, act: Act) {
        let port = format!("fxs{set}");
        self.board.people.act(&port, &act).expect("they can");
        self.look();
        self.take();
    }

    pub(crate) fn lift(&mut self, set: u16) {
        self.first_sound[usize::from(set - 1)] = None;
        self.act(set, Act::Lift);
    }

    pub(crate) fn hang_up(&mut self, set: u16) {
        self.act(set, Act::HangUp);
        self.pass_ms(1_500);
    }

    pub(crate) fn dial(&mut self, set: u16, digits: &str) {
        let digits = digits.to_owned();
        self.act(set, Act::Dial { digits });
    }

    /// Speaks a mark: a frequency in Hz.
    pub(crate) fn talk(&mut self, set: u16, mark: &str) {
        let mark = mark.to_owned();
        self.act(set, Act::Talk { mark });
    }

    /// Presses the hook.
    pub(crate) fn flash(&mut self, set: u16) {
        self.act(set, Act::Flash);
        self.pass_ms(800);
    }

    /// `caller` calls `called`, which answers; each speaks its own mark from then on.
    pub(crate) fn connect(&mut self, caller: u16, called: u16) {
        self.lift(caller);
        self.dial(caller, &(300 + called).to_string());
        self.pass_ms(2_500);
        assert!(self.report(called).rung, "{called} is rung");
        self.lift(called);
        self.pass_ms(300);
        for set in [caller, called] {
            self.talk(set, MARKS[usize::from(set - 1)]);
        }
    }

    /// The sets whose marks a set hears, after listening for a while.
    pub(crate) fn hears(&mut self, set: u16) -> Vec<u16> {
        // What was heard before is forgotten by then.
        self.pass_ms(4_500);
        let heard = self.report(set).hearing.map(|hearing| hearing.marks);
        let heard = heard.unwrap_or_default();
        let number = |mark: &String| MARKS.iter().position(|m| m == mark);
        let mut sets: Vec<u16> = heard
            .iter()
            .filter_map(number)
            .map(|at| at as u16 + 1)
            .collect();
        sets.sort_unstable();
        sets
    }

    /// From now on whoever is held can be told from whoever hears nothing.
    pub(crate) fn play_music(&mut self) {
        self.exchange.set_music(self.now, MUSIC_HZ);
    }

    /// Whether a set has heard the music of those who are held of late.
    pub(crate) fn hears_music(&mut self, set: u16) -> bool {
        let music = MUSIC_HZ.to_string();
        let port = format!("fxs{set}");
        let report = self.board.people.report(&port, &[&music]);
        let heard = report.expect("it is there").hearing;
        heard.is_some_and(|heard| heard.marks.contains(&music))
    }

    /// So many messages wait for a set.
    pub(crate) fn messages(&mut self, set: u16, messages: u8) {
        let set = EntryId::new(&format!("set{set}")).expect("a legal id");
        self.wish(Command::SetMessages { set, messages });
    }

    /// Somebody asks for a test of a set.
    pub(crate) fn test_set(&mut self, set: u16) {
        let port = PortId(set - 1);
        self.wish(Command::TestSet { port });
    }

    pub(crate) fn set_test(&self, set: u16) -> Vec<pbx::SetTest> {
        self.exchange.pbx.set_test(PortId(set - 1))
    }

    fn wish(&mut self, command: Command) {
        let input = Input::Command(command);
        self.exchange.input(self.now, input, &mut self.board);
        self.take();
    }

    /// When the set heard something for the first time since it was lifted.
    pub(crate) fn first_sound(&self, set: u16) -> Option<Instant> {
        self.first_sound[usize::from(set - 1)]
    }

    pub(crate) fn report(&mut self, set: u16) -> Report {
        let port = format!("fxs{set}");
        self.board.people.report(&port, &[]).expect("it is there")
    }

    /// The tones that what a set hears may be.
    pub(crate) fn tones(&mut self, set: u16) -> Vec<String> {
        let hearing = self.report(set).hearing;
        hearing.map_or_else(Vec::new, |hearing| hearing.tone.candidates)
    }

    pub(crate) fn linefeed(&mut self, set: u16) -> Linefeed {
        self.report(set).linefeed
    }

    /// Whether the ledger has a fact by this rule.
    pub(crate) fn wrote(&self, rule: Rule, body: impl Fn(&EventBody) -> bool) -> bool {
        let mut events = self.records.iter().map(|record| &record.event);
        events.any(|event| event.rule == rule && body(&event.body))
    }

    /// Everything is free again when everybody has hung up.
    pub(crate) fn must_be_quiet(&mut self) {
        self.pass_ms(3_000);
        let figures = self.exchange.pbx.figures();
        assert_eq!(
            (
                figures.calls,
                figures.sets_busy,
                figures.lines_busy,
                figures.media_legs,
                figures.bridges
            ),
            (0, 0, 0, 0, 0),
            "{:#?}",
            self.records
        );
        assert!(times(self.now, Instant::ZERO).mono > Instant::ZERO);
    }
}
