//! What the plane is told: the control plane's commands, with the objects they need built already.

use model::{MediaCommand, MediaLeg};

use crate::{PortLeg, RtpLeg};

/// A [`MediaCommand`] with the objects that it needs, so that the plane never allocates.
#[derive(Debug)]
pub enum PlaneCommand {
    /// A leg that speaks RTP; silent until `SetRtp`.
    AddRtpLeg {
        /// A free slot.
        leg: MediaLeg,
        /// Made by [`RtpLeg::boxed`].
        object: Box<RtpLeg>,
    },
    /// A leg that is a port of the board.
    AddPortLeg {
        /// A free slot.
        leg: MediaLeg,
        /// Made by [`PortLeg::boxed`].
        object: Box<PortLeg>,
    },
    /// A command that needs no object, as it is. One that does is refused and counted.
    Plain(MediaCommand),
}

impl From<MediaCommand> for PlaneCommand {
    fn from(command: MediaCommand) -> Self {
        Self::Plain(command)
    }
}
