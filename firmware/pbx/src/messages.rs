//! Messages that wait for whoever uses a set: the stutter of its dial tone and its lamp. Who keeps the
//! messages says how many there are.

use core::time::Duration;

use hal_port::PortCommand;
use model::{
    CallType, CallerField, CallerIdOutcome, CallerIdScheme, CallerInfo, EntryId, EventBody, LegId,
    Now, PortId, Rule, StateChange,
};

use crate::{
    Output, Pbx,
    announce::Why,
    ports::{self, SetPhase, SetTimer},
};

/// A set has been on hook for so long before its lamp is told.
const CALM: Duration = Duration::from_secs(2);

impl Pbx {
    /// Whoever keeps the messages of a set says how many there are.
    pub(crate) fn set_messages(&mut self, now: Now, set: EntryId, messages: u8) {
        let before = self.messages.get(&set).copied().unwrap_or(0);
        if before == messages || self.config.analog_set(&set).is_none() {
            return;
        }
        if messages == 0 {
            self.messages.remove(&set);
        } else {
            self.messages.insert(set.clone(), messages);
        }
        let port = self.jacks.of_entry(&set).map(|(port, _)| port);
        let body = EventBody::MessagesWaiting {
            set: set.clone(),
            messages,
        };
        self.note(now, Rule::MessagesSet, body);
        self.state(StateChange::Messages { set, messages });
        if let Some(port) = port {
            self.show_messages(now, port);
        }
    }

    fn messages_on(&self, port: PortId) -> u8 {
        let set = self.jacks.get(port).and_then(|jack| jack.entry.as_ref());
        set.and_then(|set| self.messages.get(set))
            .copied()
            .unwrap_or(0)
    }

    /// Whether the dial tone of a leg says that messages wait.
    pub(crate) fn has_messages(&self, leg: LegId) -> bool {
        let port = self.jacks.of_leg(leg).map(|(port, _)| port);
        port.is_some_and(|port| self.messages_on(port) > 0)
    }

    /// Shows at every set for which messages wait that they do: after a start, and when the
    /// configuration has changed who uses which port.
    pub(crate) fn show_all_messages(&mut self, now: Now) {
        let ports: Vec<PortId> = self.jacks.ports().collect();
        for port in ports {
            self.show_messages_again(now, port);
        }
    }

    /// The same at one set.
    pub(crate) fn show_messages_again(&mut self, now: Now, port: PortId) {
        if self.messages_on(port) > 0 {
            self.show_messages(now, port);
        }
    }

    /// Lights the lamp of a set or puts it out, in every way that the port has.
    fn show_messages(&mut self, now: Now, port: PortId) {
        let lit = self.messages_on(port) > 0;
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        if jack.capabilities.neon {
            let command = PortCommand::SetNeon(lit);
            self.out.push_back(Output::Port { port, command });
            let body = EventBody::PortLamp { port, lit };
            self.note(now, Rule::LampNeon, body);
        }
        let way = self.way_to_set(port);
        let told =
            way.is_some_and(|way| !way.scheme.lamp_plan().is_empty() && self.can_tell(port, way));
        self.jacks.set_lamp_due(port, told);
        self.settle_lamp_later(now, port);
    }

    /// Once the set is at rest, its lamp is told what is due.
    pub(crate) fn settle_lamp_later(&mut self, now: Now, port: PortId) {
        let due = |jack: &&ports::Jack| jack.lamp_due && jack.phase == SetPhase::Idle;
        if self.jacks.get(port).filter(due).is_none() {
            return;
        }
        if self.jacks.get(port).is_some_and(|jack| jack.out_of_service) {
            // It is told when the port is back.
            self.jacks.set_lamp_due(port, false);
            return;
        }
        self.jacks.set_timer(port, now.mono + CALM, SetTimer::Lamp);
    }

    /// Tells a set on hook, by the data of its scheme, whether messages wait.
    pub(crate) fn tell_lamp(&mut self, now: Now, port: PortId) {
        let due = |jack: &&ports::Jack| jack.lamp_due && jack.phase == SetPhase::Idle;
        if self.jacks.get(port).filter(due).is_none() {
            return;
        }
        let Some(way) = self.way_to_set(port) else {
            self.jacks.set_lamp_due(port, false);
            return;
        };
        if self.is_announcing(port) {
            self.settle_lamp_later(now, port);
            return;
        }
        let messages = self.messages_on(port);
        let lit = messages > 0;
        let british = way.scheme == CallerIdScheme::BtSin227;
        let info = CallerInfo {
            number: CallerField::None,
            call_type: british.then_some(CallType::MessageWaiting),
            waiting: Some(lit),
            messages: Some(messages),
            ..CallerInfo::default()
        };
        let cadence = ports::cadence(&self.config.country.ring.cadence_ms);
        self.tell_set(now, port, Why::Lamp(lit), (way, info), cadence);
    }

    /// The lamp was told, or something came between.
    pub(crate) fn lamp_was_told(
        &mut self,
        now: Now,
        port: PortId,
        lit: bool,
        outcome: CallerIdOutcome,
    ) {
        if outcome == CallerIdOutcome::Cut {
            return;
        }
        if outcome == CallerIdOutcome::Sent {
            let body = EventBody::PortLamp { port, lit };
            self.note(now, Rule::LampData, body);
        }
        // Messages that came or went meanwhile are told next.
        let now_lit = self.messages_on(port) > 0;
        self.jacks.set_lamp_due(port, lit != now_lit);
        self.settle_lamp_later(now, port);
    }
}
