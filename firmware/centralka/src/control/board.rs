//! The board on the control thread: jacks, and on a simulated board the people at its sets.

use std::{os::fd::BorrowedFd, sync::Arc, time::Duration};

use hal_board::{ButtonNews, ButtonReport, ButtonUse, Controls};
use hal_port::{ControlHalf as _, FaultKind, PortCommand, PortEvent, PortKind, Reading};
use hal_sim::{ActError, People, Report};
use model::{Absence, HangUps, Instant, LineHealth, LineLifeline, LineSample, PortId, Wall};
use panel::{
    Feed,
    api::{ChangeBody, FaxTone, Hook, SetDisplay, SimSet},
};

use pbx::PortFigures;

use crate::{
    hardware::{Finger, Jack},
    live::{InForce, current},
    marks::{MARKS, mark_number},
    word::BoardAsk,
};

/// One jack and what a page shows of it.
struct Seat {
    port: PortId,
    name: String,
    jack: Jack,
    dialled: String,
    talking: Option<u8>,
    shown: Option<SimSet>,
    /// The last sample that was kept, the minutes since then, and the hang-ups until then.
    sampled: Option<LineSample>,
    minutes: u8,
    hang_ups: HangUps,
    /// What is wrong with it.
    fault: Option<FaultKind>,
}

/// A sample that says nothing new is kept all the same after so many minutes.
const QUIET_MINUTES: u8 = 60;

/// All jacks of the board.
pub(crate) struct Board {
    seats: Vec<Seat>,
    people: Option<People>,
    face: Face,
    /// A button has moved since they were looked at.
    moved: bool,
    feed: Arc<Feed>,
    in_force: InForce,
}

/// What a board has on its face: buttons and a lamp, and the finger of a simulated one.
pub(crate) struct Face {
    pub(crate) controls: Option<Box<dyn Controls + Send>>,
    pub(crate) finger: Option<Finger>,
}

impl Board {
    pub(crate) fn new(
        jacks: Vec<(PortId, String, Jack)>,
        people: Option<People>,
        face: Face,
        feed: Arc<Feed>,
        in_force: InForce,
    ) -> Self {
        let seat = |(port, name, jack)| Seat {
            port,
            name,
            jack,
            dialled: String::new(),
            talking: None,
            shown: None,
            sampled: None,
            minutes: 0,
            hang_ups: HangUps::default(),
            fault: None,
        };
        Self {
            seats: jacks.into_iter().map(seat).collect(),
            people,
            face,
            moved: false,
            feed,
            in_force,
        }
    }

    /// When something is due if nothing happens outside.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let jacks = self
            .seats
            .iter()
            .filter_map(|seat| seat.jack.next_deadline());
        let people = self.people.as_ref().and_then(People::next_deadline);
        let face = self.face.controls.as_ref();
        let face = face.and_then(|face| face.next_deadline());
        let own = jacks.chain(face).map(|at| Instant::ZERO + at);
        own.chain(people).min()
    }

    /// What becomes readable when a button moves.
    pub(crate) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let face = self.face.controls.as_ref();
        face.map_or_else(Vec::new, |face| face.descriptors())
    }

    /// Something became readable.
    pub(crate) const fn button_moved(&mut self) {
        self.moved = true;
    }

    /// What buttons are for that were held long enough.
    pub(crate) fn pressed(&mut self, now: Instant) -> Vec<ButtonUse> {
        let moved = core::mem::take(&mut self.moved);
        let Some(face) = &mut self.face.controls else {
            return Vec::new();
        };
        let mut held = Vec::new();
        for (button, news) in face.advance(now.since(Instant::ZERO), moved) {
            match news {
                ButtonNews::Held => held.push(button.purpose),
                ButtonNews::Stuck => {
                    tracing::warn!(
                        button = button.name,
                        "the button is stuck: it does nothing until it is let go"
                    );
                }
                ButtonNews::Unreadable => {
                    tracing::error!(button = button.name, "the button cannot be read");
                }
                ButtonNews::Sound => tracing::info!(button = button.name, "the button works"),
            }
        }
        held
    }

    /// How the buttons are.
    pub(crate) fn buttons(&self) -> Vec<ButtonReport> {
        let face = self.face.controls.as_ref();
        face.map_or_else(Vec::new, |face| face.report())
    }

    /// Lets time pass on the board; what the ports report, in order.
    pub(crate) fn advance(&mut self, now: Instant) -> Vec<(PortId, PortEvent)> {
        let since_start: Duration = now.since(Instant::ZERO);
        let mut said = Vec::new();
        for seat in &mut self.seats {
            seat.jack.advance(since_start);
            while let Some(event) = seat.jack.poll_event() {
                match event {
                    PortEvent::Fault(kind) => seat.fault = Some(kind),
                    PortEvent::Recovered => seat.fault = None,
                    _ => {}
                }
                said.push((seat.port, event));
            }
        }
        if let Some(people) = &mut self.people {
            people.advance(now);
            self.show();
        }
        said
    }

    /// How the ports are.
    pub(crate) fn health(&self, now: Wall, figures: Vec<PortFigures>) -> Vec<LineHealth> {
        let health = |figures: PortFigures| {
            let seat = self.seats.iter().find(|seat| seat.port == figures.port)?;
            let set = figures.lifeline_set;
            let set = set.and_then(|set| self.seats.iter().find(|seat| seat.port == set));
            Some(LineHealth {
                port: seat.name.clone(),
                set: figures.kind == PortKind::Fxs,
                now: sample(now, &figures, seat.jack.reading()),
                entry: figures.entry,
                state: figures.state,
                learned: figures.learned,
                can_balance: figures.can_balance,
                balance: figures.balance,
                lifeline: set.map(|set| LineLifeline {
                    set: set.name.clone(),
                    test: figures.lifeline,
                }),
                fault: seat.fault.map(|kind| fault_name(kind).to_owned()),
                caller: figures.caller,
                messages: figures.messages,
            })
        };
        figures.into_iter().filter_map(health).collect()
    }

    /// The samples of a minute that are worth keeping: what says something new, and one an hour.
    pub(crate) fn samples(
        &mut self,
        now: Wall,
        figures: Vec<PortFigures>,
    ) -> Vec<(String, LineSample)> {
        let mut kept = Vec::new();
        for figures in figures {
            let port = figures.port;
            let Some(seat) = self.seats.iter_mut().find(|seat| seat.port == port) else {
                continue;
            };
            let mut fresh = sample(now, &figures, seat.jack.reading());
            fresh.hang_ups = figures.hang_ups.since(&seat.hang_ups);
            seat.minutes = seat.minutes.saturating_add(1);
            let known = seat.sampled.as_ref();
            let news = known.is_none_or(|known| fresh.tells_more_than(known));
            if news || seat.minutes >= QUIET_MINUTES {
                seat.sampled = Some(fresh);
                seat.minutes = 0;
                seat.hang_ups = figures.hang_ups;
                kept.push((seat.name.clone(), fresh));
            }
        }
        kept
    }

    /// The port of that name.
    pub(crate) fn port_named(&self, name: &str) -> Option<PortId> {
        let seat = self.seats.iter().find(|seat| seat.name == name);
        seat.map(|seat| seat.port)
    }

    pub(crate) fn command(&mut self, port: PortId, command: PortCommand) {
        let seat = self.seats.iter_mut().find(|seat| seat.port == port);
        if let Some(seat) = seat
            && let Err(error) = seat.jack.apply(command)
        {
            tracing::warn!(port = seat.name, ?command, ?error, "the port refused");
        }
    }

    /// Asks the person at a simulated set.
    pub(crate) fn ask(
        &mut self,
        now: Instant,
        port: &str,
        ask: &BoardAsk,
    ) -> Result<Option<Report>, ActError> {
        let no_port = || ActError::NoPort(port.to_owned());
        if let BoardAsk::Button { held } = *ask {
            let finger = self.face.finger.as_ref();
            let known = finger.is_some_and(|finger| finger.moves(port, held));
            self.moved |= known;
            return if known { Ok(None) } else { Err(no_port()) };
        }
        let people = self.people.as_mut().ok_or_else(no_port)?;
        match ask {
            BoardAsk::Hear => people.report(port, &MARKS).map(Some),
            BoardAsk::Act(act) => {
                people.act(port, act)?;
                let seat = self.seats.iter_mut().find(|seat| seat.name == port);
                if let Some(seat) = seat {
                    seat.note(act);
                    seat.jack.advance(now.since(Instant::ZERO));
                }
                self.show();
                Ok(None)
            }
            // Was pressed above.
            BoardAsk::Button { .. } => Ok(None),
        }
    }

    /// Tells open pages what changed at the sets.
    fn show(&mut self) {
        let Some(people) = &mut self.people else {
            return;
        };
        let config = current(&self.in_force);
        for seat in &mut self.seats {
            let Some(person) = people.person(&seat.name) else {
                continue;
            };
            let off_hook = person.is_off_hook();
            if !off_hook {
                seat.dialled.clear();
                seat.talking = None;
            }
            let entry = config.analog_on(&seat.name);
            let extension = entry.and_then(|entry| entry.extension.as_ref());
            let set = SimSet {
                port: seat.name.clone(),
                extension: extension.map(ToString::to_string).unwrap_or_default(),
                hook: if off_hook { Hook::Off } else { Hook::On },
                // A button that changed its name with each burst could hardly be pressed.
                ringing: person.is_rung(),
                dialled: seat.dialled.clone(),
                talking: seat.talking,
                display: person.display().map(display),
                lamp: person.lamp(),
                fax: person.is_fax(),
                fax_heard: person.fax_heard().into_iter().map(fax_tone).collect(),
            };
            if seat.shown.as_ref() != Some(&set) {
                self.feed.tell(ChangeBody::Set(set.clone()));
                seat.shown = Some(set);
            }
        }
    }
}

const fn fax_tone(tone: model::FaxTone) -> FaxTone {
    match tone {
        model::FaxTone::Cng => FaxTone::Cng,
        model::FaxTone::Ced => FaxTone::Ced,
        model::FaxTone::Preamble => FaxTone::Preamble,
    }
}

fn display(shown: &hal_sim::Display) -> SetDisplay {
    SetDisplay {
        number: shown.number.clone(),
        name: shown.name.clone(),
        withheld: shown.absent == Some(Absence::Private),
    }
}

/// What is measured and known of a port at this moment; its hang-ups are those since the start.
fn sample(at: Wall, figures: &PortFigures, reading: Reading) -> LineSample {
    let second = figures.second;
    LineSample {
        at,
        volts: reading.volts,
        loop_tenth_ma: reading.loop_tenth_ma,
        ring_vrms: reading.ring_vrms,
        ring_tenth_hz: reading.ring_tenth_hz,
        foreign_volts: reading.foreign_volts,
        celsius: reading.celsius,
        rx_dbm0: second.map(|second| second.rx_dbm0),
        tx_dbm0: second.map(|second| second.tx_dbm0),
        noise_dbm0: second.map(|second| second.noise_dbm0),
        caller_dbm0: figures.caller_dbm0,
        erl_db10: second.and_then(|second| second.erl_db10),
        erle_db10: second.and_then(|second| second.erle_db10),
        dead: figures.dead,
        in_use: figures.in_use,
        out_of_service: figures.out_of_service,
        left_off_hook: figures.left_off_hook,
        hang_ups: figures.hang_ups,
    }
}

const fn fault_name(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Overload => "overload",
        FaultKind::Supply => "supply",
        FaultKind::Lost => "lost",
    }
}

impl Seat {
    fn note(&mut self, act: &hal_sim::Act) {
        match act {
            hal_sim::Act::Dial { digits } | hal_sim::Act::PulseDial { digits } => {
                self.dialled.push_str(digits);
            }
            hal_sim::Act::Talk { mark } => self.talking = mark_number(mark),
            hal_sim::Act::Quiet | hal_sim::Act::HangUp => self.talking = None,
            hal_sim::Act::Lift
            | hal_sim::Act::Flash
            | hal_sim::Act::Behave(_)
            | hal_sim::Act::Call { .. }
            | hal_sim::Act::Line(_) => {}
        }
    }
}
