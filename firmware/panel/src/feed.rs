//! The live state: told by the exchange, kept here as a whole, and told on to every open page.
//!
//! A page gets the whole state first and then every change; one that falls behind gets the whole
//! state again, so no page is ever wrong for longer than it takes to send it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use model::limits;
use tokio::sync::{broadcast, watch};

use crate::api::{
    Board, Change, ChangeBody, Health, LegQuality, Live, LiveCall, Office, Person, Phone,
};

/// Changes a page may be behind before it is given the whole state anew.
pub const FEED_BEHIND_MAX: usize = 1_024;

/// The live state and its listeners. Telling never blocks: it holds a lock for the time of a map
/// insertion and leaves slow listeners behind.
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    listeners: broadcast::Sender<Change>,
    /// How legs sound: only the newest second counts, and only for pages that asked.
    quality: watch::Sender<Arc<[LegQuality]>>,
}

#[derive(Debug)]
struct State {
    seq: u64,
    health: Health,
    office: Office,
    people: Vec<Person>,
    phones: BTreeMap<String, Phone>,
    calls: BTreeMap<String, LiveCall>,
    board: Board,
}

impl Default for Feed {
    fn default() -> Self {
        Self::new()
    }
}

impl Feed {
    /// A feed of an empty office.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Mutex::new(State {
                seq: 0,
                health: Health::ok(),
                office: Office::default(),
                people: Vec::new(),
                phones: BTreeMap::new(),
                calls: BTreeMap::new(),
                board: Board::default(),
            }),
            listeners: broadcast::Sender::new(FEED_BEHIND_MAX),
            quality: watch::Sender::new(Arc::default()),
        }
    }

    /// Something changed. Called by the exchange, on any thread.
    pub fn tell(&self, body: ChangeBody) {
        let mut state = self.lock();
        state.fold(&body);
        state.seq += 1;
        let change = Change {
            seq: state.seq,
            body,
        };
        // Sent under the lock, so that changes arrive in the order of their numbers. An error
        // only says that no page is open.
        let _ = self.listeners.send(change);
    }

    /// The state as a whole; `now_ms` is the calendar time of the box.
    #[must_use]
    pub fn live(&self, now_ms: i64) -> Live {
        let state = self.lock();
        let mut calls: Vec<LiveCall> = state.calls.values().cloned().collect();
        calls.sort_by(|a, b| (a.started_at_ms, &a.id).cmp(&(b.started_at_ms, &b.id)));
        Live {
            seq: state.seq,
            now_ms,
            health: state.health.clone(),
            office: state.office.clone(),
            people: state.people.clone(),
            phones: state.phones.values().cloned().collect(),
            calls,
            board: state.board.clone(),
        }
    }

    /// The changes from now on. Ask before [`Feed::live`], then drop what it already has.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Change> {
        self.listeners.subscribe()
    }

    /// Whether a page wants to know how legs sound: if not, nobody need find out.
    #[must_use]
    pub fn wants_quality(&self) -> bool {
        self.quality.receiver_count() > 0
    }

    /// How legs sounded in the second that is over. Of many the worst are told
    /// (`limits::LIVE_QUALITY_LEGS`); a page that is slow misses seconds.
    pub fn tell_quality(&self, mut legs: Vec<LegQuality>) {
        legs.sort_by_key(|leg| leg.mos_100);
        legs.truncate(limits::LIVE_QUALITY_LEGS);
        self.quality.send_replace(legs.into());
    }

    /// How legs sound, from now on.
    #[must_use]
    pub fn listen_quality(&self) -> watch::Receiver<Arc<[LegQuality]>> {
        self.quality.subscribe()
    }

    /// Pages that listen now.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.listeners.receiver_count()
    }

    /// Registrations and calls in progress, for the figures.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.phones.len(), state.calls.len())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fold(&mut self, body: &ChangeBody) {
        match body {
            ChangeBody::Office(office) => self.office = office.clone(),
            ChangeBody::Health(health) => self.health = health.clone(),
            ChangeBody::People(people) => self.people.clone_from(people),
            ChangeBody::Phone(phone) => {
                self.phones.insert(phone.id.clone(), phone.clone());
            }
            ChangeBody::PhoneGone(id) => {
                self.phones.remove(id);
            }
            ChangeBody::Call(call) => {
                self.calls.insert(call.id.clone(), call.clone());
            }
            ChangeBody::CallGone(id) => {
                self.calls.remove(id);
            }
            ChangeBody::Ended(call) => {
                self.calls.remove(&call.id);
            }
            ChangeBody::Board(board) => self.board = board.clone(),
            ChangeBody::Set(set) => match self.board.sets.iter_mut().find(|s| s.port == set.port) {
                Some(old) => old.clone_from(set),
                None => self.board.sets.push(set.clone()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Hook, QualityCause, SimSet, Transport};

    fn phone(id: &str, address: &str) -> Phone {
        Phone {
            id: id.into(),
            owner: "jan".into(),
            device: "Desk".into(),
            address: address.into(),
            transport: Transport::Udp,
            expires_at_ms: 1,
        }
    }

    #[test]
    fn a_late_listener_has_the_state_and_then_only_what_is_new() {
        let feed = Feed::new();
        feed.tell(ChangeBody::Phone(phone("a", "1")));
        let mut changes = feed.listen();
        feed.tell(ChangeBody::Phone(phone("a", "2")));
        let live = feed.live(7);
        feed.tell(ChangeBody::PhoneGone("a".into()));

        assert_eq!((live.seq, live.now_ms), (2, 7));
        assert_eq!(live.phones, [phone("a", "2")]);
        let seqs: Vec<u64> = std::iter::from_fn(|| changes.try_recv().ok())
            .map(|c| c.seq)
            .collect();
        assert_eq!(seqs, [2, 3]);
        assert!(feed.live(7).phones.is_empty());
    }

    #[test]
    fn a_set_replaces_itself_on_the_board() {
        let feed = Feed::new();
        let set = |hook| SimSet {
            port: "fxs1".into(),
            extension: "301".into(),
            hook,
            ringing: false,
            dialled: String::new(),
            talking: None,
            display: None,
            lamp: false,
            fax: false,
            fax_heard: Vec::new(),
        };
        feed.tell(ChangeBody::Set(set(Hook::On)));
        feed.tell(ChangeBody::Set(set(Hook::Off)));
        assert_eq!(feed.live(0).board.sets, [set(Hook::Off)]);
    }

    #[test]
    fn of_many_legs_the_worst_are_told_and_of_many_seconds_the_last() {
        let feed = Feed::new();
        assert!(!feed.wants_quality());
        let mut page = feed.listen_quality();
        assert!(feed.wants_quality());
        let leg = |mos_100: u16| LegQuality {
            leg: mos_100.to_string(),
            mos_100,
            cause: QualityCause::None,
            packets: 50,
            lost: 0,
            late: 0,
            jitter_ms: 1,
            round_trip_ms: None,
            level_dbm0: None,
            far_lost_permille: 0,
            far_mos_100: None,
        };
        feed.tell_quality(vec![leg(440)]);
        feed.tell_quality((101..=400).rev().map(leg).collect());
        let told = page.borrow_and_update().clone();
        assert_eq!(told.len(), limits::LIVE_QUALITY_LEGS);
        assert_eq!((told[0].mos_100, told[127].mos_100), (101, 228));
        assert!(!page.has_changed().expect("the feed is there"));
        drop(page);
        assert!(!feed.wants_quality());
    }

    #[test]
    fn one_who_falls_behind_learns_it() {
        let feed = Feed::new();
        let mut changes = feed.listen();
        for _ in 0..=FEED_BEHIND_MAX {
            feed.tell(ChangeBody::PhoneGone("x".into()));
        }
        assert!(matches!(
            changes.try_recv(),
            Err(broadcast::error::TryRecvError::Lagged(_))
        ));
    }
}
