//! An exchange that exists in memory only: for trying the panel out and for its tests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU8},
    time::Duration,
};

use model::{
    CallId, Cause, EntryId, Event, EventBody, LegId, LegKind, MediaFigures, Now, PartyId, Record,
    Rule, Seq, Target, Wall,
};
use panel::{
    Author, CallFile, Exchange, Feed, FirstAdministrator, PhoneAccount, Refusal,
    api::{
        Board, BoardAct, CallPage, CallState, CallSummary, ChangeBody, ConfigDraft, ConfigText,
        Fault, Health, Heard, HeardKind, Hook, LiveCall, MediaThread, NewPerson, Office, Outcome,
        Party, Person, Phone, Role, SimSet, Transport,
    },
    convert::cause_name,
};

#[path = "archive.rs"]
pub(crate) mod archive;
#[path = "doctor.rs"]
mod doctor;

/// The call that is always there to be explained.
pub(crate) const KNOWN_CALL: CallId = CallId(0xca11);
/// A call that was recorded.
pub(crate) const RECORDED_CALL: CallId = CallId(0xca13);
/// A call in progress until somebody ends it.
pub(crate) const OPEN_CALL: CallId = CallId(0xca12);

/// The exchange.
pub(crate) struct FakeOffice {
    feed: Arc<Feed>,
    began: Wall,
    /// How many wait for whoever uses the set on `fxs1`.
    messages: AtomicU8,
    state: Mutex<State>,
}

struct State {
    people: Vec<Person>,
    sets: Vec<SimSet>,
    text: String,
    version: u64,
    before: Vec<Person>,
    music: Vec<panel::api::MusicPiece>,
    prompts: Vec<panel::api::UploadedPrompt>,
}

impl FakeOffice {
    /// An office with two people and two simulated sets; `began` is when its known call was.
    pub(crate) fn new(feed: Arc<Feed>, began: Wall) -> Self {
        let sets = [("fxs1", "301"), ("fxs2", "302")].map(|(port, extension)| SimSet {
            port: port.into(),
            extension: extension.into(),
            hook: Hook::On,
            ringing: false,
            dialled: String::new(),
            talking: None,
            display: None,
            lamp: false,
            fax: false,
            fax_heard: Vec::new(),
        });
        let people = vec![
            person("jan", "Jan Kowalski", "2005", Role::User),
            person("zofia", "Zofia Dąbrowska", "2006", Role::Supervisor),
        ];
        let office = Self {
            feed,
            began,
            messages: AtomicU8::new(0),
            state: Mutex::new(State {
                before: people.clone(),
                music: Vec::new(),
                prompts: Vec::new(),
                people,
                sets: sets.to_vec(),
                text: "format = 1\n".into(),
                version: 1,
            }),
        };
        office.tell_all();
        office
    }

    fn tell_all(&self) {
        let state = self.lock();
        self.feed.tell(ChangeBody::Office(self.office()));
        self.feed.tell(ChangeBody::People(state.people.clone()));
        self.feed.tell(ChangeBody::Board(Board {
            name: "sim".into(),
            sets: state.sets.clone(),
        }));
        self.feed.tell(ChangeBody::Phone(Phone {
            id: "jan-1".into(),
            owner: "jan".into(),
            device: "Desk phone 1.0".into(),
            address: "192.0.2.5:5060".into(),
            transport: Transport::Udp,
            expires_at_ms: self.began.as_millis() + 3_600_000,
        }));
        self.feed.tell(ChangeBody::Call(LiveCall {
            id: OPEN_CALL.to_string(),
            from: party("Jan Kowalski", "2005"),
            to: party("Zofia Dąbrowska", "2006"),
            state: CallState::Talking,
            started_at_ms: self.began.as_millis(),
            answered_at_ms: Some(self.began.as_millis() + 3_000),
            legs: Vec::new(),
            recording: None,
        }));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_call(&self) -> CallSummary {
        CallSummary {
            id: KNOWN_CALL.to_string(),
            from: party("Zofia Dąbrowska", "2006"),
            to: party("Jan Kowalski", "2005"),
            outcome: Outcome::Missed,
            cause: cause_name(Cause::NoAnswer).into(),
            started_at_ms: self.began.as_millis(),
            duration_ms: 30_000,
            talk_ms: None,
            recorded: false,
        }
    }

    fn add(&self, person: Person) -> u64 {
        let mut state = self.lock();
        state.before = state.people.clone();
        state.people.push(person);
        state.version += 1;
        self.feed.tell(ChangeBody::People(state.people.clone()));
        state.version
    }
}

fn person(id: &str, name: &str, extension: &str, role: Role) -> Person {
    Person {
        id: id.into(),
        name: name.into(),
        extension: extension.into(),
        login: String::new(),
        role,
        analog: false,
    }
}

fn party(name: &str, number: &str) -> Party {
    Party {
        name: name.into(),
        number: number.into(),
    }
}

impl Exchange for FakeOffice {
    fn web_origins(&self) -> Vec<String> {
        vec!["https://crm.example".into()]
    }

    fn office(&self) -> Office {
        Office {
            name: "Kowalski Dental".into(),
            country: "PL".into(),
            language: "pl".into(),
            timezone: "Europe/Warsaw".into(),
        }
    }

    fn people(&self) -> Vec<Person> {
        self.lock().people.clone()
    }

    fn first_administrator(&self, wish: FirstAdministrator) -> Result<Person, Refusal> {
        let known = self.people();
        if let Some(person) = known.iter().find(|p| p.login == wish.login) {
            return Ok(person.clone());
        }
        let administrators = known.iter().filter(|p| p.role == Role::Administrator);
        let id = match administrators.count() {
            0 => "first".to_owned(),
            before => format!("claimed-{before}"),
        };
        let mut person = person(&id, &wish.name, "", Role::Administrator);
        person.login = wish.login;
        self.add(person.clone());
        Ok(person)
    }

    fn add_person(&self, _by: &Author, wish: NewPerson) -> Result<(Person, u64), Refusal> {
        if self.people().iter().any(|p| p.extension == wish.extension) {
            return Err(Refusal::Field {
                field: "extension",
                rule: "extension_taken",
                message: "This extension is taken. Choose another one.".into(),
            });
        }
        let id = format!("p{}", wish.extension);
        let person = person(&id, &wish.name, &wish.extension, wish.role);
        let version = self.add(person.clone());
        Ok((person, version))
    }

    fn give_login(&self, _by: &Author, id: &str, login: &str) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.people.iter().any(|p| p.login == login && p.id != id) {
            return Err(Refusal::Field {
                field: "login",
                rule: "login_taken",
                message: "This login is taken. Choose another one.".into(),
            });
        }
        let person = state.people.iter_mut().find(|p| p.id == id);
        person.ok_or(Refusal::NotFound("person"))?.login = login.into();
        self.feed.tell(ChangeBody::People(state.people.clone()));
        Ok(())
    }

    fn phone_account(&self, id: &str, host: &str) -> Result<PhoneAccount, Refusal> {
        let people = self.people();
        let person = people
            .iter()
            .find(|p| p.id == id && !p.extension.is_empty());
        let person = person.ok_or(Refusal::NotFound("person"))?;
        Ok(PhoneAccount {
            name: person.name.clone(),
            user: person.extension.clone(),
            password: format!("secret-of-{}", person.extension),
            server: host.into(),
            port: 5060,
            transport: Transport::Udp,
        })
    }

    fn recent_calls(&self, before: Option<CallId>, _limit: u16) -> Result<CallPage, Refusal> {
        match before {
            None => Ok(CallPage {
                calls: vec![self.known_call()],
                next: Some(KNOWN_CALL.to_string()),
            }),
            Some(KNOWN_CALL) => Ok(CallPage::default()),
            Some(_) => Err(Refusal::NotFound("call")),
        }
    }

    fn call_file(&self, call: CallId) -> Result<CallFile, Refusal> {
        match call {
            KNOWN_CALL => Ok(no_answer(self.began)),
            RECORDED_CALL => Ok(archive::recorded(no_answer(self.began))),
            OPEN_CALL => {
                let mut file = no_answer(self.began);
                file.records.truncate(5);
                for record in &mut file.records {
                    record.event.call = Some(OPEN_CALL);
                }
                Ok(file)
            }
            _ => Err(Refusal::NotFound("call")),
        }
    }

    fn entry_party(&self, entry: &str) -> Option<Party> {
        let people = self.people();
        let person = people.iter().find(|p| p.id == entry)?;
        Some(party(&person.name, &person.extension))
    }

    fn hang_up(&self, _by: &Author, call: CallId) -> Result<(), Refusal> {
        self.feed.tell(ChangeBody::Ended(CallSummary {
            id: call.to_string(),
            cause: cause_name(Cause::Administrator).into(),
            outcome: Outcome::Answered,
            talk_ms: Some(1_000),
            ..self.known_call()
        }));
        Ok(())
    }

    fn pause_recording(&self, _: &Author, _: CallId, _: bool) -> Result<(), Refusal> {
        Err(Refusal::State {
            error: "not_recorded",
            message: "this call is not being recorded".into(),
        })
    }

    fn config(&self) -> Result<ConfigText, Refusal> {
        let state = self.lock();
        Ok(ConfigText {
            version: state.version,
            text: state.text.clone(),
        })
    }

    fn save_config(&self, _by: &Author, draft: ConfigDraft) -> Result<u64, Refusal> {
        let mut state = self.lock();
        if draft.base_version != state.version {
            return Err(Refusal::Conflict);
        }
        if !draft.text.starts_with("format = 1") {
            return Err(Refusal::Text(vec![Fault {
                line: 1,
                key: "format".into(),
                rule: "format_known".into(),
                message: "The first line must be `format = 1`.".into(),
            }]));
        }
        state.text = draft.text;
        state.version += 1;
        Ok(state.version)
    }

    fn undo_config(&self, _by: &Author, version: u64) -> Result<u64, Refusal> {
        let mut state = self.lock();
        if version != state.version {
            return Err(Refusal::NotFound("version"));
        }
        state.people = state.before.clone();
        state.version += 1;
        self.feed.tell(ChangeBody::People(state.people.clone()));
        Ok(state.version)
    }

    fn act(&self, port: &str, act: BoardAct) -> Result<(), Refusal> {
        let mut state = self.lock();
        let set = state.sets.iter_mut().find(|s| s.port == port);
        let set = set.ok_or(Refusal::NotFound("port"))?;
        let on = set.hook == Hook::On;
        match act {
            BoardAct::Lift => set.hook = Hook::Off,
            BoardAct::HangUp => {
                set.hook = Hook::On;
                set.dialled.clear();
                set.talking = None;
            }
            BoardAct::Fax { on } => set.fax = on,
            _ if on => {
                return Err(Refusal::State {
                    error: "on_hook",
                    message: "The handset is on the set. Lift it first.".into(),
                });
            }
            BoardAct::Dial { digits } => set.dialled.push_str(&digits),
            BoardAct::Talk { mark } => set.talking = Some(mark),
            BoardAct::Quiet => set.talking = None,
        }
        let set = set.clone();
        self.feed.tell(ChangeBody::Set(set));
        Ok(())
    }

    fn hear(&self, port: &str) -> Result<Heard, Refusal> {
        let state = self.lock();
        let set = state.sets.iter().find(|s| s.port == port);
        let set = set.ok_or(Refusal::NotFound("port"))?;
        let tone = set.hook == Hook::Off;
        Ok(Heard {
            kind: if !tone {
                HeardKind::Silence
            } else if set.dialled.is_empty() {
                HeardKind::DialTone
            } else {
                HeardKind::RingbackTone
            },
            mark: None,
            frequency_hz: tone.then_some(425.0),
            level_dbm0: tone.then_some(-14.0),
        })
    }

    fn media_threads(&self) -> Vec<MediaThread> {
        doctor::media_threads()
    }

    fn health(&self) -> Health {
        Health::ok()
    }

    fn metrics(&self) -> String {
        "# TYPE centralka_calls gauge\ncentralka_calls 1\n".into()
    }
}

/// A call of Zofia to Jan that nobody answered.
pub(crate) fn no_answer(began: Wall) -> CallFile {
    let (from, to) = (PartyId(1), PartyId(2));
    let (caller, callee) = (Some(LegId(1)), Some(LegId(2)));
    let target = Target::Person(entry("jan"));
    let over = EventBody::CallEnded {
        cause: Cause::NoAnswer,
        duration: Duration::from_secs(30),
        talk: None,
    };
    let started = EventBody::CallStarted { from, to };
    let facts = [
        (0, None, Rule::CallFromPhone, started),
        (0, caller, Rule::CallFromPhone, leg_started("zofia", false)),
        (2, None, Rule::DialledPerson, EventBody::Routed { target }),
        (3, callee, Rule::RingAllPhones, leg_started("jan", true)),
        (60, callee, Rule::PhoneRang, EventBody::LegRang),
        (30_000, callee, Rule::RingTimeout, leg_ended(None)),
        (30_000, caller, Rule::RingTimeout, leg_ended(Some(480))),
        (30_000, None, Rule::RingTimeout, over),
    ];
    let record = |(at, (ms, leg, rule, body)): (usize, (u64, Option<LegId>, Rule, EventBody))| {
        let now = Now {
            mono: model::Instant::from_millis(1_000 + ms),
            wall: began.plus(Duration::from_millis(ms)),
            ..Now::default()
        };
        let call = Some(KNOWN_CALL);
        Record {
            seq: Seq(at as u64 + 1),
            at: now,
            event: Event {
                call,
                leg,
                rule,
                body,
            },
        }
    };
    let row = |name: &str, number: &str| model::Party {
        name: name.into(),
        number: number.into(),
    };
    CallFile {
        records: facts.into_iter().enumerate().map(record).collect(),
        parties: BTreeMap::from([
            (from, row("Zofia Dąbrowska", "2006")),
            (to, row("", "2005")),
        ]),
    }
}

fn entry(id: &str) -> EntryId {
    EntryId::new(id).expect("a literal id")
}

fn leg_started(owner: &str, outbound: bool) -> EventBody {
    EventBody::LegStarted {
        kind: LegKind::Phone {
            owner: entry(owner),
            transport: model::Transport::Udp,
        },
        outbound,
        party: None,
    }
}

fn leg_ended(status: Option<u16>) -> EventBody {
    EventBody::LegEnded {
        cause: Cause::NoAnswer,
        status,
        media: MediaFigures::default(),
    }
}
