//! `centralka config …`

use std::{fs, path::Path, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result};
use clap::Subcommand;
use config::{Document, Known, Language, diff, schema};
use serde_json::Value;

use crate::{
    clock::Clock,
    configure::{self, Configurator},
    desk::{Ask, answer_stored},
    serve, socket,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Print the configuration in force.
    Show,
    /// Check a text without changing anything.
    Check {
        /// The text.
        file: PathBuf,
        /// Print the problems as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Put a text in force.
    Import {
        /// The text.
        file: PathBuf,
        /// Why, for the history.
        #[arg(long, default_value = "")]
        reason: String,
        /// Make new passwords where the text refers to unknown ones.
        #[arg(long)]
        new_secrets: bool,
    },
    /// Print the text in force, byte by byte as it is kept.
    Export,
    /// List the versions.
    History,
    /// Say how two versions differ.
    Diff {
        /// The older version.
        a: u64,
        /// The newer version.
        b: u64,
        /// Language of the sentences.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Take the change of one version back out.
    Undo {
        /// The version.
        // Under its own name it would be the flag `--version`.
        #[arg(id = "undone", value_name = "VERSION")]
        version: u64,
    },
    /// Print the JSON Schema of the text.
    Schema,
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Check { file, json } => return check(&file, json),
        Verb::Schema => println!("{}", serde_json::to_string_pretty(&schema())?),
        Verb::Show | Verb::Export => print!("{}", text_of(&ask(data, Ask::ConfigShow)?)),
        Verb::Import {
            file,
            reason,
            new_secrets,
        } => {
            let answer = ask(
                data,
                Ask::ConfigImport {
                    text: read(&file)?,
                    author: "cli".into(),
                    reason,
                    new_secrets,
                },
            )?;
            say_saved(&answer);
        }
        Verb::History => {
            for version in ask(data, Ask::ConfigHistory)?
                .as_array()
                .into_iter()
                .flatten()
            {
                let field = |name: &str| version[name].as_str().unwrap_or("").to_owned();
                println!(
                    "{:>6}  {}  {:<12}  {}",
                    version["version"],
                    field("at"),
                    field("author"),
                    field("reason")
                );
            }
        }
        Verb::Diff { a, b, language } => {
            let language = Language::from_code(&language)
                .with_context(|| format!("{language} is none of en, pl, cs, ru"))?;
            let read = |version| -> Result<Document> {
                let text = text_of(&ask(data, Ask::ConfigVersion { version })?);
                Document::parse(&text).map_err(|e| anyhow::anyhow!("{e}"))
            };
            for change in diff(&read(a)?, &read(b)?) {
                println!("{}", change.sentence(language));
            }
        }
        Verb::Undo { version } => {
            let author = "cli".into();
            let answer = ask(data, Ask::ConfigUndo { version, author })?;
            say_saved(&answer);
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn say_saved(answer: &Value) {
    println!("version {}", answer["version"]);
}

fn text_of(answer: &Value) -> String {
    answer["text"].as_str().unwrap_or("").to_owned()
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn check(file: &Path, json: bool) -> Result<ExitCode> {
    let bytes = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let checked = Document::from_bytes(&bytes).and_then(|text| text.check(Known::Any));
    let Err(problems) = checked else {
        println!("{} is a configuration", file.display());
        return Ok(ExitCode::SUCCESS);
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&problems)?);
    } else {
        eprintln!("{problems}");
    }
    Ok(ExitCode::from(2))
}

/// Asks the running exchange, or the store itself where none runs.
pub(super) fn ask(data: &Path, question: Ask) -> Result<Value> {
    if let Some(answer) = socket::ask(data, &question)? {
        return Ok(answer);
    }
    let clock = Clock::start(model::Wall(0));
    let now = clock.now();
    let (store, _) = store::Store::open(data, now.wall, now.trust)?;
    let known = configure::newest(&store).map_err(|e| anyhow::anyhow!("{e}"))?;
    let configurator = Configurator::alone(
        store,
        known.as_ref(),
        serve::randomness()?,
        Box::new(move || clock.now().wall),
    );
    let answer = answer_stored(&configurator, question).map_err(|words| anyhow::anyhow!(words));
    configurator.close()?;
    answer
}
