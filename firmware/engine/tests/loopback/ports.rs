//! Ports of the board.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use dsp::dtmf::DtmfSender;
use hal_port::{AudioHalf, Frame, FrameStatus};
use model::{Digit, MediaCommand, MediaEvent, MediaFault, PortId, Route, ToneSpec, ToneStep};

use crate::rig::{BoxedPorts, Rig, amplitude, leg, mark, mostly_hears};

/// A set that plays what it was given, and tells what it hears.
struct Set {
    speech: Vec<i16>,
    at: usize,
    heard: SyncSender<Frame>,
}

impl AudioHalf for Set {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        for sample in rx.iter_mut() {
            *sample = self.speech.get(self.at).copied().unwrap_or(0);
            self.at += 1;
        }
        FrameStatus::default()
    }

    fn give(&mut self, tx: &Frame) {
        let _ = self.heard.try_send(*tx);
    }
}

fn board(speech: Vec<i16>) -> (BoxedPorts, Receiver<Frame>) {
    let (heard, ear) = sync_channel(2_000);
    let set = Set {
        speech,
        at: 0,
        heard,
    };
    (vec![(PortId(3), Box::new(set))], ear)
}

fn digit(label: char) -> Digit {
    Digit::from_char(label).expect("a key")
}

#[test]
fn a_set_hears_the_dial_tone_and_its_keys_are_told() {
    let mut speech = vec![0; 4_000];
    for label in ['2', '#'] {
        let mut key = vec![0; 1_600];
        DtmfSender::new(digit(label), 100, -10, -8).fill(&mut key);
        speech.extend(key);
    }
    let (ports, ear) = board(speech);
    let mut rig = Rig::new((0, 0), ports);
    let name = leg(0);
    rig.send(MediaCommand::AddPortLeg {
        leg: name,
        port: PortId(3),
    });
    let step = ToneStep {
        hz: [425, 0],
        ..ToneStep::default()
    };
    let tone = ToneSpec::new(&[step], -10).expect("one step");
    let route = Route::Tone(tone);
    rig.send(MediaCommand::SetRoute { leg: name, route });
    for label in ['2', '#'] {
        let ms = rig.wait(|event| match *event {
            MediaEvent::Digit { leg, digit: d, ms } if leg == name && d == digit(label) => Some(ms),
            _ => None,
        });
        assert!((70..=130).contains(&ms), "{label} for {ms} ms");
    }
    let heard: Vec<i16> = ear.try_iter().flatten().collect();
    let steady = &heard[1_600..3_200];
    let wanted = dsp::level::peak_of(-10);
    assert!((amplitude(steady, 425.0) / wanted - 1.0).abs() < 0.05);
    rig.remove(name);
}

#[test]
fn a_set_and_a_phone_hear_each_other() {
    let speech: Vec<i16> = (0..80_000)
        .map(|n| (8_000.0 * (mark(5) * n as f32 / 8_000.0 * std::f32::consts::TAU).sin()) as i16)
        .collect();
    let (ports, ear) = board(speech);
    let mut rig = Rig::new((0, 0), ports);
    let mut a = rig.local_phone(0);
    let set = leg(1);
    rig.send(MediaCommand::AddPortLeg {
        leg: set,
        port: PortId(3),
    });
    rig.join(a.leg, 0);
    rig.join(set, 0);
    rig.talk(&mut [&mut a], 40);
    let heard: Vec<i16> = ear.try_iter().flatten().collect();
    assert!(mostly_hears(&heard[1_600..], mark(0)));
    assert!(mostly_hears(&a.heard, mark(5)));
}

#[test]
fn a_port_is_used_by_one_leg_at_a_time() {
    let (ports, _ear) = board(Vec::new());
    let mut rig = Rig::new((0, 0), ports);
    let add = |slot, port| MediaCommand::AddPortLeg {
        leg: leg(slot),
        port: PortId(port),
    };
    let no_port = |slot| {
        move |event: &MediaEvent| {
            let failed = MediaEvent::LegFailed {
                leg: leg(slot),
                fault: MediaFault::NoPort,
            };
            (*event == failed).then_some(())
        }
    };
    rig.send(add(0, 3));
    rig.send(add(1, 3));
    rig.wait(no_port(1));
    rig.send(add(2, 4));
    rig.wait(no_port(2));
    rig.remove(leg(0));
    rig.send(add(1, 3));
    rig.remove(leg(1));
}
