//! What both suites share: the port under test, a driver that serves it as the exchange does, and
//! judgement.

use core::{fmt, time::Duration};

use crate::{AudioHalf, ControlHalf, Error, ErrorKind, FRAME, Frame, Port, PortCommand, PortEvent};

/// A port under test.
pub trait PortBench {
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
    /// Gives the far end of the loop (a set's microphone, the other exchange) what it says during the next
    /// exchange of blocks.
    fn speak(&mut self, block: &Frame);
    /// What the far end heard during the last exchange of blocks.
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

pub(super) type Verdict = Result<(), String>;
pub(super) type Case<B> = (&'static str, fn(&mut Rig<B>) -> Verdict);

/// A bench with a driver that serves both halves as the exchange does.
pub(super) struct Rig<B> {
    pub(super) bench: B,
    /// With the time in ms.
    pub(super) events: Vec<(u64, PortEvent)>,
    pub(super) now_ms: u64,
    /// What `look` saw, every 10 ms.
    pub(super) seen: Vec<bool>,
    look: fn(&mut B) -> bool,
    phase: f32,
}

impl<B: PortBench> Rig<B> {
    /// A fresh bench of which `look` is noted every 10 ms.
    pub(super) const fn new(bench: B, look: fn(&mut B) -> bool) -> Self {
        Self {
            bench,
            events: Vec::new(),
            now_ms: 0,
            seen: Vec::new(),
            look,
            phase: 0.0,
        }
    }

    pub(super) fn serve(&mut self, tx: &Frame, far: &Frame) -> Frame {
        let now = self.bench.pass_10_ms();
        self.now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        self.bench.speak(far);
        let mut rx = [i16::MAX; FRAME];
        self.bench.audio().exchange(tx, &mut rx);
        let (control, at) = (self.bench.control(), self.now_ms);
        control.advance(now);
        self.events
            .extend(core::iter::from_fn(|| Some((at, control.poll_event()?))));
        self.seen.push((self.look)(&mut self.bench));
        rx
    }

    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.serve(&[0; FRAME], &[0; FRAME]);
        }
    }

    pub(super) fn apply(&mut self, command: PortCommand) -> Result<(), ErrorKind> {
        self.bench.control().apply(command).map_err(|e| e.kind())
    }

    pub(super) fn must(&mut self, command: PortCommand) -> Verdict {
        self.apply(command)
            .map_err(|kind| format!("{command:?} was refused: {kind}"))
    }

    pub(super) fn must_refuse(&mut self, command: PortCommand, wanted: ErrorKind) -> Verdict {
        check(
            self.apply(command) == Err(wanted),
            format!("{command:?} must be refused with {wanted:?}"),
        )
    }

    /// The events since the last call are exactly these.
    pub(super) fn events_are(&mut self, wanted: &[PortEvent]) -> Verdict {
        let got: Vec<_> = self.events.drain(..).map(|(_, event)| event).collect();
        check(
            got == wanted,
            format!("events: wanted {wanted:?}, got {got:?}"),
        )
    }

    /// 1000 Hz at about −10 dBm0; the next block of an endless tone.
    pub(super) fn tone(&mut self) -> Frame {
        let mut block = [0; FRAME];
        for sample in &mut block {
            *sample = (7_218.0 * self.phase.sin()) as i16;
            self.phase = (self.phase + core::f32::consts::TAU / 8.0) % core::f32::consts::TAU;
        }
        block
    }

    /// Level kept within 3 dB each way (port losses are within it), one direction at a time, the other
    /// at least `apart_db` down.
    pub(super) fn sounds_both_ways(&mut self, apart_db: f64) -> Verdict {
        for to_line in [true, false] {
            let (mut sent, mut heard, mut got) = (Vec::new(), Vec::new(), Vec::new());
            for _ in 0..50 {
                let tone = self.tone();
                let none = [0; FRAME];
                let (tx, far) = if to_line {
                    (&tone, &none)
                } else {
                    (&none, &tone)
                };
                got.push(self.serve(tx, far));
                heard.push(self.bench.heard());
                sent.push(tone);
            }
            // The first 200 ms may still lie in the hardware's buffers.
            let [sent, heard, got] =
                [sent, heard, got].map(|blocks| rms_db(blocks.get(20..).unwrap_or_default()));
            let (near, far) = if to_line { (heard, got) } else { (got, heard) };
            check(
                (near - sent).abs() < 3.0 && far < sent - apart_db,
                format!(
                    "to line {to_line}: sent {sent:.1} dB, heard {heard:.1}, received {got:.1}"
                ),
            )?;
            self.pass(300);
        }
        Ok(())
    }
}

pub(super) fn check(ok: bool, what: String) -> Verdict {
    if ok { Ok(()) } else { Err(what) }
}

/// RMS in dB over full scale of one step.
pub(super) fn rms_db(blocks: &[Frame]) -> f64 {
    let samples = blocks.iter().flatten();
    let total: f64 = samples.map(|&s| f64::from(s) * f64::from(s)).sum();
    let samples = (blocks.len() * FRAME).max(1) as f64;
    10.0 * (total / samples).max(1e-9).log10()
}
