//! `centralka token`: programs that may use the panel's interface.

use std::path::Path;

use anyhow::Result;
use clap::Subcommand;

use crate::{desk::Ask, token::TokenAsk};

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a token and print it, once.
    Create {
        /// For which program; unique.
        #[arg(long)]
        name: String,
        /// What it may do: read, calls or admin.
        #[arg(long)]
        rights: String,
        /// Days until it ends; without it the token holds until it is taken back.
        #[arg(long)]
        days: Option<u32>,
    },
    /// The tokens there are.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Take a token back.
    Revoke {
        /// Its name.
        name: String,
    },
}

#[expect(
    clippy::print_stdout,
    reason = "the command line answers on standard output"
)]
pub(crate) fn run(data: &Path, verb: Verb) -> Result<()> {
    let ask = |ask| super::config::ask(data, Ask::Token(ask));
    match verb {
        Verb::Create { name, rights, days } => {
            let answer = ask(TokenAsk::Create { name, rights, days })?;
            println!("{}", answer["token"].as_str().unwrap_or(""));
        }
        Verb::List { json: true } => {
            println!("{}", serde_json::to_string_pretty(&ask(TokenAsk::List)?)?);
        }
        Verb::List { json: false } => {
            for token in ask(TokenAsk::List)?.as_array().into_iter().flatten() {
                let field = |name: &str| token[name].as_str().unwrap_or("-").to_owned();
                println!(
                    "{:<20}  {:<5}  made {}  until {}{}",
                    field("name"),
                    field("rights"),
                    field("created"),
                    field("until"),
                    if token["over"] == true {
                        "  (over)"
                    } else {
                        ""
                    }
                );
            }
        }
        Verb::Revoke { name } => {
            ask(TokenAsk::Revoke { name })?;
        }
    }
    Ok(())
}
