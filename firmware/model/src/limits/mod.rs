//! Every capacity of the exchange, in one place. Reaching one is a counted, tested event: the
//! request is refused with a clear answer and nothing else suffers.
//!
//! One file an area; `office` holds what an administrator would recognise.

mod line;
mod media;
mod office;
mod sip;
mod store;

pub use line::*;
pub use media::*;
pub use office::*;
pub use sip::*;
pub use store::*;
