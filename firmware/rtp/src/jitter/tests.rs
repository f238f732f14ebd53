use proptest::prelude::*;

use super::*;

/// A packet on its way: when it comes in µs, its timestamp and samples.
#[derive(Clone)]
struct Flying {
    at_us: u64,
    timestamp: u32,
    marker: bool,
    samples: Vec<i16>,
}

/// A loud signal from which the media time of a sample can be read: it grows by 1 in 8 samples.
fn ramp(time: u64, length: u64) -> Vec<i16> {
    (time..time + length)
        .map(|t| 1_000 + ((t / 8) % 30_000) as i16)
        .collect()
}

/// `count` packets of `length` samples; the sender's clock is fast by `ppm`.
fn stream(count: u64, length: u64, ppm: f64) -> Vec<Flying> {
    (0..count)
        .map(|n| Flying {
            at_us: ((n * length) as f64 * 125.0 / (1.0 + ppm / 1e6)) as u64,
            timestamp: (n * length) as u32,
            marker: n == 0,
            samples: ramp(n * length, length),
        })
        .collect()
}

/// A small generator of repeatable randomness.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// What was heard in one tick.
#[derive(Clone, Debug, Default)]
struct Tick {
    sound: Vec<i16>,
    lost: usize,
    idle: usize,
}

fn tick(buffer: &mut JitterBuffer) -> Tick {
    let mut heard = Tick::default();
    let mut block = [0_i16; 80];
    let mut at = 0;
    while at < block.len() {
        let run = buffer.pull(&mut block[at..]);
        assert!(!run.is_empty(), "a pull always gets on");
        match run {
            Run::Sound(n) => heard.sound.extend(&block[at..at + n]),
            Run::Lost(n) => heard.lost += n,
            Run::Idle(n) => heard.idle += n,
        }
        at += run.len();
    }
    heard
}

/// Plays packets as they come, a tick every 10 ms from 1 ms on, until 200 ms after the last.
fn play(buffer: &mut JitterBuffer, mut packets: Vec<Flying>) -> Vec<Tick> {
    packets.sort_by_key(|p| p.at_us);
    let end = packets.last().map_or(0, |p| p.at_us) + 200_000;
    let mut waiting = packets.into_iter().peekable();
    let mut ticks = Vec::new();
    let mut now = 1_000;
    while now < end {
        while let Some(packet) = waiting.next_if(|p| p.at_us <= now) {
            buffer.push(packet.timestamp, packet.marker, &packet.samples);
        }
        ticks.push(tick(buffer));
        now += 10_000;
    }
    ticks
}

fn total(ticks: &[Tick]) -> (usize, usize, usize) {
    let sound = ticks.iter().map(|t| t.sound.len()).sum();
    let lost = ticks.iter().map(|t| t.lost).sum();
    (sound, lost, ticks.iter().map(|t| t.idle).sum())
}

fn sound(ticks: &[Tick]) -> Vec<i16> {
    ticks.iter().flat_map(|t| t.sound.clone()).collect()
}

/// Compares long sounds and names the first difference.
fn same(heard: &[i16], wanted: &[i16], why: &str) {
    let at = heard.iter().zip(wanted).position(|(a, b)| a != b);
    assert_eq!(at, None, "{why}: differs from this sample on");
    assert_eq!(heard.len(), wanted.len(), "{why}");
}

#[test]
fn nothing_came_nothing_is_heard() {
    let mut out = [1; 80];
    let mut buffer = JitterBuffer::new();
    assert_eq!(buffer.pull(&mut out), Run::Idle(80));
    assert_eq!(out, [0; 80]);
    assert_eq!(buffer.delay_samples(), 0);
    assert_eq!(buffer.pull(&mut []), Run::Idle(0));
}

#[test]
fn a_calm_network_gives_every_sample_in_order_after_two_packets() {
    for length in [80, 160, 240, 320, 480] {
        let mut buffer = JitterBuffer::new();
        // Shorter than the four seconds after which the wait may shrink.
        let ticks = play(&mut buffer, stream(3 * 8_000 / length, length, 0.0));
        let silent = ticks
            .iter()
            .position(|t| !t.sound.is_empty())
            .expect("sound") as u64;
        let wait = (2 * length).clamp(160, 960) / 80;
        assert_eq!(silent, wait, "{length} samples a packet");
        let heard = sound(&ticks);
        let sent = 3 * 8_000 / length * length;
        same(&heard, &ramp(0, sent), &length.to_string());
        assert_eq!(buffer.figures().inserted + buffer.figures().dropped, 0);
    }
}

#[test]
fn a_calm_network_lets_the_wait_shrink_to_twenty_milliseconds() {
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, stream(1_500, 160, 0.0));
    assert!(
        buffer.delay_samples().abs_diff(160) <= 20,
        "{}",
        buffer.delay_samples()
    );
    let (_, lost, _) = total(&ticks[..2_990]);
    assert_eq!(lost, 0);
    assert_eq!(buffer.figures().late, 0);
}

#[test]
fn the_packet_length_may_change() {
    let mut packets = stream(50, 160, 0.0);
    let mut time = 8_000_u64;
    for length in [80, 480, 240, 240, 80, 100, 60] {
        packets.push(Flying {
            // Sent when full: 160 samples are the time that the packets before took.
            at_us: (time + length - 160) * 125,
            timestamp: time as u32,
            marker: false,
            samples: ramp(time, length),
        });
        time += length;
    }
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    assert_eq!(total(&ticks[..ticks.len() - 20]).1, 0);
    let (heard, ..) = total(&ticks);
    assert!(
        (time..time + 40).contains(&(heard as u64)),
        "{heard} of {time}"
    );
    let all = sound(&ticks);
    assert!(all.windows(2).all(|w| w[1] - w[0] == 0 || w[1] - w[0] == 1));
    assert_eq!((buffer.figures().late, buffer.figures().dropped), (0, 0));
}

#[test]
fn reordered_and_doubled_packets_are_put_right() {
    let mut packets = stream(100, 160, 0.0);
    for n in (10..90).step_by(5) {
        packets[n].at_us += 25_000;
        let double = packets[n + 1].clone();
        packets.push(double);
    }
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    same(&sound(&ticks), &ramp(0, 16_000), "disorder");
    assert_eq!((buffer.figures().late, buffer.figures().duplicate), (0, 16));
}

#[test]
fn a_lost_packet_is_its_own_length_of_loss() {
    let mut packets = stream(100, 160, 0.0);
    packets.remove(50);
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    let until_end = &ticks[..2 * 100 + 4];
    assert_eq!(total(until_end).1, 160);
    let mut wanted = ramp(0, 8_000);
    wanted.extend(ramp(8_160, 16_000 - 8_160));
    same(&sound(&ticks), &wanted, "loss");
}

#[test]
fn the_wait_grows_with_the_jitter_and_then_nothing_is_late() {
    let mut state = 5;
    let mut packets = stream(3_000, 160, 0.0);
    for packet in &mut packets {
        packet.at_us += random(&mut state) % 70_000;
    }
    let mut buffer = JitterBuffer::new();
    let (first, rest) = packets.split_at(500);
    let mut now = 0;
    let mut run = |buffer: &mut JitterBuffer, packets: &[Flying], end: u64| {
        let mut packets = packets.to_vec();
        packets.sort_by_key(|p| p.at_us);
        let mut waiting = packets.into_iter().peekable();
        while now < end {
            while let Some(p) = waiting.next_if(|p| p.at_us <= now) {
                buffer.push(p.timestamp, p.marker, &p.samples);
            }
            tick(buffer);
            now += 10_000;
        }
    };
    run(&mut buffer, first, 10_000_000);
    let early = buffer.figures();
    run(&mut buffer, rest, 60_000_000);
    let late = buffer.figures().late - early.late;
    assert!(
        late <= 10,
        "{late} of 2500 packets late once the jitter is known"
    );
    assert!(
        (480..=960).contains(&buffer.delay_samples()),
        "{}",
        buffer.delay_samples()
    );
}

#[test]
fn the_far_ends_clock_is_followed_without_loss() {
    for ppm in [-300.0, -100.0, 100.0, 300.0] {
        let mut buffer = JitterBuffer::new();
        let packets = stream(15_000, 160, ppm);
        let ticks = play(&mut buffer, packets);
        let playing = &ticks[..ticks.len() - 40];
        assert_eq!(
            total(playing).1,
            0,
            "{ppm} ppm: nothing missing in five minutes"
        );
        assert_eq!(buffer.figures().late, 0, "{ppm} ppm");
        // 300 s · 8000 · 300 ppm = 720 samples.
        let drift = (300.0 * 8_000.0 * ppm / 1e6) as i64;
        let figures = buffer.figures();
        let moved = figures.dropped as i64 - figures.inserted as i64;
        assert!(
            (moved - drift).abs() < 260,
            "{ppm} ppm: {moved} for {drift}"
        );
        assert!(
            buffer.delay_samples() <= 360,
            "{ppm} ppm: {}",
            buffer.delay_samples()
        );
        for pair in sound(playing).windows(2) {
            let step = i32::from(pair[1]) - i32::from(pair[0]);
            assert!(
                (0..=1).contains(&step) || step < -29_000,
                "a change of one sample: {step}"
            );
        }
    }
}

#[test]
fn silence_is_changed_before_speech() {
    // 100 ms too much wait after a delay spike; then speech and silence alternate.
    let mut packets = stream(1_500, 160, 0.0);
    for (n, packet) in packets.iter_mut().enumerate() {
        if n < 250 {
            packet.at_us += (n as u64 % 5) * 20_000;
        }
        if n % 50 >= 25 {
            packet.samples.fill(20);
        }
    }
    let mut buffer = JitterBuffer::new();
    play(&mut buffer, packets);
    assert!(buffer.delay_samples() <= 200, "{}", buffer.delay_samples());
    assert!(buffer.figures().dropped > 400);
}

#[test]
fn a_pause_of_the_far_end_is_idle_not_loss() {
    // Half a second of speech, a second of nothing (numbers go on, time runs), half a second.
    let mut packets = stream(25, 160, 0.0);
    for n in 0..25 {
        let time = 12_000 + n * 160;
        packets.push(Flying {
            at_us: time * 125,
            timestamp: time as u32,
            marker: n == 0,
            samples: ramp(time, 160),
        });
    }
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    let (heard, lost, idle) = total(&ticks);
    assert_eq!(heard, 8_000);
    assert!(lost <= 2 * 480, "only until concealment has faded: {lost}");
    assert!(idle >= 7_000, "{idle}");
    assert_eq!(buffer.figures().jumps, 0);
}

#[test]
fn time_that_jumps_is_a_new_start() {
    for jump in [40_000_000_u32, 5_000, 1 << 31, 0_u32.wrapping_sub(50_000)] {
        let mut packets = stream(100, 160, 0.0);
        for packet in &mut packets[50..] {
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        let mut buffer = JitterBuffer::new();
        let ticks = play(&mut buffer, packets);
        assert!(buffer.figures().jumps >= 1, "{jump}");
        let heard = total(&ticks).0;
        assert!(heard >= 16_000 - 480, "{jump}: {heard}");
    }
}

#[test]
fn time_set_back_a_little_is_noticed_after_a_while() {
    let mut packets = stream(200, 160, 0.0);
    for packet in &mut packets[50..] {
        packet.timestamp = packet.timestamp.wrapping_sub(1_600);
    }
    let mut buffer = JitterBuffer::new();
    let heard = total(&play(&mut buffer, packets)).0;
    assert_eq!(buffer.figures().jumps, 1);
    assert!(heard > 32_000 - 4_000, "{heard}");
}

#[test]
fn a_burst_after_a_standstill_does_not_make_the_call_slow() {
    let mut packets = stream(500, 160, 0.0);
    for packet in &mut packets[100..130] {
        packet.at_us = 130 * 20_000;
    }
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    assert!(
        buffer.delay_samples() <= 1_000,
        "{}",
        buffer.delay_samples()
    );
    // From a second after the burst on all is well.
    let later = &ticks[360..1_000];
    assert_eq!(total(later).1, 0);
}

#[test]
fn late_ticks_are_made_good() {
    // The box stands still for 300 ms once: the packets of that time wait in the socket.
    let mut buffer = JitterBuffer::new();
    let packets = stream(1_500, 160, 0.0);
    let mut waiting = packets.into_iter().peekable();
    let mut missing = 0;
    let mut now = 1_000;
    while now < 29_000_000 {
        while let Some(p) = waiting.next_if(|p| p.at_us <= now) {
            buffer.push(p.timestamp, p.marker, &p.samples);
        }
        missing += tick(&mut buffer).lost;
        now += if now == 5_001_000 { 310_000 } else { 10_000 };
    }
    assert_eq!(missing, 0);
    assert!(buffer.delay_samples() <= 200, "{}", buffer.delay_samples());
}

#[test]
fn odd_packets_are_refused() {
    let mut buffer = JitterBuffer::new();
    assert_eq!(buffer.push(0, false, &[]), Pushed::Refused);
    assert_eq!(
        buffer.push(0, false, &[0; PACKET_SAMPLES_MAX + 1]),
        Pushed::Refused
    );
    assert_eq!(
        buffer.push(0, false, &[0; PACKET_SAMPLES_MAX]),
        Pushed::Stored
    );
    assert_eq!(buffer.push(0, false, &[0; 10]), Pushed::Duplicate);
    assert_eq!(buffer.figures().refused, 2);
}

#[test]
fn timestamps_wrap() {
    let mut packets = stream(100, 160, 0.0);
    for packet in &mut packets {
        packet.timestamp = packet.timestamp.wrapping_sub(8_000);
    }
    let mut buffer = JitterBuffer::new();
    same(
        &sound(&play(&mut buffer, packets)),
        &ramp(0, 16_000),
        "wrap",
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Whatever the network does, real samples are played in order and none twice.
    #[test]
    fn playing_never_goes_back(
        length in prop_oneof![Just(80_u64), Just(160), Just(240), Just(480), Just(37)],
        fates in proptest::collection::vec((0_u8..20, 0_u64..150_000), 20..300),
        spike in 0_u64..400_000,
        start: u32,
    ) {
        let mut packets = stream(fates.len() as u64, length, 0.0);
        let third = fates.len() / 3;
        for (n, (packet, (_, delay))) in packets.iter_mut().zip(&fates).enumerate() {
            packet.timestamp = packet.timestamp.wrapping_add(start);
            packet.at_us += delay;
            if n > third { packet.at_us += spike; }
        }
        let mut kept = Vec::new();
        for (packet, (fate, delay)) in packets.into_iter().zip(&fates) {
            if *fate == 0 { continue; }
            if *fate == 1 {
                let mut double = packet.clone();
                double.at_us += delay / 2;
                kept.push(double);
            }
            kept.push(packet);
        }
        let mut buffer = JitterBuffer::new();
        let jumps = buffer.figures().jumps;
        let ticks = play(&mut buffer, kept);
        // A fresh start may play what came before it again; only without one order is strict.
        if buffer.figures().jumps == jumps {
            let heard = sound(&ticks);
            for pair in heard.windows(2) {
                let wrapped = pair[0] > 30_000 && pair[1] < 2_000;
                prop_assert!(pair[1] >= pair[0] || wrapped, "{} then {}", pair[0], pair[1]);
            }
            let sent = fates.len() * length as usize;
            prop_assert!(heard.len() <= sent + buffer.figures().inserted as usize);
        }
    }

    #[test]
    fn any_packets_do_no_harm(
        packets in proptest::collection::vec(
            (any::<u32>(), any::<bool>(), 0_usize..1_000, 0_usize..12, any::<bool>()), 0..120)
    ) {
        let mut buffer = JitterBuffer::new();
        for (timestamp, near, length, pulls, marker) in packets {
            let timestamp = if near { timestamp % 4_000 } else { timestamp };
            buffer.push(timestamp, marker, &vec![-32_768; length]);
            for _ in 0..pulls {
                tick(&mut buffer);
            }
        }
    }
}

/// Shifts all packets from `from` on by `by_us`.
fn delayed(from: usize, by_us: u64) -> Vec<Flying> {
    let mut packets = stream(500, 160, 0.0);
    for packet in &mut packets[from..] {
        packet.at_us += by_us;
    }
    packets
}

#[test]
fn a_longer_path_costs_little() {
    // The network finds another way: from packet 100 on all come later by a constant.
    for (by_ms, most) in [(30, 0), (60, 480), (80, 640), (200, 4_000), (400, 6_000)] {
        let mut buffer = JitterBuffer::new();
        let ticks = play(&mut buffer, delayed(100, by_ms * 1_000));
        let playing = &ticks[4..995];
        let (heard, lost, idle) = total(playing);
        assert!(lost + idle <= most, "{by_ms} ms: {lost} lost, {idle} idle");
        assert!(heard >= 991 * 80 - most, "{by_ms} ms");
        assert!(
            buffer.delay_samples() <= 980,
            "{by_ms} ms: {}",
            buffer.delay_samples()
        );
    }
}

#[test]
fn a_late_packet_is_still_played_when_nothing_else_was() {
    // One packet 55 ms late, its followers in time behind it: the wait of 40 ms is over, but
    // nothing was played in its place.
    let mut packets = stream(100, 160, 0.0);
    for packet in &mut packets[60..] {
        packet.at_us += 55_000;
    }
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    let (heard, ..) = total(&ticks);
    assert!(heard >= 16_000, "every sample was heard: {heard}");
    assert_eq!(buffer.figures().late, 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// After any five seconds of bad weather a calm network sounds whole again, and soon at once.
    #[test]
    fn calm_after_the_storm(
        storm in proptest::collection::vec((0_u8..12, 0_u64..500_000), 250),
        steps in proptest::collection::vec((0_usize..250, 0_u64..900_000), 0..4),
        jump in prop_oneof![Just(0_u32), any::<u32>(), 0_u32..4_000, (u32::MAX - 4_000)..u32::MAX],
        path_us in 0_u64..400_000,
    ) {
        let mut packets = stream(1_600, 160, 0.0);
        for (packet, (fate, delay)) in packets.iter_mut().zip(&storm) {
            match fate {
                0 => packet.at_us = u64::MAX,
                1..=3 => packet.at_us += delay,
                _ => {}
            }
        }
        for (from, hold) in steps {
            // The network stands still and then delivers all at once.
            let until = packets[from].at_us.saturating_add(hold);
            for packet in &mut packets[from..250] {
                if packet.at_us < until { packet.at_us = until; }
            }
        }
        for packet in &mut packets[250..] {
            packet.at_us += path_us;
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        packets.retain(|p| p.at_us < 60_000_000);
        let mut buffer = JitterBuffer::new();
        let ticks = play(&mut buffer, packets);
        let calm = &ticks[700..3_200];
        let (_, lost, idle) = total(calm);
        prop_assert_eq!((lost, idle), (0, 0), "from two seconds after the storm");
        prop_assert!(buffer.delay_samples() <= 200, "{}", buffer.delay_samples());
    }
}

/// Few packets came, the last ones in a burst, which made the wait seem longer than it was; then the
/// path became slower by 120 ms, and for eight seconds samples were dropped before they could be
/// played.
#[test]
fn a_burst_and_then_a_longer_path() {
    let mut packets = stream(1_000, 160, 0.0);
    for packet in &mut packets[215..250] {
        packet.at_us = packet.at_us.max(4_931_001);
    }
    for packet in &mut packets[250..] {
        packet.at_us += 121_001;
    }
    packets.retain(|p| {
        p.timestamp >= 40_000 || [214, 215, 239, 245, 249].contains(&(p.timestamp / 160))
    });
    let mut buffer = JitterBuffer::new();
    let ticks = play(&mut buffer, packets);
    assert_eq!(total(&ticks[600..1_990]).1, 0);
}
