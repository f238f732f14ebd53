//! The carrier's exchange behind a simulated FXO port, as a machine on times handed in.

use core::time::Duration;
use std::sync::Arc;

use dsp::dtmf::{DtmfReceiver, Key};
use hal_port::{FRAME, Frame, HookDetector, HookTimes, Linefeed, PortEvent};
use model::limits::NUMBER_LEN_MAX;
use model::{Absence, CallerField, CallerInfo, CallerText, Instant, ToneSpec};
use rtrb::{Consumer, Producer};

use super::aon::Teller;
use super::copper::{Contact, Copper, Fact, Flaws, What};
use super::far::Far;
use super::plan::{Announcement, Doing};
use super::rules::{CarrierRules, Disconnect, Fate, LineFaults, LineSettings};
use crate::act::ActError;
use crate::recognise::NamedTone;
use crate::sound::{Sound, Spoken};
use crate::wire::Heard;

/// The number of a caller who does not want it shown.
const WITHHELD: &str = "withheld";
/// Nothing dialled for so long: the number is whole.
const DIGIT_WAIT: Duration = Duration::from_millis(2_500);
/// No number is shorter, and an exchange waits longer for what is missing.
const DIGITS_LEAST: usize = 2;
const INCOMPLETE_WAIT: Duration = Duration::from_secs(10);
/// A number is whole at the latest with so many digits.
const DIGITS_WHOLE: usize = 15;
/// From the last digit to the far telephone's first ring.
const ROUTING: Duration = Duration::from_millis(600);
/// Three digits from a 1 are an emergency number in most countries: it is whole sooner.
const SHORT_WAIT: Duration = Duration::from_millis(1_200);
/// Dial tone without a digit for so long, then the howler.
const DIAL_PATIENCE: Duration = Duration::from_secs(20);
/// From the far party's hang-up to the first sign of it.
const CLEARING: Duration = Duration::from_millis(400);
/// Loop current in tenths of mA: a good line, a long one, a poor one.
const LOOP_TENTH_MA: [i16; 3] = [250, 160, 120];
/// Loss of a long loop, and of a line with a second set off hook, in dB.
const LONG_LOOP_DB: u8 = 9;
const PARALLEL_DB: u8 = 4;
/// For people who look: how often a far party with a manner thinks.
const THINK: Duration = Duration::from_millis(100);

/// The carrier's ends of what connects the parts of a line.
#[derive(Debug)]
pub(crate) struct CarrierLinks {
    pub(crate) copper: Arc<Copper>,
    pub(crate) facts: Producer<Fact>,
    pub(crate) contacts: Consumer<Contact>,
    /// Of the set whose lifeline the line is.
    pub(crate) set: Option<Consumer<Contact>>,
    pub(crate) sounds: Producer<Spoken>,
    pub(crate) heard: Consumer<Heard>,
}

/// What the exchange is doing on the line.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Idle,
    /// A call comes: its caller is being told.
    Announcing(Box<Announcement>),
    /// A call comes: it rings by the cadence that began then.
    Ringing {
        since: Duration,
    },
    /// The port is off hook and may dial.
    Dialling {
        since: Duration,
        last: Option<Duration>,
    },
    /// A number is dialled and being looked for.
    Routing {
        until: Duration,
    },
    /// The far telephone rings.
    Ringback {
        since: Duration,
    },
    /// The call came to nothing; the port hears why.
    TurnedAway,
    /// The two talk.
    Talking,
    /// The far party has hung up; the next sign of it is due then, if there is one.
    Clearing {
        step: u8,
        due: Option<Duration>,
    },
}

impl Stage {
    /// What it is called in reports.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Announcing(_) => "announcing",
            Self::Ringing { .. } => "ringing",
            Self::Dialling { .. } => "dialling",
            Self::Routing { .. } => "routing",
            Self::Ringback { .. } => "ringback",
            Self::TurnedAway => "turned_away",
            Self::Talking => "talking",
            Self::Clearing { .. } => "clearing",
        }
    }
}

/// The carrier's exchange and the far party behind one FXO port. Lives on the control thread.
#[derive(Debug)]
pub struct Carrier {
    pub(crate) port: String,
    pub(crate) links: CarrierLinks,
    pub(crate) rules: CarrierRules,
    pub(crate) faults: LineFaults,
    pub(crate) fate: Fate,
    pub(crate) now: Duration,
    pub(crate) stage: Stage,
    pub(crate) far: Far,
    pub(crate) dialled: String,
    pub(crate) flashes: u32,
    /// The far party waits while the port does something else.
    aside: bool,
    /// Sounds given to the line since the start.
    pub(crate) said: u64,
    /// A test moves the line; the exchange does nothing of itself.
    by_hand: bool,
    hook: HookDetector,
    pub(crate) closed: bool,
    /// The set whose lifeline this is closes the loop.
    set_closed: bool,
    keys: DtmfReceiver,
    teller: Teller,
    stay: u32,
    reversed: bool,
    broken: bool,
    ringing: bool,
    fed: Option<Linefeed>,
    last_heard: Frame,
}

impl Carrier {
    pub(crate) fn new(port: String, links: CarrierLinks, rules: CarrierRules) -> Self {
        Self {
            port,
            links,
            rules,
            faults: LineFaults::default(),
            fate: Fate::default(),
            now: Duration::ZERO,
            stage: Stage::Idle,
            far: Far::default(),
            dialled: String::new(),
            flashes: 0,
            aside: false,
            said: 0,
            by_hand: false,
            hook: HookDetector::new(HookTimes::default()),
            closed: false,
            set_closed: false,
            keys: DtmfReceiver::new(),
            teller: Teller::default(),
            stay: 0,
            reversed: false,
            broken: false,
            ringing: false,
            fed: None,
            last_heard: [0; FRAME],
        }
    }

    /// The port's name.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }

    /// What it is doing on the line; see [`super::LineReport`].
    #[must_use]
    pub const fn doing(&self) -> &'static str {
        self.stage.name()
    }

    /// What the port dialled last.
    #[must_use]
    pub fn dialled(&self) -> &str {
        &self.dialled
    }

    /// Behaves by these rules from the next call on.
    pub fn set_rules(&mut self, rules: CarrierRules) {
        self.rules = rules;
    }

    /// Changes what is decided about the line, at once.
    pub fn settle(&mut self, settings: LineSettings) {
        if let Some(disconnect) = settings.disconnect {
            self.rules.disconnect = disconnect;
        }
        if let Some(reversal) = settings.answer_reversal {
            self.rules.answer_reversal = reversal;
        }
        self.rules.aon = settings.aon.unwrap_or(self.rules.aon);
        self.fate = settings.fate.unwrap_or(self.fate);
        if let Some(faults) = settings.faults {
            self.set_faults(faults);
        }
        if settings.impedance.is_some() {
            self.fact(What::Impedance(settings.impedance));
        }
    }

    fn set_faults(&mut self, faults: LineFaults) {
        self.faults = faults;
        let loss = if faults.long_loop { LONG_LOOP_DB } else { 0 };
        let parallel = if faults.parallel { PARALLEL_DB } else { 0 };
        self.links.copper.set_flaws(Flaws {
            loss_db: loss + parallel,
            echo_db: faults.echo_db,
            noise_dbm0: faults.noise_dbm0,
            crosstalk: faults.crosstalk,
        });
        let [good, long, poor] = LOOP_TENTH_MA;
        let current = match (faults.low_current, faults.long_loop) {
            (true, _) => poor,
            (false, true) => long,
            (false, false) => good,
        };
        self.fact(What::LoopTenthMa(current));
        self.fact(What::Parallel(faults.parallel));
        self.fact(What::ForeignVolts(faults.foreign_volts));
        self.feed();
    }

    /// Time has come to `now`.
    pub(crate) fn advance(&mut self, now: Instant, tones: &[NamedTone]) {
        self.now = self.now.max(Duration::from_nanos(now.as_nanos()));
        if self.fed.is_none() {
            self.set_faults(self.faults);
        }
        while let Some((by_set, contact)) = self.next_contact() {
            self.hook.sample(contact.at, self.loop_closed());
            if by_set {
                self.set_closed = contact.closed;
            } else {
                self.closed = contact.closed;
            }
            self.hook.sample(contact.at, self.loop_closed());
            self.hook_events();
            self.plan_hook(contact.at);
        }
        self.hook.sample(self.now, self.loop_closed());
        self.hook_events();
        while let Ok(heard) = self.links.heard.pop() {
            self.hear(&heard);
        }
        if self.by_hand {
            return;
        }
        self.run();
        self.far_thinks(tones);
    }

    /// The next movement of a contact on the line, and whether it is that of the set.
    fn next_contact(&mut self) -> Option<(bool, Contact)> {
        let port = self.links.contacts.peek().ok().map(|contact| contact.at);
        let set = self.links.set.as_ref();
        let set = set.and_then(|set| Some(set.peek().ok()?.at));
        let by_set = set.is_some_and(|at| port.is_none_or(|port| at < port));
        let contact = match &mut self.links.set {
            Some(set) if by_set => set.pop(),
            _ => self.links.contacts.pop(),
        };
        Some((by_set, contact.ok()?))
    }

    /// The port closes the loop, or the set does.
    const fn loop_closed(&self) -> bool {
        self.closed || self.set_closed
    }

    /// When the exchange has something to do if nothing happens.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let set_moved = self.links.set.as_ref().is_some_and(|set| !set.is_empty());
        let waiting = (set_moved || !self.links.contacts.is_empty()).then_some(self.now);
        let think = (self.far.wants_to_think() && !matches!(self.stage, Stage::Idle))
            .then(|| self.now + THINK);
        let due = [self.due(), self.hook.next_deadline(), waiting, think];
        let due = due.into_iter().flatten().min()?;
        let nanos = u64::try_from(due.as_nanos()).unwrap_or(u64::MAX);
        Some(Instant::from_nanos(nanos))
    }

    fn due(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Announcing(plan) => Some(plan.due()),
            Stage::Ringing { since } => Some(self.next_ring_edge(*since)),
            Stage::Dialling { since, last: None } => Some(*since + DIAL_PATIENCE),
            Stage::Dialling {
                last: Some(last), ..
            } => Some(*last + self.digit_wait()),
            Stage::Routing { until } => Some(*until),
            Stage::Clearing { due, .. } => *due,
            Stage::Talking => self.teller.due,
            Stage::Idle | Stage::Ringback { .. } | Stage::TurnedAway => None,
        }
    }

    fn digit_wait(&self) -> Duration {
        if self.dialled.len() < DIGITS_LEAST {
            INCOMPLETE_WAIT
        } else if self.dialled.len() == 3 && self.dialled.starts_with('1') {
            SHORT_WAIT
        } else if self.dialled.len() >= DIGITS_WHOLE {
            Duration::ZERO
        } else {
            DIGIT_WAIT
        }
    }

    fn next_ring_edge(&self, since: Duration) -> Duration {
        if since > self.now {
            return since;
        }
        let ms = u64::try_from((self.now - since).as_millis()).unwrap_or(u64::MAX);
        let ring = &self.rules.ring;
        let round = ms / ring.period_ms().max(1) * ring.period_ms();
        let mut edge = round;
        for &step in ring.steps_ms() {
            edge += u64::from(step);
            if edge > ms {
                break;
            }
        }
        since + Duration::from_millis(edge)
    }

    /// Does what is due, each at its own time.
    fn run(&mut self) {
        // No plan has more steps; what a late look leaves comes with the next.
        for _ in 0..16 {
            if self.due().is_none_or(|due| due > self.now) {
                break;
            }
            self.step();
        }
        if let Stage::Ringing { since } = self.stage {
            let ms = self.now.checked_sub(since);
            let on = ms.is_some_and(|ms| {
                let ms = u64::try_from(ms.as_millis()).unwrap_or(u64::MAX);
                self.rules.ring.is_on_at(ms)
            });
            self.ring(on);
        }
    }

    fn step(&mut self) {
        match &mut self.stage {
            Stage::Announcing(plan) => {
                let doing = plan.next(&self.rules.ring);
                self.announce(doing);
                self.plan_hook(self.now);
            }
            Stage::Dialling { last: None, .. } => {
                self.tone(self.rules.tones.howler);
                self.stage = Stage::TurnedAway;
            }
            Stage::Dialling { .. } => {
                self.stage = Stage::Routing {
                    until: self.now + ROUTING,
                };
            }
            Stage::Routing { .. } => self.routed(),
            Stage::Clearing { step, .. } => {
                let step = *step;
                self.clear_step(step);
            }
            Stage::Talking => self.tell_caller(),
            Stage::Idle | Stage::Ringing { .. } | Stage::Ringback { .. } | Stage::TurnedAway => {}
        }
    }

    /// Who calls was asked for; whoever speaks is heard again afterwards.
    fn tell_caller(&mut self) {
        let blocks = self.teller.packet();
        if blocks.is_empty() {
            return;
        }
        self.next_stay();
        for block in blocks {
            self.say(Sound::Block(block));
        }
        if let Some(mark) = self.far.talking.as_ref().and_then(crate::Mark::spec) {
            self.say(Sound::Signal(mark));
        }
    }

    fn announce(&mut self, doing: Doing) {
        match doing {
            Doing::Reverse(reversed) => self.reverse(reversed),
            Doing::Ringing(on) => self.ring(on),
            Doing::Sound(blocks) => {
                self.ring(false);
                self.next_stay();
                for block in blocks {
                    self.say(Sound::Block(block));
                }
            }
            Doing::Rings(since) => {
                self.reverse(false);
                self.next_stay();
                if !self.loop_closed() {
                    // What the set did for the plan is no flash later.
                    self.hook = HookDetector::new(HookTimes::default());
                }
                self.stage = Stage::Ringing { since };
            }
        }
    }

    /// The plan of a scheme waits for the set to go off hook or on hook.
    fn plan_hook(&mut self, at: Duration) {
        let closed = self.loop_closed();
        if let Stage::Announcing(plan) = &mut self.stage
            && plan.waits_for_hook() == Some(closed)
        {
            plan.hook_moved(at);
        }
    }

    fn routed(&mut self) {
        self.stage = Stage::TurnedAway;
        match self.fate {
            _ if self.dialled.len() < DIGITS_LEAST => self.tone(self.rules.tones.congestion),
            Fate::Busy => self.tone(self.rules.tones.busy),
            Fate::Congestion => self.tone(self.rules.tones.congestion),
            Fate::SpecialInfo => self.tone(self.rules.tones.special_info),
            Fate::Silence => self.next_stay(),
            Fate::Rings if self.far.off_hook => self.tone(self.rules.tones.busy),
            Fate::Rings => {
                self.tone(self.rules.tones.ringback);
                self.stage = Stage::Ringback { since: self.now };
            }
        }
    }

    fn hook_events(&mut self) {
        while let Some(event) = self.hook.poll() {
            if self.by_hand {
                continue;
            }
            let owned = matches!(&self.stage, Stage::Announcing(plan) if plan.owns_hook());
            match event {
                PortEvent::OffHook if !owned => self.port_lifted(),
                PortEvent::OnHook if !owned => self.port_hung_up(),
                PortEvent::Flash => self.flashed(),
                PortEvent::PulseDigit(digit) => {
                    self.digit(char::from(b'0'.saturating_add(digit.min(9))));
                }
                _ => {}
            }
        }
    }

    fn port_lifted(&mut self) {
        match self.stage {
            Stage::Announcing(_) | Stage::Ringing { .. } => self.talk(false),
            Stage::Idle if self.faults.stuck => {
                self.next_stay();
                self.stage = Stage::TurnedAway;
            }
            Stage::Idle => {
                self.dialled.clear();
                self.keys = DtmfReceiver::new();
                self.tone(self.rules.tones.dial);
                self.stage = Stage::Dialling {
                    since: self.now,
                    last: None,
                };
            }
            _ => {}
        }
    }

    /// In a talk a flash puts the far party aside and gives dial tone; the next one brings it back.
    fn flashed(&mut self) {
        self.flashes += 1;
        let waits = core::mem::take(&mut self.aside);
        match self.stage {
            Stage::Talking => {
                self.aside = true;
                self.dialled.clear();
                self.keys = DtmfReceiver::new();
                self.tone(self.rules.tones.dial);
                self.stage = Stage::Dialling {
                    since: self.now,
                    last: None,
                };
            }
            Stage::Dialling { .. }
            | Stage::Routing { .. }
            | Stage::Ringback { .. }
            | Stage::TurnedAway
                if waits =>
            {
                self.next_stay();
                self.stage = Stage::Talking;
                if let Some(mark) = self.far.talking.as_ref().and_then(crate::Mark::spec) {
                    self.say(Sound::Signal(mark));
                }
            }
            _ => {}
        }
    }

    fn port_hung_up(&mut self) {
        if matches!(self.stage, Stage::Announcing(_) | Stage::Ringing { .. }) {
            return;
        }
        self.far.released();
        self.idle();
    }

    pub(crate) fn idle(&mut self) {
        self.stage = Stage::Idle;
        self.aside = false;
        self.next_stay();
        self.ring(false);
        self.broken = false;
        self.reversed = false;
        self.feed();
    }

    /// The two hear each other from now on.
    pub(crate) fn talk(&mut self, outgoing: bool) {
        self.ring(false);
        self.next_stay();
        if outgoing {
            // Nobody is asked who was called.
            self.teller = Teller::default();
        }
        self.stage = Stage::Talking;
        self.reverse(outgoing && self.rules.answer_reversal);
        self.far.begins(self.now, outgoing);
        if let Some(mark) = self.far.talking.as_ref().and_then(crate::Mark::spec) {
            self.say(Sound::Signal(mark));
        }
    }

    /// The far party has hung up in a talk.
    pub(crate) fn far_hung_up(&mut self) {
        self.next_stay();
        self.stage = Stage::Clearing {
            step: 0,
            due: Some(self.now + CLEARING),
        };
    }

    fn clear_step(&mut self, step: u8) {
        let tones = &self.rules.tones;
        let (dial, howler) = (tones.dial, tones.howler);
        let mut next = None;
        match (self.rules.disconnect, step) {
            (Disconnect::LoopBreak, 0) => {
                self.broken = true;
                self.feed();
                next = Some(Duration::from_millis(self.rules.break_ms.into()));
            }
            (Disconnect::LoopBreak, _) => {
                self.broken = false;
                self.feed();
            }
            (Disconnect::Reversal, _) => self.reverse(!self.reversed),
            (Disconnect::BusyTone, _) => self.tone(tones.busy),
            (Disconnect::CongestionTone, _) => self.tone(tones.congestion),
            (Disconnect::DialTone, 0) => {
                self.tone(dial);
                next = Some(DIAL_PATIENCE);
            }
            (Disconnect::DialTone, _) => self.tone(howler),
            (Disconnect::Silence, _) => {}
        }
        self.stage = Stage::Clearing {
            step: step.saturating_add(1),
            due: next.map(|wait| self.now + wait),
        };
    }

    fn digit(&mut self, digit: char) {
        let first = match &mut self.stage {
            Stage::Dialling { last, .. } => last.replace(self.now).is_none(),
            _ => return,
        };
        if first {
            self.next_stay();
        }
        if self.dialled.len() < NUMBER_LEN_MAX {
            self.dialled.push(digit);
        }
    }

    fn hear(&mut self, heard: &Heard) {
        self.last_heard = heard.frame;
        match self.stage {
            Stage::Dialling { .. } => {
                let sound = heard.frame.map(f32::from);
                let mut pressed = None;
                self.keys.feed(&sound, |key| {
                    if let Key::Pressed(digit) = key {
                        pressed = Some(digit);
                    }
                });
                if let Some(digit) = pressed {
                    self.digit(digit.to_char());
                }
            }
            Stage::Talking => {
                self.teller.hear(&heard.frame, self.now, self.rules.aon);
                if heard.stay == self.stay {
                    self.far.ear.take(&heard.frame);
                }
            }
            _ => {}
        }
    }

    /// Begins a call to the port.
    pub(crate) fn ring_up(&mut self, number: &str, name: &str) -> Result<(), ActError> {
        let free = matches!(self.stage, Stage::Idle)
            && !self.hook.is_off_hook()
            && !self.faults.parallel
            && !self.faults.stuck
            && !self.faults.dead;
        if !free {
            return Err(ActError::LineBusy);
        }
        let field = |text: &str| match text {
            "" => CallerField::None,
            WITHHELD => CallerField::Absent(Absence::Private),
            text => CallerField::Text(CallerText::fitting(text)),
        };
        let info = CallerInfo {
            number: field(number),
            name: field(name),
            ..CallerInfo::default()
        };
        self.teller = Teller::new(info);
        let plan = Announcement::new(self.now, self.rules.caller_id, info);
        self.stage = Stage::Announcing(Box::new(plan));
        self.run();
        Ok(())
    }

    fn reverse(&mut self, reversed: bool) {
        self.reversed = reversed;
        self.feed();
    }

    /// Tells the port how the line is fed, if that changed.
    fn feed(&mut self) {
        let feed = match (
            self.faults.dead || self.broken,
            self.reversed,
            self.faults.reversed_pair,
        ) {
            (true, ..) => Linefeed::Open,
            (false, one, other) if one != other => Linefeed::Reverse,
            (false, ..) => Linefeed::Forward,
        };
        if self.fed != Some(feed) {
            self.fed = Some(feed);
            self.fact(What::Feed(feed));
        }
    }

    pub(crate) fn fed(&self) -> Linefeed {
        self.fed.unwrap_or_default()
    }

    fn ring(&mut self, on: bool) {
        let on = on && !self.faults.dead;
        if self.ringing != on {
            self.ringing = on;
            self.fact(What::Ringing(on));
        }
    }

    fn fact(&mut self, what: What) {
        let at = self.now;
        // A port that does not look for so long has missed calls, as it would on a real line.
        let _ = self.links.facts.push(Fact { at, what });
    }

    /// What was being said is not said any more.
    fn next_stay(&mut self) {
        self.stay += 1;
        self.links.copper.wire.set_stay(self.stay);
    }

    pub(crate) fn tone(&mut self, spec: ToneSpec) {
        self.next_stay();
        self.say(Sound::Signal(spec));
    }

    /// Says this on the line; whether it found room.
    pub(crate) fn say(&mut self, sound: Sound) -> bool {
        let stay = self.stay;
        let room = self.links.sounds.push(Spoken { stay, sound }).is_ok();
        self.said += u64::from(room);
        room
    }
}

/// The line moved by a test, which needs more than a carrier does.
impl Carrier {
    /// From now on the exchange does nothing of itself.
    pub fn move_by_hand(&mut self) {
        self.by_hand = true;
    }

    /// Feeds the line like this.
    pub fn set_feed(&mut self, feed: Linefeed) {
        self.fed = Some(feed);
        self.fact(What::Feed(feed));
    }

    /// Puts ringing voltage on the line, or takes it off.
    pub fn set_ringing(&mut self, on: bool) {
        self.fact(What::Ringing(on));
    }

    /// A parallel set is lifted, or put back.
    pub fn set_parallel(&mut self, off_hook: bool) {
        self.fact(What::Parallel(off_hook));
    }

    /// Whether the port closes the loop.
    #[must_use]
    pub const fn loop_is_closed(&self) -> bool {
        self.closed
    }

    /// Sends exactly these samples, in the order given, one block an exchange.
    ///
    /// # Errors
    /// [`ActError::Busy`] when too many wait.
    pub fn speak_block(&mut self, frame: &Frame) -> Result<(), ActError> {
        if self.say(Sound::Block(*frame)) {
            Ok(())
        } else {
            Err(ActError::Busy)
        }
    }

    /// The last block that the port said.
    #[must_use]
    pub const fn last_heard(&self) -> Frame {
        self.last_heard
    }
}
