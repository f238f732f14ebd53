//! The line doctor. A part of what the panel asks of the exchange.

use model::Wall;

use crate::{
    api::{EvidenceList, PortHistory, PortList, SetTest},
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

    /// Has a line searched for the impedance that balances it best, as soon as it is idle.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::State`] when its port has only one, [`Refusal::Busy`].
    fn balance(&self, by: &Author, port: &str) -> Result<(), Refusal>;

    /// Has the lifeline of a line tested, as soon as the line and the set are idle.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::State`] when it has none; [`Refusal::Busy`].
    fn test_lifeline(&self, by: &Author, port: &str) -> Result<(), Refusal>;

    /// Says that it was no hang-up: it is counted, and its tone is not believed any more. Once is enough,
    /// and a second time is no error.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::Busy`].
    fn mark_false(&self, by: &Author, id: u64) -> Result<(), Refusal>;

    /// Rings the set on a port with every way of caller ID, one after the other, if `begin`; how far that
    /// is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for a port without a set, [`Refusal::State`] `set_in_use` for one that cannot
    /// be rung now, [`Refusal::Busy`].
    fn test_set(&self, port: &str, begin: bool) -> Result<SetTest, Refusal>;

    /// Writes into the configuration by which way the set on a port is told who calls. One that is there already is
    /// no error and no new version.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the configuration has no set there; [`Refusal::Field`] for a way that is none;
    /// what saving a configuration is refused for.
    fn set_caller_id(&self, by: &Author, port: &str, way: &str) -> Result<(), Refusal>;

    /// Whoever keeps the messages of a set with this extension says how many wait.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] if no set has it, [`Refusal::Busy`].
    fn set_messages(&self, number: &str, messages: u8) -> Result<(), Refusal>;
}
