//! People at analog sets: they lift, dial, talk their mark and hang up; they answer when rung.

use core::time::Duration;

use hal_sim::{Act, Manner, People};
use model::{Instant, LegId, Random};

use crate::office::{EMERGENCY, OUTSIDE, pick};
use crate::plan::Features;
use crate::sound::{Ear, MARKS_HZ};

/// Somebody at a set.
#[derive(Debug)]
pub(crate) struct Sitter {
    /// The seat.
    pub seat: usize,
    /// The jack's number.
    pub jack: u16,
    port: String,
    mark: String,
    random: Random,
    pause_s: u32,
    talk_s: u32,
    /// When the person acts unasked.
    pub due: Instant,
    /// Acts unasked; otherwise only answers.
    pub lively: bool,
    /// The ear of the set's listener.
    pub ear: Ear,
    /// The bell is on.
    pub rung: bool,
    /// The leg by which the exchange calls the set; the bell may have to wait for its turn yet.
    pub(crate) called: Option<LegId>,
    /// The set has a lifeline.
    pub(crate) lifeline: bool,
    /// What is dialled on the lifeline while there is no power.
    pub(crate) in_the_dark: Option<String>,
    /// What is dialled when the hook has moved.
    pub dialling: Option<String>,
    /// What was dialled since the set was lifted.
    pub(crate) dialled: Option<String>,
    /// The exchange was told that the set is off hook.
    pub off_hook: bool,
    /// The bell began while the hand was on its way to the receiver: dials into the call before anything is said.
    pub(crate) dials_on: bool,
    /// When the set was lifted of which the exchange was not told yet.
    pub(crate) lifted: Option<Instant>,
}

impl Sitter {
    /// Somebody who begins to call some time after `now`.
    #[must_use]
    pub(crate) fn new(
        seat: usize,
        jack: u16,
        mut random: Random,
        features: &Features,
        now: Instant,
    ) -> Self {
        let first_ms = 5_000 + random.below(features.pause_s * 1_000);
        Self {
            seat,
            jack,
            port: format!("fxs{}", jack + 1),
            mark: MARKS_HZ[seat].to_string(),
            random,
            pause_s: features.pause_s,
            talk_s: features.talk_s,
            due: now + Duration::from_millis(first_ms.into()),
            lively: true,
            ear: Ear::default(),
            rung: false,
            called: None,
            lifeline: false,
            in_the_dark: None,
            dialling: None,
            dialled: None,
            off_hook: false,
            dials_on: false,
            lifted: None,
        }
    }

    /// From now on answers after so many bursts, and hangs up after so many seconds.
    pub(crate) fn behave(&mut self, people: &mut People, answer: Option<u8>, stay_s: Option<u16>) {
        let manner = Manner {
            answer_after_rings: answer,
            say: Some(self.mark.clone()),
            stay_s,
            ..Manner::default()
        };
        // A mark that is a frequency is legal.
        let _ = people.act(&self.port, &Act::Behave(manner));
    }

    /// Lifts, dials, and talks from then on; whether the person could.
    pub(crate) fn call(&mut self, people: &mut People, number: &str) -> bool {
        let digits = number.to_owned();
        let mark = self.mark.clone();
        let done = people.act(&self.port, &Act::Lift).is_ok()
            && people.act(&self.port, &Act::Dial { digits }).is_ok()
            && people.act(&self.port, &Act::Talk { mark }).is_ok();
        self.dialling = done.then(|| number.to_owned());
        done
    }

    /// The exchange starts anew and hears nothing of what was pressed before: what is dialled from now on is the
    /// number of which no key was pressed yet. Whoever calls in need dials it once more.
    pub(crate) fn begins_anew(&mut self, people: &mut People) {
        if self.lifts_again(people) {
            self.dialled = None;
            return;
        }
        let Some(number) = self.dialled.take().filter(|_| self.off_hook) else {
            return;
        };
        let person = people.person(&self.port);
        let Some(waiting) = person.map(|person| person.sounds_waiting()) else {
            return;
        };
        // What is said after the keys waits with them.
        let whole = waiting > number.len();
        let again = waiting == 0 && number == EMERGENCY && {
            let digits = number.clone();
            people.act(&self.port, &Act::Dial { digits }).is_ok()
        };
        self.dialled = (whole || again).then_some(number);
    }

    /// Whether the person hung up and calls anew, and the exchange, which had no power, still sees the set off hook as
    /// it was left.
    fn lifts_again(&self, people: &mut People) -> bool {
        let person = people.person(&self.port);
        let hands = person.map_or(0, |person| person.hands_waiting());
        self.dialling.is_some() && hands > 0
    }

    /// The exchange knows that the set is off hook: what the person lifted it for is dialled from now on.
    pub(crate) fn is_served(&mut self, people: &mut People) {
        if self.lifts_again(people) {
            return;
        }
        if let Some(number) = self.dialling.take() {
            self.dialled = Some(number);
        }
    }

    /// Without power lifts a set that has a lifeline, and dials a number outside by pulses, as a set can that nobody
    /// feeds but the line.
    fn call_in_the_dark(&mut self, people: &mut People) {
        let digits = pick(&[OUTSIDE.into(), EMERGENCY.into()], &mut self.random);
        let number = digits.clone();
        let mark = self.mark.clone();
        let done = people.act(&self.port, &Act::Lift).is_ok()
            && people.act(&self.port, &Act::PulseDial { digits }).is_ok()
            && people.act(&self.port, &Act::Talk { mark }).is_ok();
        self.in_the_dark = done.then_some(number);
    }

    /// Whether keys for nobody still keep the person from talking in a call that was answered by chance.
    pub(crate) fn still_dials_on(&mut self, people: &mut People) -> bool {
        let person = people.person(&self.port);
        let waiting = person.map_or(0, |person| person.sounds_waiting());
        self.dials_on &= self.off_hook && waiting > 0;
        self.dials_on
    }

    /// Hangs up, if off hook.
    pub(crate) fn leave(&mut self, people: &mut People) {
        // On hook is where the receiver shall be.
        let _ = people.act(&self.port, &Act::HangUp);
    }

    /// Does what is due; `dark`: the exchange has no power.
    pub(crate) fn act(
        &mut self,
        now: Instant,
        people: &mut People,
        numbers: &[String],
        dark: bool,
    ) {
        self.due = Instant::FAR;
        if !self.lively {
            return;
        }
        let pause_ms = 2_000 + self.random.below(self.pause_s * 2_000);
        self.due = now + Duration::from_millis(pause_ms.into());
        let busy = people
            .person(&self.port)
            .is_some_and(|person| person.is_off_hook());
        if busy || self.rung {
            return;
        }
        let answer = 1 + self.random.below(4) as u8;
        let stay_s = 3 + self.random.below(self.talk_s) as u16;
        self.behave(people, Some(answer), Some(stay_s));
        if dark && self.lifeline {
            return self.call_in_the_dark(people);
        }
        self.in_the_dark = None;
        let number = pick(numbers, &mut self.random);
        self.call(people, &number);
    }
}
