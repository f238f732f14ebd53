//! `centralka recording …`

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use model::{CallId, RecordingId, Wall};
use store::{Pause, Reader, Recording, RecordingState, explain};

use crate::{desk::Ask, recorder::file_of, serve, socket};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List recordings, newest first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// Print JSON lines.
        #[arg(long)]
        json: bool,
    },
    /// Print the path of a recording's file.
    File {
        /// The recording's id.
        id: RecordingId,
    },
    /// Record nothing of a call in progress until it is resumed.
    Pause {
        /// The call's id.
        call: CallId,
    },
    /// Record a call again.
    Resume {
        /// The call's id.
        call: CallId,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, verb: Verb) -> Result<()> {
    let reader = serve::reader(data)?;
    match verb {
        Verb::List { limit, json } => {
            for recording in reader.recordings(limit, Wall(i64::MAX))? {
                if json {
                    println!("{}", line(data, &recording));
                } else {
                    let started = explain::utc(recording.started);
                    let seconds = recording.ms / 1_000;
                    let state = name_of(recording.state);
                    let (id, call) = (recording.id, recording.call);
                    println!("{started}  {seconds:>6} s  {state:<5}  {id}  call {call}");
                }
            }
        }
        Verb::File { id } => {
            let recording = reader
                .recording(id)?
                .context("there is no such recording")?;
            if recording.state != RecordingState::Kept {
                bail!(
                    "there is no file: the recording is {}",
                    name_of(recording.state)
                );
            }
            println!("{}", file_of(data, recording.started, id).display());
        }
        Verb::Pause { call } => wish(data, &reader, call, Ask::RecordingPause { call })?,
        Verb::Resume { call } => wish(data, &reader, call, Ask::RecordingResume { call })?,
    }
    Ok(())
}

/// Tells the exchange what is to become of the recording that goes on.
fn wish(data: &Path, reader: &Reader, call: CallId, wish: Ask) -> Result<()> {
    let all = reader.recordings_of(call)?;
    if !all.iter().any(|one| one.state == RecordingState::Open) {
        bail!("call {call} is not being recorded");
    }
    socket::ask(data, &wish)?.context("the exchange is not running")?;
    Ok(())
}

const fn name_of(state: RecordingState) -> &'static str {
    match state {
        RecordingState::Open => "open",
        RecordingState::Ended => "ended",
        RecordingState::Kept => "kept",
        RecordingState::Lost => "lost",
    }
}

/// One recording as a JSON line, for scripts.
fn line(data: &Path, recording: &Recording) -> serde_json::Value {
    let kept = recording.state == RecordingState::Kept;
    serde_json::json!({
        "id": recording.id.to_string(),
        "call": recording.call.to_string(),
        "started": explain::utc(recording.started),
        "state": name_of(recording.state),
        "ms": recording.ms,
        "bytes": recording.bytes,
        "sha256": recording.sha256,
        "tracks": recording.tracks.len(),
        "pauses": recording.pauses.iter().map(span).collect::<Vec<_>>(),
        "file": kept.then(|| file_of(data, recording.started, recording.id)),
    })
}

fn span(pause: &Pause) -> serde_json::Value {
    serde_json::json!({
        "since": explain::utc(pause.since),
        "until": pause.until.map(explain::utc),
    })
}
