use std::collections::VecDeque;

use model::Instant;

use crate::act::{Act, ActError};
use crate::line::Carrier;
use crate::mark::Mark;
use crate::person::{FLASH_MS, Person};
use crate::recognise::NamedTone;
use crate::report::Report;

/// Marks that people listen for: those spoken last on this board.
const MARKS_MAX: usize = 64;

/// Everyone at the sets of a board and behind its lines. Lives on the control thread.
///
/// Driver, at least every `hal_port::POLL_MS`: the control halves' `advance`, then this one's. After
/// [`People::act`] advance the control half of that port, so that the hook moves at once.
#[derive(Debug)]
pub struct People {
    people: Vec<Person>,
    carriers: Vec<Carrier>,
    tones: Vec<NamedTone>,
    marks: VecDeque<Mark>,
    flash_ms: u16,
}

impl People {
    pub(crate) fn new(people: Vec<Person>, carriers: Vec<Carrier>) -> Self {
        Self {
            people,
            carriers,
            tones: Vec::new(),
            marks: VecDeque::new(),
            flash_ms: FLASH_MS,
        }
    }

    /// The call progress tones of the office's country, which people know by ear. Of tones that sound
    /// alike the first is named.
    pub fn set_tones(&mut self, tones: Vec<NamedTone>) {
        self.tones = tones;
    }

    /// How long people press the hook for a flash, in ms: what the country's exchanges want.
    pub fn set_flash_ms(&mut self, ms: u16) {
        self.flash_ms = ms;
    }

    /// Names of the ports where somebody sits, in the board's order.
    pub fn ports(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(Person::port)
    }

    /// Everyone looks, listens and does what is due.
    pub fn advance(&mut self, now: Instant) {
        for person in &mut self.people {
            person.advance(now, &self.tones);
        }
        for carrier in &mut self.carriers {
            carrier.advance(now, &self.tones);
        }
    }

    /// When somebody will do something unasked if nothing happens to them.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        let people = self.people.iter().filter_map(Person::next_deadline);
        let carriers = self.carriers.iter().filter_map(Carrier::next_deadline);
        people.chain(carriers).min()
    }

    /// The person at `port`.
    #[must_use]
    pub fn person(&mut self, port: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.port() == port)
    }

    /// The carrier's exchange behind `port`.
    #[must_use]
    pub fn carrier(&mut self, port: &str) -> Option<&mut Carrier> {
        let mut carriers = self.carriers.iter_mut();
        carriers.find(|carrier| carrier.port() == port)
    }

    /// Names of the lines' ports, in the board's order.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.carriers.iter().map(Carrier::port)
    }

    /// Makes the person at `port`, or behind it, do something.
    ///
    /// # Errors
    /// [`ActError`] says what was wrong; nothing is done then.
    pub fn act(&mut self, port: &str, act: &Act) -> Result<(), ActError> {
        if let Act::Talk { mark: name }
        | Act::Behave(crate::Manner {
            say: Some(name), ..
        }) = act
        {
            let mark = Mark::new(name).ok_or_else(|| ActError::Mark(name.clone()))?;
            self.remember(mark);
        }
        if let Some(carrier) = self.carrier(port) {
            return carrier.act(act);
        }
        let flash_ms = self.flash_ms;
        let person = self
            .person(port)
            .ok_or_else(|| ActError::NoPort(port.into()))?;
        match act {
            Act::Lift => person.lift(),
            Act::HangUp => person.hang_up(),
            Act::Flash => person.flash(flash_ms),
            Act::Dial { digits } => person.dial(digits),
            Act::PulseDial { digits } => person.pulse_dial(digits),
            Act::Talk { mark } => {
                let mark = Mark::new(mark).ok_or_else(|| ActError::Mark(mark.clone()))?;
                person.talk(mark)
            }
            Act::Quiet => person.quiet(),
            Act::Behave(manner) => person.behave(manner.clone()),
            Act::Line(settings) => person.set_line(*settings),
            Act::Call { .. } => Err(ActError::NoLine),
        }
    }

    /// What the person at `port` sees and hears. Besides the marks spoken on this board it listens for
    /// those of `others`, spoken elsewhere.
    ///
    /// # Errors
    /// [`ActError::NoPort`], and [`ActError::Mark`] when one of `others` is no mark.
    pub fn report(&self, port: &str, others: &[&str]) -> Result<Report, ActError> {
        let others: Vec<Mark> = others
            .iter()
            .map(|name| Mark::new(name).ok_or_else(|| ActError::Mark((*name).into())))
            .collect::<Result<_, _>>()?;
        let new = others.iter().filter(|mark| !self.marks.contains(mark));
        let marks: Vec<&Mark> = self.marks.iter().chain(new).collect();
        let person = self.people.iter().find(|person| person.port() == port);
        if let Some(person) = person {
            return Ok(person.report(&self.tones, &marks));
        }
        let carrier = self.carriers.iter().find(|carrier| carrier.port() == port);
        let carrier = carrier.ok_or_else(|| ActError::NoPort(port.into()))?;
        Ok(carrier.report(&self.tones, &marks))
    }

    fn remember(&mut self, mark: Mark) {
        self.marks.retain(|known| *known != mark);
        if self.marks.len() >= MARKS_MAX {
            self.marks.pop_front();
        }
        self.marks.push_back(mark);
    }
}
