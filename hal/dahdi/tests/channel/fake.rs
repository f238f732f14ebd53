use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use dsp::g711::Law;
use hal_dahdi::{Channel, Errno, Request, event, hook, lamp, signalling};
use hal_port::{FRAME, Frame, Linefeed};

/// How long the card watches a contact before it believes it.
const DEBOUNCE: Duration = Duration::from_millis(20);
const DEFAULT_FLASH_MS: i32 = 750;
/// How long a loss of battery on hook lasts before it is an alarm.
const ALARM: Duration = Duration::from_secs(1);
/// How long ringing, a new polarity or a loss of battery lasts before it is told.
const BELIEVED: Duration = Duration::from_millis(64);
/// A pulse of dialling: loop open, and closed.
const PULSE_MS: (u64, u64) = (60, 40);

/// Something that lasts since a time, and whether it was told.
#[derive(Clone, Copy, Default)]
struct Lasting {
    is: bool,
    since: Duration,
    told: bool,
}

impl Lasting {
    fn set(&mut self, now: Duration, is: bool) {
        if is != self.is {
            *self = Self {
                is,
                since: now,
                ..*self
            };
        }
    }

    /// Whether it is to be told now, after it lasted so long.
    fn tells(&mut self, now: Duration, after: Duration) -> bool {
        let tells = self.is != self.told && now >= self.since + after;
        self.told ^= tells;
        tells
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) signalling: i32,
    now: Duration,
    /// The set's contact, or the exchange's current.
    contact: bool,
    contact_since: Duration,
    rx_off_hook: bool,
    pub(crate) tx_off_hook: bool,
    tone_zone: bool,
    a_law: bool,
    /// How many buffers of how many octets.
    buffers: (usize, usize),
    cadence_ms: Vec<i32>,
    ringing_since: Option<Duration>,
    pub(crate) reversed: bool,
    pub(crate) transfer_until: Duration,
    pub(crate) alarms: i32,
    flash_ms: i32,
    pub(crate) gains: Vec<u8>,
    pub(crate) dialled: Vec<u8>,
    /// Ends a flash or dialling, with its event.
    ends: Option<(Duration, i32)>,
    events: VecDeque<i32>,
    /// What the exchange feeds and sends.
    ringing: Lasting,
    dead: Lasting,
    turned: Lasting,
    /// When a flash or a pulse opens the loop.
    breaks: Vec<(Duration, Duration)>,
    to_read: VecDeque<u8>,
    to_play: VecDeque<u8>,
    heard: Vec<i16>,
    /// Samples that were played as silence, because none were there.
    pub(crate) dry: usize,
    pub(crate) removed: bool,
    /// Bits of the lamps that the driver can light; most can none.
    pub(crate) lamps: i32,
    /// How it was told to show messages.
    lamp: i32,
    pub(crate) messages: i32,
}

/// A channel of a kernel that is not there.
pub(crate) struct Fake(Mutex<State>);

impl Fake {
    pub(crate) fn new(signalling: i32) -> Self {
        Self(Mutex::new(State {
            signalling,
            flash_ms: DEFAULT_FLASH_MS,
            ..State::default()
        }))
    }

    /// The same of a driver that can light these lamps.
    pub(crate) fn with_lamps(signalling: i32, lamps: i32) -> Self {
        let kernel = Self::new(signalling);
        kernel.state().lamps = lamps;
        kernel
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds this")
    }
}

impl State {
    pub(crate) fn happen(&mut self, event: i32) {
        self.events.push_back(event);
    }

    pub(crate) fn pass_to(&mut self, now: Duration) {
        self.now = now;
        let settled = self.contact == self.rx_off_hook;
        let debounce = if self.is_set() { DEBOUNCE } else { BELIEVED };
        if !settled && now >= self.contact_since + debounce {
            self.rx_off_hook = self.contact;
            if !self.is_set() && !self.rx_off_hook {
                self.happen(event::ON_HOOK);
            }
            if self.is_set() {
                self.ringing_since = None;
                let lifted = self.rx_off_hook;
                self.happen(if lifted {
                    event::RING_OFF_HOOK
                } else {
                    event::ON_HOOK
                });
            }
        }
        if let Some((at, event)) = self.ends
            && at <= now
        {
            self.ends = None;
            self.happen(event);
        }
        if self.ringing.tells(now, BELIEVED) {
            self.happen(if self.ringing.is {
                event::RING_BEGIN
            } else {
                event::RING_OFF_HOOK
            });
        }
        if self.turned.tells(now, BELIEVED) {
            self.happen(event::POLARITY);
        }
        // Off hook the driver looks for no battery.
        let after = if self.dead.is { ALARM } else { BELIEVED };
        if !self.tx_off_hook && self.dead.tells(now, after) {
            self.alarms = i32::from(self.dead.is);
            self.happen(if self.dead.is {
                event::ALARM
            } else {
                event::NO_ALARM
            });
        }
    }

    /// What the exchange feeds a line with.
    pub(crate) fn feed(&mut self, feed: Linefeed) {
        let now = self.now;
        self.dead.set(now, feed == Linefeed::Open);
        if feed != Linefeed::Open {
            self.turned.set(now, feed == Linefeed::Reverse);
        }
        self.set_contact(feed != Linefeed::Open);
    }

    pub(crate) fn ring(&mut self, on: bool) {
        let now = self.now;
        self.ringing.set(now, on);
    }

    /// Whether the exchange sees the loop of a line closed.
    pub(crate) fn loop_is_closed(&self) -> bool {
        let open = |&(from, to): &(Duration, Duration)| (from..to).contains(&self.now);
        self.tx_off_hook && !self.breaks.iter().any(open)
    }

    pub(crate) fn set_contact(&mut self, closed: bool) {
        if closed != self.contact {
            self.contact = closed;
            self.contact_since = self.now;
        }
    }

    fn is_set(&self) -> bool {
        [signalling::FXOKS, signalling::FXOLS].contains(&self.signalling)
    }

    pub(crate) fn rings(&self) -> bool {
        let Some(since) = self.ringing_since else {
            return false;
        };
        let period: i32 = self.cadence_ms.iter().sum();
        let mut left = (self.now - since).as_millis() as i32 % period.max(1);
        for (at, &step) in self.cadence_ms.iter().enumerate() {
            if left < step {
                return at % 2 == 0;
            }
            left -= step;
        }
        false
    }

    /// Sound passes: off hook at both ends, or let through to a set on hook.
    fn is_live(&self) -> bool {
        let ready = self.a_law && self.buffers.0 > 1;
        let set_lies = self.is_set() && self.now < self.transfer_until;
        ready && (self.contact && self.tx_off_hook || set_lies || !self.is_set())
    }

    /// Ten milliseconds of the card: what is said at the far end comes in, what was written goes out.
    pub(crate) fn speak(&mut self, block: &Frame) {
        let live = self.is_live();
        self.heard.clear();
        for &sample in block {
            let sample = if live { sample } else { 0 };
            if self.to_read.len() < self.room() {
                self.to_read.push_back(Law::A.encode(sample));
            }
            let played = self.to_play.pop_front();
            self.dry += usize::from(played.is_none());
            let played = played.map_or(0, |code| Law::A.decode(code));
            self.heard.push(if live { played } else { 0 });
        }
    }

    /// What the far end heard meanwhile.
    pub(crate) fn heard(&self) -> Frame {
        let heard = self.heard.as_slice().try_into();
        heard.unwrap_or([0; FRAME])
    }

    fn room(&self) -> usize {
        self.buffers.0 * self.buffers.1
    }

    /// A neon lamp at the set is lit: the driver does so on hook only.
    pub(crate) fn neon(&self) -> bool {
        self.lamp & lamp::NEON != 0 && self.messages > 0 && !self.rx_off_hook && !self.rings()
    }

    fn number(argument: &[u8]) -> i32 {
        i32::from_ne_bytes(argument[..4].try_into().expect("four octets"))
    }

    fn do_hook(&mut self, wish: i32) -> Result<(), Errno> {
        match wish {
            hook::ON => {
                self.tx_off_hook = false;
                self.ringing_since = None;
                self.ends = None;
            }
            hook::OFF => self.tx_off_hook = true,
            hook::RING => {
                if !self.tone_zone {
                    return Err(Errno(libc_enodata()));
                }
                if self.rx_off_hook || self.tx_off_hook {
                    return Err(Errno::BUSY);
                }
                self.ringing_since = Some(self.now);
            }
            hook::RING_OFF => self.ringing_since = None,
            hook::FLASH => {
                if !self.tx_off_hook {
                    return Err(Errno::BUSY);
                }
                let end = self.now + Duration::from_millis(self.flash_ms as u64);
                self.breaks = vec![(self.now, end)];
                self.ends = Some((end, event::HOOK_COMPLETE));
                return Err(Errno::IN_PROGRESS);
            }
            _ => return Err(Errno::INVALID),
        }
        Ok(())
    }

    /// How messages are shown, and how many there are.
    fn show(&mut self, request: Request, value: i32) -> Result<(), Errno> {
        if self.lamps == 0 {
            return Err(Errno(25));
        }
        let lit_by = request == Request::SET_LAMP;
        if !self.is_set() || value < 0 || lit_by && value & !self.lamps != 0 {
            return Err(Errno::INVALID);
        }
        *(if lit_by {
            &mut self.lamp
        } else {
            &mut self.messages
        }) = value;
        Ok(())
    }

    fn params(&self, argument: &mut [u8]) {
        let mut put = |at: usize, value: i32| {
            argument[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        };
        put(12, self.signalling);
        put(20, i32::from(self.rx_off_hook));
        put(100, self.flash_ms);
        put(132, self.alarms);
    }

    fn dial(&mut self, argument: &[u8]) {
        let text: Vec<u8> = argument[4..]
            .iter()
            .copied()
            .take_while(|&b| b != 0)
            .collect();
        let pulses = match text[..] {
            [b'P', b'0'] => 10,
            [b'P', digit] => u64::from(digit - b'0'),
            _ => 0,
        };
        self.dialled.extend(text);
        let (open, closed) = PULSE_MS;
        let at = |ms: u64| self.now + Duration::from_millis(ms);
        let start = |pulse: u64| pulse * (open + closed);
        self.breaks = (0..pulses)
            .map(|pulse| (at(start(pulse)), at(start(pulse) + open)))
            .collect();
        let end = at(start(pulses) + 750);
        self.ends = Some((end, event::DIAL_COMPLETE));
    }
}

/// ENODATA of Linux: no tones were loaded.
fn libc_enodata() -> i32 {
    61
}

impl Channel for Fake {
    fn request(&self, request: Request, argument: &mut [u8]) -> Result<(), Errno> {
        let size = (request.0 >> 16 & 0x3fff) as usize;
        assert_eq!(argument.len(), size, "{request:x?}");
        let mut state = self.state();
        if state.removed && request != Request::GET_EVENT {
            return Err(Errno::NO_DEVICE);
        }
        match request {
            Request::GET_EVENT => {
                let event = if state.removed {
                    event::REMOVED
                } else {
                    state.events.pop_front().unwrap_or(event::NONE)
                };
                argument.copy_from_slice(&event.to_ne_bytes());
            }
            Request::HOOK => return state.do_hook(State::number(argument)),
            Request::GET_PARAMS => state.params(argument),
            Request::SET_PARAMS => state.flash_ms = State::number(&argument[100..]),
            Request::SET_BUFFERS => {
                let count = State::number(&argument[8..]) as usize;
                let size = State::number(&argument[12..]) as usize;
                if !(16..=8_192).contains(&size) || !(2..=32).contains(&count) {
                    return Err(Errno::INVALID);
                }
                state.buffers = (count, size);
            }
            Request::SET_LAW => state.a_law = State::number(argument) == 2,
            Request::SET_TONE_ZONE => state.tone_zone = true,
            Request::SET_CADENCE => {
                let steps = argument.chunks_exact(4).map(State::number);
                state.cadence_ms = steps.take_while(|&ms| ms != 0).collect();
            }
            Request::SET_POLARITY => {
                if !state.is_set() || state.ringing_since.is_some() {
                    return Err(Errno::INVALID);
                }
                state.reversed = State::number(argument) == 1;
            }
            Request::SET_LAMP | Request::MESSAGES => {
                return state.show(request, State::number(argument));
            }
            Request::ON_HOOK_TRANSFER => {
                let ms = State::number(argument) as u64;
                state.transfer_until = state.now + Duration::from_millis(ms);
            }
            Request::SET_GAINS => state.gains = argument[4..].to_vec(),
            Request::DIAL => state.dial(argument),
            Request::ECHO_CANCEL => {}
            Request::FLUSH => {
                let what = State::number(argument);
                if what & 1 != 0 {
                    state.to_read.clear();
                }
                if what & 2 != 0 {
                    state.to_play.clear();
                }
                if what & 4 != 0 {
                    state.events.clear();
                }
            }
            _ => return Err(Errno(25)),
        }
        Ok(())
    }

    fn read(&self, sound: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.state();
        if !state.events.is_empty() {
            return Err(Errno::EVENT);
        }
        // Whole buffers only, and one at a time.
        let size = state.buffers.1;
        let there = if state.to_read.len() < size {
            0
        } else {
            size.min(sound.len())
        };
        for octet in &mut sound[..there] {
            *octet = state.to_read.pop_front().unwrap_or(0xd5);
        }
        if there == 0 {
            Err(Errno::AGAIN)
        } else {
            Ok(there)
        }
    }

    fn write(&self, sound: &[u8]) -> Result<usize, Errno> {
        let mut state = self.state();
        if !state.events.is_empty() {
            return Err(Errno::EVENT);
        }
        // One buffer at a time, filled or not.
        let taken = sound.len().min(state.buffers.1);
        if state.to_play.len() + taken > state.room() {
            return Err(Errno::AGAIN);
        }
        state.to_play.extend(&sound[..taken]);
        Ok(taken)
    }
}
