//! What the benches of both chips do alike: driver, model, time.

use core::fmt::Debug;
use core::time::Duration;

use hal_port::{ControlHalf, PortCommand, PortEvent};
use hal_slic_model::{daa::DaaHandle, slic::SlicHandle};

/// The model of a chip, as the world around it sees it.
pub(crate) trait Model {
    fn pass_to(&self, now: Duration);
    fn violations(&self) -> Vec<String>;
}

macro_rules! model {
    ($($handle:ty),*) => {$(
        impl Model for $handle {
            fn pass_to(&self, now: Duration) {
                self.pass_to(now);
            }

            fn violations(&self) -> Vec<String> {
                self.violations()
            }
        }
    )*};
}
model!(SlicHandle, DaaHandle);

/// One port.
pub(crate) struct ChipBench<M, L, A> {
    pub(crate) chip: M,
    pub(crate) line: L,
    pub(crate) audio: A,
    pub(crate) now: Duration,
    pub(crate) events: Vec<PortEvent>,
}

impl<M: Model, L: ControlHalf<Error: Debug>, A> ChipBench<M, L, A> {
    pub(crate) const fn with(chip: M, line: L, audio: A) -> Self {
        Self {
            chip,
            line,
            audio,
            now: Duration::ZERO,
            events: Vec::new(),
        }
    }

    /// Lets time pass as the exchange does: every 10 ms, and when the driver wishes it.
    pub(crate) fn pass(&mut self, ms: u64) {
        let end = self.now + Duration::from_millis(ms);
        while self.now < end {
            let deadline = self.line.next_deadline().unwrap_or(end);
            let tick = self.now + Duration::from_millis(10);
            self.now = deadline.max(self.now + Duration::from_millis(1)).min(tick);
            self.chip.pass_to(self.now);
            self.line.advance(self.now);
            let line = &mut self.line;
            self.events
                .extend(core::iter::from_fn(|| line.poll_event()));
            self.check();
        }
    }

    /// Ten milliseconds for the conformance suites, which advance the driver themselves.
    pub(crate) fn pass_for_suite(&mut self) -> Duration {
        self.check();
        self.now += Duration::from_millis(10);
        self.chip.pass_to(self.now);
        self.now
    }

    /// The driver did nothing that the data sheet forbids.
    #[track_caller]
    pub(crate) fn check(&self) {
        let violations = self.chip.violations();
        assert!(violations.is_empty(), "{violations:#?}");
    }

    pub(crate) fn take_events(&mut self) -> Vec<PortEvent> {
        core::mem::take(&mut self.events)
    }

    #[track_caller]
    pub(crate) fn must(&mut self, command: PortCommand) {
        self.line.apply(command).expect("accepted");
    }
}
