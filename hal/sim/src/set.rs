use std::sync::Arc;

use hal_port::{Capabilities, Port, PortKind};
use model::limits::PORTS;
use rtrb::RingBuffer;

use crate::audio::SimAudio;
use crate::control::SimControl;
use crate::people::People;
use crate::person::{Links, Person};
use crate::wire::{BELL_RING, HAND_RING, HEARD_RING, SOUND_RING, Wire};

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
}

/// A board without hardware.
#[derive(Debug)]
pub struct SimBoard {
    /// The ports, `fxs1` first.
    pub ports: Vec<SimPort>,
    /// Those who sit at the sets.
    pub people: People,
}

impl SimBoard {
    /// Sets of a board about which nothing is said.
    pub const SETS: usize = 2;

    /// A board with `sets` sets, `fxs1` to `fxsN`; `None` when they are more than
    /// `model::limits::PORTS`.
    #[must_use]
    pub fn new(sets: usize, options: SetOptions) -> Option<Self> {
        if sets > PORTS {
            return None;
        }
        let (ports, people) = (1..=sets).map(|number| attach(number, options)).unzip();
        Some(Self {
            ports,
            people: People::new(people),
        })
    }
}

/// Builds one port with its set and its person.
fn attach(number: usize, options: SetOptions) -> (SimPort, Person) {
    let port = Port {
        name: format!("fxs{number}"),
        kind: PortKind::Fxs,
        capabilities: Capabilities {
            ring_vrms: 60,
            reversal: true,
            open_loop: true,
            pulse: true,
            on_hook_sound: false,
            metering: false,
            neon: false,
            echo_canceller: false,
        },
    };
    let wire = Arc::new(Wire::default());
    let (hand_in, hand_out) = RingBuffer::new(HAND_RING);
    let (bell_in, bell_out) = RingBuffer::new(BELL_RING);
    let (sound_in, sound_out) = RingBuffer::new(SOUND_RING);
    let (heard_in, heard_out) = RingBuffer::new(HEARD_RING);
    let links = Links {
        wire: Arc::clone(&wire),
        hands: hand_in,
        bells: bell_out,
        sounds: sound_in,
        heard: heard_out,
    };
    let person = Person::new(port.name.clone(), links);
    let control = SimControl::new(Arc::clone(&wire), hand_out, bell_in, options.bounce_ms);
    let audio = SimAudio::new(wire, sound_out, heard_in);
    (
        SimPort {
            port,
            control,
            audio,
        },
        person,
    )
}
