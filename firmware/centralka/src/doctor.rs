//! The line doctor as the panel and the command line ask for it.

use std::{path::PathBuf, sync::mpsc::sync_channel, time::Duration};

use config::{Answerer, Config, Document, SetCallerId};
use dsp::g711::Law;
use hal_board::ButtonReport;
use hal_port::Impedance;
use model::{
    Between, CallerIdOutcome, Command, HangUps, KeptSample, LifelineVerdict, LineBalance,
    LineEvidence, LineHealth, LineLifeline, LineSample, LineSpread, Seq, ToneSignature, Wall,
};
use panel::{
    Author, Doctor, Refusal, Sound,
    api::{
        self, BalancePreset, BoardPart, BoardState, EvidenceList, HangUpEvidence, HeardTone,
        LearnedTone, LifelineState, LineCaller, Party, PortBalance, PortHangUps, PortHealth,
        PortHistory, PortLifeline, PortList, PortSample, PortSpread, SetTestOutcome, SetTestStep,
    },
};
use store::{StoreError, WriterHandle};

use crate::{
    archive::wav,
    exchange::{Front, internal},
    hardware::{BoardReport, Part},
    live::current,
    word::{Mouth, NotHeard, Word},
};

/// Samples a second of what is kept of a hang-up.
const EVIDENCE_HZ: u32 = 8_000;
/// Samples of it of which the level is told: 25 ms.
const LEVEL_SAMPLES: usize = 200;
/// As is usual in the country.
const AUTO: &str = "auto";
/// What is weaker than this below full scale, in dB, is drawn as silence.
const LEVEL_MAX: u8 = 60;
/// 1 dB less, as a factor.
const ONE_DB_LESS: f64 = 0.891_250_938;
/// How long the control thread may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the ports are now.
pub(crate) fn health(mouth: &Mouth) -> Result<Vec<LineHealth>, NotHeard> {
    let (answer, wait) = sync_channel(1);
    mouth.say(Word::Ports(answer))?;
    wait.recv_timeout(PATIENCE).map_err(|_| NotHeard)
}

/// How the buttons of the board are.
pub(crate) fn buttons(mouth: &Mouth) -> Result<Vec<ButtonReport>, NotHeard> {
    let (answer, wait) = sync_channel(1);
    mouth.say(Word::Buttons(answer))?;
    wait.recv_timeout(PATIENCE).map_err(|_| NotHeard)
}

/// How far the test of a set is, after beginning one if wished; `None` = no such port.
pub(crate) fn test_set(
    mouth: &Mouth,
    port: &str,
    begin: bool,
) -> Result<Option<Vec<pbx::SetTest>>, NotHeard> {
    let (answer, wait) = sync_channel(1);
    mouth.say(Word::SetTest {
        port: port.to_owned(),
        begin,
        answer,
    })?;
    wait.recv_timeout(PATIENCE).map_err(|_| NotHeard)
}

/// So many messages wait for the set with this extension. `false` = no set has it.
pub(crate) fn set_messages(
    mouth: &Mouth,
    config: &Config,
    number: &str,
    messages: u8,
) -> Result<bool, NotHeard> {
    let Some(Answerer::Analog(set)) = config.answerer(number) else {
        return Ok(false);
    };
    let set = set.id.clone();
    mouth.say(Word::Command(Command::SetMessages { set, messages }))?;
    Ok(true)
}

impl Doctor for Front {
    fn ports(&self) -> Result<PortList, Refusal> {
        let all = health(&self.mouth).map_err(|_| Refusal::Busy)?;
        let config = current(&self.in_force);
        let ports = all.into_iter().map(|one| shown(&config, one)).collect();
        Ok(PortList {
            ports,
            bells_at_once: config.limits.bells_at_once,
            board: board(BoardReport::of(&self.board)),
        })
    }

    fn port_history(&self, port: &str, before: Wall, limit: u16) -> Result<PortHistory, Refusal> {
        let wanted = usize::from(limit);
        let samples = self.read().line_samples(port, wanted + 1, before);
        let samples = samples.map_err(|e| internal(&e))?;
        let more = samples.len() > wanted;
        let samples: Vec<PortSample> = samples.iter().take(wanted).map(kept).collect();
        Ok(PortHistory {
            next_ms: samples.last().map(|last| last.at_ms).filter(|_| more),
            samples,
        })
    }

    fn evidence(&self, port: &str) -> Result<EvidenceList, Refusal> {
        let read = || {
            let reader = self.read();
            let known = reader.line_evidence(port)?.into_iter();
            let with_sound = known.map(|one| {
                let sound = reader.evidence_sound(one.id)?.unwrap_or_default();
                Ok(shown_evidence(&one, &sound))
            });
            with_sound.collect::<Result<Vec<_>, StoreError>>()
        };
        let hang_ups = read().map_err(|e| internal(&e))?;
        Ok(EvidenceList { hang_ups })
    }

    fn evidence_sound(&self, id: u64) -> Result<Sound, Refusal> {
        let sound = self.read().evidence_sound(Seq(id));
        let sound = sound.map_err(|e| internal(&e))?;
        let sound = sound.ok_or(Refusal::NotFound("hang-up"))?;
        Ok(Sound::Bytes(wav_of(&sound)))
    }

    fn balance(&self, _: &Author, port: &str) -> Result<(), Refusal> {
        balance_line(&current(&self.in_force), &self.mouth, port)
    }

    fn test_lifeline(&self, _: &Author, port: &str) -> Result<(), Refusal> {
        test_lifeline(&current(&self.in_force), &self.mouth, port)
    }

    fn mark_false(&self, _: &Author, id: u64) -> Result<(), Refusal> {
        let known = self.read().evidence(Seq(id)).map_err(|e| internal(&e))?;
        known.ok_or(Refusal::NotFound("hang-up"))?;
        mark_false(&self.writer, &current(&self.in_force), &self.mouth, id).map(drop)
    }

    fn test_set(&self, port: &str, begin: bool) -> Result<api::SetTest, Refusal> {
        let ports = health(&self.mouth).map_err(|_| Refusal::Busy)?;
        let is_it = |known: &LineHealth| known.set && known.port == port;
        if !ports.iter().any(is_it) {
            return Err(Refusal::NotFound("set"));
        }
        let tests = test_set(&self.mouth, port, begin).map_err(|_| Refusal::Busy)?;
        let tests = tests.unwrap_or_default();
        // One that goes on has something to come; else none was begun.
        if begin && tests.iter().all(|test| test.outcome.is_some()) {
            return Err(Refusal::State {
                error: "set_in_use",
                message: "The set is in use or out of service. Test it when it lies there unused."
                    .into(),
            });
        }
        let steps = tests.into_iter().map(step).collect();
        let config = current(&self.in_force);
        let used = config.analog_on(port).map(|set| word(&set.caller_id));
        Ok(api::SetTest {
            steps,
            used: used.unwrap_or_default(),
        })
    }

    fn set_caller_id(&self, by: &Author, port: &str, way: &str) -> Result<(), Refusal> {
        let (version, text) = self.configurator.text();
        let Some(edited) = with_caller_id(&text, port, way)? else {
            return Ok(());
        };
        let reason = caller_id_reason(port, way);
        self.save(&by.person, Some(version), &edited, &reason)
            .map(drop)
    }

    fn set_messages(&self, number: &str, messages: u8) -> Result<(), Refusal> {
        let config = current(&self.in_force);
        let known = set_messages(&self.mouth, &config, number, messages);
        let known = known.map_err(|_| Refusal::Busy)?;
        known.then_some(()).ok_or(Refusal::NotFound("set"))
    }
}

/// The text of the configuration with another way of telling the set on a port who calls; `None`: it has this way.
pub(crate) fn with_caller_id(text: &str, port: &str, way: &str) -> Result<Option<String>, Refusal> {
    let broken = |e: &dyn ToString| Refusal::Internal(e.to_string());
    let config = Config::parse(text).map_err(|e| broken(&e))?;
    let set = config.analog_on(port).ok_or(Refusal::NotFound("set"))?;
    if way != AUTO && SetCallerId::named(way).is_none() {
        return Err(Refusal::Field {
            field: "way",
            rule: "unknown_way",
            message: format!("{way:?} is no way of telling a set who calls"),
        });
    }
    if word(&set.caller_id) == way {
        return Ok(None);
    }
    let edit = config::Edit::Set {
        place: config::Place::key("analog", Some(set.id.as_str()), "caller_id"),
        value: config::Plain::Text(way.to_owned()),
    };
    let document = Document::parse(text).map_err(|e| broken(&e))?;
    let edited = config::edit(&document, &[edit]).map_err(|e| broken(&e))?;
    Ok(Some(edited.text().to_owned()))
}

/// Why there is a new version.
pub(crate) fn caller_id_reason(port: &str, way: &str) -> String {
    format!("caller ID of {port}: {way}")
}

fn board(report: BoardReport) -> api::BoardReport {
    let shown = |state, path: PathBuf| api::BoardReport {
        state,
        file: path.display().to_string(),
        ..api::BoardReport::default()
    };
    match report {
        BoardReport::None => api::BoardReport::default(),
        BoardReport::Simulated => shown(BoardState::Simulated, PathBuf::new()),
        BoardReport::Unreadable { path, why } => api::BoardReport {
            wrong: vec![why],
            ..shown(BoardState::Unreadable, path)
        },
        BoardReport::Wrong { path, wrong } => api::BoardReport {
            wrong: wrong.iter().map(ToString::to_string).collect(),
            ..shown(BoardState::Wrong, path)
        },
        BoardReport::Sound { path, name, parts } => api::BoardReport {
            name,
            parts: parts.into_iter().map(part).collect(),
            ..shown(BoardState::Sound, path)
        },
    }
}

fn part(part: Part) -> BoardPart {
    BoardPart {
        name: part.name,
        device: part.device,
        is_there: part.is_there,
    }
}

fn shown(config: &Config, health: LineHealth) -> PortHealth {
    let entry = health.entry.as_ref();
    let line = entry.and_then(|id| config.line(id)).map(|line| &line.name);
    let of_port = config.analog_on(&health.port).filter(|_| health.set);
    let set = of_port.map(|set| &set.name);
    let number = of_port.and_then(|set| set.extension.as_ref());
    let name = if health.set { set } else { line };
    PortHealth {
        name: name.unwrap_or(&health.port).clone(),
        entry: entry.map(ToString::to_string).unwrap_or_default(),
        set: health.set,
        state: health.state,
        number: number.map(ToString::to_string).unwrap_or_default(),
        fault: health.fault.filter(|_| health.now.out_of_service),
        caller: health.caller.map(|(at, party)| LineCaller {
            at_ms: at.as_millis(),
            party: Party {
                name: party.name,
                number: party.number,
            },
        }),
        now: sample(&health.now),
        learned: health.learned.iter().map(learned).collect(),
        messages: health.messages,
        can_balance: health.can_balance,
        balance: health.balance.as_ref().map(balance),
        lifeline: health.lifeline.map(lifeline),
        port: health.port,
    }
}

/// The name of an impedance by its place in the list of those that ports have.
pub(crate) fn impedance(place: usize) -> String {
    Impedance::ALL.get(place).map(word).unwrap_or_default()
}

fn balance(balance: &LineBalance) -> PortBalance {
    let preset = |(place, &erl_db10)| BalancePreset {
        impedance: impedance(place),
        erl_db10,
    };
    PortBalance {
        at_ms: balance.at.as_millis(),
        tried_ms: balance.tried.as_millis(),
        best: balance.best.map(|place| impedance(usize::from(place))),
        presets: balance.erl_db10.iter().enumerate().map(preset).collect(),
    }
}

fn lifeline(lifeline: LineLifeline) -> PortLifeline {
    let test = lifeline.test;
    let worked = test.and_then(|test| test.worked);
    PortLifeline {
        set: lifeline.set,
        at_ms: test.map(|test| test.at.as_millis()),
        verdict: test.map(|test| match test.verdict {
            LifelineVerdict::Works => LifelineState::Works,
            LifelineVerdict::StaysOff => LifelineState::StaysOff,
            LifelineVerdict::StaysOn => LifelineState::StaysOn,
            LifelineVerdict::Unseen => LifelineState::Unseen,
        }),
        worked_ms: worked.map(|worked| worked.as_millis()),
    }
}

/// Has the lifeline of a line tested.
pub(crate) fn test_lifeline(config: &Config, mouth: &Mouth, port: &str) -> Result<(), Refusal> {
    let line = config.line_on(port).ok_or(Refusal::NotFound("line"))?;
    let all = health(mouth).map_err(|_| Refusal::Busy)?;
    let has = |one: &LineHealth| one.port == port && one.lifeline.is_some();
    if !all.iter().any(has) {
        return Err(Refusal::State {
            error: "no_lifeline",
            message: format!("No relay of the board joins a set to the port {port}."),
        });
    }
    let command = Command::TestLifeline(line.id.clone());
    mouth.say(Word::Command(command)).map_err(|_| Refusal::Busy)
}

/// Has a line searched for the impedance that balances it best.
pub(crate) fn balance_line(config: &Config, mouth: &Mouth, port: &str) -> Result<(), Refusal> {
    let line = config.line_on(port).ok_or(Refusal::NotFound("line"))?;
    let all = health(mouth).map_err(|_| Refusal::Busy)?;
    let can = |one: &LineHealth| one.port == port && one.can_balance;
    if !all.iter().any(can) {
        return Err(Refusal::State {
            error: "no_other_impedance",
            message: format!("The port {port} cannot show its line another impedance."),
        });
    }
    let command = Command::BalanceLine(line.id.clone());
    mouth.say(Word::Command(command)).map_err(|_| Refusal::Busy)
}

fn learned(tone: &ToneSignature) -> LearnedTone {
    let some = |values: &[u16]| values.iter().copied().filter(|&value| value > 0).collect();
    LearnedTone {
        hz: some(&tone.hz),
        cadence_ms: some(&tone.cadence_ms),
    }
}

/// The line evidence of a hang-up says that it was none: whether it was not known so before.
pub(crate) fn mark_false(
    writer: &WriterHandle,
    config: &Config,
    mouth: &Mouth,
    id: u64,
) -> Result<bool, Refusal> {
    let marked = writer.write(move |store| store.mark_false(Seq(id)));
    let Some(evidence) = marked.map_err(|e| internal(&e))? else {
        return Ok(false);
    };
    // A line that is not configured any more has nothing to unlearn.
    if let Some(line) = config.line_on(&evidence.port) {
        let command = Command::FalseHangUp {
            line: line.id.clone(),
            sign: evidence.sign,
            tone: evidence.tone.map(|tone| tone.measured),
        };
        let said = mouth.say(Word::Command(command));
        said.map_err(|_| Refusal::Busy)?;
    }
    Ok(true)
}

/// A WAV file of what is kept of a hang-up.
pub(crate) fn wav_of(alaw: &[u8]) -> Vec<u8> {
    let samples: Vec<i16> = alaw.iter().map(|&octet| Law::A.decode(octet)).collect();
    wav(&samples, EVIDENCE_HZ)
}

fn step(test: pbx::SetTest) -> SetTestStep {
    SetTestStep {
        number: test.number,
        way: test.way,
        outcome: test.outcome.map(|outcome| match outcome {
            CallerIdOutcome::Sent => SetTestOutcome::Sent,
            CallerIdOutcome::Cut => SetTestOutcome::Cut,
            CallerIdOutcome::Unanswered => SetTestOutcome::Unanswered,
            CallerIdOutcome::Impossible => SetTestOutcome::Impossible,
        }),
    }
}

/// The highest level of each part of a sound, in dB below full scale.
fn levels(alaw: &[u8]) -> Vec<u8> {
    let level = |part: &[u8]| {
        let loudest = part
            .iter()
            .map(|&octet| Law::A.decode(octet).unsigned_abs())
            .max();
        let loudest = f64::from(loudest.unwrap_or(0));
        let (mut below, mut level) = (0, f64::from(i16::MAX));
        while below < LEVEL_MAX && loudest < level {
            below += 1;
            level *= ONE_DB_LESS;
        }
        below
    };
    alaw.chunks(LEVEL_SAMPLES).map(level).collect()
}

fn shown_evidence(evidence: &LineEvidence, sound: &[u8]) -> HangUpEvidence {
    HangUpEvidence {
        id: evidence.id.0,
        at_ms: evidence.at.as_millis(),
        call: evidence.call.map(|call| call.to_string()),
        sign: word(&evidence.sign),
        tone: evidence.tone.as_ref().map(|tone| HeardTone {
            says: word(&tone.tone),
            learned: tone.learned.is_some(),
            measured: learned(&tone.measured),
            cycles: tone.cycles,
            heard_ms: tone.heard_ms,
            level_dbm0: tone.level_dbm0,
            no_speech_ms: tone.no_speech_ms,
        }),
        false_one: evidence.false_one,
        below_full_db: levels(sound),
    }
}

/// The name of a plain word of `model`.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value);
    let name = value.ok().and_then(|v| v.as_str().map(str::to_owned));
    name.unwrap_or_default()
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
        spread: None,
    }
}

fn kept(kept: &KeptSample) -> PortSample {
    PortSample {
        spread: kept.spread.as_ref().map(spread),
        ..sample(&kept.sample)
    }
}

fn spread(spread: &LineSpread) -> PortSpread {
    // A ringing has some hundred tenths of Hz, all else fits by its type.
    fn two<T: TryInto<i16>>(between: Between<T>) -> Option<[i16; 2]> {
        between.and_then(|(low, high)| Some([low.try_into().ok()?, high.try_into().ok()?]))
    }
    PortSpread {
        volts: two(spread.volts),
        loop_tenth_ma: two(spread.loop_tenth_ma),
        ring_vrms: two(spread.ring_vrms),
        ring_tenth_hz: two(spread.ring_tenth_hz),
        foreign_volts: two(spread.foreign_volts),
        celsius: two(spread.celsius),
        rx_dbm0: two(spread.rx_dbm0),
        tx_dbm0: two(spread.tx_dbm0),
        noise_dbm0: two(spread.noise_dbm0),
        caller_dbm0: two(spread.caller_dbm0),
        erl_db10: two(spread.erl_db10),
        erle_db10: two(spread.erle_db10),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_goes_into_the_text_and_one_that_is_there_does_not() {
        let text =
            "# kept\n[office]\ncountry = \"PL\"\n\n[[analog]]\nid = \"set\"\nport = \"fxs1\"\n";
        let with = |text: &str, port: &str, way: &str| with_caller_id(text, port, way);
        let edited = with(text, "fxs1", "dtmf_abdc").expect("a way");
        let edited = edited.expect("another");
        assert_eq!(edited, format!("{text}caller_id = \"dtmf_abdc\"\n"));
        assert_eq!(with(&edited, "fxs1", "dtmf_abdc").expect("a way"), None);
        let back = with(&edited, "fxs1", "auto").expect("a way");
        assert!(back.expect("another").contains("\"auto\""));
        assert!(matches!(
            with(text, "fxs2", "auto"),
            Err(Refusal::NotFound("set"))
        ));
        assert!(matches!(
            with(text, "fxs1", "smoke"),
            Err(Refusal::Field { .. })
        ));
    }

    #[test]
    fn a_pause_in_a_tone_is_seen_in_its_levels() {
        // Half a second of a tone 20 dB below full scale, half a second of silence.
        let octet = |at: usize| {
            let loud = if at % 8_000 < 4_000 { 3_276 } else { 0 };
            Law::A.encode(if at.is_multiple_of(2) { loud } else { -loud })
        };
        let sound: Vec<u8> = (0..24_000).map(octet).collect();
        let levels = levels(&sound);
        assert_eq!(levels.len(), 120);
        for (at, level) in levels.into_iter().enumerate() {
            let tone = at % 40 < 20;
            let near = if tone { 19..=21 } else { LEVEL_MAX..=LEVEL_MAX };
            assert!(near.contains(&level), "{at}: {level}");
        }
        assert!(super::levels(&[]).is_empty(), "nothing was heard");
    }
}
