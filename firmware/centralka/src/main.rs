//! `centralka`: the program. It starts threads, holds sockets, TLS and the command line; it decides
//! nothing about calls.
#![forbid(unsafe_code)]

mod archive;
mod assemble;
mod cli;
mod clock;
mod configure;
mod control;
mod desk;
mod doctor;
mod doors;
mod exchange;
mod guard;
mod hardware;
mod live;
mod marks;
mod metrics;
mod notify;
mod porter;
mod recorder;
mod recovery;
mod replay;
mod resolver;
mod running;
mod serve;
mod signals;
mod socket;
mod sounds;
mod tls;
mod token;
mod vault;
mod voice;
mod word;

/// The program's version.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

fn main() -> std::process::ExitCode {
    cli::main()
}
