//! `centralka replay FILE`: a journal of inputs through the same `Pbx`, compared entry by entry.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};
use pbx::{Entry, Fingerprint, Pbx, Replayed, Snapshot, Tape};
use store::journal::{self, FrameKind};

/// Entries that came out otherwise are listed up to this many.
const LISTED_MAX: usize = 20;

/// Plays one segment; exit status 1 when something came out otherwise.
#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(file: &Path) -> Result<ExitCode> {
    let segment = journal::read(file)?;
    let tape = Tape::default();
    let mut pbx: Option<Pbx> = None;
    let (mut played, mut other) = (0_u64, 0_usize);
    for frame in segment.frames {
        match frame.kind {
            FrameKind::Header => {}
            FrameKind::Snapshot => {
                let setup = Snapshot::from_bytes(&frame.payload)
                    .and_then(|snapshot| snapshot.setup())
                    .with_context(|| format!("{}: the snapshot", file.display()))?;
                let vault = Box::new(Replayed(tape.clone()));
                pbx = Some(Pbx::new(frame.now, setup, vault));
            }
            FrameKind::Input => {
                let Some(pbx) = &mut pbx else {
                    bail!("{}: an input before the snapshot", file.display());
                };
                let (input, verdicts, expected) = Entry::play(&frame.payload)?;
                tape.load(&verdicts);
                let told = (other < LISTED_MAX).then(|| format!("{input:?}"));
                pbx.handle(frame.now, input);
                let mut outputs = Fingerprint::default();
                while let Some(output) = pbx.poll() {
                    outputs.add(&output);
                }
                played += 1;
                if outputs != expected {
                    other += 1;
                    if let Some(told) = told {
                        println!(
                            "{:>10} ms  other outputs: {told:.300}",
                            frame.now.mono.as_millis()
                        );
                    }
                }
            }
        }
    }
    println!(
        "{played} inputs played, {other} with other outputs, {} bytes torn off at the end",
        segment.torn_bytes
    );
    Ok(if other == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
