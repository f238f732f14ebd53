//! A board and a driver like the exchange's, on one thread and in virtual time.

use core::time::Duration;

use dsp::tone::Tone;
use hal_port::{AudioHalf, ControlHalf, FRAME, Frame, PortCommand, PortEvent};
use hal_sim::{Act, NamedTone, People, Report, SetOptions, SimBoard, SimPort};
use model::{Instant, ToneSpec, ToneStep};

pub(crate) struct World {
    pub(crate) people: People,
    pub(crate) ports: Vec<SimPort>,
    pub(crate) now: Instant,
    /// All events so far, with the port's index.
    pub(crate) events: Vec<(usize, PortEvent)>,
    /// What `fxs1` said so far.
    pub(crate) said: Vec<i16>,
    line: Line,
}

/// What the exchange lets `fxs1` hear.
enum Line {
    /// Nothing exchanges blocks.
    Detached,
    Silence,
    Tone(Box<Tone>),
    /// The two first sets hear each other.
    Joined,
}

impl World {
    pub(crate) fn new() -> Self {
        let board = SimBoard::new(2, SetOptions::default()).expect("two sets fit");
        let mut people = board.people;
        people.set_tones(country("pl"));
        Self {
            people,
            ports: board.ports,
            now: Instant::ZERO,
            events: Vec::new(),
            said: Vec::new(),
            line: Line::Detached,
        }
    }

    pub(crate) fn act(&mut self, port: &str, act: Act) {
        self.people.act(port, &act).expect("possible");
    }

    pub(crate) fn command(&mut self, port: usize, command: PortCommand) {
        self.ports[port].control.apply(command).expect("possible");
    }

    pub(crate) fn report(&mut self, port: &str) -> Report {
        self.people.advance(self.now);
        self.people.report(port, &[]).expect("a port of the board")
    }

    pub(crate) fn detach(&mut self) {
        self.line = Line::Detached;
    }

    pub(crate) fn silence(&mut self) {
        self.line = Line::Silence;
    }

    pub(crate) fn play(&mut self, spec: ToneSpec) {
        self.line = Line::Tone(Box::new(Tone::new(spec)));
    }

    pub(crate) fn join(&mut self) {
        self.line = Line::Joined;
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        let mut last: [Frame; 2] = [[0; FRAME]; 2];
        for _ in 0..ms / 10 {
            self.now = self.now + Duration::from_millis(10);
            let mut to: [Frame; 2] = [[0; FRAME]; 2];
            match &mut self.line {
                Line::Detached | Line::Silence => {}
                Line::Tone(tone) => tone.fill(&mut to[0]),
                Line::Joined => to = [last[1], last[0]],
            }
            for (at, port) in self.ports.iter_mut().enumerate() {
                if !matches!(self.line, Line::Detached) {
                    port.audio.exchange(&to[at], &mut last[at]);
                }
                port.control.advance(self.now.since(Instant::ZERO));
                while let Some(event) = port.control.poll_event() {
                    self.events.push((at, event));
                }
            }
            if !matches!(self.line, Line::Detached) {
                self.said.extend(last[0]);
            }
            self.people.advance(self.now);
        }
    }

    /// The events of one port since the last call.
    pub(crate) fn events_of(&mut self, port: usize) -> Vec<PortEvent> {
        let mine = self.events.iter().filter(|(at, _)| *at == port);
        let events = mine.map(|(_, event)| *event).collect();
        self.events.retain(|(at, _)| *at != port);
        events
    }
}

/// Dial, ringback, busy and congestion tone of a country, from `tones.toml` (E.180 suppl. 2): Hz and
/// ms, silence without Hz.
pub(crate) fn country(code: &str) -> Vec<NamedTone> {
    type Steps = &'static [(&'static [u16], u16)];
    const PL_BUSY: Steps = &[(&[425], 500), (&[], 500)];
    let tones: [Steps; 4] = match code {
        "pl" => [
            &[(&[425], 0)],
            &[(&[425], 1000), (&[], 4000)],
            PL_BUSY,
            PL_BUSY,
        ],
        "cz" => [
            &[(&[425], 330), (&[], 330), (&[425], 660), (&[], 660)],
            &[(&[425], 1000), (&[], 4000)],
            &[(&[425], 330), (&[], 330)],
            &[(&[425], 165), (&[], 165)],
        ],
        "uk" => [
            &[(&[350, 440], 0)],
            &[
                (&[400, 450], 400),
                (&[], 200),
                (&[400, 450], 400),
                (&[], 2000),
            ],
            &[(&[400], 375), (&[], 375)],
            &[(&[400], 400), (&[], 350), (&[400], 225), (&[], 525)],
        ],
        "us" => [
            &[(&[350, 440], 0)],
            &[(&[440, 480], 2000), (&[], 4000)],
            &[(&[480, 620], 500), (&[], 500)],
            &[(&[480, 620], 250), (&[], 250)],
        ],
        other => panic!("no tones of {other} here"),
    };
    let names = ["dial", "ringback", "busy", "congestion"];
    let named = names.into_iter().zip(tones).map(|(name, steps)| NamedTone {
        name: name.into(),
        spec: spec(steps),
    });
    named.collect()
}

fn spec(steps: &[(&[u16], u16)]) -> ToneSpec {
    let steps: Vec<ToneStep> = steps
        .iter()
        .map(|(hz, ms)| {
            let mut step = ToneStep {
                ms: *ms,
                ..ToneStep::default()
            };
            step.hz[..hz.len()].copy_from_slice(hz);
            step
        })
        .collect();
    ToneSpec::new(&steps, -13).expect("few steps")
}
