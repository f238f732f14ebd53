//! RTP (RFC 3550): packets, sessions, jitter buffer, telephone events (RFC 4733), RTCP, SRTP,
//! checks of ICE.
//!
//! Sans I/O: bytes and the time go in, bytes come out. Knows no codec: the jitter buffer holds
//! encoded frames, and whoever plays decodes them. Nothing here allocates after construction,
//! and no input from the network can make it panic.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

pub mod bursts;
pub mod event;
pub mod jitter;
pub mod packet;
pub mod rtcp;
pub mod session;
pub mod srtp;
pub mod stats;
pub mod stun;
