//! Relayed calls as a plain table. While a call goes on and nothing but the heads of its packets has
//! to be changed, what the plane does is known beforehand: a packet of this flow goes there with
//! these numbers. The table says so in values alone, so that one day the kernel can do it.

use std::net::SocketAddr;

use model::MediaLeg;

use crate::plane::Plane;
use crate::slot::{Path, Slot};

/// Packets of sound that are told by source, SSRC and payload type, and what becomes of them. All
/// others (keys, reports, checks, strangers) are the plane's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The leg on whose RTP socket they come.
    pub leg: MediaLeg,
    /// Their source.
    pub from: SocketAddr,
    /// Their SSRC.
    pub ssrc: u32,
    /// Their payload type.
    pub payload_type: u8,
    /// What becomes of them.
    pub rewrite: Rewrite,
}

/// What is changed in a packet and where it goes; marker bit and payload stay (RFC 3550 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrite {
    /// The leg from whose RTP socket it is sent.
    pub leg: MediaLeg,
    /// Its destination.
    pub to: SocketAddr,
    /// Its payload type.
    pub payload_type: u8,
    /// Its SSRC.
    pub ssrc: u32,
    /// Is added to its sequence number, modulo 2^16.
    pub seq_offset: u16,
    /// Is added to its timestamp, modulo 2^32.
    pub timestamp_offset: u32,
}

impl Plane {
    /// All flows that need nothing but a rewrite at this moment. A call is among them after its first
    /// packets, if it is not protected, not recorded and not listened to for keys.
    pub fn flows(&self) -> impl Iterator<Item = Flow> {
        let used = self.slots.used();
        used.filter_map(|(at, slot)| self.flow(at, slot))
    }

    fn flow(&self, at: u16, slot: &Slot) -> Option<Flow> {
        let Path::Relay(to) = slot.path else {
            return None;
        };
        let hearer = self.slots.see(to)?;
        let (speaker, ear) = (slot.rtp()?, hearer.rtp()?);
        let (said, heard) = (speaker.params()?, ear.params()?);
        let clear = speaker.secure.is_plain() && ear.secure.is_plain();
        let untouched = clear && slot.taps.count() == 0;
        let passed = said.receive && heard.send && !speaker.keys_in_sound();
        let quiet = ear.keying.is_idle() && ear.ear.is_plain();
        if !(untouched && passed && quiet) {
            return None;
        }
        let (ssrc, seq_offset, timestamp_offset) = ear.out.relays(at)?;
        Some(Flow {
            leg: MediaLeg {
                slot: at,
                generation: slot.generation,
            },
            from: speaker.source.remote()?,
            ssrc,
            payload_type: said.pt_in,
            rewrite: Rewrite {
                leg: MediaLeg {
                    slot: to,
                    generation: hearer.generation,
                },
                to: ear.source.remote()?,
                payload_type: heard.pt_out,
                ssrc: ear.out.ssrc(),
                seq_offset,
                timestamp_offset,
            },
        })
    }
}
