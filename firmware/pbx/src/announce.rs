//! Telling a set on hook who calls: the plan of its scheme, step by step, around the bell.

use core::time::Duration;
use std::collections::BTreeMap;

use hal_port::{Cadence, Linefeed, PortCommand};
use model::{
    CallerIdOutcome, CallerInfo, CallerTold, Event, EventBody, Instant, LegId, LinePlay,
    MediaCommand, MediaLeg, Now, PlanStep, PortId,
};

use crate::{
    Output, Pbx,
    caller::Way,
    pbx::Owner,
    ports::{Jack, SetPhase},
    ringer::Wanted,
};

/// Level of the data, and of each sine of the tone that announces them, in dBm0: −13.5 dBm at the
/// line (GR-30-CORE §2.3.1), and −15 (EN 300 659-1 §6.3.1).
pub(crate) const DATA_DBM0: i8 = -14;
const ALERT_DBM0: i8 = -15;
/// Longest that anything is played: the longest message and the way there and back.
const PLAYED_MAX: Duration = Duration::from_secs(5);
/// Silence after a pulse of ringing that is not repeated, in ms; it is stopped long before.
const PULSE_PAUSE_MS: u16 = 60_000;

/// A set that is being told something while it is on hook.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    why: Why,
    way: Way,
    plan: &'static [PlanStep],
    info: CallerInfo,
    /// How the set rings for the call.
    cadence: Cadence,
    /// The step that comes next.
    next: usize,
    waits: Waits,
    /// The place in the media plane for what is played, from the first sound on.
    media: Option<MediaLeg>,
    /// The data were played, or could not be.
    told: bool,
}

/// Why a set is told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is called by this leg.
    Call(LegId),
    /// Its lamp for messages is to be lit or put out.
    Lamp(bool),
    /// Somebody wants to see what it shows.
    Test,
}

impl Why {
    const fn leg(self) -> Option<LegId> {
        match self {
            Self::Call(leg) => Some(leg),
            Self::Lamp(_) | Self::Test => None,
        }
    }
}

/// What the plan waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// Time.
    Until(Instant),
    /// The turn of the bell; then this long, and whether the bell stops there.
    Bell { ms: u16, pulse: bool },
    /// The bell of a pulse is stopped then.
    Pulse { until: Instant },
    /// What is played to be over.
    Sound { until: Instant, data: bool },
    /// The set to go off hook or on hook.
    Hook { off: bool, until: Instant },
}

/// All announcements, by port.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announcements {
    all: BTreeMap<PortId, Announcement>,
}

impl Announcements {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// When one of them goes on by itself.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.all.values().filter_map(Announcement::due).min()
    }

    fn due(&self, now: Instant) -> Option<PortId> {
        let is = |a: &Announcement| a.due().is_some_and(|at| at <= now);
        let mut all = self.all.iter();
        all.find(|(_, a)| is(a)).map(|(&port, _)| port)
    }
}

impl Announcement {
    const fn due(&self) -> Option<Instant> {
        match self.waits {
            Waits::Until(at)
            | Waits::Pulse { until: at }
            | Waits::Sound { until: at, .. }
            | Waits::Hook { until: at, .. } => Some(at),
            Waits::Bell { .. } => None,
        }
    }

    /// The step in which the set goes off hook for the data (NTT).
    fn answers_at(&self) -> Option<usize> {
        let answers = |step: &PlanStep| matches!(step, PlanStep::SetAnswers(_));
        self.plan.iter().position(answers)
    }

    /// Off hook is a part of the plan, and no answer to the call: from the pulse of ringing, which sets
    /// answer before it ends, until the set has hung up.
    fn owns_hook(&self) -> bool {
        let hangs_up = |step: &PlanStep| matches!(step, PlanStep::SetHangsUp(_));
        let hangs_up = self.plan.iter().position(hangs_up);
        match (self.answers_at(), hangs_up) {
            (Some(from), Some(to)) => {
                let waits_for_bell = matches!(self.waits, Waits::Bell { .. });
                (from..=to + 1).contains(&self.next) && !waits_for_bell
            }
            _ => false,
        }
    }

    /// The set is off hook only for the data.
    fn is_lifted(&self) -> bool {
        let answered = self.answers_at().is_some_and(|at| self.next > at);
        let waits = matches!(self.waits, Waits::Hook { off: true, .. });
        self.owns_hook() && answered && !waits
    }
}

/// The sound of a cadence up to its long pause, which comes last, in ms.
fn span_ms(cadence: &Cadence) -> u16 {
    let sounds = cadence.steps_ms().split_last().map(|(_, sounds)| sounds);
    sounds.unwrap_or_default().iter().sum()
}

impl Pbx {
    /// Begins to tell a set who calls; it rings as the plan says. False if it is not told: then it only
    /// rings.
    pub(crate) fn announce_call(
        &mut self,
        now: Now,
        port: PortId,
        leg: LegId,
        (way, info): (Way, CallerInfo),
        cadence: Cadence,
    ) -> bool {
        if !self.can_tell(port, way) {
            self.caller_id_was(leg, way, &info, now, CallerIdOutcome::Impossible);
            return false;
        }
        self.tell_set(now, port, Why::Call(leg), (way, info), cadence);
        true
    }

    /// Whether the hardware of a port can tell its set something in this way.
    pub(crate) fn can_tell(&self, port: PortId, way: Way) -> bool {
        let can = self.jacks.get(port).map(|jack| jack.capabilities);
        can.is_some_and(|can| can.on_hook_sound && (can.reversal || !way.scheme.needs_reversal()))
    }

    /// Begins to tell a set something.
    pub(crate) fn tell_set(
        &mut self,
        now: Now,
        port: PortId,
        why: Why,
        (way, info): (Way, CallerInfo),
        cadence: Cadence,
    ) {
        self.give_way_of_set(now, port);
        let plan = match why {
            Why::Lamp(_) => way.scheme.lamp_plan(),
            Why::Call(_) | Why::Test => way.scheme.plan(),
        };
        let announcement = Announcement {
            why,
            way,
            plan,
            info,
            cadence,
            next: 0,
            waits: Waits::Until(now.mono),
            media: None,
            told: false,
        };
        self.announcements.all.insert(port, announcement);
        self.announce_on(now, port);
    }

    /// Goes on with the plan until it has to wait.
    fn announce_on(&mut self, now: Now, port: PortId) {
        while let Some(announcement) = self.announcements.all.get_mut(&port) {
            let Some(&step) = announcement.plan.get(announcement.next) else {
                self.announced(now, port);
                return;
            };
            announcement.next += 1;
            if let Some(waits) = self.begin_step(now, port, step) {
                if let Some(announcement) = self.announcements.all.get_mut(&port) {
                    announcement.waits = waits;
                }
                if let Waits::Bell { pulse, .. } = waits {
                    self.ask_for_bell(now, port, pulse);
                }
                return;
            }
        }
    }

    /// Does what a step says; what it waits for, if it takes time.
    fn begin_step(&mut self, now: Now, port: PortId, step: PlanStep) -> Option<Waits> {
        let after = |ms: u16| now.mono + Duration::from_millis(ms.into());
        match step {
            PlanStep::Reverse => {
                self.feed_if_able(port, Linefeed::Reverse);
                None
            }
            PlanStep::Restore => {
                self.feed_if_able(port, Linefeed::Forward);
                None
            }
            PlanStep::FirstRing => {
                let cadence = self.announcements.all.get(&port)?.cadence;
                let ms = span_ms(&cadence);
                Some(Waits::Bell { ms, pulse: false })
            }
            PlanStep::RingPulse(ms) => Some(Waits::Bell { ms, pulse: true }),
            PlanStep::Pause(ms) => Some(Waits::Until(after(ms))),
            PlanStep::AlertTone(ms) => {
                let dbm0 = ALERT_DBM0;
                let play = LinePlay::AlertTone { ms, dbm0 };
                self.play_on_hook(now, port, play, false)
            }
            PlanStep::Data => {
                let announcement = self.announcements.all.get(&port)?;
                let play = LinePlay::Caller {
                    info: announcement.info,
                    scheme: announcement.way.scheme,
                    dbm0: DATA_DBM0,
                };
                self.play_on_hook(now, port, play, true)
            }
            PlanStep::SetAnswers(ms) => Some(Waits::Hook {
                off: true,
                until: after(ms),
            }),
            PlanStep::SetHangsUp(ms) => Some(Waits::Hook {
                off: false,
                until: after(ms),
            }),
            PlanStep::Ring => {
                let announcement = self.announcements.all.get(&port)?;
                let rings = matches!(announcement.plan.first(), Some(PlanStep::FirstRing));
                let (tell, cadence) = (announcement.why.leg(), announcement.cadence);
                match (rings, announcement.why) {
                    (true, Why::Test) => self.stop_bell(now, port),
                    (false, Why::Test) => {
                        let ms = span_ms(&cadence);
                        return Some(Waits::Bell { ms, pulse: true });
                    }
                    (false, _) => self.give_turn(
                        now,
                        Wanted {
                            port,
                            tell,
                            cadence,
                        },
                        true,
                    ),
                    (true, _) => {}
                }
                None
            }
        }
    }

    /// Reverses the line, where the hardware can: DTMF is understood without.
    fn feed_if_able(&mut self, port: PortId, feed: Linefeed) {
        let able = |jack: &Jack| jack.capabilities.reversal && jack.feed != feed;
        if self.jacks.get(port).is_some_and(able) {
            self.feed(port, feed);
        }
    }

    /// The bell is to have its turn: of the call, or of a pulse only.
    fn ask_for_bell(&mut self, now: Now, port: PortId, pulse: bool) {
        let Some(announcement) = self.announcements.all.get(&port) else {
            return;
        };
        let (leg, mut cadence) = (announcement.why.leg(), announcement.cadence);
        if let Waits::Bell { ms, pulse: true } = announcement.waits {
            cadence = Cadence::new(&[ms, PULSE_PAUSE_MS]).unwrap_or(cadence);
        }
        let tell = leg.filter(|_| !pulse);
        self.give_turn(
            now,
            Wanted {
                port,
                tell,
                cadence,
            },
            true,
        );
    }

    /// The bell of a port has begun: a plan that waited for it goes on.
    pub(crate) fn bell_began(&mut self, now: Now, port: PortId) {
        if let Some(announcement) = self.announcements.all.get_mut(&port)
            && let Waits::Bell { ms, pulse } = announcement.waits
        {
            let until = now.mono + Duration::from_millis(ms.into());
            announcement.waits = if pulse {
                Waits::Pulse { until }
            } else {
                Waits::Until(until)
            };
        }
    }

    /// Plays something to a set on hook; `None` if there is no place for it.
    fn play_on_hook(
        &mut self,
        now: Now,
        port: PortId,
        play: LinePlay,
        data: bool,
    ) -> Option<Waits> {
        let announcement = self.announcements.all.get(&port)?;
        let media = match announcement.media {
            Some(media) => Some(media),
            None if announcement.told => None,
            None => self.seat_for_port(port),
        };
        let Some(media) = media else {
            self.conclude(now, port, CallerIdOutcome::Impossible);
            return None;
        };
        if let Some(announcement) = self.announcements.all.get_mut(&port)
            && announcement.media.replace(media).is_none()
        {
            self.on_hook_sound(port, true);
        }
        self.media(MediaCommand::PlayOnPort { leg: media, play });
        let until = now.mono + PLAYED_MAX;
        Some(Waits::Sound { until, data })
    }

    fn on_hook_sound(&mut self, port: PortId, on: bool) {
        let command = PortCommand::SetOnHookSound(on);
        self.out.push_back(Output::Port { port, command });
    }

    /// What is told is over, one way or another; that is written once.
    fn conclude(&mut self, now: Now, port: PortId, outcome: CallerIdOutcome) {
        let Some(announcement) = self.announcements.all.get_mut(&port) else {
            return;
        };
        if core::mem::replace(&mut announcement.told, true) {
            return;
        }
        let (why, way, info) = (announcement.why, announcement.way, announcement.info);
        match why {
            Why::Call(leg) => self.caller_id_was(leg, way, &info, now, outcome),
            Why::Lamp(lit) => self.lamp_was_told(now, port, lit, outcome),
            Why::Test => self.set_was_tested(now, port, way.scheme, outcome),
        }
    }

    /// What was played on a port is over; whether it was an announcement's.
    pub(crate) fn announcement_played(&mut self, now: Now, port: PortId, whole: bool) -> bool {
        let Some(announcement) = self.announcements.all.get_mut(&port) else {
            return false;
        };
        let Waits::Sound { data, .. } = announcement.waits else {
            return false;
        };
        if data {
            let outcome = if whole {
                CallerIdOutcome::Sent
            } else {
                CallerIdOutcome::Impossible
            };
            self.conclude(now, port, outcome);
        }
        self.announce_on(now, port);
        true
    }

    /// The media plane has no place after all: the plan goes on without sound.
    pub(crate) fn announcement_failed(&mut self, now: Now, port: PortId, media: MediaLeg) {
        let Some(announcement) = self.announcements.all.get_mut(&port) else {
            return;
        };
        if announcement.media == Some(media) {
            announcement.media = None;
            self.on_hook_sound(port, false);
            self.conclude(now, port, CallerIdOutcome::Impossible);
            self.announce_on(now, port);
        }
    }

    /// What is due in announcements.
    pub(crate) fn run_announcements(&mut self, now: Now) {
        while let Some(port) = self.announcements.due(now.mono) {
            let waits = self.announcements.all.get(&port).map(|a| a.waits);
            match waits {
                Some(Waits::Pulse { .. }) => {
                    self.stop_bell(now, port);
                    self.announce_on(now, port);
                }
                // The media plane does not say that it is over: the call matters more.
                Some(Waits::Sound { .. }) => {
                    self.conclude(now, port, CallerIdOutcome::Impossible);
                    self.announce_on(now, port);
                }
                // It was lifted by a person, who goes on listening: that is an answer.
                Some(Waits::Hook { off: false, .. }) => {
                    match self.jacks.get(port).map(|jack| jack.phase) {
                        Some(SetPhase::Ringing(leg)) => self.set_answered(now, port, leg),
                        _ => self.set_lifted(now, port),
                    }
                }
                // No set that takes part: it rings all the same.
                Some(Waits::Hook { off: true, .. }) => {
                    self.conclude(now, port, CallerIdOutcome::Unanswered);
                    self.skip_to_ring(port);
                    self.announce_on(now, port);
                }
                Some(Waits::Until(_) | Waits::Bell { .. }) | None => self.announce_on(now, port),
            }
        }
    }

    fn skip_to_ring(&mut self, port: PortId) {
        self.feed_if_able(port, Linefeed::Forward);
        if let Some(announcement) = self.announcements.all.get_mut(&port) {
            announcement.next = announcement.plan.len().saturating_sub(1);
        }
    }

    /// The hook moved while a plan has it: whether it did.
    pub(crate) fn hook_is_planned(&mut self, now: Now, port: PortId, off: bool) -> bool {
        let Some(announcement) = self.announcements.all.get(&port) else {
            return false;
        };
        if !announcement.owns_hook() {
            return false;
        }
        match (announcement.waits, off) {
            (Waits::Hook { off: wanted, .. }, off) if wanted == off => {
                self.announce_on(now, port);
            }
            (Waits::Pulse { .. }, true) => {
                if let Some(announcement) = self.announcements.all.get_mut(&port) {
                    let answers = announcement.answers_at().unwrap_or_default();
                    announcement.next = answers + 1;
                }
                self.stop_bell(now, port);
                self.announce_on(now, port);
            }
            // Hung up before all was sent.
            (_, false) => {
                self.conclude(now, port, CallerIdOutcome::Cut);
                self.skip_to_ring(port);
                self.announce_on(now, port);
            }
            (_, true) => {}
        }
        true
    }

    /// Whether a set is being told something.
    pub(crate) fn is_announcing(&self, port: PortId) -> bool {
        self.announcements.all.contains_key(&port)
    }

    /// Whether the set is off hook only because the plan wants it so.
    pub(crate) fn is_lifted_for_data(&self, port: PortId) -> bool {
        let announcement = self.announcements.all.get(&port);
        announcement.is_some_and(Announcement::is_lifted)
    }

    /// The plan is at its end: the bell rings on by itself.
    fn announced(&mut self, now: Now, port: PortId) {
        let Some(announcement) = self.announcements.all.remove(&port) else {
            return;
        };
        if let Some(media) = announcement.media {
            self.on_hook_sound(port, false);
            self.remove_media(media);
        }
        if announcement.why == Why::Test {
            self.next_test(now, port);
        }
    }

    /// Ends what a set is being told, because it was lifted or is not called any more; the line is as
    /// before. Gives the place in the media plane, if there is one, for whoever needs one now.
    pub(crate) fn stop_announcing(&mut self, now: Now, port: PortId) -> Option<MediaLeg> {
        self.conclude(now, port, CallerIdOutcome::Cut);
        let announcement = self.announcements.all.remove(&port)?;
        if announcement.why == Why::Test {
            self.end_test(port);
        }
        if announcement.why.leg().is_none() {
            // A pulse of its own; who calls stops the bell otherwise.
            self.stop_bell(now, port);
        }
        self.feed_if_able(port, Linefeed::Forward);
        let media = announcement.media?;
        self.on_hook_sound(port, false);
        let play = LinePlay::Silence;
        self.media(MediaCommand::PlayOnPort { leg: media, play });
        Some(media)
    }

    /// A place in the media plane for the sound of a set's port.
    pub(crate) fn seat_for_port(&mut self, port: PortId) -> Option<MediaLeg> {
        let Some(media) = self.slots.take() else {
            self.counters.no_media_ports += 1;
            return None;
        };
        self.by_media.insert(media, Owner::Port(port));
        self.media(MediaCommand::AddPortLeg { leg: media, port });
        self.tell_sound(port, media);
        Some(media)
    }

    /// Writes what became of telling a set who calls.
    pub(crate) fn caller_id_was(
        &mut self,
        leg: LegId,
        way: Way,
        info: &CallerInfo,
        now: Now,
        outcome: CallerIdOutcome,
    ) {
        let event = Event {
            call: self.switch.call_of(leg),
            leg: Some(leg),
            rule: way.rule,
            body: EventBody::LegCallerId {
                scheme: way.scheme,
                outcome,
                number: CallerTold::from(&info.number),
                name: CallerTold::from(&info.name),
            },
        };
        self.record(now, event);
    }
}
