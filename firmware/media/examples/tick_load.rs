//! How long a tick takes: `tick_load [LEGS] [TICKS]`, all legs in one conference, then in pairs of
//! different codecs. Run it in a release build.
#![expect(clippy::print_stdout, reason = "figures are what it is for")]
#![expect(clippy::disallowed_methods, reason = "a load test reads the clock")]

use std::net::SocketAddr;
use std::time::Instant as Clock;

use media::{Channel, Codecs, Plane, PlaneCommand, RtpLeg};
use model::{
    BridgeId, Codec, Instant, Learn, MediaCommand, MediaLeg, Now, Route, RtpIdentity, RtpParams,
    limits,
};

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|text| text.parse().ok());
    let legs: u16 = arguments.next().unwrap_or(64);
    let ticks: u16 = arguments.next().unwrap_or(2_000);
    let most = u16::try_from(limits::LEGS_PER_BRIDGE).unwrap_or(u16::MAX);
    run("one conference", legs.min(most), ticks, |_| BridgeId(0));
    run("pairs", legs, ticks, |slot| BridgeId(slot / 2));
}

fn run(name: &str, legs: u16, ticks: u16, bridge: impl Fn(u16) -> BridgeId) {
    let mut plane = Plane::new(Now::default());
    for slot in 0..legs {
        add(&mut plane, slot, bridge(slot));
    }
    let (mut tick_ns, mut packet_ns, mut packets) = (Vec::new(), 0, 0_u32);
    for tick in 0..ticks {
        let now = Instant::from_millis(1 + u64::from(tick) * 10);
        for slot in (tick % 2..legs).step_by(2) {
            let bytes = packet(slot, tick / 2);
            let before = Clock::now();
            plane.packet(now, leg(slot), Channel::Rtp, address(slot), &bytes);
            packet_ns += before.elapsed().as_nanos();
            packets += 1;
            while plane.poll().is_some() {}
        }
        let before = Clock::now();
        plane.timeout(now);
        while plane.poll().is_some() {}
        tick_ns.push(before.elapsed().as_nanos());
    }
    tick_ns.sort_unstable();
    let at = |part: usize| {
        tick_ns
            .get(tick_ns.len() * part / 100)
            .copied()
            .unwrap_or(0)
            / 1_000
    };
    println!(
        "{name}, {legs} legs: tick p50 {} us, p99 {} us; a packet {} ns",
        at(50),
        at(99),
        packet_ns / u128::from(packets.max(1))
    );
}

fn leg(slot: u16) -> MediaLeg {
    MediaLeg {
        slot,
        generation: 1,
    }
}

fn address(slot: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000 + slot))
}

fn add(plane: &mut Plane, slot: u16, bridge: BridgeId) {
    let start = Instant::from_millis(1);
    let codec = if slot.is_multiple_of(2) {
        Codec::Pcma
    } else {
        Codec::Pcmu
    };
    let pt = codec.static_pt().unwrap_or(0);
    let identity = RtpIdentity {
        ssrc: u32::from(slot),
        seq: 0,
        timestamp: 0,
    };
    let leg = leg(slot);
    let object = RtpLeg::boxed(identity);
    plane.command(start, PlaneCommand::AddRtpLeg { leg, object });
    let params = RtpParams {
        remote: Some(address(slot)),
        remote_rtcp: None,
        learn: Learn::Never,
        codec,
        pt_out: pt,
        pt_in: pt,
        event_pt_out: None,
        event_pt_in: None,
        ptime_ms: 20,
        send: true,
        receive: true,
        ..RtpParams::of(codec)
    };
    let Some(codecs) = Codecs::boxed(&params) else {
        return;
    };
    let command = PlaneCommand::SetRtp {
        leg,
        params,
        codecs,
    };
    plane.command(start, command);
    let route = Route::Bridge(bridge);
    plane.command(start, MediaCommand::SetRoute { leg, route }.into());
}

fn packet(slot: u16, seq: u16) -> Vec<u8> {
    let pt = if slot.is_multiple_of(2) { 8 } else { 0 };
    let mut bytes = vec![0x80, pt];
    bytes.extend(seq.to_be_bytes());
    bytes.extend((u32::from(seq) * 160).to_be_bytes());
    bytes.extend(u32::from(slot).to_be_bytes());
    bytes.extend((0..160_u32).map(|n| (n * 37 + u32::from(slot)).to_be_bytes()[3]));
    bytes
}
