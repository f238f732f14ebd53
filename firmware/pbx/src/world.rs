//! What call control may ask: answered from the configuration, the registrar and the jacks.

use core::time::Duration;

use call::{
    Dialled, Directory, HotLine, Line, Phone, Progress, Recall, RoomRules, SetRules, SetState,
};
use config::{Answerer, Code, Config, Prompt, Recording};
use model::{EntryId, LegId, Party, PortId};

use crate::{
    lines::Lines,
    ports::{Jacks, SetPhase},
    registrar::Registrar,
};

/// The world at this instant.
pub(crate) struct World<'w> {
    config: &'w Config,
    registrar: &'w Registrar,
    jacks: &'w Jacks,
    lines: &'w Lines,
}

impl<'w> World<'w> {
    pub(crate) const fn of(
        config: &'w Config,
        registrar: &'w Registrar,
        jacks: &'w Jacks,
        lines: &'w Lines,
    ) -> Self {
        Self {
            config,
            registrar,
            jacks,
            lines,
        }
    }

    /// Seconds that the phones of an entry ring.
    fn ring_s(&self, entry: &EntryId) -> u16 {
        let person = self.config.person(entry).map(|p| p.ring_timeout_s);
        let device = || self.config.device(entry).map(|d| d.ring_timeout_s);
        let analog = || self.config.analog_set(entry).map(|a| a.ring_timeout_s);
        person
            .or_else(device)
            .or_else(analog)
            .unwrap_or(self.config.limits.ring_timeout_s)
    }
}

impl Directory for World<'_> {
    fn dialled(&self, text: &str) -> Dialled {
        match self.config.answerer(text) {
            Some(Answerer::Person(person)) => Dialled::Person(person.id.clone()),
            Some(Answerer::Device(device)) => Dialled::Device(device.id.clone()),
            Some(Answerer::Analog(analog)) => Dialled::Analog(analog.id.clone()),
            Some(Answerer::Code {
                code: Code::EchoTest,
                ..
            }) => Dialled::EchoTest,
            Some(Answerer::Conference(conference)) => Dialled::Conference(conference.id.clone()),
            Some(Answerer::Code {
                code: Code::Monitor,
                ..
            }) => Dialled::Unknown,
            Some(Answerer::Outside { number, emergency }) => Dialled::Outside { number, emergency },
            None => match self.config.person_by_login(text) {
                Some(person) => Dialled::Login(person.id.clone()),
                None => Dialled::Unknown,
            },
        }
    }

    fn progress(&self, digits: &str) -> Progress {
        let found = self.config.could_become(digits);
        match (found.exact.is_some(), found.longer) {
            (true, false) => Progress::Complete,
            (true, true) => Progress::Ambiguous,
            (false, true) => Progress::Partial,
            (false, false) => Progress::Hopeless,
        }
    }

    fn phones(&self, entry: &EntryId) -> Vec<Phone> {
        let devices = self.config.devices_of(entry).map(|device| &device.id);
        let owners = core::iter::once(entry).chain(devices);
        let mut found: Vec<(u16, Phone)> = owners
            .flat_map(|owner| self.registrar.of(owner))
            .map(|binding| {
                let phone = Phone {
                    owner: binding.owner.clone(),
                    key: binding.key.clone(),
                    transport: binding.transport,
                };
                (binding.q, phone)
            })
            .collect();
        // Best preference first; equal ones in the order of their names, so that a replay agrees.
        found.sort_by(|(a, left), (b, right)| b.cmp(a).then_with(|| left.cmp(right)));
        found.into_iter().map(|(_, phone)| phone).collect()
    }

    fn set(&self, analog: &EntryId) -> SetState {
        match self.jacks.of_entry(analog) {
            None => SetState::Fault,
            Some((_, jack)) if jack.out_of_service => SetState::Fault,
            Some((port, jack)) if jack.phase == SetPhase::Idle => SetState::Free(port),
            Some(_) => SetState::Busy,
        }
    }

    fn set_rules(&self, analog: &EntryId) -> SetRules {
        let Some(set) = self.config.analog_set(analog) else {
            return SetRules::default();
        };
        let hot_line = set.hot_line.as_ref().map(|number| HotLine {
            number: number.to_string(),
            after: Duration::from_secs(set.hot_line_after_s.into()),
        });
        SetRules {
            hot_line,
            // Nothing may sound in a fax.
            call_waiting: set.call_waiting && !set.fax,
            transfer: set.transfer,
            recall: if self.config.country.flash_goes_round {
                Recall::GoesRound
            } else {
                Recall::AsksDigit
            },
        }
    }

    fn onward(&self, line: &EntryId) -> Option<String> {
        self.config.line(line)?.to.clone()
    }

    fn lines(&self) -> Vec<Line> {
        let line = |(port, owner): (PortId, &EntryId)| Line {
            owner: owner.clone(),
            port,
        };
        self.lines.free(self.config).map(line).collect()
    }

    fn lines_in_use(&self) -> Vec<(Line, LegId)> {
        let used = self.lines.in_use().into_iter();
        used.map(|(port, owner, leg)| (Line { owner, port }, leg))
            .collect()
    }

    fn room(&self, conference: &EntryId) -> Option<RoomRules> {
        let conference = self.config.conference(conference)?;
        Some(RoomRules {
            pin: conference.pin.clone(),
            moderator_pin: conference.moderator_pin.clone(),
            greeting: self.config.greeting(conference).map(Prompt::clip),
            announce: conference.announce,
            limit: usize::from(conference.limit),
        })
    }

    fn records(&self, entry: &EntryId) -> bool {
        let device = self.config.device(entry);
        let entry = device.and_then(|d| d.person.as_ref()).unwrap_or(entry);
        let person = self.config.person(entry);
        person.is_some_and(|person| person.record == Recording::All)
    }

    fn ring_timeout(&self, entry: &EntryId) -> Duration {
        Duration::from_secs(u64::from(self.ring_s(entry)))
    }

    fn presented(&self, entry: &EntryId) -> Party {
        // A device of a person calls as that person.
        let device = self.config.device(entry);
        let entry = device.and_then(|d| d.person.as_ref()).unwrap_or(entry);
        let person = self.config.person(entry).map(|p| &p.name);
        let device = || self.config.device(entry).map(|d| &d.name);
        let analog = || self.config.analog_set(entry).map(|a| &a.name);
        let line = || self.config.line(entry).map(|l| &l.name);
        let name = person.or_else(device).or_else(analog).or_else(line);
        let number = self.config.number_of(entry);
        Party {
            number: number.map(ToString::to_string).unwrap_or_default(),
            name: name.cloned().unwrap_or_default(),
        }
    }

    fn calls_max(&self) -> usize {
        usize::from(self.config.limits.calls)
    }
}
