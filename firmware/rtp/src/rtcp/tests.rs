use core::time::Duration;

use model::{Instant, Now, Trust, Wall};
use proptest::prelude::*;

use super::*;

const RECEPTION: Reception = Reception {
    ssrc: 0x1111_1111,
    fraction_lost: 63,
    lost: -5,
    highest: 0x0001_0002,
    jitter: 77,
};

fn compound(sender: bool, block: bool, goodbye: bool) -> Vec<u8> {
    let mut out = [0xaa; 200];
    let length = Compound {
        ssrc: 0x2222_2222,
        sender: sender.then_some(SenderInfo {
            ntp: 0x0102_0304_0506_0708,
            timestamp: 9,
            packets: 10,
            octets: 11,
        }),
        block: block.then_some(ReportBlock {
            reception: RECEPTION,
            last_sr: 3,
            delay_since_last_sr: 4,
        }),
        cname: "c7f1",
        metrics: None,
        goodbye,
    }
    .write(&mut out)
    .expect("fits");
    out[..length].to_vec()
}

#[test]
fn the_octets_are_those_of_the_rfc() {
    // RFC 3550 §6.4.2 and §6.5, written by hand.
    let wanted = [
        0x81, 201, 0, 7, 0x22, 0x22, 0x22, 0x22, // RR with one block
        0x11, 0x11, 0x11, 0x11, 63, 0xff, 0xff, 0xfb, 0, 1, 0, 2, 0, 0, 0, 77, 0, 0, 0, 3, 0, 0, 0,
        4, 0x81, 202, 0, 3, 0x22, 0x22, 0x22, 0x22, 1, 4, b'c', b'7', b'f', b'1', 0,
        0, // CNAME
        0x81, 203, 0, 1, 0x22, 0x22, 0x22, 0x22, // BYE
    ];
    assert_eq!(compound(false, true, true), wanted);
}

#[test]
fn what_is_written_is_read() {
    let octets = compound(true, true, true);
    let parts: Vec<Part<'_>> = Parts::read(&octets).expect("a compound").collect();
    assert_eq!(parts.len(), 3);
    let Part::Sender { ssrc, info, blocks } = parts[0] else {
        panic!("{:?}", parts[0]);
    };
    assert_eq!(ssrc, 0x2222_2222);
    assert_eq!((info.ntp, info.timestamp), (0x0102_0304_0506_0708, 9));
    assert_eq!((info.packets, info.octets), (10, 11));
    let blocks: Vec<ReportBlock> = blocks.collect();
    assert_eq!(blocks.len(), 1);
    assert_eq!(blocks[0].reception, RECEPTION);
    assert_eq!((blocks[0].last_sr, blocks[0].delay_since_last_sr), (3, 4));
    assert_eq!(parts[1], Part::Other { kind: 202 });
    assert_eq!(
        parts[2],
        Part::Goodbye {
            ssrc: Some(0x2222_2222)
        }
    );
}

#[test]
fn names_of_every_length_end_on_a_border_of_four() {
    let long = "x".repeat(255);
    for length in 0..=255 {
        let mut out = [0xaa; 400];
        let compound = Compound {
            ssrc: 1,
            sender: None,
            block: None,
            cname: &long[..length],
            metrics: None,
            goodbye: false,
        };
        let written = compound.write(&mut out).expect("fits");
        assert_eq!(written % 4, 0);
        assert_eq!(out[written - 1], 0, "the list of items ends with a zero");
        assert_eq!(Parts::read(&out[..written]).expect("read").count(), 2);
        assert_eq!(
            compound.write(&mut out[..written - 1]),
            None,
            "too short by one"
        );
    }
    let compound = Compound {
        ssrc: 1,
        sender: None,
        block: None,
        cname: &"x".repeat(256),
        metrics: None,
        goodbye: false,
    };
    assert_eq!(compound.write(&mut [0; 600]), None);
}

#[test]
fn bad_compounds_are_refused_by_name() {
    use RtcpError::{NoReport, Padding, TooLong, Truncated, Version};
    let good = compound(false, true, true);
    let read = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut octets = good.clone();
        change(&mut octets);
        Parts::read(&octets).map(Iterator::count)
    };
    assert_eq!(read(&|_| ()), Ok(3));
    assert_eq!(read(&|o| o.clear()), Err(Truncated));
    assert_eq!(read(&|o| o.truncate(3)), Err(Truncated));
    assert_eq!(
        read(&|o| {
            o.pop();
        }),
        Err(Truncated)
    );
    assert_eq!(read(&|o| o.push(0)), Err(Truncated), "an octet too many");
    assert_eq!(read(&|o| o[0] = 0x41), Err(Version));
    assert_eq!(
        read(&|o| o[32] = 0x01),
        Err(Version),
        "of the second packet"
    );
    assert_eq!(read(&|o| o[1] = 202), Err(NoReport));
    assert_eq!(
        read(&|o| o[0] = 0x82),
        Err(Truncated),
        "two blocks in the room of one"
    );
    assert_eq!(read(&|o| o[3] = 0xff), Err(Truncated));
    assert_eq!(
        read(&|o| o[0] = 0xa1),
        Err(Padding),
        "padding before the last packet"
    );
    assert_eq!(read(&|o| o.resize(1_501, 0)), Err(TooLong));
    let mut padded = compound(false, false, false);
    padded.extend([0xa0, 203, 0, 1, 0, 0, 0, 4]);
    assert_eq!(Parts::read(&padded).map(Iterator::count), Ok(3));
    for padding in [0, 3, 8, 255] {
        *padded.last_mut().expect("octets") = padding;
        assert_eq!(
            Parts::read(&padded).map(Iterator::count),
            Err(Padding),
            "{padding}"
        );
    }
}

fn clock() -> NtpClock {
    NtpClock::new(Now {
        mono: Instant::from_millis(5_000),
        wall: Wall::from_secs(1_700_000_000),
        trust: Trust::Synced,
    })
}

#[test]
fn ntp_time_runs_with_the_monotonic_clock() {
    let clock = clock();
    let at = clock.ntp(Instant::from_millis(6_500));
    assert_eq!(at >> 32, 1_700_000_001 + 2_208_988_800);
    assert_eq!(at & 0xffff_ffff, 0x8000_0000);
}

#[test]
fn the_round_trip_leaves_out_the_far_ends_own_delay() {
    let (ours, theirs) = (0xaaaa, 0xbbbb);
    let clock = clock();
    let at = Instant::from_millis;
    let mut far = Reports::new();
    let mut near = Reports::new();
    let mut out = [0; 200];
    let report = Compound {
        ssrc: ours,
        sender: Some(SenderInfo {
            ntp: clock.ntp(at(10_000)),
            ..SenderInfo::default()
        }),
        block: None,
        cname: "a",
        metrics: None,
        goodbye: false,
    };
    let length = report.write(&mut out).expect("fits");
    // 30 ms there, 2 s of waiting, 15 ms back. The far end has another calendar.
    let other = NtpClock::new(Now::default());
    far.receive(&out[..length], theirs, &other, at(10_030))
        .expect("read");
    let answer = Compound {
        ssrc: theirs,
        sender: None,
        block: Some(far.block(
            Reception {
                ssrc: ours,
                lost: 3,
                ..Reception::default()
            },
            at(12_030),
        )),
        cname: "b",
        metrics: None,
        goodbye: true,
    };
    let length = answer.write(&mut out).expect("fits");
    let heard = near
        .receive(&out[..length], ours, &clock, at(12_045))
        .expect("read");
    let trip = heard.round_trip.expect("known");
    assert!(
        trip.abs_diff(Duration::from_millis(45)) < Duration::from_micros(50),
        "{trip:?}"
    );
    assert_eq!(heard.reception.map(|r| r.lost), Some(3));
    assert!(heard.goodbye);
    // Blocks about others, and before any report of ours, tell nothing.
    let heard = near
        .receive(&out[..length], 1, &clock, at(12_045))
        .expect("read");
    assert_eq!((heard.reception, heard.round_trip), (None, None));
    let block = Reports::new().block(RECEPTION, at(5));
    assert_eq!((block.last_sr, block.delay_since_last_sr), (0, 0));
}

#[test]
fn an_impossible_round_trip_is_none() {
    let mut out = [0; 200];
    let report = Compound {
        ssrc: 1,
        sender: None,
        block: Some(ReportBlock {
            reception: Reception {
                ssrc: 9,
                ..Reception::default()
            },
            last_sr: 0xdead_beef,
            delay_since_last_sr: 0,
        }),
        cname: "",
        metrics: None,
        goodbye: false,
    };
    let length = report.write(&mut out).expect("fits");
    let heard = Reports::new()
        .receive(&out[..length], 9, &clock(), Instant::from_millis(9_000))
        .expect("read");
    assert!(heard.reception.is_some());
    assert_eq!(heard.round_trip, None);
}

#[test]
fn reports_come_every_two_to_seven_seconds() {
    let ms = |first, random| interval(first, random).as_millis();
    assert_eq!((ms(false, 0), ms(false, u32::MAX)), (2_052, 6_156));
    assert_eq!((ms(true, 0), ms(true, u32::MAX)), (1_026, 3_078));
}

proptest! {
    #[test]
    fn mutated_compounds_do_no_harm(
        kind in 0_u8..8,
        changes in proptest::collection::vec((0_usize..120, any::<u8>()), 0..6),
        cut in 0_usize..160,
        tail in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut octets = compound(kind & 1 != 0, kind & 2 != 0, kind & 4 != 0);
        for (at, octet) in changes {
            if let Some(slot) = octets.get_mut(at) { *slot = octet; }
        }
        octets.extend(tail);
        octets.truncate(cut);
        let mut reports = Reports::new();
        let heard = reports.receive(&octets, 0x1111_1111, &clock(), Instant::from_millis(1));
        if let Ok(parts) = Parts::read(&octets) {
            prop_assert!(heard.is_ok());
            prop_assert!(parts.count() >= 1);
        } else {
            prop_assert!(heard.is_err());
        }
    }

    #[test]
    fn any_octets_do_no_harm(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Parts::read(&octets).map(Iterator::count);
    }
}

const METRICS: VoiceMetrics = VoiceMetrics {
    ssrc: 0x1111_1111,
    lost_256: 1,
    late_256: 2,
    burst_density_256: 128,
    gap_density_256: 3,
    burst_ms: 400,
    gap_ms: 9_000,
    round_trip_ms: 42,
    own_ms: 65,
    level_dbm0: Some(-18),
    rating: Some(91),
    listening_10: Some(44),
    talking_10: None,
    wait_ms: 35,
    wait_ms_max: 520,
};

/// A receiver report with these metrics.
fn extended(metrics: VoiceMetrics) -> Vec<u8> {
    let mut out = [0xaa; 200];
    let length = Compound {
        ssrc: 0x2222_2222,
        sender: None,
        block: None,
        cname: "c7f1",
        metrics: Some(metrics),
        goodbye: false,
    }
    .write(&mut out)
    .expect("fits");
    out[..length].to_vec()
}

#[test]
fn voice_metrics_are_those_of_the_rfc_and_are_read() {
    let octets = extended(METRICS);
    // RFC 3611 §2 and §4.7, written by hand.
    let wanted = [
        0x80, 207, 0, 10, 0x22, 0x22, 0x22, 0x22, // XR
        7, 0, 0, 8, 0x11, 0x11, 0x11, 0x11, // voice metrics of whom
        1, 2, 128, 3, 1, 0x90, 0x23, 0x28, // missing, and how it lies
        0, 42, 0, 65, 238, 127, 127, 16, // delays, level
        91, 127, 44, 127, 0xf0, 0, 0, 35, // scores, buffer
        2, 8, 2, 8,
    ];
    assert_eq!(octets[octets.len() - 44..], wanted);
    let mut reports = Reports::new();
    let clock = NtpClock::new(Now::default());
    let mut receive = |ours| {
        let heard = reports.receive(&octets, ours, &clock, Instant::ZERO);
        heard.expect("a compound").metrics
    };
    assert_eq!(receive(0x1111_1111), Some(METRICS));
    assert_eq!(receive(0x1111_1112), None, "about somebody else");
}

#[test]
fn what_cannot_be_a_metric_is_not_known() {
    let read = |change: &dyn Fn(&mut [u8])| {
        let mut octets = extended(METRICS);
        let at = octets.len() - 44;
        change(&mut octets[at..]);
        let mut reports = Reports::new();
        let clock = NtpClock::new(Now::default());
        let heard = reports.receive(&octets, 0x1111_1111, &clock, Instant::ZERO);
        heard.map(|heard| heard.metrics)
    };
    let scores = read(&|o| o[32..36].copy_from_slice(&[101, 101, 9, 51]));
    let scores = scores.expect("whole").expect("metrics");
    assert_eq!(
        (scores.rating, scores.listening_10, scores.talking_10),
        (None, None, None)
    );
    // Blocks that are too long, too short or of another kind, and no block at all.
    assert_eq!(read(&|o| o[11] = 9), Ok(None));
    assert_eq!(read(&|o| o[11] = 7), Ok(None));
    assert_eq!(read(&|o| o[10] = 0xff), Ok(None));
    assert_eq!(read(&|o| o[8] = 4), Ok(None));
    assert_eq!(read(&|o| o[3] = 11), Err(RtcpError::Truncated));
}

proptest! {
    #[test]
    fn no_extended_report_is_too_strange(junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut octets = compound(false, false, false);
        octets.extend([0x80, 207]);
        let words = junk.len() / 4;
        octets.extend((words as u16).to_be_bytes());
        octets.extend(&junk[..words * 4]);
        let parts = Parts::read(&octets).expect("a compound");
        for part in parts {
            if let Part::Extended { voices } = part {
                prop_assert!(voices.count() <= junk.len() / 36);
            }
        }
    }
}
