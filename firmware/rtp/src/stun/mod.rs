//! The far end's connectivity checks (ICE, RFC 8445) and our answers, as a lite end makes them:
//! STUN binding requests (RFC 8489) with the names and passwords of the session.
//!
//! A lite end makes no checks of its own. Whoever does not know the password gets no answer at
//! all, so that nobody is answered on behalf of a forged source and the port tells nothing.

mod message;

use std::net::SocketAddr;

use model::IceParams;

use message::{
    ERROR_CODE, FAILURE, ICE_CONTROLLED, MESSAGE_INTEGRITY, Reader, SUCCESS, UNKNOWN_ATTRIBUTES,
    USE_CANDIDATE, USERNAME, Writer, XOR_MAPPED_ADDRESS,
};

/// Octets of our longest answer.
pub const ANSWER_MAX: usize = 128;
/// Unknown attributes that an answer names; there are rarely any.
const UNKNOWN_MAX: usize = 8;

/// Names one check; repeated when the check is (RFC 8489 §5).
pub type Transaction = [u8; 12];

/// What a check is worth that is signed with our password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which it is.
    pub transaction: Transaction,
    /// What the far end asks for.
    pub outcome: Outcome,
}

/// What becomes of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is a path: the far end gets an answer with the address that we see.
    Path {
        /// The far end has chosen it for the media (RFC 8445 §8.1.1).
        nominated: bool,
    },
    /// The far end believes that we lead; it learns that we never do (RFC 8445 §7.3.1.1).
    RoleConflict,
    /// It holds attributes that must be understood and are not (RFC 8489 §6.3.1).
    Unknown([u16; UNKNOWN_MAX], usize),
}

/// Why a datagram gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StunError {
    /// No STUN message, or not what its header and lengths say.
    Malformed,
    /// A message, but no binding request.
    NoRequest,
    /// Another session's name, no signature or a wrong one.
    NotAuthentic,
}

/// Whether a datagram on a port shared with others is STUN (RFC 7983 §7).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(0..=3))
}

impl Check {
    /// Reads a check that came to us.
    ///
    /// # Errors
    /// It gets no answer. The sender is at fault, or knows nothing of the session.
    pub fn read(datagram: &[u8], ice: &IceParams) -> Result<Self, StunError> {
        let message = Reader::read(datagram).ok_or(StunError::Malformed)?;
        if !message.is_binding_request() {
            return Err(StunError::NoRequest);
        }
        let mut named = false;
        let mut nominated = false;
        let mut conflict = false;
        let mut unknown = [0; UNKNOWN_MAX];
        let mut unknowns = 0_usize;
        let mut signed = None;
        for attribute in message.attributes() {
            match attribute.kind {
                USERNAME => named = is_ours(attribute.value, ice),
                USE_CANDIDATE => nominated = true,
                ICE_CONTROLLED => conflict = true,
                MESSAGE_INTEGRITY => {
                    signed = Some(attribute);
                    // What follows is not signed (RFC 8489 §14.5).
                    break;
                }
                kind if message::must_be_understood(kind) => {
                    if let Some(place) = unknown.get_mut(unknowns) {
                        *place = kind;
                        unknowns = unknowns.saturating_add(1);
                    }
                }
                _ => {}
            }
        }
        let key = ice.local_password.as_str().as_bytes();
        let authentic = named && signed.is_some_and(|tag| message.is_signed(&tag, key));
        if !authentic || !message.fingerprint_is_right() {
            return Err(StunError::NotAuthentic);
        }
        let outcome = if unknowns > 0 {
            Outcome::Unknown(unknown, unknowns)
        } else if conflict {
            Outcome::RoleConflict
        } else {
            Outcome::Path { nominated }
        };
        Ok(Self {
            transaction: message.transaction(),
            outcome,
        })
    }

    /// Writes the answer to a check that came from `from`; its length.
    #[must_use]
    pub fn answer(
        &self,
        ice: &IceParams,
        from: SocketAddr,
        out: &mut [u8; ANSWER_MAX],
    ) -> Option<usize> {
        let kind = match self.outcome {
            Outcome::Path { .. } => SUCCESS,
            Outcome::RoleConflict | Outcome::Unknown(..) => FAILURE,
        };
        let mut writer = Writer::start(out, kind, &self.transaction)?;
        match &self.outcome {
            Outcome::Path { .. } => {
                writer.address(XOR_MAPPED_ADDRESS, from, &self.transaction)?;
            }
            Outcome::RoleConflict => {
                writer.attribute(ERROR_CODE, b"\0\0\x04\x57Role Conflict")?;
            }
            Outcome::Unknown(kinds, count) => {
                writer.attribute(ERROR_CODE, b"\0\0\x04\x14Unknown Attribute")?;
                let mut list = [0; UNKNOWN_MAX.saturating_mul(2)];
                for (place, kind) in list.chunks_exact_mut(2).zip(kinds) {
                    place.copy_from_slice(&kind.to_be_bytes());
                }
                let list = list.get(..count.saturating_mul(2))?;
                writer.attribute(UNKNOWN_ATTRIBUTES, list)?;
            }
        }
        writer.sign(ice.local_password.as_str().as_bytes())?;
        writer.fingerprint()?;
        Some(writer.len())
    }
}

/// A check to us is named after both ends, ours first (RFC 8445 §7.2.2).
fn is_ours(name: &[u8], ice: &IceParams) -> bool {
    let ours = ice.local_name.as_str().as_bytes();
    let theirs = ice.remote_name.as_str().as_bytes();
    let rest = name
        .strip_prefix(ours)
        .and_then(|rest| rest.strip_prefix(b":"));
    rest == Some(theirs)
}

#[cfg(test)]
mod tests;
