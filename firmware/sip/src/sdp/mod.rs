//! Session descriptions (RFC 8866), read leniently and written exactly, and offer/answer for
//! audio (RFC 3264): codecs with telephone events, hold, protection (RFC 4568, RFC 5763), refused
//! media in their places.

mod answer;
mod crypto;
mod dtls;
mod format;
mod media;
mod offer;
mod read;
mod session;
mod write;

#[cfg(test)]
mod tests;

pub use answer::{Agreed, SdpRefusal, Shield, accept_answer, agree, answer};
pub use crypto::SUITES;
pub use dtls::{OurDtls, TheirIce};
pub use media::{Attribute, Direction, Media, Profile, Word};
pub use offer::{Ours, Plain, offer, offer_again};
pub use read::{SdpFault, parse};
pub use session::{Origin, Session};
