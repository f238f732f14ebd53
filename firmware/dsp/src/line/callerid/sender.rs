//! Caller ID on its way to a set.

use model::{CallerIdScheme, CallerInfo, Digit};

use super::alert::AlertSender;
use super::aon::AonSender;
use super::keys::{self, KeySender, KeyTiming};
use super::message;
use super::modem::{Modem, ModemSender, Preamble};
use super::ntt;
use crate::SAMPLES_PER_MS;

/// The sound of one caller ID, without what the line does around it.
#[derive(Clone, Debug)]
pub struct CallerIdSender(Carrier);

#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a media thread allocates nothing, so nothing is boxed"
)]
enum Carrier {
    Modem(ModemSender),
    Keys(KeySender),
    Tones(AonSender),
}

impl CallerIdSender {
    /// What a set on hook is told, or with [`CallerIdScheme::Aon`] one that has lifted and asked. `dbm0` is the level of
    /// the modem, of the higher tone of a key or of each tone, usually −14. `None` where there is nothing to say in that
    /// way: a number without digits.
    #[must_use]
    pub fn new(info: &CallerInfo, scheme: CallerIdScheme, dbm0: i8) -> Option<Self> {
        let (modem, preamble, frame) = match scheme {
            CallerIdScheme::Bellcore => (Modem::Bell202, Preamble::ON_HOOK, message::encode(info)),
            CallerIdScheme::BellcoreSingle => (
                Modem::Bell202,
                Preamble::ON_HOOK,
                message::encode_single(info),
            ),
            CallerIdScheme::EtsiRing
            | CallerIdScheme::EtsiAlert
            | CallerIdScheme::EtsiPulse
            | CallerIdScheme::EtsiReversal => {
                (Modem::V23, Preamble::ON_HOOK, message::encode(info))
            }
            CallerIdScheme::BtSin227 => (Modem::V23, Preamble::BT, message::encode(info)),
            CallerIdScheme::Ntt => (Modem::V23, Preamble::NTT, ntt::encode(info)),
            CallerIdScheme::DtmfAbdc | CallerIdScheme::DtmfHash | CallerIdScheme::DtmfDc => {
                let sender =
                    KeySender::new(keys::encode(info, scheme)?, KeyTiming::caller_id(dbm0));
                return Some(Self(Carrier::Keys(sender)));
            }
            CallerIdScheme::Aon => {
                return Some(Self(Carrier::Tones(AonSender::new(info, dbm0)?)));
            }
        };
        let sender = ModemSender::new(modem, preamble, frame, dbm0);
        Some(Self(Carrier::Modem(sender)))
    }

    /// Whether only silence would follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match &self.0 {
            Carrier::Modem(sender) => sender.is_over(),
            Carrier::Keys(sender) => sender.is_over(),
            Carrier::Tones(sender) => sender.is_over(),
        }
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        match &mut self.0 {
            Carrier::Modem(sender) => sender.fill(out),
            Carrier::Keys(sender) => sender.fill(out),
            Carrier::Tones(sender) => sender.fill(out),
        }
    }
}

/// Caller ID to a set that is in a call: the party is not heard, the alert tone asks whether the set can read,
/// the set answers with a key, the data follow (GR-30-CORE §2.5, EN 300 659-2).
#[derive(Clone, Debug)]
pub struct CallWaitingSender {
    state: Waiting,
    data: ModemSender,
    dbm0: i8,
}

#[derive(Clone, Debug)]
enum Waiting {
    /// Nothing is heard, so that the set hears the tone alone: samples left.
    Quiet(u32),
    Alert(AlertSender),
    /// For the answer: samples left.
    Answer(u32),
    /// From the answer's beginning to the data: samples left.
    Gap(u32),
    Data,
    Over {
        whole: bool,
    },
}

/// Silence before the tone, in ms.
const QUIET_MS: u32 = 30;
/// CAS is 80 to 85 ms, DT-AS 75 to 85 ms.
const ALERT_MS: u16 = 82;
/// The answer begins within 100 ms, is told within 50 ms, and the line may echo: in ms.
const ANSWER_MS: u32 = 200;
/// From the answer told, 30 ms after it began, over its end at 65 ms, to the data at 50 to 200 ms.
const GAP_MS: u32 = 140;

impl CallWaitingSender {
    /// Level of each sine of the alert tone against that of the data, in dB.
    const ALERT_DB: i8 = -2;

    /// A sender at its start; only whether `scheme` is of Bell 202 matters. `dbm0` is the level of the
    /// data, usually −14.
    #[must_use]
    pub fn new(info: &CallerInfo, scheme: CallerIdScheme, dbm0: i8) -> Self {
        let modem = match scheme {
            CallerIdScheme::Bellcore | CallerIdScheme::BellcoreSingle => Modem::Bell202,
            _ => Modem::V23,
        };
        Self {
            state: Waiting::Quiet(QUIET_MS.saturating_mul(SAMPLES_PER_MS)),
            data: ModemSender::new(modem, Preamble::CALL_WAITING, message::encode(info), dbm0),
            dbm0,
        }
    }

    /// The set pressed a key: any of the fourth column answers.
    pub fn pressed(&mut self, key: Digit) {
        let answers = matches!(key.to_char(), 'A'..='D');
        if matches!(self.state, Waiting::Answer(_)) && answers {
            self.state = Waiting::Gap(GAP_MS.saturating_mul(SAMPLES_PER_MS));
        }
    }

    /// How it ended, once it has: `true` if the data went out.
    #[must_use]
    pub const fn ended(&self) -> Option<bool> {
        match self.state {
            Waiting::Over { whole } => Some(whole),
            _ => None,
        }
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            let mut one = [0];
            self.step(&mut one);
            *sample = one.first().copied().unwrap_or(0);
        }
    }

    fn step(&mut self, out: &mut [i16; 1]) {
        let next = match &mut self.state {
            Waiting::Quiet(left) => passes(left).then(|| {
                let dbm0 = self.dbm0.saturating_add(Self::ALERT_DB);
                Waiting::Alert(AlertSender::new(ALERT_MS, dbm0))
            }),
            Waiting::Alert(sender) => {
                sender.fill(out);
                let wait = ANSWER_MS.saturating_mul(SAMPLES_PER_MS);
                sender.is_over().then_some(Waiting::Answer(wait))
            }
            Waiting::Answer(left) => passes(left).then_some(Waiting::Over { whole: false }),
            Waiting::Gap(left) => passes(left).then_some(Waiting::Data),
            Waiting::Data => {
                self.data.fill(out);
                self.data.is_over().then_some(Waiting::Over { whole: true })
            }
            Waiting::Over { .. } => None,
        };
        if let Some(next) = next {
            self.state = next;
        }
    }
}

/// Counts a sample; whether that was the last.
fn passes(left: &mut u32) -> bool {
    *left = left.saturating_sub(1);
    *left == 0
}
