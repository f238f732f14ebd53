//! How an exchange begins: from nothing, or where a run left off.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    net::IpAddr,
    sync::Arc,
};

use call::Switch;
use config::Config;
use model::{
    Binding, EntryId, EventBody, Fingerprint, LifelineTest, LineBalance, Now, PairId, Random, Rule,
    Seed, Seq, ToneSignature,
};
use sip::{Agent, AgentConfig, Method, Peer};

use crate::{
    Counters, Jack, Vault,
    announce::Announcements,
    auth::Challenger,
    clips::Clips,
    flows::Flows,
    lines::{Begun, Lines},
    metering::Meters,
    pbx::{Pbx, analog_on, timers},
    pool::{Bridges, LegSlots, Pairs},
    ports::Jacks,
    registrar::Registrar,
    ringer::Ringer,
    set_test::Tests,
};

/// What the exchange knows when it starts.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The configuration in force and its number in the history.
    pub config: Arc<Config>,
    /// See `config`.
    pub version: u64,
    /// The jacks of the board.
    pub jacks: Vec<Jack>,
    /// The registrations known before the restart.
    pub bindings: Vec<Binding>,
    /// Owners whose phones know MD5 digest only.
    pub md5: Vec<EntryId>,
    /// The number of the first record to be written.
    pub next_seq: Seq,
    /// Where the plain stream starts.
    pub seed: Seed,
    /// Legs that the media plane can carry, at most `limits::MEDIA_LEGS`.
    pub media_legs: usize,
    /// Port pairs that are bound already; others are announced as they come.
    pub pairs: Vec<(PairId, u16)>,
    /// The external address, if it was looked up already.
    pub external: Option<IpAddr>,
    /// Connections that are open, and how many the exchange has made so far.
    pub flows: (Vec<Peer>, u64),
    /// SHA-256 of the certificate with which the box shows itself to browsers; `None`: it has none,
    /// and browsers cannot call.
    pub fingerprint: Option<Fingerprint>,
    /// Tones by which the hang-ups of lines are known.
    pub line_tones: Vec<(EntryId, Vec<ToneSignature>)>,
    /// Impedances that balance lines.
    pub line_balance: Vec<(EntryId, LineBalance)>,
    /// What tests of lifelines found.
    pub lifelines: Vec<(EntryId, LifelineTest)>,
    /// How many messages wait, by `[[analog]]` entry.
    pub messages: Vec<(EntryId, u8)>,
    /// Whether a run goes on from here: then nothing is written about a start.
    pub resumed: bool,
}

impl Pbx {
    /// An exchange that knows `setup` and has nothing to do yet. `vault` answers what only secrets
    /// can answer.
    #[must_use]
    pub fn new(now: Now, setup: Setup, vault: Box<dyn Vault + Send>) -> Self {
        let Streams {
            mut plain,
            sip,
            call,
        } = Streams::of(setup.seed);
        let agent = Agent::new(agent_config(), sip);
        let switch = Switch::new(timers(&setup.config), call);
        let mut jacks = Jacks::new(&setup.jacks);
        jacks.assign(|name| analog_on(&setup.config, name));
        let mut lines = Lines::default();
        lines.assign(&setup.jacks, &setup.config);
        lines.remember(&setup.line_tones, &setup.line_balance, &setup.lifelines);
        let slots = LegSlots::new(setup.media_legs);
        let mut pbx = Self {
            registrar: Registrar::new(now, setup.bindings, &setup.flows.0),
            challenger: Challenger::new(&setup.md5, plain.next_u64()),
            config: setup.config,
            version: setup.version,
            agent,
            switch,
            vault,
            flows: Flows::restore(&setup.flows),
            jacks,
            lines,
            ringer: Ringer::default(),
            announcements: Announcements::default(),
            waiting_callers: BTreeMap::new(),
            meters: Meters::default(),
            messages: setup.messages.into_iter().collect(),
            tests: Tests::default(),
            legs: BTreeMap::new(),
            by_usage: BTreeMap::new(),
            by_media: BTreeMap::new(),
            waiting: BTreeSet::new(),
            bridge_of: BTreeMap::new(),
            room_bridges: BTreeMap::new(),
            bridges: Bridges::default(),
            clips: Clips::default(),
            slots_in_all: slots.free(),
            slots,
            pairs: Pairs::new(setup.pairs),
            media_overloaded: false,
            started_at: BTreeMap::new(),
            next_seq: setup.next_seq,
            durable: Seq(setup.next_seq.0.saturating_sub(1)),
            awaited: Seq(0),
            plain,
            begun: Begun::default(),
            external: setup.external,
            fingerprint: setup.fingerprint,
            counters: Counters::default(),
            out: VecDeque::new(),
            clock_offset: None,
        };
        pbx.tell_agent_addresses();
        if setup.resumed {
            pbx.take_clips_as_loaded();
        } else {
            pbx.load_clips();
            pbx.tell_profiles();
            pbx.release_lines(now);
            pbx.note(now, Rule::Operator, EventBody::ExchangeStarted);
            let version = setup.version;
            pbx.note(now, Rule::ConfigSaved, EventBody::ConfigApplied { version });
            pbx.show_all_messages(now);
        }
        pbx.drop_lost_browsers(now);
        pbx
    }

    /// Everything that a run from here on depends on, taken at a moment without calls; `None` while
    /// there is one. Randomness starts anew from `seed`, here and in every replay.
    pub fn restart_point(&mut self, now: Now, seed: Seed) -> Option<Setup> {
        let quiet = self.switch.calls() == 0
            && self.legs.is_empty()
            && self.agent.sizes().usages == 0
            && self.jacks.busy() == 0
            && self.announcements.is_empty()
            && !self.jacks.owes_a_lamp()
            && !self.jacks.shows(now.mono)
            && self.tests.next_deadline().is_none()
            && self.lines.busy() == 0
            && !self.lines.is_searching()
            && self.slots.free() == self.slots_in_all;
        if !quiet {
            return None;
        }
        self.settle(now);
        let Streams {
            mut plain,
            sip,
            call,
        } = Streams::of(seed);
        let md5 = self.challenger.md5_only();
        self.challenger = Challenger::new(&md5, plain.next_u64());
        self.agent.reseed(sip);
        self.switch.reseed(call);
        self.plain = plain;
        self.slots.start_over();
        self.lines.look_anew();
        // Without a call there is no load.
        self.media_overloaded = false;
        self.clock_offset = None;
        self.begun.clear();
        Some(Setup {
            config: Arc::clone(&self.config),
            version: self.version,
            jacks: self.jacks.list(),
            bindings: self.registrar.all().cloned().collect(),
            md5,
            next_seq: self.next_seq,
            seed,
            media_legs: self.slots_in_all,
            pairs: self.pairs.list(),
            external: self.external,
            flows: self.flows.list(),
            fingerprint: self.fingerprint,
            line_tones: self.lines.learned(),
            line_balance: self.lines.balanced(),
            lifelines: self.lines.lifelines(),
            messages: self.messages.clone().into_iter().collect(),
            resumed: true,
        })
    }
}

/// The plain randomness of the parts, each a stream of its own.
struct Streams {
    plain: Random,
    sip: Random,
    call: Random,
}

impl Streams {
    fn of(seed: Seed) -> Self {
        Self {
            plain: Random::derive(seed, "pbx"),
            sip: Random::derive(seed, "sip"),
            call: Random::derive(seed, "call"),
        }
    }
}

/// NOTIFY is let through because some phones keep their NAT open with it.
fn agent_config() -> AgentConfig {
    let mut config = AgentConfig {
        user_agent: "Centralka".into(),
        ..AgentConfig::default()
    };
    config.allow.push(Method::Notify);
    config
}
