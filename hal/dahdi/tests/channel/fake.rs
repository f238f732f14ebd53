use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use dsp::g711::Law;
use hal_dahdi::{Channel, Errno, Request, event, hook, signalling};
use hal_port::{FRAME, Frame};

/// How long the card watches a contact before it believes it.
const DEBOUNCE: Duration = Duration::from_millis(20);
const DEFAULT_FLASH_MS: i32 = 750;
/// Blocks of sound that the kernel keeps.
const BUFFERS: usize = 4;

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
    buffers: bool,
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
    to_read: VecDeque<u8>,
    heard: VecDeque<u8>,
    pub(crate) removed: bool,
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
        if !settled && now >= self.contact_since + DEBOUNCE {
            self.rx_off_hook = self.contact;
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
        let ready = self.a_law && self.buffers;
        let set_lies = self.is_set() && self.now < self.transfer_until;
        ready && (self.contact && self.tx_off_hook || set_lies || !self.is_set())
    }

    pub(crate) fn speak(&mut self, block: &Frame) {
        let live = self.is_live();
        for &sample in block {
            let sample = if live { sample } else { 0 };
            self.to_read.push_back(Law::A.encode(sample));
        }
        while self.to_read.len() > BUFFERS * FRAME {
            self.to_read.pop_front();
        }
    }

    pub(crate) fn take_heard(&mut self) -> Frame {
        let mut block = [0; FRAME];
        for sample in &mut block {
            *sample = self.heard.pop_front().map_or(0, |code| Law::A.decode(code));
        }
        block
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
                self.ends = Some((end, event::HOOK_COMPLETE));
                return Err(Errno::IN_PROGRESS);
            }
            _ => return Err(Errno::INVALID),
        }
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
        let end = self.now + Duration::from_millis(pulses * 100 + 750);
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
                let size = State::number(&argument[12..]);
                if !(16..=8_192).contains(&size) {
                    return Err(Errno::INVALID);
                }
                state.buffers = true;
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
            Request::ON_HOOK_TRANSFER => {
                let ms = State::number(argument) as u64;
                state.transfer_until = state.now + Duration::from_millis(ms);
            }
            Request::SET_GAINS => state.gains = argument[4..].to_vec(),
            Request::DIAL => state.dial(argument),
            Request::ECHO_CANCEL | Request::FLUSH => {}
            _ => return Err(Errno(25)),
        }
        Ok(())
    }

    fn read(&self, sound: &mut [u8]) -> Result<usize, Errno> {
        let mut state = self.state();
        if !state.events.is_empty() {
            return Err(Errno::EVENT);
        }
        let there = state.to_read.len().min(sound.len());
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
        let live = state.is_live();
        state.heard.clear();
        if live {
            state.heard.extend(sound);
        }
        Ok(sound.len())
    }
}
