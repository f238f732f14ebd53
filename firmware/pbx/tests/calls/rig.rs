//! The exchange with everything that it said, and a media plane that does what it is told.

use std::{collections::BTreeMap, net::SocketAddr};

use hal_port::{Capabilities, PortCommand, PortEvent, PortKind};
use model::{
    Binding, Instant, MediaCommand, MediaEvent, MediaFigures, MediaLeg, PortId, QualityMinute,
    Record, StateChange,
};
use pbx::{Input, Jack, Output, Pbx};

use crate::{
    office::{exchange, now},
    phones::FORMATS,
};

pub(crate) const SET: PortId = PortId(0);
pub(crate) const LINE: PortId = PortId(1);

pub(crate) struct Rig {
    pub(crate) pbx: Pbx,
    ms: u64,
    pub(crate) records: Vec<Record>,
    pub(crate) media: Vec<MediaCommand>,
    pub(crate) states: Vec<StateChange>,
    pub(crate) ports: Vec<(PortId, PortCommand)>,
    /// SIP that went out.
    pub(crate) sent: Vec<(SocketAddr, String)>,
    /// What phones offer: what stands behind the port in their descriptions.
    pub(crate) offered: &'static str,
    /// What the media plane has of a leg's minute when the leg is removed.
    pub(crate) begun_minutes: BTreeMap<MediaLeg, QualityMinute>,
}

/// A set on `fxs1` and a line on `fxo1`.
fn jacks() -> Vec<Jack> {
    let jack = |port, name: &str, kind| Jack {
        port,
        name: name.into(),
        kind,
        capabilities: Capabilities::default(),
        lifeline: None,
    };
    vec![
        jack(SET, "fxs1", PortKind::Fxs),
        jack(LINE, "fxo1", PortKind::Fxo),
    ]
}

impl Rig {
    pub(crate) fn new(text: &str, bindings: Vec<Binding>) -> Self {
        let mut rig = Self {
            pbx: exchange(text, jacks(), bindings),
            ms: 0,
            records: Vec::new(),
            media: Vec::new(),
            states: Vec::new(),
            ports: Vec::new(),
            sent: Vec::new(),
            offered: FORMATS,
            begun_minutes: BTreeMap::new(),
        };
        rig.take();
        rig
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.ms)
    }

    pub(crate) fn tell(&mut self, input: Input) {
        self.ms += 1;
        self.pbx.handle(now(self.ms), input);
        self.take();
    }

    pub(crate) fn port(&mut self, port: PortId, event: PortEvent) {
        self.tell(Input::Port { port, event });
    }

    pub(crate) fn media_says(&mut self, event: MediaEvent) {
        self.tell(Input::Media(event));
    }

    /// Lets time go by.
    pub(crate) fn pass_ms(&mut self, ms: u64) {
        let end = self.ms + ms;
        while self.ms < end {
            let due = self.pbx.next_deadline();
            let due = due.map_or(end, |(at, _)| at.as_nanos().div_ceil(1_000_000));
            self.ms = due.clamp(self.ms + 1, end);
            self.pbx.handle(now(self.ms), Input::Tick);
            self.take();
        }
    }

    /// Takes what the exchange says until it is quiet. The disk is fast, and so is the media plane.
    fn take(&mut self) {
        loop {
            let all: Vec<Output> = std::iter::from_fn(|| self.pbx.poll()).collect();
            if all.is_empty() {
                return;
            }
            for output in all {
                self.take_one(output);
            }
        }
    }

    fn take_one(&mut self, output: Output) {
        match output {
            Output::Record(record) => {
                let seq = record.seq;
                self.records.push(record);
                self.pbx.handle(now(self.ms), Input::Durable(seq));
            }
            Output::Media(command) => {
                self.media.push(command);
                if let MediaCommand::RemoveLeg { leg } = command {
                    self.remove(leg);
                }
            }
            Output::State(change) => self.states.push(change),
            Output::Port { port, command } => self.ports.push((port, command)),
            Output::Datagram { remote, bytes, .. } => {
                let text = String::from_utf8(bytes).expect("SIP is text");
                self.sent.push((remote, text));
            }
            _ => {}
        }
    }

    fn remove(&mut self, leg: MediaLeg) {
        let minute = self.begun_minutes.remove(&leg);
        let last = minute.map(|minute| MediaEvent::QualityMinute { leg, minute });
        let figures = MediaFigures::default();
        let gone = MediaEvent::LegRemoved { leg, figures };
        for event in last.into_iter().chain([gone]) {
            self.pbx.handle(now(self.ms), Input::Media(event));
        }
    }

    /// The newest place in the media plane of a jack.
    pub(crate) fn place_of(&self, jack: PortId) -> MediaLeg {
        let mut told = self.media.iter().rev();
        let place = told.find_map(|command| match command {
            MediaCommand::AddPortLeg { leg, port } if *port == jack => Some(*leg),
            _ => None,
        });
        place.expect("the jack is in a call")
    }
}
