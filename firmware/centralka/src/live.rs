//! The live thread: folds what the exchange writes into what the panel shows, so that the control
//! thread only has to drop it into a queue.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, RwLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use config::Config;
use model::{EntryId, Instant, LegId, Party, PartyId, QualitySecond, Record, StateChange, limits};
use panel::{
    Feed,
    api::{LegQuality, Party as Shown},
    convert::{CallBook, Names},
};

/// What the live thread is told.
enum Told {
    Party(PartyId, Party),
    Record(Record),
    State(Box<StateChange>),
    Quality(LegId, QualitySecond),
}

/// The way to the live thread. When it falls behind, what it missed is missing on open pages only:
/// the ledger has everything.
pub(crate) struct Live {
    queue: SyncSender<Vec<Told>>,
    /// What was told and not sent yet.
    pending: Vec<Told>,
    /// From when on a turn sends it, and when there is a turn for it alone.
    due: Option<(Instant, Instant)>,
    feed: Arc<Feed>,
}

/// How long news gathers before the next turn of the control thread sends it: nobody sees the
/// difference, and the thread wakes some fourteen times a second instead of with every message. A
/// little less than what the store is told gathers, so that one turn does both.
const GATHER: Duration = Duration::from_millis(70);
/// After this time there is a turn for it alone.
const GATHER_MAX: Duration = Duration::from_millis(150);
/// The same while no page is open: one that opens begins with what is known and soon has the rest.
const UNSEEN: (Duration, Duration) = (Duration::from_millis(400), Duration::from_millis(500));
/// So much is sent in any case.
const PENDING_MAX: usize = 1_024;

/// The configuration in force, shared by everybody who only reads it.
pub(crate) type InForce = Arc<RwLock<Arc<Config>>>;

/// The configuration in force now.
pub(crate) fn current(in_force: &InForce) -> Arc<Config> {
    Arc::clone(
        &in_force
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner),
    )
}

impl Live {
    /// Starts the thread; it ends when the last way to it is gone.
    pub(crate) fn start(feed: Arc<Feed>, in_force: InForce) -> std::io::Result<Self> {
        let (queue, told) = sync_channel(limits::WRITER_QUEUE);
        let shown = Arc::clone(&feed);
        thread::Builder::new().name("live".into()).spawn(move || {
            let mut fold = Fold {
                book: CallBook::default(),
                parties: BTreeMap::new(),
                in_force,
                quality: Vec::new(),
            };
            fold.run(&told, &shown);
        })?;
        Ok(Self {
            queue,
            pending: Vec::new(),
            due: None,
            feed,
        })
    }

    pub(crate) fn party(&mut self, id: PartyId, party: &Party) {
        self.tell(Told::Party(id, party.clone()));
    }

    pub(crate) fn record(&mut self, record: &Record) {
        self.tell(Told::Record(record.clone()));
    }

    pub(crate) fn state(&mut self, change: &StateChange) {
        self.tell(Told::State(Box::new(change.clone())));
    }

    /// Whether an open page shows how legs sound.
    pub(crate) fn wants_quality(&self) -> bool {
        self.feed.wants_quality()
    }

    pub(crate) fn quality(&mut self, leg: LegId, second: QualitySecond) {
        self.tell(Told::Quality(leg, second));
    }

    fn tell(&mut self, told: Told) {
        self.pending.push(told);
    }

    /// Whether what was told may be sent at `now`: to be asked at the end of each turn.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let feed = &self.feed;
        let (from, _) = *self.due.get_or_insert_with(|| {
            let seen = feed.listeners() > 0;
            let (from, latest) = if seen { (GATHER, GATHER_MAX) } else { UNSEEN };
            (now + from, now + latest)
        });
        from <= now || self.pending.len() >= PENDING_MAX
    }

    /// When it is to be sent at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.due.map(|(_, latest)| latest)
    }

    /// Sends what was told since the last time.
    pub(crate) fn flush(&mut self) {
        self.due = None;
        if !self.pending.is_empty() {
            // A full queue loses what is shown, never what is stored.
            let _ = self.queue.try_send(std::mem::take(&mut self.pending));
        }
    }
}

/// Most people's data kept for calls in progress.
const PARTIES_MAX: usize = 8 * limits::CALLS;

struct Fold {
    book: CallBook,
    /// People's data of recent events, oldest ids first out.
    parties: BTreeMap<PartyId, Party>,
    in_force: InForce,
    /// How legs sounded in the second that is over.
    quality: Vec<LegQuality>,
}

impl Fold {
    fn run(&mut self, told: &Receiver<Vec<Told>>, feed: &Feed) {
        let mut order = VecDeque::new();
        while let Ok(first) = told.recv() {
            for word in std::iter::once(first).chain(told.try_iter()).flatten() {
                self.take(word, &mut order, feed);
            }
            for change in self.book.news() {
                feed.tell(change);
            }
            if !self.quality.is_empty() {
                feed.tell_quality(std::mem::take(&mut self.quality));
            }
        }
    }

    fn take(&mut self, word: Told, order: &mut VecDeque<PartyId>, feed: &Feed) {
        match word {
            Told::Party(id, party) => {
                self.parties.insert(id, party);
                order.push_back(id);
                if order.len() > PARTIES_MAX
                    && let Some(oldest) = order.pop_front()
                {
                    self.parties.remove(&oldest);
                }
            }
            Told::Record(record) => {
                let seen = Seen {
                    parties: &self.parties,
                    config: current(&self.in_force),
                };
                self.book.record(&record, &seen);
            }
            Told::Quality(leg, second) => {
                self.quality.push(panel::convert::leg_quality(leg, &second));
            }
            Told::State(change) => {
                if let Some(change) = panel::convert::state_change(&change) {
                    feed.tell(change);
                }
            }
        }
    }
}

struct Seen<'f> {
    parties: &'f BTreeMap<PartyId, Party>,
    config: Arc<Config>,
}

impl Names for Seen<'_> {
    fn party(&self, id: PartyId) -> Option<Party> {
        self.parties.get(&id).cloned()
    }

    fn entry(&self, id: &EntryId) -> Option<Shown> {
        entry_party(&self.config, id)
    }
}

/// Name and number of an entry.
pub(crate) fn entry_party(config: &Config, id: &EntryId) -> Option<Shown> {
    let person = config.person(id).map(|p| &p.name);
    let device = || config.device(id).map(|d| &d.name);
    let analog = || config.analog_set(id).map(|a| &a.name);
    let conference = || config.conference(id).map(|c| &c.name);
    let line = || config.line(id).map(|l| &l.name);
    let name = person
        .or_else(device)
        .or_else(analog)
        .or_else(conference)
        .or_else(line)?
        .clone();
    let number = config.number_of(id).map(ToString::to_string);
    Some(Shown {
        name,
        number: number.unwrap_or_default(),
    })
}
