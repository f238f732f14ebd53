//! What 20 ms of sound cost in instructions, codecs, resampling, mixing, and what a call costs the
//! control plane, counted by valgrind. A count does not depend on the machine's speed or its other
//! work, so it has a budget to the percent, where microseconds would flake.
//!
//! The program runs itself under valgrind twice, with N and 2N rounds; the difference is N rounds
//! and nothing else.

use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use dsp::codec::{Decoder, Encoder, PAYLOAD_MAX, SAMPLES_MAX};
use dsp::mix::{self, Limiter};
use dsp::resample::{Down2, Drift, Up2};
use model::{Codec, OpusParams};

use crate::figure::{Figure, Target};
use crate::{call_kernel, line_kernels, plane_kernels};

/// Rounds of the shorter run.
const ROUNDS: u32 = 200;

/// One thing that is done over and over, a round each time it is called.
pub(crate) type Kernel = Box<dyn FnMut()>;

/// Name, budget in instructions a round, and how to make it.
type Named = (&'static str, f64, fn() -> Result<Kernel>);

/// Budgets are a tenth above what rustc 1.95 makes of it for a processor with AVX2.
const KERNELS: &[Named] = &[
    ("kernel_pcma_encode", 600.0, || encode(Codec::Pcma)),
    ("kernel_pcma_decode", 630.0, || decode(Codec::Pcma)),
    ("kernel_g722_encode", 112_500.0, || encode(Codec::G722)),
    ("kernel_g722_decode", 96_500.0, || decode(Codec::G722)),
    ("kernel_opus_encode", 1_500_000.0, || encode(Codec::Opus)),
    ("kernel_opus_decode", 120_000.0, || decode(Codec::Opus)),
    ("kernel_up2", 3_860.0, up2),
    ("kernel_down2", 5_950.0, down2),
    ("kernel_drift", 27_000.0, drift),
    ("kernel_mix_add", 175.0, add),
    ("kernel_mix_subtract", 175.0, subtract),
    ("kernel_limit_quiet", 245.0, || Ok(limit(20_000))),
    ("kernel_limit_loud", 2_850.0, || Ok(limit(60_000))),
    ("line_echo_16_ms", 314_000.0, || Ok(line_kernels::echo(16))),
    ("line_echo_32_ms", 567_000.0, || Ok(line_kernels::echo(32))),
    ("line_echo_64_ms", 972_000.0, || Ok(line_kernels::echo(64))),
    ("line_tones", 36_600.0, || Ok(line_kernels::tones())),
    ("line_caller_id", 61_200.0, || Ok(line_kernels::caller_id())),
    (
        "plane_relayed_packet",
        2_720.0,
        plane_kernels::relayed_packet,
    ),
    (
        "plane_searched_packet",
        9_200.0,
        plane_kernels::searched_packet,
    ),
    (
        "plane_conference_tick",
        36_300.0,
        plane_kernels::conference_tick,
    ),
    ("plane_quarrel_tick", 71_900.0, plane_kernels::quarrel_tick),
    ("plane_srtp_packet", 14_900.0, plane_kernels::srtp_packet),
    ("control_call", 839_000.0, call_kernel::call),
];

/// All kernels against their budgets.
///
/// # Errors
/// Valgrind is not there, or does not say what it counted.
pub(crate) fn measure() -> Result<Vec<Figure>> {
    let counted = KERNELS.iter().map(|&(name, budget, _)| {
        let (once, twice) = (instructions(name, ROUNDS)?, instructions(name, 2 * ROUNDS)?);
        ensure!(twice > once, "{name}: {once} instructions, then {twice}");
        let a_round = (twice - once) as f64 / f64::from(ROUNDS);
        let budget = if judged() { budget } else { f64::INFINITY };
        Ok(Figure::new(name, a_round, "instr", Target::Most(budget)))
    });
    counted.collect()
}

/// Whether the budgets are for this processor; on others the counts are shown and not judged.
fn judged() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// What the child does: one kernel so many times.
///
/// # Errors
/// There is no such kernel.
pub(crate) fn run(name: &str, rounds: u32) -> Result<()> {
    let Some((_, _, make)) = KERNELS.iter().find(|kernel| kernel.0 == name) else {
        bail!("no kernel is called {name}");
    };
    let mut kernel = make()?;
    for _ in 0..rounds {
        kernel();
    }
    Ok(())
}

/// Instructions of the whole program with so many rounds.
fn instructions(name: &str, rounds: u32) -> Result<u64> {
    let own = std::env::current_exe().context("this program has no path")?;
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--branch-sim=no"])
        .arg("--cachegrind-out-file=/dev/null")
        .arg(own)
        .args(["kernels", "--kernel", name, "--rounds", &rounds.to_string()])
        .output()
        .context("valgrind cannot be started: apt-get install valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{name} failed:\n{said}");
    let line = said.lines().find(|line| line.contains("I   refs:"));
    let digits: String = line
        .and_then(|line| line.rsplit(':').next())
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits
        .parse()
        .with_context(|| format!("valgrind said nothing of instructions:\n{said}"))
}

/// A second of something like a voice: harmonics that swell, and a little noise.
pub(crate) fn voice(hz: u32) -> Vec<i16> {
    let sample = |n: u32| {
        let at = f64::from(n) / f64::from(hz) * std::f64::consts::TAU;
        let tone: f64 = (1..20_u32)
            .map(|h| (at * 140.0 * f64::from(h)).sin() / f64::from(h))
            .sum();
        let noise = f64::from(n.wrapping_mul(7_919) % 301) - 150.0;
        (tone * 5_000.0 * (1.1 + (at * 3.0).sin()) + noise) as i16
    };
    (0..hz).map(sample).collect()
}

/// 20 ms of `sound` after another, round and round.
fn frames(sound: &[i16], hz: u32) -> Vec<Vec<i16>> {
    let frame = (hz / 50) as usize;
    sound.chunks_exact(frame).map(<[i16]>::to_vec).collect()
}

fn codec(codec: Codec) -> Result<(Encoder, Decoder, Vec<Vec<i16>>)> {
    let wishes = OpusParams {
        fec: true,
        ..OpusParams::default()
    };
    let encoder = Encoder::new(codec, wishes).ok().context("no encoder")?;
    let decoder = Decoder::new(codec, wishes).ok().context("no decoder")?;
    let hz = encoder.sample_hz();
    Ok((encoder, decoder, frames(&voice(hz), hz)))
}

fn encode(which: Codec) -> Result<Kernel> {
    let (mut encoder, _, frames) = codec(which)?;
    let mut frames = frames.into_iter().cycle();
    let mut out = [0; PAYLOAD_MAX];
    let mut frame = frames.next().context("a second has frames")?;
    let mut left = 0;
    Ok(Box::new(move || {
        // A new frame costs a copy that is none of the codec's: every tenth round will do.
        if left == 0 {
            frame = frames.next().unwrap_or_default();
            left = 10;
        }
        left -= 1;
        let bytes = encoder.encode(std::hint::black_box(&frame), &mut out);
        assert!(bytes > 0);
    }))
}

fn decode(which: Codec) -> Result<Kernel> {
    let (mut encoder, mut decoder, frames) = codec(which)?;
    let mut packets = Vec::new();
    for frame in &frames {
        let mut payload = vec![0; PAYLOAD_MAX];
        let bytes = encoder.encode(frame, &mut payload);
        payload.truncate(bytes);
        packets.push(payload);
    }
    let mut out = [0; SAMPLES_MAX];
    let mut next = 0;
    Ok(Box::new(move || {
        let heard = decoder.decode(std::hint::black_box(&packets[next]), &mut out);
        assert!(heard.is_ok());
        next = (next + 1) % packets.len();
    }))
}

fn up2() -> Result<Kernel> {
    let (mut filter, frame, mut out) = (Up2::new(), voice(8_000), [0; 320]);
    Ok(Box::new(move || {
        filter.run(std::hint::black_box(&frame[..160]), &mut out);
    }))
}

fn down2() -> Result<Kernel> {
    let (mut filter, frame, mut out) = (Down2::new(), voice(16_000), [0; 160]);
    Ok(Box::new(move || {
        filter.run(std::hint::black_box(&frame[..320]), &mut out);
    }))
}

fn drift() -> Result<Kernel> {
    let (mut filter, frame, mut out) = (Drift::new(), voice(8_000), [0; 160]);
    filter.set_ppm(80.0);
    Ok(Box::new(move || {
        filter.run(std::hint::black_box(&frame[..161]), &mut out);
    }))
}

fn add() -> Result<Kernel> {
    let (frame, mut sum) = (voice(8_000), [0; 160]);
    Ok(Box::new(move || {
        mix::add(
            std::hint::black_box(&mut sum),
            std::hint::black_box(&frame[..160]),
        );
    }))
}

fn subtract() -> Result<Kernel> {
    let (frame, mut sum) = (voice(8_000), [0; 160]);
    Ok(Box::new(move || {
        mix::subtract(
            std::hint::black_box(&mut sum),
            std::hint::black_box(&frame[..160]),
        );
    }))
}

fn limit(level: i32) -> Kernel {
    let (mut limiter, sum, mut out) = (Limiter::new(), [level; 160], [0; 160]);
    Box::new(move || {
        limiter.run(std::hint::black_box(&sum), &mut out);
        std::hint::black_box(&out);
    })
}
