use super::*;

const MESSAGE: &[u8] = b"OPTIONS sip:a SIP/2.0\r\nX: a\r\n b: c\r\nl : 3\r\n\r\nabc";

/// Feeds `stream` in pieces of `step` bytes and collects what comes out.
fn frames(stream: &[u8], step: usize) -> Vec<Result<Frame, FramingError>> {
    let mut framer = Framer::new();
    let mut out = Vec::new();
    for piece in stream.chunks(step) {
        framer.push(piece);
        while let Some(frame) = framer.next() {
            let failed = frame.is_err();
            out.push(frame);
            if failed {
                return out;
            }
        }
    }
    out
}

#[test]
fn messages_come_out_whole_however_they_are_cut() {
    let stream = [MESSAGE, MESSAGE, b"\r\n\r\n", MESSAGE].concat();
    let message = || Ok(Frame::Message(MESSAGE.to_vec()));
    for step in 1..=stream.len() {
        let mut all = frames(&stream, step);
        // Cut in the middle, a ping is first seen as a pong; it is answered all the same.
        all.retain(|frame| *frame != Ok(Frame::Pong));
        assert_eq!(
            all,
            [message(), message(), Ok(Frame::Ping), message()],
            "step {step}"
        );
    }
}

#[test]
fn pings_and_pongs() {
    assert_eq!(frames(b"\r\n\r\n", 4), [Ok(Frame::Ping)]);
    assert_eq!(frames(b"\r\n", 2), [Ok(Frame::Pong)]);
    assert_eq!(frames(b"\r\n\r\n", 2), [Ok(Frame::Pong), Ok(Frame::Ping)]);
    assert_eq!(
        frames(b"\r\n\r\n\r\n\r\n", 8),
        [Ok(Frame::Ping), Ok(Frame::Ping)]
    );
    assert_eq!(frames(b"\r", 1), []);
}

#[test]
fn line_feeds_alone_end_lines_too() {
    let stream = b"OPTIONS sip:a SIP/2.0\nContent-Length: 1\n\nxOPTIONS sip:b SIP/2.0\n\n";
    assert_eq!(frames(stream, 7).len(), 2);
}

#[test]
fn a_stream_that_cannot_be_followed_is_given_up_for_ever() {
    let check = |head: &str, error| {
        let stream = format!("OPTIONS sip:a SIP/2.0\r\n{head}\r\n\r\n");
        assert_eq!(frames(stream.as_bytes(), 11), [Err(error)], "{head}");
    };
    check("Content-Length: x", FramingError::ContentLength);
    check("Content-Length: -1", FramingError::ContentLength);
    check("Content-Length: 1\r\nl: 2", FramingError::ContentLength);
    check(
        "Content-Length: 99999999999999999999999",
        FramingError::ContentLength,
    );
    check("Content-Length: 65535", FramingError::TooLong);
    check("Content-Type: a/b", FramingError::NoContentLength);
    let mut framer = Framer::new();
    framer.push(&vec![b'x'; SIP_MESSAGE_MAX + 1]);
    for _ in 0..3 {
        assert_eq!(framer.next(), Some(Err(FramingError::TooLong)));
        framer.push(MESSAGE);
    }
    assert!(framer.buffer.is_empty());
}

#[test]
fn a_folded_line_is_no_header_and_the_longest_message_passes() {
    let stream = b"OPTIONS sip:a SIP/2.0\r\nS: x\r\n Content-Length: 9\r\n\r\n";
    assert_eq!(frames(stream, 64), [Ok(Frame::Message(stream.to_vec()))]);
    let head = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 65490\r\n\r\n";
    let mut long = head.to_vec();
    long.resize(head.len() + 65_490, 0);
    assert!(long.len() > SIP_MESSAGE_MAX);
    assert_eq!(frames(&long, 4_096), [Err(FramingError::TooLong)]);
    let head = b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 65487\r\n\r\n";
    let mut long = head.to_vec();
    long.resize(head.len() + 65_487, 0);
    assert_eq!(long.len(), SIP_MESSAGE_MAX);
    assert_eq!(frames(&long, 4_096), [Ok(Frame::Message(long.clone()))]);
}
