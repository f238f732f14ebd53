use core::time::Duration;
use std::sync::Arc;

use hal_dahdi::{DahdiAudio, DahdiError, DahdiLine, event, signalling};
use hal_port::conformance::{LineBench, PortBench, fxo};
use hal_port::{
    AudioHalf as _, ControlHalf as _, FRAME, Frame, Linefeed, LoopHook, Port, PortCommand,
    PortEvent,
};

use crate::fake::Fake;

struct World {
    kernel: Arc<Fake>,
    line: DahdiLine<Fake>,
    audio: DahdiAudio<Fake>,
    now: Duration,
}

impl World {
    fn new() -> Self {
        let kernel = Arc::new(Fake::new(signalling::FXSKS));
        let (line, audio) = DahdiLine::new("fxo1".into(), Arc::clone(&kernel)).expect("a line's");
        let mut world = Self {
            kernel,
            line,
            audio,
            now: Duration::ZERO,
        };
        assert_eq!(world.pass(100), [PortEvent::Battery(true)]);
        world
    }

    fn pass(&mut self, ms: u64) -> Vec<PortEvent> {
        let mut events = Vec::new();
        for _ in 0..ms / 10 {
            self.now += Duration::from_millis(10);
            self.kernel.state().pass_to(self.now);
            self.line.advance(self.now);
            events.extend(core::iter::from_fn(|| self.line.poll_event()));
        }
        events
    }

    fn happen(&mut self, event: i32) -> Vec<PortEvent> {
        self.kernel.state().happen(event);
        self.pass(20)
    }

    fn off_hook(&mut self) {
        let off = PortCommand::SetHook(LoopHook::OffHook);
        self.line.apply(off).expect("possible");
        self.kernel.state().set_contact(true);
        assert_eq!(self.pass(200), []);
    }
}

#[test]
fn what_the_kernel_reports_is_told() {
    let mut world = World::new();
    for (happens, told) in [
        (event::RING_BEGIN, PortEvent::Ring(true)),
        (event::RING_OFF_HOOK, PortEvent::Ring(false)),
        (event::POLARITY, PortEvent::Reversed(true)),
        (event::POLARITY, PortEvent::Reversed(false)),
        (event::ALARM, PortEvent::Battery(false)),
        (event::NO_ALARM, PortEvent::Battery(true)),
    ] {
        assert_eq!(world.happen(happens), [told]);
    }
    // Nobody is off hook: no current to lose.
    assert_eq!(world.happen(event::ON_HOOK), []);
}

#[test]
fn a_break_of_the_current_is_told_at_both_ends() {
    let mut world = World::new();
    world.off_hook();
    assert!(world.kernel.state().tx_off_hook);
    world.kernel.state().set_contact(false);
    assert_eq!(world.pass(50), []);
    assert_eq!(world.pass(50), [PortEvent::Current(false)]);
    world.kernel.state().set_contact(true);
    assert_eq!(world.pass(100), [PortEvent::Current(true)]);
}

#[test]
fn flashes_and_digits_are_the_kernels() {
    let mut world = World::new();
    for command in [PortCommand::Flash(100), PortCommand::PulseDigit(3)] {
        assert_eq!(world.line.apply(command), Err(DahdiError::State));
    }
    world.off_hook();
    let refused = world.line.apply(PortCommand::Flash(10));
    assert_eq!(refused, Err(DahdiError::Argument));
    world.line.apply(PortCommand::Flash(300)).expect("possible");
    let again = world.line.apply(PortCommand::PulseDigit(3));
    assert_eq!(again, Err(DahdiError::State));
    assert_eq!(world.pass(280), []);
    assert_eq!(world.pass(60), [PortEvent::Done]);
    world
        .line
        .apply(PortCommand::PulseDigit(0))
        .expect("possible");
    assert_eq!(world.pass(2_000), [PortEvent::Done]);
    assert_eq!(world.kernel.state().dialled, b"P0");
}

/// A waiting event would stop the sound until somebody fetches it: whoever comes first does.
#[test]
fn an_event_costs_no_sound() {
    let mut world = World::new();
    world.off_hook();
    let mut heard = Vec::new();
    for turn in 0..40 {
        world.kernel.state().speak(&[1_000; FRAME]);
        if turn == 20 {
            world.kernel.state().happen(event::POLARITY);
        }
        let mut rx = [0; FRAME];
        let status = world.audio.exchange(&[0; FRAME], &mut rx);
        heard.push((status.silent, status.underrun > 0));
        let told = world.pass(10);
        let wanted = if turn == 20 {
            vec![PortEvent::Reversed(true)]
        } else {
            Vec::new()
        };
        assert_eq!(told, wanted);
    }
    let lost: Vec<usize> = (0..40)
        .filter(|&turn| heard[turn] != (false, false))
        .collect();
    assert_eq!(lost, [0], "the first block comes after the start");
    assert_eq!(world.kernel.state().dry, FRAME, "before the start");
}

/// A line's channel and the exchange that feeds it.
struct LineWorld {
    kernel: Arc<Fake>,
    line: DahdiLine<Fake>,
    audio: DahdiAudio<Fake>,
    now: Duration,
}

impl LineWorld {
    fn new(kind: i32) -> Self {
        let kernel = Arc::new(Fake::new(kind));
        kernel.state().feed(Linefeed::Forward);
        let (line, audio) = DahdiLine::new("fxo1".into(), Arc::clone(&kernel)).expect("a line's");
        Self {
            kernel,
            line,
            audio,
            now: Duration::ZERO,
        }
    }
}

impl PortBench for LineWorld {
    type Control = DahdiLine<Fake>;
    type Audio = DahdiAudio<Fake>;

    fn port(&self) -> Port {
        self.line.port()
    }

    fn control(&mut self) -> &mut DahdiLine<Fake> {
        &mut self.line
    }

    fn audio(&mut self) -> &mut DahdiAudio<Fake> {
        &mut self.audio
    }

    fn pass_10_ms(&mut self) -> Duration {
        self.now += Duration::from_millis(10);
        self.kernel.state().pass_to(self.now);
        self.now
    }

    fn speak(&mut self, block: &Frame) {
        self.kernel.state().speak(block);
    }

    fn heard(&mut self) -> Frame {
        self.kernel.state().heard()
    }
}

impl LineBench for LineWorld {
    fn feed(&mut self, feed: Linefeed) {
        self.kernel.state().feed(feed);
    }

    fn ring(&mut self, on: bool) {
        self.kernel.state().ring(on);
    }

    /// The kernel does not see it.
    fn parallel(&mut self, _off_hook: bool) {}

    fn loop_is_closed(&mut self) -> bool {
        self.kernel.state().loop_is_closed()
    }
}

#[test]
fn a_lines_channel_conforms() {
    for kind in [signalling::FXSKS, signalling::FXSLS] {
        fxo(|| LineWorld::new(kind)).expect("conforms");
    }
}
