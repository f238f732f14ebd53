//! A button under fingers that are quick, slow, bouncing, and none at all.

use core::time::Duration;
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU8, Ordering::Relaxed},
};

use embedded_hal::digital::{Error, ErrorKind, ErrorType, InputPin};
use hal_board::{
    BoardFile, ButtonNews, ButtonState, Controls, EdgePin, HOLD, HeldButton, PinControls,
    StatusLamp, Wakes,
};

const BOARD: &str =
    "name = \"Box\"\n[[button]]\nname = \"recover\"\npin = \"!gpiochip0:11\"\nuse = \"recover\"\n";
const LOW: u8 = 0;
const HIGH: u8 = 1;
const BROKEN: u8 = 2;

/// A contact with a pull-up, low while it is pressed.
#[derive(Clone)]
struct Contact(Arc<AtomicU8>);

#[derive(Debug)]
struct NoPin;

impl Error for NoPin {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Contact {
    type Error = NoPin;
}

impl InputPin for Contact {
    fn is_high(&mut self) -> Result<bool, NoPin> {
        self.is_low().map(|low| !low)
    }

    fn is_low(&mut self) -> Result<bool, NoPin> {
        match self.0.load(Relaxed) {
            BROKEN => Err(NoPin),
            level => Ok(level == LOW),
        }
    }
}

impl EdgePin for Contact {
    fn wakes(&self) -> Wakes<'_> {
        Wakes::Told
    }

    fn clear_edges(&mut self) {}
}

struct Bench {
    contact: Contact,
    controls: PinControls<Contact>,
    lamp: Arc<Mutex<Vec<(u64, bool)>>>,
    clock: Arc<Mutex<u64>>,
    now: u64,
    news: Vec<(u64, ButtonNews)>,
    looks: u32,
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

impl Bench {
    fn new(level: u8) -> Self {
        let contact = Contact(Arc::new(AtomicU8::new(level)));
        let button = BoardFile::parse(BOARD).expect("is sound").buttons.remove(0);
        let (lamp, clock) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        let (levels, time) = (Arc::clone(&lamp), Arc::clone(&clock));
        let lit = StatusLamp::lit(Box::new(move |on| {
            let at = *time.lock().expect("sound");
            levels.lock().expect("sound").push((at, on));
        }));
        let held = HeldButton::new(button, contact.clone());
        let mut bench = Self {
            contact,
            controls: PinControls::new(vec![held], Some(lit)),
            lamp,
            clock,
            now: 0,
            news: Vec::new(),
            looks: 0,
        };
        bench.pass(1_000);
        bench
    }

    fn look(&mut self, moved: bool) {
        *self.clock.lock().expect("sound") = self.now;
        self.looks += 1;
        let news = self.controls.advance(ms(self.now), moved);
        self.news
            .extend(news.into_iter().map(|(_, what)| (self.now, what)));
    }

    /// Time as an exchange lets it pass: it wakes only when something is due.
    fn pass(&mut self, long: u64) {
        let end = self.now + long;
        while let Some(at) = self.controls.next_deadline() {
            let at = u64::try_from(at.as_millis()).expect("short");
            if at > end {
                break;
            }
            self.now = self.now.max(at);
            self.look(false);
        }
        self.now = end;
    }

    fn set(&mut self, level: u8) {
        self.contact.0.store(level, Relaxed);
        self.look(true);
    }

    fn state(&self) -> ButtonState {
        self.controls.report()[0].state
    }
}

#[test]
fn held_for_five_seconds_it_counts_once_and_the_lamp_blinks() {
    let mut bench = Bench::new(HIGH);
    let looks = bench.looks;
    bench.pass(3_600_000);
    assert_eq!(bench.looks, looks, "nobody is woken by a button at rest");
    assert_eq!(bench.state(), ButtonState::Free);
    let at = bench.now;
    bench.set(LOW);
    bench.pass(30_000);
    let hold = u64::try_from(HOLD.as_millis()).expect("short");
    assert_eq!(bench.news, [(at + hold, ButtonNews::Held)]);
    assert_eq!(bench.state(), ButtonState::Pressed);
    assert!(bench.looks - looks < 30, "{}", bench.looks - looks);
    let lamp = bench.lamp.lock().expect("sound").clone();
    assert_eq!(lamp.first(), Some(&(0, true)));
    assert_eq!(lamp[1], (at + hold, false), "at once");
    assert_eq!(lamp.len(), 21);
    assert!(lamp.last().is_some_and(|last| last.1), "lit in the end");
    bench.set(HIGH);
    bench.pass(100);
    bench.set(LOW);
    bench.pass(6_000);
    assert_eq!(bench.news.len(), 2, "and again");
    let lamp = Arc::clone(&bench.lamp);
    drop(bench);
    assert_eq!(lamp.lock().expect("sound").last().map(|l| l.1), Some(false));
}

#[test]
fn released_earlier_it_does_nothing() {
    let mut bench = Bench::new(HIGH);
    for held in [20, 500, 4_900] {
        bench.set(LOW);
        bench.pass(held);
        bench.set(HIGH);
        bench.pass(2_000);
    }
    assert_eq!(bench.news, []);
    assert_eq!(bench.lamp.lock().expect("sound").len(), 1, "no blink");
}

#[test]
fn bounce_neither_shortens_nor_ends_a_hold() {
    let mut bench = Bench::new(HIGH);
    let bounce = |bench: &mut Bench| {
        for level in [LOW, HIGH, LOW, HIGH, LOW] {
            bench.set(level);
            bench.pass(7);
        }
    };
    bounce(&mut bench);
    bench.pass(2_000);
    bounce(&mut bench);
    let before = bench.now;
    bench.pass(2_900);
    assert_eq!(bench.news, [], "not before five seconds");
    bench.pass(200);
    assert_eq!(bench.news.len(), 1);
    assert!(bench.news[0].0 > before);
}

#[test]
fn a_button_that_is_pressed_from_the_start_is_stuck_until_it_is_let_go() {
    let mut bench = Bench::new(LOW);
    bench.pass(60_000);
    assert_eq!(bench.news.len(), 1);
    assert_eq!(bench.news[0].1, ButtonNews::Stuck);
    assert_eq!(bench.state(), ButtonState::Stuck);
    bench.set(HIGH);
    bench.pass(100);
    assert_eq!(bench.news[1].1, ButtonNews::Sound);
    bench.set(LOW);
    bench.pass(100_000);
    let said: Vec<_> = bench.news.iter().map(|news| news.1).collect();
    assert_eq!(said[2..], [ButtonNews::Held, ButtonNews::Stuck]);
}

#[test]
fn a_pin_that_cannot_be_read_is_told_and_comes_back() {
    let mut bench = Bench::new(HIGH);
    bench.set(LOW);
    bench.pass(2_000);
    bench.set(BROKEN);
    bench.pass(10_000);
    assert_eq!(bench.state(), ButtonState::Unreadable);
    bench.contact.0.store(HIGH, Relaxed);
    bench.pass(61_000);
    let said: Vec<_> = bench.news.iter().map(|news| news.1).collect();
    assert_eq!(said, [ButtonNews::Unreadable, ButtonNews::Sound]);
    assert_eq!(bench.state(), ButtonState::Free);
}
