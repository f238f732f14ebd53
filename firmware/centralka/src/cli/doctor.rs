//! `centralka doctor line …`: how the outside lines are.

use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::{control::LineSheet, desk::Ask, socket};

#[derive(Debug, Subcommand)]
pub(crate) enum Of {
    /// What is measured on the outside lines now, and how their calls ended since the start.
    Line {
        /// The port's name, like fxo1; all lines if not given.
        port: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, of: Of) -> Result<()> {
    let Of::Line { port, json } = of;
    let answer = socket::ask(data, &Ask::Lines)?
        .with_context(|| format!("no exchange runs on {}", data.display()))?;
    let sheets: Vec<LineSheet> = serde_json::from_value(answer)?;
    let wanted = |sheet: &LineSheet| port.as_ref().is_none_or(|port| *port == sheet.name);
    let sheets: Vec<LineSheet> = sheets.into_iter().filter(wanted).collect();
    if let (Some(port), true) = (&port, sheets.is_empty()) {
        bail!("the configuration has no line on {port}");
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&sheets)?);
        return Ok(());
    }
    for sheet in &sheets {
        println!("{}", in_words(sheet));
    }
    Ok(())
}

fn in_words(sheet: &LineSheet) -> String {
    let (figures, reading) = (&sheet.figures, &sheet.reading);
    let mut lines = vec![format!(
        "{} ({})  {}",
        sheet.name, figures.line, figures.state
    )];
    let flaws = [
        (figures.dead, "the line is dead"),
        (figures.in_use, "a parallel set is on the line"),
        (figures.out_of_service, "the port does not work"),
    ];
    let found = flaws.iter().filter(|(is, _)| *is);
    lines.extend(found.map(|(_, what)| format!("  wrong      {what}")));
    if let Some(volts) = reading.volts {
        lines.push(format!("  voltage    {volts} V"));
    }
    if let Some(tenths) = reading.loop_tenth_ma {
        lines.push(format!("  current    {:.1} mA", f64::from(tenths) / 10.0));
    }
    if let (Some(volts), Some(tenths)) = (reading.ring_vrms, reading.ring_tenth_hz) {
        let hz = f64::from(tenths) / 10.0;
        lines.push(format!("  ringing    {volts} V of {hz:.1} Hz"));
    }
    if let Some(second) = figures.second {
        lines.push(format!(
            "  sound      from the line {} dBm0, to it {} dBm0, noise {} dBm0",
            second.rx_dbm0, second.tx_dbm0, second.noise_dbm0
        ));
        if let Some(loss) = second.erl_db10 {
            let loss = f64::from(loss) / 10.0;
            lines.push(format!("  echo       {loss:.1} dB weaker"));
        }
    }
    let ends = &figures.hang_ups;
    lines.push(format!(
        "  hang-ups   loop break {}, reversal {}, tone {}, dial tone {}, silence {}; false {}",
        ends.loop_break, ends.reversal, ends.tone, ends.dial_tone, ends.silence, ends.false_ones
    ));
    for tone in &figures.learned {
        let hz: Vec<String> = tone
            .hz
            .iter()
            .filter(|hz| **hz > 0)
            .map(u16::to_string)
            .collect();
        let steps = tone.cadence_ms.iter().filter(|ms| **ms > 0);
        let steps: Vec<String> = steps.map(u16::to_string).collect();
        lines.push(format!(
            "  learned    {} Hz, {} ms",
            hz.join(" + "),
            steps.join("/")
        ));
    }
    lines.join("\n")
}
