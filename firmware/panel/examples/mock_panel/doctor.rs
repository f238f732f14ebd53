//! Two analog ports that exist in memory only: a line with a bad day behind it, and a set.

use std::sync::atomic::Ordering;

use model::Wall;
use panel::{
    Author, Doctor, Refusal, Sound,
    api::{
        BoardReport, BoardState, EvidenceList, HangUpEvidence, HeardTone, LearnedTone,
        LifelineState, MediaState, MediaThread, PortHangUps, PortHealth, PortHistory, PortLifeline,
        PortList, PortSample, SetTest, SetTestOutcome, SetTestStep,
    },
};

use super::FakeOffice;

/// Samples of the line, one a minute before the office began.
const SAMPLES: i64 = 120;
/// The only hang-up whose sound is kept.
const EVIDENCE: u64 = 77;
/// The extension of the set.
const SET: &str = "301";

impl FakeOffice {
    /// The line as it was `minutes` before the office began.
    fn line(&self, minutes: i64) -> PortSample {
        let wave = i16::try_from(minutes % 7).unwrap_or(0);
        PortSample {
            at_ms: self.began.as_millis() - minutes * 60_000,
            volts: Some(-48 - wave),
            loop_tenth_ma: Some(0),
            ring_vrms: Some(68),
            ring_tenth_hz: Some(250),
            noise_dbm0: Some(-65),
            erl_db10: Some(118 - wave),
            dead: minutes == 60,
            hang_ups: PortHangUps {
                tone: u32::from(minutes % 30 == 0),
                ..PortHangUps::default()
            },
            ..PortSample::default()
        }
    }
}

impl Doctor for FakeOffice {
    fn ports(&self) -> Result<PortList, Refusal> {
        let set = PortHealth {
            port: "fxs1".into(),
            set: true,
            entry: "set".into(),
            name: "fxs1".into(),
            number: SET.into(),
            state: "idle".into(),
            messages: self.messages.load(Ordering::Relaxed),
            ..PortHealth::default()
        };
        let line = PortHealth {
            port: "fxo1".into(),
            entry: "line".into(),
            name: "City line".into(),
            state: "idle".into(),
            now: self.line(0),
            learned: vec![LearnedTone {
                hz: vec![425],
                cadence_ms: vec![500, 500],
            }],
            can_balance: true,
            lifeline: Some(PortLifeline {
                set: "fxs1".into(),
                at_ms: Some(self.began.as_millis()),
                verdict: Some(LifelineState::Works),
                worked_ms: Some(self.began.as_millis()),
            }),
            ..PortHealth::default()
        };
        Ok(PortList {
            ports: vec![set, line],
            bells_at_once: 5,
            board: BoardReport {
                state: BoardState::Simulated,
                ..BoardReport::default()
            },
        })
    }

    fn port_history(&self, port: &str, before: Wall, limit: u16) -> Result<PortHistory, Refusal> {
        let all = (0..SAMPLES).map(|minutes| self.line(minutes));
        let fits = |sample: &PortSample| port == "fxo1" && sample.at_ms < before.as_millis();
        let mut samples: Vec<PortSample> = all.filter(fits).collect();
        let more = samples.len() > usize::from(limit);
        samples.truncate(usize::from(limit));
        Ok(PortHistory {
            next_ms: samples.last().map(|last| last.at_ms).filter(|_| more),
            samples,
        })
    }

    fn evidence(&self, port: &str) -> Result<EvidenceList, Refusal> {
        let tone = HeardTone {
            says: "busy".into(),
            measured: LearnedTone {
                hz: vec![425],
                cadence_ms: vec![500, 500],
            },
            cycles: 3,
            heard_ms: 3_050,
            level_dbm0: -14,
            no_speech_ms: 3_600,
            ..HeardTone::default()
        };
        let one = HangUpEvidence {
            id: EVIDENCE,
            at_ms: self.began.as_millis(),
            call: Some(super::KNOWN_CALL.to_string()),
            sign: "tone".into(),
            tone: Some(tone),
            false_one: false,
            below_full_db: vec![17; 120],
        };
        let hang_ups = (port == "fxo1").then_some(one).into_iter().collect();
        Ok(EvidenceList { hang_ups })
    }

    fn evidence_sound(&self, id: u64) -> Result<Sound, Refusal> {
        known(id)?;
        Ok(Sound::Bytes(super::archive::sound()))
    }

    fn balance(&self, _: &Author, port: &str) -> Result<(), Refusal> {
        if port == "fxo1" {
            Ok(())
        } else {
            Err(Refusal::NotFound("line"))
        }
    }

    fn test_lifeline(&self, by: &Author, port: &str) -> Result<(), Refusal> {
        self.balance(by, port)
    }

    fn mark_false(&self, _: &Author, id: u64) -> Result<(), Refusal> {
        known(id)
    }

    fn test_set(&self, port: &str, begin: bool) -> Result<SetTest, Refusal> {
        let step = |outcome| SetTestStep {
            number: "901".into(),
            way: "bellcore".into(),
            outcome,
        };
        match (port, begin) {
            ("fxs1", false) => Ok(SetTest::default()),
            ("fxs1", true) => Ok(SetTest {
                steps: vec![step(Some(SetTestOutcome::Sent)), step(None)],
                used: "auto".into(),
            }),
            ("fxs2", _) => Err(Refusal::State {
                error: "set_in_use",
                message: "The set is in use.".into(),
            }),
            _ => Err(Refusal::NotFound("set")),
        }
    }

    fn set_caller_id(&self, _: &Author, port: &str, way: &str) -> Result<(), Refusal> {
        match (port, way) {
            ("fxs1", "auto" | "bellcore") => Ok(()),
            ("fxs1", _) => Err(Refusal::Field {
                field: "way",
                rule: "unknown_way",
                message: "no such way".into(),
            }),
            _ => Err(Refusal::NotFound("set")),
        }
    }

    fn set_messages(&self, number: &str, messages: u8) -> Result<(), Refusal> {
        if number != SET {
            return Err(Refusal::NotFound("set"));
        }
        self.messages.store(messages, Ordering::Relaxed);
        Ok(())
    }
}

fn known(id: u64) -> Result<(), Refusal> {
    if id == EVIDENCE {
        Ok(())
    } else {
        Err(Refusal::NotFound("hang-up"))
    }
}

/// One thread at its limit.
pub(crate) fn media_threads() -> Vec<MediaThread> {
    vec![MediaThread {
        name: "media-0".into(),
        state: MediaState::Full,
        overloads: 1,
        ..MediaThread::default()
    }]
}
