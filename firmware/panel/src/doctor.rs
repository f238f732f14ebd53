//! The line doctor. A part of what the panel asks of the exchange.

use model::Wall;

use crate::{
    api::{EvidenceList, PortHistory, PortList},
    archive::Sound,
    exchange::{Author, Refusal},
};

/// Analog ports, seen from the panel. Every method may block.
pub trait Doctor: Send + Sync + 'static {
    /// How the ports are now.
    ///
    /// # Errors
    /// [`Refusal::Busy`].
    fn ports(&self) -> Result<PortList, Refusal>;

    /// Samples of a port from before `before`, newest first, at most `limit`. A port that is not there
    /// has none.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn port_history(&self, port: &str, before: Wall, limit: u16) -> Result<PortHistory, Refusal>;

    /// The hang-ups of a line whose sound is kept, newest first.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn evidence(&self, port: &str) -> Result<EvidenceList, Refusal>;

    /// The sound of the last seconds before a hang-up.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    fn evidence_sound(&self, id: u64) -> Result<Sound, Refusal>;

    /// Says that it was no hang-up: it is counted, and its tone is not believed any more. Once is enough,
    /// and a second time is no error.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Busy`].
    fn mark_false(&self, by: &Author, id: u64) -> Result<(), Refusal>;
}
