//! Replays the committed inputs of the fuzz targets `rtp` and `rtcp`, and what one octet changed
//! makes of each: no input may bring the readers down.

use std::path::PathBuf;

use model::{Instant, Now};
use rtp::event::{Event, EventReceiver};
use rtp::jitter::{Frame, JitterBuffer, Next};
use rtp::packet::Packet;
use rtp::rtcp::{NtpClock, Parts, Reports};
use rtp::session::{Arrival, Receiver};

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fuzz/corpus")
        .join(target);
    let mut all: Vec<(String, Vec<u8>)> = std::fs::read_dir(&folder)
        .expect("the corpus is committed")
        .map(|entry| {
            let entry = entry.expect("readable");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("readable"))
        })
        .collect();
    all.sort();
    assert!(all.len() >= 10, "{target}: {}", all.len());
    all
}

/// What a row of datagrams was heard as: packets, event ends, samples.
fn hear(data: &[u8]) -> (u64, usize, u32) {
    let mut receiver = Receiver::new();
    let mut events = EventReceiver::new();
    let mut buffer = JitterBuffer::new(8_000);
    buffer.play(Instant::ZERO, |_| {});
    let (mut ends, mut samples, mut now_ms, mut held) = (0, 0, 0, 0);
    let mut rest = data;
    while let [length, wait, after @ ..] = rest {
        let (datagram, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        now_ms += u64::from(*wait);
        let now = Instant::from_millis(now_ms);
        if let Ok(packet) = Packet::read(datagram) {
            if let Arrival::First { .. } = receiver.receive(&packet, now, 8_000) {
                buffer.restart();
            }
            if packet.payload_type == 101 {
                if let Some(event) = Event::read(packet.payload) {
                    let heard = events.receive(now, packet.timestamp, event);
                    ends += usize::from(heard.ended.is_some());
                    ends += usize::from(heard.finished.is_some());
                }
            } else {
                buffer.push(
                    now,
                    &Frame {
                        timestamp: packet.timestamp,
                        seq: packet.seq,
                        marker: packet.marker,
                        units: u32::try_from(packet.payload.len()).expect("short"),
                        comfort: packet.payload_type == 13,
                        payload: packet.payload,
                    },
                );
            }
        }
        ends += usize::from(events.expire(now).is_some());
        buffer.pull(now, held);
        for _ in 0..80 {
            if held >= 80 {
                break;
            }
            match buffer.next(80 - held, false, 0) {
                Next::Frame { units, skip, .. } => {
                    samples += units - skip;
                    held += units - skip;
                }
                Next::Comfort { .. } => {}
                Next::Lost { units, .. } | Next::Idle { units } => held += units,
            }
        }
        held -= 80;
    }
    (receiver.figures().packets, ends, samples)
}

#[test]
fn rows_of_packets() {
    let all = corpus("rtp");
    let of = |name: &str| {
        let found = all.iter().find(|(n, _)| n == name);
        hear(&found.expect("in the corpus").1)
    };
    assert_eq!(of("calm"), (6, 0, 400));
    assert_eq!(of("disorder").0, 6);
    assert_eq!(of("event").1, 1);
    assert_eq!(of("event_lost_end").1, 1);
    assert_eq!(of("event_segments").1, 1);
    assert_eq!(of("csrc_extension_padding").0, 1);
    assert_eq!(of("lies").0, 0);
    assert_eq!(of("rtcp_on_rtp").0, 0);
    assert_eq!(of("restart").0, 5, "the first of a new run is not believed");
    for (_, data) in &all {
        for at in 0..data.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut data = data.clone();
                data[at] ^= change;
                hear(&data);
            }
        }
    }
}

#[test]
fn reports() {
    let good = [
        "sender",
        "receiver",
        "goodbye",
        "empty_report",
        "extension_of_a_profile",
        "padded_last",
        "thirty_one_blocks",
        "feedback",
        "bye_reason",
    ];
    let clock = NtpClock::new(Now::default());
    let hear = |data: &[u8]| {
        let heard = Reports::new().receive(data, 0x1111_1111, &clock, Instant::from_millis(1));
        assert_eq!(heard.is_ok(), Parts::read(data).is_ok());
        heard.is_ok()
    };
    for (name, data) in corpus("rtcp") {
        assert_eq!(hear(&data), good.contains(&name.as_str()), "{name}");
        for at in 0..data.len() {
            for change in [0x01, 0x20, 0x80, 0xff] {
                let mut data = data.clone();
                data[at] ^= change;
                hear(&data);
            }
            hear(&data[..at]);
        }
    }
}
