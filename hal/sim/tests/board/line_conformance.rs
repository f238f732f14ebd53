//! The simulated line's port keeps the contract of `hal-port`.

use core::time::Duration;

use hal_port::conformance::{LineBench, PortBench, fxo};
use hal_port::{Frame, Linefeed, Port};
use hal_sim::{
    BoardPlan, Carrier, CarrierRules, LineAudio, LineControl, LineFaults, LineSettings, People,
    SimBoard, SimLine,
};
use model::Instant;

struct SimBench {
    sim: SimLine,
    people: People,
    now: Instant,
}

impl SimBench {
    fn new(faults: LineFaults) -> Self {
        let plan = BoardPlan {
            lines: vec![CarrierRules::default()],
            ..BoardPlan::default()
        };
        let mut board = SimBoard::with(plan).expect("one line fits");
        let mut bench = Self {
            sim: board.lines.remove(0),
            people: board.people,
            now: Instant::ZERO,
        };
        let carrier = bench.carrier();
        carrier.move_by_hand();
        carrier.settle(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        });
        bench
    }

    fn carrier(&mut self) -> &mut Carrier {
        self.people.advance(self.now);
        self.people.carrier("fxo1").expect("the only line")
    }
}

impl PortBench for SimBench {
    type Control = LineControl;
    type Audio = LineAudio;

    fn port(&self) -> Port {
        self.sim.port.clone()
    }

    fn control(&mut self) -> &mut LineControl {
        &mut self.sim.control
    }

    fn audio(&mut self) -> &mut LineAudio {
        &mut self.sim.audio
    }

    fn pass_10_ms(&mut self) -> Duration {
        self.now = self.now + Duration::from_millis(10);
        self.now.since(Instant::ZERO)
    }

    fn speak(&mut self, block: &Frame) {
        self.carrier().speak_block(block).expect("the line is free");
    }

    fn heard(&mut self) -> Frame {
        self.carrier().last_heard()
    }
}

impl LineBench for SimBench {
    fn feed(&mut self, feed: Linefeed) {
        self.carrier().set_feed(feed);
    }

    fn ring(&mut self, on: bool) {
        self.carrier().set_ringing(on);
    }

    fn parallel(&mut self, off_hook: bool) {
        self.carrier().set_parallel(off_hook);
    }

    fn loop_is_closed(&mut self) -> bool {
        self.carrier().loop_is_closed()
    }
}

#[test]
fn sim_line_conforms() {
    fxo(|| SimBench::new(LineFaults::default())).expect("conforms");
}

#[test]
fn a_hybrid_with_echo_conforms() {
    let echo = LineFaults {
        echo_db: 10,
        ..LineFaults::default()
    };
    fxo(|| SimBench::new(echo)).expect("conforms");
}

/// The suite itself can fail: a line that is too noisy is caught.
#[test]
fn a_noisy_line_is_caught() {
    let noisy = LineFaults {
        noise_dbm0: Some(-40),
        ..LineFaults::default()
    };
    assert!(fxo(|| SimBench::new(noisy)).is_err());
}
