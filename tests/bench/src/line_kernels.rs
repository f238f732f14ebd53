//! What an analog port costs in 20 ms: two card periods of its canceller and its ears.

use dsp::TICK_SAMPLES;
use dsp::line::PortDsp;
use model::{EchoSettings, PortListens, PortSound};

use crate::kernels::{Kernel, voice};

/// A port set so, which hears a voice and the echo of another.
fn port(sound: PortSound) -> Kernel {
    let mut port = PortDsp::new();
    port.set(&sound);
    let ours = voice(8_000);
    let mut at = 0;
    Box::new(move || {
        for _ in 0..2 {
            let from = at * TICK_SAMPLES;
            let mut down = [0; TICK_SAMPLES];
            down.copy_from_slice(&ours[from..from + TICK_SAMPLES]);
            port.to_line(&mut down);
            let mut up = down.map(|sample| sample / 4);
            port.from_line(std::hint::black_box(&mut up), |_| {});
            at = (at + 1) % 100;
        }
    })
}

/// The line echo canceller with its suppressor.
pub(crate) fn echo(tail_ms: u8) -> Kernel {
    let echo = EchoSettings {
        tail_ms,
        suppress: true,
    };
    port(PortSound {
        echo: Some(echo),
        ..PortSound::default()
    })
}

/// The tones of an exchange, and the voice.
pub(crate) fn tones() -> Kernel {
    port(PortSound {
        listens: PortListens {
            tones: true,
            ..PortListens::default()
        },
        ..PortSound::default()
    })
}

/// Caller ID of every scheme.
pub(crate) fn caller_id() -> Kernel {
    port(PortSound {
        listens: PortListens {
            caller_id: true,
            ..PortListens::default()
        },
        ..PortSound::default()
    })
}
