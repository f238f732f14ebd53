//! The state of offer and answer of one session: RFC 3264 §4, RFC 3261 §14, RFC 3311 §5, RFC 6337.

use crate::transaction::{ClientKey, ServerKey};

/// Who waits for whom. At most one offer is under way at any time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Negotiation {
    /// No description was exchanged yet.
    #[default]
    Fresh,
    /// Our offer is out.
    Ours(OurOffer),
    /// The peer's offer waits for our answer.
    Theirs(TheirOffer),
    /// Both sides agree; a new offer may be made.
    Settled,
}

/// How our offer went out, and so where its answer will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OurOffer {
    /// In the initial INVITE: answered by a 1xx or the 2xx.
    Initial,
    /// In a reliable 1xx to an INVITE without SDP: answered in the PRACK (RFC 3262 §5).
    InProvisional,
    /// In a 2xx to an INVITE without SDP: answered in the ACK.
    InAnswer,
    /// In a re-INVITE or UPDATE of ours.
    Request(ClientKey),
}

/// How the peer's offer came, and so where our answer must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TheirOffer {
    /// In the initial INVITE: answered by `ring` or `answer`.
    Initial,
    /// In the 2xx to our INVITE without SDP: answered in the ACK.
    InAnswer,
    /// In a request inside the dialog: answered in its response.
    Request(ServerKey),
    /// A re-INVITE without SDP: our 2xx carries an offer of ours.
    Wanted(ServerKey),
}

/// What to say to an offer of the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may be looked at.
    Welcome,
    /// Both sides offer at once: 491 (RFC 3261 §14.2, RFC 3311 §5.2).
    Glare,
    /// Its predecessor is not yet answered: 500 with Retry-After (RFC 3261 §14.2, RFC 3311 §5.2).
    TooEarly,
}

impl Negotiation {
    /// What to say to an offer that comes now.
    pub(crate) const fn judge(&self) -> Verdict {
        match self {
            Self::Fresh | Self::Settled => Verdict::Welcome,
            Self::Ours(_) => Verdict::Glare,
            Self::Theirs(_) => Verdict::TooEarly,
        }
    }

    /// Whether a re-INVITE, UPDATE or PRACK with an offer is under way.
    pub(crate) const fn is_request(&self) -> bool {
        match self {
            Self::Ours(OurOffer::Request(_))
            | Self::Theirs(TheirOffer::Request(_) | TheirOffer::Wanted(_)) => true,
            Self::Fresh
            | Self::Settled
            | Self::Ours(OurOffer::Initial | OurOffer::InProvisional | OurOffer::InAnswer)
            | Self::Theirs(TheirOffer::Initial | TheirOffer::InAnswer) => false,
        }
    }

    /// Whether we may make an offer now.
    pub(crate) const fn is_settled(&self) -> bool {
        match self {
            Self::Settled => true,
            Self::Fresh | Self::Ours(_) | Self::Theirs(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_offer_at_a_time() {
        let ours = Negotiation::Ours(OurOffer::Request(ClientKey(1)));
        let theirs = Negotiation::Theirs(TheirOffer::Initial);
        assert_eq!(Negotiation::Settled.judge(), Verdict::Welcome);
        assert_eq!(ours.judge(), Verdict::Glare);
        assert_eq!(theirs.judge(), Verdict::TooEarly);
        assert!(Negotiation::Settled.is_settled());
        assert!(!Negotiation::Fresh.is_settled() && !ours.is_settled() && !theirs.is_settled());
    }
}
