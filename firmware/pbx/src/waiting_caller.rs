//! Telling a set that is in a call who the second caller is: after the tone for it, the alert tone, the
//! set's answer and the data, while the party hears nothing (GR-30-CORE §2.5, EN 300 659-2).

use model::{
    CallId, CallerIdOutcome, CallerInfo, LegId, LinePlay, MediaCommand, Now, Party, PortId, Rule,
};

use crate::{Pbx, announce::DATA_DBM0, caller::Way, ports::SetPhase};

/// A second caller of whom the set is to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitingCaller {
    leg: LegId,
    way: Way,
    info: CallerInfo,
    /// The set is being told.
    telling: bool,
}

impl Pbx {
    /// The set will be told after the first tone, where its way knows how.
    pub(crate) fn plan_waiting_caller(
        &mut self,
        now: Now,
        (leg, call): (LegId, CallId),
        port: PortId,
        from: &Party,
    ) {
        let way = self.way_to_set(port);
        let Some(way) = way.filter(|way| way.scheme.tells_in_call()) else {
            return;
        };
        let info = self.caller_info(now, call, from, way.scheme);
        let way = Way {
            rule: Rule::CallerIdWaiting,
            ..way
        };
        let caller = WaitingCaller {
            leg,
            way,
            info,
            telling: false,
        };
        self.waiting_callers.insert(port, caller);
    }

    /// What was played on a set's port is over.
    pub(crate) fn port_played(&mut self, now: Now, port: PortId, whole: bool) {
        if self.announcement_played(now, port, whole) {
            return;
        }
        let Some(SetPhase::Up { media, .. } | SetPhase::Parting(media)) =
            self.jacks.get(port).map(|jack| jack.phase)
        else {
            return;
        };
        let Some(caller) = self.waiting_callers.get_mut(&port) else {
            return;
        };
        if core::mem::replace(&mut caller.telling, true) {
            let outcome = if whole {
                CallerIdOutcome::Sent
            } else {
                CallerIdOutcome::Unanswered
            };
            self.waiting_caller_was(now, port, outcome);
            return;
        }
        let play = LinePlay::CallerWaiting {
            info: caller.info,
            scheme: caller.way.scheme,
            dbm0: DATA_DBM0,
        };
        self.media(MediaCommand::PlayOnPort { leg: media, play });
    }

    /// Whether the set is being told at this moment.
    pub(crate) fn is_telling(&self, port: PortId) -> bool {
        let caller = self.waiting_callers.get(&port);
        caller.is_some_and(|caller| caller.telling)
    }

    /// Nobody waits any more.
    pub(crate) fn cut_waiting_caller(&mut self, now: Now, port: PortId) {
        if self.is_telling(port) {
            self.waiting_caller_was(now, port, CallerIdOutcome::Cut);
        }
        self.forget_waiting_caller(port);
    }

    /// The set is on hook: whoever waits is announced as any caller.
    pub(crate) fn forget_waiting_caller(&mut self, port: PortId) {
        self.waiting_callers.remove(&port);
    }

    fn waiting_caller_was(&mut self, now: Now, port: PortId, outcome: CallerIdOutcome) {
        if let Some(caller) = self.waiting_callers.remove(&port) {
            self.caller_id_was(caller.leg, caller.way, &caller.info, now, outcome);
        }
    }
}
