//! In and out of service: the same for every chip.
//!
//! ```text
//! BringUp ──done──> in service ──trouble──> out of service ──back-off──> BringUp … ──> Probation ──> in service
//! ```

use core::time::Duration;
use std::collections::VecDeque;

use hal_port::PortEvent;

use crate::Trouble;

/// A chip that is back must stay well so long before it is believed.
const PROBATION: Duration = Duration::from_secs(1);
/// The pause after the first trouble, doubled with each further one.
const BACK_OFF: Duration = Duration::from_millis(500);
const BACK_OFF_MAX: Duration = Duration::from_secs(60);

/// Where a chip is in its life; `B` says how far its bring-up is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life<B> {
    BringUp(B),
    /// Works, but after a fault it is not believed before `until`.
    Probation {
        until: Duration,
    },
    Service,
    /// Out of service until it is tried again.
    Down {
        until: Duration,
    },
}

/// A chip's life, what is wrong with it, and when it is tried again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Health<B> {
    pub(crate) life: Life<B>,
    /// Bring-ups that failed or did not last, since the last good service.
    failures: u32,
    /// The fault that was reported and has not ended.
    pub(crate) fault: Option<Trouble>,
    /// The last trouble there was, for reports.
    pub(crate) last: Option<Trouble>,
}

impl<B> Health<B> {
    /// A chip whose bring-up begins with `start`.
    pub(crate) const fn new(start: B) -> Self {
        Self {
            life: Life::BringUp(start),
            failures: 0,
            fault: None,
            last: None,
        }
    }

    /// Whether it is brought up and believed.
    pub(crate) const fn is_in_service(&self) -> bool {
        matches!(self.life, Life::Service)
    }

    /// Whether wishes reach the chip at once.
    pub(crate) const fn works(&self) -> bool {
        matches!(self.life, Life::Service | Life::Probation { .. })
    }

    /// Something broke: the chip is left alone for a while; what to report.
    fn fail(&mut self, now: Duration, trouble: Trouble) -> Option<PortEvent> {
        let pause = BACK_OFF.saturating_mul(1 << self.failures.min(7));
        let told = self.fault.is_some();
        self.life = Life::Down {
            until: now + pause.min(BACK_OFF_MAX),
        };
        self.failures = self.failures.saturating_add(1);
        self.last = Some(trouble);
        self.fault = Some(trouble);
        (!told).then(|| PortEvent::Fault(trouble.kind()))
    }

    /// It works, and did so for long enough.
    fn recover(&mut self) {
        self.life = Life::Service;
        self.fault = None;
        self.failures = 0;
    }
}

/// What a driver does in each part of its chip's life.
pub(crate) trait Chip {
    /// How far a bring-up is.
    type BringUp: Copy;

    fn now(&self) -> Duration;
    fn health(&mut self) -> &mut Health<Self::BringUp>;
    fn events(&mut self) -> &mut VecDeque<PortEvent>;
    /// A bring-up from the beginning.
    fn begin(now: Duration) -> Self::BringUp;
    /// Goes on with the bring-up; `None` = the chip works.
    fn bring_up(&mut self, at: Self::BringUp) -> Result<Option<Self::BringUp>, Trouble>;
    /// Everything that is due on a chip that works.
    fn serve(&mut self) -> Result<(), Trouble>;
    /// Out of service: the line is left as well as can be, and what was known of it is forgotten.
    fn abandon(&mut self);
    /// In service again: what is to be told of the line anew.
    fn resume(&mut self);

    /// Everything that is due.
    fn live(&mut self) {
        if let Err(trouble) = self.step() {
            self.abandon();
            let now = self.now();
            if let Some(event) = self.health().fail(now, trouble) {
                self.events().push_back(event);
            }
        }
    }

    fn step(&mut self) -> Result<(), Trouble> {
        let now = self.now();
        match self.health().life {
            Life::BringUp(at) => {
                let next = self.bring_up(at)?;
                let health = self.health();
                health.life = match next {
                    Some(at) => Life::BringUp(at),
                    None if health.fault.is_some() => Life::Probation {
                        until: now + PROBATION,
                    },
                    None => Life::Service,
                };
            }
            Life::Probation { until } => {
                self.serve()?;
                // What happens while the port is out of service is not told; how things are at the
                // end is.
                self.events()
                    .retain(|event| matches!(event, PortEvent::Fault(_)));
                if now >= until {
                    self.health().recover();
                    self.events().push_back(PortEvent::Recovered);
                    self.resume();
                }
            }
            Life::Service => self.serve()?,
            Life::Down { until } if now >= until => {
                self.health().life = Life::BringUp(Self::begin(now));
            }
            Life::Down { .. } => {}
        }
        Ok(())
    }
}
