//! The simulated board behind the engine: a person lifts, hears, dials and talks.

use std::time::Duration;

use hal_port::ControlHalf;
use hal_sim::{Act, People, SetOptions, SimBoard, SimControl};
use model::{Digit, Instant, MediaCommand, MediaEvent, PortId, Route, ToneSpec, ToneStep};

use crate::rig::{PATIENCE, Rig, amplitude, clock, leg, mark, mostly_hears};

/// One set, as the control thread sees it.
struct Set {
    people: People,
    control: SimControl,
    started: std::time::Instant,
}

fn office() -> (Rig, Set) {
    let mut board = SimBoard::new(1, SetOptions::default()).expect("one set fits");
    let port = board.ports.remove(0);
    let rig = Rig::new((0, 0), vec![(PortId(0), Box::new(port.audio))]);
    let set = Set {
        people: board.people,
        control: port.control,
        started: clock(),
    };
    (rig, set)
}

impl Set {
    fn act(&mut self, act: &Act) {
        self.people.act("fxs1", act).expect("possible");
    }

    /// What the control thread does all the time.
    fn run(&mut self, rig: &mut Rig) {
        let now = Instant::ZERO + self.started.elapsed();
        self.control.advance(now.since(Instant::ZERO));
        while self.control.poll_event().is_some() {}
        self.people.advance(now);
        rig.listen(clock() + Duration::from_millis(5));
    }

    fn hears(&self) -> Vec<(f64, f64)> {
        let report = self.people.report("fxs1", &[]).expect("a port");
        let partials = report.hearing.map_or(Vec::new(), |hearing| hearing.now);
        partials.iter().map(|p| (p.hz, p.level_dbm0)).collect()
    }
}

fn dial_tone() -> Route {
    let step = ToneStep {
        hz: [425, 0],
        ..ToneStep::default()
    };
    Route::Tone(ToneSpec::new(&[step], -13).expect("one step"))
}

#[test]
fn a_person_hears_the_dial_tone_dials_and_talks() {
    let (mut rig, mut set) = office();
    set.act(&Act::Lift);
    set.run(&mut rig);
    let name = leg(0);
    let port = PortId(0);
    rig.send(MediaCommand::AddPortLeg { leg: name, port });
    let route = dial_tone();
    rig.send(MediaCommand::SetRoute { leg: name, route });
    let deadline = clock() + PATIENCE;
    let is_dial_tone = |&(hz, dbm0): &(f64, f64)| (hz - 425.0).abs() < 5.0 && dbm0 > -18.0;
    while !set.hears().iter().any(is_dial_tone) {
        assert!(clock() < deadline, "hears {:?}", set.hears());
        set.run(&mut rig);
    }
    let digits = "20*5".to_owned();
    set.act(&Act::Dial { digits });
    let mut dialled = String::new();
    while dialled.len() < 4 {
        assert!(clock() < deadline, "only {dialled:?} came");
        set.run(&mut rig);
        for event in &rig.events {
            if let MediaEvent::Digit { leg, digit, ms } = *event {
                assert_eq!(leg, name);
                assert!((60..=140).contains(&ms), "{ms}");
                dialled.push(Digit::to_char(digit));
            }
        }
        rig.events
            .retain(|event| !matches!(event, MediaEvent::Digit { .. }));
    }
    assert_eq!(dialled, "20*5");
    talk(&mut rig, &mut set);
}

/// The set and a phone in one bridge.
fn talk(rig: &mut Rig, set: &mut Set) {
    let mut phone = rig.local_phone(1);
    rig.join(phone.leg, 0);
    rig.join(leg(0), 0);
    let deadline = clock() + PATIENCE;
    let hears_phone =
        |&(hz, dbm0): &(f64, f64)| (hz - f64::from(mark(1))).abs() < 5.0 && dbm0 > -16.0;
    while !set.hears().iter().any(hears_phone) {
        assert!(clock() < deadline, "hears {:?}", set.hears());
        rig.talk(&mut [&mut phone], 5);
        set.run(rig);
    }
    assert!(!mostly_hears(&phone.heard, 425.0), "the tone is over");
    phone.heard.clear();
    let mark = "1000".to_owned();
    set.act(&Act::Talk { mark });
    while amplitude(tail(&phone.heard), 1_000.0) < 1_500.0 {
        assert!(clock() < deadline, "the phone hears nobody");
        set.run(rig);
        rig.talk(&mut [&mut phone], 5);
    }
}

/// The last 100 ms.
fn tail(samples: &[i16]) -> &[i16] {
    &samples[samples.len().saturating_sub(800)..]
}
