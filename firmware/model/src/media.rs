//! All that crosses between control plane and media plane. Plain data: the media plane can later
//! live in a process of its own.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{BridgeId, Codec, Digit, MediaFigures, MediaLeg, PairId, PortId, ToneSpec};

/// Numbers a new RTP session starts from, drawn by the control plane (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtpIdentity {
    /// Synchronisation source.
    pub ssrc: u32,
    /// First sequence number.
    pub seq: u16,
    /// First timestamp.
    pub timestamp: u32,
}

/// Whether an address other than that of the SDP may become the far end (design §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Learn {
    /// No: the SDP address is the signalling source's, packets come from exactly it.
    Never,
    /// A NAT is seen: from this address only, one SSRC, three consecutive packets, within 5 s of
    /// this command.
    From(IpAddr),
}

/// How a leg speaks RTP after an offer/answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RtpParams {
    /// Where RTP goes: the proven address of the far end's SDP; `None` until known.
    pub remote: Option<SocketAddr>,
    /// Where RTCP goes; `None` = nowhere.
    pub remote_rtcp: Option<SocketAddr>,
    /// Whether another source may be learned.
    pub learn: Learn,
    /// The codec in both directions.
    pub codec: Codec,
    /// Payload type that we send (the far end's numbering).
    pub pt_out: u8,
    /// Payload type that we expect (our numbering).
    pub pt_in: u8,
    /// Payload type of telephone events that we send (RFC 4733), if the far end takes them.
    pub event_pt_out: Option<u8>,
    /// Payload type of telephone events that we expect.
    pub event_pt_in: Option<u8>,
    /// Packet time that we send, in ms: 10, 20, 30, 40 or 60.
    pub ptime_ms: u8,
    /// Whether we send sound (SDP direction).
    pub send: bool,
    /// Whether what comes is heard (SDP direction).
    pub receive: bool,
}

/// What a leg hears and who hears it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// Nothing, nobody.
    #[default]
    Silence,
    /// A tone; nobody hears the leg.
    Tone(ToneSpec),
    /// Itself: the echo test.
    Echo,
    /// All others of the bridge. Two legs with the same codec and packet time are relayed.
    Bridge(BridgeId),
}

/// A wish of the control plane. Commands are executed in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaCommand {
    /// A leg that speaks RTP on this pair of ports. Silent until `SetRtp`.
    AddRtpLeg {
        /// A free slot.
        leg: MediaLeg,
        /// A pair announced by `PairReady`; used up by this.
        pair: PairId,
        /// Where its numbers start.
        identity: RtpIdentity,
    },
    /// A leg that is an analog port.
    AddPortLeg {
        /// A free slot.
        leg: MediaLeg,
        /// The jack.
        port: PortId,
    },
    /// A first or new offer/answer outcome.
    SetRtp {
        /// An RTP leg.
        leg: MediaLeg,
        /// Replaces the former parameters as a whole.
        params: RtpParams,
    },
    /// What the leg hears from now on.
    SetRoute {
        /// The leg.
        leg: MediaLeg,
        /// Replaces the former route.
        route: Route,
    },
    /// Play a digit towards the far end of this leg (RFC 4733 where agreed, else in-band).
    SendDigit {
        /// The leg.
        leg: MediaLeg,
        /// The key.
        digit: Digit,
        /// How long, in ms: 40–6000.
        ms: u16,
    },
    /// The leg is over; answered by `LegRemoved`.
    RemoveLeg {
        /// The leg.
        leg: MediaLeg,
    },
    /// A pair was announced and is not needed: close it.
    DropPair {
        /// The pair.
        pair: PairId,
    },
}

/// Why a leg could not be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaFault {
    /// The pair is not known (any more).
    NoPair,
    /// The port is not there or in use by another leg.
    NoPort,
    /// The slot is in use.
    NoSlot,
}

/// A fact of the media plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MediaEvent {
    /// A pair of ports is bound and waits for a leg.
    PairReady {
        /// Name it in `AddRtpLeg`.
        pair: PairId,
        /// The RTP port; RTCP is the next one.
        port: u16,
    },
    /// `AddRtpLeg` or `AddPortLeg` failed; the leg does not exist.
    LegFailed {
        /// The leg.
        leg: MediaLeg,
        /// Why.
        fault: MediaFault,
    },
    /// The first packet of the far end was heard.
    FirstPacket {
        /// The leg.
        leg: MediaLeg,
    },
    /// A source other than the SDP's was learned (see [`Learn`]).
    SourceLearned {
        /// The leg.
        leg: MediaLeg,
        /// Where RTP goes now.
        remote: SocketAddr,
    },
    /// The party pressed a key; sent once, when the key is released or after its longest time.
    Digit {
        /// The leg.
        leg: MediaLeg,
        /// The key.
        digit: Digit,
        /// How long, in ms.
        ms: u16,
    },
    /// The leg is gone and its slot is free.
    LegRemoved {
        /// The leg.
        leg: MediaLeg,
        /// Everything that was counted.
        figures: MediaFigures,
    },
}
