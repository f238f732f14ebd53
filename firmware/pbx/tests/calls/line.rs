//! Calls of the set and the outside line, and what is heard on the line.

use hal_port::{LoopHook, PortCommand, PortEvent};
use model::{
    Digit, LineHeard, LineNews, LineTone, MediaEvent, PortSound, ToneEvidence, ToneSignature,
};
use model::{EventBody, MediaCommand, Rule};

use crate::rig::{LINE, Rig, SET};

/// A Polish office of one set, 301, which answers its one line.
pub(crate) const OFFICE: &str = r#"
[office]
country = "PL"
[[analog]]
id = "set"
port = "fxs1"
extension = "301"
[[line]]
id = "city"
port = "fxo1"
answer = "set"
"#;

/// A tone as it was measured on the line.
pub(crate) fn tone(tone: LineTone, measured: ToneSignature, learned: Option<u8>) -> LineHeard {
    LineHeard::Tone(ToneEvidence {
        tone,
        learned,
        measured,
        cycles: 3,
        heard_ms: 3_000,
        level_dbm0: -18,
        no_speech_ms: 3_000,
    })
}

impl Rig {
    /// The office when its line is at rest.
    pub(crate) fn with_line() -> Self {
        let mut rig = Self::new(OFFICE, Vec::new());
        rig.pass_ms(2_000);
        rig
    }

    pub(crate) fn lift(&mut self) {
        self.port(SET, PortEvent::OffHook);
    }

    pub(crate) fn hang_up(&mut self) {
        self.port(SET, PortEvent::OnHook);
    }

    pub(crate) fn dial(&mut self, number: &str) {
        let leg = self.place_of(SET);
        for key in number.chars() {
            let digit = Digit::from_char(key).expect("a key");
            self.media_says(MediaEvent::Digit { leg, digit, ms: 80 });
        }
    }

    pub(crate) fn line_gives(&mut self, heard: LineHeard) {
        let leg = self.place_of(LINE);
        self.media_says(MediaEvent::Line { leg, heard });
    }

    fn line_is_lifted(&self) -> bool {
        let hook = |told: &(_, PortCommand)| match *told {
            (LINE, PortCommand::SetHook(hook)) => Some(hook),
            _ => None,
        };
        self.ports.iter().rev().find_map(hook) == Some(LoopHook::OffHook)
    }

    /// The set calls a number outside; the last digit is dialled.
    pub(crate) fn call_out(&mut self) {
        self.lift();
        self.dial("601234567");
        for _ in 0..500 {
            if self.line_is_lifted() {
                break;
            }
            self.pass_ms(20);
        }
        assert!(self.line_is_lifted(), "{:#?}", self.records);
        self.line_gives(LineHeard::Steady);
        self.pass_ms(3_000);
    }

    /// Somebody calls from outside, and the set answers.
    pub(crate) fn come_in(&mut self) {
        self.port(LINE, PortEvent::Ring(true));
        self.pass_ms(1_000);
        self.port(LINE, PortEvent::Ring(false));
        self.line_gives(LineHeard::CallerSpoiled);
        self.pass_ms(3_000);
        self.lift();
        assert!(self.line_is_lifted(), "{:#?}", self.records);
        self.pass_ms(1_000);
    }

    /// What the ledger has of the line.
    pub(crate) fn news(&self) -> Vec<(Rule, LineNews)> {
        let events = self.records.iter().map(|record| &record.event);
        let news = events.filter_map(|event| match event.body {
            EventBody::Line { news, .. } => Some((event.rule, news)),
            _ => None,
        });
        news.collect()
    }

    /// By what the line's sound is judged now.
    pub(crate) fn sound(&self) -> PortSound {
        let line = self.place_of(LINE);
        let mut told = self.media.iter().rev();
        let sound = told.find_map(|command| match command {
            MediaCommand::SetPortSound { leg, sound } if *leg == line => Some(*sound),
            _ => None,
        });
        sound.expect("the line is listened to")
    }
}
