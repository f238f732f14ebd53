//! Outside lines: what each one is doing, and how that becomes legs.
//!
//! A line is only answered (off hook) when somebody answers, or before to ask for its caller's number where its entry
//! says so (`asking`); it is taken for a call out only after a moment
//! of listening, so that a call that comes in at the same time wins; and it is never held for longer than
//! its far party is there: see `watch`.

mod asking;
mod balance;
mod dialling;
mod figures;
mod flash;
mod incoming;
mod left;
mod lifeline;
mod outgoing;
mod watch;

use core::time::Duration;
use std::collections::BTreeMap;

use config::{Config, Country, Tone};
use hal_port::{LoopHook, PortCommand, PortEvent};
use model::limits::{KNOWN_TONES, LEARNED_SIGNATURES};
use model::{
    CallerInfo, EntryId, Event, EventBody, HangUps, Instant, KnownTone, LegId, LifelineTest,
    LineBalance, LineHeard, LineNews, LineSecond, LineTone, MediaCommand, MediaFigures, MediaLeg,
    Now, Party, PortId, PortListens, PortSound, Rule, ToneSignature, Wall,
};

use crate::{Output, Pbx, pbx::Owner};

use asking::Asking;
use balance::{Balancing, Search};
pub use figures::PortFigures;
pub(crate) use figures::figures;
pub(crate) use flash::Begun;
pub(crate) use watch::Watch;

/// A line on hook is left alone for so long, until the exchange has seen it.
const CLEARING: Duration = Duration::from_millis(1_500);

/// What a line is doing.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    /// On hook and quiet.
    Idle,
    /// A call is being announced or rings; nobody inside was called yet.
    Announced(Announced),
    /// Lifted to ask for the caller's number; nobody inside was called yet.
    Asking(Asking),
    /// It rings, and somebody inside is called for this leg.
    Offered { leg: LegId, ringing: Ringing },
    /// It rings, and nobody will answer.
    RungOut(Ringing),
    /// A call goes out on it: up to the last digit.
    Seizing(dialling::Seizing),
    /// Dialled; the far party has not answered.
    Called {
        leg: LegId,
        media: MediaLeg,
        /// Ringing was heard.
        rang: bool,
        /// When no answer counts as one; never while it rings, for call control ends that.
        until: Instant,
    },
    /// Somebody talks on it, or waits for it: see [`Watch::is_waiting`].
    Up {
        leg: LegId,
        media: MediaLeg,
        watch: Watch,
    },
    /// The call is over by a sign of the line, which is listened to for a little longer.
    Parting {
        media: MediaLeg,
        sign: model::LineSign,
        learn: Option<ToneSignature>,
        until: Instant,
    },
    /// Nobody took the call of a caller whose line was lifted; the caller hears the busy tone.
    TurnedAway { media: MediaLeg, until: Instant },
    /// Taken to find the impedance that balances it.
    Balancing(Balancing),
    /// Taken to test its lifeline; on hook.
    Lifeline(lifeline::Testing),
    /// On hook, and not to be used until then; a call waits for it.
    Clearing {
        until: Instant,
        next: Option<(LegId, String)>,
    },
}

/// A line that rings for a call that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ringing {
    /// Where it is listened for the data of another caller.
    pub(crate) media: Option<MediaLeg>,
    /// Rings so far; bursts with short pauses between them are one.
    pub(crate) rings: u8,
    /// When the last burst ended; none while one sounds.
    pub(crate) quiet_since: Option<Instant>,
    /// Without another burst until then the caller has given up.
    pub(crate) until: Instant,
}

/// A call that is being announced.
#[derive(Clone, Debug)]
pub(crate) struct Announced {
    pub(crate) media: Option<MediaLeg>,
    pub(crate) caller: Option<CallerInfo>,
    /// Bursts so far.
    pub(crate) bursts: u8,
    /// When the last burst ended; none while one sounds.
    pub(crate) quiet_since: Option<Instant>,
    /// When it is taken as it is, or given up.
    pub(crate) until: Instant,
    /// The line is off hook to hear the caller's number (NTT).
    pub(crate) answered: bool,
}

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The `[[line]]` entry that uses the jack.
    pub(crate) entry: Option<EntryId>,
    pub(crate) phase: Phase,
    /// What the carrier told of whoever called last.
    pub(crate) told: Option<CallerInfo>,
    pub(crate) dead: bool,
    pub(crate) in_use: bool,
    pub(crate) out_of_service: bool,
    /// The polarity is other than that of the idle line.
    pub(crate) reversed: bool,
    /// When it was used last, counted.
    pub(crate) used: u64,
    /// Tones by which its hang-ups are known, the oldest first.
    pub(crate) learned: Vec<ToneSignature>,
    /// How its hang-ups showed since the start.
    pub(crate) hang_ups: HangUps,
    /// A hang-up out there reversed it once: later reversals mean that too, unless one was the answer.
    pub(crate) parts_by_reversal: bool,
    /// How its last second in a call sounded.
    pub(crate) second: Option<LineSecond>,
    /// Who called last since the start, and when.
    pub(crate) caller: Option<(Wall, Party)>,
    /// How loud the exchange told it.
    pub(crate) caller_dbm0: Option<i8>,
    /// The impedance that balances it best, as was found.
    pub(crate) balance: Option<LineBalance>,
    /// A search for it that waits or goes on.
    search: Option<Search>,
    /// What the last test of its lifeline found.
    pub(crate) lifeline: Option<LifelineTest>,
    /// A test of it that waits or goes on.
    lifeline_wish: Option<lifeline::Wish>,
    /// The set that its lifeline has on it since before the start.
    left: Option<left::Left>,
}

impl Line {
    fn new() -> Self {
        Self {
            entry: None,
            phase: Phase::Idle,
            told: None,
            dead: false,
            in_use: false,
            out_of_service: false,
            reversed: false,
            used: 0,
            learned: Vec::new(),
            hang_ups: HangUps::default(),
            parts_by_reversal: false,
            second: None,
            caller: None,
            caller_dbm0: None,
            balance: None,
            search: None,
            lifeline: None,
            lifeline_wish: None,
            left: None,
        }
    }

    /// Whether a call may take it.
    fn is_free(&self) -> bool {
        self.works() && self.left.is_none() && matches!(self.phase, Phase::Idle)
    }

    /// Whether a call may have it as soon as the exchange has seen it on hook, for which no other waits.
    fn is_free_soon(&self) -> bool {
        let phase = &self.phase;
        let soon = matches!(
            phase,
            Phase::Clearing { next: None, .. }
                | Phase::TurnedAway { .. }
                | Phase::Balancing(_)
                | Phase::Lifeline(_)
        );
        self.works() && soon
    }

    fn works(&self) -> bool {
        self.entry.is_some() && !self.dead && !self.in_use && !self.out_of_service
    }

    pub(crate) fn leg(&self) -> Option<LegId> {
        match &self.phase {
            Phase::Offered { leg, .. } | Phase::Called { leg, .. } | Phase::Up { leg, .. } => {
                Some(*leg)
            }
            Phase::Seizing(seizing) => Some(seizing.leg),
            Phase::Clearing { next, .. } => next.as_ref().map(|(leg, _)| *leg),
            Phase::Idle
            | Phase::Announced(_)
            | Phase::Asking(_)
            | Phase::RungOut(_)
            | Phase::Balancing(_)
            | Phase::Lifeline(_)
            | Phase::TurnedAway { .. }
            | Phase::Parting { .. } => None,
        }
    }

    fn media(&self) -> Option<MediaLeg> {
        match &self.phase {
            Phase::Announced(announced) => announced.media,
            Phase::Asking(asking) => Some(asking.media),
            Phase::Offered { ringing, .. } | Phase::RungOut(ringing) => ringing.media,
            Phase::Seizing(seizing) => Some(seizing.media),
            Phase::Balancing(balancing) => Some(balancing.media),
            Phase::Called { media, .. }
            | Phase::Up { media, .. }
            | Phase::TurnedAway { media, .. }
            | Phase::Parting { media, .. } => Some(*media),
            Phase::Idle | Phase::Lifeline(_) | Phase::Clearing { .. } => None,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let left = self.left.and_then(|left| left.until);
        left.into_iter().chain(self.phase_deadline()).min()
    }

    fn phase_deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Announced(announced) => Some(announced.until),
            Phase::Asking(asking) => Some(asking.deadline()),
            Phase::Offered { ringing, .. } => ringing.quiet_since.map(|_| ringing.until),
            Phase::RungOut(ringing) => Some(ringing.until),
            Phase::Called { until, .. }
            | Phase::Parting { until, .. }
            | Phase::TurnedAway { until, .. }
            | Phase::Clearing { until, .. } => Some(*until),
            Phase::Seizing(seizing) => seizing.deadline(),
            Phase::Balancing(balancing) => Some(balancing.until),
            Phase::Lifeline(testing) => Some(testing.until),
            Phase::Up { watch, .. } => watch.deadline(),
        }
    }
}

/// All lines of the board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    all: BTreeMap<PortId, Line>,
    uses: u64,
    /// When it is looked whether lines are to be measured, while there is a reason to.
    look_at: Option<Instant>,
}

impl Lines {
    /// What was learned of lines before this start.
    pub(crate) fn remember(
        &mut self,
        known: &[(EntryId, Vec<ToneSignature>)],
        balanced: &[(EntryId, LineBalance)],
        lifelines: &[(EntryId, LifelineTest)],
    ) {
        fn of<T: Copy>(known: &[(EntryId, T)], line: &Line) -> Option<T> {
            let mut known = known.iter();
            let found = known.find(|(entry, _)| line.entry.as_ref() == Some(entry));
            found.map(|&(_, what)| what)
        }
        for line in self.all.values_mut() {
            line.balance = of(balanced, line);
            line.lifeline = of(lifelines, line);
            let mut known = known.iter();
            if let Some((_, tones)) = known.find(|(entry, _)| line.entry.as_ref() == Some(entry)) {
                line.learned = tones.iter().copied().take(LEARNED_SIGNATURES).collect();
            }
        }
    }

    /// What is learned of lines.
    pub(crate) fn learned(&self) -> Vec<(EntryId, Vec<ToneSignature>)> {
        let known = self.all.values().filter(|line| !line.learned.is_empty());
        known
            .filter_map(|line| Some((line.entry.clone()?, line.learned.clone())))
            .collect()
    }

    /// The lines that the configuration has, by the board's jacks, and those that have a lifeline.
    pub(crate) fn assign(&mut self, jacks: &[crate::Jack], config: &Config) {
        for jack in jacks {
            let entry = config.line_on(&jack.name).map(|line| line.id.clone());
            let mut lifelines = jacks.iter().filter_map(|jack| jack.lifeline);
            let has = lifelines.any(|lifeline| lifeline.line == jack.port);
            if entry.is_some() || has || self.all.contains_key(&jack.port) {
                let line = self.all.entry(jack.port).or_insert_with(Line::new);
                if line.entry != entry {
                    // What was measured is another line's.
                    line.balance = None;
                    line.lifeline = None;
                }
                line.entry = entry;
            }
        }
    }

    pub(crate) fn get(&self, port: PortId) -> Option<&Line> {
        self.all.get(&port)
    }

    fn get_mut(&mut self, port: PortId) -> Option<&mut Line> {
        self.all.get_mut(&port)
    }

    /// The line of an entry.
    fn of_entry(&mut self, entry: &EntryId) -> Option<(PortId, &mut Line)> {
        let mut all = self.all.iter_mut();
        all.find(|(_, line)| line.entry.as_ref() == Some(entry))
            .map(|(&port, line)| (port, line))
    }

    /// The line that a leg is on.
    pub(crate) fn of_leg(&self, leg: LegId) -> Option<PortId> {
        let mut all = self.all.iter();
        all.find(|(_, line)| line.leg() == Some(leg))
            .map(|(&port, _)| port)
    }

    /// The place in the media plane of a leg, once the line carries its sound.
    pub(crate) fn media_of(&self, leg: LegId) -> Option<MediaLeg> {
        match &self.get(self.of_leg(leg)?)?.phase {
            Phase::Called { media, .. } | Phase::Up { media, .. } => Some(*media),
            _ => None,
        }
    }

    /// Whether the leg is on a line and can hear what is played.
    pub(crate) fn is_deaf(&self, leg: LegId) -> bool {
        self.of_leg(leg).is_some() && self.media_of(leg).is_none()
    }

    /// Lines that a call may take: the one that has rested longest first, those that are still being
    /// cleared last. A caller would rather wait for a second than hear that all are taken.
    pub(crate) fn free<'l>(
        &'l self,
        config: &'l Config,
    ) -> impl Iterator<Item = (PortId, &'l EntryId)> {
        let goes_out = |entry: &EntryId| config.line(entry).is_some_and(|line| line.outgoing);
        let mut free: Vec<_> = self
            .all
            .iter()
            .filter(|(_, line)| line.is_free() || line.is_free_soon())
            .filter_map(|(&port, line)| {
                let place = (line.is_free_soon(), line.used, port);
                Some((place, line.entry.as_ref()?))
            })
            .filter(|(_, entry)| goes_out(entry))
            .collect();
        free.sort_by_key(|&(place, _)| place);
        free.into_iter().map(|((.., port), entry)| (port, entry))
    }

    /// Lines that calls talk or dial on, longest first. One that rings is none: to lift it would answer
    /// whoever calls.
    pub(crate) fn in_use(&self) -> Vec<(PortId, EntryId, LegId)> {
        let mut used: Vec<_> = self
            .all
            .iter()
            .filter(|(_, line)| !line.dead && !line.out_of_service)
            .filter(|(_, line)| {
                !matches!(line.phase, Phase::Clearing { .. } | Phase::Offered { .. })
            })
            .filter_map(|(&port, line)| Some((line.used, (port, line.entry.clone()?, line.leg()?))))
            .collect();
        used.sort_by_key(|&(used, (port, ..))| (used, port));
        used.into_iter().map(|(_, line)| line).collect()
    }

    /// Lines that are neither idle nor out of use.
    pub(crate) fn busy(&self) -> usize {
        let busy = |line: &&Line| !matches!(line.phase, Phase::Idle);
        self.all.values().filter(busy).count()
    }

    /// Configured lines that have no battery or do not work.
    pub(crate) fn dead(&self) -> usize {
        let dead = |line: &&Line| line.entry.is_some() && (line.dead || line.out_of_service);
        self.all.values().filter(dead).count()
    }

    pub(crate) fn next_deadline(&self) -> Option<(Instant, &'static str)> {
        let lines = self.all.values().filter_map(Line::deadline);
        let due = lines.chain(self.look_at).min()?;
        Some((due, "an outside line"))
    }
}

impl Pbx {
    /// A report of a line's port; whether the port is a line's.
    pub(crate) fn line_event(&mut self, now: Now, port: PortId, event: PortEvent) -> bool {
        let Some(line) = self.lines.get_mut(port) else {
            return false;
        };
        if line.left.is_some() {
            self.look_at_left(now, port, event);
        }
        let Some(line) = self.lines.get_mut(port) else {
            return false;
        };
        match event {
            PortEvent::Ring(on) => self.line_rings(now, port, on),
            PortEvent::Battery(alive) => {
                let news = core::mem::replace(&mut line.dead, !alive) == alive;
                if news || !alive {
                    self.line_power(now, port, alive);
                }
            }
            PortEvent::Reversed(reversed) => {
                line.reversed = reversed;
                self.line_reversed(now, port, reversed);
            }
            PortEvent::Current(flows) => self.line_current(now, port, flows),
            PortEvent::InUse(in_use) => {
                line.in_use = in_use;
                if !in_use {
                    // The carrier has to see the end of what the other set did before the line is lifted anew.
                    line.rest(now.mono + CLEARING);
                }
                let news = if in_use {
                    LineNews::InUse
                } else {
                    LineNews::Free
                };
                self.line_news(now, port, Rule::LineInUse, news);
                // It may be the set, lifted while its lifeline had it on the line.
                let phase = self.lines.get(port).map(|line| &line.phase);
                if in_use && matches!(phase, Some(Phase::Lifeline(_))) {
                    self.give_way(now, port);
                }
            }
            PortEvent::Done => self.line_pulsed(now, port),
            PortEvent::Fault(_) => {
                line.out_of_service = true;
                self.line_fault(now, port, true);
                self.line_lost(now, port, Rule::PortFault);
            }
            PortEvent::Recovered => {
                line.out_of_service = false;
                self.line_fault(now, port, false);
                // A chip that was without power knows nothing any more.
                self.tell_profile(port);
            }
            PortEvent::OffHook
            | PortEvent::OnHook
            | PortEvent::Flash
            | PortEvent::Lifeline(_)
            | PortEvent::PulseDigit(_) => {}
        }
        true
    }

    /// News from the sound of a line.
    pub(crate) fn line_heard(&mut self, now: Now, port: PortId, heard: LineHeard) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let measured = matches!(line.phase, Phase::Balancing(_));
        if let (LineHeard::Second(second), false) = (heard, measured) {
            line.second = Some(second);
        }
        match &line.phase {
            Phase::Announced(_) => self.caller_heard(now, port, heard),
            Phase::Asking(_) => self.answer_heard(now, port, heard),
            Phase::Seizing(_) => self.dial_tone_heard(now, port, heard),
            Phase::Called { .. } => self.progress_heard(now, port, heard),
            Phase::Up { .. } => self.talk_heard(now, port, heard),
            Phase::Balancing(_) => self.balance_heard(now, port, heard),
            Phase::Parting { sign, .. } => {
                if heard == LineHeard::Voice {
                    let news = LineNews::FalseHangUp { sign: *sign };
                    self.counters.false_hang_ups += 1;
                    if let Some(line) = self.lines.get_mut(port) {
                        line.hang_ups.false_ones = line.hang_ups.false_ones.saturating_add(1);
                        if let Phase::Parting { learn, .. } = &mut line.phase {
                            *learn = None;
                        }
                    }
                    self.line_news(now, port, Rule::LineVoice, news);
                }
            }
            Phase::Offered { .. } | Phase::RungOut(_) => self.another_heard(now, port, heard),
            Phase::Idle
            | Phase::Lifeline(_)
            | Phase::TurnedAway { .. }
            | Phase::Clearing { .. } => {}
        }
    }

    /// Does what is due on lines.
    pub(crate) fn line_timeouts(&mut self, now: Now) {
        for port in self.lines.left_long_enough(now.mono) {
            self.take_set_back(now, port);
        }
        let due = |line: &Line| line.phase_deadline().is_some_and(|at| at <= now.mono);
        let all = self.lines.all.iter();
        let ports: Vec<PortId> = all.filter(|(_, l)| due(l)).map(|(&port, _)| port).collect();
        for port in ports {
            self.line_timeout(now, port);
        }
        self.look_for_searches(now);
    }

    fn line_timeout(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        match &mut line.phase {
            Phase::Announced(_) => self.announced_long_enough(now, port),
            Phase::Asking(_) => self.asking_step(now, port),
            Phase::Offered { leg, .. } => {
                let leg = *leg;
                self.hang_up_line(now, port);
                self.leg_event(now, leg, call::LegEvent::LineEnded(Rule::LineAbandoned));
            }
            Phase::RungOut(_) | Phase::TurnedAway { .. } => self.hang_up_line(now, port),
            Phase::Seizing(_) => self.seize_step(now, port),
            Phase::Called { leg, .. } => {
                let leg = *leg;
                self.line_answered(now, port, leg, Rule::LineAnswerTimer);
            }
            Phase::Up { .. } => self.watch_step(now, port),
            Phase::Parting { .. } => self.part_line(now, port),
            Phase::Clearing { next, .. } => match next.take() {
                Some((leg, number)) => {
                    line.phase = Phase::Idle;
                    self.seize_line(now, port, leg, number);
                }
                None => {
                    line.phase = Phase::Idle;
                    self.go_on_with_lifeline(now, port);
                    self.go_on_searching(now, port);
                }
            },
            Phase::Balancing(_) => self.balance_step(now, port),
            Phase::Lifeline(_) => self.lifeline_step(now, port),
            Phase::Idle => {}
        }
    }

    /// At the start: a program that died put no line on hook, and its ports kept what they held. Until the
    /// carrier has seen the end of such a call the line takes no other.
    pub(crate) fn release_lines(&mut self, now: Now) {
        let until = now.mono + CLEARING;
        let ports: Vec<PortId> = self.lines.all.keys().copied().collect();
        for port in ports {
            if let Some(line) = self.lines.get_mut(port) {
                line.phase = Phase::Clearing { until, next: None };
            }
            self.set_line_hook(port, LoopHook::OnHook);
        }
        self.leave_sets(now);
    }

    /// The line is dead or works again.
    fn line_power(&mut self, now: Now, port: PortId, alive: bool) {
        let news = if alive {
            LineNews::Alive
        } else {
            LineNews::Dead
        };
        self.line_news(now, port, Rule::LineDead, news);
        if !alive {
            self.line_lost(now, port, Rule::LineDead);
        }
    }

    /// Whatever the line was doing is over.
    fn line_lost(&mut self, now: Now, port: PortId, rule: Rule) {
        if let Some(Phase::Asking(_)) = self.lines.get(port).map(|line| &line.phase) {
            return self.asked_in_vain(now, port, rule);
        }
        let leg = self.lines.get(port).and_then(Line::leg);
        let trying = matches!(
            self.lines.get(port).map(|line| &line.phase),
            Some(Phase::Seizing(_) | Phase::Called { .. } | Phase::Clearing { .. })
        );
        self.hang_up_line(now, port);
        let Some(leg) = leg else { return };
        self.leg_event(
            now,
            leg,
            if trying {
                call::LegEvent::LineFailed(rule)
            } else {
                call::LegEvent::LineEnded(rule)
            },
        );
    }

    /// Puts the line on hook, whatever it was doing, and gives its place in the media plane back. A line that
    /// was off hook is left alone for a moment.
    fn hang_up_line(&mut self, now: Now, port: PortId) {
        let Some(line) = self.lines.get_mut(port) else {
            return;
        };
        let media = line.media();
        let leg = line.leg();
        let measured = matches!(line.phase, Phase::Balancing(_));
        let testing = match line.phase {
            Phase::Lifeline(testing) => Some(testing),
            _ => None,
        };
        line.phase = match &line.phase {
            Phase::Idle
            | Phase::Lifeline(_)
            | Phase::Announced(_)
            | Phase::Offered { .. }
            | Phase::RungOut(_) => Phase::Idle,
            Phase::Seizing(seizing) if !seizing.is_off_hook() => Phase::Idle,
            Phase::Balancing(balancing) if !balancing.is_off_hook() => Phase::Idle,
            _ => Phase::Clearing {
                until: now.mono + CLEARING,
                next: None,
            },
        };
        let command = PortCommand::SetHook(LoopHook::OnHook);
        self.out.push_back(Output::Port { port, command });
        if let Some(leg) = leg {
            self.leave_bridge(leg);
            self.forget_clip(leg);
        }
        if let Some(media) = media {
            self.remove_media(media);
        }
        if let Some(testing) = testing {
            self.end_testing(testing);
        }
        if measured {
            // The port showed what was tried last.
            self.tell_profile(port);
        }
    }

    /// Call control has done with a leg; whether it was on a line.
    pub(crate) fn release_line(&mut self, now: Now, leg: LegId) -> bool {
        let Some(port) = self.lines.of_leg(leg) else {
            return false;
        };
        let rings = match self.lines.get(port).map(|line| &line.phase) {
            Some(Phase::Offered { ringing, .. }) => Some(*ringing),
            _ => None,
        };
        match rings {
            // It goes on ringing outside; that is no new call.
            Some(ringing) => {
                self.leave_bridge(leg);
                self.forget_clip(leg);
                self.ring_out(now, port, ringing);
            }
            None => {
                self.learn_from_release(now, port);
                match self.is_waiting_caller(port) {
                    Some(media) => {
                        self.leave_bridge(leg);
                        self.forget_clip(leg);
                        self.turn_away(now, port, media);
                    }
                    None => self.hang_up_line(now, port),
                }
            }
        }
        self.leg_event(now, leg, call::LegEvent::Gone(MediaFigures::default()));
        true
    }

    /// A place in the media plane for the sound of a line.
    fn open_line(&mut self, port: PortId, listens: PortListens) -> Option<MediaLeg> {
        let Some(media) = self.slots.take() else {
            self.counters.no_media_ports += 1;
            return None;
        };
        self.by_media.insert(media, Owner::Line(port));
        self.media(MediaCommand::AddPortLeg { leg: media, port });
        self.set_line_sound(port, media, listens);
        Some(media)
    }

    /// What is done to the sound of a line and listened for on it.
    fn set_line_sound(&mut self, port: PortId, media: MediaLeg, listens: PortListens) {
        let Some(line) = self.lines.get(port) else {
            return;
        };
        let entry = line.entry.as_ref().and_then(|id| self.config.line(id));
        let mut learned = [None; LEARNED_SIGNATURES];
        for (slot, known) in learned.iter_mut().zip(&line.learned) {
            *slot = Some(*known);
        }
        let gain = |db: Option<i16>| 10 * db.unwrap_or_default();
        let sound = PortSound {
            gain_in_db10: gain(entry.map(|line| line.gain_from_line_db)),
            gain_out_db10: gain(entry.map(|line| line.gain_to_line_db)),
            echo: listens.tones.then(model::EchoSettings::default),
            listens,
            known: known_tones(&self.config.country),
            learned,
            ..PortSound::default()
        };
        self.media(MediaCommand::SetPortSound { leg: media, sound });
    }

    fn set_line_hook(&mut self, port: PortId, hook: LoopHook) {
        let command = PortCommand::SetHook(hook);
        self.out.push_back(Output::Port { port, command });
    }

    fn line_news(&mut self, now: Now, port: PortId, rule: Rule, news: LineNews) {
        self.note(now, rule, EventBody::Line { port, news });
    }

    /// News of a line that belongs to the call on it.
    fn line_news_of(&mut self, now: Now, port: PortId, leg: LegId, rule: Rule, news: LineNews) {
        let event = Event {
            call: self.switch.call_of(leg),
            leg: Some(leg),
            rule,
            body: EventBody::Line { port, news },
        };
        self.record(now, event);
    }

    fn line_fault(&mut self, now: Now, port: PortId, out_of_service: bool) {
        let body = EventBody::PortFault {
            port,
            out_of_service,
        };
        self.note(now, Rule::PortFault, body);
    }
}

/// What is listened for on a line in a call.
const fn in_call() -> PortListens {
    PortListens {
        keys: true,
        caller_id: false,
        tones: true,
    }
}

/// What is listened for on a line on hook.
const fn on_hook() -> PortListens {
    PortListens {
        keys: false,
        caller_id: true,
        tones: false,
    }
}

/// The tones of the country that a line is told, as it can know them.
fn known_tones(country: &Country) -> [Option<KnownTone>; KNOWN_TONES] {
    let mut known = [None; KNOWN_TONES];
    let tones = [
        (LineTone::Dial, Tone::Dial),
        (LineTone::Ringback, Tone::Ringback),
        (LineTone::Busy, Tone::Busy),
        (LineTone::Congestion, Tone::Congestion),
        (LineTone::SpecialInfo, Tone::SpecialInfo),
        (LineTone::Howler, Tone::Howler),
    ];
    for (slot, (says, tone)) in known.iter_mut().zip(tones) {
        *slot = KnownTone::of(says, country.tone(tone));
    }
    known
}
