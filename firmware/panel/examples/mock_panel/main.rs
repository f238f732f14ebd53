//! The panel with an exchange that exists in memory only.
//!
//! It takes the arguments of `centralka serve --data DIR` and leaves the same traces, so that the
//! browser tests run against either: `DIR/listen.json`, `DIR/claim-code`, and the code on standard
//! output. It ends when its standard input is closed.
#![expect(clippy::print_stdout, reason = "it is a program for people and tests")]
#![expect(
    clippy::disallowed_methods,
    reason = "a program has to read the clock somewhere"
)]

mod office;

use std::{
    fs,
    io::{self, Read},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use model::{Now, Trust, Wall};
use panel::{Feed, MemoryVault, PanelParts, Vault};

const CODE: &str = "ABCD-2345";

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip_while(|argument| argument != "--data");
    let data = arguments
        .nth(1)
        .map_or_else(|| PathBuf::from("data"), PathBuf::from);
    fs::create_dir_all(&data)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;

    let began = Instant::now();
    let clock = Arc::new(move || Now {
        mono: model::Instant::ZERO.plus(began.elapsed()),
        wall: wall(),
        trust: Trust::Synced,
    });
    let feed = Arc::new(Feed::new());
    let vault = Arc::new(MemoryVault::new(Some(CODE)));
    let panel = panel::serve(PanelParts {
        http: vec![listener],
        https: Vec::new(),
        tls: None,
        exchange: Arc::new(office::FakeOffice::new(feed.clone(), wall())),
        feed,
        vault: vault.clone(),
        clock,
        version: env!("CARGO_PKG_VERSION").into(),
        phones: None,
        authority: None,
    })?;
    if vault.claim_code().map_err(io::Error::other)?.is_some() {
        fs::write(data.join("claim-code"), CODE)?;
        println!("claim code: {CODE}");
    }
    let listen = serde_json::json!({ "panel_http": address.to_string() });
    fs::write(data.join("listen.json"), listen.to_string())?;
    println!("panel: http://{address}/");

    let mut rest = Vec::new();
    io::stdin().read_to_end(&mut rest)?;
    panel.stop();
    Ok(())
}

fn wall() -> Wall {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Wall(since.map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX)))
}
