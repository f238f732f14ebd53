//! `centralka music …`

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use config::Config;

use crate::{serve, sounds::uploads};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Keep a piece of music: WAV, MP3, Ogg Vorbis or FLAC.
    Add {
        /// The sound file.
        file: PathBuf,
    },
    /// List the pieces that are kept.
    List,
    /// Remove a piece that the configuration does not name.
    Remove {
        /// As `list` shows it.
        source: String,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, verb: Verb) -> Result<()> {
    match verb {
        Verb::Add { file } => {
            let length = fs::metadata(&file).with_context(|| file.display().to_string())?;
            if length.len() > model::limits::FILE_BYTES as u64 {
                bail!("{}", dsp::file::FileFault::TooBig);
            }
            let bytes = fs::read(&file).with_context(|| file.display().to_string())?;
            let upload = uploads::add(data, &bytes)?;
            println!("[[music]]\nsource = \"{}\"", upload.source);
        }
        Verb::List => {
            for upload in uploads::list(data)? {
                println!("{}  {} s", upload.source, upload.seconds);
            }
        }
        Verb::Remove { source } => {
            if is_named(data, &source)? {
                bail!("the configuration names this piece; take its [[music]] out first");
            }
            if !uploads::remove(data, &source)? {
                bail!("there is no such piece");
            }
        }
    }
    Ok(())
}

/// Whether the newest configuration names the piece.
fn is_named(data: &Path, source: &str) -> Result<bool> {
    let Some(newest) = serve::reader(data)?.newest_config()? else {
        return Ok(false);
    };
    let config = Config::parse(&newest.text).ok();
    Ok(config.is_some_and(|config| config.music.iter().any(|music| music.source == source)))
}
