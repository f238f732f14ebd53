//! The button of the simulated board, under the finger of whoever asks at the command line.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use embedded_hal::digital::{ErrorType, InputPin};
use hal_board::{Button, ButtonUse, EdgePin, HeldButton, Pin, PinControls, Wakes};

/// What it is called at the command line.
const NAME: &str = "recover";

/// A finger and the contact under it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finger(Arc<AtomicBool>);

impl Finger {
    /// Presses or lets go, if the button is called so.
    pub(crate) fn moves(&self, button: &str, held: bool) -> bool {
        let known = button == NAME;
        if known {
            self.0.store(held, Ordering::Relaxed);
        }
        known
    }
}

impl ErrorType for Finger {
    type Error = Infallible;
}

impl InputPin for Finger {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

impl EdgePin for Finger {
    fn wakes(&self) -> Wakes<'_> {
        Wakes::Told
    }

    fn clear_edges(&mut self) {}
}

/// The simulated board's one button, and its finger.
pub(super) fn simulated() -> (PinControls<Finger>, Finger) {
    let finger = Finger::default();
    let button = Button {
        name: NAME.into(),
        pin: Pin {
            chip: String::new(),
            line: 0,
            active_low: false,
        },
        purpose: ButtonUse::Recover,
        at_line: 0,
    };
    let held = HeldButton::new(button, finger.clone());
    (PinControls::new(vec![held], None), finger)
}
