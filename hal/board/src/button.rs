use core::time::Duration;
use std::os::fd::BorrowedFd;

use embedded_hal::digital::InputPin;
use serde::{Deserialize, Serialize};

use crate::file::Button;

/// How long a button must be held.
pub const HOLD: Duration = Duration::from_secs(5);
/// A contact that moved and is still for so long has settled; what it does before is bounce.
const SETTLES: Duration = Duration::from_millis(30);
/// Held for so long, it is no finger any more.
const STUCK: Duration = Duration::from_secs(60);
/// How often a pin that cannot wake anybody is looked at.
const POLL: Duration = Duration::from_millis(100);
/// How often one that cannot be read is tried again.
const AGAIN: Duration = Duration::from_secs(60);

/// How somebody who waits learns that a pin moved.
#[derive(Debug)]
pub enum Wakes<'p> {
    /// This becomes readable.
    Descriptor(BorrowedFd<'p>),
    /// Whoever moves it says so.
    Told,
    /// Not at all: it is polled.
    Never,
}

/// A pin whose movements wake.
pub trait EdgePin: InputPin {
    /// How they are told.
    fn wakes(&self) -> Wakes<'_>;

    /// Takes back all that was told, so that the next movement is told anew.
    fn clear_edges(&mut self);
}

/// What happened to a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ButtonNews {
    /// It was held long enough: what it is for is to be done.
    Held,
    /// It is pressed and nobody presses it.
    Stuck,
    /// Its pin cannot be read.
    Unreadable,
    /// It is sound again.
    Sound,
}

/// How a button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonState {
    /// Nobody presses it.
    Free,
    /// Somebody does.
    Pressed,
    /// It was pressed when the exchange started, or has been for a minute: it does nothing until it is let go.
    Stuck,
    /// Its pin cannot be read.
    Unreadable,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody has looked long enough.
    Unknown,
    Free,
    Pressed(Duration),
    /// Held long enough, since then.
    Done(Duration),
    Stuck,
    Unreadable,
}

/// A button under a finger: bounce is ignored, released early it does nothing.
#[derive(Debug)]
pub struct HeldButton<P> {
    button: Button,
    pin: P,
    stage: Stage,
    /// The contact as it is, and since when.
    contact: Option<(bool, Duration)>,
    looked: Duration,
}

impl<P: EdgePin> HeldButton<P> {
    /// A button that nobody has looked at.
    pub const fn new(button: Button, pin: P) -> Self {
        Self {
            button,
            pin,
            stage: Stage::Unknown,
            contact: None,
            looked: Duration::ZERO,
        }
    }

    /// Which one.
    pub const fn button(&self) -> &Button {
        &self.button
    }

    /// How its pin wakes.
    pub fn wakes(&self) -> Wakes<'_> {
        self.pin.wakes()
    }

    /// How it is.
    pub const fn state(&self) -> ButtonState {
        match self.stage {
            Stage::Unknown | Stage::Free => ButtonState::Free,
            Stage::Pressed(_) | Stage::Done(_) => ButtonState::Pressed,
            Stage::Stuck => ButtonState::Stuck,
            Stage::Unreadable => ButtonState::Unreadable,
        }
    }

    /// Looks at it.
    pub fn look(&mut self, now: Duration) -> Option<ButtonNews> {
        self.looked = now;
        self.pin.clear_edges();
        let Ok(low) = self.pin.is_low() else {
            self.contact = None;
            return self.become_stage(Stage::Unreadable);
        };
        let pressed = low == self.button.pin.active_low;
        let since = match self.contact {
            Some((known, since)) if known == pressed => since,
            _ => now,
        };
        self.contact = Some((pressed, since));
        if now.saturating_sub(since) < SETTLES {
            return None;
        }
        let next = match (self.stage, pressed) {
            // Whoever presses it now did so before we could see the beginning.
            (Stage::Unknown | Stage::Unreadable, true) => Stage::Stuck,
            (Stage::Free, true) => Stage::Pressed(since),
            (Stage::Pressed(from), true) if now.saturating_sub(from) >= HOLD => Stage::Done(from),
            (Stage::Done(from), true) if now.saturating_sub(from) >= STUCK => Stage::Stuck,
            (stage, true) => stage,
            (_, false) => Stage::Free,
        };
        self.become_stage(next)
    }

    fn become_stage(&mut self, next: Stage) -> Option<ButtonNews> {
        let before = core::mem::replace(&mut self.stage, next);
        if before == next {
            return None;
        }
        match (before, next) {
            (_, Stage::Stuck) => Some(ButtonNews::Stuck),
            (_, Stage::Unreadable) => Some(ButtonNews::Unreadable),
            (_, Stage::Done(_)) => Some(ButtonNews::Held),
            (Stage::Stuck | Stage::Unreadable, _) => Some(ButtonNews::Sound),
            _ => None,
        }
    }

    /// When it is to be looked at again, though nothing moves; `None` = not before.
    pub fn next_deadline(&self) -> Option<Duration> {
        let (pressed, since) = self.contact.unwrap_or_default();
        let settled = self.looked.saturating_sub(since) >= SETTLES;
        let own = match self.stage {
            Stage::Unreadable if self.contact.is_none() => Some(self.looked + AGAIN),
            _ if !settled => Some(since + SETTLES),
            Stage::Pressed(from) if pressed => Some(from + HOLD),
            Stage::Done(from) if pressed => Some(from + STUCK),
            _ => None,
        };
        let polled = matches!(self.wakes(), Wakes::Never) && self.stage != Stage::Unreadable;
        let poll = polled.then(|| self.looked + POLL);
        own.into_iter().chain(poll).min()
    }
}
