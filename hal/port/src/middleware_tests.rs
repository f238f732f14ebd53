use core::{convert::Infallible, time::Duration};

use crate::{
    AudioFaults, AudioHalf, Cadence, ControlFaults, ControlHalf, ErrorKind, FRAME, FaultKind,
    FaultyAudio, FaultyControl, Frame, FrameStatus, Linefeed, PortCommand, PortEvent, Trace,
    TraceWhat,
};

/// Reports what it is told to and obeys everything.
#[derive(Default)]
struct Puppet(Vec<PortEvent>);

impl ControlHalf for Puppet {
    type Error = Infallible;

    fn advance(&mut self, _now: Duration) {}

    fn next_deadline(&self) -> Option<Duration> {
        None
    }

    fn apply(&mut self, _command: PortCommand) -> Result<(), Infallible> {
        Ok(())
    }

    fn poll_event(&mut self) -> Option<PortEvent> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }
}

/// Hears 7 on every sample.
struct Sevens;

impl AudioHalf for Sevens {
    fn take(&mut self, rx: &mut Frame) -> FrameStatus {
        rx.fill(7);
        FrameStatus::default()
    }

    fn give(&mut self, _tx: &Frame) {}
}

#[test]
fn cadence_knows_its_edges() {
    let uk = Cadence::new(&[400, 200, 400, 2_000]).expect("legal");
    let edges = [
        (0, true, 1),
        (399, true, 1),
        (400, false, 1),
        (600, true, 2),
    ];
    for (ms, on, bursts) in edges
        .into_iter()
        .chain([(2_999, false, 2), (3_000, true, 3)])
    {
        assert_eq!(uk.is_on_at(ms), on, "{ms}");
        assert_eq!(uk.bursts_begun_at(ms), bursts, "{ms}");
    }
    let starts = [1, 2, 3, 4].map(|nth| uk.burst_start_ms(nth));
    assert_eq!(starts, [0, 600, 3_000, 3_600]);
    for bad in [&[][..], &[400], &[400, 20], &[100; 10]] {
        assert_eq!(Cadence::new(bad), None, "{bad:?}");
    }
}

#[test]
fn trace_keeps_the_last_entries() {
    let mut trace = Trace::new(Puppet(vec![PortEvent::OffHook, PortEvent::Flash]), 2);
    trace.advance(Duration::from_secs(1));
    let Ok(()) = trace.apply(PortCommand::StopRing);
    assert_eq!(trace.poll_event(), Some(PortEvent::OffHook));
    assert_eq!(trace.poll_event(), Some(PortEvent::Flash));
    assert_eq!(trace.poll_event(), None);
    let kept: Vec<_> = trace.entries().map(|e| (e.at.as_secs(), e.what)).collect();
    let events = [PortEvent::OffHook, PortEvent::Flash];
    assert_eq!(kept, events.map(|e| (1, TraceWhat::Event(e))));
}

#[test]
fn a_broken_port_refuses_and_tells_the_hook_when_it_is_back() {
    let mut port = FaultyControl::new(Puppet::default(), ControlFaults::default());
    port.break_down(FaultKind::Lost);
    port.inner().0.push(PortEvent::OffHook);
    port.advance(Duration::from_millis(10));
    let command = PortCommand::SetLinefeed(Linefeed::Reverse);
    assert_eq!(port.apply(command), Err(ErrorKind::Fault));
    port.recover();
    port.advance(Duration::from_millis(20));
    let got: Vec<_> = core::iter::from_fn(|| port.poll_event()).collect();
    let wanted = [
        PortEvent::Fault(FaultKind::Lost),
        PortEvent::Recovered,
        PortEvent::OffHook,
    ];
    assert_eq!(got, wanted);
    assert_eq!(port.apply(command), Ok(()));
}

#[test]
fn faults_repeat_by_count() {
    let faults = ControlFaults {
        event_delay: Duration::from_millis(30),
        refuse_every: 2,
    };
    let mut port = FaultyControl::new(Puppet(vec![PortEvent::OffHook]), faults);
    port.advance(Duration::ZERO);
    assert_eq!(port.poll_event(), None);
    assert_eq!(port.next_deadline(), Some(Duration::from_millis(30)));
    port.advance(Duration::from_millis(30));
    assert_eq!(port.poll_event(), Some(PortEvent::OffHook));
    let answers = [0; 4].map(|_| port.apply(PortCommand::StopRing));
    assert_eq!(
        answers,
        [Ok(()), Err(ErrorKind::Bus), Ok(()), Err(ErrorKind::Bus)]
    );

    let faults = AudioFaults {
        lose_rx_every: 3,
        ..AudioFaults::default()
    };
    let mut audio = FaultyAudio::new(Sevens, faults);
    let heard = [0; 6].map(|_| {
        let mut rx = [0; FRAME];
        let status = audio.exchange(&[0; FRAME], &mut rx);
        assert_eq!(
            usize::from(status.overrun),
            if rx[0] == 0 { FRAME } else { 0 }
        );
        rx[FRAME - 1]
    });
    assert_eq!(heard, [7, 7, 0, 7, 7, 0]);
}
