//! The simulated port keeps the contract of `hal-port`, with a clean and with a bouncing hook.

use core::time::Duration;

use hal_port::conformance::{Bench, PortBench, fxs};
use hal_port::{Frame, Linefeed, Port};
use hal_sim::{People, Person, SetOptions, SimAudio, SimBoard, SimControl, SimPort};
use model::Instant;

struct SimBench {
    sim: SimPort,
    people: People,
    now: Instant,
}

impl SimBench {
    fn new(bounce_ms: u8) -> Self {
        let mut board = SimBoard::new(1, SetOptions { bounce_ms }).expect("one set fits");
        Self {
            sim: board.ports.remove(0),
            people: board.people,
            now: Instant::ZERO,
        }
    }

    fn person(&mut self) -> &mut Person {
        self.people.advance(self.now);
        self.people.person("fxs1").expect("the only port")
    }
}

impl PortBench for SimBench {
    type Control = SimControl;
    type Audio = SimAudio;

    fn port(&self) -> Port {
        self.sim.port.clone()
    }

    fn control(&mut self) -> &mut SimControl {
        &mut self.sim.control
    }

    fn audio(&mut self) -> &mut SimAudio {
        &mut self.sim.audio
    }

    fn pass_10_ms(&mut self) -> Duration {
        self.now = self.now + Duration::from_millis(10);
        self.now.since(Instant::ZERO)
    }

    fn speak(&mut self, block: &Frame) {
        self.person().speak_block(block).expect("the mouth is free");
    }

    fn heard(&mut self) -> Frame {
        self.person().last_heard()
    }
}

impl Bench for SimBench {
    fn close_loop(&mut self, closed: bool) {
        self.person().close_loop(closed).expect("the hand is free");
    }

    fn rings(&mut self) -> bool {
        self.person().bell_sounds()
    }

    fn linefeed(&mut self) -> Linefeed {
        self.person().linefeed()
    }
}

#[test]
fn sim_port_conforms() {
    fxs(|| SimBench::new(0)).expect("conforms");
}

#[test]
fn bouncing_hook_conforms() {
    fxs(|| SimBench::new(9)).expect("conforms");
}

/// The suite itself can fail: a hook that bounces for longer than any debounce is caught.
#[test]
fn broken_hook_is_caught() {
    assert!(fxs(|| SimBench::new(90)).is_err());
}
