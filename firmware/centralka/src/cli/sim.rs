//! `centralka sim PORT …`: the person at a simulated set.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args as ClapArgs, Subcommand};
use hal_sim::{Act, Report};

use crate::{desk::Ask, socket};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The port's name, like fxs1.
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
    /// Put the receiver back.
    Hangup,
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
    ask(data, &Ask::SimAct { port, act })?;
    if args.json {
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
