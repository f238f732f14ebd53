//! RTCP: sent about every five seconds, read, and the figures that come of it.

use media::Channel;
use model::{MediaCommand, MediaEvent, MediaFigures, MediaLeg, RtpParams};
use rtp::rtcp::{Compound, Part, Parts, ReportBlock, VoiceMetrics};
use rtp::session::Reception;

use crate::rig::{Phone, Rig, params};

/// The reports that were sent for a leg: (ms, is a sender report, says goodbye).
fn reports(rig: &Rig, leg: MediaLeg) -> Vec<(u64, bool, bool)> {
    let sent = rig
        .sent
        .get(&(leg, Channel::Rtcp))
        .cloned()
        .unwrap_or_default();
    sent.iter()
        .map(|sent| {
            let parts: Vec<_> = Parts::read(&sent.bytes).expect("a compound").collect();
            let sender = matches!(parts[0], Part::Sender { .. });
            let bye = parts
                .iter()
                .any(|part| matches!(part, Part::Goodbye { .. }));
            (sent.at.as_millis(), sender, bye)
        })
        .collect()
}

fn figures(rig: &mut Rig, leg: MediaLeg) -> MediaFigures {
    rig.command(MediaCommand::RemoveLeg { leg });
    match rig.events.last() {
        Some(MediaEvent::LegRemoved { figures, .. }) => *figures,
        other => panic!("{other:?}"),
    }
}

#[test]
fn reports_are_sent_while_the_leg_lives_and_not_in_step() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 1_500);
    let (to_a, to_b) = (reports(&rig, a.leg), reports(&rig, b.leg));
    assert!((5..=12).contains(&to_a.len()) && (5..=12).contains(&to_b.len()));
    assert!(to_a.iter().all(|report| !report.1), "a was sent nothing");
    assert!(to_b.iter().all(|report| report.1), "b was sent a's sound");
    assert!(to_a.iter().zip(&to_b).all(|(a, b)| a.0 != b.0));
    for pair in to_a.windows(2) {
        let apart = pair[1].0 - pair[0].0;
        assert!((2_000..=6_500).contains(&apart), "{apart}");
    }
    rig.command(MediaCommand::RemoveLeg { leg: b.leg });
    assert_eq!(reports(&rig, b.leg).last().map(|last| last.2), Some(true));
}

#[test]
fn who_never_sent_anything_says_no_goodbye() {
    let mut rig = Rig::new();
    let silent = rig.phone(0);
    rig.command(MediaCommand::RemoveLeg { leg: silent.leg });
    assert_eq!(reports(&rig, silent.leg), []);
}

#[test]
fn the_far_ends_view_is_in_the_figures() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 500);
    let sent = rig.sent[&(b.leg, Channel::Rtcp)]
        .last()
        .expect("a report")
        .clone();
    let Some(Part::Sender { ssrc, info, .. }) = Parts::read(&sent.bytes).expect("read").next()
    else {
        panic!("no sender report");
    };
    assert_eq!(
        u64::from(info.packets),
        50 * (sent.at.as_millis() - 1_000) / 1_000 + 1
    );
    let held = rig.now.since(sent.at);
    rig.pass(40);
    let block = ReportBlock {
        reception: Reception {
            ssrc,
            lost: 7,
            ..Reception::default()
        },
        last_sr: (info.ntp >> 16) as u32,
        delay_since_last_sr: (held.as_secs_f64() * 65_536.0) as u32,
    };
    let mut bytes = [0; 200];
    let compound = Compound {
        ssrc: b.ssrc,
        sender: None,
        block: Some(block),
        cname: "b",
        metrics: None,
        goodbye: false,
    };
    let len = compound.write(&mut bytes).expect("fits");
    let from = b.params.remote_rtcp.expect("set");
    rig.packet(b.leg, Channel::Rtcp, b.address, &bytes[..len]);
    rig.packet(b.leg, Channel::Rtcp, from, &bytes[..len]);
    rig.packet(b.leg, Channel::Rtcp, from, &bytes[..7]);
    let figures = figures(&mut rig, b.leg);
    assert_eq!(figures.lost_far, 7);
    assert!(figures.round_trip_us.abs_diff(40_000) < 100, "{figures:?}");
    assert_eq!((figures.stranger, figures.malformed), (1, 1));
    assert_eq!(figures.packets_out, 500);
}

/// The metrics of the last report that a phone was sent.
fn metrics_sent(rig: &Rig, phone: &Phone) -> Option<VoiceMetrics> {
    let sent = rig.sent[&(phone.leg, Channel::Rtcp)].last()?;
    let parts = Parts::read(&sent.bytes).expect("a compound");
    parts.into_iter().find_map(|part| match part {
        Part::Extended { mut voices } => voices.next(),
        _ => None,
    })
}

#[test]
fn who_asks_for_voice_metrics_gets_them() {
    for xr in [false, true] {
        let mut rig = Rig::new();
        let asks = RtpParams { xr, ..params(0) };
        let (mut a, b) = (rig.phone_with(0, asks), rig.phone(1));
        rig.join(a.leg, 0);
        rig.join(b.leg, 0);
        rig.talk(&mut [&mut a], 100);
        // Four of six are missing, in one burst.
        for lost in [2, 2] {
            for _ in 0..lost {
                a.packet();
                rig.pass(20);
            }
            rig.talk(&mut [&mut a], 1);
        }
        rig.talk(&mut [&mut a], 400);
        let Some(metrics) = metrics_sent(&rig, &a) else {
            assert!(!xr, "nothing was sent");
            continue;
        };
        assert!(xr, "who does not ask gets none");
        assert_eq!(metrics.ssrc, a.ssrc);
        let missing = (
            metrics.lost_256,
            metrics.late_256,
            metrics.burst_density_256,
        );
        assert_eq!(missing, (2, 0, 204), "4 of about 500, 4 of 5");
        assert_eq!((metrics.burst_ms, metrics.gap_density_256), (100, 0));
        assert!(
            metrics.listening_10.is_some_and(|mos| mos >= 42),
            "{metrics:?}"
        );
        assert!(metrics.rating.is_some_and(|r| (80..=93).contains(&r)));
        assert!(
            metrics
                .level_dbm0
                .is_some_and(|level| (-17..-13).contains(&level))
        );
    }
}

#[test]
fn what_the_far_end_thinks_of_us_is_in_the_figures() {
    let mut rig = Rig::new();
    let (mut a, b) = (rig.phone(0), rig.phone(1));
    rig.join(a.leg, 0);
    rig.join(b.leg, 0);
    rig.talk(&mut [&mut a], 10);
    let mut bytes = [0; 200];
    let compound = Compound {
        ssrc: b.ssrc,
        sender: None,
        block: None,
        cname: "b",
        metrics: Some(VoiceMetrics {
            ssrc: rig.heard(b.leg)[0].ssrc(),
            late_256: 12,
            listening_10: Some(35),
            ..VoiceMetrics::default()
        }),
        goodbye: false,
    };
    let len = compound.write(&mut bytes).expect("fits");
    let from = b.params.remote_rtcp.expect("set");
    rig.packet(b.leg, Channel::Rtcp, from, &bytes[..len]);
    rig.pass(2_000);
    rig.command(MediaCommand::RemoveLeg { leg: b.leg });
    let of_b = |event: &MediaEvent| match *event {
        MediaEvent::QualitySecond { leg, second } if leg == b.leg => {
            Some((second.far_late_256, second.far_mos_100))
        }
        MediaEvent::QualityMinute { leg, minute } if leg == b.leg => {
            Some((12, minute.far_mos_100_min))
        }
        _ => None,
    };
    let told: Vec<_> = rig.quality.iter().filter_map(of_b).collect();
    assert_eq!(
        told,
        [(12, 350); 3],
        "two seconds and what there is of a minute"
    );
}
