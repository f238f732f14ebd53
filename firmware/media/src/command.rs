//! What the plane is told: the control plane's commands, with the objects they need built already.

use model::{MediaCommand, MediaLeg};

use crate::{Keys, PortLeg, RtpLeg};

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
    /// Keys from signalling or from a handshake; see [`MediaCommand::SetKeys`].
    SetKeys {
        /// An RTP leg.
        leg: MediaLeg,
        /// Made by [`Keys::boxed`].
        keys: Box<Keys>,
    },
    /// A command that needs no object, as it is. One that does is refused and counted.
    Plain(MediaCommand),
}

impl From<MediaCommand> for PlaneCommand {
    /// Called by the media helper, which may allocate: keys come in a box.
    fn from(command: MediaCommand) -> Self {
        match command {
            MediaCommand::SetKeys { leg, send, receive } => Self::SetKeys {
                leg,
                keys: Keys::boxed(&send, &receive),
            },
            command => Self::Plain(command),
        }
    }
}
