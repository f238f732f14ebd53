//! What the media plane itself costs in instructions, without system calls: a packet that is relayed,
//! a tick of a conference, protection of a packet. Counted as the other kernels are.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use dsp::g711::Law;
use media::{Channel, Codecs, Output, Plane, PlaneCommand, RtpLeg};
use model::{
    BridgeId, Codec, Instant, MediaCommand, MediaLeg, Now, Route, RtpIdentity, RtpParams, SrtpKey,
    SrtpSuite,
};
use rtp::srtp::{OVERHEAD, Receiver, Sender};

use crate::kernels::{Kernel, voice};

/// Header and 20 ms of A-law.
const PACKET: usize = 12 + 160;
/// A-law of silence.
const SILENCE: u8 = 0xd5;
/// Parties of the conference.
const PARTIES: u16 = 10;
/// Ticks after which shares are settled and nobody is taken for a talker who is none.
const SETTLED: u32 = 200;

/// A plane and its time.
struct Table {
    plane: Plane,
    now: Instant,
    packets: u16,
    sent: u64,
}

fn leg(slot: u16) -> MediaLeg {
    MediaLeg {
        slot,
        generation: 1,
    }
}

fn address(slot: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000 + slot * 2))
}

impl Table {
    /// So many legs of A-law in one bridge, which take keys as telephone events or as sound only.
    fn new(legs: u16, events: bool) -> Result<Self> {
        let mut table = Self {
            plane: Plane::with_limits(Now::default(), 16, 4),
            now: Instant::from_millis(1_000),
            packets: 0,
            sent: 0,
        };
        for slot in 0..legs {
            let identity = RtpIdentity {
                ssrc: 0xc000_0000 + u32::from(slot),
                seq: 1,
                timestamp: 1,
            };
            let params = RtpParams {
                remote: Some(address(slot)),
                event_pt_out: events.then_some(101),
                event_pt_in: events.then_some(101),
                ..RtpParams::of(Codec::Pcma)
            };
            let (leg, object) = (leg(slot), RtpLeg::boxed(identity));
            table.command(PlaneCommand::AddRtpLeg { leg, object });
            let codecs = Codecs::boxed(&params).context("no codecs")?;
            table.command(PlaneCommand::SetRtp {
                leg,
                params,
                codecs,
            });
            let route = Route::Bridge(BridgeId(0));
            table.command(MediaCommand::SetRoute { leg, route }.into());
        }
        Ok(table)
    }

    fn command(&mut self, command: PlaneCommand) {
        self.plane.command(self.now, command);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.plane.poll() {
            if let Output::Transmit { bytes, .. } = output {
                self.sent += u64::from(std::hint::black_box(bytes).len() == PACKET);
            }
        }
    }

    /// The next packet of the far end of `slot`.
    fn say(&mut self, slot: u16, payload: &[u8]) {
        let datagram = packet(slot, self.packets, payload);
        let (leg, from) = (leg(slot), address(slot));
        self.plane
            .packet(self.now, leg, Channel::Rtp, from, &datagram);
        self.drain();
    }

    fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(Duration::from_millis(ms));
        if self
            .plane
            .next_deadline()
            .is_some_and(|(due, _)| due <= self.now)
        {
            self.plane.timeout(self.now);
            self.drain();
        }
    }
}

fn packet(slot: u16, number: u16, payload: &[u8]) -> [u8; PACKET] {
    let mut packet = [SILENCE; PACKET];
    let ssrc = 0x0c0d_0000 | u32::from(slot);
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[2..4].copy_from_slice(&number.to_be_bytes());
    packet[4..8].copy_from_slice(&(u32::from(number) * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet[12..].copy_from_slice(payload);
    packet
}

/// 20 ms of a voice after another in A-law.
fn talk() -> Vec<[u8; 160]> {
    let mut octets = [0; 160];
    let sound = voice(8_000);
    let frames = sound.chunks_exact(160).map(|frame| {
        Law::A.encode_into(frame, &mut octets);
        octets
    });
    frames.collect()
}

/// One packet of a call of two, and its share of reports.
pub(crate) fn relayed_packet() -> Result<Kernel> {
    relayed(Table::new(2, true)?)
}

/// The same of a far end without telephone events: its sound is searched for keys and fax machines.
pub(crate) fn searched_packet() -> Result<Kernel> {
    relayed(Table::new(2, false)?)
}

fn relayed(mut table: Table) -> Result<Kernel> {
    let frames = talk();
    let mut round = move || {
        let at = usize::from(table.packets) % frames.len();
        table.say(0, &frames[at]);
        table.packets = table.packets.wrapping_add(1);
        table.pass(20);
        table.sent
    };
    settle(&mut round, SETTLED, 1)?;
    Ok(Box::new(move || {
        std::hint::black_box(round());
    }))
}

/// One tick of a conference of ten with the packets that come in it: one talks, nine listen.
pub(crate) fn conference_tick() -> Result<Kernel> {
    conference(1)
}

/// The same when all ten talk at once.
pub(crate) fn quarrel_tick() -> Result<Kernel> {
    conference(PARTIES)
}

fn conference(talkers: u16) -> Result<Kernel> {
    let mut table = Table::new(PARTIES, true)?;
    let frames = talk();
    let mut half = false;
    let mut round = move || {
        half = !half;
        if half {
            let at = usize::from(table.packets) % frames.len();
            for party in 0..PARTIES {
                let silent = [SILENCE; 160];
                // Each says something else.
                let said = &frames[(at + usize::from(party) * 7) % frames.len()];
                let talks = party < talkers;
                table.say(party, if talks { said } else { &silent });
            }
            table.packets = table.packets.wrapping_add(1);
        }
        table.pass(10);
        table.sent
    };
    settle(&mut round, SETTLED, 5)?;
    Ok(Box::new(move || {
        std::hint::black_box(round());
    }))
}

/// The first rounds, which are not counted; a kernel that sends nothing measures nothing.
fn settle(round: &mut dyn FnMut() -> u64, rounds: u32, each: u64) -> Result<()> {
    let before = (0..rounds / 2).map(|_| round()).last().unwrap_or(0);
    let after = (0..rounds / 2).map(|_| round()).last().unwrap_or(0);
    let wanted = u64::from(rounds / 2) * each;
    ensure!(
        after.abs_diff(before).abs_diff(wanted) <= each * 2,
        "{} packets in {} rounds",
        after - before,
        rounds / 2
    );
    Ok(())
}

/// One packet protected and opened again, by the suite that every phone has.
pub(crate) fn srtp_packet() -> Result<Kernel> {
    let suite = SrtpSuite::AesCm80;
    let octets = [7; SrtpKey::OCTETS_MAX];
    let length = suite.key_len() + suite.salt_len();
    let key = SrtpKey::new(suite, &octets[..length]).context("no key")?;
    let (mut sender, mut receiver) = (Sender::new(&key), Receiver::new(&key));
    let mut number = 0_u16;
    Ok(Box::new(move || {
        let mut buffer = [0; PACKET + OVERHEAD];
        buffer[..PACKET].copy_from_slice(&packet(0, number, &[SILENCE; 160]));
        number += 1;
        let length = sender.protect(&mut buffer, PACKET).unwrap_or(0);
        let opened = receiver.unprotect(&mut buffer[..length]);
        assert_eq!(opened.ok(), Some(PACKET));
    }))
}
