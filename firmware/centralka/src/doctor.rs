//! The line doctor as the panel and the command line ask for it.

use std::{sync::mpsc::sync_channel, time::Duration};

use config::Config;
use model::{HangUps, LineHealth, LineSample, ToneSignature, Wall};
use panel::{
    Doctor, Refusal,
    api::{LearnedTone, PortHangUps, PortHealth, PortHistory, PortList, PortSample},
};

use crate::{
    control::{Mouth, NotHeard, Word},
    exchange::{Front, internal},
    live::current,
};

/// How long the control thread may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the ports are now.
pub(crate) fn health(mouth: &Mouth) -> Result<Vec<LineHealth>, NotHeard> {
    let (answer, wait) = sync_channel(1);
    mouth.say(Word::Ports(answer))?;
    wait.recv_timeout(PATIENCE).map_err(|_| NotHeard)
}

impl Doctor for Front {
    fn ports(&self) -> Result<PortList, Refusal> {
        let all = health(&self.mouth).map_err(|_| Refusal::Busy)?;
        let config = current(&self.in_force);
        let ports = all.into_iter().map(|one| shown(&config, one)).collect();
        Ok(PortList { ports })
    }

    fn port_history(&self, port: &str, before: Wall, limit: u16) -> Result<PortHistory, Refusal> {
        let wanted = usize::from(limit);
        let samples = self.read().line_samples(port, wanted + 1, before);
        let samples = samples.map_err(|e| internal(&e))?;
        let more = samples.len() > wanted;
        let samples: Vec<PortSample> = samples.iter().take(wanted).map(sample).collect();
        Ok(PortHistory {
            next_ms: samples.last().map(|last| last.at_ms).filter(|_| more),
            samples,
        })
    }
}

fn shown(config: &Config, health: LineHealth) -> PortHealth {
    let entry = health.entry.as_ref();
    let line = entry.and_then(|id| config.line(id)).map(|line| &line.name);
    let set = config.analog_on(&health.port).map(|set| &set.name);
    let name = if health.set { set } else { line };
    PortHealth {
        name: name.unwrap_or(&health.port).clone(),
        entry: entry.map(ToString::to_string).unwrap_or_default(),
        set: health.set,
        state: health.state,
        now: sample(&health.now),
        learned: health.learned.iter().map(learned).collect(),
        port: health.port,
    }
}

fn learned(tone: &ToneSignature) -> LearnedTone {
    let some = |values: &[u16]| values.iter().copied().filter(|&value| value > 0).collect();
    LearnedTone {
        hz: some(&tone.hz),
        cadence_ms: some(&tone.cadence_ms),
    }
}

const fn sample(sample: &LineSample) -> PortSample {
    PortSample {
        at_ms: sample.at.as_millis(),
        volts: sample.volts,
        loop_tenth_ma: sample.loop_tenth_ma,
        ring_vrms: sample.ring_vrms,
        ring_tenth_hz: sample.ring_tenth_hz,
        foreign_volts: sample.foreign_volts,
        celsius: sample.celsius,
        rx_dbm0: sample.rx_dbm0,
        tx_dbm0: sample.tx_dbm0,
        noise_dbm0: sample.noise_dbm0,
        caller_dbm0: sample.caller_dbm0,
        erl_db10: sample.erl_db10,
        erle_db10: sample.erle_db10,
        dead: sample.dead,
        in_use: sample.in_use,
        out_of_service: sample.out_of_service,
        left_off_hook: sample.left_off_hook,
        hang_ups: hang_ups(&sample.hang_ups),
    }
}

const fn hang_ups(ends: &HangUps) -> PortHangUps {
    PortHangUps {
        loop_break: ends.loop_break,
        reversal: ends.reversal,
        tone: ends.tone,
        dial_tone: ends.dial_tone,
        silence: ends.silence,
        false_ones: ends.false_ones,
    }
}
