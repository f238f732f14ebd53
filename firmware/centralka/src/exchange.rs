//! The exchange as the panel asks for it: reads from the store and the configuration in force,
//! wishes to the control thread.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc::sync_channel},
    time::Duration,
};

use config::{Config, Document, UnknownSecrets};
use model::{CallId, Command, EntryId, EventBody, PartyId};
use panel::{
    Author, CallFile, Exchange, FirstAdministrator, PhoneAccount, Refusal,
    api::{
        BoardAct, CallPage, ConfigDraft, ConfigText, Fault, Health, HealthState, Heard, HeardKind,
        MediaThread, NewPerson, Office, Party, Person, Role, Transport,
    },
};
use store::{Reader, StoreError, WriterHandle};

use crate::{
    configure::{Configurator, ConfigureError, Draft},
    hardware::BoardChoice,
    live::{InForce, current, entry_party},
    marks::{mark_name, mark_number},
    metrics,
    porter::Porter,
    voice,
    word::{BoardAsk, Mouth, Word},
};

/// What the panel talks to.
pub(crate) struct Front {
    pub(crate) configurator: Arc<Configurator>,
    pub(crate) in_force: InForce,
    pub(crate) mouth: Mouth,
    pub(crate) reader: Mutex<Reader>,
    pub(crate) writer: WriterHandle,
    pub(crate) media: engine::Watcher,
    pub(crate) porter: Arc<Porter>,
    pub(crate) feed: Arc<panel::Feed>,
    /// The data folder.
    pub(crate) data: PathBuf,
    /// Which telephone hardware there is.
    pub(crate) board: BoardChoice,
}

/// How long a question to the control thread may take.
const PATIENCE: Duration = Duration::from_secs(2);

impl Front {
    /// Opens a reading connection of the panel's own.
    pub(crate) fn reader(data: &Path) -> Result<Mutex<Reader>, StoreError> {
        Reader::open(data).map(Mutex::new)
    }

    pub(crate) fn read(&self) -> MutexGuard<'_, Reader> {
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn save(
        &self,
        by: &str,
        base: Option<u64>,
        text: &str,
        reason: &str,
    ) -> Result<u64, Refusal> {
        let saved = self.configurator.save(&Draft {
            text,
            base,
            author: by,
            reason,
            unknown: UnknownSecrets::Renew,
        });
        let saved = saved.map_err(refusal)?;
        self.tell_everybody(&saved.config);
        Ok(saved.version)
    }

    /// Open pages learn of a new configuration.
    pub(crate) fn tell_everybody(&self, config: &Config) {
        use panel::api::ChangeBody;
        self.feed.tell(ChangeBody::Office(office_of(config)));
        self.feed.tell(ChangeBody::People(people_of(config)));
    }

    pub(crate) fn add_entry(&self, by: &str, entry: &str, reason: &str) -> Result<u64, Refusal> {
        let (version, text) = self.configurator.text();
        let text = format!("{}\n\n{entry}", text.trim_end());
        self.save(by, Some(version), &text, reason)
    }

    fn person_with(&self, is_it: impl Fn(&Person) -> bool) -> Result<Person, Refusal> {
        people_of(&current(&self.in_force))
            .into_iter()
            .find(is_it)
            .ok_or_else(|| Refusal::Internal("the new person is not in the configuration".into()))
    }

    fn summaries(&self, before: Option<CallId>, limit: u16) -> Result<CallPage, Refusal> {
        let reader = self.read();
        let before = match before {
            None => None,
            Some(call) => {
                let cdr = reader.cdr(call).map_err(|e| internal(&e))?;
                Some(cdr.ok_or(Refusal::NotFound("call"))?.first_seq)
            }
        };
        let wanted = usize::from(limit);
        let cdrs = reader.calls(wanted + 1, before).map_err(|e| internal(&e))?;
        let config = current(&self.in_force);
        let names = StoreNames {
            reader: &reader,
            config: &config,
        };
        let mut calls = Vec::with_capacity(wanted);
        for cdr in cdrs.iter().take(wanted).filter(|cdr| cdr.ended.is_some()) {
            let records = reader
                .call_records(cdr.call)
                .map_err(|e| internal(&e))?
                .into_iter()
                .map(|stored| stored.record)
                .collect::<Vec<_>>();
            if let Some(story) = panel::convert::explain(cdr.call, &records, &names) {
                calls.push(story.call);
            }
        }
        let next = (cdrs.len() > wanted)
            .then(|| cdrs.get(wanted - 1).map(|cdr| cdr.call.to_string()))
            .flatten();
        Ok(CallPage { calls, next })
    }

    fn ask_board(&self, port: &str, ask: BoardAsk) -> Result<Option<hal_sim::Report>, Refusal> {
        let (answer, wait) = sync_channel(1);
        let word = Word::Board {
            port: port.to_owned(),
            ask,
            answer,
        };
        self.mouth.say(word).map_err(|_| Refusal::Busy)?;
        match wait.recv_timeout(PATIENCE) {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(hal_sim::ActError::NoPort(_))) => Err(Refusal::NotFound("port")),
            Ok(Err(error)) => Err(Refusal::State {
                error: act_error_name(&error),
                message: error.to_string(),
            }),
            Err(_) => Err(Refusal::Busy),
        }
    }
}

/// Who is who, from the ledger and the configuration.
pub(crate) struct StoreNames<'r> {
    pub(crate) reader: &'r Reader,
    pub(crate) config: &'r Config,
}

impl panel::convert::Names for StoreNames<'_> {
    fn party(&self, id: PartyId) -> Option<model::Party> {
        self.reader.party(id).ok().flatten()
    }

    fn entry(&self, id: &EntryId) -> Option<Party> {
        entry_party(self.config, id)
    }
}

impl Exchange for Front {
    fn web_origins(&self) -> Vec<String> {
        current(&self.in_force).network.web_origins.clone()
    }

    fn office(&self) -> Office {
        office_of(&current(&self.in_force))
    }

    fn people(&self) -> Vec<Person> {
        people_of(&current(&self.in_force))
    }

    fn first_administrator(&self, wish: FirstAdministrator) -> Result<Person, Refusal> {
        let config = current(&self.in_force);
        let known = config.person_by_login(&wish.login);
        if let Some(person) = known {
            if person.role == config::Role::Administrator {
                return self.person_with(|p| p.login == wish.login);
            }
            return Err(Refusal::Field {
                field: "login",
                rule: "login_taken",
                message: "somebody in the configuration has this login; choose another one".into(),
            });
        }
        let entry = format!(
            "[[person]]\nname = {}\nlogin = {}\nrole = \"administrator\"\n",
            quoted(&wish.name),
            quoted(&wish.login)
        );
        let is_administrator = |person: &config::Person| person.role == config::Role::Administrator;
        let reason = if config.people.iter().any(is_administrator) {
            "administrator by the claim code"
        } else {
            "first administrator"
        };
        self.add_entry("claim", &entry, reason)?;
        self.person_with(|p| p.login == wish.login)
    }

    fn add_person(&self, by: &Author, wish: NewPerson) -> Result<(Person, u64), Refusal> {
        let config = current(&self.in_force);
        if config.answerer(&wish.extension).is_some() {
            return Err(Refusal::Field {
                field: "extension",
                rule: "extension_taken",
                message: "this extension is in use; choose a free one".into(),
            });
        }
        let secret = format!("sip-{}", wish.extension);
        let entry = format!(
            "[[person]]\nname = {}\nextension = {}\nrole = \"{}\"\nsip_password = {{ secret = {} }}\n",
            quoted(&wish.name),
            quoted(&wish.extension),
            role_text(wish.role),
            quoted(&secret)
        );
        let reason = format!("added {} ({})", wish.name, wish.extension);
        let version = self.add_entry(&by.person, &entry, &reason)?;
        let person = self.person_with(|p| p.extension == wish.extension)?;
        Ok((person, version))
    }

    fn give_login(&self, by: &Author, person: &str, login: &str) -> Result<(), Refusal> {
        let config = current(&self.in_force);
        let id = EntryId::new(person).map_err(|_| Refusal::NotFound("person"))?;
        let known = config.person(&id).ok_or(Refusal::NotFound("person"))?;
        if known.login == login {
            return Ok(());
        }
        if config.person_by_login(login).is_some() {
            return Err(Refusal::Field {
                field: "login",
                rule: "login_taken",
                message: "somebody has this login; choose another one".into(),
            });
        }
        let (version, text) = self.configurator.text();
        let set = config::Edit::Set {
            place: config::Place::key("person", Some(person), "login"),
            value: config::Plain::Text(login.to_owned()),
        };
        let edited = Document::parse(&text)
            .map_err(|e| Refusal::Internal(e.to_string()))
            .and_then(|document| {
                config::edit(&document, &[set]).map_err(|e| Refusal::Internal(e.to_string()))
            })?;
        let reason = format!("login of {}", known.name);
        self.save(&by.person, Some(version), edited.text(), &reason)?;
        Ok(())
    }

    fn phone_account(&self, person: &str, host: &str) -> Result<PhoneAccount, Refusal> {
        let config = current(&self.in_force);
        let id = EntryId::new(person).map_err(|_| Refusal::NotFound("person"))?;
        let person = config.person(&id).ok_or(Refusal::NotFound("person"))?;
        let (Some(extension), Some(secret)) = (&person.extension, &person.sip_password) else {
            return Err(Refusal::NotFound("phone account"));
        };
        let password = self
            .configurator
            .password(secret)
            .map_err(refusal)?
            .ok_or(Refusal::NotFound("password"))?;
        let listen = self.porter.listen();
        let udp = listen.sip_udp.first();
        let tcp = listen.sip_tcp.first();
        let (address, transport) = match (udp, tcp) {
            (Some(udp), _) => (udp, Transport::Udp),
            (None, Some(tcp)) => (tcp, Transport::Tcp),
            (None, None) => return Err(Refusal::NotFound("SIP address")),
        };
        let server = if address.ip().is_unspecified() {
            host.to_owned()
        } else {
            address.ip().to_string()
        };
        Ok(PhoneAccount {
            name: person.name.clone(),
            user: extension.to_string(),
            password,
            server,
            port: address.port(),
            transport,
        })
    }

    fn recent_calls(&self, before: Option<CallId>, limit: u16) -> Result<CallPage, Refusal> {
        self.summaries(before, limit.clamp(1, 200))
    }

    fn call_file(&self, call: CallId) -> Result<CallFile, Refusal> {
        let reader = self.read();
        let stored = reader.call_records(call).map_err(|e| internal(&e))?;
        if stored.is_empty() {
            return Err(Refusal::NotFound("call"));
        }
        let records: Vec<_> = stored.into_iter().map(|stored| stored.record).collect();
        let ids = records
            .iter()
            .flat_map(|record| parties_of(&record.event.body));
        let parties: BTreeMap<_, _> = ids
            .filter_map(|id| Some((id, reader.party(id).ok().flatten()?)))
            .collect();
        Ok(CallFile { records, parties })
    }

    fn entry_party(&self, entry: &str) -> Option<Party> {
        entry_party(&current(&self.in_force), &EntryId::new(entry).ok()?)
    }

    fn hang_up(&self, _: &Author, call: CallId) -> Result<(), Refusal> {
        let word = Word::Command(Command::HangUp(call));
        self.mouth.say(word).map_err(|_| Refusal::Busy)
    }

    fn pause_recording(&self, _: &Author, call: CallId, paused: bool) -> Result<(), Refusal> {
        let all = self.read().recordings_of(call).map_err(|e| internal(&e))?;
        let open = |one: &store::Recording| one.state == store::RecordingState::Open;
        if !all.iter().any(open) {
            return Err(Refusal::State {
                error: "not_recorded",
                message: "this call is not being recorded".into(),
            });
        }
        let command = if paused {
            Command::PauseRecording(call)
        } else {
            Command::ResumeRecording(call)
        };
        self.mouth
            .say(Word::Command(command))
            .map_err(|_| Refusal::Busy)
    }

    fn config(&self) -> Result<ConfigText, Refusal> {
        let (version, text) = self.configurator.text();
        Ok(ConfigText {
            version,
            text: text.to_string(),
        })
    }

    fn save_config(&self, by: &Author, draft: ConfigDraft) -> Result<u64, Refusal> {
        let base = Some(draft.base_version);
        self.save(&by.person, base, &draft.text, &draft.reason)
    }

    fn undo_config(&self, by: &Author, version: u64) -> Result<u64, Refusal> {
        let saved = self
            .configurator
            .undo(version, &by.person)
            .map_err(refusal)?;
        self.tell_everybody(&saved.config);
        Ok(saved.version)
    }

    fn act(&self, port: &str, act: BoardAct) -> Result<(), Refusal> {
        let act = match act {
            BoardAct::Lift => hal_sim::Act::Lift,
            BoardAct::HangUp => hal_sim::Act::HangUp,
            BoardAct::Dial { digits } => hal_sim::Act::Dial { digits },
            BoardAct::Talk { mark } => hal_sim::Act::Talk {
                mark: mark_name(mark),
            },
            BoardAct::Quiet => hal_sim::Act::Quiet,
            BoardAct::Fax { on: true } => hal_sim::Act::Behave(hal_sim::Manner::of_fax()),
            BoardAct::Fax { on: false } => hal_sim::Act::Behave(hal_sim::Manner::default()),
        };
        self.ask_board(port, BoardAsk::Act(act)).map(|_| ())
    }

    fn hear(&self, port: &str) -> Result<Heard, Refusal> {
        let report = self.ask_board(port, BoardAsk::Hear)?;
        Ok(report.map_or_else(silence, |report| heard_of(&report)))
    }

    fn media_threads(&self) -> Vec<MediaThread> {
        let sheets = voice::sheets(&self.media).into_iter();
        sheets.map(voice::VoiceSheet::shown).collect()
    }

    fn health(&self) -> Health {
        let mut reasons = Vec::new();
        if !self.writer.stats().trouble.is_empty() {
            reasons.push("store_trouble".to_owned());
        }
        if reasons.is_empty() {
            return Health::ok();
        }
        Health {
            state: HealthState::Degraded,
            reasons,
        }
    }

    fn metrics(&self) -> String {
        let figures = self.mouth.figures();
        metrics::text(figures, &self.writer.stats(), &self.media)
    }
}

pub(crate) fn internal(error: &StoreError) -> Refusal {
    Refusal::Internal(error.to_string())
}

fn refusal(error: ConfigureError) -> Refusal {
    match error {
        ConfigureError::Text(problems) => Refusal::Text(
            problems
                .list()
                .iter()
                .map(|problem| Fault {
                    line: problem.line,
                    key: problem.key.clone(),
                    rule: problem.rule.name().to_owned(),
                    message: problem.sentence(),
                })
                .collect(),
        ),
        ConfigureError::Conflict(_) => Refusal::Conflict,
        ConfigureError::NoVersion(_) => Refusal::NotFound("version"),
        ConfigureError::Busy(_) => Refusal::Busy,
        ConfigureError::Store(error) => internal(&error),
    }
}

pub(crate) fn office_of(config: &Config) -> Office {
    Office {
        name: config.office.name.clone(),
        country: config.office.country.as_str().to_owned(),
        language: config.office.language.code().to_owned(),
        timezone: config.office.timezone.clone(),
    }
}

pub(crate) fn people_of(config: &Config) -> Vec<Person> {
    let people = config.people.iter().map(|person| Person {
        id: person.id.to_string(),
        name: person.name.clone(),
        extension: text_of(person.extension.as_ref()),
        login: person.login.clone(),
        role: role_of(person.role),
        analog: false,
    });
    let sets = config.analog.iter().map(|set| Person {
        id: set.id.to_string(),
        name: set.name.clone(),
        extension: text_of(set.extension.as_ref()),
        login: String::new(),
        role: Role::User,
        analog: true,
    });
    let mut all: Vec<Person> = people.chain(sets).collect();
    all.sort_by(|a, b| (&a.extension, &a.name).cmp(&(&b.extension, &b.name)));
    all
}

fn text_of(number: Option<&model::Number>) -> String {
    number.map(ToString::to_string).unwrap_or_default()
}

const fn role_of(role: config::Role) -> Role {
    match role {
        config::Role::Administrator => Role::Administrator,
        config::Role::Supervisor => Role::Supervisor,
        config::Role::User => Role::User,
        config::Role::External => Role::External,
    }
}

const fn role_text(role: Role) -> &'static str {
    match role {
        Role::Administrator => "administrator",
        Role::Supervisor => "supervisor",
        Role::User => "user",
        Role::External => "external",
    }
}

/// A TOML basic string.
pub(crate) fn quoted(text: &str) -> String {
    // JSON escapes what TOML escapes, in the same way.
    serde_json::Value::from(text).to_string()
}

/// The parties that a fact names.
fn parties_of(body: &EventBody) -> Vec<PartyId> {
    match body {
        EventBody::CallStarted { from, to } => vec![*from, *to],
        EventBody::Dialled { to } => vec![*to],
        EventBody::LegStarted { party, .. } => party.iter().copied().collect(),
        EventBody::Registered { contact, .. } => vec![*contact],
        EventBody::Unregistered { contact, .. } => contact.iter().copied().collect(),
        _ => Vec::new(),
    }
}

const fn act_error_name(error: &hal_sim::ActError) -> &'static str {
    match error {
        hal_sim::ActError::NoPort(_) => "no_port",
        hal_sim::ActError::OnHook => "on_hook",
        hal_sim::ActError::OffHook => "off_hook",
        hal_sim::ActError::Digits(_) => "digits",
        hal_sim::ActError::Mark(_) => "mark",
        hal_sim::ActError::NotRung => "not_rung",
        hal_sim::ActError::LineBusy => "line_busy",
        hal_sim::ActError::NoSet => "no_set",
        hal_sim::ActError::NoLine => "no_line",
        hal_sim::ActError::NoLifeline => "no_lifeline",
        hal_sim::ActError::Busy => "busy",
    }
}

const fn silence() -> Heard {
    Heard {
        kind: HeardKind::Silence,
        mark: None,
        frequency_hz: None,
        level_dbm0: None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "hertz and decibels fit")]
fn heard_of(report: &hal_sim::Report) -> Heard {
    let Some(hearing) = &report.hearing else {
        return silence();
    };
    if hearing.level_dbm0 < -60.0 && hearing.tone.name.is_none() {
        return silence();
    }
    let mark = hearing.marks.iter().find_map(|name| mark_number(name));
    let tone = hearing
        .tone
        .name
        .as_deref()
        .or_else(|| hearing.tone.candidates.first().map(String::as_str));
    let kind = match (mark, tone) {
        (Some(_), _) => HeardKind::Mark,
        (None, Some("dial")) => HeardKind::DialTone,
        (None, Some("ringback")) => HeardKind::RingbackTone,
        (None, Some("busy")) => HeardKind::BusyTone,
        (None, Some("congestion" | "special_info")) => HeardKind::CongestionTone,
        (None, Some(_) | None) => HeardKind::Sound,
    };
    Heard {
        kind,
        mark,
        frequency_hz: hearing.now.first().map(|partial| partial.hz as f32),
        level_dbm0: Some(hearing.level_dbm0 as f32),
    }
}
