//! Metering pulses to a set: one when an outside call that it made is answered, and one for every
//! interval after, so that a meter beside the telephone counts what the call costs.

use core::time::Duration;
use std::collections::BTreeMap;

use hal_port::{Linefeed, PortCommand};
use model::{Event, EventBody, Instant, LegId, Now, PortId, Rule};

use crate::{Output, Pbx, ports::SetTimer};

/// Length of a pulse: meters count from 100 ms on (general knowledge).
const PULSE_MS: u16 = 150;

/// Calls that are metered, by the leg of the set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meters {
    all: BTreeMap<LegId, Meter>,
}

#[derive(Clone, Copy, Debug)]
struct Meter {
    port: PortId,
    next: Instant,
    interval: Duration,
    by_reversal: bool,
    pulses: u32,
}

impl Meters {
    /// When the next pulse is due.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.all.values().map(|meter| meter.next).min()
    }
}

impl Pbx {
    /// An outside call of a set was answered: it costs from now on.
    pub(crate) fn begin_metering(&mut self, now: Now, leg: LegId, port: PortId) {
        let Some(jack) = self.jacks.get(port) else {
            return;
        };
        let set = self.config.analog_on(&jack.name);
        let Some(set) = set.filter(|set| set.metering_interval_s > 0) else {
            return;
        };
        let call = self.switch.call_of(leg);
        let costs = call.is_some_and(|call| self.switch.costs(call));
        if !costs || self.meters.all.contains_key(&leg) {
            return;
        }
        let can = jack.capabilities;
        let by_reversal = set.metering_reversal;
        let able = if by_reversal {
            can.reversal
        } else {
            can.metering
        };
        if !able {
            self.metered(now, leg, Rule::MeteringUnable, 0);
            return;
        }
        let meter = Meter {
            port,
            next: now.mono,
            interval: Duration::from_secs(set.metering_interval_s.into()),
            by_reversal,
            pulses: 0,
        };
        self.meters.all.insert(leg, meter);
        self.run_meters(now);
    }

    /// Sends the pulses that are due.
    pub(crate) fn run_meters(&mut self, now: Now) {
        let due = |meter: &&mut Meter| meter.next <= now.mono;
        while let Some(meter) = self.meters.all.values_mut().find(due) {
            // What a clock that stood still has missed is not made up for.
            meter.next = (meter.next + meter.interval).max(now.mono);
            meter.pulses = meter.pulses.saturating_add(1);
            let (port, by_reversal) = (meter.port, meter.by_reversal);
            self.meter_pulse(now, port, by_reversal);
        }
    }

    fn meter_pulse(&mut self, now: Now, port: PortId, by_reversal: bool) {
        if !by_reversal {
            let command = PortCommand::MeterPulse(PULSE_MS);
            self.out.push_back(Output::Port { port, command });
            return;
        }
        let feed = self.jacks.get(port).map(|jack| jack.feed);
        let other = match feed {
            Some(Linefeed::Forward) => Linefeed::Reverse,
            Some(Linefeed::Reverse) => Linefeed::Forward,
            Some(Linefeed::Open) | None => return,
        };
        self.feed(port, other);
        let end = now.mono + Duration::from_millis(PULSE_MS.into());
        self.jacks.set_timer(port, end, SetTimer::MeterEnd);
    }

    /// A leg of a set is over: nothing more is counted.
    pub(crate) fn end_metering(&mut self, now: Now, leg: LegId) {
        if let Some(meter) = self.meters.all.remove(&leg) {
            self.metered(now, leg, Rule::MeteringInterval, meter.pulses);
        }
    }

    fn metered(&mut self, now: Now, leg: LegId, rule: Rule, pulses: u32) {
        let event = Event {
            call: self.switch.call_of(leg),
            leg: Some(leg),
            rule,
            body: EventBody::LegMetered { pulses },
        };
        self.record(now, event);
    }
}
