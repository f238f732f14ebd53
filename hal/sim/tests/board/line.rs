//! The carrier behind a simulated line, used as an exchange would: both directions, every way to hang up.

use core::time::Duration;

use dsp::dtmf::DtmfSender;
use dsp::line::PortDsp;
use hal_port::{AudioHalf, ControlHalf, FRAME, LoopHook, PortCommand, PortEvent};
use hal_sim::{
    Act, Aon, BoardPlan, CarrierRules, Disconnect, Fate, LineFaults, LineSettings, People, Report,
    SimBoard, SimLine,
};
use model::{Digit, Instant, LineHeard, LinePlay};

pub(crate) struct Line {
    pub(crate) sim: SimLine,
    people: People,
    now: Instant,
    events: Vec<PortEvent>,
    /// What came from the line since the last look.
    pub(crate) rx: Vec<i16>,
    pub(crate) said: Vec<i16>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::from_start(LineFaults::default())
    }

    /// With this wrong since before the port looked.
    pub(crate) fn from_start(faults: LineFaults) -> Self {
        let plan = BoardPlan {
            lines: vec![CarrierRules::default()],
            ..BoardPlan::default()
        };
        let mut board = SimBoard::with(plan).expect("one line fits");
        board.people.set_tones(super::world::country("pl"));
        let mut line = Self {
            sim: board.lines.remove(0),
            people: board.people,
            now: Instant::ZERO,
            events: Vec::new(),
            rx: Vec::new(),
            said: Vec::new(),
        };
        line.set(LineSettings {
            faults: Some(faults),
            ..LineSettings::default()
        });
        line.pass(500);
        line.events.clear();
        line
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now = self.now + Duration::from_millis(10);
            let mut tx = [0; FRAME];
            let have = self.said.len().min(FRAME);
            for (slot, sample) in tx.iter_mut().zip(self.said.drain(..have)) {
                *slot = sample;
            }
            let mut rx = [0; FRAME];
            self.sim.audio.exchange(&tx, &mut rx);
            self.rx.extend(rx);
            self.people.advance(self.now);
            self.sim.control.advance(self.now.since(Instant::ZERO));
            while let Some(event) = self.sim.control.poll_event() {
                self.events.push(event);
            }
            self.people.advance(self.now);
        }
    }

    fn foreign_volts(&self) -> Option<i16> {
        self.sim.control.reading().foreign_volts
    }

    pub(crate) fn act(&mut self, act: Act) {
        self.people.act("fxo1", &act).expect("possible");
    }

    pub(crate) fn set(&mut self, settings: LineSettings) {
        self.act(Act::Line(settings));
    }

    pub(crate) fn hook(&mut self, hook: LoopHook) {
        let command = PortCommand::SetHook(hook);
        self.sim.control.apply(command).expect("possible");
    }

    fn dial(&mut self, number: &str) {
        for c in number.chars() {
            let digit = Digit::from_char(c).expect("a key");
            let mut key = vec![0; 1_600];
            DtmfSender::new(digit, 100, -11, -9).fill(&mut key[..800]);
            self.said.extend(key);
        }
    }

    pub(crate) fn report(&mut self) -> Report {
        self.people.advance(self.now);
        self.people.report("fxo1", &["1000"]).expect("the line")
    }

    fn stage(&mut self) -> String {
        self.report().line.expect("a line").stage
    }

    pub(crate) fn events(&mut self) -> Vec<PortEvent> {
        core::mem::take(&mut self.events)
    }

    /// Level of the last 200 ms from the line in dBm0.
    pub(crate) fn level(&self) -> f32 {
        dsp::level::rms_dbm0(&self.rx[self.rx.len() - 1_600..])
    }

    /// A call from outside that was answered.
    pub(crate) fn talk(&mut self) {
        self.act(Act::Call {
            number: None,
            name: None,
        });
        self.pass(500);
        self.hook(LoopHook::OffHook);
        self.pass(500);
        assert_eq!(self.stage(), "talking");
        self.events.clear();
    }
}

#[test]
fn a_call_comes_rings_is_answered_and_hung_up() {
    let mut line = Line::new();
    line.act(Act::Call {
        number: Some("226660000".into()),
        name: Some("Anna".into()),
    });
    line.pass(6_500);
    let rings = [true, false, true, false].map(PortEvent::Ring);
    assert_eq!(line.events(), rings);
    line.hook(LoopHook::OffHook);
    line.act(Act::Talk {
        mark: "1000".into(),
    });
    line.pass(500);
    line.rx.clear();
    line.pass(1_000);
    // A mark has pauses.
    let level = dsp::level::rms_dbm0(&line.rx);
    assert!(level > -25.0, "{level}");
    line.hook(LoopHook::OnHook);
    line.pass(1_000);
    assert_eq!(line.stage(), "idle");
    assert!(!line.report().off_hook);
}

#[test]
fn a_caller_gives_up() {
    let mut line = Line::new();
    line.act(Act::Call {
        number: None,
        name: None,
    });
    line.pass(300);
    assert_eq!(line.events(), [PortEvent::Ring(true)]);
    line.act(Act::HangUp);
    line.pass(10_000);
    assert_eq!(line.events(), [PortEvent::Ring(false)]);
}

#[test]
fn numbers_are_dialled_by_keys_and_by_pulses() {
    for pulses in [false, true] {
        let mut line = Line::new();
        line.hook(LoopHook::OffHook);
        line.pass(600);
        assert!(line.level() > -20.0, "no dial tone: {}", line.level());
        if pulses {
            for digit in [6, 0, 1] {
                line.sim
                    .control
                    .apply(PortCommand::PulseDigit(digit))
                    .expect("off hook");
                line.pass(2_000);
            }
        } else {
            line.dial("601");
            line.pass(700);
        }
        line.pass(4_000);
        let report = line.report();
        assert_eq!(report.line.expect("a line").dialled, "601");
        assert!(report.rung, "pulses {pulses}");
        line.act(Act::Lift);
        line.pass(300);
        assert_eq!(line.stage(), "talking");
    }
}

#[test]
fn every_fate_has_its_tone_and_answers_may_reverse() {
    for (fate, loud) in [
        (Fate::Busy, true),
        (Fate::Congestion, true),
        (Fate::SpecialInfo, true),
        (Fate::Silence, false),
    ] {
        let mut line = Line::new();
        line.set(LineSettings {
            fate: Some(fate),
            ..LineSettings::default()
        });
        line.hook(LoopHook::OffHook);
        line.pass(600);
        line.dial("601234567");
        line.pass(5_000);
        line.rx.clear();
        line.pass(2_000);
        let level = dsp::level::rms_dbm0(&line.rx);
        assert_eq!(level > -40.0, loud, "{fate:?}: {level}");
        assert_eq!(line.stage(), "turned_away");
    }
    let mut line = Line::new();
    line.set(LineSettings {
        answer_reversal: Some(true),
        ..LineSettings::default()
    });
    line.hook(LoopHook::OffHook);
    line.pass(600);
    line.dial("112");
    line.pass(3_000);
    line.act(Act::Lift);
    line.pass(300);
    assert_eq!(line.events(), [PortEvent::Reversed(true)]);
    line.hook(LoopHook::OnHook);
    line.pass(1_000);
    assert_eq!(line.events(), [PortEvent::Reversed(false)]);
}

#[test]
fn every_hang_up_shows_as_it_should() {
    for disconnect in Disconnect::ALL {
        let mut line = Line::new();
        line.set(LineSettings {
            disconnect: Some(disconnect),
            ..LineSettings::default()
        });
        line.talk();
        line.act(Act::HangUp);
        line.pass(600);
        line.rx.clear();
        line.pass(3_000);
        let loud = dsp::level::rms_dbm0(&line.rx) > -40.0;
        let (events, tone): (&[PortEvent], bool) = match disconnect {
            Disconnect::LoopBreak => (
                &[PortEvent::Current(false), PortEvent::Current(true)],
                false,
            ),
            Disconnect::Reversal => (&[PortEvent::Reversed(true)], false),
            Disconnect::BusyTone | Disconnect::CongestionTone | Disconnect::DialTone => (&[], true),
            Disconnect::Silence => (&[], false),
        };
        assert_eq!((&line.events()[..], loud), (events, tone), "{disconnect:?}");
        line.hook(LoopHook::OnHook);
        line.pass(1_000);
        assert_eq!(line.stage(), "idle", "{disconnect:?}");
    }
}

/// A port that goes off hook in the moment in which a call comes has answered it.
#[test]
fn glare_connects_the_caller() {
    let mut line = Line::new();
    line.act(Act::Call {
        number: None,
        name: None,
    });
    line.hook(LoopHook::OffHook);
    line.pass(500);
    assert_eq!(line.stage(), "talking");
}

#[test]
fn faults_show_on_the_line() {
    let mut line = Line::new();
    let mut faults = LineFaults {
        noise_dbm0: Some(-55),
        parallel: true,
        ..LineFaults::default()
    };
    line.set(LineSettings {
        faults: Some(faults),
        ..LineSettings::default()
    });
    line.pass(500);
    assert_eq!(line.events(), [PortEvent::InUse(true)]);
    line.hook(LoopHook::Listening);
    line.pass(500);
    assert!((line.level() + 55.0).abs() < 2.0, "{}", line.level());
    faults.parallel = false;
    faults.dead = true;
    line.set(LineSettings {
        faults: Some(faults),
        ..LineSettings::default()
    });
    line.pass(2_000);
    assert_eq!(
        line.events(),
        [PortEvent::InUse(false), PortEvent::Battery(false)]
    );
    assert_eq!(line.sim.control.reading().volts, Some(0));
    let refused = line.people.act(
        "fxo1",
        &Act::Call {
            number: None,
            name: None,
        },
    );
    assert!(refused.is_err());
}

#[test]
fn a_voltage_from_elsewhere_is_seen_on_the_idle_line() {
    let mut line = Line::new();
    assert_eq!(line.foreign_volts(), Some(0));
    line.set(LineSettings {
        faults: Some(LineFaults {
            foreign_volts: 50,
            ..LineFaults::default()
        }),
        ..LineSettings::default()
    });
    line.pass(100);
    // 48 V and 50: more than 80.
    assert_eq!(line.foreign_volts(), Some(18));
}

/// What a port that lifts the ringing line and asks is told, and how often it asked.
fn asks(aon: Aon, number: &str) -> (Option<String>, u32) {
    let mut line = Line::new();
    line.set(LineSettings {
        aon: Some(aon),
        ..LineSettings::default()
    });
    line.act(Act::Call {
        number: Some(number.into()),
        name: None,
    });
    line.pass(500);
    line.hook(LoopHook::OffHook);
    let mut port = PortDsp::new();
    port.play(&LinePlay::AskNumber { dbm0: -5 });
    let (mut told, mut asked, mut over) = (None, 0, false);
    while !over {
        let mut tx = [0; FRAME];
        port.to_line(&mut tx);
        line.said.extend(tx);
        line.rx.clear();
        line.pass(10);
        let mut rx = [0; FRAME];
        rx.copy_from_slice(&line.rx);
        port.from_line(&mut rx, |heard| match heard {
            LineHeard::NumberAsked => asked += 1,
            LineHeard::Caller { info, .. } => told = info.number.text().map(str::to_owned),
            LineHeard::Played { whole } => over = whole || asked == 3,
            _ => {}
        });
    }
    assert_eq!(
        line.stage(),
        "talking",
        "the caller hears that the line was lifted"
    );
    (told, asked)
}

#[test]
fn an_exchange_with_aon_answers_requests_after_lifting() {
    let told = Some("2345678".to_owned());
    assert_eq!(asks(Aon::Answers, "2345678"), (told.clone(), 1));
    assert_eq!(asks(Aon::IgnoresFirst, "74992345678"), (told, 2));
    assert_eq!(asks(Aon::Answers, "withheld"), (None, 3));
    assert_eq!(asks(Aon::None, "2345678"), (None, 3));
}
