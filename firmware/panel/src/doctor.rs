//! The line doctor. A part of what the panel asks of the exchange.

use model::Wall;

use crate::{
    api::{PortHistory, PortList},
    exchange::Refusal,
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
}
