//! A simulated outside line: an FXO port, the carrier's exchange behind it, and a far party who calls,
//! is called, talks and hangs up.

mod aon;
mod audio;
mod carrier;
mod control;
mod copper;
mod far;
mod noise;
mod plan;
mod rules;

pub use aon::Aon;
pub use audio::LineAudio;
pub use carrier::Carrier;
pub use control::LineControl;
pub use far::LineReport;
pub use rules::{CarrierRules, CarrierTones, Disconnect, Fate, LineFaults, LineSettings};

pub(crate) use carrier::CarrierLinks;
pub(crate) use copper::{CONTACT_RING, Contact, Copper, FACT_RING, LINE_SOUND_RING};
