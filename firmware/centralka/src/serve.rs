//! `centralka serve`: everything is opened, started, and at the end stopped, here.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, Result, bail};
use config::{Config, UnknownSecrets};
use model::{Random, Wall};
use store::{Reader, Recovered, Store};

use crate::{
    assemble::{self, Found, ServeOptions},
    clock::Clock,
    configure::{self, Draft, Known},
    desk::Desk,
    notify, recovery,
    running::Running,
};

/// Runs the exchange until it is told to stop.
pub(crate) fn run(options: &ServeOptions) -> Result<()> {
    prepare_folder(&options.data)?;
    let mut randomness = randomness()?;
    let unset = Clock::start(Wall(0)).now();
    let (mut store, recovered) = Store::open(&options.data, unset.wall, unset.trust)?;
    let clock = Clock::start(recovered.wall);
    report_recovery(&recovered, &options.data);
    let known = first_configuration(&mut store, options, clock.now().wall, &mut randomness)?;
    let passwords = configure::passwords(&store)?;
    let claim = recovery::first_code(&store, &options.data, &mut randomness.1)?;
    let found = Found {
        store,
        recovered,
        known,
        passwords,
        clock,
        randomness,
    };
    let running = assemble::start(options, found)?;
    announce(options, &running, claim.as_deref())?;
    running.wait()
}

fn prepare_folder(data: &Path) -> Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if data.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .with_context(|| format!("the data folder {} cannot be made", data.display()))
}

/// Both streams, from the entropy of the operating system.
pub(crate) fn randomness() -> Result<(Random, Random)> {
    let mut seeds = [[0; 32]; 2];
    for seed in &mut seeds {
        getrandom::fill(seed).map_err(|e| anyhow::anyhow!("no randomness: {e}"))?;
    }
    let [plain, secret] = seeds;
    Ok((Random::new(plain), Random::new(secret)))
}

fn report_recovery(recovered: &Recovered, data: &Path) {
    for damage in &recovered.damage {
        tracing::error!(%damage, "a part of the store could not be read");
    }
    if recovered.unclean {
        look_at_every_page(data.join(store::DATABASE_FILE));
        tracing::warn!(
            calls_closed = recovered.calls_closed,
            "the last run did not end in order"
        );
    }
}

/// After a stop without order old pages are looked at too, beside the running exchange.
fn look_at_every_page(database: PathBuf) {
    let look = move || match store::verify(&database) {
        Ok(report) if report.is_sound() => {
            tracing::info!(records = report.records, "store is sound")
        }
        Ok(report) => tracing::error!(
            faults = report.faults_total,
            "the store is damaged: see `centralka verify`, restore a backup"
        ),
        Err(error) => tracing::error!(%error, "the store could not be verified"),
    };
    // Without a thread to spare the look is left out; `centralka verify` does the same.
    let _ = thread::Builder::new().name("verify".into()).spawn(look);
}

/// The configuration of the store; of the file if the store has none.
fn first_configuration(
    store: &mut Store,
    options: &ServeOptions,
    wall: Wall,
    randomness: &mut (Random, Random),
) -> Result<Known> {
    if let Some(known) = configure::newest(store)? {
        return Ok(known);
    }
    let Some(file) = &options.config else {
        bail!(
            "there is no configuration yet: start once with --config FILE, \
             where FILE has at least\n\n[office]\ncountry = \"PL\"\n"
        );
    };
    let text =
        fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let unknown = if options.new_secrets {
        UnknownSecrets::Renew
    } else {
        UnknownSecrets::Refuse
    };
    let draft = Draft {
        text: &text,
        base: None,
        author: "import",
        reason: "first start",
        unknown,
    };
    configure::import_into(store, &draft, wall, randomness, |_, _| Ok(()))
        .map_err(|e| anyhow::anyhow!("{} is not a configuration:\n{e}", file.display()))
}

/// Writes where we are, and tells the person at the console and the service manager.
#[expect(clippy::print_stdout, reason = "the console is who this is for")]
fn announce(options: &ServeOptions, running: &Running, claim: Option<&str>) -> Result<()> {
    running.porter.write_listen()?;
    let listen = running.porter.listen();
    let sip = listen.sip_udp.first();
    let sip = sip.map_or_else(|| "no UDP".to_owned(), ToString::to_string);
    if let Some(panel) = listen.panel_http {
        println!("panel: http://{}/", reachable(panel));
    }
    if let Some(panel) = listen.panel_https {
        println!("panel: https://{}/", reachable(panel));
    }
    if let Some(fingerprint) = running
        .fingerprint
        .as_ref()
        .filter(|_| listen.panel_https.is_some())
    {
        println!("this box's certificates are signed by the authority SHA-256 {fingerprint}");
    }
    if let Some(code) = claim {
        println!("claim code: {code}");
    }
    if options.show_credentials {
        let server = listen.sip_udp.first().copied().map(reachable);
        show_credentials(&running.desk, server)?;
    }
    println!("centralka is ready, SIP on {sip}");
    notify::ready(&format!("answering calls, SIP on {sip}"));
    Ok(())
}

/// An address that a browser on this machine can open.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = address.ip();
    if ip.is_unspecified() {
        SocketAddr::new(std::net::IpAddr::from([127, 0, 0, 1]), address.port())
    } else {
        address
    }
}

#[expect(clippy::print_stdout, reason = "the console is who this is for")]
fn show_credentials(desk: &Desk, server: Option<SocketAddr>) -> Result<()> {
    let (_, text) = desk.configurator.text();
    let config = Config::parse(&text).map_err(|e| anyhow::anyhow!("{e}"))?;
    let server = server.map_or_else(|| "none".to_owned(), |server| server.to_string());
    println!("\nphones (server {server}, UDP; from another machine this one's address):");
    for person in &config.people {
        let (Some(extension), Some(secret)) = (&person.extension, &person.sip_password) else {
            continue;
        };
        let password = desk.configurator.password(secret)?.unwrap_or_default();
        println!("  {extension}  password {password}  {}", person.name);
    }
    if let Some(code) = &config.codes.echo_test {
        println!("dial {code} for the echo test");
    }
    for set in &config.analog {
        if let Some(extension) = &set.extension {
            println!("dial {extension} for the simulated set {}", set.port);
        }
    }
    println!();
    Ok(())
}

/// A connection for reading, for the CLI beside a running exchange.
pub(crate) fn reader(data: &Path) -> Result<Reader> {
    Ok(Reader::open(data)?)
}
