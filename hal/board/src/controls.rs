use core::time::Duration;
use std::os::fd::BorrowedFd;

use serde::{Deserialize, Serialize};

use crate::button::{ButtonNews, ButtonState, EdgePin, HeldButton, Wakes};
use crate::file::{Button, ButtonUse};

/// Between two changes of a lamp that blinks.
const BLINK: Duration = Duration::from_millis(150);
/// Changes of one blinking, an even number: 3 s.
const CHANGES: u8 = 20;

/// A button as a technician is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonReport {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub purpose: ButtonUse,
    /// How it is.
    pub state: ButtonState,
}

/// The lamp that says that the exchange runs: lit until it is dropped, but for the moments in which it blinks.
pub struct StatusLamp {
    set: Box<dyn FnMut(bool) + Send>,
    /// Changes to come, and when the next one does.
    blinks: Option<(u8, Duration)>,
}

impl StatusLamp {
    /// Lights it; `set` does what it says to the pin.
    pub fn lit(mut set: Box<dyn FnMut(bool) + Send>) -> Self {
        set(true);
        Self { set, blinks: None }
    }

    fn blink(&mut self, now: Duration) {
        self.blinks = Some((CHANGES, now));
    }

    fn advance(&mut self, now: Duration) {
        while let Some((left, at)) = self.blinks
            && at <= now
        {
            (self.set)(left % 2 == 1);
            self.blinks = (left > 1).then(|| (left - 1, at + BLINK));
        }
    }
}

impl core::fmt::Debug for StatusLamp {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StatusLamp")
            .field("blinks", &self.blinks)
            .finish_non_exhaustive()
    }
}

impl Drop for StatusLamp {
    fn drop(&mut self) {
        (self.set)(false);
    }
}

/// The buttons of a board and its lamp, whatever their pins are.
pub trait Controls {
    /// Looks at what is due; `moved`: at every button, for a pin told that it moved.
    fn advance(&mut self, now: Duration, moved: bool) -> Vec<(Button, ButtonNews)>;

    /// When something is due though nothing moves.
    fn next_deadline(&self) -> Option<Duration>;

    /// What becomes readable when a button moves.
    fn descriptors(&self) -> Vec<BorrowedFd<'_>>;

    /// How the buttons are.
    fn report(&self) -> Vec<ButtonReport>;
}

/// Those of one kind of pin.
#[derive(Debug)]
pub struct PinControls<P> {
    buttons: Vec<HeldButton<P>>,
    lamp: Option<StatusLamp>,
    begun: bool,
}

impl<P: EdgePin> PinControls<P> {
    /// These buttons beside this lamp.
    #[must_use]
    pub const fn new(buttons: Vec<HeldButton<P>>, lamp: Option<StatusLamp>) -> Self {
        Self {
            buttons,
            lamp,
            begun: false,
        }
    }
}

impl<P: EdgePin> Controls for PinControls<P> {
    fn advance(&mut self, now: Duration, moved: bool) -> Vec<(Button, ButtonNews)> {
        let all = moved || !core::mem::replace(&mut self.begun, true);
        let mut news = Vec::new();
        for button in &mut self.buttons {
            if all || button.next_deadline().is_some_and(|at| at <= now) {
                let what = button.look(now);
                news.extend(what.map(|what| (button.button().clone(), what)));
            }
        }
        if let Some(lamp) = &mut self.lamp {
            if news.iter().any(|(_, what)| *what == ButtonNews::Held) {
                lamp.blink(now);
            }
            lamp.advance(now);
        }
        news
    }

    fn next_deadline(&self) -> Option<Duration> {
        if !self.begun {
            return Some(Duration::ZERO);
        }
        let buttons = self.buttons.iter().filter_map(HeldButton::next_deadline);
        let lamp = self.lamp.as_ref().and_then(|lamp| lamp.blinks);
        buttons.chain(lamp.map(|(_, at)| at)).min()
    }

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let mut all = Vec::new();
        for button in &self.buttons {
            match button.wakes() {
                Wakes::Descriptor(descriptor) => all.push(descriptor),
                Wakes::Told | Wakes::Never => {}
            }
        }
        all
    }

    fn report(&self) -> Vec<ButtonReport> {
        let report = |held: &HeldButton<P>| ButtonReport {
            name: held.button().name.clone(),
            purpose: held.button().purpose,
            state: held.state(),
        };
        self.buttons.iter().map(report).collect()
    }
}
