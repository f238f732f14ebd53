//! Codecs on a media thread: nothing is allocated once they stand.
#![allow(unsafe_code)] // the functions of `guard`
#![cfg(target_env = "gnu")] // whose names `guard` knows

mod guard;

use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX, SAMPLES_MAX};
use guard::calls_in;
use model::{Codec, OpusParams};

#[test]
fn nothing_allocates_after_construction() {
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus] {
        for narrow in [false, true] {
            let wishes = OpusParams {
                fec: true,
                dtx: true,
                narrow,
                max_bit_rate: 20_000,
            };
            let mut encoder = Encoder::new(codec, wishes).expect("memory");
            let mut decoder = Decoder::new(codec, wishes).expect("memory");
            let calls = calls_in(|| speak(&mut encoder, &mut decoder));
            assert_eq!(calls, 0, "{codec:?}");
        }
    }
}

/// Everything that a media thread does with a codec, on sound, silence and noise.
fn speak(encoder: &mut Encoder, decoder: &mut Decoder) {
    let frame = encoder.sample_hz() as usize / 50;
    let (mut pcm, mut out) = ([0_i16; SAMPLES_MAX], [0_i16; SAMPLES_MAX]);
    let mut payload = [0_u8; PAYLOAD_MAX];
    let mut seed = 1_u32;
    for n in 0..60_usize {
        for sample in &mut pcm[..frame] {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = match n / 20 {
                0 => (seed >> 18) as i16,
                1 => 0,
                _ => (n * 100) as i16,
            };
        }
        encoder.expect_loss((n % 20) as u8);
        let bytes = encoder.encode(&pcm[..frame], &mut payload);
        let packet = &payload[..bytes];
        match n % 10 {
            3 => drop(decoder.conceal(&mut out[..frame])),
            4 => drop(decoder.decode_fec(packet, &mut out[..frame])),
            5 => drop(decoder.decode(&pcm.map(|s| s as u8)[..300], &mut out)),
            _ => drop(decoder.decode(packet, &mut out)),
        }
    }
    encoder.reset();
    decoder.reset();
}
