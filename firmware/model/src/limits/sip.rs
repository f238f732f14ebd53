/// Bytes of a SIP message on a stream; a UDP datagram cannot be longer than this either.
pub const SIP_MESSAGE_MAX: usize = 65_535;
/// Bytes of a request that may go as a datagram; a longer one goes over TCP (RFC 3261 §18.1.1).
pub const SIP_UDP_MAX: usize = 1_300;
/// Headers of a message.
pub const SIP_HEADERS_MAX: usize = 256;
/// Server and client transactions at once, each.
pub const SIP_TRANSACTIONS: usize = 8_192;
/// Answered server transactions that only wait for retransmissions (timer J); the oldest is
/// forgotten before its time when one more comes. Counts within [`SIP_TRANSACTIONS`].
pub const SIP_ABSORBING: usize = 4_096;
/// Dialogs at once.
pub const SIP_DIALOGS: usize = 4_096;
/// Connections at once, and connections of one address.
pub const SIP_FLOWS: usize = 2_048;
/// See [`SIP_FLOWS`].
pub const SIP_FLOWS_PER_ADDRESS: usize = 256;
/// Browsers that are phones at once, and those of one address. Counts within [`SIP_FLOWS`].
pub const WEB_PHONES: usize = 256;
/// See [`WEB_PHONES`].
pub const WEB_PHONES_PER_ADDRESS: usize = 64;
/// Messages that wait for one browser; a browser that reads more slowly is closed.
pub const WEB_PHONE_BACKLOG: usize = 64;
/// Messages of all browsers that wait for the exchange; who has more to say waits.
pub const WEB_PHONE_QUEUE: usize = 256;
/// Seconds that the handshake of a connection to us may take.
pub const SIP_HANDSHAKE_S: u64 = 5;
/// Seconds after it in which a new connection must bring its first whole message.
pub const SIP_FLOW_FIRST_MESSAGE_S: u64 = 10;
/// Seconds in which a connection that we make must be up.
pub const SIP_CONNECT_S: u64 = 4;
/// Answered digest nonces whose counts are remembered; one that loses its place counts as stale.
pub const DIGEST_NONCES: usize = 8_192;
/// Bytes of a session description.
pub const SDP_BYTES_MAX: usize = 16_384;
/// Media lines of a session description.
pub const SDP_MEDIA_MAX: usize = 16;
/// Formats of a media line.
pub const SDP_FORMATS_MAX: usize = 64;
/// Attributes of a session description, all media together.
pub const SDP_ATTRIBUTES_MAX: usize = 512;
