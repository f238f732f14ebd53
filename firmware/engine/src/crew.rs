//! Making the threads of the engine and the rings between them.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use media::{Placement, Plane};
use model::{Now, Random, limits};
use rtrb::Consumer;

use crate::clock::Clock;
use crate::dtls_link::Flights;
use crate::flight::{Flight, Recorder};
use crate::link::{self, Dead, FromMedia, Sender, ToMedia, Waker};
use crate::pool::{self, Pool};
use crate::ports::Ports;
use crate::status::Counters;
use crate::supply::Helper;
use crate::tracks::TrackSink;
use crate::travel::{Arrival, ON_THE_WAY, Peers};
use crate::watch::Watch;
use crate::watcher::{Seen, Watcher};
use crate::worker::{Doing, Worker};
use crate::{Engine, EngineConfig, EngineError, dtls, sys, worker};

/// Slots of every ring. Few: a ring goes round, so that all of it is in memory soon.
const SLOTS: usize = limits::MEDIA_RING;
/// What may wait behind a full ring: room that nobody touches before it is needed.
const WAITING: usize = 16 * limits::MEDIA_RING;
/// Files that all legs, pairs ahead and pairs at rest need, and some for the rest of the program.
const FILES: u64 =
    2 * (limits::MEDIA_LEGS + limits::PAIRS_AHEAD + pool::RESTING_MAX) as u64 + 1_024;

/// What all threads have in common.
struct Common {
    clock: Clock,
    start: Now,
    stop: Arc<AtomicBool>,
    control: Waker,
    helper: Waker,
    /// Ports of the board.
    ports: usize,
}

/// All media threads before they run, and what others hold of them; each in their order.
#[derive(Default)]
struct Crew {
    workers: Vec<Worker>,
    orders: Vec<Sender<ToMedia>>,
    events: Vec<Consumer<FromMedia>>,
    dead: Vec<Consumer<Dead>>,
    seen: Vec<Seen>,
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> EngineError {
    move |source| EngineError::System { what, source }
}

fn waker() -> Result<Waker, EngineError> {
    Waker::new().map_err(system("an eventfd"))
}

/// See [`Engine::start`].
pub(crate) fn start(config: EngineConfig) -> Result<Engine, EngineError> {
    let (first, last) = check_range(config.rtp_ports)?;
    sys::allow_files(FILES);
    sys::give_large_back();
    let count = config.threads.clamp(1, limits::MEDIA_THREADS);
    let wakers: Vec<Waker> = (0..count).map(|_| waker()).collect::<Result<_, _>>()?;
    let common = Common {
        clock: Clock::start(),
        start: config.start,
        stop: Arc::default(),
        control: waker()?,
        helper: waker()?,
        ports: config.ports.len(),
    };
    let (handshakes, flights, fingerprint) =
        dtls::open(common.clock.now(), &wakers, &common.helper).map_err(system("DTLS"))?;
    let mut crew = crew(&common, &wakers, flights, config.tracks)?;
    if let Some(first) = crew.workers.first_mut() {
        first.ports.bring(config.ports);
    }
    let (wishes, wishes_out) = link::ring(SLOTS, WAITING, &common.helper);
    let (to_control, from_helper) = link::ring(SLOTS, WAITING, &common.control);
    let (stock, rest) = <(Arc<AtomicUsize>, Arc<Counters>)>::default();
    let helper = Helper {
        clock: common.clock,
        pool: Pool::new(first, last, &mut Random::new(config.seed)),
        wishes: wishes_out,
        dead: crew.dead,
        to_control,
        handshakes,
        clips: config.clips,
        stock: stock.clone(),
        out: 0,
        waker: common.helper.clone(),
        stop: common.stop.clone(),
        counters: rest.clone(),
    };
    let threads = crew.seen;
    let engine = Engine {
        orders: crew.orders,
        wishes,
        from_media: crew.events,
        early: VecDeque::new(),
        from_helper,
        placement: Placement::new(count),
        answers: BTreeMap::new(),
        pairs: BTreeMap::new(),
        stock,
        own: VecDeque::new(),
        control: common.control,
        cleared: false,
        made_orders: false,
        helper: common.helper,
        stop: common.stop,
        fingerprint,
        watcher: Watcher { threads, rest },
        threads: Vec::new(),
    };
    begin(engine, crew.workers, helper)
}

fn begin(
    mut engine: Engine,
    workers: Vec<Worker>,
    mut helper: Helper,
) -> Result<Engine, EngineError> {
    helper.prepare();
    for (at, worker) in workers.into_iter().enumerate() {
        engine.spawn(&format!("media-{at}"), move || worker.run())?;
    }
    engine.spawn("media-helper", move || helper.run())?;
    Ok(engine)
}

fn crew(
    common: &Common,
    wakers: &[Waker],
    flights: Vec<Flights>,
    tracks: Vec<TrackSink>,
) -> Result<Crew, EngineError> {
    let mut crew = Crew::default();
    let mut tracks = tracks.into_iter();
    for ((waker, peers), flights) in wakers.iter().zip(peers(wakers)).zip(flights) {
        let (orders, orders_out) = link::ring(SLOTS, WAITING, waker);
        let (dead, dead_out) = link::ring(SLOTS, limits::MEDIA_LEGS, &common.helper);
        let (mut events, events_out) = link::ring(SLOTS, WAITING, &common.control);
        if wakers.len() > 1 {
            // Of those who arrive from another thread.
            events.keep_room(limits::MEDIA_LEGS);
        }
        let (flight, counters) = (Flight::shared(), Arc::<Counters>::default());
        crew.workers.push(Worker {
            plane: Plane::new(at(&common.clock, common.start)),
            clock: common.clock.clone(),
            watch: Watch::new().map_err(system("an epoll instance"))?,
            buffer: Box::new([0; limits::RTP_PACKET_MAX + 1]),
            seats: worker::seats(),
            ports: Ports::with_room(common.ports),
            orders: orders_out,
            dead,
            peers,
            flights,
            tracks: tracks.next(),
            events,
            waker: waker.clone(),
            stop: common.stop.clone(),
            counters: counters.clone(),
            recorder: Recorder::new(flight.clone()),
            doing: Doing::default(),
        });
        crew.orders.push(orders);
        crew.events.push(events_out);
        crew.dead.push(dead_out);
        crew.seen.push(Seen {
            counters,
            flight,
            waker: waker.clone(),
        });
    }
    Ok(crew)
}

/// The rings between all media threads: what each sees of the others.
fn peers(wakers: &[Waker]) -> Vec<Peers> {
    let mut from: Vec<Vec<Consumer<Arrival>>> = Vec::new();
    let mut to: Vec<Vec<Option<Sender<Arrival>>>> = Vec::new();
    to.resize_with(wakers.len(), Vec::new);
    for (there, waker) in wakers.iter().enumerate() {
        let mut arrivals = Vec::new();
        for (here, ways) in to.iter_mut().enumerate() {
            ways.push((here != there).then(|| {
                let (sender, consumer) = link::ring(ON_THE_WAY, ON_THE_WAY, waker);
                arrivals.push(consumer);
                sender
            }));
        }
        from.push(arrivals);
    }
    let all = to.into_iter().zip(from).enumerate();
    all.map(|(own, (to, from))| Peers::new(own, to, from))
        .collect()
}

/// The calendar of `start` at this moment of our clock.
fn at(clock: &Clock, start: Now) -> Now {
    let mono = clock.now();
    Now { mono, ..start }
}

fn check_range((first, last): (u16, u16)) -> Result<(u16, u16), EngineError> {
    let even = first.saturating_add(first & 1);
    if (first, last) != (0, 0) && (first == 0 || even >= last) {
        return Err(EngineError::NoPairs(first, last));
    }
    Ok((first, last))
}
