//! A sound as an answer: whole, or the part that a browser's player asks for (RFC 9110 §14).

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
};

use axum::{
    body::Body,
    http::{
        HeaderMap, StatusCode,
        header::{
            ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
        },
    },
    response::{IntoResponse as _, Response},
};
use futures_util::stream;

use crate::{answer::Failure, archive::Sound};

/// Bytes read from the disk at once.
const PIECE: usize = 64 * 1_024;

/// The answer to a request with these headers; with a name it is kept, not played.
pub(crate) async fn answer(
    sound: Sound,
    headers: &HeaderMap,
    keep_as: Option<&String>,
) -> Result<Response, Failure> {
    let (source, length) = tokio::task::spawn_blocking(|| open(sound))
        .await
        .map_err(|_| Failure::missing("sound"))?
        .map_err(|_| Failure::missing("sound"))?;
    let asked = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let part = match asked.map(|text| part(text, length)) {
        None | Some(Asked::Whole) => None,
        Some(Asked::Part(part)) => Some(part),
        Some(Asked::Nothing) => {
            let failure = Failure::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "range",
                "The sound has no such part. Ask for one inside of it.",
            );
            let range = format!("bytes */{length}");
            return Ok(([(CONTENT_RANGE, range)], failure).into_response());
        }
    };
    let whole = 0..length;
    let wanted = part.clone().unwrap_or(whole);
    let mut response = Response::builder()
        .status(if part.is_some() {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        })
        .header(CONTENT_TYPE, "audio/wav")
        .header(ACCEPT_RANGES, "bytes")
        .header(CONTENT_LENGTH, wanted.end - wanted.start);
    if let Some(Range { start, end }) = &part {
        let range = format!("bytes {start}-{}/{length}", end - 1);
        response = response.header(CONTENT_RANGE, range);
    }
    if let Some(name) = keep_as {
        let value = format!("attachment; filename=\"{name}\"");
        response = response.header(CONTENT_DISPOSITION, value);
    }
    response
        .body(body(source, wanted))
        .map_err(|_| Failure::missing("sound"))
}

enum Source {
    File(File),
    Bytes(Vec<u8>),
}

fn open(sound: Sound) -> io::Result<(Source, u64)> {
    match sound {
        Sound::File(path) => {
            let file = File::open(path)?;
            let length = file.metadata()?.len();
            Ok((Source::File(file), length))
        }
        Sound::Bytes(bytes) => {
            let length = bytes.len() as u64;
            Ok((Source::Bytes(bytes), length))
        }
    }
}

/// The bytes in pieces, so that an hour of sound takes no more memory than a minute.
fn body(source: Source, wanted: Range<u64>) -> Body {
    let pieces = stream::try_unfold((source, wanted), async |(source, left)| {
        if left.is_empty() {
            return Ok::<_, io::Error>(None);
        }
        let read = tokio::task::spawn_blocking(move || piece(source, left));
        read.await.map_err(io::Error::other)?.map(Some)
    });
    Body::from_stream(pieces)
}

type Step = (Vec<u8>, (Source, Range<u64>));

fn piece(mut source: Source, left: Range<u64>) -> io::Result<Step> {
    let count = usize::try_from(left.end - left.start).map_or(PIECE, |left| left.min(PIECE));
    let bytes = match &mut source {
        Source::File(file) => {
            file.seek(SeekFrom::Start(left.start))?;
            let mut bytes = vec![0; count];
            file.read_exact(&mut bytes)?;
            bytes
        }
        Source::Bytes(all) => {
            let from = usize::try_from(left.start).map_err(io::Error::other)?;
            all.get(from..from + count).unwrap_or_default().to_vec()
        }
    };
    let next = left.start + count as u64..left.end;
    Ok((bytes, (source, next)))
}

/// What a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: several parts, or a unit that nobody knows, may be answered so.
    Whole,
    Part(Range<u64>),
    /// A part that is not there.
    Nothing,
}

fn part(text: &str, length: u64) -> Asked {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .filter(|parts| !parts.contains(','))
        .and_then(|part| part.trim().split_once('-'))
    else {
        return Asked::Whole;
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let wanted = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(count)) if first.is_empty() => length.saturating_sub(count)..length,
        _ => return Asked::Whole,
    };
    if wanted.is_empty() {
        Asked::Nothing
    } else {
        Asked::Part(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_the_rfc_says() {
        let cases = [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-", Asked::Part(90..100)),
            ("bytes=90-999", Asked::Part(90..100)),
            ("bytes=-5", Asked::Part(95..100)),
            ("bytes=-500", Asked::Part(0..100)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=9-3", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("lines=0-1", Asked::Whole),
            ("bytes=x-y", Asked::Whole),
            ("bytes=18446744073709551615-", Asked::Nothing),
        ];
        for (text, wanted) in cases {
            assert_eq!(part(text, 100), wanted, "{text}");
        }
        assert_eq!(part("bytes=0-", 0), Asked::Nothing);
    }
}
