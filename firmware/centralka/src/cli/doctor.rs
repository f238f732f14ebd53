//! `centralka doctor line …`: how the outside lines are; `centralka doctor voice`: how the threads are
//! that carry voice.

use std::{io::Write as _, path::Path};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use model::{LifelineVerdict, LineBalance, LineHealth, LineLifeline, Seq, ToneSignature};
use store::explain;

use crate::{
    desk::Ask,
    doctor, serve, socket,
    voice::{self, VoiceSheet},
};

#[derive(Debug, Subcommand)]
pub(crate) enum Of {
    /// What is measured on the outside lines now, and how their calls ended since the start.
    Line {
        /// The port's name, like fxo1; all lines if not given.
        port: Option<String>,
        /// Print JSON.
        #[arg(long)]
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
pub(crate) enum What {
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
        Of::Line { port, json, what } => match what {
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
            None => line(data, port.as_deref(), json),
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

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn line(data: &Path, port: Option<&str>, json: bool) -> Result<()> {
    let answer = ask(data, &Ask::Ports)?;
    let mut lines: Vec<LineHealth> = serde_json::from_value(answer)?;
    lines.retain(|line| {
        let wanted = port.is_none_or(|port| *port == line.port);
        wanted && !line.set && line.entry.is_some()
    });
    if let (Some(port), true) = (port, lines.is_empty()) {
        bail!("the configuration has no line on {port}");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&lines)?);
        return Ok(());
    }
    for line in &lines {
        println!("{}", in_words(line));
    }
    Ok(())
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

fn in_words(health: &LineHealth) -> String {
    let now = &health.now;
    let entry = health.entry.as_ref().map(ToString::to_string);
    let mut lines = vec![format!(
        "{} ({})  {}",
        health.port,
        entry.unwrap_or_default(),
        health.state
    )];
    let flaws = [
        (now.dead, "the line is dead"),
        (now.in_use, "a parallel set is on the line"),
        (now.out_of_service, "the port does not work"),
    ];
    let found = flaws.iter().filter(|(is, _)| *is);
    lines.extend(found.map(|(_, what)| format!("  wrong      {what}")));
    if let Some(volts) = now.volts {
        lines.push(format!("  voltage    {volts} V"));
    }
    if let Some(volts) = now.foreign_volts.filter(|&volts| volts != 0) {
        lines.push(format!(
            "  wrong      {volts} V on the line that are not its own"
        ));
    }
    if let Some(tenths) = now.loop_tenth_ma {
        lines.push(format!("  current    {:.1} mA", f64::from(tenths) / 10.0));
    }
    if let (Some(volts), Some(tenths)) = (now.ring_vrms, now.ring_tenth_hz) {
        let hz = f64::from(tenths) / 10.0;
        lines.push(format!("  ringing    {volts} V of {hz:.1} Hz"));
    }
    if let (Some(rx), Some(tx), Some(noise)) = (now.rx_dbm0, now.tx_dbm0, now.noise_dbm0) {
        lines.push(format!(
            "  sound      from the line {rx} dBm0, to it {tx} dBm0, noise {noise} dBm0"
        ));
    }
    if let Some(level) = now.caller_dbm0 {
        lines.push(format!("  caller ID  {level} dBm0"));
    }
    if let Some(loss) = now.erl_db10 {
        let loss = f64::from(loss) / 10.0;
        lines.push(format!("  echo       {loss:.1} dB weaker"));
    }
    let ends = &now.hang_ups;
    lines.push(format!(
        "  hang-ups   loop break {}, reversal {}, tone {}, dial tone {}, silence {}; false {}",
        ends.loop_break, ends.reversal, ends.tone, ends.dial_tone, ends.silence, ends.false_ones
    ));
    lines.extend(health.learned.iter().map(tone_in_words));
    if let Some(balance) = &health.balance {
        lines.extend(balance_in_words(balance));
    }
    if let Some(lifeline) = &health.lifeline {
        lines.push(lifeline_in_words(lifeline));
    }
    lines.join("\n")
}

fn balance_in_words(balance: &LineBalance) -> Vec<String> {
    let (at, tried) = (explain::utc(balance.at), explain::utc(balance.tried));
    let mut lines = vec![match balance.best {
        Some(_) if balance.at == balance.tried => format!("  balance    searched {at}"),
        Some(_) => format!("  balance    searched {at}; in vain {tried}"),
        None => format!("  balance    searched in vain {tried}"),
    }];
    for (place, loss) in balance.erl_db10.iter().enumerate() {
        let Some(loss) = loss else { continue };
        let used = if balance.best.map(usize::from) == Some(place) {
            "  in use"
        } else {
            ""
        };
        let (name, loss) = (doctor::impedance(place), f64::from(*loss) / 10.0);
        lines.push(format!("    {name:<24}{loss:>5.1} dB{used}"));
    }
    lines
}

fn lifeline_in_words(lifeline: &LineLifeline) -> String {
    let set = &lifeline.set;
    let Some(test) = &lifeline.test else {
        return format!("  lifeline   of {set}: not tested yet");
    };
    let at = explain::utc(test.at);
    let worked = test.worked.filter(|_| test.verdict.is_stuck());
    let worked = worked.map(|worked| format!("; it worked {}", explain::utc(worked)));
    let worked = worked.unwrap_or_default();
    match test.verdict {
        LifelineVerdict::Works => format!("  lifeline   of {set}: works, tested {at}"),
        LifelineVerdict::StaysOff => {
            format!("  wrong      without power {set} would be dead, tested {at}{worked}")
        }
        LifelineVerdict::StaysOn => {
            format!("  wrong      {set} stays on the line, tested {at}{worked}")
        }
        LifelineVerdict::Unseen => {
            format!(
                "  lifeline   of {set}: cannot be told, tested {at}; look at the set without power"
            )
        }
    }
}

fn tone_in_words(tone: &ToneSignature) -> String {
    let some = |values: &[u16], between: &str| {
        let some = values.iter().filter(|value| **value > 0);
        some.map(u16::to_string).collect::<Vec<_>>().join(between)
    };
    format!(
        "  learned    {} Hz, {} ms",
        some(&tone.hz, " + "),
        some(&tone.cadence_ms, "/")
    )
}
