//! Datagrams of a stranger through everything that reads RTP: packet, session, telephone events,
//! jitter buffer. The input is a row of datagrams, each led by its length and the ms before it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Instant;
use rtp::event::{Event, EventReceiver};
use rtp::jitter::{JitterBuffer, Run};
use rtp::packet::Packet;
use rtp::session::{Arrival, Receiver};

fuzz_target!(|data: &[u8]| {
    let mut receiver = Receiver::new();
    let mut events = EventReceiver::new();
    let mut buffer = JitterBuffer::new();
    let mut now_ms = 0_u64;
    let mut rest = data;
    while let [length, wait, after @ ..] = rest {
        let (datagram, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        now_ms += u64::from(*wait);
        let now = Instant::from_millis(now_ms);
        if let Ok(packet) = Packet::read(datagram) {
            assert!(packet.payload.len() + 12 <= datagram.len());
            match receiver.receive(&packet, now, 8_000) {
                Arrival::First { .. } => buffer.restart(),
                Arrival::New { .. } | Arrival::Duplicate | Arrival::Unexpected => {}
            }
            if let (101, Some(event)) = (packet.payload_type, Event::read(packet.payload)) {
                events.receive(now, packet.timestamp, event);
            }
            let samples: Vec<i16> = packet.payload.iter().map(|&o| i16::from(o) << 7).collect();
            buffer.push(packet.timestamp, packet.marker, &samples);
        }
        events.expire(now);
        receiver.report();
        let mut block = [0_i16; 80];
        let mut at = 0;
        while at < block.len() {
            let run = buffer.pull(&mut block[at..]);
            let (Run::Sound(n) | Run::Lost(n) | Run::Idle(n)) = run;
            assert!(n > 0 && at + n <= block.len());
            at += n;
        }
    }
    let figures = receiver.figures();
    assert!(figures.packets <= data.len() as u64);
});
