//! The `[[tables]]` of the text: one file a kind. Each entry has an immutable `id`, added on import.

mod analog;
mod conference;
mod device;
mod line;
mod music;
mod outside;
mod person;
mod prompt;
mod schedule;
mod sound;
mod trunk;

pub use analog::Analog;
pub use conference::Conference;
pub use device::Device;
pub use line::{HangUpSign, Line, LineCallerId, LineDialling, LineFlash};
pub use music::Music;
pub use outside::OutsideNumber;
pub use person::{Person, Recording, Role};
pub use prompt::Prompt;
pub use schedule::{Hours, Schedule};
pub use trunk::{Trunk, TrunkTransport};
