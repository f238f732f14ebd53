//! The lifeline of a world: what its relay does, what the exchange tells of it, and that its tests are in nobody's way.

use core::time::Duration;

use hal_port::PortEvent;
use hal_sim::{Act, LifelinePlan, LineFaults, LineSettings, RelayKind, RelayStuck};
use model::{Command, EntryId, Instant, LifelineVerdict, PortId};
use pbx::Input;

use super::{Happening, World};
use crate::outsider::Outsider;

/// A test takes less than this time from its first step to what is told.
const TEST: Duration = Duration::from_secs(3);
/// A test that was asked for is told when set and line were idle for so long: that a caller gave up shows within 10 s,
/// and twice a minute the exchange looks for what could not be done before.
const OWED: Duration = Duration::from_secs(45);
/// The exchange and the carrier have seen that the line is free.
const REST: Duration = Duration::from_secs(3);
/// A number that is dialled by pulses is with the carrier.
const DIALLED: Duration = Duration::from_secs(20);
/// A set that is left on its line is back at its port when both were idle for so long.
const BACK: Duration = Duration::from_secs(4);
/// Whoever is on a line for so long was seen there, whatever is being pulsed.
const SEEN: Duration = Duration::from_millis(400);
/// A port that feeds its loop again has seen by then that its set is off hook.
const SHOWS: Duration = Duration::from_millis(300);
/// A set that is lifted in a test has its port again, and the port has told of it.
const SERVED: Duration = Duration::from_millis(2_000);

/// A lifeline, and what truly is with it.
#[derive(Debug)]
pub(super) struct Watched {
    plan: LifelinePlan,
    stuck: Option<RelayStuck>,
    /// Since when the relay is stuck like this, or moves.
    since: Instant,
    /// The relay works, and a test has told so: whoever sees it by the line's battery knows that it can be seen.
    worked: bool,
    /// The port told last that the set is on the line.
    on_line: bool,
    /// Somebody waits to be told.
    asked: Option<Instant>,
    /// Since when neither set nor line was used.
    idle: Option<Instant>,
    /// When a fault of the line began or ended last.
    line_changed: Instant,
    /// When the set was last seen to keep the line from everybody.
    taken: Option<Instant>,
    /// The exchange has power and has left the set on the line.
    left: bool,
    /// When the exchange took the set back last.
    back: Option<Instant>,
    /// Since when somebody dials on the line without power.
    dark: Option<Instant>,
    /// Tests that were told of.
    pub(super) told: u64,
}

impl Watched {
    pub(super) const fn new(plan: LifelinePlan) -> Self {
        Self {
            plan,
            stuck: None,
            since: Instant::ZERO,
            worked: false,
            on_line: false,
            asked: None,
            idle: None,
            line_changed: Instant::ZERO,
            taken: None,
            left: false,
            back: None,
            dark: None,
            told: 0,
        }
    }

    /// What a test that began and ended while all this was so has to tell.
    fn right(&self, verdict: LifelineVerdict) -> bool {
        use LifelineVerdict::{StaysOff, StaysOn, Unseen, Works};
        match (self.plan.kind, self.stuck) {
            (RelayKind::Blind, _) => verdict == Unseen,
            (_, None) => verdict == Works,
            (_, Some(RelayStuck::Released)) => verdict == StaysOn,
            (RelayKind::Sensed, Some(RelayStuck::Drawn)) => verdict == StaysOff,
            // Before it was ever seen to work nobody can tell whether there is anything to be seen.
            (RelayKind::Joins, Some(RelayStuck::Drawn)) => {
                verdict == StaysOff || verdict == Unseen && !self.worked
            }
        }
    }
}

impl World {
    /// The set and the line of the lifeline, as places in `sitters` and `outsiders`.
    fn lifeline_ends(&self) -> Option<(usize, usize)> {
        let plan = self.lifeline.as_ref()?.plan;
        let jack = plan.set as u16 - 1;
        let set = self.sitters.iter().position(|s| s.jack == jack)?;
        Some((set, plan.line - 1))
    }

    fn set_is_lifted(&mut self, set: usize) -> bool {
        let port = format!("fxs{}", self.sitters[set].jack + 1);
        let person = self.board.people.person(&port);
        person.is_some_and(|person| person.is_off_hook())
    }

    /// The line on which a relay that is stuck has its set off hook, or had a moment ago: no exchange can change that.
    pub(super) fn line_of_set(&mut self) -> Option<usize> {
        let (set, line) = self.lifeline_ends()?;
        let (lifted, now) = (self.set_is_lifted(set), self.now);
        let lifeline = self.lifeline.as_mut()?;
        if lifted && (lifeline.left || lifeline.stuck == Some(RelayStuck::Released)) {
            lifeline.taken = Some(now);
        }
        let taken = lifeline.taken.is_some_and(|at| now.since(at) < REST);
        taken.then_some(line)
    }

    /// Whether a relay that is stuck had its set on this line since the carrier listens to what is dialled: of two who
    /// hold one loop neither's pulses open it.
    pub(super) fn shared_with_set(&mut self, line: usize) -> bool {
        // Looks at the set.
        self.line_of_set();
        let listens = self.outsiders[line].since;
        let lifeline = self.lifeline.as_ref().filter(|l| l.plan.line == line + 1);
        let taken = lifeline.and_then(|lifeline| lifeline.taken);
        taken.is_some_and(|at| at >= listens)
    }

    /// Somebody asks for a test.
    pub(super) fn ask_for_lifeline(&mut self) {
        if !self.hostile {
            return;
        }
        self.ask();
        self.plan_fault(self.features.lifeline_test_s, Happening::TestLifeline);
    }

    fn ask(&mut self) {
        let Some((_, line)) = self.lifeline_ends() else {
            return;
        };
        let entry = &self.office.seats[self.outsiders[line].seat].entry;
        let entry = EntryId::new(entry).expect("the configuration has it");
        let asked = self.exchange.is_some().then_some(self.now);
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.asked = lifeline.asked.or(asked);
        }
        self.input(Input::Command(Command::TestLifeline(entry)));
    }

    pub(super) fn relay_sticks(&mut self) {
        if !self.hostile {
            return;
        }
        let how = match self.fate.below(2) {
            0 => RelayStuck::Drawn,
            _ => RelayStuck::Released,
        };
        // Not while somebody talks: a relay that is stuck has not moved.
        if !self.lifeline_set_is_lifted() {
            self.stick_relay(Some(how));
        }
        let ms = 10_000 + self.fate.below(60_000);
        self.later(Duration::from_millis(ms.into()), Happening::RelayMoves);
        self.plan_fault(self.features.relay_fault_s, Happening::RelaySticks);
    }

    pub(super) fn relay_is_mended(&mut self) {
        if self.hostile && self.lifeline_set_is_lifted() {
            self.later(Duration::from_secs(1), Happening::RelayMoves);
        } else {
            self.stick_relay(None);
        }
    }

    fn lifeline_set_is_lifted(&mut self) -> bool {
        let ends = self.lifeline_ends();
        ends.is_some_and(|(set, _)| self.set_is_lifted(set))
    }

    /// A number came to a carrier while the exchange was without power.
    pub(super) fn dialled_in_the_dark(&mut self, seat: usize, dialled: &str) {
        let Some((set, line)) = self.lifeline_ends().filter(|_| self.in_the_dark()) else {
            return;
        };
        if self.outsiders[line].seat != seat {
            return;
        }
        let wanted = self.sitters[set].in_the_dark.clone();
        let dark = self
            .lifeline
            .as_mut()
            .and_then(|lifeline| lifeline.dark.take());
        if dark.is_some() && wanted.as_deref() != Some(dialled) {
            self.violation(&format!("on a lifeline {dialled:?} came of {wanted:?}"));
        }
    }

    /// Somebody acted at a set. Where a call on the lifeline begins, the line is idle: what else is on it has its own
    /// end.
    pub(super) fn begins_in_the_dark(&mut self) {
        let Some((set, line)) = self.lifeline_ends().filter(|_| self.in_the_dark()) else {
            return;
        };
        let lifted = self.set_is_lifted(set);
        let (sitter, outsider) = (&self.sitters[set], &self.outsiders[line]);
        let calls = lifted && sitter.in_the_dark.is_some();
        let free = outsider.doing == "idle" && !outsider.is_out();
        let now = self.now;
        if let Some(lifeline) = &mut self.lifeline
            && calls
            && free
            && lifeline.stuck != Some(RelayStuck::Drawn)
        {
            lifeline.dark.get_or_insert(now);
        }
    }

    /// Without power the set is on its line, and whoever dials there reaches the carrier.
    fn review_the_dark(&mut self, (set, line): (usize, usize), lifted: bool) {
        let (sitter, outsider) = (&self.sitters[set], &self.outsiders[line]);
        let (now, dark) = (self.now, self.in_the_dark());
        let calls = dark && lifted && sitter.in_the_dark.is_some();
        let takes = matches!(outsider.doing, "idle" | "dialling") && !outsider.is_out();
        let Some(lifeline) = &mut self.lifeline else {
            return;
        };
        let moves = lifeline.stuck != Some(RelayStuck::Drawn);
        lifeline.dark = lifeline.dark.filter(|_| calls && moves && takes);
        let late = lifeline
            .dark
            .is_some_and(|since| now.since(since) > DIALLED);
        if late {
            lifeline.dark = None;
            self.violation("a set on its lifeline reaches nobody");
        }
    }

    /// The relay sticks like this from now on, or moves.
    pub(super) fn stick_relay(&mut self, stuck: Option<RelayStuck>) {
        let now = self.now;
        let Some(lifeline) = self.lifeline.as_mut().filter(|l| l.stuck != stuck) else {
            return;
        };
        (lifeline.stuck, lifeline.since) = (stuck, now);
        let port = format!("fxs{}", lifeline.plan.set);
        self.trace
            .line(now, "relay", "stuck", format_args!("{stuck:?}"));
        let faults = LineFaults {
            relay: stuck,
            ..LineFaults::default()
        };
        let settings = LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        };
        // The set of a lifeline has a relay.
        let _ = self.board.people.act(&port, &Act::Line(settings));
        self.watch_board();
    }

    /// The exchange lets the relay go, or draws it.
    pub(super) fn relay_moved(&mut self, port: PortId, released: bool) {
        self.trace
            .effect(self.now, &[0xf1, port.0 as u8, u8::from(released)]);
        let what = if released { "released" } else { "drawn" };
        self.trace
            .line(self.now, "relay", what, format_args!("jack {port}"));
        if !released {
            return self.set_comes_back();
        }
        let Some((set, line)) = self.lifeline_ends() else {
            return;
        };
        let lifted = self.set_is_lifted(set);
        let (sitter, outsider) = (&self.sitters[set], &self.outsiders[line]);
        // A set that a stuck relay has left on the line uses it for a moment before the line's port can tell.
        let stuck = self.lifeline.as_ref().and_then(|l| l.stuck) == Some(RelayStuck::Released);
        let untold = stuck && lifted && !outsider.told.in_use;
        let line_used = outsider.told.ring
            || !untold
                && matches!(
                    outsider.doing,
                    "dialling" | "routing" | "ringback" | "talking" | "clearing"
                );
        if sitter.off_hook || sitter.rung {
            let seat = sitter.seat;
            self.violation(&format!(
                "the relay of seat {seat}, which is used, is let go"
            ));
        } else if line_used {
            self.violation(&format!("a relay is let go to line {line}, which is used"));
        }
    }

    /// An exchange begins to work: the set may be in a call on the line.
    pub(super) fn set_is_left(&mut self) {
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.left = true;
        }
    }

    /// Whether the set at this jack is left on its line.
    pub(super) fn is_left(&self, jack: u16) -> bool {
        let lifeline = self.lifeline.as_ref();
        lifeline.is_some_and(|l| l.left && l.plan.set == usize::from(jack) + 1)
    }

    /// Whether the set at this jack came back from its line so lately that one off hook was so before.
    pub(super) fn is_just_back(&self, jack: u16) -> bool {
        let lifeline = self.lifeline.as_ref();
        let lifeline = lifeline.filter(|l| l.plan.set == usize::from(jack) + 1);
        let back = lifeline.and_then(|lifeline| lifeline.back);
        back.is_some_and(|back| self.now.since(back) < SHOWS)
    }

    /// Whether the set is left on this line, and uses it.
    pub(super) fn is_of_left_set(&mut self, line: usize) -> bool {
        let left = self.lifeline.as_ref().is_some_and(|lifeline| lifeline.left);
        left && self.line_of_set() == Some(line)
    }

    /// The set of the lifeline has no exchange but the carrier's.
    pub(super) fn in_the_dark(&self) -> bool {
        self.exchange.is_none() || self.lifeline.as_ref().is_some_and(|l| l.left)
    }

    /// The relay is drawn, which must cut nobody.
    fn set_comes_back(&mut self) {
        let Some((set, line)) = self.lifeline_ends() else {
            return;
        };
        let (lifted, now) = (self.set_is_lifted(set), self.now);
        let (sitter, outsider) = (&self.sitters[set], &self.outsiders[line]);
        let calls = matches!(
            outsider.doing,
            "dialling" | "routing" | "ringback" | "talking"
        );
        let seen = lifted && calls && now.since(outsider.since) > SEEN;
        let (jack, off_hook, dead) = (sitter.jack, sitter.off_hook, outsider.faults.dead);
        let Some(lifeline) = self.lifeline.as_mut().filter(|l| l.left) else {
            return;
        };
        lifeline.left = false;
        lifeline.back = Some(now);
        let alive = !dead && now.since(lifeline.line_changed) > TEST;
        let cut = seen && alive && lifeline.stuck != Some(RelayStuck::Drawn);
        if cut {
            self.violation("a call on the lifeline is cut");
        }
        if off_hook {
            // Keys that are still to be pressed come before dial tone.
            let sitter = &mut self.sitters[set];
            (sitter.dialled, sitter.dialling) = (None, None);
            self.served(jack, false);
        }
    }

    /// The set's port says where the relay has its set.
    pub(super) fn lifeline_seen(&mut self, on_line: bool) {
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.on_line = on_line;
        }
    }

    /// A fault of this line begins or ends.
    pub(super) fn lifeline_line_changed(&mut self, line: usize) {
        if let Some(lifeline) = self.lifeline.as_mut().filter(|l| l.plan.line == line + 1) {
            lifeline.line_changed = self.now;
        }
    }

    /// An exchange without power waits for no test.
    pub(super) fn lifeline_forgotten(&mut self) {
        if let Some(lifeline) = &mut self.lifeline {
            lifeline.asked = None;
            lifeline.left = false;
        }
    }

    /// The port tells an exchange that starts where its set is.
    pub(super) fn lifeline_tells_again(&mut self) {
        if let Some(lifeline) = self.lifeline.as_ref().filter(|l| l.on_line) {
            let jack = lifeline.plan.set as u16 - 1;
            self.port_event(jack, PortEvent::Lifeline(true));
        }
    }

    /// The ledger has what a test found.
    pub(super) fn lifeline_told(&mut self, verdict: LifelineVerdict) {
        let now = self.now;
        let line = self.lifeline_ends().map(|(_, line)| &self.outsiders[line]);
        let out = line.is_some_and(Outsider::is_out);
        let Some(lifeline) = &mut self.lifeline else {
            return self.violation("a lifeline is told of where there is none");
        };
        lifeline.asked = None;
        lifeline.told += 1;
        let sure = |since: Instant| now.since(since) > TEST;
        let sure = sure(lifeline.since) && sure(lifeline.line_changed) && !out;
        let wrong = sure && !lifeline.right(verdict);
        let stuck = lifeline.stuck;
        lifeline.worked |= verdict == LifelineVerdict::Works;
        if wrong {
            self.violation(&format!(
                "a lifeline is told to be {verdict:?} whose relay is stuck: {stuck:?}"
            ));
        }
    }

    /// What tests owe to those who asked for them, and to whoever lifts the set.
    pub(super) fn review_lifeline(&mut self) {
        let Some((set, line)) = self.lifeline_ends() else {
            return;
        };
        let lifted = self.set_is_lifted(set);
        self.review_the_dark((set, line), lifted);
        let powered = self.exchange.is_some() && self.calm_since_power(Duration::from_secs(5));
        let (sitter, outsider) = (&mut self.sitters[set], &self.outsiders[line]);
        let seat = sitter.seat;
        let used = lifted || sitter.off_hook || sitter.rung;
        let idle = powered && !used && outsider.doing == "idle" && !outsider.is_out();
        let now = self.now;
        let Some(lifeline) = &mut self.lifeline else {
            return;
        };
        let idle = idle.then(|| lifeline.idle.unwrap_or(now));
        lifeline.idle = idle;
        let both = lifeline.asked.zip(idle);
        let late = both.is_some_and(|(asked, idle)| now.since(asked.max(idle)) > OWED);
        lifeline.asked = lifeline.asked.filter(|_| !late);
        // A relay that leaves the set on the line keeps it from its port.
        let away = lifeline.left || lifeline.stuck == Some(RelayStuck::Released);
        let kept = lifeline.left && idle.is_some_and(|idle| now.since(idle) > BACK);
        lifeline.left &= !kept;
        let unseen = lifted && !sitter.off_hook && powered && !away;
        let since = *sitter.lifted.get_or_insert(now);
        if !unseen {
            sitter.lifted = None;
        }
        let unserved = unseen && now.since(since) > SERVED;
        if unserved {
            // Said once.
            sitter.lifted = Some(Instant::FAR);
        }
        if late {
            self.violation("a test of a lifeline that was asked for is not made");
        }
        if kept {
            self.violation("a set stays on the line of its lifeline, which is free");
        }
        if unserved {
            self.violation(&format!("seat {seat} is lifted, and nobody sees it"));
        }
    }

    /// Without faults a test tells that all is well.
    pub(crate) fn prove_lifeline(&mut self) {
        let told = |world: &Self| world.lifeline.as_ref().map(|l| l.told);
        let Some(before) = told(self) else { return };
        self.ask();
        self.pass(OWED);
        if told(self) == Some(before) {
            self.violation("the last test of the lifeline is not made");
        }
    }
}
