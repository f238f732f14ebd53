//! Calls to the public network: which line is taken, and what happens when it cannot be.

use core::time::Duration;

use model::{CallId, Cause, EventBody, LegId, LegKind, Now, Party, PortId, Rule, Target};

use crate::{
    Directory, Effect, Line, Switch,
    call::{Phase, Stage},
};

/// How long a number of the public network is called.
const RING: Duration = Duration::from_secs(120);

/// What is dialled outside.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    number: String,
    emergency: bool,
    /// Lines that could not carry the call.
    tried: Vec<PortId>,
}

impl Switch {
    /// Whether the carrier asks for money for a call: it leads outside, and to no emergency number.
    #[must_use]
    pub fn costs(&self, call: CallId) -> bool {
        let outside = self.calls.get(&call).and_then(|c| c.outside.as_ref());
        outside.is_some_and(|outside| !outside.emergency)
    }

    /// The call leads out of the office, as `rule` decided.
    pub(crate) fn dial_out(
        &mut self,
        now: Now,
        id: CallId,
        number: String,
        rule: Rule,
        dir: &impl Directory,
    ) {
        let emergency = rule == Rule::DialledEmergency;
        let target = Target::Outside;
        self.tell.call(id, rule, EventBody::Routed { target });
        if let Some(call) = self.calls.get_mut(&id) {
            call.outside = Some(Outside {
                number,
                emergency,
                tried: Vec::new(),
            });
        }
        self.take_line(now, id, Rule::LineNone, dir);
    }

    /// The line cannot carry the call: the next one is tried.
    pub(crate) fn line_failed(
        &mut self,
        now: Now,
        id: CallId,
        leg: LegId,
        rule: Rule,
        dir: &impl Directory,
    ) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        let trying = leg != call.caller && matches!(call.phase, Phase::Ringing { .. });
        if trying {
            self.release(now, id, leg, Cause::Congestion);
            self.take_line(now, id, rule, dir);
        } else {
            self.ended(now, id, leg, Cause::PeerLost, rule);
        }
    }

    /// Takes the best line that was not tried; without one the call ends for `why`. An emergency call
    /// ends another one for its line.
    fn take_line(&mut self, now: Now, id: CallId, why: Rule, dir: &impl Directory) {
        let Some(outside) = self.calls.get(&id).and_then(|call| call.outside.clone()) else {
            return;
        };
        let fresh = |line: &Line| !outside.tried.contains(&line.port);
        let line = match dir.lines().into_iter().find(fresh) {
            None if outside.emergency => self.free_line(now, id, &fresh, dir),
            found => found,
        };
        let Some(line) = line else {
            self.end(now, id, Cause::Congestion, why);
            return;
        };
        if let Some(outside) = self.calls.get_mut(&id).and_then(|c| c.outside.as_mut()) {
            outside.tried.push(line.port);
        }
        let kind = LegKind::Line {
            owner: line.owner,
            port: line.port,
        };
        let party = Party {
            number: outside.number.clone(),
            name: String::new(),
        };
        if let Some((leg, ..)) = self.outbound(id, kind, party, Rule::LineSeized, dir) {
            self.tell.wish(Effect::CallLine {
                leg,
                call: id,
                port: line.port,
                number: outside.number,
            });
        }
        self.begin_ringing(id, now.mono + RING);
    }

    /// Ends the call that has been longest on a line, unless it is an emergency call, for one that is.
    fn free_line(
        &mut self,
        now: Now,
        id: CallId,
        fresh: &impl Fn(&Line) -> bool,
        dir: &impl Directory,
    ) -> Option<Line> {
        let used = dir.lines_in_use().into_iter();
        let (line, other) = used
            .filter(|(line, _)| fresh(line))
            .find_map(|(line, leg)| {
                let other = *self.legs.get(&leg)?;
                let call = self.calls.get(&other)?;
                let emergency = call.outside.as_ref().is_some_and(|o| o.emergency);
                let leaving = call
                    .legs
                    .iter()
                    .any(|known| known.id == leg && known.stage == Stage::Leaving);
                (other != id && !emergency && !leaving).then_some((line, other))
            })?;
        self.end(now, other, Cause::Congestion, Rule::EmergencyPreempts);
        Some(line)
    }
}
