//! The search for a line's best balance: off hook and past the dial tone, each impedance that a port can show is
//! tried with a noise, and how much weaker the noise comes back is what it is worth. In the window of the
//! configuration, or asked for; abandoned at once when the line rings or somebody wants it.

use core::time::Duration;

use hal_port::{Impedance, LoopHook, PortCommand};
use model::{
    Digit, EchoSettings, Instant, LineBalance, LineHeard, LineNews, LinePlay, LineTone,
    MediaCommand, MediaLeg, Now, PortId, PortListens, PortSound, Route, Rule, StateChange, Trust,
};

use super::{CLEARING, Line, Phase, in_call};
use crate::{Output, Pbx};

/// The line is listened to before it is lifted, as for a call.
const LISTEN: Duration = Duration::from_millis(300);
/// No dial tone for so long: not now.
const DIAL_TONE: Duration = Duration::from_secs(5);
/// After the digit that ends dial tone.
const HUSH: Duration = Duration::from_millis(700);
/// One digit alone is nobody's number, and no emergency number begins with it.
const DIGIT: char = '5';
const DIGIT_MS: u16 = 100;
/// The port tells its figures every second; without any it is given up.
const SECONDS: Duration = Duration::from_secs(4);
/// Impedances tried after one digit: an exchange waits ten seconds for the next.
const TRIED_AT_ONCE: usize = 3;
/// The noise.
const NOISE_DBM0: i8 = -16;
/// How often it is looked whether the time has come.
const LOOK: Duration = Duration::from_secs(30);
/// A line is searched again after a week.
const AGAIN_US: i64 = 7 * 86_400_000_000;
/// What did not come off is tried again after an hour.
const RETRY: Duration = Duration::from_secs(3_600);

/// How far a search is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Search {
    /// The next place in [`Impedance::ALL`].
    place: usize,
    found: [Option<i16>; Impedance::ALL.len()],
    /// Somebody waits for it: the window does not matter.
    asked: bool,
}

/// A line off hook for a search.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Balancing {
    pub(crate) media: MediaLeg,
    step: Step,
    pub(crate) until: Instant,
    search: Search,
    /// Impedances that may still be tried after this digit.
    left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// On hook.
    Listens,
    AwaitsTone,
    /// The digit is on its way.
    Hushes,
    /// The port shows another impedance; the second under way is not all of it.
    Settles,
    Measures,
}

impl Balancing {
    pub(super) fn is_off_hook(&self) -> bool {
        self.step != Step::Listens
    }
}

impl Pbx {
    /// Somebody wants the search now.
    pub(crate) fn balance_line(&mut self, now: Now, entry: &model::EntryId) {
        let Some((port, line)) = self.lines.of_entry(entry) else {
            return;
        };
        line.search = Some(Search {
            asked: true,
            ..Search::default()
        });
        self.go_on_searching(now, port);
    }

    /// Looks whether a search is due somewhere.
    pub(super) fn look_for_searches(&mut self, now: Now) {
        self.lines.look_at = Some(now.mono + LOOK);
        let may = now.wall_is_known() && self.config.office.tests_lines_at(now.wall);
        let ports: Vec<PortId> = self.lines.all.keys().copied().collect();
        let busy = |line: &Line| matches!(line.phase, Phase::Balancing(_));
        for port in ports {
            // One at a time: an office with one line left can still call.
            if self.lines.all.values().any(busy) {
                return;
            }
            let Some(line) = self.lines.get_mut(port) else {
                continue;
            };
            let rests = line.search_after.is_none_or(|at| at <= now.mono);
            let old = line
                .balance
                .as_ref()
                .is_none_or(|known| now.wall.0.saturating_sub(known.at.0) >= AGAIN_US);
            if may && old && rests && line.search.is_none() {
                line.search = Some(Search::default());
            }
            let waits = line.search.is_some_and(|search| search.asked || may);
            if waits {
                self.go_on_searching(now, port);
            }
        }
    }

    /// Takes the line for the search that waits, if it is idle.
    pub(super) fn go_on_searching(&mut self, now: Now, port: PortId) {
        let free = self.lines.get(port).is_some_and(Line::is_free);
        let search = self.lines.get(port).and_then(|line| line.search);
        let Some(search) = search.filter(|_| free) else {
            return;
        };
        let Some(media) = self.open_line(port, in_call()) else {
            return;
        };
        if let Some(line) = self.lines.get_mut(port) {
            line.phase = Phase::Balancing(Balancing {
                media,
                step: Step::Listens,
                until: now.mono + LISTEN,
                search,
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

    /// The time of a step is over.
    pub(super) fn balance_step(&mut self, now: Now, port: PortId) {
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        match balancing.step {
            Step::Listens => {
                balancing.step = Step::AwaitsTone;
                balancing.until = now.mono + DIAL_TONE;
                self.set_line_hook(port, LoopHook::OffHook);
            }
            Step::Hushes => self.try_next(now, port),
            Step::AwaitsTone | Step::Settles | Step::Measures => self.give_search_up(now, port),
        }
    }

    /// Something was heard on a line that is searched.
    pub(super) fn balance_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        let media = balancing.media;
        match (balancing.step, heard) {
            (Step::AwaitsTone, LineHeard::Steady) => self.hush(now, port, media),
            (Step::AwaitsTone, LineHeard::Tone(evidence)) if evidence.tone == LineTone::Dial => {
                self.hush(now, port, media);
            }
            // Somebody speaks: the line was lifted in the moment in which a call came in.
            (Step::AwaitsTone, LineHeard::Voice) => self.give_search_up(now, port),
            (Step::Settles, LineHeard::Second(_)) => {
                balancing.step = Step::Measures;
                balancing.until = now.mono + SECONDS;
            }
            (Step::Measures, LineHeard::Second(second)) => {
                let search = &mut balancing.search;
                if let Some(found) = search.found.get_mut(search.place) {
                    *found = second.return_db10;
                }
                search.place += 1;
                balancing.left = balancing.left.saturating_sub(1);
                self.try_next(now, port);
            }
            _ => {}
        }
    }

    /// Ends the dial tone.
    fn hush(&mut self, now: Now, port: PortId, media: MediaLeg) {
        if let Some(balancing) = self.balancing(port) {
            balancing.step = Step::Hushes;
            balancing.until = now.mono + HUSH;
        }
        if let Some(digit) = Digit::from_char(DIGIT) {
            self.media(MediaCommand::SendDigit {
                leg: media,
                digit,
                ms: DIGIT_MS,
            });
        }
    }

    /// The next impedance, if there is one and the exchange still waits for a digit.
    fn try_next(&mut self, now: Now, port: PortId) {
        let Some(balancing) = self.balancing(port) else {
            return;
        };
        let Balancing { media, search, left, .. } = *balancing;
        let Some(&impedance) = Impedance::ALL.get(search.place) else {
            self.hang_up_line(now, port);
            self.searched(now, port, search);
            return;
        };
        if left == 0 {
            if let Some(line) = self.lines.get_mut(port) {
                line.search = Some(search);
            }
            self.hang_up_line(now, port);
            return;
        }
        let first = balancing.step == Step::Hushes;
        balancing.step = Step::Settles;
        balancing.until = now.mono + SECONDS;
        if first {
            // Nothing else may change what comes back: no tones are looked for, no gain, no canceller.
            let sound = PortSound {
                echo: None::<EchoSettings>,
                listens: PortListens::default(),
                ..PortSound::default()
            };
            self.media(MediaCommand::SetPortSound { leg: media, sound });
            self.media(MediaCommand::SetRoute {
                leg: media,
                route: Route::Silence,
            });
            let play = LinePlay::Noise { dbm0: NOISE_DBM0 };
            self.media(MediaCommand::PlayOnPort { leg: media, play });
        }
        let profile = hal_port::LineProfile {
            impedance,
            ..self.line_profile(port)
        };
        let command = PortCommand::SetProfile(profile);
        self.out.push_back(Output::Port { port, command });
    }

    /// It does not come off now: whatever was found is worth nothing alone.
    pub(super) fn give_search_up(&mut self, now: Now, port: PortId) {
        self.hang_up_line(now, port);
        if let Some(line) = self.lines.get_mut(port) {
            line.search = None;
            line.search_after = Some(now.mono + RETRY);
        }
        self.tell_profile(port);
    }

    /// Every impedance was tried.
    fn searched(&mut self, now: Now, port: PortId, search: Search) {
        let best = (0_u8..).zip(search.found).filter_map(|(place, found)| Some((found?, place)));
        // Of equal ones the first.
        let best = best.max_by_key(|&(found, place)| (found, u8::MAX - place));
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        line.search = None;
        line.search_after = Some(now.mono + RETRY);
        let Some((erl_db10, preset)) = best else {
            self.tell_profile(port);
            return;
        };
        let balance = LineBalance {
            at: now.wall,
            best: preset,
            erl_db10: search.found.to_vec(),
        };
        line.balance = Some(balance.clone());
        let entry = line.entry.clone();
        self.tell_profile(port);
        if let Some(line) = entry {
            self.state(StateChange::LineBalance { line, balance });
        }
        let news = LineNews::Balanced { preset, erl_db10 };
        self.line_news(now, port, Rule::LineBalance, news);
    }
}
