//! A whole port in a call: what its listener hears of a line on which the near side speaks too.

use std::collections::VecDeque;

use config::{Country, CountryCode};
use dsp::g711::Law;
use dsp::line::PortDsp;
use model::limits::PORT_LATENCY_SAMPLES;
use model::{EchoSettings, LineHeard, PortListens, PortSound, ToneEvidence};

use crate::{Random, hybrid, known, mixed, through};

/// Samples of a card's period.
const PERIOD: usize = 80;
/// Samples by which a line of some kilometres delays its echo at most: 8 ms.
const WAY_MAX: usize = 64;

/// A line's port as a call has it: canceller, suppressor and comfort noise in front of or behind its ears, and a
/// hybrid that sends a part of the near side back.
#[derive(Debug)]
pub(crate) struct WholePort {
    dsp: PortDsp,
    hybrid: Vec<f32>,
    /// How much of the near side comes back.
    echo: f32,
    /// What the near side said, the newest last, as far as the hybrid remembers it.
    sent: Vec<i16>,
    /// What is on its way from sending to being recorded.
    on_its_way: VecDeque<i16>,
    /// What the codec of the port's chip makes of it.
    law: Option<Law>,
    /// What did not fill a period yet: of the line, and of the near side.
    rest: [Vec<i16>; 2],
}

impl WholePort {
    /// A port in this country, on a line of its own.
    pub(crate) fn new(country: CountryCode, is_known: bool, random: &mut Random) -> Self {
        let latency = random.below(PORT_LATENCY_SAMPLES + 1);
        let mut dsp = PortDsp::new();
        dsp.set_latency(latency as u16);
        let tenths = |random: &mut Random| random.between(-60.0, 60.0) as i16;
        let mut sound = PortSound {
            gain_in_db10: tenths(random),
            gain_out_db10: tenths(random),
            echo: Some(EchoSettings::default()),
            listens: PortListens {
                keys: true,
                caller_id: false,
                tones: true,
            },
            ..PortSound::default()
        };
        if is_known {
            sound.known = known(&Country::load(country));
        }
        dsp.set(&sound);
        let hybrid = hybrid();
        let way = latency + random.below(WAY_MAX + 1);
        Self {
            dsp,
            sent: vec![0; hybrid.len()],
            hybrid,
            // The usual hybrid sends 9 dB less back: from hardly any balance to a good one.
            echo: 10_f32.powf(random.between(-20.0, 4.0) / 20.0),
            on_its_way: VecDeque::from(vec![0; way]),
            law: [None, Some(Law::A), Some(Law::Mu)][random.below(3)],
            rest: [Vec::new(), Vec::new()],
        }
    }

    /// As much of the near side as there is of the line is said meanwhile; tells the tones that the port hears.
    pub(crate) fn feed(&mut self, line: &[i16], near: &[i16], mut tell: impl FnMut(ToneEvidence)) {
        let [far, ours] = &mut self.rest;
        far.extend_from_slice(line);
        ours.extend(near.iter().chain(std::iter::repeat(&0)).take(line.len()));
        let whole = far.len() / PERIOD * PERIOD;
        let (far, ours): (Vec<i16>, Vec<i16>) =
            (far.drain(..whole).collect(), ours.drain(..whole).collect());
        for (far, ours) in far.chunks(PERIOD).zip(ours.chunks(PERIOD)) {
            self.period(far, ours, &mut tell);
        }
    }

    fn period(&mut self, far: &[i16], ours: &[i16], tell: &mut impl FnMut(ToneEvidence)) {
        let mut out = ours.to_vec();
        self.dsp.to_line(&mut out);
        self.on_its_way.extend(&out);
        let came: Vec<i16> = self.on_its_way.drain(..PERIOD).collect();
        let mut heard = mixed(far, &self.echo_of(&came));
        if let Some(law) = self.law {
            heard = through(law, &heard);
        }
        self.dsp.from_line(&mut heard, |news| {
            if let LineHeard::Tone(evidence) = news {
                tell(evidence);
            }
        });
    }

    /// What the hybrid sends back of what reaches it.
    fn echo_of(&mut self, came: &[i16]) -> Vec<i16> {
        self.sent.extend_from_slice(came);
        let taps = self.hybrid.len();
        let echo = (taps..self.sent.len()).map(|at| {
            let past = self.sent[at - taps + 1..=at].iter().rev();
            let parts = past.zip(&self.hybrid);
            let sum: f32 = parts.map(|(&sample, tap)| tap * f32::from(sample)).sum();
            (sum * self.echo) as i16
        });
        let echo = echo.collect();
        self.sent.drain(..came.len());
        echo
    }
}

#[cfg(test)]
mod tests {
    use config::Tone;

    use super::*;
    use crate::{music, sample};

    /// Else hours without an end would show nothing. Music that never rests, on a line that sends nearly all of it back,
    /// hides an end for longer.
    #[test]
    fn a_real_end_is_heard_while_the_near_side_goes_on() {
        let mut unheard = 0;
        for (seed, country) in (0..).zip(CountryCode::all()) {
            let mut random = Random::new(seed);
            let mut port = WholePort::new(country, true, &mut random);
            let near = music::music(12.0, &mut random);
            let mut ended = false;
            for tone in [Tone::Ringback, Tone::Busy] {
                assert!(!ended, "{country}: {tone:?}");
                let line = sample(country, tone, 12.0);
                port.feed(&line, &near, |evidence| {
                    ended |= evidence.tone.ends_a_call();
                });
            }
            unheard += u32::from(!ended);
        }
        assert!(unheard <= 2, "{unheard}");
    }
}
