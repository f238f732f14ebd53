use std::sync::Arc;

use hal_port::{Capabilities, Port, PortKind};
use model::limits::PORTS;
use rtrb::{Consumer, Producer, RingBuffer};

use crate::audio::SimAudio;
use crate::control::SimControl;
use crate::line::{
    CONTACT_RING, Carrier, CarrierLinks, CarrierRules, Contact, Copper, FACT_RING, LINE_SOUND_RING,
    LineAudio, LineControl,
};
use crate::people::People;
use crate::person::{Links, Person};
use crate::relay::{LifelinePlan, Relay, RelayKind, SetEnd};
use crate::wire::{BELL_RING, HAND_RING, HEARD_RING, READ_RING, SOUND_RING, Wire};

/// How a set and its line are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetOptions {
    /// How long the hook's contact bounces, in ms; 0 = a perfect contact. More than 20 is a broken one.
    pub bounce_ms: u8,
}

/// A port of the simulated board, to be taken apart: the halves go to their threads.
#[derive(Debug)]
pub struct SimPort {
    /// What it is.
    pub port: Port,
    /// For the control thread.
    pub control: SimControl,
    /// For a media thread.
    pub audio: SimAudio,
    /// Its lifeline, if it has one: the name of the line's port, and what is seen of its relay.
    pub lifeline: Option<(String, RelayKind)>,
}

/// A line's port of the simulated board, to be taken apart like a [`SimPort`].
#[derive(Debug)]
pub struct SimLine {
    /// What it is.
    pub port: Port,
    /// For the control thread.
    pub control: LineControl,
    /// For a media thread.
    pub audio: LineAudio,
}

/// What is on a board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardPlan {
    /// Sets, `fxs1` to `fxsN`.
    pub sets: usize,
    /// How the sets are made.
    pub set_options: SetOptions,
    /// Lines, `fxo1` to `fxoN`, by the rules of the exchange behind each.
    pub lines: Vec<CarrierRules>,
    /// Lifelines; a port has at most one.
    pub lifelines: Vec<LifelinePlan>,
}

/// A board without hardware.
#[derive(Debug)]
pub struct SimBoard {
    /// The ports of sets, `fxs1` first.
    pub ports: Vec<SimPort>,
    /// The ports of lines, `fxo1` first.
    pub lines: Vec<SimLine>,
    /// Those who sit at the sets, and the exchanges behind the lines.
    pub people: People,
}

impl SimBoard {
    /// Sets of a board about which nothing is said.
    pub const SETS: usize = 2;
    /// Lines of a board about which nothing is said.
    pub const LINES: usize = 1;

    /// A board with `sets` sets, `fxs1` to `fxsN`, and no line; `None` when they are more than
    /// `model::limits::PORTS`.
    #[must_use]
    pub fn new(sets: usize, options: SetOptions) -> Option<Self> {
        Self::with(BoardPlan {
            sets,
            set_options: options,
            ..BoardPlan::default()
        })
    }

    /// A board as planned; `None` when it has more ports than `model::limits::PORTS`, or a lifeline is not between
    /// two of them.
    #[must_use]
    pub fn with(plan: BoardPlan) -> Option<Self> {
        if plan.sets.saturating_add(plan.lines.len()) > PORTS {
            return None;
        }
        let fits = |lifeline: &LifelinePlan| {
            (1..=plan.sets).contains(&lifeline.set)
                && (1..=plan.lines.len()).contains(&lifeline.line)
        };
        if !plan.lifelines.iter().all(fits) {
            return None;
        }
        let options = plan.set_options;
        let mut relays: Vec<Joint> = plan.lifelines.into_iter().map(Joint::new).collect();
        let (ports, people) = (1..=plan.sets)
            .map(|number| {
                let own = relays.iter_mut().find(|joint| joint.plan.set == number);
                attach(number, options, own)
            })
            .unzip();
        let lines = plan.lines.into_iter().zip(1..);
        let (lines, carriers) = lines
            .map(|(rules, number)| {
                let own = relays.iter_mut().find(|joint| joint.plan.line == number);
                connect(number, rules, own)
            })
            .unzip();
        Some(Self {
            ports,
            lines,
            people: People::new(people, carriers),
        })
    }
}

/// A lifeline between its two ends, which take their parts of it.
struct Joint {
    plan: LifelinePlan,
    relay: Arc<Relay>,
    set: Option<Producer<Contact>>,
    line: Option<Consumer<Contact>>,
}

impl Joint {
    fn new(plan: LifelinePlan) -> Self {
        let (set, line) = RingBuffer::new(CONTACT_RING);
        Self {
            plan,
            relay: Arc::default(),
            set: Some(set),
            line: Some(line),
        }
    }
}

/// Builds one port with its set and its person.
fn attach(
    number: usize,
    options: SetOptions,
    mut lifeline: Option<&mut Joint>,
) -> (SimPort, Person) {
    let port = Port {
        name: format!("fxs{number}"),
        kind: PortKind::Fxs,
        capabilities: Capabilities {
            ring_vrms: 60,
            reversal: true,
            open_loop: true,
            pulse: true,
            on_hook_sound: true,
            metering: true,
            neon: true,
            ..Capabilities::default()
        },
    };
    let wire = Arc::new(Wire::default());
    let (hand_in, hand_out) = RingBuffer::new(HAND_RING);
    let (bell_in, bell_out) = RingBuffer::new(BELL_RING);
    let (sound_in, sound_out) = RingBuffer::new(SOUND_RING);
    let (heard_in, heard_out) = RingBuffer::new(HEARD_RING);
    let (read_in, read_out) = RingBuffer::new(READ_RING);
    let links = Links {
        wire: Arc::clone(&wire),
        read: read_out,
        hands: hand_in,
        bells: bell_out,
        sounds: sound_in,
        heard: heard_out,
        relay: lifeline.as_ref().map(|joint| Arc::clone(&joint.relay)),
    };
    let end = lifeline.as_mut().and_then(|joint| {
        let contacts = joint.set.take()?;
        let relay = Arc::clone(&joint.relay);
        Some(SetEnd::new(relay, joint.plan.kind, contacts))
    });
    let bounce_ms = options.bounce_ms;
    let person = Person::new(port.name.clone(), links);
    let control = SimControl::new(Arc::clone(&wire), hand_out, bell_in, bounce_ms, end);
    let audio = SimAudio::new(wire, sound_out, heard_in, read_in);
    (
        SimPort {
            port,
            control,
            audio,
            lifeline: lifeline.map(|joint| (format!("fxo{}", joint.plan.line), joint.plan.kind)),
        },
        person,
    )
}

/// Builds one line with the exchange behind it.
fn connect(number: usize, rules: CarrierRules, lifeline: Option<&mut Joint>) -> (SimLine, Carrier) {
    let (relay, set) = lifeline.map_or((None, None), |joint| {
        (Some(Arc::clone(&joint.relay)), joint.line.take())
    });
    let port = Port {
        name: format!("fxo{number}"),
        kind: PortKind::Fxo,
        capabilities: Capabilities {
            pulse: true,
            on_hook_sound: true,
            parallel: true,
            impedance: true,
            ..Capabilities::default()
        },
    };
    let copper = Arc::new(Copper::default());
    let (fact_in, fact_out) = RingBuffer::new(FACT_RING);
    let (contact_in, contact_out) = RingBuffer::new(CONTACT_RING);
    let (sound_in, sound_out) = RingBuffer::new(LINE_SOUND_RING);
    let (heard_in, heard_out) = RingBuffer::new(HEARD_RING);
    let ring = (rules.ring_vrms, rules.ring_hz);
    let links = CarrierLinks {
        copper: Arc::clone(&copper),
        facts: fact_in,
        contacts: contact_out,
        set,
        sounds: sound_in,
        heard: heard_out,
    };
    let carrier = Carrier::new(port.name.clone(), links, rules);
    let control = LineControl::new(Arc::clone(&copper), fact_out, contact_in, ring, relay);
    let audio = LineAudio::new(copper, sound_out, heard_in);
    (
        SimLine {
            port,
            control,
            audio,
        },
        carrier,
    )
}
