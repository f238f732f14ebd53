//! Session descriptions (RFC 8866), read leniently and written exactly, and offer/answer for
//! audio (RFC 3264): G.711 with telephone events, hold, refused media in their places.

mod answer;
mod media;
mod read;
mod session;
mod write;

#[cfg(test)]
mod tests;

pub use answer::{Agreed, Ours, SdpRefusal, accept_answer, answer, offer, offer_again};
pub use media::{Attribute, Direction, Media};
pub use read::{SdpFault, parse};
pub use session::{Origin, Session};
