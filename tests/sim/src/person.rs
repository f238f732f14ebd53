//! People at SIP phones: whom they call, how long they wait, talk, and lose patience.

use core::time::Duration;

use model::{Instant, Random};

use crate::office::pick;
use crate::phone::{Notice, Phone, Shut, Srtp};
use crate::plan::Features;

/// What a person is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Intent {
    Call,
    GiveUp,
    Answer,
    Refuse(u16),
    HangUp,
    Hold(bool),
    /// Makes the phone speak otherwise.
    Change,
    /// Makes the phone mute for a while.
    Shut,
    /// Presses `*`.
    Star,
    /// Presses `6`, right after it.
    Six,
}

/// Somebody at a phone.
#[derive(Debug)]
pub(crate) struct Person {
    random: Random,
    intent: Option<(Instant, Intent)>,
    /// When the talk is to end.
    talk_until: Instant,
    pause_s: u32,
    talk_s: u32,
    holds: bool,
    /// Changes how the phone speaks.
    changes: bool,
    /// Mutes and unmutes itself, wherever it talks.
    mutes: bool,
    /// Makes the phone mute.
    shuts: bool,
    /// Acts unasked; otherwise only answers.
    pub lively: bool,
    /// In a test call: answers at once, or not at all.
    pub orders: Option<bool>,
}

impl Person {
    /// Somebody who begins to call some time after `now`.
    #[must_use]
    pub(crate) fn new(mut random: Random, features: &Features, now: Instant) -> Self {
        let first =
            Duration::from_millis(3_000 + u64::from(random.below(features.pause_s * 1_000)));
        Self {
            intent: Some((now + first, Intent::Call)),
            random,
            talk_until: Instant::FAR,
            pause_s: features.pause_s,
            talk_s: features.talk_s,
            holds: features.holds,
            changes: features.changes,
            mutes: features.mutes,
            shuts: features.shuts,
            lively: true,
            orders: None,
        }
    }

    /// When the person does something.
    #[must_use]
    pub(crate) fn due(&self) -> Instant {
        self.intent.map_or(Instant::FAR, |(at, _)| at)
    }

    /// Does what is due. `numbers` can be called.
    pub(crate) fn act(&mut self, now: Instant, phone: &mut Phone, numbers: &[String]) {
        let Some((_, intent)) = self.intent.take_if(|(at, _)| *at <= now) else {
            return;
        };
        match intent {
            Intent::Call if phone.call.is_none() && phone.is_registered(now) => {
                let number = pick(numbers, &mut self.random);
                phone.dial(now, &number);
                // Some are too quick even for the first ring.
                let most = if self.random.below(8) == 0 {
                    500
                } else {
                    30_000
                };
                self.intend(now, most, Intent::GiveUp);
            }
            Intent::Call => self.pause(now),
            Intent::GiveUp | Intent::HangUp => phone.hang_up(now),
            Intent::Answer => phone.answer(now),
            Intent::Refuse(status) => phone.refuse(now, status),
            Intent::Star => {
                phone.press(now, '*');
                self.intent = Some((now + Duration::from_millis(600), Intent::Six));
            }
            Intent::Six => {
                phone.press(now, '6');
                self.plan_talk(now, !phone.call.as_ref().is_some_and(|call| call.holding));
            }
            Intent::Change => {
                if phone.manner.srtp != Srtp::None && self.random.below(2) == 0 {
                    phone.draw_key(now);
                } else {
                    phone.change(now);
                }
                self.plan_talk(now, !phone.call.as_ref().is_some_and(|call| call.holding));
            }
            Intent::Shut => {
                let ms = 300 + u64::from(self.random.below(12_000));
                phone.keep_shut(Shut {
                    since: now,
                    until: now + Duration::from_millis(ms),
                    silence: self.random.below(2) == 0,
                });
                self.plan_talk(now, !phone.call.as_ref().is_some_and(|call| call.holding));
            }
            Intent::Hold(hold) => {
                phone.hold(now, hold);
                self.plan_talk(now, !hold);
            }
        }
    }

    /// Reacts to what the phone shows.
    pub(crate) fn notice(&mut self, now: Instant, notice: &Notice) {
        match notice {
            Notice::Rings => self.decide(now),
            Notice::Up => {
                let ms = 2_000 + self.random.below(self.talk_s * 1_000);
                self.talk_until = now + Duration::from_millis(ms.into());
                self.plan_talk(now, true);
            }
            Notice::Over(_) => self.pause(now),
            Notice::Changed(_) => {}
        }
    }

    /// Hangs up now, whatever it is.
    pub(crate) fn leave(&mut self, now: Instant, phone: &mut Phone) {
        self.intent = None;
        self.lively = false;
        phone.hang_up(now);
    }

    fn decide(&mut self, now: Instant) {
        if let Some(answer) = self.orders {
            self.intent = answer.then_some((now + Duration::from_millis(200), Intent::Answer));
            return;
        }
        if !self.lively {
            return;
        }
        match self.random.below(12) {
            0 => self.intent = None,
            1 => self.intend(now, 3_000, Intent::Refuse(486)),
            2 => self.intend(now, 3_000, Intent::Refuse(603)),
            3 => self.intend(now, 30_000, Intent::Answer),
            _ => self.intend(now, 8_000, Intent::Answer),
        }
    }

    fn plan_talk(&mut self, now: Instant, hold: bool) {
        if self.orders.is_some() {
            self.intent = None;
            return;
        }
        // Whoever holds comes back before anything else.
        if self.mutes && hold && self.random.below(3) == 0 {
            let ms = 3_000 + u64::from(self.random.below(15_000));
            let at = now + Duration::from_millis(ms);
            if at + Duration::from_secs(1) < self.talk_until {
                self.intent = Some((at, Intent::Star));
                return;
            }
        }
        if self.shuts && self.random.below(3) == 0 {
            let ms = 500 + u64::from(self.random.below(10_000));
            let at = now + Duration::from_millis(ms);
            if at < self.talk_until {
                self.intent = Some((at, Intent::Shut));
                return;
            }
        }
        if self.changes && self.random.below(2) == 0 {
            let ms = 1_000 + u64::from(self.random.below(12_000));
            let at = now + Duration::from_millis(ms);
            if at < self.talk_until {
                self.intent = Some((at, Intent::Change));
                return;
            }
        }
        if self.holds && self.random.below(2) == 0 {
            let ms = 2_000 + u64::from(self.random.below(15_000));
            let at = now + Duration::from_millis(ms);
            if at < self.talk_until {
                self.intent = Some((at, Intent::Hold(hold)));
                return;
            }
        }
        self.intent = Some((self.talk_until.max(now), Intent::HangUp));
    }

    fn pause(&mut self, now: Instant) {
        self.intent = None;
        if self.lively {
            self.intend(now, self.pause_s * 2_000, Intent::Call);
        }
    }

    fn intend(&mut self, now: Instant, most_ms: u32, intent: Intent) {
        let ms = 1 + self.random.below(most_ms);
        self.intent = Some((now + Duration::from_millis(ms.into()), intent));
    }
}
