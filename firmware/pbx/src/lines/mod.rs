//! Outside lines: what each one is doing, and how that becomes legs.
//!
//! A line is only answered (off hook) when somebody answers, or before to ask for its caller's number where its entry
//! says so (`asking`); it is taken for a call out only after a moment
//! of listening, so that a call that comes in at the same time wins; and it is never held for longer than
//! its far party is there: see `watch`.

mod asking;
mod balance;
mod dialling;
mod events;
mod figures;
mod flash;
mod hook;
mod incoming;
mod left;
mod lifeline;
mod outgoing;
mod sound;
mod watch;

use core::time::Duration;
use std::collections::BTreeMap;

use config::Config;
use model::limits::LEARNED_SIGNATURES;
use model::{
    CallerInfo, EntryId, Event, EventBody, HangUps, Instant, LegId, LifelineTest, LineBalance,
    LineNews, LineSecond, MediaLeg, Now, Party, PortId, Rule, ToneSignature, Wall,
};

use crate::Pbx;

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
