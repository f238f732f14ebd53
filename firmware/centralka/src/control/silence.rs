//! Connections that say nothing: half-open ones, handshakes that stop, peers that connect and wait. Each
//! is closed when its time is up, whether anything else happens or not.

use std::collections::BTreeSet;

use model::{FlowId, Instant};

/// Until when which connection must have said something.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    until: BTreeSet<(Instant, FlowId)>,
}

impl Silence {
    /// `flow` began and has time until `deadline`.
    pub(crate) fn begin(&mut self, flow: FlowId, deadline: Instant) {
        self.until.insert((deadline, flow));
    }

    /// `flow` spoke or is gone.
    pub(crate) fn end(&mut self, flow: FlowId, deadline: Instant) {
        self.until.remove(&(deadline, flow));
    }

    /// A connection whose time is up at `now`; each is named once.
    pub(crate) fn next_due(&mut self, now: Instant) -> Option<FlowId> {
        let &(at, _) = self.until.first()?;
        (at <= now)
            .then(|| self.until.pop_first())?
            .map(|(_, flow)| flow)
    }

    /// When the next one's time is up.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.until.first().map(|&(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use model::limits::SIP_FLOW_FIRST_MESSAGE_S;

    use super::*;

    #[test]
    fn who_says_nothing_is_closed_when_the_time_is_up_and_not_a_moment_later() {
        let patience = SIP_FLOW_FIRST_MESSAGE_S * 1_000;
        assert!(patience <= 15_000, "half-open connections live 15 s");
        let at = Instant::from_millis;
        let mut silence = Silence::default();
        for (flow, began) in [(1, 0), (2, 400), (3, 400), (4, 900)] {
            silence.begin(FlowId(flow), at(began + patience));
        }
        silence.end(FlowId(2), at(400 + patience));
        assert_eq!(silence.next_deadline(), Some(at(patience)));
        assert_eq!(silence.next_due(at(patience - 1)), None);
        assert_eq!(silence.next_due(at(patience)), Some(FlowId(1)));
        assert_eq!(silence.next_due(at(patience)), None);
        assert_eq!(silence.next_deadline(), Some(at(400 + patience)));
        let late = at(9 * patience);
        assert_eq!(silence.next_due(late), Some(FlowId(3)), "the other spoke");
        assert_eq!(silence.next_due(late), Some(FlowId(4)));
        assert!(silence.next_due(late).is_none() && silence.next_deadline().is_none());
    }
}
