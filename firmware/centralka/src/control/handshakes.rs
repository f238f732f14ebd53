//! Connections that are not up yet: a handshake of TLS that stops, a connect that nobody answers. Each is
//! closed when its time is up, whether anything else happens or not. What is said, or not, on a connection that
//! is up is the exchange's to judge (`pbx::flows`).

use std::collections::BTreeSet;

use model::{FlowId, Instant};

/// Until when which connection must be up.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    until: BTreeSet<(Instant, FlowId)>,
}

impl Handshakes {
    /// `flow` began and has time until `deadline`.
    pub(crate) fn begin(&mut self, flow: FlowId, deadline: Instant) {
        self.until.insert((deadline, flow));
    }

    /// `flow` is up or gone.
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
    use model::limits::{SIP_FLOW_FIRST_MESSAGE_S, SIP_HANDSHAKE_S};

    use super::*;

    #[test]
    fn a_handshake_that_stops_is_closed_when_its_time_is_up_and_not_a_moment_later() {
        let patience = SIP_HANDSHAKE_S * 1_000;
        // Half-open connections live 15 s at most.
        const { assert!(SIP_HANDSHAKE_S + SIP_FLOW_FIRST_MESSAGE_S <= 15) };
        let at = Instant::from_millis;
        let mut handshakes = Handshakes::default();
        for (flow, began) in [(1, 0), (2, 400), (3, 400), (4, 900)] {
            handshakes.begin(FlowId(flow), at(began + patience));
        }
        handshakes.end(FlowId(2), at(400 + patience));
        assert_eq!(handshakes.next_deadline(), Some(at(patience)));
        assert_eq!(handshakes.next_due(at(patience - 1)), None);
        assert_eq!(handshakes.next_due(at(patience)), Some(FlowId(1)));
        assert_eq!(handshakes.next_due(at(patience)), None);
        assert_eq!(handshakes.next_deadline(), Some(at(400 + patience)));
        let late = at(9 * patience);
        assert_eq!(
            handshakes.next_due(late),
            Some(FlowId(3)),
            "the other is up"
        );
        assert_eq!(handshakes.next_due(late), Some(FlowId(4)));
        assert!(handshakes.next_due(late).is_none() && handshakes.next_deadline().is_none());
    }
}
