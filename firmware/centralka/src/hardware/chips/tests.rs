//! A whole board over models of its chips.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use hal_alsa::CardCounts;
use hal_board::{BoardFile, ButtonNews, EdgePin, Hardware, HardwareError, Pin, Wakes};
use hal_port::{AudioHalf, Cadence, FaultKind, PortCommand, PortEvent};
use hal_slic_model::{IntPin, Spi, daa, slic};

use super::{super::missing::NoSound, Sound, open};

const BOARD: &str = r#"name = "Two and two"
reset = "!gpiochip0:9"
status_lamp = "!gpiochip0:6"
[audio]
device = "hw:none"
channels = 8
first_bit = 1
[[port]]
name = "fxs1"
chip = "si3215"
spi = "/dev/spidev0.0"
interrupt = "gpiochip0:1"
slot = 0
[[port]]
name = "fxs2"
chip = "si3215"
spi = "/dev/spidev0.9"
slot = 1
[[port]]
name = "fxo1"
chip = "si3050"
spi = "/dev/spidev0.1"
interrupt = "gpiochip0:2"
slot = 2
[[port]]
name = "fxo2"
chip = "si3050"
spi = "/dev/spidev0.1"
interrupt = "gpiochip0:2"
chain_place = 1
slot = 3
[[relay]]
name = "lifeline"
pin = "gpiochip0:5"
set = "fxs1"
line = "fxo1"
[[button]]
name = "recover"
pin = "!gpiochip0:7"
use = "recover"
"#;

/// Levels that pins were given, in order.
type Levels = Arc<Mutex<Vec<(u32, bool)>>>;

struct Wire {
    line: u32,
    levels: Levels,
}

impl ErrorType for Wire {
    type Error = Infallible;
}

impl OutputPin for Wire {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.levels.lock().expect("sound").push((self.line, false));
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.levels.lock().expect("sound").push((self.line, true));
        Ok(())
    }
}

/// A button's contact, closed to ground while it is pressed.
#[derive(Clone, Default)]
struct Contact(Arc<AtomicBool>);

impl ErrorType for Contact {
    type Error = Infallible;
}

impl InputPin for Contact {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        self.is_low().map(|low| !low)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.load(Ordering::Relaxed))
    }
}

impl EdgePin for Contact {
    fn wakes(&self) -> Wakes<'_> {
        Wakes::Told
    }

    fn clear_edges(&mut self) {}
}

/// A machine with models on its buses.
struct Models {
    set: slic::SlicHandle,
    lines: Vec<daa::DaaHandle>,
    levels: Levels,
    opened: BTreeMap<String, u32>,
    contact: Contact,
}

impl Hardware for Models {
    type Spi = Spi;
    type Input = IntPin;
    type Edges = Contact;
    type Output = Wire;

    fn spi(&mut self, device: &str, hz: u32) -> Result<Spi, HardwareError> {
        assert_eq!(hz, 4_000_000);
        *self.opened.entry(device.into()).or_default() += 1;
        match device {
            "/dev/spidev0.0" => Ok(self.set.spi()),
            "/dev/spidev0.1" => Ok(self.lines[0].spi()),
            _ => Err(HardwareError {
                what: device.into(),
                why: "no such file".into(),
            }),
        }
    }

    fn input(&mut self, pin: &Pin) -> Result<IntPin, HardwareError> {
        *self.opened.entry(pin.to_string()).or_default() += 1;
        Ok(match pin.line {
            1 => self.set.interrupt(),
            _ => self.lines[0].interrupt(),
        })
    }

    fn edges(&mut self, _: &Pin) -> Result<Contact, HardwareError> {
        Ok(self.contact.clone())
    }

    fn output(&mut self, pin: &Pin) -> Result<Wire, HardwareError> {
        Ok(Wire {
            line: pin.line,
            levels: Arc::clone(&self.levels),
        })
    }
}

fn sound(halves: Vec<Box<dyn AudioHalf>>, counts: &Arc<CardCounts>) -> Sound {
    Sound {
        halves,
        counts: Arc::clone(counts),
        card: Box::new(()),
    }
}

fn models() -> Models {
    let line = daa::Board::default();
    Models {
        set: slic::SlicHandle::new(slic::Board {
            slot_start: 1,
            ..slic::Board::new(slic::Part::Si3215)
        }),
        lines: daa::DaaHandle::chain(&[line, line]),
        levels: Levels::default(),
        opened: BTreeMap::new(),
        contact: Contact::default(),
    }
}

#[test]
fn a_board_comes_up_and_what_is_missing_is_out_of_service() {
    let file = BoardFile::parse(BOARD).expect("is sound");
    let mut models = models();
    let counts = Arc::default();
    let mut board = open(&file, &mut models, |audio, slots| {
        assert_eq!((audio.channels, slots), (8, &[0, 1, 2, 3][..]));
        let half = || Box::new(NoSound) as _;
        Ok(sound(vec![half(), half(), half(), half()], &counts))
    });
    let names: Vec<_> = board.jacks.iter().map(|jack| jack.name.clone()).collect();
    assert_eq!(names, ["fxs1", "fxs2", "fxo1", "fxo2"]);
    // Each bus and pin was opened once, however many chips share it.
    assert!(models.opened.values().all(|&times| times == 1));
    let mut events: Vec<Vec<PortEvent>> = vec![Vec::new(); 4];
    for ms in 1..=2_000 {
        let now = Duration::from_millis(ms);
        models.set.pass_to(now);
        models.lines.iter().for_each(|line| line.pass_to(now));
        for ((_, _, jack), events) in board.control.iter_mut().zip(&mut events) {
            jack.advance(now);
            events.extend(std::iter::from_fn(|| jack.poll_event()));
        }
    }
    let alive = vec![PortEvent::Battery(true)];
    let lost = vec![PortEvent::Fault(FaultKind::Lost)];
    assert_eq!(events, [Vec::new(), lost, alive.clone(), alive]);
    let ring = PortCommand::StartRing(Cadence::new(&[1_000, 4_000]).expect("legal"));
    board.control[0].2.apply(ring).expect("in service");
    assert!(models.set.rings());
    board.control[1].2.apply(ring).expect_err("missing");
    // Without its sound device the port is out of service, and back with it.
    let set = &mut board.control[0].2;
    for (gone, told) in [
        (true, PortEvent::Fault(FaultKind::Lost)),
        (false, PortEvent::Recovered),
    ] {
        counts.gone.store(gone, Ordering::Relaxed);
        set.advance(Duration::from_millis(2_001));
        assert_eq!(set.poll_event(), Some(told));
        assert_eq!(set.apply(ring).is_err(), gone);
    }
    // Slots begin one clock late, 16 bits apart.
    assert_eq!((models.set.register(2), models.set.register(4)), (1, 1));
    let starts: Vec<u8> = models.lines.iter().map(|line| line.register(34)).collect();
    assert_eq!(starts, [33, 49]);
    assert_eq!(models.set.violations(), Vec::<String>::new());
    for line in &models.lines {
        assert_eq!(line.violations(), Vec::<String>::new());
    }
}

#[test]
fn resets_first_and_lets_the_lifeline_go_at_the_end() {
    let file = BoardFile::parse(BOARD).expect("is sound");
    let mut models = models();
    let levels = Arc::clone(&models.levels);
    let mut board = open(&file, &mut models, |_, _| {
        Ok(sound(Vec::new(), &Arc::default()))
    });
    // The relay stays let go until the line was looked at.
    let so_far = [(9, false), (9, true), (6, false)];
    assert_eq!(*levels.lock().expect("sound"), so_far);
    let jack = board.jacks.first().expect("a set");
    let lifeline = Some(pbx::Lifeline {
        line: board.jacks[2].port,
        sensed: false,
        released: true,
    });
    assert_eq!((jack.name.as_str(), jack.lifeline), ("fxs1", lifeline));
    for released in [false, true, false] {
        let (_, name, set) = &mut board.control[0];
        assert_eq!(name, "fxs1");
        set.apply(PortCommand::Lifeline(released)).expect("a relay");
    }
    let moved = [(5, true), (5, false), (5, true)];
    assert_eq!(levels.lock().expect("sound")[3..], moved);
    drop(board);
    let mut end = levels.lock().expect("sound")[6..].to_vec();
    end.sort_unstable();
    assert_eq!(end, [(5, false), (6, true)]);
}

#[test]
fn a_channel_without_its_card_is_out_of_service() {
    let text = "name = \"Card\"\n[[dahdi]]\nname = \"fxo1\"\nchannel = 1023\n";
    let file = BoardFile::parse(text).expect("is sound");
    let mut board = open(&file, &mut models(), |_, _| Err("not asked for".into()));
    let (_, name, jack) = &mut board.control[0];
    assert_eq!(name, "fxo1");
    assert_eq!(jack.poll_event(), Some(PortEvent::Fault(FaultKind::Lost)));
}

#[test]
fn without_its_sound_device_a_board_has_no_port_in_service() {
    let file = BoardFile::parse(BOARD).expect("is sound");
    let mut board = open(&file, &mut models(), |_, _| Err("busy".into()));
    for (_, _, jack) in &mut board.control {
        jack.advance(Duration::ZERO);
        assert_eq!(jack.poll_event(), Some(PortEvent::Fault(FaultKind::Lost)));
        assert_eq!(jack.poll_event(), None);
    }
    assert_eq!(board.audio.len(), 4);
}

#[test]
fn a_button_held_at_the_board_is_understood_by_its_lamp() {
    let file = BoardFile::parse(BOARD).expect("is sound");
    let (mut models, counts) = (models(), Arc::default());
    let board = open(&file, &mut models, |_, slots| {
        let half = |_: &usize| Box::new(NoSound) as _;
        Ok(sound(slots.iter().map(half).collect(), &counts))
    });
    let mut controls = board.controls.expect("a button and a lamp");
    let lamp = || {
        let levels = models.levels.lock().expect("sound");
        let of_lamp = levels.iter().filter(|(line, _)| *line == 6);
        of_lamp.map(|(_, high)| *high).collect::<Vec<_>>()
    };
    // This lamp is lit by a low level.
    assert_eq!(lamp(), [false]);
    let mut news = Vec::new();
    for tenths in 0..120 {
        let pressed = tenths >= 10;
        models.contact.0.store(pressed, Ordering::Relaxed);
        let now = Duration::from_millis(tenths * 100);
        news.extend(controls.advance(now, tenths == 10));
    }
    let news: Vec<_> = news.into_iter().map(|(_, news)| news).collect();
    assert_eq!(news, [ButtonNews::Held]);
    assert_eq!(lamp().len(), 21, "it blinks ten times");
    assert_eq!(lamp().last(), Some(&false), "and is lit");
    drop(controls);
    assert_eq!(lamp().last(), Some(&true), "until the exchange ends");
}
