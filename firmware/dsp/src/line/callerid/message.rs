//! What is said of a caller, as octets: SDMF and MDMF (GR-30-CORE §2.4, EN 300 659-3 §5).

use model::{
    Absence, CallType, CallerField, CallerInfo, CallerStamp, CallerText, limits::CALLER_TEXT,
};

use super::frame::{FRAME_OCTETS, Frame, checksum};

/// Single data message: date and number.
const SDMF_CALL: u8 = 0x04;
/// Single data message: three times `B` for messages, `o` for none.
const SDMF_WAITING: u8 = 0x06;
const MDMF_CALL: u8 = 0x80;
const MDMF_WAITING: u8 = 0x82;
/// Call set-up as NTT numbers it.
pub(super) const NTT_CALL: u8 = 0x40;

/// Parameters of MDMF.
mod parameter {
    pub(super) const DATE_AND_TIME: u8 = 0x01;
    pub(super) const NUMBER: u8 = 0x02;
    pub(super) const DIALLED: u8 = 0x03;
    pub(super) const NO_NUMBER: u8 = 0x04;
    pub(super) const NAME: u8 = 0x07;
    pub(super) const NO_NAME: u8 = 0x08;
    pub(super) const LAMP: u8 = 0x0b;
    pub(super) const CALL_TYPE: u8 = 0x11;
    pub(super) const MESSAGES: u8 = 0x13;
    pub(super) const REDIRECTING: u8 = 0x1a;
    /// NTT: which number was called.
    pub(super) const NTT_DIALLED: u8 = 0x09;
}

/// Why octets are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageFault {
    /// Fewer or more octets than the length says.
    Length,
    /// The checksum is not right.
    Checksum,
    /// A type that is not about callers (for example 0x89, a short message).
    Type(u8),
    /// A parameter reaches beyond the message.
    Parameter,
}

/// The octets of type, length, content and checksum for any set that knows MDMF; what is absent is left
/// out. Call type comes first, since British sets want it there.
#[must_use]
pub fn encode(info: &CallerInfo) -> Frame {
    let mut frame = Frame::new();
    frame.push(if info.waiting.is_some() {
        MDMF_WAITING
    } else {
        MDMF_CALL
    });
    frame.push(0);
    if let Some(call_type) = info.call_type {
        put(&mut frame, parameter::CALL_TYPE, &[code_of(call_type)]);
    }
    if let Some(when) = info.when {
        put(&mut frame, parameter::DATE_AND_TIME, &stamp(when));
    }
    field(
        &mut frame,
        parameter::NUMBER,
        parameter::NO_NUMBER,
        &info.number,
    );
    if let Some(dialled) = info.dialled {
        put(&mut frame, parameter::DIALLED, dialled.as_bytes());
    }
    field(&mut frame, parameter::NAME, parameter::NO_NAME, &info.name);
    if let Some(redirecting) = info.redirecting {
        put(&mut frame, parameter::REDIRECTING, redirecting.as_bytes());
    }
    if let Some(on) = info.waiting {
        put(&mut frame, parameter::LAMP, &[if on { 0xff } else { 0 }]);
    }
    if let Some(messages) = info.messages {
        put(&mut frame, parameter::MESSAGES, &[messages]);
    }
    close(frame)
}

/// The single data message of old North American sets: date and number only, or the lamp.
#[must_use]
pub fn encode_single(info: &CallerInfo) -> Frame {
    let mut frame = Frame::new();
    if let Some(on) = info.waiting {
        frame.extend(&[SDMF_WAITING, 3]);
        frame.extend(&[if on { b'B' } else { b'o' }; 3]);
        return close(frame);
    }
    frame.extend(&[SDMF_CALL, 0]);
    let when = info.when.unwrap_or(CallerStamp {
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
    });
    frame.extend(&stamp(when));
    match &info.number {
        CallerField::Text(number) => frame.extend(number.as_bytes()),
        CallerField::Absent(why) => {
            frame.push(letter(*why));
        }
        CallerField::None => {
            frame.push(letter(Absence::Unavailable));
        }
    }
    close(frame)
}

/// Type, length and content of NTT's call set-up, without the frame around it.
pub(super) fn encode_ntt(info: &CallerInfo) -> Frame {
    let mut frame = Frame::new();
    frame.extend(&[NTT_CALL, 0]);
    field(
        &mut frame,
        parameter::NUMBER,
        parameter::NO_NUMBER,
        &info.number,
    );
    if let Some(dialled) = info.dialled {
        put(&mut frame, parameter::NTT_DIALLED, dialled.as_bytes());
    }
    length(&mut frame);
    frame
}

/// Reads a whole message, checksum and all.
///
/// # Errors
/// It is no message of a caller, see [`MessageFault`].
pub fn decode(octets: &[u8]) -> Result<CallerInfo, MessageFault> {
    if checksum(octets) != 0 {
        return Err(MessageFault::Checksum);
    }
    let (_, message) = octets.split_last().ok_or(MessageFault::Length)?;
    decode_content(message)
}

/// Reads type, length and content.
pub(super) fn decode_content(message: &[u8]) -> Result<CallerInfo, MessageFault> {
    let [kind, len, content @ ..] = message else {
        return Err(MessageFault::Length);
    };
    if content.len() != usize::from(*len) {
        return Err(MessageFault::Length);
    }
    match *kind {
        SDMF_CALL => Ok(single(content)),
        SDMF_WAITING => Ok(CallerInfo {
            waiting: Some(content.first() == Some(&b'B')),
            ..CallerInfo::default()
        }),
        MDMF_CALL | NTT_CALL => parameters(content, *kind),
        MDMF_WAITING => {
            let mut info = parameters(content, *kind)?;
            info.waiting = info.waiting.or(Some(true));
            Ok(info)
        }
        other => Err(MessageFault::Type(other)),
    }
}

/// Whether a message may begin with this octet.
pub(super) const fn is_type(octet: u8) -> bool {
    matches!(
        octet,
        SDMF_CALL | SDMF_WAITING | MDMF_CALL | MDMF_WAITING | 0x86 | 0x89
    )
}

fn single(content: &[u8]) -> CallerInfo {
    let (when, number) = content.split_at_checked(8).unwrap_or((content, &[]));
    CallerInfo {
        when: read_stamp(when),
        number: match number {
            [] => CallerField::None,
            [one] if one.is_ascii_alphabetic() => CallerField::Absent(absence(*one)),
            _ => text(number).map_or(CallerField::None, CallerField::Text),
        },
        ..CallerInfo::default()
    }
}

fn parameters(mut rest: &[u8], kind: u8) -> Result<CallerInfo, MessageFault> {
    let mut info = CallerInfo::default();
    while let [name, len, after @ ..] = rest {
        let (value, further) = after
            .split_at_checked(usize::from(*len))
            .ok_or(MessageFault::Parameter)?;
        take(&mut info, kind, *name, value);
        rest = further;
    }
    if rest.is_empty() {
        Ok(info)
    } else {
        Err(MessageFault::Parameter)
    }
}

/// One parameter; unknown ones and such with nonsense in them say nothing.
fn take(info: &mut CallerInfo, kind: u8, name: u8, value: &[u8]) {
    match name {
        parameter::DATE_AND_TIME => info.when = read_stamp(value),
        parameter::NUMBER => info.number = text(value).map_or(info.number, CallerField::Text),
        parameter::NO_NUMBER => {
            info.number = value
                .first()
                .map_or(info.number, |&letter| CallerField::Absent(absence(letter)));
        }
        parameter::NAME => info.name = text(value).map_or(info.name, CallerField::Text),
        parameter::NO_NAME => {
            info.name = value
                .first()
                .map_or(info.name, |&letter| CallerField::Absent(absence(letter)));
        }
        parameter::NTT_DIALLED if kind == NTT_CALL => info.dialled = text(value),
        parameter::DIALLED => info.dialled = text(value),
        parameter::REDIRECTING => info.redirecting = text(value),
        parameter::LAMP => info.waiting = value.first().map(|&lamp| lamp != 0),
        parameter::MESSAGES => info.messages = value.first().copied(),
        parameter::CALL_TYPE => info.call_type = value.first().and_then(|&code| call_type(code)),
        _ => {}
    }
}

/// A number may be written with blanks and is cut off where it is too long.
fn text(value: &[u8]) -> Option<CallerText> {
    let cut = value.get(..value.len().min(CALLER_TEXT))?;
    let mut printable = [0; CALLER_TEXT];
    let place = printable.get_mut(..cut.len())?;
    for (slot, &octet) in place.iter_mut().zip(cut) {
        // The eighth bit and national letters are no more than a question to us.
        *slot = if (b' '..=b'~').contains(&octet) {
            octet
        } else {
            b'?'
        };
    }
    CallerText::new(place).ok().filter(|text| !text.is_empty())
}

fn field(frame: &mut Frame, present: u8, absent: u8, field: &CallerField) {
    match field {
        CallerField::Text(text) => put(frame, present, text.as_bytes()),
        CallerField::Absent(why) => put(frame, absent, &[letter(*why)]),
        CallerField::None => {}
    }
}

fn put(frame: &mut Frame, name: u8, value: &[u8]) {
    frame.push(name);
    frame.push(u8::try_from(value.len()).unwrap_or(0));
    frame.extend(value);
}

fn length(frame: &mut Frame) {
    let len = frame.octets().len().saturating_sub(2);
    frame.replace(1, u8::try_from(len).unwrap_or(u8::MAX));
}

fn close(mut frame: Frame) -> Frame {
    length(&mut frame);
    let sum = checksum(frame.octets());
    frame.push(sum);
    frame
}

// Every field at its longest still fits.
const _: () = assert!(FRAME_OCTETS > 3 + 4 * (2 + CALLER_TEXT) + 10 + 3 * 3);

const fn letter(why: Absence) -> u8 {
    match why {
        Absence::Private => b'P',
        Absence::Unavailable => b'O',
        Absence::PublicPhone => b'C',
        Absence::Service => b'S',
    }
}

const fn absence(letter: u8) -> Absence {
    match letter {
        b'P' => Absence::Private,
        b'C' => Absence::PublicPhone,
        b'S' => Absence::Service,
        _ => Absence::Unavailable,
    }
}

const fn code_of(call_type: CallType) -> u8 {
    match call_type {
        CallType::Voice => 0x01,
        CallType::RingBackWhenFree => 0x02,
        CallType::CallingName => 0x03,
        CallType::MessageWaiting => 0x81,
    }
}

const fn call_type(code: u8) -> Option<CallType> {
    match code {
        0x01 => Some(CallType::Voice),
        0x02 => Some(CallType::RingBackWhenFree),
        0x03 => Some(CallType::CallingName),
        0x81 => Some(CallType::MessageWaiting),
        _ => None,
    }
}

/// MMDDHHMM in digits.
fn stamp(when: CallerStamp) -> [u8; 8] {
    let mut out = [b'0'; 8];
    let parts = [when.month, when.day, when.hour, when.minute];
    for (pair, part) in out.chunks_exact_mut(2).zip(parts) {
        if let [tens, ones] = pair {
            *tens = (part / 10 % 10).wrapping_add(b'0');
            *ones = (part % 10).wrapping_add(b'0');
        }
    }
    out
}

fn read_stamp(digits: &[u8]) -> Option<CallerStamp> {
    let mut parts = [0_u8; 4];
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    for (part, pair) in parts.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            *part = part.wrapping_mul(10).wrapping_add(digit.wrapping_sub(b'0'));
        }
    }
    let [month, day, hour, minute] = parts;
    let stamp = CallerStamp {
        month,
        day,
        hour,
        minute,
    };
    stamp.is_sane().then_some(stamp)
}
