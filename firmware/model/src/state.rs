//! State: what people and phones change in use. It is stored beside the ledger and reloaded at start.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{EntryId, FlowId, LifelineTest, LineBalance, ToneSignature, Transport, Wall};

/// Where a phone is now: one contact of one device or person (RFC 3261 §10.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The configuration entry (person or device) that registered.
    pub owner: EntryId,
    /// What makes two registrations the same phone: `+sip.instance` and `reg-id` where given
    /// (RFC 5626 §6), else the contact URI.
    pub key: String,
    /// The contact URI as the phone wrote it.
    pub contact: String,
    /// Path headers, topmost first, as received (RFC 3327).
    pub path: Vec<String>,
    /// Where the REGISTER came from: requests to a phone behind NAT go back there (RFC 5626 §5.3).
    pub source: SocketAddr,
    /// Our own address at which it arrived.
    pub local: SocketAddr,
    /// How it travelled.
    pub transport: Transport,
    /// The connection of a reliable transport; meaningless after a restart.
    pub flow: Option<FlowId>,
    /// Call-ID and CSeq of the last REGISTER, so that late ones are refused (RFC 3261 §10.3 step 7).
    pub call_id: String,
    /// See `call_id`.
    pub cseq: u32,
    /// When the binding ends unless refreshed.
    pub expires: Wall,
    /// The User-Agent header, cut to `limits::PARTY_TEXT_MAX` bytes.
    pub user_agent: String,
    /// Preference among several contacts, 0–1000 (q × 1000).
    pub q: u16,
}

/// A change of state for the store. The newest change of a key wins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateChange {
    /// A binding is new or moved: written with the next commit.
    Bound(Binding),
    /// A binding was refreshed: written at the latest after a minute.
    Refreshed(Binding),
    /// A binding is gone.
    Unbound {
        /// See [`Binding::owner`].
        owner: EntryId,
        /// See [`Binding::key`].
        key: String,
    },
    /// The tones by which the hang-ups of an outside line are known, learned from real ones.
    LineTones {
        /// The `[[line]]` entry.
        line: EntryId,
        /// All of them, the oldest first.
        tones: Vec<ToneSignature>,
    },
    /// The impedance that balances an outside line best was searched for.
    LineBalance {
        /// The `[[line]]` entry.
        line: EntryId,
        /// What was found.
        balance: LineBalance,
    },
    /// The lifeline of an outside line was tested.
    Lifeline {
        /// The `[[line]]` entry.
        line: EntryId,
        /// What was found.
        test: LifelineTest,
    },
    /// So many messages wait for the set of this `[[analog]]` entry.
    Messages {
        /// The entry.
        set: EntryId,
        /// How many; 0 = none.
        messages: u8,
    },
    /// The device knows MD5 digest only, or no longer (design: remembered after it succeeded).
    DigestMd5 {
        /// Person or device.
        owner: EntryId,
        /// Whether MD5 is offered first from now on.
        md5: bool,
    },
}
