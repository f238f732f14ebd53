//! What every FXO back end must do.

use super::rig::{Case, Failure, PortBench, Rig, Verdict, check, rms_db};
use crate::{
    Cadence, ErrorKind, FRAME, Frame, LineProfile, Linefeed, LoopHook, PortCommand, PortEvent,
    PortKind,
};

/// A port under test and the exchange at the other end of its line.
pub trait LineBench: PortBench {
    /// The exchange feeds the line like this from now on; `Forward` at the beginning.
    fn feed(&mut self, feed: Linefeed);
    /// The exchange puts ringing voltage of 25 Hz and 60 V on the line, or takes it off.
    fn ring(&mut self, on: bool);
    /// A parallel set is lifted, or put back.
    fn parallel(&mut self, off_hook: bool);
    /// Whether the port closes the loop, as the exchange sees it.
    fn loop_is_closed(&mut self) -> bool;
}

/// Runs every case of the FXO suite, each on a fresh bench.
///
/// # Errors
/// The first case that fails.
pub fn fxo<B: LineBench>(mut make: impl FnMut() -> B) -> Result<(), Failure> {
    let cases: [Case<B>; 16] = [
        ("description", description),
        ("battery and quiet", battery_and_quiet),
        ("dead line", dead_line),
        ("short loss of battery", short_loss_of_battery),
        ("ring bursts", ring_bursts),
        ("no burst", no_burst),
        ("hook", hook),
        ("off hook it does not ring", off_hook_it_does_not_ring),
        ("reversal", reversal),
        ("break of the current", break_of_the_current),
        ("flash to the exchange", flash),
        ("pulse digits to the exchange", pulse_digits),
        ("parallel set", parallel_set),
        ("refusals", refusals),
        ("sound both ways", sound_both_ways),
        ("sound on hook", sound_on_hook),
    ];
    for (case, run) in cases {
        let mut rig = Rig::new(make(), B::loop_is_closed);
        rig.settle().map_err(|what| Failure { case, what })?;
        run(&mut rig).map_err(|what| Failure { case, what })?;
    }
    Ok(())
}

impl<B: LineBench> Rig<B> {
    /// Two seconds in which the port finds out what is on its line.
    fn settle(&mut self) -> Verdict {
        self.pass(2_000);
        self.events_are(&[PortEvent::Battery(true)])
    }

    fn set_hook(&mut self, hook: LoopHook, ms: u64) -> Verdict {
        self.must(PortCommand::SetHook(hook))?;
        self.pass(ms);
        Ok(())
    }

    /// Exactly this event came since the last call, at most `late_ms` after `since_ms`.
    fn told(&mut self, wanted: PortEvent, since_ms: u64, late_ms: u64) -> Verdict {
        let got: Vec<_> = self.events.drain(..).collect();
        // What is seen by a poll of 10 ms may be told by the next one.
        let in_time = |at: u64| at <= since_ms + late_ms + 20;
        check(
            matches!(&got[..], [(at, event)] if *event == wanted && in_time(*at)),
            format!("wanted {wanted:?} within {late_ms} ms of {since_ms}, got {got:?}"),
        )
    }

    /// What comes from the line while the exchange sends a tone for half a second: dB over one step.
    fn hears_tone(&mut self) -> f64 {
        let mut got = Vec::new();
        for _ in 0..50 {
            let tone = self.tone();
            got.push(self.serve(&[0; FRAME], &tone));
        }
        rms_db(got.get(20..).unwrap_or_default())
    }

    /// Lengths of open stretches of the loop since the last call, in ms.
    fn breaks_ms(&mut self) -> Vec<u64> {
        let closed = core::mem::take(&mut self.seen);
        let open = closed.split(|closed| *closed).map(<[bool]>::len);
        open.filter(|len| *len > 0)
            .map(|len| len as u64 * 10)
            .collect()
    }
}

fn description<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    let port = rig.bench.port();
    let digits = port.name.strip_prefix("fxo").unwrap_or_default();
    check(
        port.kind == PortKind::Fxo
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit()),
        format!("an FXO port is named fxo1, fxo2 …: {port:?}"),
    )
}

fn battery_and_quiet<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.pass(3_000);
    check(
        !rig.bench.loop_is_closed(),
        "the loop is closed unasked".into(),
    )?;
    rig.events_are(&[])
}

/// A dead line is told after 1 s at the earliest and 3 s at the latest.
fn dead_line<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.bench.feed(Linefeed::Open);
    rig.pass(900);
    rig.events_are(&[])?;
    let since = rig.now_ms;
    rig.pass(2_500);
    rig.told(PortEvent::Battery(false), since, 2_100)?;
    let since = rig.now_ms;
    rig.bench.feed(Linefeed::Forward);
    rig.pass(2_000);
    rig.told(PortEvent::Battery(true), since, 1_000)
}

fn short_loss_of_battery<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.bench.feed(Linefeed::Open);
    rig.pass(600);
    rig.bench.feed(Linefeed::Forward);
    rig.pass(3_000);
    rig.events_are(&[])
}

fn ring_bursts<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    let cadence = Cadence::new(&[1_000, 2_000]).ok_or("the cadence is legal")?;
    for hook in [LoopHook::OnHook, LoopHook::Listening] {
        rig.set_hook(hook, 100)?;
        for _ in 0..2 {
            for (step, on) in cadence.steps_ms().iter().zip([true, false]) {
                let since = rig.now_ms;
                rig.bench.ring(on);
                rig.pass(u64::from(*step));
                rig.told(PortEvent::Ring(on), since, if on { 150 } else { 250 })?;
            }
        }
    }
    Ok(())
}

/// Neither a click nor a reversal is a burst.
fn no_burst<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.bench.ring(true);
    rig.pass(40);
    rig.bench.ring(false);
    rig.pass(1_000);
    rig.events_are(&[])
}

fn hook<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    for (hook, closed) in [
        (LoopHook::Listening, false),
        (LoopHook::OffHook, true),
        (LoopHook::OffHook, true),
        (LoopHook::OnHook, false),
        (LoopHook::OffHook, true),
        (LoopHook::Listening, false),
    ] {
        rig.set_hook(hook, 60)?;
        let got = rig.bench.loop_is_closed();
        check(
            got == closed,
            format!("{hook:?}: the loop is closed: {got}"),
        )?;
        rig.pass(500);
        check(
            rig.bench.loop_is_closed() == closed,
            format!("{hook:?} does not last"),
        )?;
    }
    rig.events_are(&[])
}

fn off_hook_it_does_not_ring<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.set_hook(LoopHook::OffHook, 500)?;
    rig.set_hook(LoopHook::OnHook, 1_000)?;
    rig.events_are(&[])
}

fn reversal<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    for hook in [LoopHook::OnHook, LoopHook::OffHook] {
        rig.set_hook(hook, 500)?;
        for (feed, reversed) in [(Linefeed::Reverse, true), (Linefeed::Forward, false)] {
            let since = rig.now_ms;
            rig.bench.feed(feed);
            rig.pass(1_000);
            rig.told(PortEvent::Reversed(reversed), since, 200)?;
        }
    }
    Ok(())
}

fn break_of_the_current<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.set_hook(LoopHook::OffHook, 500)?;
    rig.bench.feed(Linefeed::Open);
    rig.pass(20);
    rig.bench.feed(Linefeed::Forward);
    rig.pass(500);
    rig.events_are(&[])?;
    for (feed, flows) in [(Linefeed::Open, false), (Linefeed::Forward, true)] {
        let since = rig.now_ms;
        rig.bench.feed(feed);
        rig.pass(300);
        rig.told(PortEvent::Current(flows), since, 150)?;
    }
    rig.pass(2_000);
    rig.events_are(&[])
}

fn flash<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.must_refuse(PortCommand::Flash(100), ErrorKind::State)?;
    rig.set_hook(LoopHook::OffHook, 500)?;
    rig.must_refuse(PortCommand::Flash(10), ErrorKind::Argument)?;
    rig.must_refuse(PortCommand::Flash(2_000), ErrorKind::Argument)?;
    for ms in [100, 600] {
        rig.breaks_ms();
        rig.must(PortCommand::Flash(ms))?;
        rig.must_refuse(PortCommand::Flash(ms), ErrorKind::State)?;
        rig.pass(1_500);
        let breaks = rig.breaks_ms();
        check(
            matches!(breaks[..], [open] if open.abs_diff(u64::from(ms)) <= 30),
            format!("a flash of {ms} ms opened the loop for {breaks:?} ms"),
        )?;
        rig.events_are(&[PortEvent::Done])?;
    }
    Ok(())
}

fn pulse_digits<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    if !rig.bench.port().capabilities.pulse {
        return rig.must_refuse(PortCommand::PulseDigit(1), ErrorKind::Unsupported);
    }
    rig.must_refuse(PortCommand::PulseDigit(1), ErrorKind::State)?;
    rig.set_hook(LoopHook::OffHook, 500)?;
    rig.must_refuse(PortCommand::PulseDigit(10), ErrorKind::Argument)?;
    for (digit, pulses) in [(3, 3), (0, 10)] {
        rig.breaks_ms();
        rig.must(PortCommand::PulseDigit(digit))?;
        rig.must_refuse(PortCommand::PulseDigit(digit), ErrorKind::State)?;
        rig.pass(2_500);
        let breaks = rig.breaks_ms();
        check(
            breaks.len() == pulses && breaks.iter().all(|ms| (40..=80).contains(ms)),
            format!("digit {digit} opened the loop for {breaks:?} ms"),
        )?;
        rig.events_are(&[PortEvent::Done])?;
    }
    Ok(())
}

fn parallel_set<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    if !rig.bench.port().capabilities.parallel {
        rig.bench.parallel(true);
        rig.pass(1_000);
        return rig.events_are(&[]);
    }
    for in_use in [true, false] {
        let since = rig.now_ms;
        rig.bench.parallel(in_use);
        rig.pass(1_000);
        rig.told(PortEvent::InUse(in_use), since, 500)?;
    }
    // Off hook the port itself takes the voltage down.
    rig.set_hook(LoopHook::OffHook, 1_000)?;
    rig.set_hook(LoopHook::OnHook, 1_000)?;
    rig.events_are(&[])
}

fn refusals<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    let cadence = Cadence::new(&[1_000, 2_000]).ok_or("the cadence is legal")?;
    for command in [
        PortCommand::StartRing(cadence),
        PortCommand::SetLinefeed(Linefeed::Reverse),
        PortCommand::SetNeon(true),
        PortCommand::MeterPulse(100),
        PortCommand::Lifeline(true),
    ] {
        rig.must_refuse(command, ErrorKind::Unsupported)?;
    }
    let wild = LineProfile {
        to_line_tenth_db: 500,
        ..LineProfile::default()
    };
    rig.must_refuse(PortCommand::SetProfile(wild), ErrorKind::Argument)?;
    rig.must(PortCommand::SetProfile(LineProfile::default()))?;
    rig.pass(1_000);
    rig.events_are(&[])
}

/// What more than 6 dB the hybrid's echo needs is the canceller's work.
fn sound_both_ways<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    rig.set_hook(LoopHook::OffHook, 500)?;
    rig.sounds_both_ways(6.0)
}

/// On hook nothing is heard; listening, the line is heard if the port can. Idle noise is at least 55 dB
/// below 0 dBm0 (84.2 dB over one step).
fn sound_on_hook<B: LineBench>(rig: &mut Rig<B>) -> Verdict {
    let on_hook = rig.hears_tone() - 84.2;
    check(on_hook < -50.0, format!("on hook {on_hook:.0} dBm0"))?;
    rig.set_hook(LoopHook::Listening, 300)?;
    let quiet: Vec<Frame> = (0..50)
        .map(|_| rig.serve(&[0; FRAME], &[0; FRAME]))
        .collect();
    let noise = rms_db(quiet.get(10..).unwrap_or_default()) - 84.2;
    check(noise < -55.0, format!("idle noise {noise:.0} dBm0"))?;
    if rig.bench.port().capabilities.on_hook_sound {
        let listening = rig.hears_tone() - 84.2;
        check(
            listening > -16.0,
            format!("a tone of -10 dBm0 is heard at {listening:.0}"),
        )?;
    }
    Ok(())
}
