//! `centralka serve`: everything is opened, started, and at the end stopped, here.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, RwLock},
    thread,
};

use anyhow::{Context, Result, bail};
use config::{Config, Tone, UnknownSecrets};
use engine::{Engine, EngineConfig};
use hal_port::{AudioHalf, KindOnly};
use hal_sim::{NamedTone, SetOptions, SimBoard};
use mio::{Interest, Poll, Token, unix::SourceFd};
use model::{Command, Now, PortId, Random, Seq, Wall, limits};
use panel::{Feed, Panel, PanelParts};
use pbx::{Keys, Pbx, Setup, Snapshot, Tape, Taped};
use store::{Batch, Journal, Reader, Recovered, Store, Writer, WriterOptions};

use crate::{
    clock::Clock,
    configure::{self, Configurator, Draft, Known},
    control::{
        self, Board, Bound, Control, Driver, LISTENERS, Listener, MEDIA, Mouth, SOCKETS, SipSocket,
        Word,
    },
    desk::Desk,
    exchange::Front,
    guard::{Guard, Heart},
    live::{InForce, Live},
    notify, resolver, signals, socket, tls,
    vault::{CLAIM_FILE, StoreVault},
};

/// What the command line says.
#[derive(Clone, Debug)]
pub(crate) struct ServeOptions {
    pub(crate) data: PathBuf,
    pub(crate) config: Option<PathBuf>,
    pub(crate) board: BoardChoice,
    /// Make new passwords where the text refers to ones that the store does not have.
    pub(crate) new_secrets: bool,
    /// Print the accounts of the people, for an example office.
    pub(crate) show_credentials: bool,
}

/// Which telephone hardware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BoardChoice {
    /// Simulated sets.
    Sim,
    /// No ports at all.
    None,
}

/// Runs the exchange until it is told to stop.
pub(crate) fn run(options: &ServeOptions) -> Result<()> {
    prepare_folder(&options.data)?;
    let mut randomness = randomness()?;
    let unset = Clock::start(Wall(0)).now();
    let (mut store, recovered) = Store::open(&options.data, unset.wall, unset.trust)?;
    let clock = Clock::start(recovered.wall);
    report_recovery(&recovered);
    let known = first_configuration(&mut store, options, clock.now().wall, &mut randomness)?;
    let passwords = configure::passwords(&store)?;
    let claim = claim_code(&store, &options.data, &mut randomness.1)?;
    let running = start(
        options, store, recovered, known, passwords, clock, randomness,
    )?;
    announce(options, &running, claim.as_deref())?;
    running.wait()
}

/// The threads of a running exchange.
struct Running {
    control: thread::JoinHandle<std::io::Result<()>>,
    panel: Option<Panel>,
    guard: Guard,
    socket: socket::Server,
    writer: Writer,
    desk: Arc<Desk>,
    listen: Listen,
    data: PathBuf,
}

/// Where the program can be reached, as written to `DATA/listen.json`.
#[derive(Clone, Debug, serde::Serialize)]
struct Listen {
    #[serde(flatten)]
    sip: Bound,
    panel_http: Option<SocketAddr>,
    panel_https: Option<SocketAddr>,
}

impl Running {
    /// Waits for the end and takes everything down in order: what makes facts first, what stores
    /// them last.
    fn wait(self) -> Result<()> {
        let control = self.control.join();
        notify::stopping();
        if let Some(panel) = self.panel {
            panel.stop();
        }
        self.guard.stop();
        self.socket.stop();
        drop(self.desk);
        let stored = self.writer.stop();
        // Whoever finds the file finds a running exchange.
        let _ = fs::remove_file(self.data.join("listen.json"));
        match control {
            Ok(result) => result.context("the control thread")?,
            Err(_) => bail!("the control thread ended by a panic"),
        }
        stored.context("the last of the records")?;
        Ok(())
    }
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

fn report_recovery(recovered: &Recovered) {
    if recovered.unclean {
        tracing::warn!(
            calls_closed = recovered.calls_closed,
            "the last run did not end in order"
        );
    }
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
    configure::import_into(store, &draft, wall, randomness)
        .map_err(|e| anyhow::anyhow!("{} is not a configuration:\n{e}", file.display()))
}

/// The code that makes the first administrator, made at the first start and shown until used.
fn claim_code(store: &Store, data: &Path, secret: &mut Random) -> Result<Option<String>> {
    let file = data.join(CLAIM_FILE);
    if store.has_login()? {
        return Ok(None);
    }
    if let Ok(code) = fs::read_to_string(&file) {
        return Ok(Some(code.trim().to_owned()));
    }
    // Letters and digits that nobody confuses; 40 bits, guessed once in ten thousand years at the
    // panel's rate.
    const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut code = String::new();
    for at in 0..8 {
        if at == 4 {
            code.push('-');
        }
        let letter = usize::try_from(secret.below(32)).unwrap_or(0);
        code.push(char::from(ALPHABET[letter]));
    }
    tls::write_private(&file, format!("{code}\n").as_bytes())?;
    Ok(Some(code))
}

fn start(
    options: &ServeOptions,
    store: Store,
    recovered: Recovered,
    known: Known,
    passwords: pbx::Passwords,
    clock: Clock,
    randomness: (Random, Random),
) -> Result<Running> {
    let (plain, mut secret) = randomness;
    let config = Arc::clone(&known.config);
    let poll = Poll::new()?;
    let (mouth, words) = control::mouth(&poll)?;
    let feed = Arc::new(Feed::new());
    let in_force: InForce = Arc::new(RwLock::new(Arc::clone(&config)));
    let tls = tls::load(&options.data, &[])?;
    let doors = Doors::bind(&config)?;
    let board = open_board(options.board, &config);
    let (engine, board) = start_engine(&config, board, &mut secret, clock.now(), &feed, &in_force)?;
    let writer = start_writer(store, &options.data, mouth.clone())?;
    let live = Live::start(Arc::clone(&feed), Arc::clone(&in_force))?;
    for binding in &recovered.bindings {
        live.state(&model::StateChange::Bound(binding.clone()));
    }
    let setup = Setup {
        config: Arc::clone(&config),
        version: known.version,
        jacks: board.jacks.clone(),
        bindings: recovered.bindings,
        md5: recovered.digest_md5,
        next_seq: recovered.next_seq,
        seed: seed_of(&mut plain.clone()),
        media_legs: limits::MEDIA_LEGS,
        pairs: Vec::new(),
        external: None,
        flows: (Vec::new(), 0),
    };
    let heart = Arc::new(Heart::default());
    let guard = Guard::start(Arc::clone(&heart), mouth.clone(), engine.watcher())?;
    let configurator = Arc::new(Configurator::running(
        writer.handle(),
        mouth.clone(),
        Arc::clone(&in_force),
        &known,
        (plain, Random::new(seed_of(&mut secret))),
        Box::new(move || clock.now().wall),
    ));
    let desk = Arc::new(Desk {
        configurator: Arc::clone(&configurator),
        mouth: mouth.clone(),
        feed: Arc::clone(&feed),
        file: options.config.clone(),
    });
    let bound = doors.bound();
    let front_in_force = Arc::clone(&in_force);
    let front = Front {
        configurator,
        in_force,
        mouth: mouth.clone(),
        reader: Front::reader(&options.data)?,
        writer: writer.handle(),
        media: engine.watcher(),
        bound: bound.clone(),
        feed: Arc::clone(&feed),
    };
    front.tell_everybody(&config);
    let vault = StoreVault {
        writer: writer.handle(),
        reader: Front::reader(&options.data)?,
        claim: options.data.join(CLAIM_FILE),
    };
    let (panel, panel_http, panel_https) =
        start_panel(&config, front, vault, &feed, tls.clone(), clock)?;
    let tape = Tape::default();
    let driver = driver_of(
        setup,
        &known,
        passwords,
        tape,
        engine,
        &writer,
        live,
        &mut secret,
        clock,
    );
    let socket = socket::Server::start(&options.data, Arc::clone(&desk))?;
    let control = start_control(driver, poll, words, clock, doors, board.board, tls, heart)?;
    resolver::start(Arc::clone(&front_in_force), mouth.clone())?;
    signals::listen(Arc::clone(&desk), config.limits.stop_wait_s)?;
    Ok(Running {
        control,
        panel,
        guard,
        socket,
        writer,
        desk,
        listen: Listen {
            sip: bound,
            panel_http,
            panel_https,
        },
        data: options.data.clone(),
    })
}

#[expect(
    clippy::too_many_arguments,
    reason = "the parts of the control thread, put together once"
)]
fn driver_of(
    setup: Setup,
    known: &Known,
    passwords: pbx::Passwords,
    tape: Tape,
    engine: Engine,
    writer: &Writer,
    live: Live,
    secret: &mut Random,
    clock: Clock,
) -> Driver {
    let mut kept = Batch::default();
    let snapshot = Snapshot::of(&setup, &known.text);
    kept.snapshot = Some(snapshot.to_bytes());
    let keys = Taped {
        vault: Keys::new(seed_of(secret), passwords),
        tape: tape.clone(),
    };
    let pbx = Pbx::new(clock.now(), setup, Box::new(keys));
    Driver {
        pbx,
        engine,
        writer: writer.handle(),
        live,
        tape,
        text: Arc::clone(&known.text),
        seeds: Random::new(seed_of(secret)),
        kept,
    }
}

fn seed_of(random: &mut Random) -> model::Seed {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    seed
}

/// The SIP sockets.
struct Doors {
    udp: Vec<SipSocket>,
    listeners: Vec<Listener>,
}

impl Doors {
    fn bind(config: &Config) -> Result<Self> {
        let network = &config.network;
        let mut doors = Self {
            udp: Vec::new(),
            listeners: Vec::new(),
        };
        for &address in &network.sip_udp {
            doors
                .udp
                .push(taken(SipSocket::bind(address), "sip_udp", address)?);
        }
        for &address in &network.sip_tcp {
            let listener = Listener::bind(address, false);
            doors.listeners.push(taken(listener, "sip_tcp", address)?);
        }
        for &address in &network.sip_tls {
            let listener = Listener::bind(address, true);
            doors.listeners.push(taken(listener, "sip_tls", address)?);
        }
        Ok(doors)
    }

    fn bound(&self) -> Bound {
        let of = |secure| {
            let wanted = self.listeners.iter().filter(move |l| l.secure == secure);
            wanted.map(|listener| listener.bound).collect()
        };
        Bound {
            sip_udp: self.udp.iter().map(SipSocket::bound).collect(),
            sip_tcp: of(false),
            sip_tls: of(true),
        }
    }
}

/// Says which setting names an address that cannot be had, and what to do.
fn taken<T>(result: std::io::Result<T>, key: &str, address: SocketAddr) -> Result<T> {
    result.map_err(|error| {
        let advice = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program uses it; stop that or choose another port"
            }
            std::io::ErrorKind::PermissionDenied => {
                "ports below 1024 need a right; choose another port"
            }
            std::io::ErrorKind::AddrNotAvailable => "this machine does not have that address",
            _ => "see the cause",
        };
        anyhow::anyhow!("network.{key}: {address} cannot be opened: {advice} ({error})")
    })
}

/// The board, taken apart.
struct OpenBoard {
    jacks: Vec<pbx::Jack>,
    audio: Vec<(PortId, Box<dyn AudioHalf>)>,
    control: Vec<(PortId, String, control::Jack)>,
    people: Option<hal_sim::People>,
}

fn open_board(choice: BoardChoice, config: &Config) -> OpenBoard {
    let mut open = OpenBoard {
        jacks: Vec::new(),
        audio: Vec::new(),
        control: Vec::new(),
        people: None,
    };
    let sets = match choice {
        BoardChoice::None => return open,
        BoardChoice::Sim => SimBoard::SETS.max(config.analog.len()).min(limits::PORTS),
    };
    let Some(mut board) = SimBoard::new(sets, SetOptions::default()) else {
        return open;
    };
    let tones = Tone::ALL.iter().map(|&tone| NamedTone {
        name: tone.key().to_owned(),
        spec: *config.country.tone(tone),
    });
    board.people.set_tones(tones.collect());
    for (at, port) in (0..).zip(board.ports) {
        let id = PortId(at);
        open.jacks.push(pbx::Jack {
            port: id,
            name: port.port.name.clone(),
        });
        open.audio.push((id, Box::new(port.audio)));
        let control = Box::new(KindOnly(port.control));
        open.control.push((id, port.port.name, control));
    }
    open.people = Some(board.people);
    open
}

/// The board on the control thread, and what `Pbx` is told of it.
struct ControlBoard {
    jacks: Vec<pbx::Jack>,
    board: Board,
}

fn start_engine(
    config: &Config,
    open: OpenBoard,
    secret: &mut Random,
    now: Now,
    feed: &Arc<Feed>,
    in_force: &InForce,
) -> Result<(Engine, ControlBoard)> {
    let ports = config.network.rtp_ports;
    let engine = Engine::start(EngineConfig {
        rtp_ports: (ports.first, ports.last),
        ports: open.audio,
        seed: seed_of(secret),
        start: now,
    })
    .context("the media engine")?;
    feed.tell(panel::api::ChangeBody::Board(panel::api::Board {
        name: if open.people.is_some() { "sim" } else { "" }.into(),
        sets: Vec::new(),
    }));
    let board = Board::new(
        open.control,
        open.people,
        Arc::clone(feed),
        Arc::clone(in_force),
    );
    Ok((
        engine,
        ControlBoard {
            jacks: open.jacks,
            board,
        },
    ))
}

fn start_writer(store: Store, data: &Path, mouth: Mouth) -> Result<Writer> {
    let journal = Journal::open(&data.join("journal"))?;
    let options = WriterOptions {
        durable: Box::new(move |seq: Seq| {
            // A full queue is emptied soon; the next commit says it again.
            let _ = mouth.say(Word::Durable(seq));
        }),
        journal: Some(journal),
    };
    Ok(Writer::spawn(store, options)?)
}

fn start_panel(
    config: &Config,
    front: Front,
    vault: StoreVault,
    feed: &Arc<Feed>,
    tls: tls::Tls,
    clock: Clock,
) -> Result<(Option<Panel>, Option<SocketAddr>, Option<SocketAddr>)> {
    let open = |address: Option<SocketAddr>, key| -> Result<Option<TcpListener>> {
        let bind = |address| taken(TcpListener::bind(address), key, address);
        address.map(bind).transpose()
    };
    let http = open(config.network.panel_http, "panel_http")?;
    let https = open(config.network.panel_https, "panel_https")?;
    if http.is_none() && https.is_none() {
        return Ok((None, None, None));
    }
    let address = |listener: &Option<TcpListener>| {
        listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok())
    };
    let (at_http, at_https) = (address(&http), address(&https));
    let panel = panel::serve(PanelParts {
        http: http.into_iter().collect(),
        https: https.into_iter().collect(),
        tls: Some(tls.server),
        exchange: Arc::new(front),
        feed: Arc::clone(feed),
        vault: Arc::new(vault),
        clock: Arc::new(move || clock.now()),
        version: crate::VERSION.into(),
    })
    .context("the panel")?;
    Ok((Some(panel), at_http, at_https))
}

fn start_control(
    driver: Driver,
    poll: Poll,
    words: std::sync::mpsc::Receiver<Word>,
    clock: Clock,
    doors: Doors,
    board: Board,
    tls: tls::Tls,
    heart: Arc<Heart>,
) -> Result<thread::JoinHandle<std::io::Result<()>>> {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let registry = poll.registry();
    let media = driver.engine.as_fd().as_raw_fd();
    registry.register(&mut SourceFd(&media), MEDIA, Interest::READABLE)?;
    for (at, socket) in doors.udp.iter().enumerate() {
        let fd = socket.std().as_raw_fd();
        registry.register(&mut SourceFd(&fd), Token(SOCKETS + at), Interest::READABLE)?;
    }
    let mut listeners = doors.listeners;
    for (at, listener) in listeners.iter_mut().enumerate() {
        registry.register(
            &mut listener.socket,
            Token(LISTENERS + at),
            Interest::READABLE,
        )?;
    }
    let control = Control {
        driver,
        poll,
        words,
        clock,
        sockets: doors.udp,
        listeners,
        streams: std::collections::BTreeMap::new(),
        unread: Vec::new(),
        next_flow: 0,
        board,
        tls: Some(tls),
        heart,
        buffer: vec![0; limits::SIP_MESSAGE_MAX],
    };
    Ok(thread::Builder::new()
        .name("control".into())
        .spawn(move || control.run())?)
}

/// Writes where we are, and tells the person at the console and the service manager.
#[expect(clippy::print_stdout, reason = "the console is who this is for")]
fn announce(options: &ServeOptions, running: &Running, claim: Option<&str>) -> Result<()> {
    let listen = serde_json::to_vec_pretty(&running.listen)?;
    tls::write_private(&options.data.join("listen.json"), &listen)?;
    let sip = running.listen.sip.sip_udp.first();
    let sip = sip.map_or_else(|| "no UDP".to_owned(), ToString::to_string);
    if let Some(panel) = running.listen.panel_http {
        println!("panel: http://{}/", reachable(panel));
    }
    if let Some(panel) = running.listen.panel_https {
        println!("panel: https://{}/", reachable(panel));
    }
    if let Some(code) = claim {
        println!("claim code: {code}");
    }
    if options.show_credentials {
        show_credentials(&running.desk, &sip)?;
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
fn show_credentials(desk: &Desk, sip: &str) -> Result<()> {
    let (_, text) = desk.configurator.text();
    let config = Config::parse(&text).map_err(|e| anyhow::anyhow!("{e}"))?;
    println!("\nphones (server {sip}, UDP):");
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

/// A wish that takes the exchange down in order.
pub(crate) fn stop_word(grace_s: u16) -> Word {
    Word::Command(Command::Stop {
        grace: std::time::Duration::from_secs(u64::from(grace_s)),
    })
}
