use core::f32::consts::TAU;

use dsp::codec::Encoder;
use dsp::level::rms_dbm0;
use model::OpusParams;

use super::*;

const FEC: OpusParams = OpusParams {
    fec: true,
    dtx: false,
    narrow: false,
    max_bit_rate: 0,
};

/// A far end that sends a sine of 420 Hz in packets of 20 ms, and the listener.
struct Line {
    listening: Listening,
    encoder: Encoder,
    codec: Codec,
    sent: u64,
    peak: f32,
    heard: Vec<i16>,
}

impl Line {
    fn new(codec: Codec) -> Self {
        let decoder = Decoder::new(codec, FEC).expect("memory");
        let mut encoder = Encoder::new(codec, FEC).expect("memory");
        encoder.expect_loss(20);
        let sound = Sound::new(decoder.sample_hz());
        Self {
            listening: Listening::new(codec, decoder, sound),
            encoder,
            codec,
            sent: 0,
            peak: 6_000.0,
            heard: Vec::new(),
        }
    }

    fn at(ms: u64) -> Instant {
        Instant::from_millis(1_000 + ms)
    }

    /// The next packet; it arrives `now` unless it is lost.
    fn send(&mut self, now: Instant, lost: bool) {
        let rate = self.encoder.sample_hz();
        let length = u64::from(rate / 50);
        let peak = self.peak;
        let sample = |n: u64| {
            let turn = TAU * (420 * n % u64::from(rate)) as f32 / rate as f32;
            (peak * turn.sin()) as i16
        };
        let from = self.sent * length;
        let pcm: Vec<i16> = (from..from + length).map(sample).collect();
        let mut payload = [0; 1_500];
        let len = self.encoder.encode(&pcm, &mut payload);
        let packet = Packet {
            ssrc: 1,
            seq: self.sent as u16,
            timestamp: self.sent as u32 * (self.codec.clock_hz() / 50),
            payload_type: 96,
            marker: self.sent == 0,
            payload: &payload[..len],
        };
        self.sent += 1;
        if !lost {
            self.listening.hear(now, &packet, false);
        }
    }

    fn tick(&mut self, now: Instant) {
        let mut block = vec![0; self.listening.rate_hz() as usize / 100];
        self.listening.pull(now, &mut block);
        self.heard.extend(block);
    }

    /// So many packets of 20 ms from `from_ms` on, every `nth` lost.
    fn talk(&mut self, from_ms: u64, packets: u64, nth: u64) {
        for n in 0..packets {
            let ms = from_ms + n * 20;
            self.send(Self::at(ms + 3), nth > 0 && n % nth == nth - 1);
            self.tick(Self::at(ms + 10));
            self.tick(Self::at(ms + 20));
        }
    }

    /// The weakest 20 ms, and the steepest step, of all from `from_ms` on.
    fn worst(&self, from_ms: usize) -> (f32, u16) {
        let per_ms = self.listening.rate_hz() as usize / 1_000;
        let heard = &self.heard[from_ms * per_ms..];
        let weakest = heard.chunks_exact(per_ms * 20).map(rms_dbm0);
        let steps = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        (weakest.fold(f32::MAX, f32::min), steps.max().unwrap_or(0))
    }

    /// The steepest step that the sine itself has.
    fn steepest(&self) -> u16 {
        (6_000.0 * TAU * 420.0 / self.listening.rate_hz() as f32) as u16
    }
}

#[test]
fn every_codec_is_heard_whole_and_changes_of_time_do_not_click() {
    for codec in [Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus] {
        let mut line = Line::new(codec);
        line.listening.start(Line::at(0));
        line.talk(0, 500, 0);
        assert_eq!(line.listening.changes().concealed, 0, "{codec:?}");
        assert_eq!(line.listening.changes().dropped, 0, "{codec:?}: calm");
        let (weakest, step) = line.worst(200);
        assert!(weakest > -17.0, "{codec:?}: {weakest}");
        assert!(step < line.steepest() * 5 / 4 + 100, "{codec:?}: {step}");
    }
}

/// A network that holds packets up at first asks for a longer wait, and for a shorter one later.
#[test]
fn a_shorter_wait_waits_for_a_soft_moment() {
    for codec in [Codec::Pcma, Codec::G722] {
        let mut line = Line::new(codec);
        line.listening.start(Line::at(0));
        line.tick(Line::at(0));
        for n in 0..100 {
            let late = n < 10 && n % 2 == 1;
            if late {
                line.tick(Line::at(n * 20 + 10));
                line.send(Line::at(n * 20 + 12), false);
            } else {
                line.send(Line::at(n * 20 + 3), false);
                line.tick(Line::at(n * 20 + 10));
            }
            line.tick(Line::at(n * 20 + 20));
        }
        line.talk(2_000, 900, 0);
        let loud = line.listening.changes();
        assert!(loud.inserted > 20, "{codec:?}: {loud:?}");
        assert!(line.listening.wait_us() < 16_000, "{codec:?}");
        assert_eq!(loud.dropped, 0, "{codec:?}: not in the middle of a vowel");
        // Not silence, but 32 dB less than before.
        line.peak = 150.0;
        line.talk(20_000, 10, 0);
        let dropped = line.listening.changes().dropped;
        let per_ms = u64::from(line.listening.rate_hz() / 1_000);
        assert!(dropped > 3 * per_ms, "{codec:?}: {dropped}");
        let (_, step) = line.worst(20_050);
        assert!(step < 150, "{codec:?}: {step}");
    }
}

#[test]
fn lost_packets_are_made_up_by_every_codec() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut line = Line::new(codec);
        line.listening.start(Line::at(0));
        line.talk(0, 500, 10);
        let per_ms = u64::from(line.listening.rate_hz() / 1_000);
        let made = line.listening.changes().concealed / per_ms;
        assert!((49 * 20..=51 * 20).contains(&made), "{codec:?}: {made} ms");
        let (weakest, step) = line.worst(300);
        // Opus fades a tone faster than speech.
        let least = if codec == Codec::Opus { -30.0 } else { -22.0 };
        assert!(weakest > least, "{codec:?}: {weakest}");
        assert!(step < line.steepest() * 2 + 300, "{codec:?}: {step}");
    }
}

#[test]
fn the_mixer_takes_over_from_the_relay_without_a_click() {
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        let mut line = Line::new(codec);
        // Relayed for two seconds: the listener heard it at once.
        for n in 0..100 {
            line.send(Line::at(n * 20), false);
        }
        let relayed = line.sent * 20;
        line.listening.start(Line::at(1_985));
        line.talk(2_000, 100, 0);
        assert_eq!(line.listening.changes().concealed, 0, "{codec:?}");
        let (weakest, step) = line.worst(0);
        assert!(weakest > -20.0, "{codec:?}, {relayed}: {weakest}");
        assert!(step < line.steepest() * 3 / 2 + 200, "{codec:?}: {step}");
        // And back, and once more.
        line.listening.stop();
        for n in 0..50 {
            line.send(Line::at(4_000 + n * 20), false);
        }
        line.heard.clear();
        line.listening.start(Line::at(4_985));
        line.talk(5_000, 100, 0);
        let (weakest, step) = line.worst(0);
        assert!(weakest > -20.0, "{codec:?}: {weakest}");
        assert!(step < line.steepest() * 3 / 2 + 200, "{codec:?}: {step}");
    }
}

#[test]
fn a_pause_that_was_told_has_its_noise_and_is_no_loss() {
    let mut line = Line::new(Codec::Pcma);
    line.listening.start(Line::at(0));
    line.talk(0, 100, 0);
    let noise = Packet {
        ssrc: 1,
        seq: line.sent as u16,
        timestamp: line.sent as u32 * 160,
        payload_type: 13,
        marker: false,
        payload: &[50],
    };
    line.listening.hear(Line::at(2_003), &noise, true);
    for ms in (2_010..4_000).step_by(10) {
        line.tick(Line::at(ms));
    }
    assert_eq!(line.listening.changes().concealed, 0);
    // −50 dBov are −43.9 dBm0.
    let level = rms_dbm0(&line.heard[2_100 * 8..3_900 * 8]);
    assert!((level + 43.9).abs() < 1.5, "{level}");
}

#[test]
fn a_drifting_clock_is_followed_without_a_click() {
    for ppm in [-200_i64, 200] {
        let mut line = Line::new(Codec::Pcma);
        line.listening.start(Line::at(0));
        line.tick(Line::at(0));
        let mut due = 0;
        for tick in 0..12_000 {
            while due <= (tick + 1) * 10_000 {
                let now = Instant::from_nanos(1_000_003_000 + due * 1_000);
                line.send(now, false);
                due = line.sent * 20_000;
                due = due.saturating_add_signed(-(due as i64) * ppm / 1_000_000);
            }
            line.tick(Line::at(10 + tick * 10));
        }
        let changes = line.listening.changes();
        assert_eq!(changes.concealed, 0, "{ppm}");
        // 120 s · 8000 · 200 ppm = 192 samples, less the slack: 10 ms in speech that never is soft.
        let followed = if ppm < 0 {
            changes.inserted
        } else {
            changes.dropped
        };
        assert!((100..250).contains(&followed), "{ppm}: {changes:?}");
        let (weakest, step) = line.worst(200);
        assert!(weakest > -17.0, "{ppm}: {weakest}");
        assert!(step < line.steepest() * 5 / 4 + 100, "{ppm}: {step}");
    }
}

#[test]
fn octets_that_are_no_frame_are_made_up() {
    let mut line = Line::new(Codec::Opus);
    line.listening.start(Line::at(0));
    line.talk(0, 50, 0);
    for n in 50..60_u32 {
        let packet = Packet {
            ssrc: 1,
            seq: n as u16,
            timestamp: n * 960,
            payload_type: 96,
            marker: false,
            payload: &[0x4b, 0xff, 0xff],
        };
        line.listening
            .hear(Line::at(u64::from(n) * 20 + 3), &packet, false);
        line.tick(Line::at(u64::from(n) * 20 + 10));
        line.tick(Line::at(u64::from(n) * 20 + 20));
    }
    assert!(line.listening.changes().concealed > 0);
}
