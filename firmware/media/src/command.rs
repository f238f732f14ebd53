//! What the plane is told: the control plane's commands, with the objects they need built already.

use model::{Digit, MediaLeg, Route, RtpParams};

use crate::{PortLeg, RtpLeg};

/// A [`model::MediaCommand`] that brings its objects along, so that the plane never allocates.
/// Commands about pairs of ports end in the engine and never come here.
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
    /// See [`model::MediaCommand::SetRtp`].
    SetRtp {
        /// An RTP leg.
        leg: MediaLeg,
        /// Replaces the former parameters as a whole.
        params: RtpParams,
    },
    /// See [`model::MediaCommand::SetRoute`].
    SetRoute {
        /// The leg.
        leg: MediaLeg,
        /// Replaces the former route.
        route: Route,
    },
    /// See [`model::MediaCommand::SendDigit`].
    SendDigit {
        /// The leg.
        leg: MediaLeg,
        /// The key.
        digit: Digit,
        /// How long, in ms: 40–6000.
        ms: u16,
    },
    /// See [`model::MediaCommand::RemoveLeg`].
    RemoveLeg {
        /// The leg.
        leg: MediaLeg,
    },
}
