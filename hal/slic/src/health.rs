//! In and out of service: the same for every chip.

use core::time::Duration;

use hal_port::PortEvent;

use crate::Trouble;

/// A chip that is back must stay well so long before it is believed.
pub(crate) const PROBATION: Duration = Duration::from_secs(1);
/// The pause after the first trouble, doubled with each further one.
const BACK_OFF: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// What is wrong with a chip, and when it is tried again.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Health {
    /// Bring-ups that failed or did not last, since the last good service.
    failures: u32,
    /// The fault that was reported and has not ended.
    pub(crate) fault: Option<Trouble>,
    /// The last trouble there was, for reports.
    pub(crate) last: Option<Trouble>,
}

impl Health {
    /// Something broke: how long to leave the chip alone, and what to report.
    pub(crate) fn fail(&mut self, trouble: Trouble) -> (Duration, Option<PortEvent>) {
        let pause = BACK_OFF.saturating_mul(1 << self.failures.min(7));
        let told = self.fault.is_some();
        self.failures = self.failures.saturating_add(1);
        self.last = Some(trouble);
        self.fault = Some(trouble);
        let event = (!told).then(|| PortEvent::Fault(trouble.kind()));
        (pause.min(BACK_OFF_MAX), event)
    }

    /// It works, and did so for long enough.
    pub(crate) fn recover(&mut self) {
        self.fault = None;
        self.failures = 0;
    }
}
