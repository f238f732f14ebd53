//! Putting the threads of the exchange together, each with what it owns.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, RwLock, mpsc::Receiver},
    thread,
};

use anyhow::{Context, Result};
use config::Config;
use engine::{Engine, EngineConfig};
use mio::{Interest, Poll, Waker, unix::SourceFd};
use model::{Random, limits};
use panel::{Feed, Panel, PanelParts, WebInbox};
use pbx::{Keys, Pbx, Redactor, Setup, Snapshot, Tape, Taped};
use store::{Batch, Journal, Reader, Recovered, Store, Writer, WriterHandle, WriterOptions};

use crate::{
    clock::Clock,
    configure::{Configurator, Known},
    control::{BUTTONS, Board, Control, Driver, Face, Gather, Handshakes, MEDIA, Parting, WAKER},
    desk::Desk,
    exchange::Front,
    guard::{Guard, Heart},
    hardware::{self, BoardChoice, Kept},
    live::{InForce, Live},
    porter::{Plan, Porter},
    recorder::Recorder,
    recovery::{CLAIM_FILE, Maker, Recovery, Window},
    resolver,
    running::Running,
    signals, socket,
    sounds::Sounds,
    tls,
    vault::StoreVault,
    word::{Mouth, Word},
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

/// What the start found and made before any thread runs.
pub(crate) struct Found {
    pub(crate) store: Store,
    pub(crate) recovered: Recovered,
    pub(crate) known: Known,
    pub(crate) passwords: pbx::Passwords,
    pub(crate) clock: Clock,
    /// The plain and the secret stream.
    pub(crate) randomness: (Random, Random),
}

/// What nearly every thread is handed.
#[derive(Clone)]
struct Common {
    clock: Clock,
    mouth: Mouth,
    feed: Arc<Feed>,
    in_force: InForce,
    tls: tls::Tls,
    porter: Arc<Porter>,
}

/// Starts every thread.
pub(crate) fn start(options: &ServeOptions, found: Found) -> Result<Running> {
    let Found {
        store,
        recovered,
        known,
        passwords,
        clock,
        randomness: (mut plain, mut secret),
    } = found;
    let config = Arc::clone(&known.config);
    let poll = Poll::new()?;
    let (mouth, words) = Mouth::new(Waker::new(poll.registry(), WAKER)?);
    let (porter, plan) = Porter::start(&config.network, options.data.clone())?;
    let common = Common {
        clock,
        mouth,
        feed: Arc::new(Feed::new()),
        in_force: Arc::new(RwLock::new(Arc::clone(&config))),
        tls: tls::load(&options.data, &config, clock.now().wall)?,
        porter: Arc::new(porter),
    };
    common.tls.keep_fresh(Arc::clone(&common.in_force), clock)?;
    let (sinks, tracks) = engine::tracks(media_threads(&config));
    let (engine, board) = start_engine(options, &config, &mut secret, &common, sinks)?;
    let boot = (store.boot(), store.recordings_waiting(store.boot())?);
    let writer = start_writer(store, &options.data, common.mouth.clone())?;
    let to = (common.mouth.clone(), writer.handle());
    let (recorder, recording) = start_recorder(boot, &options.data, tracks, &board.jacks, to)?;
    let live = start_live(&recovered, &common)?;
    let heart = Arc::new(Heart::default());
    let watched = (engine.watcher(), options.data.clone());
    let guard = Guard::start(Arc::clone(&heart), common.mouth.clone(), watched)?;
    let known_by = (board.jacks, engine.fingerprint());
    let setup = setup_of(&known, recovered, known_by, seed_of(&mut plain));
    let streams = (plain, Random::new(seed_of(&mut secret)));
    let desk = desk_of(options, &common, &writer, &known, streams, engine.watcher());
    let front = front_of(options, &common, &writer, &desk, engine.watcher())?;
    front.tell_everybody(&config);
    let (vault, recovery) = vault_of(options, &writer, &common, seed_of(&mut secret))?;
    let (panel, browsers, doors) = start_panel(plan, front, vault, &common)?;
    let keys = Keys::new(seed_of(&mut secret), passwords);
    let seeds = Random::new(seed_of(&mut secret));
    let parts = (engine, writer.handle(), live, recorder);
    let driver = driver_of(setup, &known, keys, parts, seeds, clock);
    let socket = socket::Server::start(&options.data, Arc::clone(&desk))?;
    resolver::start(Arc::clone(&common.in_force), common.mouth.clone())?;
    let fingerprint = common
        .tls
        .authority
        .as_ref()
        .map(panel::Authority::fingerprint);
    let beside = (words, browsers, recovery);
    let porter = Arc::clone(&common.porter);
    // Before the first phone is answered: whoever stops us from then on is obeyed in order.
    signals::listen(Arc::clone(&desk), config.limits.stop_wait_s)?;
    let control = start_control(driver, poll, beside, doors, board.board, heart, common)?;
    Ok(Running {
        control,
        recording,
        guard,
        socket,
        writer,
        desk,
        porter,
        fingerprint,
        panel,
        hardware: board.kept,
        data: options.data.clone(),
    })
}

/// The live thread, told of the registrations that outlived the restart.
fn start_live(recovered: &Recovered, common: &Common) -> Result<Live> {
    let mut live = Live::start(Arc::clone(&common.feed), Arc::clone(&common.in_force))?;
    for binding in &recovered.bindings {
        live.state(&model::StateChange::Bound(binding.clone()));
    }
    live.flush();
    Ok(live)
}

/// The panel's vault, and the thread that makes claim codes for it when the button is held.
fn vault_of(
    options: &ServeOptions,
    writer: &Writer,
    common: &Common,
    seed: model::Seed,
) -> Result<(StoreVault, Recovery)> {
    let window = Arc::<Window>::default();
    let maker = Maker {
        data: options.data.clone(),
        reader: Reader::open(&options.data)?,
        secret: Random::new(seed),
        mouth: common.mouth.clone(),
        clock: common.clock,
        window: Arc::clone(&window),
    };
    let vault = StoreVault {
        writer: writer.handle(),
        reader: Front::reader(&options.data)?,
        claim: options.data.join(CLAIM_FILE),
        window,
        mouth: common.mouth.clone(),
        clock: common.clock,
    };
    Ok((vault, maker.start()?))
}

fn front_of(
    options: &ServeOptions,
    common: &Common,
    writer: &Writer,
    desk: &Desk,
    media: engine::Watcher,
) -> Result<Front> {
    Ok(Front {
        configurator: Arc::clone(&desk.configurator),
        in_force: Arc::clone(&common.in_force),
        mouth: common.mouth.clone(),
        reader: Front::reader(&options.data)?,
        writer: writer.handle(),
        media,
        porter: Arc::clone(&common.porter),
        feed: Arc::clone(&common.feed),
        data: options.data.clone(),
        board: options.board.clone(),
    })
}

fn setup_of(
    known: &Known,
    recovered: Recovered,
    (jacks, fingerprint): (Vec<pbx::Jack>, model::Fingerprint),
    seed: model::Seed,
) -> Setup {
    Setup {
        config: Arc::clone(&known.config),
        version: known.version,
        jacks,
        bindings: recovered.bindings,
        md5: recovered.digest_md5,
        next_seq: recovered.next_seq,
        seed,
        media_legs: limits::MEDIA_LEGS,
        pairs: Vec::new(),
        external: None,
        flows: (Vec::new(), 0),
        fingerprint: Some(fingerprint),
        line_tones: recovered.line_tones,
        line_balance: recovered.line_balance,
        lifelines: recovered.lifelines,
        messages: recovered.messages,
        resumed: false,
    }
}

fn desk_of(
    options: &ServeOptions,
    common: &Common,
    writer: &Writer,
    known: &Known,
    streams: (Random, Random),
    media: engine::Watcher,
) -> Arc<Desk> {
    let clock = common.clock;
    let configurator = Configurator::running(
        writer.handle(),
        (common.mouth.clone(), Arc::clone(&common.porter)),
        Arc::clone(&common.in_force),
        known,
        streams,
        Box::new(move || clock.now().wall),
    );
    Arc::new(Desk {
        configurator: Arc::new(configurator),
        mouth: common.mouth.clone(),
        feed: Arc::clone(&common.feed),
        writer: writer.handle(),
        file: options.config.clone(),
        media,
    })
}

fn driver_of(
    setup: Setup,
    known: &Known,
    keys: Keys,
    (engine, writer, live, recorder): (Engine, WriterHandle, Live, Recorder),
    seeds: Random,
    clock: Clock,
) -> Driver {
    let mut kept = Batch::default();
    let snapshot = Snapshot::of(&setup, &known.text);
    kept.snapshot = Some(snapshot.to_bytes());
    let tape = Tape::default();
    let keys = Taped {
        vault: keys,
        tape: tape.clone(),
    };
    let pbx = Pbx::new(clock.now(), setup, Box::new(keys));
    Driver {
        pbx,
        engine,
        writer,
        live,
        recorder,
        tape,
        redactor: Redactor::default(),
        text: Arc::clone(&known.text),
        seeds,
        kept,
        gather: Gather::new(),
        media_due: None,
        parting: Parting::new(),
        snapshot_sent: Some(clock.now().mono),
    }
}

fn seed_of(random: &mut Random) -> model::Seed {
    let mut seed = [0; 32];
    random.fill(&mut seed);
    seed
}

/// The board on the control thread, and what `Pbx` is told of it.
struct ControlBoard {
    jacks: Vec<pbx::Jack>,
    board: Board,
    kept: Kept,
}

/// How many threads carry voice: all cores but one, which is left to everything else, unless the text
/// says otherwise.
fn media_threads(config: &Config) -> usize {
    let cores = thread::available_parallelism().map_or(1, core::num::NonZero::get);
    let wanted = config.media.threads.map(usize::from);
    let threads = wanted.unwrap_or_else(|| cores.saturating_sub(1));
    threads.clamp(1, limits::MEDIA_THREADS)
}

fn start_engine(
    options: &ServeOptions,
    config: &Config,
    secret: &mut Random,
    common: &Common,
    tracks: Vec<engine::TrackSink>,
) -> Result<(Engine, ControlBoard)> {
    let open = hardware::open(&options.board, config)?;
    let sounds = Sounds {
        data: options.data.clone(),
    };
    let ports = config.network.rtp_ports;
    let engine = Engine::start(EngineConfig {
        threads: tracks.len(),
        rtp_ports: (ports.first, ports.last),
        ports: open.audio,
        seed: seed_of(secret),
        start: common.clock.now(),
        clips: Box::new(sounds),
        tracks,
    })
    .context("the media engine")?;
    common
        .feed
        .tell(panel::api::ChangeBody::Board(panel::api::Board {
            name: open.name,
            sets: Vec::new(),
        }));
    let board = Board::new(
        open.control,
        open.people,
        Face {
            controls: open.controls,
            finger: open.finger,
        },
        Arc::clone(&common.feed),
        Arc::clone(&common.in_force),
    );
    Ok((
        engine,
        ControlBoard {
            jacks: open.jacks,
            board,
            kept: open.kept,
        },
    ))
}

/// The recorder, and its thread to wait for at the end.
fn start_recorder(
    (boot, waiting): (u64, Vec<store::Recording>),
    data: &Path,
    tracks: engine::TrackReader,
    jacks: &[pbx::Jack],
    (mouth, writer): (Mouth, WriterHandle),
) -> Result<(Recorder, thread::JoinHandle<()>)> {
    let names = jacks.iter().map(|jack| (jack.port, jack.name.clone()));
    Ok(Recorder::start(
        data,
        boot,
        &waiting,
        Box::new(tracks),
        names.collect(),
        (mouth, Box::new(writer)),
    )?)
}

fn start_writer(store: Store, data: &Path, mouth: Mouth) -> Result<Writer> {
    let journal = Journal::open(&data.join("journal"))?;
    let options = WriterOptions {
        durable: Box::new(move |_| mouth.wake()),
        journal: Some(journal),
    };
    Ok(Writer::spawn(store, options)?)
}

/// The panel; what is left of the plan is SIP's.
fn start_panel(
    mut plan: Plan,
    front: Front,
    vault: StoreVault,
    common: &Common,
) -> Result<(Panel, WebInbox, Plan)> {
    let mouth = common.mouth.clone();
    let (phones, browsers) = panel::web_phones(move || mouth.wake());
    let clock = common.clock;
    let panel = panel::serve(PanelParts {
        http: std::mem::take(&mut plan.http),
        https: std::mem::take(&mut plan.https),
        tls: Some(Arc::clone(&common.tls.server)),
        exchange: Arc::new(front),
        feed: Arc::clone(&common.feed),
        vault: Arc::new(vault),
        clock: Arc::new(move || clock.now()),
        version: crate::VERSION.into(),
        phones: Some(phones),
        authority: common.tls.authority.clone(),
    })
    .context("the panel")?;
    common.porter.set_panel(panel.moves());
    Ok((panel, browsers, plan))
}

fn start_control(
    driver: Driver,
    poll: Poll,
    (words, browsers, recovery): (Receiver<Word>, WebInbox, Recovery),
    doors: Plan,
    board: Board,
    heart: Arc<Heart>,
    common: Common,
) -> Result<thread::JoinHandle<std::io::Result<()>>> {
    use std::os::fd::{AsFd as _, AsRawFd as _};
    let registry = poll.registry();
    let media = driver.engine.as_fd().as_raw_fd();
    registry.register(&mut SourceFd(&media), MEDIA, Interest::READABLE)?;
    for button in board.descriptors() {
        let button = button.as_raw_fd();
        registry.register(&mut SourceFd(&button), BUTTONS, Interest::READABLE)?;
    }
    let mut control = Control {
        // Ports have looked at their lines by then.
        sample_at: model::Instant::ZERO + std::time::Duration::from_secs(5),
        driver,
        poll,
        words,
        clock: common.clock,
        sockets: std::collections::BTreeMap::new(),
        listeners: std::collections::BTreeMap::new(),
        streams: std::collections::BTreeMap::new(),
        handshakes: Handshakes::default(),
        browsers,
        lines: std::collections::BTreeMap::new(),
        unread: Vec::new(),
        again: Vec::new(),
        next_flow: 0,
        board,
        recovery,
        tls: Some(common.tls),
        heart,
        buffer: vec![0; limits::SIP_MESSAGE_MAX],
    };
    for socket in doors.udp {
        control.open_udp(socket)?;
    }
    for listener in doors.listeners {
        control.open_listener(listener)?;
    }
    Ok(thread::Builder::new()
        .name("control".into())
        .spawn(move || control.run())?)
}
