use super::*;
use crate::level::rms_dbm0;

const ALL: [Codec; 4] = [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus];

fn plain() -> OpusParams {
    OpusParams::default()
}

/// A sum of two sines that all codecs can carry.
fn sound(hz: u32, samples: usize) -> Vec<i16> {
    let wave = |frequency: f64, n: usize| {
        (n as f64 * frequency * std::f64::consts::TAU / f64::from(hz)).sin() * 6_000.0
    };
    (0..samples)
        .map(|n| (wave(440.0, n) + wave(1_000.0, n)) as i16)
        .collect()
}

#[test]
fn every_codec_carries_the_level() {
    for codec in ALL {
        for narrow in [false, true] {
            let wishes = OpusParams { narrow, ..plain() };
            let mut encoder = Encoder::new(codec, wishes).expect("memory");
            let mut decoder = Decoder::new(codec, wishes).expect("memory");
            assert_eq!(encoder.sample_hz(), decoder.sample_hz());
            let frame = encoder.sample_hz() as usize / 50;
            let spoken = sound(encoder.sample_hz(), frame * 50);
            let mut heard = Vec::new();
            for pcm in spoken.chunks(frame) {
                let (mut payload, mut out) = ([0; PAYLOAD_MAX], [0; SAMPLES_MAX]);
                let bytes = encoder.encode(pcm, &mut payload);
                assert!(bytes > 0, "{codec:?}");
                assert_eq!(decoder.samples_of(&payload[..bytes]), Some(frame));
                let got = decoder.decode(&payload[..bytes], &mut out);
                assert_eq!(got, Ok(frame), "{codec:?}");
                heard.extend_from_slice(&out[..frame]);
            }
            let skip = frame * 5;
            let difference = rms_dbm0(&heard[skip..]) - rms_dbm0(&spoken[skip..]);
            assert!(difference.abs() < 0.7, "{codec:?} {narrow} {difference} dB");
        }
    }
}

#[test]
fn rates_are_those_of_the_words() {
    for codec in ALL {
        let encoder = Encoder::new(codec, plain()).expect("memory");
        assert_eq!(encoder.sample_hz(), codec.sample_hz());
    }
    let narrow = OpusParams {
        narrow: true,
        ..plain()
    };
    let encoder = Encoder::new(Codec::Opus, narrow).expect("memory");
    assert_eq!(encoder.sample_hz(), 8_000);
}

#[test]
fn damaged_and_too_long_payloads_are_refused() {
    for codec in ALL {
        let mut decoder = Decoder::new(codec, plain()).expect("memory");
        let mut out = [7; 160];
        assert_eq!(decoder.decode(&[], &mut out), Err(Undecoded::Damaged));
        if codec != Codec::Opus {
            let long = decoder.decode(&[0; 161], &mut out);
            assert_eq!(long, Err(Undecoded::NoRoom));
        }
        assert_eq!(out, [7; 160]);
    }
    let mut opus = Decoder::new(Codec::Opus, plain()).expect("memory");
    let mut out = [0; SAMPLES_MAX];
    // Code 3 without its count byte, and three frames that claim more than 120 ms.
    assert_eq!(opus.decode(&[0x4b], &mut out), Err(Undecoded::Damaged));
    assert_eq!(opus.samples_of(&[0x1b, 0x03, 0, 0, 0]), None);
    // 20 ms of silence by DTX are one byte; 10 ms of room are too little.
    assert_eq!(
        opus.decode(&[0x48], &mut out[..160]),
        Err(Undecoded::NoRoom)
    );
}

/// Nothing that comes from outside makes a decoder panic or write past the end it names.
#[test]
fn any_bytes_decode_or_are_refused() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut draw = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for codec in ALL {
        let mut decoder = Decoder::new(codec, plain()).expect("memory");
        let mut refused = 0;
        for _ in 0..5_000 {
            let bytes: Vec<u8> = (0..draw() % 300).map(|_| draw() as u8).collect();
            let mut out = [0; SAMPLES_MAX];
            match decoder.decode(&bytes, &mut out) {
                Ok(samples) => assert!(samples > 0 && samples <= out.len()),
                Err(_) => refused += 1,
            }
            let _ = decoder.decode_fec(&bytes, &mut out[..320]);
        }
        assert!(codec != Codec::Opus || refused > 0);
    }
}

#[test]
fn opus_hides_a_loss_and_the_others_say_that_they_cannot() {
    for codec in ALL {
        let mut decoder = Decoder::new(codec, plain()).expect("memory");
        let mut out = [7; 320];
        assert_eq!(decoder.conceal(&mut out), codec == Codec::Opus);
        assert_eq!(decoder.decode_fec(&[0x48], &mut out), codec == Codec::Opus);
        assert!(!decoder.conceal(&mut out[..7]));
        assert!(!decoder.conceal(&mut []));
    }
}

/// How well the place of a lost packet is filled: signal to error in dB, over ten losses.
fn recovered(fec: bool) -> f64 {
    let wishes = OpusParams { fec, ..plain() };
    let mut encoder = Encoder::new(Codec::Opus, wishes).expect("memory");
    encoder.expect_loss(20);
    let mut whole = Decoder::new(Codec::Opus, wishes).expect("memory");
    let mut holed = Decoder::new(Codec::Opus, wishes).expect("memory");
    // Pitch and loudness move all the time, so that going on as before is not enough.
    let spoken: Vec<i16> = (0..320 * 101)
        .map(|n| {
            let at = f64::from(n) / 16_000.0;
            let swing = 250.0 * at + 20.0 * (at * 40.0).sin();
            let loud = 4_000.0 + 3_500.0 * (at * 57.0).sin();
            ((swing * std::f64::consts::TAU).sin() * loud) as i16
        })
        .collect();
    let packets: Vec<Vec<u8>> = spoken
        .chunks_exact(320)
        .map(|pcm| {
            let mut payload = [0; PAYLOAD_MAX];
            let bytes = encoder.encode(pcm, &mut payload);
            payload[..bytes].to_vec()
        })
        .collect();
    let (mut signal, mut error) = (0.0, 1.0);
    for (n, pair) in packets.windows(2).enumerate() {
        let (mut right, mut made) = ([0; 320], [0; 320]);
        assert_eq!(whole.decode(&pair[0], &mut right), Ok(320));
        if n % 10 != 5 {
            assert_eq!(holed.decode(&pair[0], &mut made), Ok(320));
            continue;
        }
        assert!(holed.decode_fec(&pair[1], &mut made));
        for (&a, &b) in right.iter().zip(&made) {
            signal += f64::from(a).powi(2);
            error += (f64::from(a) - f64::from(b)).powi(2);
        }
    }
    10.0 * f64::log10(signal / error)
}

#[test]
fn opus_error_correction_brings_lost_packets_back() {
    let (with, without) = (recovered(true), recovered(false));
    assert!(with > without + 3.0, "{with} dB with, {without} dB without");
}

#[test]
fn opus_sends_nothing_in_silence_only_where_that_was_agreed() {
    for dtx in [false, true] {
        let wishes = OpusParams { dtx, ..plain() };
        let mut encoder = Encoder::new(Codec::Opus, wishes).expect("memory");
        let mut payload = [0; PAYLOAD_MAX];
        let unsent = (0..100)
            .filter(|_| encoder.encode(&[0; 320], &mut payload) == 0)
            .count();
        assert!(
            if dtx { unsent > 60 } else { unsent == 0 },
            "{dtx} {unsent}"
        );
    }
}

#[test]
fn opus_keeps_to_the_bit_rate_it_was_given() {
    let bytes_of = |max_bit_rate| {
        let wishes = OpusParams {
            max_bit_rate,
            ..plain()
        };
        let mut encoder = Encoder::new(Codec::Opus, wishes).expect("memory");
        let mut payload = [0; PAYLOAD_MAX];
        let spoken = sound(16_000, 320 * 50);
        let packets = spoken.chunks_exact(320);
        packets
            .map(|pcm| encoder.encode(pcm, &mut payload))
            .sum::<usize>()
    };
    let (ours, low) = (bytes_of(0), bytes_of(8_000));
    assert!(low * 8 < 14_000, "{low} bytes in a second");
    assert!(
        ours > 2 * low && ours * 8 < 48_000,
        "{ours} bytes in a second"
    );
    // Below and above what libopus takes.
    assert!(bytes_of(1) > 0 && bytes_of(u32::MAX) == ours);
}

#[test]
fn samples_that_make_no_packet_are_not_sent() {
    let mut encoder = Encoder::new(Codec::Opus, plain()).expect("memory");
    let mut payload = [0; PAYLOAD_MAX];
    assert_eq!(encoder.encode(&[0; 17], &mut payload), 0);
    assert_eq!(encoder.encode(&[], &mut payload), 0);
    assert_eq!(encoder.encode(&[0; 320], &mut []), 0);
}

#[test]
fn reset_is_a_new_stream() {
    for codec in ALL {
        let mut encoder = Encoder::new(codec, plain()).expect("memory");
        let mut decoder = Decoder::new(codec, plain()).expect("memory");
        let spoken = sound(encoder.sample_hz(), 640);
        let run = |encoder: &mut Encoder, decoder: &mut Decoder| {
            let (mut payload, mut out) = ([0; PAYLOAD_MAX], [0; SAMPLES_MAX]);
            let bytes = encoder.encode(&spoken[..encoder.sample_hz() as usize / 50], &mut payload);
            let samples = decoder.decode(&payload[..bytes], &mut out).expect("ours");
            (payload[..bytes].to_vec(), out[..samples].to_vec())
        };
        let first = run(&mut encoder, &mut decoder);
        let second = run(&mut encoder, &mut decoder);
        encoder.reset();
        decoder.reset();
        assert_eq!(run(&mut encoder, &mut decoder), first, "{codec:?}");
        assert!(codec.sample_hz() == 8_000 || first != second, "{codec:?}");
    }
}
