//! What every back end must do, as suites that each of them runs from its own tests:
//! `conformance::fxs(|| MyBench::new())` for ports with a set, `conformance::fxo(…)` for ports with a line.
//!
//! The back end brings a [`Bench`] or a [`LineBench`]: its two halves and the outside world at the other
//! end of the loop. Times are judged with the tolerance that real hardware needs.

mod fxo;
mod rig;

use crate::{
    Cadence, ErrorKind, FRAME, Frame, HookTimes, Linefeed, PortCommand, PortEvent, PortKind,
};

use self::rig::{Case, Rig, Verdict, check, rms_db};

pub use fxo::{LineBench, fxo};
pub use rig::{Failure, PortBench};

/// A port under test and the set that hangs on it.
pub trait Bench: PortBench {
    /// Closes (off hook) or opens the loop at the set, from now on.
    fn close_loop(&mut self, closed: bool);
    /// Whether ringing voltage is on the loop now.
    fn rings(&mut self) -> bool;
    /// How the loop is fed, as seen from the set.
    fn linefeed(&mut self) -> Linefeed;
}

/// Runs every case of the FXS suite, each on a fresh bench.
///
/// # Errors
/// The first case that fails.
pub fn fxs<B: Bench>(mut make: impl FnMut() -> B) -> Result<(), Failure> {
    let cases: [Case<B>; 14] = [
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
        ("sound on hook", sound_on_hook),
        ("silence is silent", silence_is_silent),
    ];
    for (case, run) in cases {
        run(&mut Rig::new(make(), B::rings)).map_err(|what| Failure { case, what })?;
    }
    Ok(())
}

impl<B: Bench> Rig<B> {
    fn hook(&mut self, closed: bool, ms: u64) {
        self.bench.close_loop(closed);
        self.pass(ms);
    }
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

fn sound_both_ways<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    rig.hook(true, 500);
    rig.sounds_both_ways(20.0)
}

/// What tells a set of callers and of messages reaches it on hook: on either polarity, between bursts of the bell,
/// and no longer than it is let through (a kernel may let it through for some seconds more).
fn sound_on_hook<B: Bench>(rig: &mut Rig<B>) -> Verdict {
    let can = rig.bench.port().capabilities;
    let let_through = PortCommand::SetOnHookSound(true);
    if !can.on_hook_sound {
        return rig.must_refuse(let_through, ErrorKind::Unsupported);
    }
    rig.pass(500);
    whisper(rig, false, "before it is let through")?;
    rig.must(let_through)?;
    whisper(rig, true, "to an idle set")?;
    if can.reversal {
        rig.must(PortCommand::SetLinefeed(Linefeed::Reverse))?;
        whisper(rig, true, "on the reversed line")?;
        rig.must(PortCommand::SetLinefeed(Linefeed::Forward))?;
    }
    let burst = Cadence::new(&[400, 3_000]).ok_or("the cadence is legal")?;
    rig.must(PortCommand::StartRing(burst))?;
    rig.pass(500);
    whisper(rig, true, "after the first ring")?;
    rig.must(PortCommand::StopRing)?;
    rig.pass(8_000);
    whisper(rig, true, "a while later")?;
    rig.must(PortCommand::SetOnHookSound(false))?;
    rig.pass(7_000);
    whisper(rig, false, "after it was let through")?;
    rig.events_are(&[])
}

/// Sends a tone for half a second, which the set on hook must hear as loud, or not at all.
fn whisper<B: Bench>(rig: &mut Rig<B>, wanted: bool, when: &str) -> Verdict {
    let (mut sent, mut heard) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        let tone = rig.tone();
        rig.serve(&tone, &[0; FRAME]);
        heard.push(rig.bench.heard());
        sent.push(tone);
    }
    // The first 200 ms may still lie in the hardware's buffers.
    let [sent, heard] = [sent, heard].map(|blocks| rms_db(blocks.get(20..).unwrap_or_default()));
    rig.pass(300);
    let fits = if wanted {
        (heard - sent).abs() < 3.0
    } else {
        heard < sent - 40.0
    };
    check(fits, format!("{when}: sent {sent:.1} dB, heard {heard:.1}"))
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
