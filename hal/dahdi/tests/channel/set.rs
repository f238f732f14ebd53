use core::time::Duration;
use std::sync::Arc;

use hal_dahdi::{DahdiAudio, DahdiError, DahdiSet, lamp, signalling};
use hal_port::conformance::{Bench, PortBench, fxs};
use hal_port::{
    ControlHalf as _, FaultKind, Frame, LineProfile, Linefeed, Port, PortCommand, PortEvent,
};

use crate::fake::Fake;

struct SetBench {
    kernel: Arc<Fake>,
    set: DahdiSet<Fake>,
    audio: DahdiAudio<Fake>,
    now: Duration,
}

impl SetBench {
    fn new(kind: i32) -> Self {
        Self::of(Fake::new(kind))
    }

    fn of(kernel: Fake) -> Self {
        let kernel = Arc::new(kernel);
        let (set, audio) = DahdiSet::new("fxs1".into(), Arc::clone(&kernel)).expect("a set's");
        Self {
            kernel,
            set,
            audio,
            now: Duration::ZERO,
        }
    }

    fn pass(&mut self, ms: u64) -> Vec<PortEvent> {
        let mut events = Vec::new();
        for _ in 0..ms / 10 {
            let now = self.pass_10_ms();
            self.set.advance(now);
            events.extend(core::iter::from_fn(|| self.set.poll_event()));
        }
        events
    }
}

impl PortBench for SetBench {
    type Control = DahdiSet<Fake>;
    type Audio = DahdiAudio<Fake>;

    fn port(&self) -> Port {
        self.set.port()
    }

    fn control(&mut self) -> &mut DahdiSet<Fake> {
        &mut self.set
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

impl Bench for SetBench {
    fn close_loop(&mut self, closed: bool) {
        self.kernel.state().set_contact(closed);
    }

    fn rings(&mut self) -> bool {
        self.kernel.state().rings()
    }

    fn linefeed(&mut self) -> Linefeed {
        if self.kernel.state().reversed {
            Linefeed::Reverse
        } else {
            Linefeed::Forward
        }
    }
}

#[test]
fn a_sets_channel_conforms() {
    for kind in [signalling::FXOKS, signalling::FXOLS] {
        fxs(|| SetBench::new(kind)).expect("conforms");
        fxs(|| SetBench::of(Fake::with_lamps(kind, lamp::NEON))).expect("conforms with a lamp");
    }
}

#[test]
fn a_channel_for_something_else_is_refused() {
    let kernel = Arc::new(Fake::new(signalling::FXSKS));
    let error = DahdiSet::new("fxs1".into(), kernel).expect_err("a line's");
    assert_eq!(error, DahdiError::Unsupported);
}

#[test]
fn sound_to_a_set_on_hook_is_asked_for_again() {
    let mut bench = SetBench::new(signalling::FXOKS);
    bench
        .set
        .apply(PortCommand::SetOnHookSound(true))
        .expect("can");
    for _ in 0..30 {
        bench.pass(1_000);
        let until = bench.kernel.state().transfer_until;
        assert!(until > bench.now);
    }
    bench
        .set
        .apply(PortCommand::SetOnHookSound(false))
        .expect("can");
    bench.pass(10_000);
    assert!(bench.kernel.state().transfer_until < bench.now);
}

#[test]
fn a_neon_lamp_is_lit_where_the_driver_can() {
    let neon = PortCommand::SetNeon(true);
    for lamps in [0, lamp::NEON >> 1] {
        let mut without = SetBench::of(Fake::with_lamps(signalling::FXOKS, lamps));
        assert!(!without.set.port().capabilities.neon);
        assert_eq!(without.set.apply(neon), Err(DahdiError::Unsupported));
    }
    let kernel = Fake::with_lamps(signalling::FXOKS, lamp::NEON);
    kernel.state().messages = 3;
    let mut bench = SetBench::of(kernel);
    assert!(bench.set.port().capabilities.neon);
    assert!(!bench.kernel.state().neon(), "what was left lit is put out");
    bench.set.apply(neon).expect("can");
    assert!(bench.kernel.state().neon());
    // The lamp is the line's ringing supply: it is lit again once the set lies there.
    bench.close_loop(true);
    bench.pass(100);
    assert!(!bench.kernel.state().neon());
    bench.close_loop(false);
    bench.pass(1_500);
    assert!(bench.kernel.state().neon());
    bench.set.apply(PortCommand::SetNeon(false)).expect("can");
    assert!(!bench.kernel.state().neon());
    let pulse = bench.set.apply(PortCommand::MeterPulse(150));
    assert_eq!(pulse, Err(DahdiError::Unsupported), "there is no request");
}

#[test]
fn gains_are_tables() {
    let mut bench = SetBench::new(signalling::FXOKS);
    let profile = LineProfile {
        to_line_tenth_db: -60,
        ..LineProfile::default()
    };
    bench
        .set
        .apply(PortCommand::SetProfile(profile))
        .expect("sound");
    let gains = bench.kernel.state().gains.clone();
    let (from_line, to_line) = gains.split_at(256);
    assert!(
        from_line
            .iter()
            .zip(0..=u8::MAX)
            .all(|(&got, code)| got == code)
    );
    let law = dsp::g711::Law::A;
    let loud = law.encode(16_000);
    let got = law.decode(to_line[usize::from(loud)]);
    assert!((7_600..8_500).contains(&got), "{got}");
}

#[test]
fn a_card_that_is_removed_is_a_lost_port() {
    let mut bench = SetBench::new(signalling::FXOKS);
    bench.kernel.state().removed = true;
    assert_eq!(bench.pass(100), [PortEvent::Fault(FaultKind::Lost)]);
    let refused = bench.set.apply(PortCommand::StopRing);
    assert_eq!(refused, Err(DahdiError::Fault));
    assert_eq!(bench.set.next_deadline(), None);
}
