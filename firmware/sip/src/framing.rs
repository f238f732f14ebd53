//! Cutting a stream into messages (RFC 3261 §18.3, §7.5) and keep-alives (RFC 5626 §3.5.1).

use model::limits::SIP_MESSAGE_MAX;

use crate::{HeaderName, grammar::number};

/// What a stream brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The bytes of one message, for [`crate::parse`].
    Message(Vec<u8>),
    /// CRLFCRLF: answer with CRLF.
    Ping,
    /// A lone CRLF: the answer to our ping, or an empty line before a message.
    Pong,
}

/// Why a stream cannot be followed any further: close it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FramingError {
    /// A message longer than `limits::SIP_MESSAGE_MAX`.
    #[error("message too long for a stream")]
    TooLong,
    /// Content-Length is no number, or several disagree.
    #[error("Content-Length is malformed")]
    ContentLength,
    /// No Content-Length although there is a Content-Type: nobody knows where the body ends.
    #[error("Content-Length is missing")]
    NoContentLength,
}

/// Cuts a stream into frames. Call [`Framer::push`] with what was read (at most 64 KiB at once),
/// then [`Framer::next`] until it gives `None`.
#[derive(Clone, Debug, Default)]
pub struct Framer {
    buffer: Vec<u8>,
    /// Bytes before this were looked at and hold no end of headers.
    scanned: usize,
    /// Length of headers and body of the message at the front, once known.
    whole: Option<usize>,
    /// The last thing was a lone CRLF: another one makes a ping of it.
    half_ping: bool,
    error: Option<FramingError>,
}

impl Framer {
    /// An empty framer.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            buffer: Vec::new(),
            scanned: 0,
            whole: None,
            half_ping: false,
            error: None,
        }
    }

    /// Takes bytes as they came. After an error they are dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub const fn is_mid_message(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next frame, if it is complete. An error repeats for ever: the stream is lost.
    #[expect(
        clippy::should_implement_trait,
        reason = "not an iterator: push gives it more"
    )]
    pub fn next(&mut self) -> Option<Result<Frame, FramingError>> {
        if let Some(error) = self.error {
            return Some(Err(error));
        }
        if self.whole.is_none()
            && let Some(frame) = self.empty_lines()
        {
            return Some(Ok(frame));
        }
        match self.message() {
            Ok(message) => message.map(|bytes| Ok(Frame::Message(bytes))),
            Err(error) => {
                self.error = Some(error);
                self.buffer = Vec::new();
                Some(Err(error))
            }
        }
    }

    /// Takes line ends from the front.
    fn empty_lines(&mut self) -> Option<Frame> {
        let (frame, length) = match self.buffer.as_slice() {
            [b'\r', b'\n', b'\r', b'\n', ..] if !self.half_ping => (Frame::Ping, 4),
            [b'\r', b'\n', ..] if self.half_ping => (Frame::Ping, 2),
            // The second half of a ping may still come: wait for it where a CR announces it.
            [b'\r', b'\n', b'\r'] | [b'\r'] => return None,
            [b'\r', b'\n', ..] => (Frame::Pong, 2),
            [b'\n', ..] => (Frame::Pong, 1),
            _ => return None,
        };
        self.half_ping = frame == Frame::Pong && length == 2;
        self.buffer.drain(..length);
        Some(frame)
    }

    fn message(&mut self) -> Result<Option<Vec<u8>>, FramingError> {
        if self.whole.is_none() {
            // A lone CR waits for its LF.
            if matches!(self.buffer.as_slice(), [] | [b'\r'] | [b'\r', b'\n', b'\r']) {
                return Ok(None);
            }
            let Some(head) = self.head_end() else {
                return if self.buffer.len() > SIP_MESSAGE_MAX {
                    Err(FramingError::TooLong)
                } else {
                    Ok(None)
                };
            };
            let body = content_length(&self.buffer[..head])?;
            let whole = head.saturating_add(body);
            if whole > SIP_MESSAGE_MAX {
                return Err(FramingError::TooLong);
            }
            self.whole = Some(whole);
        }
        let Some(whole) = self.whole.filter(|&whole| whole <= self.buffer.len()) else {
            return Ok(None);
        };
        self.whole = None;
        self.scanned = 0;
        self.half_ping = false;
        let rest = self.buffer.split_off(whole);
        Ok(Some(core::mem::replace(&mut self.buffer, rest)))
    }

    /// Where the empty line after the headers ends.
    fn head_end(&mut self) -> Option<usize> {
        let bytes = &self.buffer;
        let mut at = self.scanned;
        while let Some(found) = bytes[at..].iter().position(|&b| b == b'\n') {
            let next = at + found + 1;
            match bytes.get(next..) {
                Some([b'\n', ..]) => return Some(next + 1),
                Some([b'\r', b'\n', ..]) => return Some(next + 2),
                Some([] | [b'\r']) | None => {
                    // The line end may be the first half of the empty line: look again.
                    self.scanned = at + found;
                    return None;
                }
                Some(_) => at = next,
            }
        }
        self.scanned = bytes.len();
        None
    }
}

/// Reads Content-Length from raw headers. Without one the body is empty, unless a Content-Type
/// says that there is one.
fn content_length(head: &[u8]) -> Result<usize, FramingError> {
    let mut length = None;
    let mut has_type = false;
    for line in head.split(|&b| b == b'\n').skip(1) {
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            continue;
        };
        let Ok(name) = core::str::from_utf8(&line[..colon]) else {
            continue;
        };
        // A folded line starts with white space and is no header of its own.
        if name.starts_with([' ', '\t']) {
            continue;
        }
        match HeaderName::from_text(name.trim_end()) {
            HeaderName::ContentType => has_type = true,
            HeaderName::ContentLength => {
                let text = core::str::from_utf8(&line[colon + 1..]).unwrap_or("");
                let n = number::<usize>(text.trim()).ok_or(FramingError::ContentLength)?;
                if length.is_some_and(|length| length != n) {
                    return Err(FramingError::ContentLength);
                }
                length = Some(n);
            }
            _ => {}
        }
    }
    match length {
        Some(length) => Ok(length),
        None if has_type => Err(FramingError::NoContentLength),
        None => Ok(0),
    }
}

#[cfg(test)]
mod tests;
