//! The jacks: what the set on each one is doing, and how that becomes legs.

use std::collections::BTreeMap;

use hal_port::{Cadence, Capabilities, Linefeed, PortEvent, PortKind};
use model::{EntryId, Instant, LegId, MediaLeg, PortId, Route, TapId};

/// What the set on a jack is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetPhase {
    /// On hook.
    Idle,
    /// We ring it for this leg.
    Ringing(LegId),
    /// Off hook in a leg; the leg is known to call control.
    Up {
        /// The leg.
        leg: LegId,
        /// Its place in the media plane.
        media: MediaLeg,
    },
    /// Off hook, the call is over: the person hears why until the set is hung up.
    Parting(MediaLeg),
    /// Off hook without a place in the media plane: nothing can be heard.
    Mute,
    /// Left off hook: the line is switched off.
    Locked,
    /// Its lifeline has it on a line since before the start; its port is not fed.
    Left {
        /// The port says all the same that it is off hook.
        lifted: bool,
    },
    /// Off hook since before its lifeline gave it back: it may be in the middle of a number, so it hears nothing
    /// and begins anew when it was still for a while.
    Restless(MediaLeg),
}

/// What is due at a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetTimer {
    /// The howler begins.
    Howl,
    /// The line is switched off.
    Lock,
    /// The line that is off is fed for a look at the hook.
    Look,
    /// The look is over.
    Close,
    /// The tone for a second caller comes again.
    Beep,
    /// The break is over that tells of the other party's hang-up.
    Mend,
    /// The reversal is over that is a metering pulse.
    MeterEnd,
    /// The set on hook is told of its messages.
    Lamp,
    /// The set that came back off hook was still for long enough.
    Still,
}

/// A leg of a set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetLeg {
    pub(crate) id: LegId,
    /// What it hears when the set attends to it.
    pub(crate) hears: Route,
    /// The track that what it says goes to.
    pub(crate) tap: Option<TapId>,
    /// The set called by this leg, and somebody answered.
    pub(crate) answered: bool,
    /// Somebody asked that nothing go to it for a while.
    pub(crate) tap_paused: bool,
}

/// One jack.
#[derive(Clone, Debug)]
pub(crate) struct Jack {
    pub(crate) name: String,
    pub(crate) kind: PortKind,
    pub(crate) capabilities: Capabilities,
    /// The relay that may join the jack to a line.
    pub(crate) lifeline: Option<crate::Lifeline>,
    /// The set was seen on that line.
    pub(crate) on_line: bool,
    /// It came back from there: a set that is seen off hook up to then was so before.
    pub(crate) shows_until: Instant,
    /// The `[[analog]]` entry that uses the jack, if one does.
    pub(crate) entry: Option<EntryId>,
    pub(crate) phase: SetPhase,
    pub(crate) out_of_service: bool,
    /// How its line is fed.
    pub(crate) feed: Linefeed,
    /// Its legs: those that it attends to, holds, rings for or has waiting.
    pub(crate) legs: Vec<SetLeg>,
    /// The leg whose caller waits.
    pub(crate) waiting: Option<LegId>,
    /// Beeps that told of this caller.
    pub(crate) beeps: usize,
    /// It attends to all its legs at once.
    pub(crate) united: bool,
    /// Its lamp does not yet say whether messages wait.
    pub(crate) lamp_due: bool,
    /// What is due, and when.
    timers: Vec<(Instant, SetTimer)>,
}

impl Jack {
    /// The set is on the line of its lifeline since before the start.
    pub(crate) const fn is_left(&self) -> bool {
        matches!(self.phase, SetPhase::Left { .. })
    }
}

/// What a port event means for the rest of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetDid {
    /// Lifted out of idle: begin a call.
    Lifted,
    /// Lifted while ringing: the leg answers.
    Answered(LegId),
    /// Hung up in a leg.
    HungUp(MediaLeg),
    /// The hook was pressed for a moment.
    Flash,
    /// Hung up after the call.
    Parted(MediaLeg),
    /// Hung up after it was left off hook.
    Unlocked,
    /// Moved its hook or dialled before it was still.
    Stirred,
    /// Dialled a digit by pulses in a leg.
    Pulse { leg: LegId, digit: u8 },
    /// Went out of service in this phase.
    Failed(SetPhase),
    /// Back in service.
    Recovered,
    /// Nothing that matters.
    Nothing,
}

/// All jacks of the board.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jacks {
    all: BTreeMap<PortId, Jack>,
}

impl Jacks {
    pub(crate) fn new(jacks: &[crate::Jack]) -> Self {
        let fresh = |jack: &crate::Jack| Jack {
            name: jack.name.clone(),
            kind: jack.kind,
            capabilities: jack.capabilities,
            lifeline: jack.lifeline,
            on_line: false,
            shows_until: Instant::ZERO,
            entry: None,
            phase: SetPhase::Idle,
            out_of_service: false,
            feed: Linefeed::Forward,
            legs: Vec::new(),
            waiting: None,
            beeps: 0,
            united: false,
            lamp_due: false,
            timers: Vec::new(),
        };
        Self {
            all: jacks.iter().map(|jack| (jack.port, fresh(jack))).collect(),
        }
    }

    /// The jacks as they were handed in.
    pub(crate) fn list(&self) -> Vec<crate::Jack> {
        let jack = |(&port, jack): (&PortId, &Jack)| crate::Jack {
            port,
            name: jack.name.clone(),
            kind: jack.kind,
            capabilities: jack.capabilities,
            lifeline: jack.lifeline,
        };
        self.all.iter().map(jack).collect()
    }

    /// Gives each jack its `[[analog]]` entry by name.
    pub(crate) fn assign(&mut self, entry_of: impl Fn(&str) -> Option<EntryId>) {
        for jack in self.all.values_mut() {
            jack.entry = entry_of(&jack.name);
        }
    }

    pub(crate) fn get(&self, port: PortId) -> Option<&Jack> {
        self.all.get(&port)
    }

    pub(crate) fn ports(&self) -> impl Iterator<Item = PortId> {
        self.all.keys().copied()
    }

    /// The set does something else now: what was due is not.
    pub(crate) fn set_phase(&mut self, port: PortId, phase: SetPhase) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.phase = phase;
            jack.timers.retain(|(_, timer)| *timer == SetTimer::Beep);
        }
    }

    /// Plans something at a set; what was planned of the same kind is not.
    pub(crate) fn set_timer(&mut self, port: PortId, at: Instant, what: SetTimer) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.timers.retain(|(_, timer)| *timer != what);
            jack.timers.push((at, what));
        }
    }

    /// The set whose lifeline is for this line, and whether a contact tells where its relay has it.
    pub(crate) fn lifeline_of_line(&self, line: PortId) -> Option<(PortId, bool)> {
        self.all.iter().find_map(|(&set, jack)| {
            let lifeline = jack.lifeline.filter(|lifeline| lifeline.line == line)?;
            Some((set, lifeline.sensed))
        })
    }

    /// Sets that have a lifeline.
    pub(crate) fn with_lifeline(&self) -> Vec<(PortId, crate::Lifeline)> {
        let all = self.all.iter();
        let with = all.filter_map(|(&set, jack)| Some((set, jack.lifeline?)));
        with.collect()
    }

    /// The set is left on the line of its lifeline.
    pub(crate) fn leave(&mut self, port: PortId) {
        self.set_phase(port, SetPhase::Left { lifted: false });
    }

    /// The set that was left is back, and shows until then that it is off hook; whether its port said so before.
    pub(crate) fn come_back(&mut self, port: PortId, shows_until: Instant) -> bool {
        let Some(jack) = self.all.get_mut(&port).filter(|jack| jack.is_left()) else {
            return false;
        };
        jack.shows_until = shows_until;
        let lifted = jack.phase == SetPhase::Left { lifted: true };
        self.set_phase(port, SetPhase::Idle);
        lifted
    }

    pub(crate) fn set_on_line(&mut self, port: PortId, on_line: bool) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.on_line = on_line;
        }
    }

    pub(crate) fn set_feed(&mut self, port: PortId, feed: Linefeed) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.feed = feed;
        }
    }

    /// The set has this leg from now on.
    pub(crate) fn add_leg(&mut self, port: PortId, leg: LegId) {
        let Some(jack) = self.all.get_mut(&port) else {
            return;
        };
        if jack.legs.iter().all(|known| known.id != leg) {
            jack.legs.push(SetLeg {
                id: leg,
                hears: Route::Silence,
                tap: None,
                answered: false,
                tap_paused: false,
            });
        }
    }

    pub(crate) fn remove_leg(&mut self, port: PortId, leg: LegId) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.legs.retain(|known| known.id != leg);
        }
    }

    /// A leg of a set.
    pub(crate) fn leg_mut(&mut self, leg: LegId) -> Option<&mut SetLeg> {
        let mut legs = self.all.values_mut().flat_map(|jack| &mut jack.legs);
        legs.find(|known| known.id == leg)
    }

    /// The leg of a set that a track is of.
    pub(crate) fn leg_of_tap(&mut self, tap: TapId) -> Option<&mut SetLeg> {
        let mut legs = self.all.values_mut().flat_map(|jack| &mut jack.legs);
        legs.find(|known| known.tap == Some(tap))
    }

    pub(crate) fn set_waiting(&mut self, port: PortId, leg: Option<LegId>) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.waiting = leg;
            jack.beeps = 0;
            jack.timers.retain(|(_, timer)| *timer != SetTimer::Beep);
        }
    }

    /// The person was told of a second caller once more, and is again at `next`.
    pub(crate) fn beeped(&mut self, port: PortId, next: Instant) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.beeps = jack.beeps.saturating_add(1);
        }
        self.set_timer(port, next, SetTimer::Beep);
    }

    pub(crate) fn set_lamp_due(&mut self, port: PortId, due: bool) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.lamp_due = due;
        }
    }

    /// Whether a lamp is still to be told.
    pub(crate) fn owes_a_lamp(&self) -> bool {
        self.all.values().any(|jack| jack.lamp_due)
    }

    /// Whether the set of this leg attends to all its legs at once.
    pub(crate) fn is_united(&self, leg: LegId) -> bool {
        let mut united = self.all.values().filter(|jack| jack.united);
        united.any(|jack| jack.legs.iter().any(|known| known.id == leg))
    }

    pub(crate) fn set_united(&mut self, port: PortId, united: bool) {
        if let Some(jack) = self.all.get_mut(&port) {
            jack.united = united;
        }
    }

    /// The place in the media plane that serves this leg of a set now.
    pub(crate) fn media_of(&self, leg: LegId) -> Option<MediaLeg> {
        self.all.values().find_map(|jack| match jack.phase {
            SetPhase::Up { leg: active, media } => {
                let mine = jack.united && jack.legs.iter().any(|known| known.id == leg);
                (active == leg || mine).then_some(media)
            }
            _ => None,
        })
    }

    /// Whether the ear of the set belongs to this leg of it.
    pub(crate) fn attends(&self, leg: LegId) -> bool {
        let up =
            |jack: &Jack| matches!(jack.phase, SetPhase::Up { leg: active, .. } if active == leg);
        self.all.values().any(up)
    }

    /// The place in the media plane of the set that has this leg, whichever leg it attends to.
    pub(crate) fn place_of(&self, leg: LegId) -> Option<MediaLeg> {
        self.all.values().find_map(|jack| match jack.phase {
            SetPhase::Up { media, .. } => {
                let mine = jack.legs.iter().any(|known| known.id == leg);
                mine.then_some(media)
            }
            _ => None,
        })
    }

    /// Something that is due.
    pub(crate) fn due(&mut self, now: Instant) -> Option<(PortId, SetTimer)> {
        self.all.iter_mut().find_map(|(&port, jack)| {
            let due = jack.timers.iter().position(|(at, _)| *at <= now)?;
            Some((port, jack.timers.remove(due).1))
        })
    }

    /// When something is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let timers = self.all.values().flat_map(|jack| &jack.timers);
        timers.map(|(at, _)| *at).min()
    }

    /// The jack that an entry uses.
    pub(crate) fn of_entry(&self, entry: &EntryId) -> Option<(PortId, &Jack)> {
        self.all
            .iter()
            .find(|(_, jack)| jack.entry.as_ref() == Some(entry))
            .map(|(&port, jack)| (port, jack))
    }

    /// The jack whose set has this leg.
    pub(crate) fn of_leg(&self, leg: LegId) -> Option<(PortId, SetPhase)> {
        self.all
            .iter()
            .find(|(_, jack)| jack.legs.iter().any(|known| known.id == leg))
            .map(|(&port, jack)| (port, jack.phase))
    }

    /// All legs that sets are in.
    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> {
        let legs = self.all.values().flat_map(|jack| &jack.legs);
        legs.map(|leg| leg.id)
    }

    /// Jacks whose set is neither idle nor out of service, for the count of what is in use.
    pub(crate) fn busy(&self) -> usize {
        let busy = |jack: &&Jack| jack.phase != SetPhase::Idle;
        self.all.values().filter(busy).count()
    }

    /// Whether what a set shows now counts otherwise than later: it has just come back from its lifeline.
    pub(crate) fn shows(&self, now: Instant) -> bool {
        self.all.values().any(|jack| now < jack.shows_until)
    }

    /// Takes an event of the board into account and says what it means.
    pub(crate) fn event(&mut self, port: PortId, event: PortEvent) -> SetDid {
        let Some(jack) = self.all.get_mut(&port) else {
            return SetDid::Nothing;
        };
        let before = jack.phase;
        if matches!(event, PortEvent::OnHook | PortEvent::Fault(_)) {
            jack.timers.clear();
            jack.waiting = None;
        }
        match (event, before) {
            (PortEvent::OffHook, SetPhase::Idle) => SetDid::Lifted,
            (PortEvent::OffHook, SetPhase::Ringing(leg)) => SetDid::Answered(leg),
            (PortEvent::OnHook, SetPhase::Up { media, .. }) => {
                jack.phase = SetPhase::Idle;
                SetDid::HungUp(media)
            }
            (PortEvent::Flash, SetPhase::Up { .. } | SetPhase::Parting(_)) => SetDid::Flash,
            (PortEvent::OnHook, SetPhase::Parting(media) | SetPhase::Restless(media)) => {
                jack.phase = SetPhase::Idle;
                SetDid::Parted(media)
            }
            (PortEvent::OnHook, SetPhase::Mute) => {
                jack.phase = SetPhase::Idle;
                SetDid::Nothing
            }
            (PortEvent::OnHook, SetPhase::Locked) => {
                jack.phase = SetPhase::Idle;
                SetDid::Unlocked
            }
            (PortEvent::PulseDigit(digit), SetPhase::Up { leg, .. }) => {
                SetDid::Pulse { leg, digit }
            }
            (PortEvent::PulseDigit(_) | PortEvent::Flash, SetPhase::Restless(_)) => SetDid::Stirred,
            (PortEvent::OffHook | PortEvent::OnHook, SetPhase::Left { .. }) => {
                let lifted = event == PortEvent::OffHook;
                jack.phase = SetPhase::Left { lifted };
                SetDid::Nothing
            }
            (PortEvent::Fault(_), phase) => {
                jack.out_of_service = true;
                jack.phase = match phase {
                    SetPhase::Left { .. } => SetPhase::Left { lifted: false },
                    _ => SetPhase::Idle,
                };
                SetDid::Failed(phase)
            }
            (PortEvent::Recovered, _) => {
                jack.out_of_service = false;
                jack.feed = Linefeed::Forward;
                SetDid::Recovered
            }
            (PortEvent::OffHook | PortEvent::OnHook | PortEvent::Flash, _)
            | (
                PortEvent::PulseDigit(_)
                | PortEvent::Ring(_)
                | PortEvent::Battery(_)
                | PortEvent::Reversed(_)
                | PortEvent::Current(_)
                | PortEvent::InUse(_)
                | PortEvent::Lifeline(_)
                | PortEvent::Done,
                _,
            ) => SetDid::Nothing,
        }
    }
}

/// The cadence of these alternating times in ms; that of most countries if they are none.
pub(crate) fn cadence(cadence_ms: &[u16]) -> Cadence {
    Cadence::new(cadence_ms)
        .or_else(|| Cadence::new(&[1_000, 4_000]))
        .expect("one second on, four off is a legal cadence")
}
