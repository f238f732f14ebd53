//! From the words of `model` to the words of the HTTP interface: the one place that knows both.

mod book;
mod event;
mod story;

use std::net::IpAddr;

use model::{Binding, Cause, EntryId, LegId, PartyId, QualitySecond, StateChange};
use sha2::{Digest, Sha256};

pub use self::{
    book::CallBook,
    event::event_names,
    story::{CallStory, explain},
};
use crate::api::{ChangeBody, LegQuality, Outcome, Party, Phone, QualityCause, Transport};

/// Where the names behind ids are found.
pub trait Names {
    /// The row of the `party` table.
    fn party(&self, id: PartyId) -> Option<model::Party>;
    /// Name and extension of a configuration entry.
    fn entry(&self, id: &EntryId) -> Option<Party>;
}

/// How a leg sounded in a second.
#[must_use]
pub fn leg_quality(leg: LegId, second: &QualitySecond) -> LegQuality {
    let far_lost = u32::from(second.far_loss_256) + u32::from(second.far_late_256);
    LegQuality {
        leg: leg.to_string(),
        mos_100: second.mos_100,
        cause: match second.cause {
            model::QualityCause::None => QualityCause::None,
            model::QualityCause::Loss => QualityCause::Loss,
            model::QualityCause::Late => QualityCause::Late,
            model::QualityCause::Delay => QualityCause::Delay,
            model::QualityCause::Codec => QualityCause::Codec,
            model::QualityCause::OneWay => QualityCause::OneWay,
            model::QualityCause::Clipping => QualityCause::Clipping,
        },
        packets: second.packets,
        lost: second.lost,
        late: second.late,
        jitter_ms: second.jitter_ms,
        round_trip_ms: (second.round_trip_ms > 0).then_some(second.round_trip_ms),
        level_dbm0: (second.level_dbm0 > -127).then_some(second.level_dbm0),
        far_lost_permille: u16::try_from(far_lost.min(256) * 1_000 / 256).unwrap_or(0),
        far_mos_100: (second.far_mos_100 > 0).then_some(second.far_mos_100),
    }
}

/// What pages must be told of a change of state, if anything.
#[must_use]
pub fn state_change(change: &StateChange) -> Option<ChangeBody> {
    match change {
        StateChange::Bound(binding) | StateChange::Refreshed(binding) => {
            Some(ChangeBody::Phone(phone(binding)))
        }
        StateChange::Unbound { owner, key } => Some(ChangeBody::PhoneGone(phone_id(owner, key))),
        StateChange::DigestMd5 { .. }
        | StateChange::LineTones { .. }
        | StateChange::LineBalance { .. }
        | StateChange::Lifeline { .. }
        | StateChange::Messages { .. } => None,
    }
}

/// A registration.
#[must_use]
pub fn phone(binding: &Binding) -> Phone {
    let mut source = binding.source;
    source.set_ip(match source.ip().to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        v6 @ IpAddr::V6(_) => v6,
    });
    Phone {
        id: phone_id(&binding.owner, &binding.key),
        owner: binding.owner.to_string(),
        device: binding.user_agent.clone(),
        address: source.to_string(),
        transport: transport(binding.transport),
        expires_at_ms: binding.expires.as_millis(),
    }
}

/// Transport, as the interface names it.
#[must_use]
pub const fn transport(transport: model::Transport) -> Transport {
    match transport {
        model::Transport::Udp => Transport::Udp,
        model::Transport::Tcp => Transport::Tcp,
        model::Transport::Tls => Transport::Tls,
        model::Transport::Ws => Transport::Ws,
        model::Transport::Wss => Transport::Wss,
    }
}

/// How a call ended, for a person.
#[must_use]
pub const fn outcome(cause: Option<Cause>, answered: bool) -> Outcome {
    if answered {
        return Outcome::Answered;
    }
    match cause {
        Some(Cause::Busy | Cause::Rejected) => Outcome::Busy,
        None
        | Some(Cause::Normal | Cause::NoAnswer | Cause::Cancelled | Cause::ElsewhereAnswered) => {
            Outcome::Missed
        }
        Some(
            Cause::NotFound
            | Cause::Unreachable
            | Cause::Forbidden
            | Cause::NotAcceptable
            | Cause::Unprotected
            | Cause::BadNumber
            | Cause::Congestion
            | Cause::PeerLost
            | Cause::ProtocolError
            | Cause::Removed
            | Cause::Administrator
            | Cause::Moderator
            | Cause::Stopping
            | Cause::PowerLost
            | Cause::Internal,
        ) => Outcome::Failed,
    }
}

/// The cause's name in the interface and as the key of translations.
#[must_use]
pub const fn cause_name(cause: Cause) -> &'static str {
    match cause {
        Cause::Normal => "normal",
        Cause::Cancelled => "cancelled",
        Cause::Busy => "busy",
        Cause::NoAnswer => "no_answer",
        Cause::Rejected => "rejected",
        Cause::ElsewhereAnswered => "elsewhere_answered",
        Cause::NotFound => "not_found",
        Cause::Unreachable => "unreachable",
        Cause::Forbidden => "forbidden",
        Cause::NotAcceptable => "not_acceptable",
        Cause::Unprotected => "unprotected",
        Cause::BadNumber => "bad_number",
        Cause::Congestion => "congestion",
        Cause::PeerLost => "peer_lost",
        Cause::ProtocolError => "protocol_error",
        Cause::Removed => "removed",
        Cause::Administrator => "administrator",
        Cause::Moderator => "moderator",
        Cause::Stopping => "stopping",
        Cause::PowerLost => "power_lost",
        Cause::Internal => "internal",
    }
}

/// A short name for a registration that does not show the phone's instance id.
fn phone_id(owner: &EntryId, key: &str) -> String {
    let hash = Sha256::digest(key.as_bytes());
    let hash: String = hash.iter().take(6).map(|b| format!("{b:02x}")).collect();
    format!("{owner}-{hash}")
}
