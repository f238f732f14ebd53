/// Legs of the media plane.
pub const MEDIA_LEGS: usize = 1_300;
/// Media threads: each has a plane that could carry everything, about 3 MB.
pub const MEDIA_THREADS: usize = 8;
/// Bridges of the media plane.
pub const BRIDGES: usize = 700;
/// Legs in one bridge.
pub const LEGS_PER_BRIDGE: usize = 256;
/// Port pairs bound ahead of need.
pub const PAIRS_AHEAD: usize = 256;
/// Bytes of an RTP or RTCP packet; longer ones are dropped and counted.
pub const RTP_PACKET_MAX: usize = 1_500;
/// Longest RTP packet that is played, in ms; longer ones are counted.
pub const RTP_PACKET_MS_MAX: u32 = 120;
/// Octets of frames that wait in a jitter buffer: 280 ms of G.711 or G.722, more than twice the
/// longest wait. Without room the oldest are given up and counted: of a burst that long only the end
/// is played anyway.
pub const JITTER_OCTETS: usize = 2_240;
/// Frames that wait in a jitter buffer: 280 ms of 10 ms each.
pub const JITTER_FRAMES: usize = 28;
/// How far ahead of playing a packet may be, in ms; one further ahead starts the buffer anew.
pub const JITTER_MS: u32 = 520;
/// Clips in memory: music, prompts, announcements.
pub const CLIPS: usize = 512;
/// Bytes of all clips in memory.
pub const CLIP_BYTES: usize = 64 * 1_024 * 1_024;
/// Bytes of an uploaded sound file.
pub const FILE_BYTES: usize = 64 * 1_024 * 1_024;
/// Seconds that a sound file plays: 10 minutes.
pub const FILE_SECONDS: usize = 600;
/// Channels of a sound file.
pub const FILE_CHANNELS: usize = 8;
/// Fewest samples a second of a sound file.
pub const FILE_HZ_MIN: u32 = 8_000;
/// Most samples a second of a sound file.
pub const FILE_HZ_MAX: u32 = 192_000;
/// Recorded tracks at once.
pub const TAPS: usize = 1_300;
/// Recorded tracks of a leg at once: a set may be in two calls, each of which is recorded.
pub const TAPS_OF_LEG: usize = 2;
/// Connectivity checks of one leg that are answered in a second; further ones are dropped.
pub const ICE_ANSWERS_PER_S: u64 = 50;
/// Addresses of one far end whose checks were good that are remembered; the oldest makes room.
pub const ICE_PATHS: usize = 8;
/// Seconds without a sign of life after which a far end that does ICE is gone (RFC 7675 §5.1).
pub const ICE_SILENT_S: u64 = 30;
/// DTLS handshakes at once; one more fails at once.
pub const DTLS_HANDSHAKES: usize = 128;
/// Milliseconds in which a DTLS handshake has to come to its end.
pub const DTLS_MS_MAX: u64 = 10_000;
/// Datagrams of handshakes that may wait between a media thread and its helper, each way.
pub const DTLS_RING: usize = 64;
/// Slots of the command ring and of the event ring between control and a media thread.
pub const MEDIA_RING: usize = 1_024;

const _: () = assert!(MEDIA_LEGS >= 2 * super::CALLS);
const _: () = assert!(BRIDGES >= super::CALLS);
/// Pairs of legs of which one hears the other otherwise than as it comes.
pub const HEARING_EXCEPTIONS: usize = 8_192;
