//! From segments to a file that everybody can play.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use model::{Codec, Instant, RecordingId, TapId};
use sha2::{Digest as _, Sha256};
use store::{
    Track,
    recording::{TrackFrame, TrackPart, read},
};

use super::{mixdown::Mixdown, track::Voice, wav::Wav};

/// What is to be made into a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) recording: RecordingId,
    /// The start of the program that recorded it.
    pub(super) boot: u64,
    /// The segment in which it begins, or an earlier one.
    pub(super) first_segment: u64,
    /// Its tracks: those of the leg that the first one is of are heard on the left.
    pub(super) tracks: Vec<Track>,
}

/// What of a track is heard in a recording.
#[derive(Clone, Copy, Debug)]
struct View {
    /// Left (0) or right (1).
    side: usize,
    /// What was said before is not in it.
    from: Instant,
}

impl Order {
    /// The views of its tracks. One that began before the recording's own party came counts from when
    /// that party's track began; where nothing is known of that one, nothing of the other is heard.
    fn views(&self, segments: &Path) -> Result<BTreeMap<TapId, View>, Unmade> {
        let mut begun: BTreeMap<TapId, Option<Instant>> = BTreeMap::new();
        begun.extend(
            self.tracks
                .iter()
                .filter_map(|track| Some((track.since?, None))),
        );
        if !begun.is_empty() {
            read(segments, self.boot, self.first_segment, |frame| {
                if let Some(at) = begun.get_mut(&frame.tap) {
                    at.get_or_insert(frame.at);
                }
            })?;
        }
        let left = self.tracks.first().map(|track| track.leg);
        let view = |track: &Track| {
            let from = match track.since {
                None => Instant::ZERO,
                Some(since) => begun.get(&since).copied().flatten()?,
            };
            let side = usize::from(Some(track.leg) != left);
            Some((track.tap, View { side, from }))
        };
        Ok(self.tracks.iter().filter_map(view).collect())
    }
}

/// A file that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) ms: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Why no file was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unmade {
    #[error("nothing was recorded")]
    Empty,
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error("{path}: {source}")]
    File { path: PathBuf, source: io::Error },
}

/// What the first look at the frames tells.
#[derive(Default)]
struct Outline {
    beginning: Option<Instant>,
    wide: bool,
}

/// Makes the file of a recording at `path`, first under another name, so that a file that is there
/// is whole.
pub(super) fn render(segments: &Path, order: &Order, path: &Path) -> Result<Made, Unmade> {
    let views = order.views(segments)?;
    let outline = outline(segments, order, &views)?;
    let beginning = outline.beginning.ok_or(Unmade::Empty)?;
    let hz = if outline.wide { 16_000 } else { 8_000 };
    let part = path.with_extension("part");
    let fail = |source| Unmade::File {
        path: part.clone(),
        source,
    };
    let wav = Wav::create(&part, hz).map_err(fail)?;
    let mut mixdown = Mixdown::new(hz, wav);
    let mut voices: BTreeMap<TapId, Voice> = BTreeMap::new();
    let mut trouble = None;
    each(
        segments,
        order,
        &views,
        |frame, channel, (codec, payload)| {
            let voice = voices.entry(frame.tap).or_insert_with(|| Voice::new(hz));
            let Some((place, samples)) = voice.decode(beginning, frame.at, codec, payload) else {
                return;
            };
            if let Err(error) = mixdown.add(channel, place, samples) {
                trouble.get_or_insert(error);
            }
        },
    )?;
    if let Some(error) = trouble {
        return Err(fail(error));
    }
    let wav = mixdown.finish().map_err(fail)?;
    let ms = wav.ms();
    let bytes = wav.finish().map_err(fail)?;
    let sha256 = sha256_of(&part).map_err(fail)?;
    std::fs::rename(&part, path).map_err(fail)?;
    Ok(Made { ms, bytes, sha256 })
}

fn outline(
    segments: &Path,
    order: &Order,
    views: &BTreeMap<TapId, View>,
) -> Result<Outline, Unmade> {
    let mut outline = Outline::default();
    each(segments, order, views, |frame, _, (codec, _)| {
        let before = outline.beginning.unwrap_or(frame.at);
        outline.beginning = Some(before.min(frame.at));
        outline.wide |= codec.sample_hz() > 8_000;
    })?;
    Ok(outline)
}

/// Every packet of the recording's tracks, and the side on which it is heard.
fn each(
    segments: &Path,
    order: &Order,
    views: &BTreeMap<TapId, View>,
    mut take: impl FnMut(&TrackFrame<'_>, usize, (Codec, &[u8])),
) -> Result<(), Unmade> {
    let reading = read(segments, order.boot, order.first_segment, |frame| {
        if let TrackPart::Sound { codec, payload } = frame.part
            && let Some(view) = views.get(&frame.tap)
            && frame.at >= view.from
        {
            take(frame, view.side, (codec, payload));
        }
    })?;
    if reading.torn_bytes > 0 {
        let bytes = reading.torn_bytes;
        tracing::warn!(recording = %order.recording, bytes, "damaged end of a recording left out");
    }
    Ok(())
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut sha = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let came = file.read(&mut chunk)?;
        if came == 0 {
            break;
        }
        sha.update(&chunk[..came]);
    }
    let digest = sha.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
