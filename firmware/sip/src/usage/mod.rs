//! Calls: what an INVITE starts and a BYE ends (RFC 3261 §13 to §15), with the session between.
//!
//! The data of a call is here; what happens to it is in one file per matter, each a part of the
//! agent, because nearly every step of a call also sends something.

mod ack;
mod end;
mod inbound;
mod incoming;
mod lookup;
mod modify;
mod offer;
mod outgoing;
mod prack;
mod session_timer;
mod user;

use crate::{
    HeaderName, Headers, Method, NameAddr, Peer, Request,
    agent::{Head, is_sdp},
    dialog::Dialog,
    transaction::{ClientKey, ServerKey},
};
pub(crate) use ack::PendingAck;
pub(crate) use incoming::Incoming;
pub use lookup::DialogId;
pub(crate) use modify::{Modification, Queued, Waiting};
pub(crate) use offer::{Negotiation, OurOffer, TheirOffer, Verdict};
pub(crate) use outgoing::Outgoing;
pub(crate) use prack::Reliable;
pub(crate) use session_timer::SessionTimer;

/// A call of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageKey(pub(crate) u64);

/// How far a call is.
#[derive(Debug)]
pub(crate) enum Phase {
    /// We sent the INVITE; no 2xx yet.
    Outgoing(Outgoing),
    /// We were sent the INVITE; no 2xx yet.
    Incoming(Incoming),
    /// A 2xx was sent or received.
    Established,
}

/// A call.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) call_id: Box<str>,
    /// Value of From in our requests: our URI and tag.
    pub(crate) local: Box<str>,
    pub(crate) local_tag: Box<str>,
    /// Value of our Contact.
    pub(crate) contact: Box<str>,
    /// Where our requests go: whence the peer's last message of this dialog came.
    pub(crate) peer: Peer,
    /// Whether we sent the INVITE, and so own the Call-ID (§14.1).
    pub(crate) is_caller: bool,
    /// The dialog; `None` for a caller until the 2xx chooses one.
    pub(crate) dialog: Option<Dialog>,
    pub(crate) phase: Phase,
    pub(crate) negotiation: Negotiation,
    /// A request of the peer that waits for `accept_offer` or `reject_offer`.
    pub(crate) waiting: Option<Waiting>,
    /// Our last session description, for refreshes.
    pub(crate) local_sdp: Vec<u8>,
    /// An offer that cannot go out yet.
    pub(crate) queued: Option<Queued>,
    /// The re-INVITE or UPDATE of ours that is under way.
    pub(crate) modification: Option<Modification>,
    /// The 2xx that waits for its ACK.
    pub(crate) pending_ack: Option<PendingAck>,
    /// The INVITE whose 2xx brought an offer: its ACK waits for our answer.
    pub(crate) late_ack: Option<ClientKey>,
    /// Whether the peer's Allow names UPDATE.
    pub(crate) peer_updates: bool,
    pub(crate) timer: SessionTimer,
    /// Headers that the user adds to all our messages of this call.
    pub(crate) extra: Headers,
    /// The user ended the call and was told so; only the wire still has to learn of it.
    pub(crate) over: Option<Option<crate::Reason>>,
}

impl Usage {
    /// The call that an INVITE from a peer starts.
    pub(crate) fn incoming(
        server: ServerKey,
        head: Head,
        request: &Request,
        from: &NameAddr,
        to: &NameAddr,
        (call_id, tag, contact): (&str, &str, &str),
        (cseq, first_cseq): (u32, u32),
        peer: Peer,
    ) -> Self {
        let has_offer = !request.body.is_empty() && is_sdp(&request.headers);
        Self {
            call_id: call_id.into(),
            local: to.clone().with_tag(tag).text().into(),
            local_tag: tag.into(),
            contact: contact.into(),
            peer,
            is_caller: false,
            dialog: Some(Dialog::of_request(&request.headers, from, cseq, first_cseq)),
            phase: Phase::Incoming(Incoming::new(server, head, cseq, &request.headers)),
            negotiation: if has_offer {
                Negotiation::Theirs(TheirOffer::Initial)
            } else {
                Negotiation::Fresh
            },
            waiting: None,
            local_sdp: Vec::new(),
            queued: None,
            modification: None,
            pending_ack: None,
            late_ack: None,
            peer_updates: allows_update(&request.headers),
            timer: SessionTimer::default(),
            extra: Headers::new(),
            over: None,
        }
    }

    /// Whether a request with this From tag belongs to the call.
    pub(crate) fn has_remote_tag(&self, tag: &str) -> bool {
        match (&self.dialog, &self.phase) {
            (Some(dialog), _) => *dialog.remote_tag == *tag,
            (None, Phase::Outgoing(outgoing)) => outgoing.fork(tag).is_some(),
            (None, Phase::Incoming(_) | Phase::Established) => false,
        }
    }

    /// Whether it is an incoming call without an answer.
    pub(crate) const fn is_ringing_here(&self) -> bool {
        matches!(self.phase, Phase::Incoming(_))
    }

    /// A request in the dialog, or in the only early one whose session is settled.
    pub(crate) fn request_early(&mut self, method: Method) -> Option<Request> {
        if self.dialog.is_none()
            && let Phase::Outgoing(outgoing) = &mut self.phase
        {
            let dialog = outgoing.settled_fork()?;
            let number = dialog.sequence.next_local();
            let mut request = dialog.request(method, number, &self.local, &self.call_id);
            request.headers.push(HeaderName::Contact, &*self.contact);
            return Some(request);
        }
        self.request(method, None)
    }

    /// A request in the dialog with the next CSeq, or with `cseq`; `None` before there is a dialog.
    /// Contact goes into those that refresh the target.
    pub(crate) fn request(&mut self, method: Method, cseq: Option<u32>) -> Option<Request> {
        let dialog = self.dialog.as_mut()?;
        let number = cseq.unwrap_or_else(|| dialog.sequence.next_local());
        let refreshes = matches!(method, Method::Invite | Method::Update);
        let mut request = dialog.request(method, number, &self.local, &self.call_id);
        if refreshes {
            request.headers.push(HeaderName::Contact, &*self.contact);
        }
        request.headers.copy_all(&self.extra);
        Some(request)
    }
}

/// Whether Allow names UPDATE (RFC 3311 §4).
pub(crate) fn allows_update(headers: &Headers) -> bool {
    headers.allow().any(|method| method == "UPDATE")
}

/// The type of a session description.
pub(crate) const SDP: &str = "application/sdp";
