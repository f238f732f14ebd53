//! Caller ID in DTMF, and keys played one after the other.

use model::limits::CALLER_TEXT;
use model::{Absence, CallerField, CallerIdScheme, CallerInfo, CallerText, Digit};

use crate::SAMPLES_PER_MS;
use crate::dtmf::DtmfSender;

/// What a `,` among keys waits, in ms.
const PAUSE_MS: u16 = 1_000;

/// How keys are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyTiming {
    /// Sound, in ms.
    pub on_ms: u16,
    /// Silence after it, in ms.
    pub off_ms: u16,
    /// Level of the row's tone in dBm0.
    pub low_dbm0: i8,
    /// Level of the column's tone in dBm0.
    pub high_dbm0: i8,
}

impl KeyTiming {
    /// As the European exchanges send caller ID: 70 ms on and off.
    #[must_use]
    pub const fn caller_id(dbm0: i8) -> Self {
        Self {
            on_ms: 70,
            off_ms: 70,
            low_dbm0: dbm0.saturating_sub(2),
            high_dbm0: dbm0,
        }
    }
}

/// Keys being played; a `,` is a pause of a second, what is no key is skipped.
#[derive(Clone, Debug)]
pub struct KeySender {
    keys: CallerText,
    next: usize,
    timing: KeyTiming,
    sounding: Option<DtmfSender>,
    /// Samples of silence before the next key.
    pause: u32,
}

impl KeySender {
    /// Plays these keys.
    #[must_use]
    pub const fn new(keys: CallerText, timing: KeyTiming) -> Self {
        Self {
            keys,
            next: 0,
            timing,
            sounding: None,
            pause: 0,
        }
    }

    /// Whether only silence would follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.sounding.is_none() && self.pause == 0 && self.next >= self.keys.as_bytes().len()
    }

    /// Writes the next samples over all of `out`.
    pub fn fill(&mut self, out: &mut [i16]) {
        for sample in out {
            *sample = self.next();
        }
    }

    fn next(&mut self) -> i16 {
        let mut one = [0];
        while self.sounding.is_none() {
            if self.pause > 0 {
                self.pause = self.pause.saturating_sub(1);
                return 0;
            }
            let Some(&key) = self.keys.as_bytes().get(self.next) else {
                return 0;
            };
            self.next = self.next.saturating_add(1);
            if key == b',' {
                self.pause = u32::from(PAUSE_MS).saturating_mul(SAMPLES_PER_MS);
            } else if let Some(digit) = Digit::from_char(char::from(key)) {
                let KeyTiming {
                    on_ms,
                    low_dbm0,
                    high_dbm0,
                    ..
                } = self.timing;
                self.sounding = Some(DtmfSender::new(digit, on_ms, low_dbm0, high_dbm0));
            }
        }
        if let Some(sender) = &mut self.sounding {
            sender.fill(&mut one);
            if sender.is_over() {
                self.sounding = None;
                self.pause = u32::from(self.timing.off_ms).saturating_mul(SAMPLES_PER_MS);
            }
        }
        one.first().copied().unwrap_or(0)
    }
}

/// The keys that tell `info`; `None` if the scheme is not one of DTMF.
#[must_use]
pub(super) fn encode(info: &CallerInfo, scheme: CallerIdScheme) -> Option<CallerText> {
    let mut keys = Keys {
        octets: [0; CALLER_TEXT],
        len: 0,
    };
    match scheme {
        CallerIdScheme::DtmfAbdc => {
            if let Some(number) = info.number.text() {
                keys.put(b"A");
                keys.number(number);
            }
            if let Some(redirecting) = info.redirecting {
                keys.put(b"D");
                keys.number(redirecting.as_str());
            }
            match info.number {
                CallerField::Text(_) => {}
                CallerField::Absent(Absence::Private) => keys.put(b"B10"),
                CallerField::Absent(_) | CallerField::None => keys.put(b"B00"),
            }
            keys.put(b"C");
        }
        CallerIdScheme::DtmfHash => {
            match info.number {
                CallerField::Text(number) => {
                    keys.put(b"A");
                    keys.number(number.as_str());
                }
                CallerField::Absent(Absence::Private) => keys.put(b"D1"),
                CallerField::Absent(Absence::Service) => keys.put(b"D3"),
                CallerField::Absent(_) | CallerField::None => keys.put(b"D2"),
            }
            keys.put(b"#");
        }
        CallerIdScheme::DtmfDc => {
            keys.put(b"D");
            keys.number(info.number.text().unwrap_or(""));
            keys.put(b"C");
        }
        _ => return None,
    }
    CallerText::new(keys.octets.get(..keys.len)?).ok()
}

/// Reads keys that were heard one after the other.
#[must_use]
pub(super) fn decode(keys: &[u8]) -> Option<CallerInfo> {
    let mut info = CallerInfo::default();
    let (&last, body) = keys.split_last()?;
    let body = match last {
        b'C' | b'#' => body,
        _ => keys,
    };
    if last == b'#' && body.first() == Some(&b'D') {
        // Danish and Dutch codes of absence.
        info.number = CallerField::Absent(match body.get(1..) {
            Some([b'1']) => Absence::Private,
            Some([b'3']) => Absence::Service,
            Some([b'2']) => Absence::Unavailable,
            _ => return None,
        });
        return Some(info);
    }
    let letters = body.iter().filter(|key| matches!(key, b'A'..=b'D'));
    let single = letters.count() == 1 && last == b'C';
    let mut rest = body;
    let mut fields = 0_u8;
    while !rest.is_empty() {
        let (name, after) = match rest.split_first()? {
            (&name @ (b'A' | b'B' | b'D'), after) => (name, after),
            // Some send no more than the number and a hash.
            _ if fields == 0 && last == b'#' => (b'A', rest),
            _ => return None,
        };
        let end = after.iter().position(|key| matches!(key, b'A'..=b'D'));
        let (value, further) = after.split_at_checked(end.unwrap_or(after.len()))?;
        if !value.iter().all(u8::is_ascii_digit) {
            return None;
        }
        take(&mut info, name, value, single);
        fields = fields.saturating_add(1);
        rest = further;
    }
    (fields > 0).then_some(info)
}

/// One field; `single` if there is no other and the whole ends with `C`.
fn take(info: &mut CallerInfo, name: u8, value: &[u8], single: bool) {
    let text = CallerText::new(value).ok().filter(|text| !text.is_empty());
    match (name, text) {
        (b'A', Some(text)) => info.number = CallerField::Text(text),
        (b'A', None) => info.number = CallerField::Absent(Absence::Unavailable),
        (b'B', _) => {
            info.number = CallerField::Absent(if value.first() == Some(&b'1') {
                Absence::Private
            } else {
                Absence::Unavailable
            });
        }
        // Between D and C alone is the number itself.
        (_, text) if single => {
            info.number = text.map_or(CallerField::Absent(Absence::Unavailable), CallerField::Text);
        }
        (_, text) => info.redirecting = text,
    }
}

/// Room for the keys of a caller.
struct Keys {
    octets: [u8; CALLER_TEXT],
    len: usize,
}

impl Keys {
    fn put(&mut self, keys: &[u8]) {
        for &key in keys {
            if let Some(slot) = self.octets.get_mut(self.len) {
                *slot = key;
                self.len = self.len.saturating_add(1);
            }
        }
    }

    /// The digits of a number, those of an end at most; the international `+` is `00`.
    fn number(&mut self, number: &str) {
        const DIGITS: usize = 20;
        if number.starts_with('+') {
            self.put(b"00");
        }
        for digit in number.bytes().filter(u8::is_ascii_digit).take(DIGITS) {
            // Room is kept for what ends the message.
            if self.len < self.octets.len().saturating_sub(4) {
                self.put(&[digit]);
            }
        }
    }
}
