//! The part of a set that reads caller ID and shows it: what it hears on hook and, after the tone that
//! asks for it, in a call. It knows nothing of how the exchange made the sound.

use dsp::dtmf::DtmfSender;
use dsp::line::callerid::{AlertDetector, CallerIdReceiver, CallerNews};
use hal_port::Frame;
use model::{Absence, CallerField, CallerInfo, CallerStamp, Digit};
use serde::{Deserialize, Serialize};

/// The answer to the alert tone: DTMF `D` of 60 ms (GR-30-CORE §2.5: 55 to 65 ms), and its levels.
const ANSWER_MS: u16 = 60;
const ANSWER_BLOCKS: u16 = 6;
const ANSWER_DBM0: (i8, i8) = (-11, -9);
/// How long a set waits for data after its answer, in blocks of 10 ms.
const READING_BLOCKS: u16 = 180;

/// What a set shows of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Display {
    /// The number.
    pub number: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Why there is no number.
    pub absent: Option<Absence>,
    /// By what the set sets its clock.
    pub when: Option<CallerStamp>,
    /// Bursts of the bell before it was told.
    pub rings: u32,
    /// The dual tone came before.
    pub alerted: bool,
    /// The line was reversed meanwhile.
    pub reversed: bool,
    /// It was told in a call.
    pub in_call: bool,
}

/// What the set has read, and how it was announced. Crosses a ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read {
    pub(crate) info: CallerInfo,
    pub(crate) rings: u32,
    pub(crate) alerted: bool,
    pub(crate) reversed: bool,
    pub(crate) in_call: bool,
}

impl From<&Read> for Display {
    fn from(read: &Read) -> Self {
        let text = |field: &CallerField| field.text().map(str::to_owned);
        Self {
            number: text(&read.info.number),
            name: text(&read.info.name),
            absent: match read.info.number {
                CallerField::Absent(why) => Some(why),
                CallerField::None | CallerField::Text(_) => None,
            },
            when: read.info.when,
            rings: read.rings,
            alerted: read.alerted,
            reversed: read.reversed,
            in_call: read.in_call,
        }
    }
}

#[derive(Debug)]
enum InCall {
    /// Only for the alert tone.
    Listens,
    /// It answers: blocks left.
    Answers(DtmfSender, u16),
    /// It reads: blocks left.
    Reads(u16),
}

/// The circuit. Allocates nothing after construction.
#[derive(Debug)]
pub(crate) struct Reader {
    receiver: CallerIdReceiver,
    alert: AlertDetector,
    alerted: bool,
    in_call: InCall,
    /// It was off hook at the last block.
    off_hook: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            receiver: CallerIdReceiver::new(),
            alert: AlertDetector::new(),
            alerted: false,
            in_call: InCall::Listens,
            off_hook: false,
        }
    }
}

impl Reader {
    /// Hears a block on hook; what it has read with it, and whether a tone announced that.
    pub(crate) fn on_hook(&mut self, block: &Frame) -> Option<(CallerInfo, bool)> {
        if core::mem::take(&mut self.off_hook) {
            *self = Self::default();
        }
        let info = self.read(block)?;
        Some((info, core::mem::take(&mut self.alerted)))
    }

    /// May answer instead of the person: `said` is what goes to the line.
    pub(crate) fn speak(&mut self, said: &mut Frame) {
        match &mut self.in_call {
            InCall::Listens => {}
            InCall::Answers(sender, left) => {
                sender.fill(said);
                *left -= 1;
                if *left == 0 {
                    self.receiver = CallerIdReceiver::new();
                    self.in_call = InCall::Reads(READING_BLOCKS);
                }
            }
            InCall::Reads(_) => said.fill(0),
        }
    }

    /// Hears a block in a call. While it answers or reads, the person hears nothing: `heard` is what reaches
    /// the ear.
    pub(crate) fn in_call(&mut self, block: &Frame, heard: &mut Frame) -> Option<CallerInfo> {
        if !core::mem::replace(&mut self.off_hook, true) {
            *self = Self {
                off_hook: true,
                ..Self::default()
            };
        }
        let mut read = None;
        match &mut self.in_call {
            InCall::Listens => {
                if self.alert.feed(&block.map(f32::from))
                    && let Some(answer) = Digit::from_char('D')
                {
                    let (low, high) = ANSWER_DBM0;
                    let sender = DtmfSender::new(answer, ANSWER_MS, low, high);
                    self.in_call = InCall::Answers(sender, ANSWER_BLOCKS);
                }
                return None;
            }
            InCall::Answers(..) => {}
            InCall::Reads(left) => {
                *left -= 1;
                let over = *left == 0;
                read = self.read(block);
                if over || read.is_some() {
                    self.in_call = InCall::Listens;
                    self.alert = AlertDetector::new();
                }
            }
        }
        heard.fill(0);
        read
    }

    fn read(&mut self, block: &Frame) -> Option<CallerInfo> {
        let (mut read, mut alerted) = (None, self.alerted);
        self.receiver.feed(block, |news| match news {
            CallerNews::AlertTone => alerted = true,
            CallerNews::Info { info, .. } => read = Some(info),
            CallerNews::Spoiled => {}
        });
        self.alerted = alerted;
        read
    }
}
