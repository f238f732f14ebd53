//! `cargo xtask acceptance`: what of the mission's list is shown, planned, or neither.
//! `cargo xtask bench WHAT [OPTIONS]`: builds the program and measures it, see `tests/bench`.
//! `cargo xtask fuzz [--seconds N] [TARGET …]`: gives fuzz targets time, see `tests/fuzz`.
//! `cargo xtask house [DIR]`: everything that breaks a house rule.
//! `cargo xtask sim [SEED]`: plays a virtual world, see `tests/sim`.
//! `cargo xtask prompts`: speaks and packs what the exchange says to people.
//! `cargo xtask soak lines`: hours of sound in which no call may be ended, see `tests/lines`.
//! `cargo xtask replay FILE`: plays an input journal of an exchange again and compares.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "speaks to people on a terminal")]

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use xtask::{acceptance, house, tree};

fn main() -> anyhow::Result<ExitCode> {
    let mut words = std::env::args().skip(1);
    let task = words.next();
    if task.as_deref() == Some("sim") {
        let words: Vec<String> = words.collect();
        let kept = xtask::sim::sim(&tree::root(), &words)?;
        return Ok(status(kept));
    }
    if task.as_deref() == Some("replay") {
        let file = words.next().context("usage: cargo xtask replay FILE")?;
        let same = xtask::sim::replay(&tree::root(), &file)?;
        return Ok(status(same));
    }
    if task.as_deref() == Some("bench") {
        let words: Vec<String> = words.collect();
        let held = xtask::bench::bench(&tree::root(), &words)?;
        return Ok(status(held));
    }
    if task.as_deref() == Some("fuzz") {
        let words: Vec<String> = words.collect();
        let held = xtask::fuzz::fuzz(&tree::root(), &words)?;
        return Ok(status(held));
    }
    if task.as_deref() == Some("soak") {
        let words: Vec<String> = words.collect();
        let kept = xtask::soak::soak(&tree::root(), &words)?;
        return Ok(status(kept));
    }
    if task.as_deref() == Some("prompts") {
        xtask::prompts::prompts(&tree::root())?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = words.next().map_or_else(tree::root, PathBuf::from);
    let complaints = match task.as_deref() {
        Some("acceptance") => {
            println!("{}", acceptance::Map::read(&folder)?.summary());
            acceptance::check(&folder)?
        }
        Some("house") => {
            let house = house::House::read(&folder)?;
            let mut complaints = house.complaints();
            complaints.extend(house::pure::check(&house, &folder)?);
            complaints
        }
        _ => bail!(
            "usage: cargo xtask acceptance | bench WHAT [OPTIONS] | fuzz | house [DIR] | sim [SEED] | soak lines | prompts | replay FILE"
        ),
    };
    for complaint in &complaints {
        println!("{complaint}");
    }
    Ok(status(complaints.is_empty()))
}

/// What the shell is told.
fn status(held: bool) -> ExitCode {
    if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
