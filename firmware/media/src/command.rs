//! What the plane is told: the control plane's commands, with the objects they need built already.

use dsp::denoise::Denoise;
use model::{ClipId, MediaCommand, MediaLeg, RtpParams, VoiceOptions};

use crate::{Clip, Codecs, Keys, Paths, PortLeg, RtpLeg};

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
    /// See [`MediaCommand::SetRtp`].
    SetRtp {
        /// An RTP leg.
        leg: MediaLeg,
        /// Replaces the former parameters as a whole.
        params: RtpParams,
        /// Made by [`Codecs::boxed`] of them.
        codecs: Box<Codecs>,
    },
    /// Keys from signalling or from a handshake; see [`MediaCommand::SetKeys`].
    SetKeys {
        /// An RTP leg.
        leg: MediaLeg,
        /// Made by [`Keys::boxed`].
        keys: Box<Keys>,
    },
    /// See [`MediaCommand::SetIce`].
    SetIce {
        /// An RTP leg.
        leg: MediaLeg,
        /// Made by [`Paths::boxed`].
        paths: Box<Paths>,
    },
    /// See [`MediaCommand::SetVoice`].
    SetVoice {
        /// Whose voice.
        leg: MediaLeg,
        /// Replaces the former options.
        options: VoiceOptions,
        /// What takes the noise out, if that is wished.
        denoise: Option<Box<Denoise>>,
    },
    /// A clip that can be played from now on: answered by `ClipReady` or `ClipFailed`.
    AddClip {
        /// Which.
        clip: ClipId,
        /// Made by [`Clip::boxed`].
        object: Box<Clip>,
    },
    /// A command that needs no object, as it is. One that does is refused and counted.
    Plain(MediaCommand),
}

impl From<MediaCommand> for PlaneCommand {
    /// Called where memory may be asked for: codecs, keys, paths and filters come in a box. Without
    /// memory for codecs the command stays as it is, which the plane refuses and counts.
    fn from(command: MediaCommand) -> Self {
        match command {
            MediaCommand::SetKeys { leg, send, receive } => Self::SetKeys {
                leg,
                keys: Keys::boxed(&send, &receive),
            },
            MediaCommand::SetIce { leg, ice, begins } => Self::SetIce {
                leg,
                paths: Paths::boxed(ice, begins),
            },
            MediaCommand::SetRtp { leg, params } => match Codecs::boxed(&params) {
                Some(codecs) => Self::SetRtp {
                    leg,
                    params,
                    codecs,
                },
                None => Self::Plain(command),
            },
            MediaCommand::SetVoice { leg, options } => Self::SetVoice {
                leg,
                options,
                denoise: options.denoise.then(|| Denoise::boxed(dsp::RATE_HZ)),
            },
            command => Self::Plain(command),
        }
    }
}
