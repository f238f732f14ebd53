//! What every back end must do, as suites that each of them runs from its own tests:
//! `conformance::fxs(|| MyBench::new())` for ports with a set, `conformance::fxo(…)` for ports with a line.
//!
//! The back end brings a [`Bench`]: its two halves and the outside world at the other end of the
//! loop. Times are judged with the tolerance that real hardware needs.

mod fxo;

use core::{fmt, time::Duration};

use crate::{
    AudioHalf, Cadence, ControlHalf, Error, ErrorKind, FRAME, Frame, HookTimes, Linefeed, Port,
    PortCommand, PortEvent, PortKind,
};

pub use fxo::{LineBench, fxo};

/// A port under test and what is attached to it.
pub trait Bench {
    /// The back end's control half.
    type Control: ControlHalf;
    /// The back end's audio half.
    type Audio: AudioHalf;

    /// The port.
    fn port(&self) -> Port;
    /// Its control half.
    fn control(&mut self) -> &mut Self::Control;
    /// Its audio half.
    fn audio(&mut self) -> &mut Self::Audio;
    /// Lets 10 ms pass in the world: at once when time is virtual. Returns the time since the start.
    fn pass_10_ms(&mut self) -> Duration;
    /// Closes (off hook) or opens the loop at the set, from now on.
    fn close_loop(&mut self, closed: bool);
    /// Whether ringing voltage is on the loop now.
    fn rings(&mut self) -> bool;
    /// How the loop is fed, as seen from the set.
    fn linefeed(&mut self) -> Linefeed;
    /// Gives the set's microphone what it hears during the next exchange.
    fn speak(&mut self, block: &Frame);
    /// What the set's earpiece played during the last exchange.
    fn heard(&mut self) -> Frame;
}

/// A back end that does not keep the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The case of the suite.
    pub case: &'static str,
    /// What was wanted and what happened.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.case, self.what)
    }
}

impl core::error::Error for Failure {}

type Verdict = Result<(), String>;
type Case<B> = (&'static str, fn(&mut Rig<B>) -> Verdict);

/// Runs every case of the FXS suite, each on a fresh bench.
///
/// # Errors
/// The first case that fails.
pub fn fxs<B: Bench>(mut make: impl FnMut() -> B) -> Result<(), Failure> {
    let cases: [Case<B>; 13] = [
        ("description", description),
        ("idle is quiet", idle_is_quiet),
        ("lift and hang up", lift_and_hang_up),
        ("contact bounce", contact_bounce),
        ("flash", flash),
        ("pulse digits", pulse_digits),
        ("hook times", hook_times),
        ("ring cadence", ring_cadence),
        ("ring trip", ring_trip),
        ("no ringing off hook", no_ringing_off_hook),
        ("linefeed", linefeed),
        ("sound both ways", sound_both_ways),
        ("silence is silent", silence_is_silent),
    ];
    for (case, run) in cases {
        run(&mut Rig::new(make())).map_err(|what| Failure { case, what })?;
    }
    Ok(())
}

/// A bench with a driver that serves both halves as the exchange does.
struct Rig<B> {
    bench: B,
    events: Vec<PortEvent>,
    phase: f32,
}

impl<B: Bench> Rig<B> {
    fn new(bench: B) -> Self {
        Self {
            bench,
            events: Vec::new(),
            phase: 0.0,
        }
    }

    fn serve(&mut self, tx: &Frame, mic: &Frame) -> Frame {
        let now = self.bench.pass_10_ms();
        self.bench.speak(mic);
        let mut rx = [i16::MAX; FRAME];
        self.bench.audio().exchange(tx, &mut rx);
        let control = self.bench.control();
        control.advance(now);
        self.events
            .extend(core::iter::from_fn(|| control.poll_event()));
        rx
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.serve(&[0; FRAME], &[0; FRAME]);
        }
    }

    fn hook(&mut self, closed: bool, ms: u64) {
        self.bench.close_loop(closed);
        self.pass(ms);
    }

    fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        self.bench.control().apply(command).map_err(|e| e.kind())
    }

    fn must(&mut self, command: PortCommand) -> Verdict {
        self.apply(command)
            .map_err(|kind| format!("{command:?} was refused: {kind}"))
    }

    fn must_refuse(&mut self, command: PortCommand, wanted: ErrorKind) -> Verdict {
        check(
            self.apply(command) == Err(wanted),
            format!("{command:?} must be refused with {wanted:?}"),
        )
    }

    /// The events since the last call are exactly these.
    fn events_are(&mut self, wanted: &[PortEvent]) -> Verdict {
        let got = core::mem::take(&mut self.events);
        check(
            got == wanted,
            format!("events: wanted {wanted:?}, got {got:?}"),
        )
    }

    /// 1000 Hz at about −10 dBm0; the next block of an endless tone.
    fn tone(&mut self) -> Frame {
        let mut block = [0; FRAME];
        for sample in &mut block {
            *sample = (7_218.0 * self.phase.sin()) as i16;
            self.phase = (self.phase + core::f32::consts::TAU / 8.0) % core::f32::consts::TAU;
        }
        block
    }
}

fn check(ok: bool, what: String) -> Verdict {
    if ok { Ok(()) } else { Err(what) }
}

fn energy(block: &Frame) -> f64 {
    block.iter().map(|&s| f64::from(s) * f64::from(s)).sum()
}

/// RMS in dB over full scale of one step.
fn rms_db(blocks: &[Frame]) -> f64 {
    let total: f64 = blocks.iter().map(energy).sum();
    let samples = (blocks.len() * FRAME).max(1) as f64;
    10.0 * (total / samples).max(1e-9).log10()
}

fn cadence() -> Result<Cadence, String> {
    Cadence::new(&[400, 200, 400, 1000]).ok_or_else(|| "the cadence is legal".into())
}

fn description<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    let port = rig.bench.port();
    let digits = port.name.strip_prefix("fxs").unwrap_or_default();
    check(
        port.kind == PortKind::Fxs
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
            && port.capabilities.ring_vrms >= 40,
        format!("an FXS port is named fxs1, fxs2 … and rings with 40 V or more: {port:?}"),
    )
}

fn idle_is_quiet<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    rig.pass(2_000);
    check(!rig.bench.rings(), "rings uncalled".into())?;
    rig.events_are(&[])
}

fn lift_and_hang_up<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    for _ in 0..2 {
        rig.hook(true, 150);
        rig.events_are(&[PortEvent::OffHook])?;
        rig.pass(1_000);
        rig.hook(false, 400);
        rig.events_are(&[])?;
        rig.pass(400);
        rig.events_are(&[PortEvent::OnHook])?;
    }
    Ok(())
}

fn contact_bounce<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    for closed in [true, false, true] {
        rig.hook(closed, 10);
    }
    rig.pass(1_000);
    rig.events_are(&[PortEvent::OffHook])
}

fn flash<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    rig.hook(true, 500);
    rig.hook(false, 200);
    rig.hook(true, 1_000);
    rig.events_are(&[PortEvent::OffHook, PortEvent::Flash])
}

fn pulse_digits<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    if !rig.bench.port().capabilities.pulse {
        return Ok(());
    }
    rig.hook(true, 500);
    for pulses in [3, 10] {
        for _ in 0..pulses {
            rig.hook(false, 60);
            rig.hook(true, 40);
        }
        rig.pass(600);
    }
    rig.events_are(&[
        PortEvent::OffHook,
        PortEvent::PulseDigit(3),
        PortEvent::PulseDigit(0),
    ])
}

fn hook_times<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    let overlap = HookTimes {
        flash_ms_min: 20,
        ..HookTimes::default()
    };
    rig.must_refuse(PortCommand::SetHookTimes(overlap), ErrorKind::Argument)?;
    let long_flash = HookTimes {
        flash_ms_max: 1_000,
        ..HookTimes::default()
    };
    rig.must(PortCommand::SetHookTimes(long_flash))?;
    rig.hook(true, 500);
    rig.hook(false, 800);
    rig.hook(true, 500);
    rig.events_are(&[PortEvent::OffHook, PortEvent::Flash])
}

/// Edges of the ringing voltage may be off by 50 ms: hardware starts bursts at zero crossings and is
/// polled.
fn ring_cadence<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    let cadence = cadence()?;
    rig.must(PortCommand::StartRing(cadence))?;
    for at in (10..=4_000_u64).step_by(10) {
        rig.pass(10);
        let near = [at.saturating_sub(50), at + 50].map(|ms| cadence.is_on_at(ms));
        let rings = rig.bench.rings();
        check(
            near.contains(&rings),
            format!("ringing is {rings} {at} ms after the start"),
        )?;
    }
    rig.must(PortCommand::StopRing)?;
    rig.pass(50);
    for _ in 0..40 {
        rig.pass(50);
        check(!rig.bench.rings(), "rings after StopRing".into())?;
    }
    rig.must(PortCommand::StopRing)?;
    rig.events_are(&[])
}

fn ring_trip<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    // Lifted in a burst, and lifted in a pause.
    for lift_after_ms in [200, 1_400] {
        rig.must(PortCommand::StartRing(cadence()?))?;
        rig.pass(lift_after_ms);
        rig.hook(true, 200);
        rig.events_are(&[PortEvent::OffHook])?;
        for _ in 0..40 {
            check(!rig.bench.rings(), "rings after ring trip".into())?;
            rig.pass(50);
        }
        rig.hook(false, 1_000);
        rig.events_are(&[PortEvent::OnHook])?;
        rig.pass(2_000);
        check(!rig.bench.rings(), "rings again after hang-up".into())?;
    }
    Ok(())
}

fn no_ringing_off_hook<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    rig.hook(true, 500);
    rig.must_refuse(PortCommand::StartRing(cadence()?), ErrorKind::State)?;
    rig.pass(100);
    check(!rig.bench.rings(), "a refused ring rings".into())?;
    rig.events_are(&[PortEvent::OffHook])
}

fn linefeed<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    let can = rig.bench.port().capabilities;
    for (possible, feed) in [
        (true, Linefeed::Forward),
        (can.reversal, Linefeed::Reverse),
        (can.open_loop, Linefeed::Open),
    ] {
        let command = PortCommand::SetLinefeed(feed);
        if !possible {
            rig.must_refuse(command, ErrorKind::Unsupported)?;
            continue;
        }
        rig.must(command)?;
        rig.pass(50);
        let got = rig.bench.linefeed();
        check(got == feed, format!("linefeed is {got:?}, not {feed:?}"))?;
    }
    if can.open_loop {
        rig.must_refuse(PortCommand::StartRing(cadence()?), ErrorKind::State)?;
        rig.must(PortCommand::SetLinefeed(Linefeed::Forward))?;
        rig.must(PortCommand::StartRing(cadence()?))?;
        rig.must(PortCommand::SetLinefeed(Linefeed::Open))?;
        rig.pass(50);
        check(!rig.bench.rings(), "an open loop rings".into())?;
        // A dead loop shows no hook; with battery back the lifted set is seen.
        rig.hook(true, 500);
        rig.events_are(&[])?;
        rig.must(PortCommand::SetLinefeed(Linefeed::Forward))?;
        rig.pass(200);
        rig.events_are(&[PortEvent::OffHook])?;
    }
    Ok(())
}

/// Level kept within 3 dB each way (port losses are within it), and not mixed up: one direction at a
/// time, the other at least 20 dB down.
fn sound_both_ways<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    rig.hook(true, 500);
    for to_line in [true, false] {
        let (mut sent, mut heard, mut got) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..50 {
            let tone = rig.tone();
            let none = [0; FRAME];
            let (tx, mic) = if to_line {
                (&tone, &none)
            } else {
                (&none, &tone)
            };
            got.push(rig.serve(tx, mic));
            heard.push(rig.bench.heard());
            sent.push(tone);
        }
        // The first 200 ms may still lie in the hardware's buffers.
        let [sent, heard, got] = [sent, heard, got].map(|blocks| rms_db(&blocks[20..]));
        let (near, far) = if to_line { (heard, got) } else { (got, heard) };
        check(
            (near - sent).abs() < 3.0 && far < sent - 20.0,
            format!("to line {to_line}: sent {sent:.1} dB, heard {heard:.1}, received {got:.1}"),
        )?;
        rig.pass(300);
    }
    Ok(())
}

/// Idle noise is at least 55 dB below 0 dBm0 (84.2 dB over one step), on hook and off hook.
fn silence_is_silent<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    for closed in [false, true] {
        rig.hook(closed, 500);
        let got: Vec<Frame> = (0..50)
            .map(|_| rig.serve(&[0; FRAME], &[0; FRAME]))
            .collect();
        let level = rms_db(&got) - 84.2;
        check(level < -55.0, format!("idle noise {level:.0} dBm0"))?;
    }
    Ok(())
}
