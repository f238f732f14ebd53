//! `bench`: the program's figures, measured from outside. It starts the exchange with a generated
//! office, plays its phones over loopback, and says for every figure whether it holds.
//! The record is RESULTS.md beside this crate.
#![forbid(unsafe_code)]

mod agent;
mod call_kernel;
mod clock;
mod figure;
mod flood;
mod kernels;
mod line_kernels;
mod measure;
mod media;
mod mutate;
mod office;
mod plane_kernels;
mod process;
mod random;
mod sound;
mod traffic;
mod wire;

use std::{fmt::Write as _, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

use crate::{figure::Figure, measure::Options};

/// Measures the exchange from outside, on loopback.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Line {
    /// What to measure.
    #[arg(value_enum)]
    what: What,
    /// The program; CENTRALKA_BIN if not given.
    #[arg(long)]
    bin: Option<PathBuf>,
    /// One line of JSON a figure.
    #[arg(long)]
    json: bool,
    /// End with status 1 if a figure does not hold.
    #[arg(long)]
    check: bool,
    /// Seed of everything random.
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Divides counts and lengths, for a quick look.
    #[arg(long, default_value_t = 1)]
    shrink: usize,
    /// Writes the figures into this file as a table.
    #[arg(long)]
    results: Option<PathBuf>,
    /// One kernel, without counting: what `kernels` runs under valgrind.
    #[arg(long, hide = true)]
    kernel: Option<String>,
    /// How often.
    #[arg(long, hide = true, default_value_t = 1)]
    rounds: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// CPU of an authenticated REGISTER.
    Register,
    /// CPU and delay of a call set-up.
    Call,
    /// Loss, delay and CPU of 100 calls; CPU of calls, transcoded calls and conferences; memory.
    Media,
    /// CPU of conferences, and how soon a burst is heard in one; a part of `media`.
    Conference,
    /// Time to the first answered REGISTER, memory at rest.
    Start,
    /// Memory after 10,000 REGISTERs and 1,000 calls.
    Flat,
    /// Bad input while people talk.
    Flood,
    /// Instructions of codecs, resampling, mixing and the plane, by valgrind; needs no program.
    Kernels,
    /// All but the kernels.
    All,
}

fn main() -> ExitCode {
    match run(&Line::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whether all is well, or nobody asked.
fn run(line: &Line) -> Result<bool> {
    if let Some(kernel) = &line.kernel {
        return kernels::run(kernel, line.rounds).map(|()| true);
    }
    let named = line.bin.clone();
    let kernels_only = matches!(line.what, What::Kernels).then(PathBuf::new);
    let bin = named
        .or(kernels_only)
        .or_else(|| std::env::var_os("CENTRALKA_BIN").map(PathBuf::from))
        .context("which program? --bin FILE or CENTRALKA_BIN")?;
    let options = Options {
        bin,
        seed: line.seed,
        shrink: line.shrink,
    };
    let mut all = Vec::new();
    for measure in measures(line.what) {
        let figures = measure(&options)?;
        for figure in &figures {
            say(&if line.json {
                figure.json()
            } else {
                figure.to_string()
            });
        }
        all.extend(figures);
    }
    if let Some(file) = &line.results {
        fs::write(file, table(&all, line))
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(!line.check || all.iter().all(Figure::holds))
}

type Measure = fn(&Options) -> Result<Vec<Figure>>;

fn measures(what: What) -> Vec<Measure> {
    match what {
        What::Register => vec![measure::register],
        What::Call => vec![measure::calls],
        What::Media => {
            let calls: [Measure; 4] = [
                measure::media,
                sound::relayed,
                sound::transcoded,
                sound::recorded,
            ];
            let memory: Measure = sound::memory;
            let rooms = measures(What::Conference);
            calls.into_iter().chain(rooms).chain([memory]).collect()
        }
        What::Conference => vec![sound::conference, sound::burst],
        What::Start => vec![measure::start],
        What::Flat => vec![measure::flat],
        What::Flood => vec![flood::flood],
        What::Kernels => vec![|_| kernels::measure()],
        What::All => {
            use What::{Call, Flat, Flood, Media, Register, Start};
            let all = [Start, Register, Call, Flat, Media, Flood];
            all.into_iter().flat_map(measures).collect()
        }
    }
}

/// The figures as a table, with what is needed to get them again.
fn table(figures: &[Figure], line: &Line) -> String {
    let mut text = format!(
        "- command: `bench {} --seed {} --shrink {}`\n- machine: {}\n\n\
         | figure | value | target | holds | notes |\n| --- | --- | --- | --- | --- |\n",
        format!("{:?}", line.what).to_lowercase(),
        line.seed,
        line.shrink,
        process::machine_name()
    );
    for figure in figures {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}", figure.row());
    }
    text
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are what this program is for"
)]
fn say(text: &str) {
    println!("{text}");
}
