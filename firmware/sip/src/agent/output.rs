//! What the agent says to its user, and what the user says to start a call.

use crate::{
    Headers, NameAddr, Peer, Request, Response, Uri,
    transaction::{ClientKey, ServerKey},
    usage::UsageKey,
};

/// What an [`Agent`](crate::Agent) wants done or known.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "outputs are taken at once, few of them ever wait; a box would be one more allocation a request"
)]
pub enum Output {
    /// Bytes of one message go to a peer: a datagram, or written to the peer's flow. Over TCP without
    /// a flow (a request too long for a datagram): to any connection to the peer, to be made if there
    /// is none; [`Agent::stream_failed`](crate::Agent::stream_failed) says that it cannot be had.
    Send {
        /// Where to.
        peer: Peer,
        /// The whole message.
        bytes: Vec<u8>,
    },
    /// A request outside every usage that the user must answer with
    /// [`Agent::respond`](crate::Agent::respond): REGISTER, OPTIONS, SUBSCRIBE, MESSAGE and so on; or an
    /// INVITE, which [`Agent::admit`](crate::Agent::admit) makes a call of (an SDP offer is in its body,
    /// or none if we shall offer).
    Request {
        /// To answer with.
        server: ServerKey,
        /// The request; its top Via already carries `received` and `rport`.
        request: Request,
        /// Who sent it.
        peer: Peer,
    },
    /// Something happened in a call.
    Usage {
        /// The call.
        usage: UsageKey,
        /// What happened.
        event: UsageEvent,
    },
    /// A request of [`Agent::request`](crate::Agent::request) was answered or came to nothing.
    Response {
        /// The key that `request` gave.
        client: ClientKey,
        /// What came. After a final response, a timeout or a failure nothing more comes.
        outcome: Outcome,
    },
}

/// What came of a request.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A provisional or final response.
    Response(Response),
    /// No final response in 64·T1.
    Timeout,
    /// The request could not be sent or its connection broke.
    TransportFailed,
}

/// What happened in a call. [`UsageEvent::Ended`] comes exactly once and last for every usage,
/// also when the user itself ended it.
#[derive(Clone, Debug)]
pub enum UsageEvent {
    /// Outgoing call: 180 without SDP; the caller shall hear ringing.
    Ringing,
    /// Outgoing call: 181, 182, 183 without SDP, 199 and so on.
    Progress {
        /// The status, 101 to 199.
        status: u16,
    },
    /// Outgoing call: 18x with SDP. Only the first fork that has SDP is reported, so that two early
    /// media streams never mix; a change of its SDP is reported again.
    EarlyMedia {
        /// The SDP as it came.
        sdp: Vec<u8>,
        /// The status, 180 to 189.
        status: u16,
    },
    /// Outgoing call: 2xx. It is acknowledged already, unless `invite` had no offer: then `sdp`
    /// is the peer's offer and [`Agent::accept_offer`](crate::Agent::accept_offer) sends the ACK.
    Answered {
        /// The SDP of the 2xx, or the one that the same fork gave earlier.
        sdp: Option<Vec<u8>>,
        /// The headers of the 2xx: Contact, P-Asserted-Identity, Allow and so on.
        headers: Box<Headers>,
    },
    /// The peer changes the session by re-INVITE, UPDATE or PRACK; answer with
    /// [`Agent::accept_offer`](crate::Agent::accept_offer) or
    /// [`Agent::reject_offer`](crate::Agent::reject_offer).
    Offer {
        /// The offer; `None` if the peer asks us to make it (a re-INVITE without SDP).
        sdp: Option<Vec<u8>>,
    },
    /// The peer answered an offer of ours: one of [`Agent::offer`](crate::Agent::offer), or one
    /// that we put into a 2xx.
    AnswerToOurOffer {
        /// The answer.
        sdp: Vec<u8>,
    },
    /// The peer refused an offer of ours; the session goes on as it was (RFC 6141). Glare (491) is
    /// not told: the agent tries again itself.
    OfferRefused {
        /// The refusing status, 300 to 699.
        status: u16,
    },
    /// An offer may be made now that was asked for by [`Agent::ask_turn`](crate::Agent::ask_turn), or that
    /// had to wait and does not fit what was agreed on meanwhile.
    OfferTurn,
    /// Incoming call: the ACK of our 2xx came.
    Confirmed,
    /// Incoming call: the caller gave up before the answer. `Ended` follows at once.
    Cancelled,
    /// An INFO came and was answered with 200.
    Info {
        /// Its Content-Type, lower case without parameters; empty if it has none.
        content_type: String,
        /// Its body.
        body: Vec<u8>,
    },
    /// Another request inside the dialog (REFER, NOTIFY, MESSAGE, …); answer it with
    /// [`Agent::respond`](crate::Agent::respond).
    Request {
        /// To answer with.
        server: ServerKey,
        /// The request.
        request: Box<Request>,
    },
    /// The call is over; its key means nothing any more.
    Ended {
        /// How it ended.
        how: How,
        /// The Q.850 cause of a Reason header that came with the end.
        q850: Option<u16>,
    },
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum How {
    /// We ended it: `hang_up`, `cancel` or `reject`.
    Local,
    /// The peer sent BYE.
    Bye,
    /// The peer sent CANCEL before our answer.
    Cancelled {
        /// The status of a `Reason: SIP;cause=` header; 200 means answered elsewhere.
        sip_cause: Option<u16>,
    },
    /// The peer refused our INVITE.
    Refused {
        /// 300 to 699.
        status: u16,
        /// The peer's reason phrase.
        reason: String,
        /// The headers of the refusal: challenges, Contact of a redirection, Retry-After, Warning.
        headers: Box<Headers>,
    },
    /// The peer did not answer a request in 64·T1.
    Timeout,
    /// The connection broke or nothing could be sent.
    TransportFailed,
    /// Nobody refreshed the session (RFC 4028 §10).
    SessionExpired,
    /// The ACK of our 2xx never came (RFC 3261 §13.3.1.4).
    AckMissing,
    /// The PRACK of our reliable provisional response never came (RFC 3262 §3).
    PrackMissing,
    /// The peer says that it does not know the dialog (481, RFC 3261 §12.2.1.2).
    UnknownToPeer,
}

/// Why a limit or a key made a call to the agent impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// `limits::SIP_TRANSACTIONS` or `limits::SIP_DIALOGS` is reached.
    #[error("too many SIP transactions or dialogs at once")]
    Full,
    /// The key belongs to nothing that lives, or the state of it does not allow this.
    #[error("the call or transaction is not in a state for this")]
    NotNow,
}

/// What an outgoing call is made of.
#[derive(Clone, Debug)]
pub struct InviteParams {
    /// Where the INVITE goes.
    pub peer: Peer,
    /// The request URI.
    pub request_uri: Uri,
    /// The caller as the peer shall see it; the agent adds the tag.
    pub from: NameAddr,
    /// The called party.
    pub to: NameAddr,
    /// Our Contact value; `None` for one made of the advertised address.
    pub contact: Option<NameAddr>,
    /// The preloaded route set (Path of a registration, outbound proxy), first hop first.
    pub route: Vec<NameAddr>,
    /// Headers added to the INVITE: identity, privacy, Alert-Info, Authorization and so on.
    pub headers: Headers,
    /// Our SDP offer; `None` to let the peer offer.
    pub offer: Option<Vec<u8>>,
    /// Max-Forwards; 70 for a call that starts here, one less than came in for one passed on.
    pub max_forwards: u8,
}
