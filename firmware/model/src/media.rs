//! All that crosses between control plane and media plane. Plain data: the media plane can later
//! live in a process of its own.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{
    BridgeId, ClipId, Codec, Digit, DtlsRole, Fingerprint, Gain, IceParams, LineHeard, LinePlay,
    MediaFigures, MediaLeg, PairId, PortId, PortSound, Protection, QualityMinute, QualitySecond,
    SecurityFault, SrtpKey, TapId, ToneSpec,
};

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

/// What the far end wishes of Opus (RFC 7587 §6.1); ignored with another codec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpusParams {
    /// Send in-band forward error correction.
    pub fec: bool,
    /// Send nothing in silence.
    pub dtx: bool,
    /// No more than 8 kHz is of use to the far end.
    pub narrow: bool,
    /// Highest bit rate in bit/s, 6,000–510,000; 0 = ours to choose.
    pub max_bit_rate: u32,
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
    /// Clock of telephone events in Hz, 8,000 or 48,000: that of the codec, or what a careless far
    /// end named beside it. Durations in events count in it (RFC 4733 §2.3.5).
    pub event_clock_hz: u32,
    /// Digits for the far end travel in signalling: the plane sends it none but by `SendDigit`.
    pub digits_in_signalling: bool,
    /// Packet time that we send, in ms: 10, 20, 30, 40 or 60.
    pub ptime_ms: u8,
    /// Whether we send sound (SDP direction).
    pub send: bool,
    /// Whether what comes is heard (SDP direction).
    pub receive: bool,
    /// Whether packets are protected. Under [`Protection::Srtp`] nothing is sent and nothing is
    /// heard until the keys are there, and never in clear.
    pub protection: Protection,
    /// RTCP shares the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// Payload type of comfort noise (RFC 3389) that both ends take.
    pub comfort_pt: Option<u8>,
    /// Silence that we send may be left out, described by comfort noise.
    pub saves_silence: bool,
    /// Wishes about Opus.
    pub opus: OpusParams,
    /// Voice metrics are to be reported (RFC 3611 §4.7).
    pub xr: bool,
}

impl RtpParams {
    /// A leg without a far end: plain 20 ms packets of `codec` in both directions, nobody learned.
    #[must_use]
    pub const fn of(codec: Codec) -> Self {
        let pt = match codec.static_pt() {
            Some(pt) => pt,
            None => Self::DYNAMIC_PT,
        };
        Self {
            remote: None,
            remote_rtcp: None,
            learn: Learn::Never,
            codec,
            pt_out: pt,
            pt_in: pt,
            event_pt_out: None,
            event_pt_in: None,
            event_clock_hz: codec.clock_hz(),
            digits_in_signalling: false,
            ptime_ms: 20,
            send: true,
            receive: true,
            protection: Protection::Clear,
            rtcp_mux: false,
            comfort_pt: None,
            saves_silence: false,
            opus: OpusParams {
                fec: false,
                dtx: false,
                narrow: false,
                max_bit_rate: 0,
            },
            xr: false,
        }
    }

    /// The payload type that we give a codec without a static one.
    pub const DYNAMIC_PT: u8 = 111;
}

/// What a leg hears and who hears it.
#[expect(
    clippy::large_enum_variant,
    reason = "crosses the media rings as a value: nothing is boxed"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// Nothing, nobody.
    #[default]
    Silence,
    /// A tone; nobody hears the leg.
    Tone(ToneSpec),
    /// Itself: the echo test.
    Echo,
    /// All others of the bridge, as far as [`MediaCommand::SetHearing`] says nothing else. Two legs
    /// with the same codec and packet time are relayed.
    Bridge(BridgeId),
    /// A clip that repeats without a gap. All on one media thread who hear it hear the same moment of
    /// it.
    Music(ClipId),
    /// A clip once, from its beginning; then silence and `ClipEnded`, which comes at once where there is no
    /// such clip, and when it is dropped.
    Prompt(ClipId),
}

/// Who hears an announcement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hearer {
    /// This leg alone, over what it hears.
    Leg(MediaLeg),
    /// Everybody in the bridge.
    Bridge(BridgeId),
}

/// What is done to the voice of one party before others hear it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoiceOptions {
    /// Quiet talkers are raised and loud ones lowered.
    pub auto_level: bool,
    /// Noise around the talker is taken out.
    pub denoise: bool,
    /// A fax machine or a modem and no voice: the wait for packets stays as it is, time is neither made
    /// longer nor shorter, what is lost is silence, and no tone is taken out.
    pub data: bool,
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
        /// The leg that it will most likely be connected with: a hint for placing both on one media
        /// thread.
        beside: Option<MediaLeg>,
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
    /// How loud `listener` hears `speaker` in a bridge that both are in. Unity for everybody until
    /// said otherwise; forgotten when either leaves the bridge. The matrix behind listening,
    /// whispering and announcements to one side.
    SetHearing {
        /// The bridge.
        bridge: BridgeId,
        /// Who hears.
        listener: MediaLeg,
        /// Who is heard.
        speaker: MediaLeg,
        /// How loud.
        gain: Gain,
    },
    /// Play a clip once over what they hear; `ClipEnded` follows for a single leg.
    Say {
        /// Who hears it.
        to: Hearer,
        /// What.
        clip: ClipId,
    },
    /// Bring a clip into memory; answered by `ClipReady` or `ClipFailed`.
    LoadClip {
        /// Which.
        clip: ClipId,
    },
    /// The clip is no longer used; legs that play it fall silent.
    DropClip {
        /// Which.
        clip: ClipId,
    },
    /// Everything this leg says is written to a track from now on; goes on through hold, transfer and
    /// conference until `StopTap` or the end of the leg. The track begins with a mark, also where nothing is
    /// said. A leg has at most `limits::TAPS_OF_LEG`; one more is refused.
    StartTap {
        /// Whose voice.
        leg: MediaLeg,
        /// The track of the recording.
        tap: TapId,
    },
    /// Frames are left out until `resume`; the marks are in the track.
    PauseTap {
        /// Which track.
        tap: TapId,
        /// Whether frames are left out from now on, or written again.
        paused: bool,
    },
    /// The track is over.
    StopTap {
        /// Which.
        tap: TapId,
    },
    /// The keys of SRTP agreed by signalling (RFC 4568). A direction whose key is the one in use goes
    /// on as it is, with its roll-over counter and replay window (RFC 4568 §7.1.4): signalling says
    /// keys again with every offer and answer, and does not compare them.
    SetKeys {
        /// An RTP leg under [`Protection::Srtp`].
        leg: MediaLeg,
        /// For what we send.
        send: SrtpKey,
        /// For what we hear.
        receive: SrtpKey,
    },
    /// The keys come from DTLS on the media path (RFC 5764).
    StartDtls {
        /// An RTP leg under [`Protection::Srtp`].
        leg: MediaLeg,
        /// Who speaks first.
        role: DtlsRole,
        /// SHA-256 of the far end's certificate, from its SDP.
        fingerprint: Fingerprint,
    },
    /// Connectivity checks of the far end are answered with these names (RFC 8445, lite).
    SetIce {
        /// An RTP leg.
        leg: MediaLeg,
        /// Names and passwords of both ends.
        ice: IceParams,
        /// The call is answered, so the far end has all that it needs: it is gone if nothing comes from now on. Before, it
        /// need not make use of what it is told.
        begins: bool,
    },
    /// What is done to the voice of this leg.
    SetVoice {
        /// Whose voice.
        leg: MediaLeg,
        /// Replaces the former options.
        options: VoiceOptions,
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
    /// What is done to the sound of an analog port and what is listened for on its line. Stays with the
    /// port until set anew, also without a leg.
    SetPortSound {
        /// A leg that is an analog port.
        leg: MediaLeg,
        /// Replaces the former settings as a whole.
        sound: PortSound,
    },
    /// Play this to the line instead of what the call says; `Line(Played)` follows when it ends by
    /// itself.
    PlayOnPort {
        /// A leg that is an analog port.
        leg: MediaLeg,
        /// What.
        play: LinePlay,
    },
    /// Give out the last three seconds that came from the line of an analog port, as a track of A-law
    /// that is over at once.
    KeepSound {
        /// A leg that is an analog port.
        leg: MediaLeg,
        /// The track.
        tap: TapId,
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
    /// Pairs are bound in this range from now on; legs keep theirs, and pairs that were announced are
    /// there until they are used or dropped.
    UsePorts {
        /// First port.
        first: u16,
        /// Last port, larger than `first`.
        last: u16,
    },
}

/// The signals by which fax machines are known (ITU-T T.30 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaxTone {
    /// The calling machine: 1,100 Hz, 0.5 s of every 3.5 s.
    Cng,
    /// The called machine: 2,100 Hz for 2.6 to 4 s.
    Ced,
    /// The preamble of the called machine's first V.21 frame.
    Preamble,
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
    /// The clip can be played.
    ClipReady {
        /// Which.
        clip: ClipId,
        /// How long, in ms.
        ms: u32,
    },
    /// The clip cannot be played: it is not there, not readable or there is no room.
    ClipFailed {
        /// Which.
        clip: ClipId,
    },
    /// A prompt or an announcement to one leg is over.
    ClipEnded {
        /// Who heard it.
        leg: MediaLeg,
        /// Which.
        clip: ClipId,
    },
    /// Packets of the leg are protected in both directions from now on.
    Secured {
        /// The leg.
        leg: MediaLeg,
    },
    /// There will be no keys, or the far end breaks the agreed protection.
    SecurityFailed {
        /// The leg.
        leg: MediaLeg,
        /// Why.
        fault: SecurityFault,
    },
    /// News from the line of an analog port; keys come as `Digit`.
    Line {
        /// The leg.
        leg: MediaLeg,
        /// What was heard.
        heard: LineHeard,
    },
    /// A far end that does ICE sent neither checks nor packets for `limits::ICE_SILENT_S`: it is
    /// gone, and nothing is sent to it any more (RFC 7675 §5.1).
    PeerSilent {
        /// The leg.
        leg: MediaLeg,
    },
    /// A fax machine was heard on the leg.
    Fax {
        /// The leg.
        leg: MediaLeg,
        /// What it said.
        tone: FaxTone,
    },
    /// The last second of the leg; all legs of a plane in one go.
    QualitySecond {
        /// The leg.
        leg: MediaLeg,
        /// Its figures.
        second: QualitySecond,
    },
    /// The last minute of the leg, or what there was of it when it ended, for the ledger.
    QualityMinute {
        /// The leg.
        leg: MediaLeg,
        /// Its figures.
        minute: QualityMinute,
    },
    /// The media threads are at their limit (true) or have room again: new calls are refused
    /// meanwhile.
    Overloaded(bool),
    /// The leg is gone and its slot is free.
    LegRemoved {
        /// The leg.
        leg: MediaLeg,
        /// Everything that was counted.
        figures: MediaFigures,
    },
}

impl MediaEvent {
    /// What the control plane is told of what was heard on the line of a port's leg; of keys, that
    /// they were let go.
    #[must_use]
    pub const fn of_line(leg: MediaLeg, heard: LineHeard) -> Option<Self> {
        match heard {
            LineHeard::Pressed(_) => None,
            LineHeard::Released { digit, ms } => Some(Self::Digit { leg, digit, ms }),
            heard => Some(Self::Line { leg, heard }),
        }
    }
}
