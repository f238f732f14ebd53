//! Datagrams of a stranger through everything that reads RTP: packet, session, telephone events,
//! jitter buffer. The input is a row of datagrams, each led by its length and the ms before it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::Instant;
use rtp::event::{Event, EventReceiver};
use rtp::jitter::{Frame, JitterBuffer, Next};
use rtp::packet::Packet;
use rtp::session::{Arrival, Receiver};

fuzz_target!(|data: &[u8]| {
    let mut receiver = Receiver::new();
    let mut events = EventReceiver::new();
    let mut buffer = JitterBuffer::new(8_000);
    buffer.play(Instant::ZERO, |_| {});
    let mut held = 0_u32;
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
            buffer.push(
                now,
                &Frame {
                    timestamp: packet.timestamp,
                    seq: packet.seq,
                    marker: packet.marker,
                    units: packet.payload.len() as u32,
                    comfort: packet.payload_type == 13,
                    payload: packet.payload,
                },
            );
        }
        events.expire(now);
        receiver.report();
        let later = buffer.pull(now, held);
        let mut steps = 0;
        while held < 80 {
            steps += 1;
            assert!(steps <= 200, "every step gets on");
            match buffer.next(80 - held, data.len() % 2 == 0, later) {
                Next::Frame { units, skip, payload } => {
                    assert!(skip < units && !payload.is_empty());
                    held += units - skip;
                }
                Next::Comfort { payload } => assert!(!payload.is_empty()),
                Next::Lost { units, .. } | Next::Idle { units } => {
                    assert!(units > 0);
                    held += units;
                }
            }
        }
        held -= 80;
    }
    let figures = receiver.figures();
    assert!(figures.packets <= data.len() as u64);
});
