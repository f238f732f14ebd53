//! What the command line asks of a running exchange, by socket or signal.

use std::{path::PathBuf, sync::Arc, sync::mpsc::sync_channel, time::Duration};

use config::UnknownSecrets;
use model::{CallId, Command};
use panel::Feed;
use serde::{Deserialize, Serialize};

use crate::{
    configure::{Configurator, ConfigureError, Draft},
    doctor,
    exchange::{office_of, people_of},
    token::{self, TokenAsk},
    voice,
    word::{BoardAsk, Mouth, Word},
};

/// One question of the command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ask {
    /// The text in force and its version.
    ConfigShow,
    /// Put a text in force.
    ConfigImport {
        text: String,
        author: String,
        reason: String,
        new_secrets: bool,
    },
    /// The versions, newest first.
    ConfigHistory,
    /// One version with its text.
    ConfigVersion { version: u64 },
    /// Take one version's change back out.
    ConfigUndo { version: u64, author: String },
    /// Tokens of programs.
    Token(TokenAsk),
    /// Record nothing of a call for a while.
    RecordingPause { call: CallId },
    /// Record it again.
    RecordingResume { call: CallId },
    /// Make the person at a simulated set act.
    SimAct { port: String, act: hal_sim::Act },
    /// What the person at a simulated set sees and hears.
    SimHear { port: String },
    /// Press the button of the simulated board, or let it go.
    SimButton { button: String, held: bool },
    /// What is known and measured of the analog ports.
    Ports,
    /// How the buttons of the board are.
    Buttons,
    /// How the media threads fare.
    Voice,
    /// Say that what ended a call on a line was no hang-up.
    FalseHangUp { id: u64 },
    /// Search for the impedance that balances a line best.
    BalanceLine { port: String },
    /// Test the lifeline of a line.
    TestLifeline { port: String },
    /// So many messages wait for the set with this extension.
    SetMessages { number: String, messages: u8 },
    /// Ring the set on this port with every way of caller ID if `begin`; how far that is.
    SetTest { port: String, begin: bool },
    /// Write into the configuration by which way the set on this port is told who calls.
    SetCallerId {
        port: String,
        way: String,
        author: String,
    },
}

/// The answer: a value, or what was wrong in words.
pub(crate) type Answer = Result<serde_json::Value, String>;

/// Answers questions while the exchange runs.
pub(crate) struct Desk {
    pub(crate) configurator: Arc<Configurator>,
    pub(crate) mouth: Mouth,
    pub(crate) feed: Arc<Feed>,
    pub(crate) writer: store::WriterHandle,
    /// The file of `--config`, imported again on SIGHUP.
    pub(crate) file: Option<PathBuf>,
    pub(crate) media: engine::Watcher,
}

impl Desk {
    /// The configuration in force.
    fn config(&self) -> Result<config::Config, String> {
        let (_, text) = self.configurator.text();
        config::Config::parse(&text).map_err(|e| e.to_string())
    }

    /// Answers one question.
    pub(crate) fn answer(&self, ask: Ask) -> Answer {
        match ask {
            Ask::SimAct { port, act } => {
                self.board(port, BoardAsk::Act(act))?;
                Ok(serde_json::Value::Null)
            }
            Ask::SimHear { port } => {
                let report = self.board(port, BoardAsk::Hear)?;
                serde_json::to_value(report).map_err(|e| e.to_string())
            }
            Ask::SimButton { button, held } => {
                self.board(button, BoardAsk::Button { held })?;
                Ok(serde_json::Value::Null)
            }
            Ask::Buttons => {
                let buttons = doctor::buttons(&self.mouth).map_err(|e| e.to_string())?;
                serde_json::to_value(buttons).map_err(|e| e.to_string())
            }
            Ask::Ports => {
                let ports = doctor::health(&self.mouth).map_err(|e| e.to_string())?;
                serde_json::to_value(ports).map_err(|e| e.to_string())
            }
            Ask::Voice => {
                serde_json::to_value(voice::sheets(&self.media)).map_err(|e| e.to_string())
            }
            Ask::BalanceLine { port } => {
                let done = doctor::balance_line(&self.config()?, &self.mouth, &port);
                done.map_err(|e| e.to_string())?;
                Ok(serde_json::Value::Null)
            }
            Ask::TestLifeline { port } => {
                let done = doctor::test_lifeline(&self.config()?, &self.mouth, &port);
                done.map_err(|e| e.to_string())?;
                Ok(serde_json::Value::Null)
            }
            Ask::FalseHangUp { id } => {
                let config = self.config()?;
                let marked = doctor::mark_false(&self.writer, &config, &self.mouth, id);
                let marked = marked.map_err(|e| e.to_string())?;
                Ok(serde_json::Value::Bool(marked))
            }
            Ask::SetMessages { number, messages } => self.set_messages(&number, messages),
            Ask::SetTest { port, begin } => {
                let tests = doctor::test_set(&self.mouth, &port, begin);
                let tests = tests.map_err(|e| e.to_string())?;
                let tests = tests.ok_or_else(|| format!("the board has no port {port:?}"))?;
                serde_json::to_value(tests).map_err(|e| e.to_string())
            }
            Ask::SetCallerId { port, way, author } => self.set_caller_id(&port, &way, &author),
            Ask::RecordingPause { call } => self.wish(Command::PauseRecording(call)),
            Ask::RecordingResume { call } => self.wish(Command::ResumeRecording(call)),
            ask @ Ask::Token(_) => answer_stored(&self.configurator, ask),
            other => {
                let answer = answer_stored(&self.configurator, other);
                self.tell_pages();
                answer
            }
        }
    }

    fn set_messages(&self, number: &str, messages: u8) -> Answer {
        let (_, text) = self.configurator.text();
        let config = config::Config::parse(&text).map_err(|e| e.to_string())?;
        let known = doctor::set_messages(&self.mouth, &config, number, messages);
        if known.map_err(|e| e.to_string())? {
            Ok(serde_json::Value::Null)
        } else {
            Err(format!("no analog set has the extension {number:?}"))
        }
    }

    fn set_caller_id(&self, port: &str, way: &str, author: &str) -> Answer {
        let (version, text) = self.configurator.text();
        let edited = doctor::with_caller_id(&text, port, way).map_err(|e| e.to_string())?;
        let Some(text) = edited else {
            return Ok(serde_json::Value::Null);
        };
        let saved = self.configurator.save(&Draft {
            text: &text,
            base: Some(version),
            author,
            reason: &doctor::caller_id_reason(port, way),
            unknown: UnknownSecrets::Renew,
        });
        saved.map_err(|e| e.to_string())?;
        self.tell_pages();
        Ok(serde_json::Value::Null)
    }

    fn wish(&self, command: Command) -> Answer {
        let said = self.mouth.say(Word::Command(command));
        said.map_err(|e| e.to_string())?;
        Ok(serde_json::Value::Null)
    }

    fn tell_pages(&self) {
        use panel::api::ChangeBody;
        let (_, text) = self.configurator.text();
        if let Ok(config) = config::Config::parse(&text) {
            self.feed.tell(ChangeBody::Office(office_of(&config)));
            self.feed.tell(ChangeBody::People(people_of(&config)));
        }
    }

    fn board(&self, port: String, ask: BoardAsk) -> Result<Option<hal_sim::Report>, String> {
        let (answer, wait) = sync_channel(1);
        let word = Word::Board { port, ask, answer };
        self.mouth.say(word).map_err(|e| e.to_string())?;
        match wait.recv_timeout(Duration::from_secs(2)) {
            Ok(answer) => answer.map_err(|e| e.to_string()),
            Err(_) => Err("the exchange does not answer".into()),
        }
    }

    /// SIGHUP: the file again, if its text changed.
    pub(crate) fn reload(&self) {
        let Some(file) = &self.file else { return };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(%error, "the configuration file cannot be read; nothing changed");
                return;
            }
        };
        let ask = Ask::ConfigImport {
            text,
            author: "import".into(),
            reason: "SIGHUP".into(),
            new_secrets: false,
        };
        match self.answer(ask) {
            Ok(_) => tracing::info!("the configuration file is in force"),
            Err(error) => {
                tracing::error!(%error, "the configuration file is wrong; nothing changed");
            }
        }
    }
}

/// Questions about what is stored, with or without a running exchange.
pub(crate) fn answer_stored(configurator: &Configurator, ask: Ask) -> Answer {
    if let Ask::Token(ask) = ask {
        let now = configurator.now();
        let answer = configurator.write(move |store| Ok(token::answer(store, ask, now)));
        return answer
            .map_err(|e| e.to_string())?
            .map_err(|e| e.to_string());
    }
    answer_from_store(configurator, ask).map_err(|error| error.to_string())
}

fn answer_from_store(
    configurator: &Configurator,
    ask: Ask,
) -> Result<serde_json::Value, ConfigureError> {
    use serde_json::json;
    Ok(match ask {
        Ask::ConfigShow => {
            let (version, text) = configurator.text();
            json!({ "version": version, "text": &*text })
        }
        Ask::ConfigImport {
            text,
            author,
            reason,
            new_secrets,
        } => {
            let unknown = if new_secrets {
                UnknownSecrets::Renew
            } else {
                UnknownSecrets::Refuse
            };
            let saved = configurator.save(&Draft {
                text: &text,
                base: None,
                author: &author,
                reason: &reason,
                unknown,
            })?;
            json!({ "version": saved.version })
        }
        Ask::ConfigHistory => {
            let versions = configurator.history(1_000)?;
            let line = |v: &store::ConfigVersion| {
                json!({ "version": v.version, "at": store::explain::utc(v.wall),
                        "author": v.author, "reason": v.reason })
            };
            json!(versions.iter().map(line).collect::<Vec<_>>())
        }
        Ask::ConfigVersion { version } => {
            let found = configurator.version(version)?;
            json!({ "version": found.version, "text": found.text })
        }
        Ask::ConfigUndo { version, author } => {
            let saved = configurator.undo(version, &author)?;
            json!({ "version": saved.version })
        }
        Ask::SimAct { .. }
        | Ask::SimHear { .. }
        | Ask::SimButton { .. }
        | Ask::Ports
        | Ask::Buttons
        | Ask::Voice
        | Ask::FalseHangUp { .. }
        | Ask::BalanceLine { .. }
        | Ask::TestLifeline { .. }
        | Ask::SetCallerId { .. }
        | Ask::SetMessages { .. }
        | Ask::SetTest { .. }
        | Ask::RecordingPause { .. }
        | Ask::RecordingResume { .. }
        | Ask::Token(_) => serde_json::Value::Null,
    })
}
