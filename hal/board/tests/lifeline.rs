//! A set's port with its relay.

use core::convert::Infallible;
use core::time::Duration;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicI16, Ordering::Relaxed},
};

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use hal_board::{Lifeline, LifelineJack, Pin, Relay};
use hal_port::{ControlHalf, ErrorKind, Linefeed, PortCommand, PortEvent, Reading};

/// A wire of the board, shared with the test.
#[derive(Clone, Default)]
struct Wire(Arc<AtomicBool>);

impl ErrorType for Wire {
    type Error = Infallible;
}

impl OutputPin for Wire {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.store(false, Relaxed);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.store(true, Relaxed);
        Ok(())
    }
}

impl InputPin for Wire {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.load(Relaxed))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!self.0.load(Relaxed))
    }
}

/// A set's port that measures what the test says.
#[derive(Clone, Default)]
struct Set {
    volts: Arc<AtomicI16>,
}

impl ControlHalf for Set {
    type Error = ErrorKind;

    fn advance(&mut self, _now: Duration) {}

    fn next_deadline(&self) -> Option<Duration> {
        None
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        match command {
            PortCommand::SetLinefeed(_) => Ok(()),
            _ => Err(ErrorKind::Unsupported),
        }
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        None
    }

    fn reading(&self) -> Reading {
        Reading {
            foreign_volts: Some(self.volts.load(Relaxed)),
            ..Reading::default()
        }
    }
}

fn pin(line: u32, active_low: bool) -> Pin {
    Pin {
        chip: "gpiochip0".into(),
        line,
        active_low,
    }
}

fn relay(sense: Option<Pin>) -> Relay {
    Relay {
        name: "lifeline".into(),
        pin: pin(5, true),
        sense,
        set: "fxs1".into(),
        line: "fxo1".into(),
        at_line: 1,
    }
}

#[test]
fn the_contact_of_a_relay_is_told_by_its_own_level() {
    for active_low in [false, true] {
        let (coil, contact) = (Wire::default(), Wire::default());
        contact.0.store(active_low, Relaxed);
        let relay = relay(Some(pin(7, active_low)));
        let lifeline = Lifeline::new(relay, coil.clone());
        let mut set = LifelineJack::new(Set::default(), lifeline, Some(contact.clone()));
        set.apply(PortCommand::Lifeline(false)).expect("a relay");
        assert!(!coil.0.load(Relaxed), "drawn by a low level");
        set.advance(Duration::from_millis(10));
        assert_eq!(set.poll_event(), None);
        set.apply(PortCommand::Lifeline(true)).expect("a relay");
        assert!(coil.0.load(Relaxed));
        for on_line in [true, false] {
            contact.0.store(on_line != active_low, Relaxed);
            let due = set.next_deadline().expect("a contact is looked at");
            set.advance(due);
            assert_eq!(set.poll_event(), Some(PortEvent::Lifeline(on_line)));
        }
        set.apply(PortCommand::Lifeline(false)).expect("a relay");
        drop(set);
        assert!(coil.0.load(Relaxed), "let go at the end");
    }
}

#[test]
fn without_a_contact_the_line_is_seen_on_the_jack_that_is_not_fed() {
    let set = Set::default();
    let volts = Arc::clone(&set.volts);
    let lifeline = Lifeline::new(relay(None), Wire::default());
    let mut set: LifelineJack<_, _, Wire> = LifelineJack::new(set, lifeline, None);
    let mut now = Duration::ZERO;
    let mut at = |set: &mut LifelineJack<Set, Wire, Wire>| {
        now += Duration::from_millis(10);
        set.advance(now);
        set.poll_event()
    };
    volts.store(48, Relaxed);
    assert_eq!(at(&mut set), None, "fed");
    volts.store(0, Relaxed);
    set.apply(PortCommand::SetLinefeed(Linefeed::Open))
        .expect("it can");
    assert_eq!(at(&mut set), None);
    set.apply(PortCommand::Lifeline(true)).expect("a relay");
    volts.store(-48, Relaxed);
    assert_eq!(at(&mut set), Some(PortEvent::Lifeline(true)));
    assert_eq!(set.reading().foreign_volts, None, "it is the line's");
    set.apply(PortCommand::Lifeline(false)).expect("a relay");
    volts.store(3, Relaxed);
    assert_eq!(at(&mut set), Some(PortEvent::Lifeline(false)));
    assert_eq!(set.reading().foreign_volts, Some(3));
    assert_eq!(
        set.apply(PortCommand::SetNeon(true)),
        Err(ErrorKind::Unsupported),
        "everything else is the port's"
    );
}
