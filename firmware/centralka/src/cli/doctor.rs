//! `centralka doctor port …`: how all analog ports are; `centralka doctor line …`: the outside lines;
//! `centralka doctor voice`: how the threads are that carry voice.

use std::{io::Write as _, path::Path};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use hal_board::{ButtonReport, ButtonState};
use model::{LineHealth, Seq};
use store::explain;

use super::{port_figures, port_history};
use crate::{
    desk::Ask,
    doctor, serve, socket,
    voice::{self, VoiceSheet},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Of {
    /// What is measured on all analog ports now, those of sets and those of lines.
    Port {
        /// The port's name, like fxs1; all ports if not given.
        port: Option<String>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        what: Option<OfPort>,
    },
    /// What is measured on the outside lines now, and how their calls ended since the start.
    Line {
        /// The port's name, like fxo1; all lines if not given.
        port: Option<String>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        what: Option<What>,
    },
    /// How the threads fare that carry voice: load, what they gave up, their last seconds.
    Voice {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Rings the set with every way of caller ID, to see which its display reads.
    Set {
        /// The port's name, like fxs1.
        port: String,
        /// Print JSON, once all is over.
        #[arg(long)]
        json: bool,
        /// Ring nothing: from now on tell the set who calls by this way, which it showed; `auto`: as is usual in the
        /// country. It is written into the configuration.
        #[arg(long = "use", value_name = "WAY", conflicts_with = "json")]
        way: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum OfPort {
    /// What was measured on the port in the past and is kept: newest first, a row a sample.
    History(History),
}

#[derive(Debug, Args)]
pub(crate) struct History {
    /// How many rows.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..10_000))]
    limit: u16,
}

#[derive(Debug, Subcommand)]
pub(crate) enum What {
    /// What was measured on the line in the past and is kept: newest first, a row a sample.
    History(History),
    /// The last hang-ups of the line whose sound is kept.
    Evidence {
        /// The id of one of them: its sound is written to standard output as a WAV file.
        #[arg(long)]
        wav: Option<u64>,
        /// The id of one of them that was no hang-up: it is counted, and its tone is not believed any more.
        #[arg(long = "false", conflicts_with = "wav")]
        false_one: Option<u64>,
    },
    /// Search for the impedance that balances the line best. It takes the line for half a minute, as soon as it is
    /// idle, and gives way to any call; what was found stands in `doctor line`.
    Balance,
    /// Test the relay that joins a set to the line without power: it is let go for a moment, as soon as the line and
    /// the set are idle. What was found stands in `doctor line`.
    Lifeline,
}

/// Asks the running exchange.
pub(crate) fn run(data: &Path, of: Of) -> Result<()> {
    match of {
        Of::Port { port, json, what } => match what {
            Some(OfPort::History(history)) => {
                let port = port.context("which port? `doctor port fxs1 history`")?;
                port_history::run(data, &port, history.limit, json)
            }
            None => ports(data, port.as_deref(), json, |_| true),
        },
        Of::Line { port, json, what } => match what {
            Some(What::History(history)) => {
                let port = port.context("which line? `doctor line fxo1 history`")?;
                port_history::run(data, &port, history.limit, json)
            }
            Some(What::Evidence { wav, false_one }) => {
                let port = port.context("which line? `doctor line fxo1 evidence`")?;
                evidence(data, &port, json, wav, false_one)
            }
            Some(What::Balance) => {
                let port = port.context("which line? `doctor line fxo1 balance`")?;
                ask(data, &Ask::BalanceLine { port }).map(drop)
            }
            Some(What::Lifeline) => {
                let port = port.context("which line? `doctor line fxo1 lifeline`")?;
                ask(data, &Ask::TestLifeline { port }).map(drop)
            }
            None => ports(data, port.as_deref(), json, |port| {
                !port.set && port.entry.is_some()
            }),
        },
        Of::Voice { json } => voice(data, json),
        Of::Set {
            port,
            way: Some(way),
            ..
        } => {
            let author = "cli".into();
            ask(data, &Ask::SetCallerId { port, way, author }).map(drop)
        }
        Of::Set { port, json, .. } => super::set_doctor::run(data, &port, json),
    }
}

fn ask(data: &Path, ask: &Ask) -> Result<serde_json::Value> {
    let answer = socket::ask(data, ask)?;
    answer.with_context(|| format!("no exchange runs on {}", data.display()))
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn voice(data: &Path, json: bool) -> Result<()> {
    let answer = ask(data, &Ask::Voice)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    let sheets: Vec<VoiceSheet> = serde_json::from_value(answer)?;
    for (at, sheet) in sheets.iter().enumerate() {
        println!("{}", sheet.in_words());
        let file = voice::file(data, at);
        if file.exists() {
            println!("  overrun    written to {}", file.display());
        }
    }
    Ok(())
}

/// Prints the ports that are `wanted`, or of them the one of this name.
#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn ports(
    data: &Path,
    name: Option<&str>,
    json: bool,
    wanted: impl Fn(&LineHealth) -> bool,
) -> Result<()> {
    let answer = ask(data, &Ask::Ports)?;
    let mut ports: Vec<LineHealth> = serde_json::from_value(answer)?;
    let others = ports.iter().any(|port| name == Some(port.port.as_str()));
    ports.retain(|port| name.is_none_or(|name| *name == port.port) && wanted(port));
    if let (Some(name), true) = (name, ports.is_empty()) {
        if others {
            bail!("the configuration has no line on {name}");
        }
        bail!("the board has no port {name}");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&ports)?);
        return Ok(());
    }
    for port in &ports {
        println!("{}", port_figures::in_words(port));
    }
    Ok(())
}

/// How the buttons are for whoever asks how the machine is: nothing if no exchange answers.
#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(super) fn buttons_if_running(data: &Path) {
    let answer = socket::ask(data, &Ask::Buttons).ok().flatten();
    let buttons = answer.and_then(|answer| serde_json::from_value(answer).ok());
    let buttons: Vec<ButtonReport> = buttons.unwrap_or_default();
    for button in buttons {
        let state = match button.state {
            ButtonState::Free => "free",
            ButtonState::Pressed => "pressed",
            ButtonState::Stuck => {
                "stuck: pressed since the start or for more than a minute, it does nothing until it is let go"
            }
            ButtonState::Unreadable => "cannot be read",
        };
        println!("button        {}  {state}", button.name);
    }
}

/// The same of all ports for whoever asks how the machine is: nothing if no exchange answers.
#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(super) fn ports_if_running(data: &Path) {
    let answer = socket::ask(data, &Ask::Ports).ok().flatten();
    let ports = answer.and_then(|answer| serde_json::from_value::<Vec<LineHealth>>(answer).ok());
    for port in ports.unwrap_or_default() {
        println!("{}", port_figures::in_words(&port));
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn evidence(
    data: &Path,
    port: &str,
    json: bool,
    wav: Option<u64>,
    false_one: Option<u64>,
) -> Result<()> {
    let reader = serve::reader(data)?;
    let known = reader.line_evidence(port)?;
    let wanted = wav.or(false_one);
    if let Some(id) = wanted
        && !known.iter().any(|one| one.id.0 == id)
    {
        bail!("nothing is kept of a hang-up {id} on {port}");
    }
    if let Some(id) = wav {
        let sound = reader.evidence_sound(Seq(id))?;
        let sound = sound.context("its sound is not there any more")?;
        std::io::stdout().write_all(&doctor::wav_of(&sound))?;
        return Ok(());
    }
    if let Some(id) = false_one {
        socket::ask(data, &Ask::FalseHangUp { id })?.context("the exchange is not running")?;
        return Ok(());
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&known)?);
        return Ok(());
    }
    for one in &known {
        let at = explain::utc(one.at);
        let sign = doctor::word(&one.sign);
        let tone = one.tone.map(|tone| {
            let quiet = f64::from(tone.no_speech_ms) / 1_000.0;
            format!(
                "  {} tone, {} times, {quiet:.1} s without speech",
                doctor::word(&tone.tone),
                tone.cycles
            )
        });
        let call = one.call.map(|call| format!("  call {call}"));
        let wrong = if one.false_one { "  false" } else { "" };
        println!(
            "{at}  {:>6}  {sign:<10}{}{}{wrong}",
            one.id.0,
            tone.unwrap_or_default(),
            call.unwrap_or_default()
        );
    }
    Ok(())
}
