//! `centralka doctor set PORT`: rings the set with every way of caller ID, for somebody to watch its display.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, Result, bail};
use model::CallerIdOutcome;
use pbx::SetTest;

use crate::{desk::Ask, socket};

/// How often the exchange is asked how far it is.
const LOOK: Duration = Duration::from_millis(500);

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, port: &str, json: bool) -> Result<()> {
    let mut tests = ask(data, port, true)?;
    if !tests.iter().any(|test| test.outcome.is_none()) {
        bail!("the set on {port} is in use or out of service");
    }
    if !json {
        println!(
            "The set on {port} is rung now. Watch its display: whatever number it shows, that way it reads."
        );
    }
    let mut told = 0;
    loop {
        for test in tests.iter().skip(told) {
            let Some(outcome) = test.outcome else { break };
            told += 1;
            if !json {
                println!("{}  {:<16} {}", test.number, test.way, in_words(outcome));
            }
        }
        if told == tests.len() {
            break;
        }
        wait();
        tests = ask(data, port, false)?;
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&tests)?);
    } else {
        println!(
            "Write a way that it showed into the configuration: `doctor set {port} --use WAY`."
        );
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the set is rung by another process: time is all there is to wait for"
)]
fn wait() {
    thread::sleep(LOOK);
}

fn ask(data: &Path, port: &str, begin: bool) -> Result<Vec<SetTest>> {
    let port = port.to_owned();
    let answer = socket::ask(data, &Ask::SetTest { port, begin })?;
    let answer = answer.with_context(|| format!("no exchange runs on {}", data.display()))?;
    Ok(serde_json::from_value(answer)?)
}

const fn in_words(outcome: CallerIdOutcome) -> &'static str {
    match outcome {
        CallerIdOutcome::Sent => "sent",
        CallerIdOutcome::Cut => "not sent: the set was used",
        CallerIdOutcome::Unanswered => "the set did not take part",
        CallerIdOutcome::Impossible => "the port cannot send it",
    }
}
