//! `centralka call …`

use std::path::Path;

use anyhow::{Context, Result};
use clap::Subcommand;
use config::Config;
use model::{CallId, EntryId, PartyId, PortId, Wall};
use store::{
    Reader,
    explain::{self, Language, Names},
};

use crate::{live::entry_party, serve};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List calls, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Language of the table.
        #[arg(long, default_value = "en")]
        language: String,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Say what happened in a call and why.
    Explain {
        /// The call's id, or the beginning of it.
        id: String,
        /// Language of the sentences.
        #[arg(long, default_value = "en")]
        language: String,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, verb: Verb) -> Result<()> {
    let reader = serve::reader(data)?;
    let config = config_of(&reader)?;
    let zone = config.as_ref().map(|config| config.office.timezone.clone());
    let entry = |id: &EntryId| {
        let shown = entry_party(config.as_ref()?, id)?;
        // The table and the sentences add the number where it says more.
        Some(if shown.name.is_empty() {
            shown.number
        } else {
            shown.name
        })
    };
    let party = |id: PartyId| reader.party(id).ok().flatten();
    let port = |_: PortId| None;
    let time = |wall: Wall| local_time(zone.as_deref(), wall);
    let names = Names {
        entry: &entry,
        party: &party,
        port: &port,
        time: &time,
    };
    match verb {
        Verb::List {
            limit,
            language,
            json,
        } => {
            let cdrs = reader.calls(limit, None)?;
            if json {
                for cdr in &cdrs {
                    println!("{}", cdr_json(cdr, &names));
                }
            } else {
                print!("{}", explain::list(&cdrs, &names, language_of(&language)?));
            }
        }
        Verb::Explain { id, language } => {
            let id = find(&reader, &id)?;
            let view = reader.call(id)?.context("there is no such call")?;
            println!(
                "{}",
                explain::explain(&view, &names, language_of(&language)?)
            );
        }
    }
    Ok(())
}

fn language_of(code: &str) -> Result<Language> {
    Language::from_code(code).with_context(|| format!("{code} is none of en, pl, cs, ru"))
}

/// The newest configuration, for names; a damaged one only costs the names.
pub(super) fn config_of(reader: &Reader) -> Result<Option<Config>> {
    let newest = reader.newest_config()?;
    Ok(newest.and_then(|version| Config::parse(&version.text).ok()))
}

/// A time as the office's clocks show it.
pub(super) fn local_time(zone: Option<&str>, wall: Wall) -> String {
    let zone = zone.and_then(|name| jiff::tz::TimeZone::get(name).ok());
    let time = jiff::Timestamp::from_microsecond(wall.0).unwrap_or_default();
    let zoned = time.to_zoned(zone.unwrap_or(jiff::tz::TimeZone::UTC));
    zoned.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn find(reader: &Reader, id: &str) -> Result<CallId> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let mut found = reader
        .calls(store::ROWS_MAX, None)?
        .into_iter()
        .map(|cdr| cdr.call)
        .filter(|call| call.to_string().starts_with(id));
    let first = found.next().context("there is no such call")?;
    match found.next() {
        None => Ok(first),
        Some(_) => anyhow::bail!("several calls begin with {id}: give more of the id"),
    }
}

/// One call as a JSON line, for scripts.
fn cdr_json(cdr: &store::Cdr, names: &Names<'_>) -> serde_json::Value {
    let party = |id| (names.party)(id).unwrap_or_default();
    serde_json::json!({
        "id": cdr.call.to_string(),
        "started": explain::utc(cdr.started),
        "answered": cdr.answered.map(explain::utc),
        "ended": cdr.ended.map(explain::utc),
        "duration_ms": cdr.duration.map(|d| d.as_millis() as u64),
        "talk_ms": cdr.talk.map(|d| d.as_millis() as u64),
        "from": party(cdr.from).number,
        "from_name": party(cdr.from).name,
        "to": party(cdr.to).number,
        "cause": cdr.cause,
        "rule": cdr.rule.map(|rule| rule.name()),
        "caller": cdr.caller.as_ref().map(ToString::to_string),
        "answered_by": cdr.answered_by.as_ref().map(ToString::to_string),
    })
}
