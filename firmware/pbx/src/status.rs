//! SIP statuses and causes, each in terms of the other (RFC 3398 §7.2.4.1 and §8.2.6.1).

use model::Cause;
use sip::How;

/// The final response that tells a caller why the call came to nothing.
pub(crate) const fn status_of(cause: Cause) -> u16 {
    match cause {
        Cause::Busy => 486,
        Cause::NoAnswer | Cause::Unreachable | Cause::PeerLost | Cause::Removed => 480,
        Cause::Rejected => 603,
        Cause::NotFound => 404,
        Cause::Forbidden => 403,
        Cause::NotAcceptable | Cause::Unprotected => 488,
        Cause::BadNumber => 484,
        Cause::Congestion | Cause::Stopping | Cause::PowerLost => 503,
        Cause::Normal
        | Cause::Cancelled
        | Cause::ElsewhereAnswered
        | Cause::Administrator
        | Cause::Moderator => 487,
        Cause::ProtocolError | Cause::Internal => 500,
    }
}

/// What a phone's refusal means.
pub(crate) const fn cause_of(status: u16) -> Cause {
    match status {
        486 | 600 => Cause::Busy,
        401 | 403 | 407 | 603 | 607 | 608 => Cause::Rejected,
        408 => Cause::PeerLost,
        487 => Cause::Cancelled,
        406 | 415 | 488 | 606 => Cause::NotAcceptable,
        500 | 502..=599 => Cause::Congestion,
        400 | 405 | 413 | 414 | 416 | 420 | 421 | 482 | 483 | 493 | 501 => Cause::ProtocolError,
        _ => Cause::Unreachable,
    }
}

/// Why a usage ended, and the status that said so.
pub(crate) const fn cause_of_end(how: &How) -> (Cause, Option<u16>) {
    match how {
        How::Local | How::Bye => (Cause::Normal, None),
        How::Cancelled { .. } => (Cause::Cancelled, None),
        How::Refused { status, .. } => (cause_of(*status), Some(*status)),
        How::Timeout | How::TransportFailed | How::SessionExpired => (Cause::PeerLost, None),
        How::AckMissing | How::PrackMissing | How::UnknownToPeer => (Cause::PeerLost, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_hears_of_a_refusal_is_what_the_phone_meant() {
        for status in [486, 603, 488, 480] {
            assert_eq!(status_of(cause_of(status)), status);
        }
        for cause in Cause::ALL {
            assert!((400..700).contains(&status_of(cause)), "{cause:?}");
        }
    }
}
