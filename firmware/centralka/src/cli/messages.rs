//! `centralka messages …`: whoever keeps messages, a hotel's desk or an answering machine, says that some wait.

use std::path::Path;

use anyhow::{Context, Result};
use clap::Args as ClapArgs;

use crate::{desk::Ask, socket};

#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    /// The extension of an analog set.
    number: String,
    /// How many wait, 0 to 255; `on` = one, `off` = none.
    #[arg(value_parser = count)]
    messages: u8,
}

/// A number of messages.
fn count(text: &str) -> Result<u8, String> {
    match text {
        "on" => Ok(1),
        "off" => Ok(0),
        text => text
            .parse()
            .map_err(|_| format!("{text:?} is neither on, off nor 0 to 255")),
    }
}

pub(crate) fn run(data: &Path, args: Args) -> Result<()> {
    let ask = Ask::SetMessages {
        number: args.number,
        messages: args.messages,
    };
    socket::ask(data, &ask)?.context("the exchange is not running")?;
    Ok(())
}
