//! A set reads what tells of callers, on hook and in a call, and nothing else.

use dsp::line::PortDsp;
use hal_port::{AudioHalf, Cadence, ControlHalf, FRAME, Linefeed, PortCommand};
use hal_sim::{Act, Display, SetOptions, SimBoard};
use model::{
    Absence, CallerField, CallerIdScheme, CallerInfo, CallerText, Instant, LineHeard, LinePlay,
    PortListens, PortSound,
};

struct Rig {
    board: SimBoard,
    dsp: PortDsp,
    now: Instant,
    heard: Vec<LineHeard>,
}

impl Rig {
    fn new() -> Self {
        let board = SimBoard::new(1, SetOptions::default()).expect("one set fits");
        let mut dsp = PortDsp::new();
        dsp.set(&PortSound {
            listens: PortListens {
                keys: true,
                ..PortListens::default()
            },
            ..PortSound::default()
        });
        Self {
            board,
            dsp,
            now: Instant::ZERO,
            heard: Vec::new(),
        }
    }

    fn command(&mut self, command: PortCommand) {
        let port = &mut self.board.ports[0];
        port.control.apply(command).expect("possible");
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now = self.now + core::time::Duration::from_millis(10);
            let port = &mut self.board.ports[0];
            let (mut tx, mut rx) = ([0; FRAME], [0; FRAME]);
            self.dsp.to_line(&mut tx);
            port.audio.exchange(&tx, &mut rx);
            let heard = &mut self.heard;
            self.dsp.from_line(&mut rx, |news| heard.push(news));
            port.control.advance(self.now.since(Instant::ZERO));
            while port.control.poll_event().is_some() {}
            self.board.people.advance(self.now);
        }
    }

    fn display(&self) -> Option<Display> {
        let report = self.board.people.report("fxs1", &[]);
        report.expect("the only port").display
    }
}

fn jan() -> CallerInfo {
    CallerInfo {
        number: CallerField::Text(CallerText::fitting("2005")),
        name: CallerField::Text(CallerText::fitting("Jan")),
        ..CallerInfo::default()
    }
}

fn tells(scheme: CallerIdScheme, info: CallerInfo) -> LinePlay {
    LinePlay::Caller {
        info,
        scheme,
        dbm0: -14,
    }
}

#[test]
fn a_set_on_hook_hears_only_what_the_line_lets_through() {
    let play = tells(CallerIdScheme::EtsiRing, jan());
    let mut rig = Rig::new();
    rig.dsp.play(&play);
    rig.pass(1_500);
    assert_eq!(rig.display(), None, "the line lets nothing through");
    rig.command(PortCommand::SetOnHookSound(true));
    let cadence = Cadence::new(&[2_000, 4_000]).expect("legal");
    rig.command(PortCommand::StartRing(cadence));
    rig.dsp.play(&play);
    rig.pass(2_500);
    assert_eq!(rig.display(), None, "the bell sounds");
    rig.dsp.play(&play);
    rig.pass(1_500);
    let display = rig.display().expect("in the pause");
    assert_eq!(display.number.as_deref(), Some("2005"));
    assert_eq!(display.name.as_deref(), Some("Jan"));
    assert_eq!((display.rings, display.in_call), (1, false));
    rig.command(PortCommand::StopRing);
    rig.command(PortCommand::SetLinefeed(Linefeed::Open));
    let other = CallerInfo {
        number: CallerField::Absent(Absence::Private),
        ..CallerInfo::default()
    };
    let other = tells(CallerIdScheme::Bellcore, other);
    rig.dsp.play(&other);
    rig.pass(1_500);
    assert_eq!(rig.display(), Some(display), "a dead line");
    rig.command(PortCommand::SetLinefeed(Linefeed::Reverse));
    rig.dsp.play(&other);
    rig.pass(1_500);
    let display = rig.display().expect("told");
    assert_eq!(
        (display.number, display.absent),
        (None, Some(Absence::Private))
    );
    assert!(display.reversed);
}

#[test]
fn a_set_in_a_call_answers_the_tone_and_its_person_hears_nothing() {
    let mut rig = Rig::new();
    rig.board
        .people
        .act("fxs1", &Act::Lift)
        .expect("it lies there");
    rig.pass(500);
    let mark = "900".to_owned();
    rig.board
        .people
        .act("fxs1", &Act::Talk { mark })
        .expect("lifted");
    rig.pass(500);
    for scheme in [CallerIdScheme::Bellcore, CallerIdScheme::EtsiRing] {
        rig.heard.clear();
        rig.dsp.play(&LinePlay::CallerWaiting {
            info: jan(),
            scheme,
            dbm0: -14,
        });
        rig.pass(2_500);
        rig.heard
            .retain(|heard| !matches!(heard, LineHeard::Second(_)));
        assert_eq!(rig.heard, [LineHeard::Played { whole: true }]);
        let display = rig.display().expect("told");
        assert_eq!(display.number.as_deref(), Some("2005"), "{scheme:?}");
        assert!(display.in_call && display.alerted, "{scheme:?}");
    }
    // Data that nothing announced are only noise in the ear.
    let before = rig.display();
    let nobody = CallerInfo {
        number: CallerField::Text(CallerText::fitting("666")),
        ..CallerInfo::default()
    };
    rig.dsp.play(&tells(CallerIdScheme::EtsiRing, nobody));
    rig.pass(2_000);
    assert_eq!(rig.display(), before);
}

#[test]
fn lamps_and_metering_pulses_are_seen() {
    let mut rig = Rig::new();
    let lit = |rig: &Rig| {
        let report = rig.board.people.report("fxs1", &[]).expect("the only port");
        (report.lamp, report.metered)
    };
    rig.command(PortCommand::SetOnHookSound(true));
    for waiting in [true, false] {
        let lamp = CallerInfo {
            waiting: Some(waiting),
            ..CallerInfo::default()
        };
        rig.dsp.play(&tells(CallerIdScheme::Bellcore, lamp));
        rig.pass(1_500);
        assert_eq!(lit(&rig), (waiting, 0));
        rig.command(PortCommand::SetNeon(!waiting));
        rig.pass(20);
        assert_eq!(lit(&rig), (true, 0));
        rig.command(PortCommand::SetNeon(false));
    }
    let pulse = PortCommand::MeterPulse(150);
    let control = |rig: &mut Rig| rig.board.ports[0].control.apply(pulse).is_ok();
    assert!(!control(&mut rig), "on hook nobody pays");
    rig.board
        .people
        .act("fxs1", &Act::Lift)
        .expect("it lies there");
    rig.pass(500);
    assert!(control(&mut rig));
    assert!(!control(&mut rig), "one is being sent");
    rig.pass(200);
    assert!(control(&mut rig));
    rig.pass(20);
    assert_eq!(lit(&rig).1, 2);
}
