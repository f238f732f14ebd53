//! `centralka sim PORT …`: the person at a simulated set, or at the far end of a simulated line.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use hal_port::Impedance;
use hal_sim::{Act, Aon, Disconnect, Display, Fate, LineFaults, LineSettings, Manner, Report};
use model::{Absence, FaxTone};

use crate::{desk::Ask, socket};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The port's name, like fxs1 or fxo1; the button's for hold and release.
    port: String,
    #[command(subcommand)]
    verb: Verb,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Lift the receiver.
    Lift,
    /// Press keys.
    Dial {
        /// 0-9 * #
        number: String,
    },
    /// Speak a marked signal: a frequency in Hz, or a name.
    Talk {
        /// The mark.
        mark: String,
    },
    /// Say nothing any more.
    Quiet,
    /// Tell what is seen and heard.
    Hear,
    /// Press the hook for a moment.
    Flash,
    /// Press a button of the board, which is named in the port's place, until it is let go: `sim recover hold`.
    Hold,
    /// Let it go.
    Release,
    /// Put the receiver back.
    Hangup,
    /// The set is a fax machine from now on: it answers the first ring.
    Fax {
        /// It is one no more.
        #[arg(long)]
        off: bool,
    },
    /// A line's far party calls the office.
    Call {
        /// The number that is shown; `withheld` = none, on purpose.
        number: Option<String>,
        /// The name that is shown.
        #[arg(long)]
        name: Option<String>,
    },
    /// A line's far party answers.
    Answer,
    /// Changes what a line is like.
    Line(LineArgs),
}

#[derive(Debug, ClapArgs)]
struct LineArgs {
    /// How a hang-up of the far party shows: loop_break, reversal, busy_tone, congestion_tone,
    /// dial_tone or silence.
    #[arg(long, value_parser = word::<Disconnect>)]
    disconnect: Option<Disconnect>,
    /// What becomes of numbers that are dialled: rings, busy, congestion, special_info or silence.
    #[arg(long, value_parser = word::<Fate>)]
    fate: Option<Fate>,
    /// Whether an answer shows as a reversal.
    #[arg(long)]
    answer_reversal: Option<bool>,
    /// Whether the exchange tells who calls to whoever asks for it after lifting: none, answers or ignores_first.
    #[arg(long, value_parser = word::<Aon>)]
    aon: Option<Aon>,
    /// What is wrong with the line, as JSON: {"dead":true}, {"noise_dbm0":-40}, {"parallel":true},
    /// {"crosstalk":true}, {"low_current":true}, {"long_loop":true}, {"reversed_pair":true},
    /// {"echo_db":12}, {"foreign_volts":50} (the only one for a set); {} = nothing.
    #[arg(long, value_parser = json::<LineFaults>)]
    faults: Option<LineFaults>,
    /// The line's own impedance, like ohm900 or tbr21: what the port says comes back as far as it shows another.
    #[arg(long, value_parser = word::<Impedance>)]
    impedance: Option<Impedance>,
}

/// One of the words of an enumeration.
fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, args: Args) -> Result<()> {
    let port = args.port;
    let act = match args.verb {
        Verb::Lift => Act::Lift,
        Verb::Dial { number } => Act::Dial { digits: number },
        Verb::Talk { mark } => Act::Talk { mark },
        Verb::Quiet => Act::Quiet,
        Verb::Flash => Act::Flash,
        Verb::Hangup => Act::HangUp,
        Verb::Fax { off: false } => Act::Behave(Manner::of_fax()),
        Verb::Fax { off: true } => Act::Behave(Manner::default()),
        Verb::Call { number, name } => Act::Call { number, name },
        Verb::Answer => Act::Lift,
        Verb::Line(args) => Act::Line(LineSettings {
            disconnect: args.disconnect,
            fate: args.fate,
            answer_reversal: args.answer_reversal,
            aon: args.aon,
            faults: args.faults,
            impedance: args.impedance,
        }),
        verb @ (Verb::Hold | Verb::Release) => {
            let held = matches!(verb, Verb::Hold);
            return done(data, &Ask::SimButton { button: port, held }, args.json);
        }
        Verb::Hear => {
            let answer = ask(data, &Ask::SimHear { port })?;
            if args.json {
                println!("{answer}");
            } else {
                let report: Report = serde_json::from_value(answer)?;
                println!("{}", in_words(&report));
            }
            return Ok(());
        }
    };
    done(data, &Ask::SimAct { port, act }, args.json)
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn done(data: &Path, question: &Ask, json: bool) -> Result<()> {
    ask(data, question)?;
    if json {
        println!("{{\"ok\":true}}");
    }
    Ok(())
}

fn ask(data: &Path, question: &Ask) -> Result<serde_json::Value> {
    socket::ask(data, question)?.with_context(|| {
        format!(
            "no exchange runs on {}: start it with `centralka serve`, or name its --data",
            data.display()
        )
    })
}

fn in_words(report: &Report) -> String {
    let mut words = vec![
        if report.off_hook {
            "lifted"
        } else {
            "on the hook"
        }
        .to_owned(),
    ];
    if report.rung {
        words.push(format!("ringing, burst {}", report.rings));
    }
    if let Some(display) = &report.display {
        words.push(shown(display));
    }
    if report.lamp {
        words.push("the lamp for messages is lit".to_owned());
    }
    for tone in &report.fax {
        words.push(
            match tone {
                FaxTone::Cng => "a fax machine calls",
                FaxTone::Ced => "a fax machine answers",
                FaxTone::Preamble => "a fax machine sends V.21",
            }
            .to_owned(),
        );
    }
    if report.metered > 0 {
        words.push(format!("{} metering pulses", report.metered));
    }
    if let Some(line) = &report.line {
        words.push(format!("the line is {}", line.stage));
        if !line.dialled.is_empty() {
            words.push(format!("dialled {}", line.dialled));
        }
    }
    if let Some(hearing) = &report.hearing {
        words.push(format!("hears {:.0} dBm0", hearing.level_dbm0));
        for partial in &hearing.now {
            words.push(format!(
                "{:.0} Hz at {:.0} dBm0",
                partial.hz, partial.level_dbm0
            ));
        }
        if let Some(tone) = &hearing.tone.name {
            words.push(format!("{tone} tone"));
        }
        for mark in &hearing.marks {
            words.push(format!("mark {mark}"));
        }
    }
    words.join(", ")
}

/// What the set's display says.
fn shown(display: &Display) -> String {
    let number = match (&display.number, display.absent) {
        (Some(number), _) => number.as_str(),
        (None, Some(Absence::Private)) => "withheld",
        (None, _) => "unknown",
    };
    match &display.name {
        Some(name) => format!("shows {number} {name:?}"),
        None => format!("shows {number}"),
    }
}
