//! The command line, stable from the first version on (design §4).

mod call;
mod config;
mod doctor;
mod messages;
mod port_figures;
mod port_history;
mod recording;
mod set_doctor;
mod sim;
mod sounds;
mod token;

use std::{
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{
    assemble::ServeOptions,
    hardware::{BoardChoice, BoardReport},
    serve,
    sounds::uploads::Kind,
};

/// A telephone exchange in a box.
#[derive(Debug, Parser)]
#[command(name = "centralka", version = crate::VERSION, propagate_version = true)]
struct Cli {
    /// Where everything is kept.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the exchange.
    Serve {
        /// Import this text at the first start; again on SIGHUP.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Telephone hardware: auto finds it, without any it is simulated; sim, none, or a board file.
        #[arg(long, value_name = "auto|sim|none|FILE", default_value = "auto")]
        board: BoardChoice,
        /// Make new passwords where the text refers to unknown ones.
        #[arg(long)]
        new_secrets: bool,
        /// Print people's phone accounts: for an example office only.
        #[arg(long)]
        show_credentials: bool,
        /// Write logs as JSON lines.
        #[arg(long)]
        log_json: bool,
    },
    /// The configuration text.
    #[command(subcommand)]
    Config(config::Verb),
    /// Calls that were made.
    #[command(subcommand)]
    Call(call::Verb),
    /// Music for those who wait.
    #[command(subcommand)]
    Music(sounds::Verb),
    /// Words of the office's own.
    #[command(subcommand)]
    Prompt(sounds::Verb),
    /// Programs that may use the panel's interface.
    #[command(subcommand)]
    Token(token::Verb),
    /// Calls that were recorded.
    #[command(subcommand)]
    Recording(recording::Verb),
    /// Say that messages wait for whoever uses an analog set, or none any more.
    Messages(messages::Args),
    /// The people at simulated sets.
    Sim(sim::Args),
    /// Write a copy of everything into one file.
    Backup {
        /// The file to be made.
        file: PathBuf,
        /// Leave out the sound of recordings.
        #[arg(long)]
        without_recordings: bool,
    },
    /// Put a copy in place of everything; the exchange must not run.
    Restore {
        /// A file made by `backup`.
        file: PathBuf,
    },
    /// Check a copy, or the store itself, for damage.
    Verify {
        /// A file made by `backup`; the store in the data folder without it.
        file: Option<PathBuf>,
    },
    /// Play an input journal again and compare.
    Replay {
        /// A file of `DATA/journal`.
        file: PathBuf,
    },
    /// Say what this machine lacks, or how its lines and sets are.
    Doctor {
        #[command(subcommand)]
        of: Option<doctor::Of>,
    },
    /// The program's version.
    Version,
}

/// Runs the command line. Bad input is exit status 2, like a wrong argument; all else 1.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("centralka: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// The data folder: the service's own if it may be written, else one beside us.
fn data_or_default(data: Option<PathBuf>) -> PathBuf {
    data.unwrap_or_else(|| {
        let service = PathBuf::from("/var/lib/centralka");
        if service.is_dir() {
            service
        } else {
            PathBuf::from("data")
        }
    })
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn run(cli: Cli) -> Result<ExitCode> {
    let data = data_or_default(cli.data);
    if !matches!(cli.verb, Verb::Serve { .. }) {
        end_with_the_pipe()?;
    }
    match cli.verb {
        Verb::Serve {
            config,
            board,
            new_secrets,
            show_credentials,
            log_json,
        } => {
            start_logs(log_json);
            serve::run(&ServeOptions {
                data,
                config,
                board,
                new_secrets,
                show_credentials,
            })?;
        }
        Verb::Config(verb) => return config::run(&data, verb),
        Verb::Call(verb) => call::run(&data, verb)?,
        Verb::Music(verb) => sounds::run(&data, Kind::Music, verb)?,
        Verb::Prompt(verb) => sounds::run(&data, Kind::Prompt, verb)?,
        Verb::Token(verb) => token::run(&data, verb)?,
        Verb::Recording(verb) => recording::run(&data, verb)?,
        Verb::Messages(args) => messages::run(&data, args)?,
        Verb::Sim(args) => sim::run(&data, args)?,
        Verb::Backup {
            file,
            without_recordings,
        } => {
            let recordings = if without_recordings {
                store::Recordings::LeftOut
            } else {
                store::Recordings::Copied
            };
            store::backup(&data, &file, recordings)?;
            println!("{}", file.display());
        }
        Verb::Restore { file } => {
            store::restore(&file, &data)?;
            println!("restored into {}", data.display());
        }
        Verb::Verify { file } => return verify(file.as_deref(), &data),
        Verb::Replay { file } => return crate::replay::run(&file),
        Verb::Doctor { of: None } => doctor(&data),
        Verb::Doctor { of: Some(of) } => doctor::run(&data, of)?,
        Verb::Version => println!("centralka {}", crate::VERSION),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads what a command says may stop at any line (`… | head`): the command ends then as all
/// others do, by the signal, and complains of nothing.
fn end_with_the_pipe() -> Result<()> {
    let always = Arc::new(AtomicBool::new(true));
    signal_hook::flag::register_conditional_default(signal_hook::consts::SIGPIPE, always)?;
    Ok(())
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn verify(file: Option<&std::path::Path>, data: &std::path::Path) -> Result<ExitCode> {
    let path = file.map_or_else(|| data.join(store::DATABASE_FILE), PathBuf::from);
    let report = store::verify(&path)?;
    println!(
        "{}: {} records in {} segments, {} calls without an end, {} faults",
        path.display(),
        report.records,
        report.segments,
        report.calls_open,
        report.faults_total
    );
    for fault in &report.faults {
        println!("  {fault}");
    }
    Ok(if report.is_sound() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// What a machine can lack, each with what follows from it.
#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
fn doctor(data: &std::path::Path) {
    let running = data.join("listen.json").exists();
    println!("data folder   {}", data.display());
    println!(
        "exchange      {}",
        if running { "running" } else { "not running" }
    );
    // An exchange that does not answer has no voice to tell of.
    let voice = crate::socket::ask(data, &crate::desk::Ask::Voice);
    let sheets = voice.ok().flatten().map(serde_json::from_value);
    let sheets: Vec<crate::voice::VoiceSheet> = sheets.and_then(Result::ok).unwrap_or_default();
    for sheet in sheets {
        println!("{:<13} {}", sheet.thread, sheet.state());
    }
    print!("{}", BoardReport::of(&BoardChoice::Auto));
    doctor::buttons_if_running(data);
    doctor::ports_if_running(data);
}

/// Structured logs of the program on standard error, `RUST_LOG` style filters in `CENTRALKA_LOG`.
fn start_logs(json: bool) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .with_env_var("CENTRALKA_LOG")
        .from_env_lossy();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second subscriber in one process is only possible in tests.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    /// Builds without debug assertions take a wrong definition and then misread arguments.
    #[test]
    fn every_command_is_well_defined() {
        super::Cli::command().debug_assert();
    }
}
