//! Reading the packet.

use model::{Absence, CallerField, CallerInfo, CallerText};

use super::{BODY, CATEGORY, Code, DIGITS, HZ};
use crate::TICK_SAMPLES;
use crate::goertzel::Goertzel;
use crate::level::{power_dbm0, power_of};

/// Weakest of the two tones: −40 dBm0.
const WEAKEST_DBM0: i16 = -40;
/// Least part of all energy in the two.
const PURITY_MIN: f32 = 0.6;
/// Greatest ratio of one to the other: 9 dB.
const TWIST_MAX: f32 = 8.0;
/// How much stronger the weaker of the two must be than any third: 8 dB. A block in which a code ends and the next one
/// begins has three or four tones and fails here.
const THIRD_MAX: f32 = 0.16;
/// Blocks of 10 ms from the beginning of a code to that of the next: 40 ms, and what the grid of blocks adds or takes.
const ONE: core::ops::RangeInclusive<u8> = 3..=5;
/// The same for two equal codes: only "repeat" may follow itself.
const TWO: core::ops::RangeInclusive<u8> = 7..=9;
/// Blocks that must agree on a code.
const AGREED: u8 = 2;
/// Blocks in a row without a code that end a packet.
const LOST: u8 = 3;

/// A code that sounds.
#[derive(Clone, Copy, Debug)]
struct Run {
    code: Code,
    /// Blocks since it began, and those that agreed.
    blocks: u8,
    agreed: u8,
}

/// Listens for the packet; where in a round it begins does not matter.
#[derive(Clone, Debug)]
pub struct AonReceiver {
    bank: Goertzel<6>,
    run: Option<Run>,
    /// What may be the next code: it, and blocks since it began.
    next: Option<(Code, u8)>,
    /// Blocks in a row without a code.
    lost: u8,
    /// Codes since the last "begin"; none before one was heard.
    body: Option<([Code; BODY], usize)>,
    energy: f32,
    blocks: u16,
}

impl Default for AonReceiver {
    fn default() -> Self {
        Self::new()
    }
}

impl AonReceiver {
    /// One that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            bank: Goertzel::new(HZ),
            run: None,
            next: None,
            lost: 0,
            body: None,
            energy: 0.0,
            blocks: 0,
        }
    }

    /// Whether codes are coming in.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        self.run.is_some_and(|run| run.agreed >= AGREED)
    }

    /// Listens to 10 ms; what a packet says, as soon as its closing "begin" is certain, and the level of both tones
    /// together in dBm0. Blocks of another length are not listened to.
    pub fn feed(&mut self, block: &[f32]) -> Option<(CallerInfo, i8)> {
        let energy: f32 = block.iter().map(|sample| sample * sample).sum();
        let code = self.code_in(block, energy);
        if code.is_some() {
            self.energy += energy;
            self.blocks = self.blocks.saturating_add(1);
        }
        self.step(code)
    }

    fn code_in(&self, block: &[f32], energy: f32) -> Option<Code> {
        let samples = TICK_SAMPLES as f32;
        if block.len() != TICK_SAMPLES || energy < power_of(WEAKEST_DBM0) * samples {
            return None;
        }
        let powers = self.bank.measure(block).map(|bin| bin.power());
        let mut order = [0, 1, 2, 3, 4, 5];
        let power = |at: usize| powers.get(at).copied().unwrap_or(0.0);
        order.sort_unstable_by(|&a, &b| power(b).total_cmp(&power(a)));
        let [first, second, third, ..] = order;
        let whole = energy * samples / 2.0;
        let weakest = power_of(WEAKEST_DBM0) * samples * samples / 2.0;
        let clear = power(first) + power(second) > PURITY_MIN * whole
            && power(first) < TWIST_MAX * power(second)
            && power(third) < THIRD_MAX * power(second)
            && power(second) > weakest;
        Code::of([first.min(second), first.max(second)]).filter(|_| clear)
    }

    /// The next 10 ms, in which this code was heard.
    fn step(&mut self, code: Option<Code>) -> Option<(CallerInfo, i8)> {
        self.lost = match code {
            Some(_) => 0,
            None => self.lost.saturating_add(1),
        };
        if self.lost >= LOST {
            self.forget();
            return None;
        }
        let Some(run) = &mut self.run else {
            self.run = code.map(|code| Run {
                code,
                blocks: 1,
                agreed: 1,
            });
            return None;
        };
        run.blocks = run.blocks.saturating_add(1);
        if let Some((_, since)) = &mut self.next {
            *since = since.saturating_add(1);
        }
        match code {
            None => None,
            Some(code) if code == run.code => {
                run.agreed = run.agreed.saturating_add(1);
                self.next = None;
                // A packet is over with the "begin" after it, which nothing need follow.
                let certain = run.agreed == AGREED && code == Code::Begin;
                certain.then(|| self.read()).flatten()
            }
            Some(code) => match self.next {
                Some((next, since)) if next == code => self.begins(code, since),
                _ => {
                    self.next = Some((code, 1));
                    None
                }
            },
        }
    }

    /// Another code has been there for `since` blocks: the one before is over.
    fn begins(&mut self, code: Code, since: u8) -> Option<(CallerInfo, i8)> {
        let before = self.run.replace(Run {
            code,
            blocks: since,
            agreed: AGREED,
        });
        self.next = None;
        if let Some(before) = before {
            self.ends(before, before.blocks.saturating_sub(since));
        }
        match code {
            Code::Begin => self.read(),
            Code::Digit(_) | Code::Repeat => None,
        }
    }

    /// A code is over that lasted so many blocks.
    fn ends(&mut self, run: Run, blocks: u8) {
        if run.code == Code::Begin {
            // Whatever was before it.
            self.body = Some(([Code::Begin; BODY], 0));
            (self.energy, self.blocks) = (0.0, 0);
            return;
        }
        let times = if run.agreed < AGREED {
            0
        } else if ONE.contains(&blocks) {
            1
        } else if run.code == Code::Repeat && TWO.contains(&blocks) {
            2
        } else {
            0
        };
        let Some((body, length)) = &mut self.body else {
            return;
        };
        let room = body.get_mut(*length..length.saturating_add(times));
        match room {
            Some(room) if times > 0 => {
                room.fill(run.code);
                *length = length.saturating_add(times);
            }
            // No packet, or not one that can be trusted.
            _ => self.body = None,
        }
    }

    fn forget(&mut self) {
        (self.run, self.next, self.body) = (None, None, None);
    }

    /// What stands between the two "begin".
    fn read(&mut self) -> Option<(CallerInfo, i8)> {
        let (codes, length) = self.body.take()?;
        let mut body = [0_u8; BODY];
        let mut before = None;
        for (slot, code) in body.iter_mut().zip(codes) {
            let digit = match code {
                Code::Digit(digit) => Some(digit),
                Code::Repeat => before,
                Code::Begin => None,
            };
            *slot = digit.filter(|_| length == BODY)?;
            before = digit;
        }
        let power = self.energy / (f32::from(self.blocks.max(1)) * TICK_SAMPLES as f32);
        Some((told_by(body), power_dbm0(power).round() as i8))
    }
}

/// The number is sent backwards; nothing but zeros is what exchanges send that do not know it.
fn told_by(body: [u8; BODY]) -> CallerInfo {
    let mut number = [0_u8; DIGITS];
    let sent = body.iter().enumerate().filter(|(at, _)| *at != CATEGORY);
    for (slot, (_, digit)) in number.iter_mut().rev().zip(sent) {
        *slot = digit.saturating_add(b'0');
    }
    let known = number.iter().any(|&digit| digit != b'0');
    let text = CallerText::new(&number).ok().filter(|_| known);
    CallerInfo {
        number: text.map_or(CallerField::Absent(Absence::Unavailable), CallerField::Text),
        ..CallerInfo::default()
    }
}
