//! REGISTER arithmetic (RFC 3261 §10.3): a request and the bindings there are give the changes, or
//! a refusal that changes nothing. Who may register whom is decided elsewhere.

use core::time::Duration;

use model::{
    Binding, EntryId, StateChange, Wall,
    limits::{BINDINGS_PER_OWNER, PARTY_TEXT_MAX},
};

use crate::{Contacts, Fault, HeaderName, NameAddr, Peer, Request, Scheme, Uri};

/// Path elements kept of a binding.
const PATH_MAX: usize = 8;

/// How long bindings may last, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// A shorter wish is refused with 423.
    pub min_s: u32,
    /// A longer wish is cut.
    pub max_s: u32,
    /// Where nothing is wished.
    pub default_s: u32,
}

impl Default for Expiry {
    /// The figures of the SIP profile §2.
    fn default() -> Self {
        Self {
            min_s: 60,
            max_s: 7_200,
            default_s: 3_600,
        }
    }
}

/// What a REGISTER does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For the store and for routing; empty for a query.
    pub changes: Vec<StateChange>,
    /// All bindings of the owner afterwards, for the 200.
    pub bindings: Vec<Binding>,
}

/// Why a REGISTER is refused as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refusal {
    /// 400: a header is malformed, too long, or `*` does not stand alone with Expires 0.
    #[error("{0}")]
    Malformed(Fault),
    /// 416: a contact that cannot be called by SIP.
    #[error("contact is no SIP URI")]
    Scheme,
    /// 423 with this Min-Expires.
    #[error("expiry below {min_s} s")]
    TooBrief {
        /// What would be taken.
        min_s: u32,
    },
    /// 500: a newer REGISTER of the same Call-ID was seen (§10.3 step 7).
    #[error("CSeq is not above that of the last REGISTER")]
    Late,
    /// 503: more than `limits::BINDINGS_PER_OWNER`.
    #[error("too many phones registered for one owner")]
    TooMany,
}

impl Refusal {
    /// The status to answer.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed(_) => 400,
            Self::Scheme => 416,
            Self::TooBrief { .. } => 423,
            Self::Late => 500,
            Self::TooMany => 503,
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Malformed(fault)
    }
}

/// Works out what `request` from `peer` does to the `existing` bindings of `owner`. Bindings that
/// are over at `now` count as absent.
///
/// # Errors
/// [`Refusal`]; nothing is changed.
pub fn apply(
    now: Wall,
    owner: &EntryId,
    peer: &Peer,
    request: &Request,
    existing: &[Binding],
    expiry: Expiry,
) -> Result<Outcome, Refusal> {
    let live = existing.iter().filter(|binding| binding.expires > now);
    let mut bindings: Vec<Binding> = live.cloned().collect();
    let asked = match request.headers.contacts()? {
        Contacts::Star => star(now, request, &bindings)?,
        Contacts::List(contacts) => list(now, owner, peer, request, &contacts, expiry)?,
    };
    let mut changes = Vec::new();
    for one in asked {
        let at = bindings.iter().position(|binding| one.means(binding));
        if let Some(at) = at {
            let former = &bindings[at];
            if former.call_id == one.binding.call_id && former.cseq >= one.binding.cseq {
                return Err(Refusal::Late);
            }
        }
        match (at, one.remove) {
            (None, true) => {}
            (Some(at), true) => {
                let gone = bindings.remove(at);
                changes.push(StateChange::Unbound {
                    owner: gone.owner,
                    key: gone.key,
                });
            }
            (Some(at), false) => {
                let former = core::mem::replace(&mut bindings[at], one.binding);
                changes.extend(replaced(&former, &bindings[at]));
            }
            (None, false) => {
                if bindings.len() == BINDINGS_PER_OWNER {
                    return Err(Refusal::TooMany);
                }
                changes.push(StateChange::Bound(one.binding.clone()));
                bindings.push(one.binding);
            }
        }
    }
    Ok(Outcome { changes, bindings })
}

/// The Contact values of the 200 (§10.3 step 8), most preferred first.
#[must_use]
pub fn contact_values(now: Wall, bindings: &[Binding]) -> Vec<String> {
    let mut sorted: Vec<&Binding> = bindings.iter().collect();
    sorted.sort_by_key(|binding| core::cmp::Reverse(binding.q));
    let value = |binding: &Binding| {
        let left = (binding.expires.as_secs() - now.as_secs()).max(0);
        let q = match binding.q {
            1_000 => String::new(),
            q => format!(";q=0.{q:03}"),
        };
        let flow = flow_params(&binding.key);
        format!("<{}>{q}{flow};expires={left}", binding.contact)
    };
    sorted.into_iter().map(value).collect()
}

/// `+sip.instance` and `reg-id` of a binding that has both: phones with several flows find their own
/// binding by them (RFC 5626 §6).
fn flow_params(key: &str) -> String {
    let Some((instance, id)) = key.rsplit_once(';') else {
        return String::new();
    };
    // A contact URI as a key may end like this too, but does not begin with a bracket.
    let legal = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
    let number = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    if !number || !instance.starts_with('<') || !instance.chars().all(legal) {
        return String::new();
    }
    format!(";+sip.instance=\"{instance}\";reg-id={id}")
}

/// One contact of the request.
struct Asked {
    remove: bool,
    /// Whether the key may find a binding with another URI.
    by_key: bool,
    uri: Uri,
    binding: Binding,
}

impl Asked {
    /// Whether `existing` is the binding this contact speaks of: same phone by its instance, or
    /// an equivalent URI (§10.3 step 7).
    fn means(&self, existing: &Binding) -> bool {
        if self.by_key && existing.key == self.binding.key {
            return true;
        }
        existing.contact == self.uri.as_str()
            || Uri::parse(&existing.contact).is_ok_and(|uri| uri.equivalent(&self.uri))
    }
}

/// §10.2.2: `*` removes everything, only with Expires 0.
fn star(now: Wall, request: &Request, bindings: &[Binding]) -> Result<Vec<Asked>, Refusal> {
    if request.headers.expires()? != Some(0) {
        return Err(Refusal::Malformed(Fault::Malformed("Contact")));
    }
    let (call_id, cseq) = sequence(request)?;
    let remove = |binding: &Binding| -> Result<Asked, Refusal> {
        Ok(Asked {
            remove: true,
            by_key: true,
            uri: Uri::parse(&binding.contact)?,
            binding: Binding {
                call_id: call_id.clone(),
                cseq,
                expires: now,
                ..binding.clone()
            },
        })
    };
    bindings.iter().map(remove).collect()
}

fn list(
    now: Wall,
    owner: &EntryId,
    peer: &Peer,
    request: &Request,
    contacts: &[NameAddr],
    expiry: Expiry,
) -> Result<Vec<Asked>, Refusal> {
    if contacts.len() > BINDINGS_PER_OWNER {
        return Err(Refusal::TooMany);
    }
    // §10.2.1.1: a malformed Expires counts as the default.
    let wished = request.headers.expires().unwrap_or(None);
    let common = common(now, owner, peer, request)?;
    let mut asked = Vec::with_capacity(contacts.len());
    for contact in contacts {
        if !matches!(contact.uri.scheme(), Scheme::Sip | Scheme::Sips) {
            return Err(Refusal::Scheme);
        }
        if contact.uri.as_str().len() > PARTY_TEXT_MAX {
            return Err(Refusal::Malformed(Fault::TooLong));
        }
        let wish = contact.expires().or(wished);
        let seconds = granted(wish, expiry)?;
        let key = key_of(contact, contacts.len() == 1);
        asked.push(Asked {
            remove: seconds == 0,
            by_key: key.is_some(),
            uri: contact.uri.clone(),
            binding: Binding {
                key: key.unwrap_or_else(|| contact.uri.as_str().to_owned()),
                contact: contact.uri.as_str().to_owned(),
                expires: now.plus(Duration::from_secs(u64::from(seconds))),
                q: contact.q().unwrap_or(1_000),
                ..common.clone()
            },
        });
    }
    Ok(asked)
}

/// What all contacts of a request share.
fn common(now: Wall, owner: &EntryId, peer: &Peer, request: &Request) -> Result<Binding, Refusal> {
    let (call_id, cseq) = sequence(request)?;
    let path: Vec<String> = request
        .headers
        .path()?
        .iter()
        .map(ToString::to_string)
        .collect();
    if path.len() > PATH_MAX || path.iter().any(|element| element.len() > PARTY_TEXT_MAX) {
        return Err(Refusal::Malformed(Fault::TooManyValues));
    }
    let agent = request.headers.get(&HeaderName::UserAgent).unwrap_or("");
    Ok(Binding {
        owner: owner.clone(),
        key: String::new(),
        contact: String::new(),
        path,
        source: peer.remote,
        local: peer.local,
        transport: peer.transport,
        flow: peer.flow,
        call_id,
        cseq,
        expires: now,
        user_agent: cut(agent).to_owned(),
        q: 1_000,
    })
}

fn sequence(request: &Request) -> Result<(String, u32), Refusal> {
    let call_id = request.headers.call_id()?;
    if call_id.len() > PARTY_TEXT_MAX {
        return Err(Refusal::Malformed(Fault::TooLong));
    }
    Ok((call_id.to_owned(), request.headers.cseq()?.number))
}

/// §10.3 step 7: 0 removes, too short is refused, too long is cut.
fn granted(wish: Option<u32>, expiry: Expiry) -> Result<u32, Refusal> {
    match wish {
        None => Ok(expiry.default_s),
        Some(0) => Ok(0),
        Some(seconds) if seconds < expiry.min_s => Err(Refusal::TooBrief {
            min_s: expiry.min_s,
        }),
        Some(seconds) => Ok(seconds.min(expiry.max_s)),
    }
}

/// What makes the phone the same after it moved: its instance with the number of the flow
/// (RFC 5626 §6). An instance alone serves only where it is not shared by several contacts of the
/// request, as when a phone takes its old address back in the same breath.
fn key_of(contact: &NameAddr, alone: bool) -> Option<String> {
    let instance = contact.params.get_unquoted("+sip.instance")?;
    if instance.is_empty() || instance.len() > PARTY_TEXT_MAX {
        return None;
    }
    match contact.params.get("reg-id") {
        Some(id) => {
            let digits = !id.is_empty() && id.len() <= 10 && id.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| format!("{instance};{id}"))
        }
        None => alone.then_some(instance),
    }
}

/// The changes from one binding to the next of the same phone.
fn replaced(former: &Binding, next: &Binding) -> Vec<StateChange> {
    if former.key != next.key {
        let gone = StateChange::Unbound {
            owner: former.owner.clone(),
            key: former.key.clone(),
        };
        return vec![gone, StateChange::Bound(next.clone())];
    }
    let as_before = Binding {
        call_id: former.call_id.clone(),
        cseq: former.cseq,
        expires: former.expires,
        ..next.clone()
    };
    if as_before == *former {
        vec![StateChange::Refreshed(next.clone())]
    } else {
        vec![StateChange::Bound(next.clone())]
    }
}

/// At most `PARTY_TEXT_MAX` bytes of `text`, whole characters.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(PARTY_TEXT_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests;
