//! The search for the impedance that balances a line best: off hook and past the dial tone each one that the
//! port can show is tried with a noise, and how much weaker the noise comes back is what it is worth.
//!
//! It is made in the hours that the configuration names for it, or when somebody asks; one line at a time; and it
//! gives way at once to a ring and to whoever wants the line. One digit ends the dial tone; nobody's number is one
//! digit long, so the exchange waits for more, and before it loses patience the line is hung up and taken anew
//! (as installers do by hand with the tools of card makers).

use core::time::Duration;

use hal_port::{Impedance, LineProfile, LoopHook, PortCommand};
use model::{
    Digit, EntryId, Instant, LineBalance, LineHeard, LineNews, LinePlay, LineSecond, LineTone,
    MediaCommand, MediaLeg, Now, PortId, PortSound, Rule, StateChange, Trust, limits,
};

use config::LineDialling;

use super::sound::in_call;
use super::{Line, Lines, Phase};
use crate::{Output, Pbx};

const _: () = assert!(Impedance::ALL.len() == limits::IMPEDANCES);

/// The line is listened to before it is lifted, as for a call.
const LISTEN: Duration = Duration::from_millis(300);
/// No dial tone for so long: not now.
const DIAL_TONE: Duration = Duration::from_secs(5);
/// The digit that ends dial tone: no emergency number begins with it.
const DIGIT: char = '5';
const DIGIT_MS: u16 = 100;
/// A digit by pulses that is not done by then is lost.
const PULSES: Duration = Duration::from_secs(3);
/// From the digit to silence.
const HUSH: Duration = Duration::from_millis(600);
/// From another impedance to a line that has settled.
const SETTLE: Duration = Duration::from_millis(150);
/// A second of sound takes at least so long: figures that come sooner are of what was before.
const SECOND_MIN: Duration = Duration::from_millis(900);
/// Figures come once a second; without any the search is given up.
const SECOND_MAX: Duration = Duration::from_secs(4);
/// Impedances tried after one digit: with the rest 8 s, and exchanges wait for 10 and more.
const TRIED_AT_ONCE: usize = 4;
/// The noise that is sent.
const NOISE_DBM0: i8 = -16;
/// A line that is louder than this by itself is not measured on.
const QUIET_DBM0: i8 = -40;
/// How often it is looked whether a search is due.
const LOOK: Duration = Duration::from_secs(30);
/// A line is searched again after a week, what did not come off after an hour; in µs.
const AGAIN_US: i64 = 7 * 86_400_000_000;
const RETRY_US: i64 = 3_600_000_000;

/// How far a search is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    /// The next place in [`Impedance::ALL`].
    place: usize,
    found: [Option<i16>; limits::IMPEDANCES],
    /// Somebody waits for it: the hours do not matter.
    asked: bool,
}

impl Search {
    const fn rule(&self) -> Rule {
        if self.asked {
            Rule::LineBalanceAsked
        } else {
            Rule::LineBalanceHours
        }
    }
}

/// A line taken for a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balancing {
    pub(super) media: MediaLeg,
    step: Step,
    /// When this step began, and when it is over.
    since: Instant,
    pub(super) until: Instant,
    /// Impedances that may still be tried after this digit.
    left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// On hook.
    Listens,
    AwaitsTone,
    /// The digit is being pulsed.
    Pulses,
    /// The digit was sent.
    Hushes,
    /// How loud the line is by itself.
    Silence,
    /// The port shows another impedance.
    Settles,
    Measures,
}

impl Balancing {
    pub(super) fn is_off_hook(&self) -> bool {
        self.step != Step::Listens
    }

    fn go(&mut self, now: Now, step: Step, most: Duration) {
        self.step = step;
        self.since = now.mono;
        self.until = now.mono + most;
    }
}

impl Lines {
    /// The impedances that suit lines.
    pub(crate) fn balanced(&self) -> Vec<(EntryId, LineBalance)> {
        let known = self.all.values();
        known
            .filter_map(|line| Some((line.entry.clone()?, line.balance?)))
            .collect()
    }

    /// Whether a search, or a test of a lifeline, waits or goes on.
    pub(crate) fn is_searching(&self) -> bool {
        let waits = |line: &Line| line.search.is_some() || line.lifeline_wish.is_some();
        self.all.values().any(waits)
    }

    /// At the start, and where a run may begin that repeats this one.
    pub(crate) fn look_anew(&mut self) {
        self.look_at = None;
    }
}

impl Pbx {
    /// Somebody wants the search now.
    pub(crate) fn balance_line(&mut self, now: Now, entry: &EntryId) {
        let Some((port, line)) = self.lines.of_entry(entry) else {
            return;
        };
        let search = line.search.get_or_insert_default();
        search.asked = true;
        self.go_on_searching(now, port);
    }

    /// Whether these are the hours in which lines are measured.
    pub(super) fn may_test_lines(&self, now: Now) -> bool {
        now.trust != Trust::Unset && self.config.office.tests_lines_at(now.wall)
    }

    /// Looks whether a search is due somewhere, from time to time.
    pub(super) fn look_for_searches(&mut self, now: Now) {
        if self.config.office.line_tests.is_none() && !self.lines.is_searching() {
            self.lines.look_at = None;
            return;
        }
        if self.lines.look_at.is_some_and(|at| at > now.mono) {
            return;
        }
        self.lines.look_at = Some(now.mono + LOOK);
        let may = self.may_test_lines(now);
        let ports: Vec<PortId> = self.lines.all.keys().copied().collect();
        for port in ports {
            self.look_for_lifeline(now, port, may);
            let able = self.can_balance(port);
            let Some(line) = self.lines.get_mut(port) else {
                continue;
            };
            let due = line.balance.is_none_or(|known| {
                let past = |since: model::Wall, us| now.wall.0.saturating_sub(since.0) >= us;
                let old = known.best.is_none() || past(known.at, AGAIN_US);
                old && past(known.tried, RETRY_US)
            });
            if may && able && due && line.entry.is_some() {
                line.search.get_or_insert_default();
            } else if line.search.is_some_and(|search| !search.asked && !may) {
                line.search = None;
            }
            self.go_on_searching(now, port);
        }
    }

    /// Whether the port can show its line other impedances.
    pub(crate) fn can_balance(&self, port: PortId) -> bool {
        let jack = self.jacks.get(port);
        jack.is_some_and(|jack| jack.capabilities.impedance)
    }

    /// Takes the line for the search that waits, if it is idle and no other is searched.
    pub(super) fn go_on_searching(&mut self, now: Now, port: PortId) {
        let searched = |line: &Line| matches!(line.phase, Phase::Balancing(_));
        let Some(search) = self.lines.get(port).and_then(|line| line.search) else {
            return;
        };
        if !self.lines.get(port).is_some_and(Line::works) {
            // Who asked is told; what was due is looked at again.
            if search.asked {
                self.search_failed(now, port);
            } else if let Some(line) = self.lines.get_mut(port) {
                line.search = None;
            }
            return;
        }
        let stays = search.asked || self.may_test_lines(now);
        let free = self.lines.get(port).is_some_and(Line::is_free);
        let other = self.lines.all.values().any(searched);
        if !free || !stays || other || self.switch.is_stopping() {
            return;
        }
        if !self.can_balance(port) {
            self.search_failed(now, port);
            return;
        }
        let Some(media) = self.open_line(port, in_call()) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Balancing(Balancing {
                media,
                step: Step::Listens,
                since: now.mono,
                until: now.mono + LISTEN,
                left: TRIED_AT_ONCE,
            });
        }
    }

    fn balancing(&mut self, port: PortId) -> Option<&mut Balancing> {
        match &mut self.lines.get_mut(port)?.phase {
            Phase::Balancing(balancing) => Some(balancing),
            _ => None,
        }
    }

    fn searching(&mut self, port: PortId) -> Option<(&mut Balancing, &mut Search)> {
        match self.lines.get_mut(port)? {
            Line {
                phase: Phase::Balancing(balancing),
                search: Some(search),
                ..
            } => Some((balancing, search)),
            _ => None,
        }
    }

    /// The time of a step is over.
    pub(super) fn balance_step(&mut self, now: Now, port: PortId) {
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        let media = balancing.media;
        match balancing.step {
            Step::Listens => {
                balancing.go(now, Step::AwaitsTone, DIAL_TONE);
                self.set_line_hook(port, LoopHook::OffHook);
            }
            Step::Hushes => {
                balancing.go(now, Step::Silence, SECOND_MAX);
                // Nothing else may change what comes back: no canceller, no gain.
                let sound = PortSound::default();
                self.media(MediaCommand::SetPortSound { leg: media, sound });
                self.play_on_line(media, LinePlay::Silence);
            }
            Step::Settles => {
                balancing.go(now, Step::Measures, SECOND_MAX);
                self.play_on_line(media, LinePlay::Noise { dbm0: NOISE_DBM0 });
            }
            Step::AwaitsTone | Step::Pulses | Step::Silence | Step::Measures => {
                self.search_failed(now, port);
            }
        }
    }

    fn play_on_line(&mut self, leg: MediaLeg, play: LinePlay) {
        self.media(MediaCommand::PlayOnPort { leg, play });
    }

    /// Something was heard on a line that is searched.
    pub(super) fn balance_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        match (balancing.step, heard) {
            (Step::AwaitsTone, LineHeard::Steady) => self.hush(now, port),
            (Step::AwaitsTone, LineHeard::Tone(evidence)) => match evidence.tone {
                LineTone::Dial => self.hush(now, port),
                LineTone::Busy | LineTone::Congestion | LineTone::Howler => {
                    self.search_failed(now, port);
                }
                LineTone::Ringback | LineTone::SpecialInfo | LineTone::Unknown => {}
            },
            // A caller was lifted instead of the dial tone.
            (Step::AwaitsTone, LineHeard::Voice) => self.glare(now, port),
            (Step::Silence | Step::Measures, LineHeard::Second(second))
                if now.mono.since(balancing.since) >= SECOND_MIN =>
            {
                self.balance_second(now, port, second);
            }
            _ => {}
        }
    }

    fn balance_second(&mut self, now: Now, port: PortId, second: LineSecond) {
        let Some((balancing, search)) = self.searching(port) else {
            return;
        };
        if balancing.step == Step::Silence {
            if second.rx_dbm0 > QUIET_DBM0 {
                self.search_failed(now, port);
                return;
            }
        } else {
            if let Some(found) = search.found.get_mut(search.place) {
                *found = second.erl_db10;
            }
            search.place += 1;
            balancing.left = balancing.left.saturating_sub(1);
        }
        self.try_next(now, port);
    }

    /// Ends the dial tone.
    fn hush(&mut self, now: Now, port: PortId) {
        let line = self.lines.get(port);
        let entry = line.and_then(|line| self.config.line(line.entry.as_ref()?));
        let dialling = entry.map(|line| line.dialling).unwrap_or_default();
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        let leg = balancing.media;
        let Some(digit) = Digit::from_char(DIGIT) else {
            return;
        };
        match dialling {
            LineDialling::Tone => {
                balancing.go(now, Step::Hushes, HUSH);
                let ms = DIGIT_MS;
                self.media(MediaCommand::SendDigit { leg, digit, ms });
            }
            LineDialling::Pulse => {
                balancing.go(now, Step::Pulses, PULSES);
                let command = PortCommand::PulseDigit(digit.event());
                self.out.push_back(Output::Port { port, command });
            }
        }
    }

    /// The digit was pulsed.
    pub(super) fn balance_pulsed(&mut self, now: Now, port: PortId) {
        if let Some(balancing) = self.balancing(port)
            && balancing.step == Step::Pulses
        {
            balancing.go(now, Step::Hushes, HUSH);
        }
    }

    /// The next impedance, if there is one and the exchange still waits for a digit.
    fn try_next(&mut self, now: Now, port: PortId) {
        let usual = self.line_profile(port);
        let Some((balancing, search)) = self.searching(port) else {
            return;
        };
        let Some(&impedance) = Impedance::ALL.get(search.place) else {
            self.searched(now, port);
            return;
        };
        if balancing.left == 0 {
            // What is left is tried when the line has rested.
            self.hang_up_line(now, port);
            return;
        }
        balancing.go(now, Step::Settles, SETTLE);
        let command = PortCommand::SetProfile(LineProfile { impedance, ..usual });
        self.out.push_back(Output::Port { port, command });
    }

    /// Every impedance was tried.
    fn searched(&mut self, now: Now, port: PortId) {
        let search = self.lines.get_mut(port).and_then(|line| line.search.take());
        let Some(search) = search else {
            return;
        };
        let found = (0_u8..).zip(search.found);
        let found = found.filter_map(|(place, loss)| Some((loss?, place)));
        // Of equal ones the first.
        let best = found.max_by_key(|&(loss, place)| (loss, u8::MAX - place));
        self.keep_search(now, port, search, best.map(|(_, place)| place));
    }

    /// It does not come off now.
    pub(super) fn search_failed(&mut self, now: Now, port: PortId) {
        let search = self.lines.get_mut(port).and_then(|line| line.search.take());
        if let Some(search) = search {
            self.keep_search(now, port, search, None);
        }
    }

    /// Writes down what was found, and puts the line on hook with the best of it, or with what suited it before.
    fn keep_search(&mut self, now: Now, port: PortId, search: Search, best: Option<u8>) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let found = LineBalance {
            at: now.wall,
            tried: now.wall,
            best,
            erl_db10: search.found,
        };
        let before = line.balance.filter(|known| known.best.is_some());
        let kept = match (best, before) {
            (None, Some(before)) => LineBalance {
                tried: now.wall,
                ..before
            },
            _ => found,
        };
        line.balance = Some(kept);
        let entry = line.entry.clone();
        if matches!(line.phase, Phase::Balancing(_)) {
            self.hang_up_line(now, port);
        }
        if let Some(line) = entry {
            let balance = kept;
            self.state(StateChange::LineBalance { line, balance });
        }
        let rule = match best {
            Some(_) => search.rule(),
            None => Rule::LineBalanceFailed,
        };
        let news = LineNews::Balanced {
            best,
            erl_db10: search.found,
        };
        self.line_news(now, port, rule, news);
    }

    /// The line is wanted for something better: the search goes on, or the test is made, when it is idle again.
    pub(super) fn give_way(&mut self, now: Now, port: PortId) {
        let measured = |line: &Line| matches!(line.phase, Phase::Balancing(_) | Phase::Lifeline(_));
        if self.lines.get(port).is_some_and(measured) {
            self.hang_up_line(now, port);
        }
    }

    /// The exchange is about to stop: no line stays taken for a search.
    pub(crate) fn end_searches(&mut self, now: Now) {
        let ports: Vec<PortId> = self.lines.all.keys().copied().collect();
        for port in ports {
            if let Some(line) = self.lines.get_mut(port) {
                line.search = None;
                line.lifeline_wish = None;
            }
            self.give_way(now, port);
        }
    }
}
