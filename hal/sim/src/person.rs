use core::time::Duration;
use std::sync::Arc;

use hal_port::{FRAME, Frame, Linefeed};
use model::limits::NUMBER_LEN_MAX;
use model::{Digit, FaxTone, Instant};
use rtrb::{Consumer, Producer};

use crate::act::{ActError, Manner};
use crate::display::{Display, Read};
use crate::ear::Ear;
use crate::fax;
use crate::hearing;
use crate::line::{LineFaults, LineSettings};
use crate::mark::Mark;
use crate::recognise::NamedTone;
use crate::relay::Relay;
use crate::report::Report;
use crate::sound::{Sound, Spoken};
use crate::wire::{Bell, HAND_RING, Hand, Heard, Wire};

/// Longest wait for a dial tone before dialling all the same, in ms.
const TONE_WAIT_MS: u16 = 3_000;
/// From hearing the tone to the first key, in ms.
const THINK_MS: u16 = 100;
/// From the last key to a fax machine's calling tone, in ms.
const FAX_SILENCE_MS: u16 = 1_000;
/// A short press of the hook, in ms, unless the country's people know another.
pub(crate) const FLASH_MS: u16 = 100;
/// From the beginning of a burst to the hand at the receiver.
const REACTION: Duration = Duration::from_millis(500);
/// How often a person with patience thinks about it.
const PATIENCE_STEP: Duration = Duration::from_millis(500);

/// The person's ends of what connects the parts of a port.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) wire: Arc<Wire>,
    pub(crate) hands: Producer<Hand>,
    pub(crate) bells: Consumer<Bell>,
    pub(crate) sounds: Producer<Spoken>,
    pub(crate) heard: Consumer<Heard>,
    pub(crate) read: Consumer<Read>,
    /// Of the set's lifeline.
    pub(crate) relay: Option<Arc<Relay>>,
}

/// A person at a set. Sound goes on only while blocks are exchanged: keys pressed while nobody does
/// so wait.
#[derive(Debug)]
pub struct Person {
    port: String,
    links: Links,
    now: Duration,
    bell: Bell,
    off_hook: bool,
    /// When the receiver was lifted last.
    lifted: Duration,
    stay: u32,
    /// Sounds given to the mouth since the start.
    said: u64,
    talking: Option<Mark>,
    ear: Ear,
    /// The last block that was let through to the set on hook.
    whisper: Frame,
    /// What the set shows of its last caller.
    display: Option<Display>,
    /// The set's lamp for messages that came as data.
    lamp: bool,
    manner: Manner,
    /// The fax machine's ear, and whether it calls.
    fax: fax::Heard,
    fax_calls: bool,
    /// When there last was something worth listening to, and when to think about it again.
    entertained: Duration,
    think_at: Duration,
}

impl Person {
    pub(crate) fn new(port: String, links: Links) -> Self {
        Self {
            port,
            links,
            now: Duration::ZERO,
            bell: Bell::default(),
            off_hook: false,
            lifted: Duration::ZERO,
            stay: 0,
            said: 0,
            talking: None,
            ear: Ear::default(),
            whisper: [0; FRAME],
            display: None,
            lamp: false,
            manner: Manner::default(),
            fax: fax::Heard::default(),
            fax_calls: false,
            entertained: Duration::ZERO,
            think_at: Duration::ZERO,
        }
    }

    /// The port's name.
    #[must_use]
    pub fn port(&self) -> &str {
        &self.port
    }

    /// The receiver is off the hook, as far as the person is concerned.
    #[must_use]
    pub fn is_off_hook(&self) -> bool {
        self.off_hook
    }

    /// Sees the bell, listens, and does what the manner says is due.
    pub(crate) fn advance(&mut self, now: Instant, tones: &[NamedTone]) {
        self.now = self.now.max(Duration::from_nanos(now.as_nanos()));
        while let Ok(bell) = self.links.bells.pop() {
            self.bell = bell;
        }
        while let Ok(heard) = self.links.heard.pop() {
            if heard.on_hook {
                self.whisper = heard.frame;
            } else if heard.stay == self.stay {
                self.ear.take(&heard.frame);
                self.hear_fax(&heard.frame);
            }
        }
        while let Ok(read) = self.links.read.pop() {
            match read.info.waiting {
                Some(waiting) => self.lamp = waiting,
                None => self.display = Some(Display::from(&read)),
            }
        }
        self.react(tones);
    }

    /// When the manner has something to do.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let stay = self.stay_until();
        let patience = (self.off_hook && self.manner.patience_s.is_some()).then_some(self.think_at);
        let due = [self.answer_at(), stay, patience]
            .into_iter()
            .flatten()
            .min()?;
        Some(Instant::from_nanos(
            u64::try_from(due.as_nanos()).unwrap_or(u64::MAX),
        ))
    }

    fn answer_at(&self) -> Option<Duration> {
        let rings = self.manner.answer_after_rings?;
        let (start, cadence) = self.bell.ringing.filter(|_| !self.off_hook)?;
        let burst = cadence.burst_start_ms(u64::from(rings));
        Some(start + Duration::from_millis(burst) + REACTION)
    }

    fn stay_until(&self) -> Option<Duration> {
        let stay_s = self.manner.stay_s.filter(|_| self.off_hook)?;
        Some(self.lifted + Duration::from_secs(u64::from(stay_s)))
    }

    fn react(&mut self, tones: &[NamedTone]) {
        if self.answer_at().is_some_and(|at| at <= self.now) && self.lift().is_ok() {
            let mark = self.manner.say.as_deref().and_then(Mark::new);
            // An empty mouth has room.
            let _ = match mark {
                _ if self.manner.fax => self.say(&[Sound::Fax]),
                Some(mark) => self.talk(mark),
                None => Ok(()),
            };
        }
        let bored = self.is_bored(tones);
        if bored || self.stay_until().is_some_and(|at| at <= self.now) {
            // A full ring means the hook is not moved by anyone; the next time will do.
            let _ = self.hang_up();
        }
    }

    fn is_bored(&mut self, tones: &[NamedTone]) -> bool {
        let Some(patience_s) = self.manner.patience_s.filter(|_| self.off_hook) else {
            return false;
        };
        if self.now >= self.think_at {
            self.think_at = self.now + PATIENCE_STEP;
            if !hearing::is_dull(&self.ear, tones) {
                self.entertained = self.now;
            }
        }
        self.now >= self.entertained + Duration::from_secs(u64::from(patience_s))
    }

    /// Lifts the receiver.
    ///
    /// # Errors
    /// [`ActError::OffHook`] when it is lifted, [`ActError::Busy`] when the hand cannot follow.
    pub fn lift(&mut self) -> Result<(), ActError> {
        if self.off_hook {
            return Err(ActError::OffHook);
        }
        self.move_hand(Hand::Put { closed: true })?;
        self.begin_stay(true);
        self.lifted = self.now;
        self.entertained = self.now;
        self.think_at = self.now + PATIENCE_STEP;
        Ok(())
    }

    /// Puts the receiver back; all that was still to be said is not.
    ///
    /// # Errors
    /// [`ActError::OnHook`] when it is there, [`ActError::Busy`] when the hand cannot follow.
    pub fn hang_up(&mut self) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        self.move_hand(Hand::Put { closed: false })?;
        self.begin_stay(false);
        Ok(())
    }

    /// Presses the hook for so many ms.
    ///
    /// # Errors
    /// [`ActError::OnHook`], [`ActError::Busy`].
    pub fn flash(&mut self, ms: u16) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        self.move_hand(Hand::Flash { ms })
    }

    /// Waits for a tone if none was heard since lifting (at most 3 s), then presses the keys.
    ///
    /// # Errors
    /// [`ActError::OnHook`], [`ActError::Digits`], [`ActError::Busy`]; no key is pressed then.
    pub fn dial(&mut self, digits: &str) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        let keys: Option<Vec<Digit>> = digits.chars().map(Digit::from_char).collect();
        let keys = keys
            .filter(|keys| (1..=NUMBER_LEN_MAX).contains(&keys.len()))
            .ok_or_else(|| ActError::Digits(digits.into()))?;
        let mut sounds = vec![
            Sound::AwaitTone {
                ms_max: TONE_WAIT_MS,
            },
            Sound::Pause { ms: THINK_MS },
        ];
        sounds.extend(keys.into_iter().map(Sound::Key));
        let resumed = if self.manner.fax {
            sounds.push(Sound::Pause { ms: FAX_SILENCE_MS });
            fax::calling()
        } else {
            self.talking.as_ref().and_then(Mark::spec)
        };
        sounds.extend(resumed.map(Sound::Signal));
        self.say(&sounds)?;
        self.fax_calls = self.manner.fax;
        Ok(())
    }

    /// A machine that calls is quiet as soon as another one is there.
    fn hear_fax(&mut self, frame: &Frame) {
        let heard = self.manner.fax.then(|| self.fax.take(frame)).flatten();
        let answered = matches!(heard, Some(FaxTone::Ced | FaxTone::Preamble));
        if answered && core::mem::take(&mut self.fax_calls) {
            // A mouth that has no room is busy dialling.
            let _ = self.quiet();
        }
    }

    /// Turns a rotary dial.
    ///
    /// # Errors
    /// [`ActError::OnHook`], [`ActError::Digits`], [`ActError::Busy`]; no digit is dialled then.
    pub fn pulse_dial(&mut self, digits: &str) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        let legal = (1..=NUMBER_LEN_MAX).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !legal {
            return Err(ActError::Digits(digits.into()));
        }
        if self.links.hands.slots() < digits.len() {
            return Err(ActError::Busy);
        }
        for digit in digits.bytes() {
            let pulses = match digit - b'0' {
                0 => 10,
                n => n,
            };
            self.move_hand(Hand::Pulses { pulses })?;
        }
        Ok(())
    }

    /// Speaks `mark` until something else is to be said.
    ///
    /// # Errors
    /// [`ActError::OnHook`], [`ActError::Busy`].
    pub fn talk(&mut self, mark: Mark) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        let spec = mark
            .spec()
            .ok_or_else(|| ActError::Mark(mark.name().into()))?;
        self.say(&[Sound::Signal(spec)])?;
        self.talking = Some(mark);
        Ok(())
    }

    /// Stops talking.
    ///
    /// # Errors
    /// [`ActError::OnHook`], [`ActError::Busy`].
    pub fn quiet(&mut self) -> Result<(), ActError> {
        self.must_be_off_hook()?;
        self.say(&[Sound::Pause { ms: THINK_MS }])?;
        self.talking = None;
        Ok(())
    }

    /// From now on acts by itself like this.
    ///
    /// # Errors
    /// [`ActError::Mark`] when what is to be said is no mark; the former manner stays.
    pub fn behave(&mut self, manner: Manner) -> Result<(), ActError> {
        if let Some(name) = manner
            .say
            .as_deref()
            .filter(|name| Mark::new(name).is_none())
        {
            return Err(ActError::Mark(name.into()));
        }
        self.manner = manner;
        self.entertained = self.now;
        self.think_at = self.now;
        Ok(())
    }

    /// What is wrong with the loop: of all faults of a line a set's has only a voltage from elsewhere and, if it has
    /// a lifeline, a relay that does not move.
    ///
    /// # Errors
    /// [`ActError::NoLine`] when anything else is to be changed, [`ActError::NoLifeline`].
    pub fn set_line(&mut self, settings: LineSettings) -> Result<(), ActError> {
        let faults = settings.faults.unwrap_or_default();
        let only = LineSettings {
            faults: Some(LineFaults {
                foreign_volts: faults.foreign_volts,
                relay: faults.relay,
                ..LineFaults::default()
            }),
            ..LineSettings::default()
        };
        if settings != only {
            return Err(ActError::NoLine);
        }
        match &self.links.relay {
            Some(relay) => relay.stick(faults.relay),
            None if faults.relay.is_some() => return Err(ActError::NoLifeline),
            None => {}
        }
        self.links.wire.set_foreign_volts(faults.foreign_volts);
        Ok(())
    }

    /// Gives the microphone exactly these samples, in the order given, one block an exchange. For
    /// tests that need more than a mark.
    ///
    /// # Errors
    /// [`ActError::Busy`] when too many wait.
    pub fn speak_block(&mut self, frame: &Frame) -> Result<(), ActError> {
        self.say(&[Sound::Block(*frame)])
    }

    /// Moves the contact of the hook and nothing else: for tests that need more than lifting.
    ///
    /// # Errors
    /// [`ActError::Busy`] when too many movements wait.
    pub fn close_loop(&mut self, closed: bool) -> Result<(), ActError> {
        self.move_hand(Hand::Contact { closed })
    }

    /// The last block in the earpiece, or on hook what the set's electronics got; silence when nothing came.
    #[must_use]
    pub fn last_heard(&self) -> Frame {
        if self.bell.closed {
            self.ear.last()
        } else {
            self.whisper
        }
    }

    /// Whether the bell sounds at this moment.
    #[must_use]
    pub fn bell_sounds(&self) -> bool {
        self.bell
            .ringing
            .is_some_and(|(start, cadence)| cadence.is_on_at(ms_since(self.now, start)))
    }

    /// Whether the set is being rung, in the pauses of the cadence too.
    #[must_use]
    pub fn is_rung(&self) -> bool {
        self.bell.ringing.is_some()
    }

    /// What the set shows of its last caller.
    #[must_use]
    pub const fn display(&self) -> Option<&Display> {
        self.display.as_ref()
    }

    /// A lamp of the set says that messages wait.
    #[must_use]
    pub const fn lamp(&self) -> bool {
        self.lamp || self.bell.neon
    }

    /// Whether a fax machine is in the person's place.
    #[must_use]
    pub const fn is_fax(&self) -> bool {
        self.manner.fax
    }

    /// What the machine has heard of another one in this call.
    #[must_use]
    pub fn fax_heard(&self) -> Vec<FaxTone> {
        self.fax.tones()
    }

    /// How the line is fed.
    #[must_use]
    pub fn linefeed(&self) -> Linefeed {
        self.bell.linefeed
    }

    /// What the person sees and hears, listening for `marks` and for a country's `tones`.
    #[must_use]
    pub fn report(&self, tones: &[NamedTone], marks: &[&Mark]) -> Report {
        let ringing = self.bell.ringing;
        let rings = ringing.map_or(0, |(start, cadence)| {
            cadence.bursts_begun_at(ms_since(self.now, start))
        });
        Report {
            port: self.port.clone(),
            off_hook: self.off_hook,
            ringing: self.bell_sounds(),
            rung: ringing.is_some(),
            rings: u32::try_from(rings).unwrap_or(u32::MAX),
            ring_cadence_ms: ringing.map_or_else(Vec::new, |(_, c)| c.steps_ms().to_vec()),
            linefeed: self.bell.linefeed,
            display: self.display.clone(),
            lamp: self.lamp(),
            fax: self.fax_heard(),
            metered: self.bell.metered,
            talking: self.talking.as_ref().map(|mark| mark.name().into()),
            waiting: u32::try_from(self.sounds_waiting() + self.hands_waiting())
                .unwrap_or(u32::MAX),
            blocks: self.links.wire.blocks(),
            dropped: self.links.wire.dropped(),
            hearing: self
                .off_hook
                .then(|| hearing::hearing(&self.ear, tones, marks)),
            line: None,
        }
    }

    /// Keys and sounds that were asked for and have not begun.
    #[must_use]
    pub fn sounds_waiting(&self) -> usize {
        let sounds = self.said.saturating_sub(self.links.wire.spoken());
        usize::try_from(sounds).unwrap_or(usize::MAX)
    }

    /// Movements of the hook and digits of a rotary dial that were asked for and have not begun.
    #[must_use]
    pub fn hands_waiting(&self) -> usize {
        HAND_RING.saturating_sub(self.links.hands.slots())
    }

    fn must_be_off_hook(&self) -> Result<(), ActError> {
        if self.off_hook {
            Ok(())
        } else {
            Err(ActError::OnHook)
        }
    }

    fn begin_stay(&mut self, off_hook: bool) {
        self.off_hook = off_hook;
        self.talking = None;
        self.fax = fax::Heard::default();
        self.fax_calls = false;
        self.ear.clear();
        self.stay += 1;
        self.links.wire.set_stay(self.stay);
    }

    fn move_hand(&mut self, hand: Hand) -> Result<(), ActError> {
        self.links.hands.push(hand).map_err(|_| ActError::Busy)
    }

    /// All of `sounds` or none.
    fn say(&mut self, sounds: &[Sound]) -> Result<(), ActError> {
        if self.links.sounds.slots() < sounds.len() {
            return Err(ActError::Busy);
        }
        for &sound in sounds {
            let spoken = Spoken {
                stay: self.stay,
                sound,
            };
            self.links.sounds.push(spoken).map_err(|_| ActError::Busy)?;
            self.said += 1;
        }
        Ok(())
    }
}

fn ms_since(now: Duration, start: Duration) -> u64 {
    u64::try_from(now.saturating_sub(start).as_millis()).unwrap_or(u64::MAX)
}
