//! Recordings: what the recorder says of them goes to the ledger.

use model::{Command, Event, EventBody, Now, Rule};

use crate::Pbx;

impl Pbx {
    /// The recorder finished a recording, with or without a file.
    pub(crate) fn recorder_said(&mut self, now: Now, command: Command) {
        let (call, body) = match command {
            Command::RecordingKept {
                call,
                recording,
                ms,
                bytes,
                sha256,
            } => {
                let body = EventBody::RecordingStored {
                    recording,
                    ms,
                    bytes,
                    sha256,
                };
                (call, body)
            }
            Command::RecordingLost { call, recording } => {
                (call, EventBody::RecordingLost { recording })
            }
            Command::HangUp(_) | Command::Stop { .. } => return,
        };
        let event = Event {
            call: Some(call),
            leg: None,
            rule: Rule::RecordKept,
            body,
        };
        self.record(now, event);
    }
}
