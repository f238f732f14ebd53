//! `centralka music …` and `centralka prompt …`

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use config::Config;

use crate::{
    serve,
    sounds::uploads::{self, Kind},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Keep a sound file: WAV, MP3, Ogg Vorbis or FLAC.
    Add {
        /// The sound file.
        file: PathBuf,
    },
    /// List what is kept.
    List,
    /// Remove one that the configuration does not name.
    Remove {
        /// As `list` shows it.
        source: String,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, kind: Kind, verb: Verb) -> Result<()> {
    match verb {
        Verb::Add { file } => {
            let length = fs::metadata(&file).with_context(|| file.display().to_string())?;
            if length.len() > model::limits::FILE_BYTES as u64 {
                bail!("{}", dsp::file::FileFault::TooBig);
            }
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            let upload = uploads::add(data, kind, &bytes)?;
            println!("[[{}]]\nsource = \"{}\"", kind.table(), upload.source);
        }
        Verb::List => {
            for upload in uploads::list(data, kind)? {
                println!("{}  {} s", upload.source, upload.seconds);
            }
        }
        Verb::Remove { source } => {
            if let Some(entry) = entry_of(data, kind, &source)? {
                bail!("the configuration names it: take {entry} out first");
            }
            if !uploads::remove(data, kind, &source)? {
                bail!("there is no such {}", kind.table());
            }
        }
    }
    Ok(())
}

/// The entry of the newest configuration that names the sound, with what uses that.
fn entry_of(data: &Path, kind: Kind, source: &str) -> Result<Option<String>> {
    let Some(newest) = serve::reader(data)?.newest_config()? else {
        return Ok(None);
    };
    Ok(Config::parse(&newest.text)
        .ok()
        .and_then(|config| uses(&config, kind, source)))
}

fn uses(config: &Config, kind: Kind, source: &str) -> Option<String> {
    let (id, mut used) = match kind {
        Kind::Music => {
            let one = config.music.iter().find(|one| one.source == source)?;
            let on_hold = config.office.music.as_ref() == Some(&one.id);
            (
                &one.id,
                on_hold
                    .then(|| "[office].music".to_owned())
                    .into_iter()
                    .collect(),
            )
        }
        Kind::Prompt => {
            let one = config.prompts.iter().find(|one| one.source == source)?;
            let greets = config.greeted_by(&one.id);
            let greets = greets.map(|room| format!("greeting of [[conference]] \"{}\"", room.id));
            (&one.id, greets.collect::<Vec<String>>())
        }
    };
    used.push(format!("[[{}]] \"{id}\"", kind.table()));
    Some(used.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_sound_is_told() {
        let [a, b] = ["a".repeat(64), "b".repeat(64)];
        let text = format!(
            "[office]\ncountry = \"PL\"\nmusic = \"tune\"\n\
             [[music]]\nid = \"tune\"\nsource = \"{a}\"\n\
             [[prompt]]\nid = \"hello\"\nsource = \"{b}\"\n\
             [[conference]]\nid = \"monday\"\nnumber = \"900\"\ngreeting = \"hello\"\n",
        );
        let config = Config::parse(&text).expect("legal");
        assert_eq!(
            uses(&config, Kind::Music, &a).as_deref(),
            Some("[office].music, [[music]] \"tune\"")
        );
        assert_eq!(
            uses(&config, Kind::Prompt, &b).as_deref(),
            Some("greeting of [[conference]] \"monday\", [[prompt]] \"hello\"")
        );
        assert_eq!(uses(&config, Kind::Prompt, &a), None, "that is music");
    }
}
