//! The sound of hang-ups on lines: tracks of three seconds that come in one piece.

use model::{Event, EventBody, LineEvidence, LineNews, PortId, Record, TapId};
use store::recording::{TrackFrame, TrackPart};

/// Hang-ups whose sound is on its way; a line of a board has one.
const WAITING: usize = model::limits::PORTS;

/// A hang-up that the ledger told of, and the track with its sound.
#[derive(Clone, Debug)]
pub(super) struct HangUp {
    tap: TapId,
    evidence: LineEvidence,
    sound: Vec<u8>,
}

impl HangUp {
    /// What a record says of one; `name` knows the jacks.
    pub(super) fn of(record: &Record, name: impl Fn(PortId) -> Option<String>) -> Option<Self> {
        let Event { call, body, .. } = &record.event;
        let EventBody::Line {
            port,
            news:
                LineNews::HungUp {
                    sign,
                    tone,
                    evidence: Some(tap),
                },
        } = *body
        else {
            return None;
        };
        Some(Self {
            tap,
            evidence: LineEvidence {
                id: record.seq,
                at: record.at.wall,
                port: name(port)?,
                call: *call,
                sign,
                tone,
                false_one: false,
            },
            sound: Vec::new(),
        })
    }
}

/// Hang-ups whose sound is on its way.
#[derive(Debug, Default)]
pub(super) struct HangUps(Vec<HangUp>);

impl HangUps {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits for the sound of one more. What never came makes room.
    pub(super) fn expect(&mut self, hang_up: HangUp) {
        if self.0.len() >= WAITING {
            self.0.remove(0);
        }
        self.0.push(hang_up);
    }

    /// Takes a frame, if it is of a hang-up; whether it was.
    pub(super) fn take(
        &mut self,
        frame: &TrackFrame<'_>,
        done: &mut Vec<(LineEvidence, Vec<u8>)>,
    ) -> bool {
        let Some(at) = self.0.iter().position(|one| one.tap == frame.tap) else {
            return false;
        };
        match frame.part {
            TrackPart::Sound { payload, .. } => {
                if let Some(one) = self.0.get_mut(at) {
                    one.sound.extend_from_slice(payload);
                }
            }
            TrackPart::Began | TrackPart::Paused | TrackPart::Resumed => {}
            TrackPart::Ended => {
                let one = self.0.remove(at);
                done.push((one.evidence, one.sound));
            }
        }
        true
    }
}
