//! What is kept of the sound: tracks of recordings, what the recorder says of them, figures.

use model::{
    Command, Event, EventBody, LegId, MediaCommand, MediaLeg, Now, QualityMinute, Rule, TapId,
};

use crate::Pbx;

impl Pbx {
    /// Everything the leg says goes to the track from now on; what a set says, while it attends to this
    /// leg.
    pub(crate) fn start_tap(&mut self, leg: LegId, tap: TapId) {
        if let Some(leg) = self.jacks.leg_mut(leg) {
            leg.tap = Some(tap);
            leg.tap_paused = false;
        }
        if let Some(leg) = self.media_of(leg) {
            self.media(MediaCommand::StartTap { leg, tap });
        } else if let Some(leg) = self.jacks.place_of(leg) {
            self.media(MediaCommand::StartTap { leg, tap });
            self.media(MediaCommand::PauseTap { tap, paused: true });
        }
    }

    /// Nothing goes to the track for a while, or what its leg says again. What a set says in another
    /// call never goes to it.
    pub(crate) fn pause_tap(&mut self, tap: TapId, paused: bool) {
        let mut elsewhere = false;
        if let Some(leg) = self.jacks.leg_of_tap(tap) {
            leg.tap_paused = paused;
            let leg = leg.id;
            elsewhere = self.media_of(leg).is_none();
        }
        let paused = paused || elsewhere;
        self.media(MediaCommand::PauseTap { tap, paused });
    }

    /// The track is over.
    pub(crate) fn stop_tap(&mut self, tap: TapId) {
        if let Some(leg) = self.jacks.leg_of_tap(tap) {
            leg.tap = None;
        }
        self.media(MediaCommand::StopTap { tap });
    }

    /// How a leg sounded in the last minute.
    pub(crate) fn sounded(&mut self, now: Now, media: MediaLeg, minute: QualityMinute) {
        let Some(leg) = self.leg_of(media) else {
            return;
        };
        let event = Event {
            call: self.switch.call_of(leg),
            leg: Some(leg),
            rule: Rule::Periodic,
            body: EventBody::LegQuality { minute },
        };
        self.record(now, event);
    }

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
            Command::HangUp(_)
            | Command::PauseRecording(_)
            | Command::ResumeRecording(_)
            | Command::FalseHangUp { .. }
            | Command::BalanceLine(_)
            | Command::TestLifeline(_)
            | Command::SetMessages { .. }
            | Command::TestSet { .. }
            | Command::Stop { .. }
            | Command::Claim(_) => return,
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
