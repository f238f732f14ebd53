use proptest::prelude::*;

use super::*;

/// A packet on its way; 8 units are a millisecond.
#[derive(Clone, Copy, Debug)]
struct Flying {
    at_us: u64,
    seq: u16,
    timestamp: u32,
    marker: bool,
    units: u32,
    comfort: bool,
    /// Where its sound stands in what was said.
    time: u64,
}

/// `count` packets of `units`; the sender's clock is fast by `ppm`.
fn stream(count: u64, units: u32, ppm: f64) -> Vec<Flying> {
    let at = |n: u64| (n * u64::from(units)) as f64 * 125.0 / (1.0 + ppm / 1e6);
    (0..count)
        .map(|n| Flying {
            at_us: 1_000_000 + at(n) as u64,
            seq: n as u16,
            timestamp: n as u32 * units,
            marker: n == 0,
            units,
            comfort: false,
            time: n * u64::from(units),
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

/// What was heard in one tick, in units.
#[derive(Clone, Debug, Default)]
struct Tick {
    /// From and to in what was said.
    sound: Vec<(u64, u64)>,
    lost: u32,
    idle: u32,
}

/// Plays a buffer and changes time by up to a unit a tick, or freely in a pause.
struct Player {
    buffer: JitterBuffer,
    held: u32,
    inserted: u64,
    dropped: u64,
}

impl Player {
    fn new() -> Self {
        let mut buffer = JitterBuffer::new(8_000);
        buffer.play(Instant::ZERO, |_| {});
        Self {
            buffer,
            held: 0,
            inserted: 0,
            dropped: 0,
        }
    }

    fn push(&mut self, at_us: u64, packet: &Flying) -> Pushed {
        let now = Instant::from_nanos(at_us * 1_000);
        let frame = Frame {
            timestamp: packet.timestamp,
            seq: packet.seq,
            marker: packet.marker,
            units: packet.units,
            comfort: packet.comfort,
            payload: &packet.time.to_be_bytes(),
        };
        self.buffer.push(now, &frame)
    }

    fn tick(&mut self, now_us: u64) -> Tick {
        let now = Instant::from_nanos(now_us * 1_000);
        let later = self.buffer.pull(now, self.held);
        let mut heard = Tick::default();
        let mut steps = 0;
        while self.held < 80 {
            steps += 1;
            assert!(steps < 100, "every step gets on");
            match self.buffer.next(80 - self.held, false, later) {
                Next::Frame {
                    payload,
                    units,
                    skip,
                } => {
                    let time = u64::from_be_bytes(payload.try_into().expect("a time"));
                    assert!(skip < units);
                    let (from, to) = (time + u64::from(skip), time + u64::from(units));
                    heard.sound.push((from, to));
                    self.held += units - skip;
                }
                Next::Comfort { .. } => {}
                Next::Lost { units, .. } => {
                    heard.lost += units;
                    self.held += units;
                }
                Next::Idle { units } => {
                    heard.idle += units;
                    self.held += units;
                }
            }
        }
        let real = heard.lost == 0 && heard.idle == 0;
        if real && later > 0 {
            self.held += 1;
            self.inserted += 1;
        } else if real && later < 0 && self.held > 80 {
            self.held -= 1;
            self.dropped += 1;
        }
        self.held -= 80;
        heard
    }

    /// How long the newest sound waited, in units.
    fn wait_ms(&mut self) -> u32 {
        self.buffer.wait_us() / 1_000
    }

    /// Plays packets as they come, a tick every 10 ms, until 200 ms after the last.
    fn play(&mut self, mut packets: Vec<Flying>) -> Vec<Tick> {
        packets.sort_by_key(|p| p.at_us);
        let end = packets.last().map_or(0, |p| p.at_us) + 200_000;
        let mut waiting = packets.into_iter().peekable();
        let mut ticks = Vec::new();
        let mut now = 1_003_000;
        while now < end {
            while let Some(packet) = waiting.next_if(|p| p.at_us <= now) {
                self.push(packet.at_us, &packet);
            }
            ticks.push(self.tick(now));
            now += 10_000;
        }
        ticks
    }
}

fn total(ticks: &[Tick]) -> (u64, u32, u32) {
    let sound = ticks.iter().flat_map(|t| &t.sound);
    let lost = ticks.iter().map(|t| t.lost).sum();
    let idle = ticks.iter().map(|t| t.idle).sum();
    (sound.map(|(from, to)| to - from).sum(), lost, idle)
}

/// What was heard, with neighbours joined.
fn heard(ticks: &[Tick]) -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for &(from, to) in ticks.iter().flat_map(|t| &t.sound) {
        match all.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => all.push((from, to)),
        }
    }
    all
}

#[test]
fn nothing_came_nothing_is_heard() {
    let mut player = Player::new();
    let tick = player.tick(1_000);
    assert_eq!((tick.lost, tick.idle), (0, 80));
    assert_eq!(player.buffer.wait_us(), 0);
}

#[test]
fn a_calm_network_gives_everything_in_order_after_two_ticks() {
    for units in [80, 160, 240, 320, 480, 960] {
        let mut player = Player::new();
        let packets = stream(u64::from(3 * 8_000 / units), units, 0.0);
        let ticks = player.play(packets);
        let first = ticks.iter().position(|t| !t.sound.is_empty());
        assert!(first.is_some_and(|at| at <= 2), "{units}: {first:?}");
        let said = u64::from(3 * 8_000 / units * units);
        assert_eq!(heard(&ticks), [(0, said)], "{units}");
    }
}

#[test]
fn a_calm_network_lets_the_wait_shrink_to_thirteen_milliseconds() {
    for phase in [0, 1, 4, 9] {
        let mut player = Player::new();
        let mut packets = stream(1_500, 160, 0.0);
        packets.iter_mut().for_each(|p| p.at_us += phase * 1_000);
        let ticks = player.play(packets);
        assert!((12..=13).contains(&player.wait_ms()));
        assert_eq!(total(&ticks[3..2_990]).1, 0);
        // The first unit of a packet is taken this long after it came.
        let tick = &ticks[2_000..2_004];
        let taken = tick.iter().position(|t| !t.sound.is_empty()).expect("any") as u64;
        let (from, _) = tick[taken as usize].sound[0];
        let taken_us = 1_003_000 + (2_000 + taken) * 10_000;
        let came_us = 1_000_000 + phase * 1_000 + from * 125;
        assert!(taken_us - came_us <= 15_000, "{}", taken_us - came_us);
    }
}

#[test]
fn the_packet_length_may_change() {
    let mut packets = stream(50, 160, 0.0);
    let mut time = 8_000_u64;
    for (n, units) in [80, 480, 240, 240, 80, 100, 60].into_iter().enumerate() {
        packets.push(Flying {
            // Sent when full: 160 units are the time that the packets before took.
            at_us: 1_000_000 + (time + u64::from(units) - 160) * 125,
            seq: 50 + n as u16,
            timestamp: time as u32,
            marker: false,
            units,
            comfort: false,
            time,
        });
        time += u64::from(units);
    }
    let mut player = Player::new();
    let ticks = player.play(packets);
    assert_eq!(heard(&ticks), [(0, time)]);
    assert_eq!(player.buffer.figures().late, 0);
}

#[test]
fn reordered_and_doubled_packets_are_put_right() {
    let mut packets = stream(200, 160, 0.0);
    for n in (10..190).step_by(5) {
        packets[n].at_us += 25_000;
        let double = packets[n + 1];
        packets.push(double);
    }
    let mut player = Player::new();
    let ticks = player.play(packets);
    assert_eq!(heard(&ticks[100..]).len(), 1);
    assert!(player.buffer.figures().late <= 1);
    assert!(player.buffer.figures().duplicate + player.buffer.figures().late >= 36);
}

#[test]
fn a_lost_packet_is_its_own_length_of_loss() {
    let mut packets = stream(100, 160, 0.0);
    packets.remove(50);
    let mut player = Player::new();
    let ticks = player.play(packets);
    assert_eq!(total(&ticks[4..200]).1, 160);
    assert_eq!(heard(&ticks), [(0, 8_000), (8_160, 16_000)]);
}

#[test]
fn the_frame_after_a_gap_is_shown_to_who_asks() {
    let mut player = Player::new();
    let packets = stream(4, 160, 0.0);
    for n in [0, 1, 3] {
        player.push(packets[n].at_us, &packets[n]);
    }
    let buffer = &mut player.buffer;
    while matches!(buffer.next(80, true, 0), Next::Idle { .. }) {}
    assert!(matches!(buffer.next(80, true, 0), Next::Frame { .. }));
    let Next::Lost { units, following } = buffer.next(80, true, 0) else {
        panic!("the third is missing");
    };
    let time = (3_u64 * 160).to_be_bytes();
    assert_eq!((units, following), (160, Some((&time[..], 0))));
    assert!(matches!(buffer.next(80, true, 0), Next::Frame { .. }));
}

#[test]
fn the_wait_grows_with_the_jitter_and_then_hardly_anything_is_late() {
    for spread_us in [10_000, 30_000, 70_000] {
        let mut state = 5;
        let mut packets = stream(6_000, 160, 0.0);
        for packet in &mut packets {
            packet.at_us += random(&mut state) % spread_us;
        }
        let mut player = Player::new();
        let later = packets.split_off(500);
        player.play(packets);
        let early = player.buffer.figures().late;
        let mut player = Player { ..player };
        let ticks = {
            let mut waiting = later.clone();
            waiting.sort_by_key(|p| p.at_us);
            let mut waiting = waiting.into_iter().peekable();
            let mut ticks = Vec::new();
            let mut now = 11_203_000;
            while now < 120_000_000 {
                while let Some(p) = waiting.next_if(|p| p.at_us <= now) {
                    player.push(p.at_us, &p);
                }
                ticks.push(player.tick(now));
                now += 10_000;
            }
            ticks
        };
        let late = player.buffer.figures().late - early;
        assert!(late <= 5_500 / 100, "{spread_us}: {late} of 5500 late");
        let wait = u64::from(player.wait_ms()) * 1_000;
        assert!(
            (spread_us..=spread_us + 16_000).contains(&wait),
            "{spread_us}: {wait}"
        );
        assert!(total(&ticks).0 > 5_400 * 160);
    }
}

#[test]
fn the_far_ends_clock_is_followed_for_an_hour_without_an_under_run() {
    for ppm in [-200.0, 200.0] {
        let mut player = Player::new();
        let ticks = player.play(stream(180_000, 160, ppm));
        let playing = &ticks[3..ticks.len() - 40];
        let (_, lost, idle) = total(playing);
        let at = playing.iter().position(|t| t.lost > 0);
        assert_eq!((lost, idle), (0, 0), "{ppm} ppm: missing at {at:?}");
        assert_eq!(player.buffer.figures().late, 0, "{ppm} ppm");
        // 3600 s · 8000 · 200 ppm = 5760 units.
        let drift = (3_600.0 * 8_000.0 * ppm / 1e6) as i64;
        let moved = player.dropped as i64 - player.inserted as i64;
        assert!(
            (moved - drift).abs() < 160,
            "{ppm} ppm: {moved} for {drift}"
        );
        assert!(player.wait_ms() <= 16, "{ppm} ppm: {}", player.wait_ms());
        let told = player.buffer.drift_ppm().expect("known after an hour");
        assert!((f64::from(told) - ppm).abs() <= 5.0, "{ppm}: {told}");
    }
}

#[test]
fn a_pause_of_the_far_end_is_idle_not_loss() {
    // Half a second of speech, a second of nothing (numbers go on, time runs), half a second.
    for told in [false, true] {
        let mut packets = stream(25, 160, 0.0);
        let comfort = Flying {
            comfort: true,
            seq: 25,
            marker: false,
            ..stream(26, 160, 0.0)[25]
        };
        if told {
            packets.push(comfort);
        }
        for n in 0..25 {
            let time = 12_000 + n * 160;
            packets.push(Flying {
                at_us: 1_000_000 + time * 125,
                seq: 25 + n as u16 + u16::from(told),
                timestamp: time as u32,
                marker: n == 0,
                units: 160,
                comfort: false,
                time,
            });
        }
        let mut player = Player::new();
        let ticks = player.play(packets);
        let (sound, lost, idle) = total(&ticks);
        assert_eq!(sound, 8_000);
        assert!(lost <= if told { 560 } else { 2 * 560 }, "{lost}");
        assert!(idle >= 7_000, "{idle}");
        assert_eq!(player.buffer.figures().jumps, 0);
        let first_end = ticks.iter().take(110).map(|t| t.lost).sum::<u32>();
        if told {
            assert_eq!(first_end, 0, "a pause that was told is no loss");
        }
    }
}

#[test]
fn time_that_jumps_is_a_new_start() {
    for jump in [40_000_000_u32, 6_000, 1 << 31, 0_u32.wrapping_sub(50_000)] {
        let mut packets = stream(100, 160, 0.0);
        for packet in &mut packets[50..] {
            packet.timestamp = packet.timestamp.wrapping_add(jump);
        }
        let mut player = Player::new();
        let ticks = player.play(packets);
        assert!(player.buffer.figures().jumps >= 1, "{jump}");
        let (sound, ..) = total(&ticks);
        assert!(sound >= 16_000 - 480, "{jump}: {sound}");
    }
}

#[test]
fn time_set_back_a_little_is_noticed_after_a_while() {
    let mut packets = stream(200, 160, 0.0);
    for packet in &mut packets[50..] {
        packet.timestamp = packet.timestamp.wrapping_sub(1_600);
    }
    let mut player = Player::new();
    let (sound, ..) = total(&player.play(packets));
    assert!(sound > 32_000 - 4_000, "{sound}");
}

#[test]
fn a_burst_after_a_standstill_does_not_make_the_call_slow() {
    let mut packets = stream(500, 160, 0.0);
    for packet in &mut packets[100..130] {
        packet.at_us = 1_000_000 + 130 * 20_000;
    }
    let mut player = Player::new();
    let ticks = player.play(packets);
    assert!(player.wait_ms() <= 25, "{}", player.wait_ms());
    // From a second after the burst on all is well.
    assert_eq!(total(&ticks[360..990]).1, 0);
}

#[test]
fn late_ticks_are_made_good() {
    // The box stands still for 300 ms once: the packets of that time wait in the socket, and what
    // should have been heard meanwhile is thrown away.
    let mut player = Player::new();
    let packets = stream(1_500, 160, 0.0);
    let mut waiting = packets.into_iter().peekable();
    let mut missing = 0;
    let mut now = 1_001_000;
    while now < 29_000_000 {
        while let Some(p) = waiting.next_if(|p| p.at_us <= now) {
            player.push(now, &p);
        }
        missing += player.tick(now).lost;
        now += 10_000;
        if now == 5_001_000 {
            now += 300_000;
            while let Some(p) = waiting.next_if(|p| p.at_us <= now) {
                player.push(now, &p);
            }
            for n in (1..=30).rev() {
                missing += player.tick(now - n * 10_000).lost;
            }
        }
    }
    assert_eq!(missing, 0);
    assert!(player.wait_ms() <= 25, "{}", player.wait_ms());
}

#[test]
fn odd_packets_are_refused() {
    let mut player = Player::new();
    let good = stream(1, 960, 0.0)[0];
    let mut push = |units, payload: &[u8]| {
        let frame = Frame {
            timestamp: 0,
            seq: 0,
            marker: false,
            units,
            comfort: false,
            payload,
        };
        player.buffer.push(Instant::from_millis(1), &frame)
    };
    assert_eq!(push(0, &[1]), Pushed::Refused);
    assert_eq!(push(961, &[1]), Pushed::Refused);
    assert_eq!(push(160, &[]), Pushed::Refused);
    assert_eq!(push(160, &[0; RTP_PACKET_MAX + 1]), Pushed::Refused);
    assert_eq!(player.push(1_000, &good), Pushed::Stored);
    assert_eq!(player.push(1_000, &good), Pushed::Duplicate);
    assert_eq!(player.buffer.figures().refused, 4);
}

#[test]
fn timestamps_wrap() {
    let mut packets = stream(100, 160, 0.0);
    for packet in &mut packets {
        packet.timestamp = packet.timestamp.wrapping_sub(8_000);
    }
    assert_eq!(heard(&Player::new().play(packets)), [(0, 16_000)]);
}

#[test]
fn who_begins_to_play_gets_the_last_frames_and_the_right_wait() {
    let mut player = Player::new();
    player.buffer.unplay();
    let mut state = 3;
    let packets = stream(500, 160, 0.0);
    for packet in &packets {
        let at = packet.at_us + random(&mut state) % 20_000;
        player.push(at, packet);
        player.buffer.pass(Instant::from_nanos(at * 1_000));
    }
    let now = Instant::from_nanos((packets[499].at_us + 20_000) * 1_000);
    let mut warmed = 0;
    player.buffer.play(now, |_| warmed += 1);
    assert!((3..=6).contains(&warmed), "{warmed}");
    let ahead = player.buffer.ahead(now) / 8;
    assert!((20..=36).contains(&ahead), "{ahead} ms to be made up");
    assert_eq!(player.buffer.figures(), JitterFigures::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    /// Whatever the network does, sound is played in order and none twice.
    #[test]
    fn playing_never_goes_back(
        units in prop_oneof![Just(80_u32), Just(160), Just(240), Just(480), Just(37)],
        fates in proptest::collection::vec((0_u8..20, 0_u64..150_000), 20..300),
        spike in 0_u64..400_000,
        start: u32,
    ) {
        let mut packets = stream(fates.len() as u64, units, 0.0);
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
                kept.push(Flying { at_us: packet.at_us + delay / 2, ..packet });
            }
            kept.push(packet);
        }
        let mut player = Player::new();
        let ticks = player.play(kept);
        // A fresh start may play what came before it again; only without one order is strict.
        if player.buffer.figures().jumps == 0 {
            for pair in heard(&ticks).windows(2) {
                prop_assert!(pair[1].0 > pair[0].1, "{:?} then {:?}", pair[0], pair[1]);
            }
        }
    }

    #[test]
    fn any_packets_do_no_harm(
        packets in proptest::collection::vec(
            (any::<u32>(), any::<bool>(), 0_u32..1_000, 0_u64..12, any::<(bool, bool, u16)>()),
            0..120)
    ) {
        let mut player = Player::new();
        let mut now = 0;
        for (timestamp, near, units, ticks, (marker, comfort, seq)) in packets {
            let timestamp = if near { timestamp % 4_000 } else { timestamp };
            let time = 0;
            let at_us = now;
            player.push(now, &Flying { at_us, seq, timestamp, marker, units, comfort, time });
            for _ in 0..ticks {
                now += 10_000;
                player.tick(now);
            }
        }
    }

    /// After any five seconds of bad weather a calm network sounds whole again, and soon at once.
    #[test]
    fn calm_after_the_storm(
        storm in proptest::collection::vec((0_u8..12, 0_u64..500_000), 250),
        steps in proptest::collection::vec((0_usize..250, 0_u64..900_000), 0..4),
        jump in prop_oneof![Just(0_u32), any::<u32>(), 0_u32..4_000, (u32::MAX - 4_000)..u32::MAX],
        path_us in 0_u64..400_000,
    ) {
        let mut packets = stream(2_600, 160, 0.0);
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
        packets.retain(|p| p.at_us < 90_000_000);
        let mut player = Player::new();
        let ticks = player.play(packets);
        let (_, lost, idle) = total(&ticks[700..5_150]);
        prop_assert_eq!((lost, idle), (0, 0), "from two seconds after the storm");
        prop_assert!(player.wait_ms() <= 20, "{}", player.wait_ms());
    }
}

#[test]
fn a_longer_path_costs_little() {
    // The network finds another way: from packet 100 on all come later by a constant.
    for (by_ms, most) in [(30, 320), (60, 480), (80, 640), (200, 4_000), (400, 6_000)] {
        let mut packets = stream(500, 160, 0.0);
        for packet in &mut packets[100..] {
            packet.at_us += by_ms * 1_000;
        }
        let mut player = Player::new();
        let ticks = player.play(packets);
        let playing = &ticks[4..995];
        let (sound, lost, idle) = total(playing);
        assert!(lost + idle <= most, "{by_ms} ms: {lost} lost, {idle} idle");
        assert!(sound >= u64::from(991 * 80 - most), "{by_ms} ms");
        assert!(player.wait_ms() <= 120);
    }
}

#[test]
fn a_late_packet_is_still_played_when_nothing_else_was() {
    let mut packets = stream(100, 160, 0.0);
    for packet in &mut packets[60..] {
        packet.at_us += 55_000;
    }
    let mut player = Player::new();
    let ticks = player.play(packets);
    assert_eq!(heard(&ticks), [(0, 16_000)], "everything was heard");
    assert_eq!(player.buffer.figures().late, 0);
}
