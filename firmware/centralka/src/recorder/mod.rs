//! The recorder thread: what people say goes to segments four times a second while calls last, and
//! becomes a file for people after each call. It decides nothing: who is recorded stands in the
//! ledger, which it follows.

mod evidence;
mod mixdown;
mod render;
mod track;
mod wav;

use std::{
    collections::{BTreeMap, VecDeque},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use engine::{TapPart, TrackReader};
use jiff::Timestamp;
use model::{
    CallId, Command, EventBody, LegId, LineEvidence, PortId, Record, RecordingId, SharedTrack,
    Wall, limits,
};
use store::{
    Batch, RECORDINGS_FOLDER, Recording, StoreError, Track, WriterHandle,
    recording::{Segments, TrackFrame, TrackPart},
};

use self::{
    evidence::{HangUp, HangUps},
    render::{Order, Unmade, render},
};
use crate::word::{Mouth, Word};

/// How often what was said is written while somebody is recorded: with the time that the disk
/// takes, nothing is more than a second behind.
const TURN: Duration = Duration::from_millis(250);

/// The file of a recording; it is there when the recording is kept.
pub(crate) fn file_of(data: &Path, started: Wall, id: RecordingId) -> PathBuf {
    // Files of a month lie together, so that no folder grows without end.
    let month = Timestamp::from_microsecond(started.0).map_or_else(
        |_| "undated".into(),
        |time| time.strftime("%Y-%m").to_string(),
    );
    data.join(RECORDINGS_FOLDER)
        .join(month)
        .join(format!("{id}.wav"))
}

/// Where frames come from: the media threads' ring.
pub(crate) trait Frames: Send {
    /// Gives out what waits.
    fn drain(&mut self, take: &mut dyn FnMut(&TrackFrame<'_>));

    /// Frames that were lost because they were not taken in time, since the start.
    fn lost(&self) -> u64 {
        0
    }
}

impl Frames for TrackReader {
    fn drain(&mut self, take: &mut dyn FnMut(&TrackFrame<'_>)) {
        while let Some(step) = self.next_step() {
            let part = match step.part {
                TapPart::Sound { codec, payload } => TrackPart::Sound { codec, payload },
                TapPart::Began => TrackPart::Began,
                TapPart::Paused => TrackPart::Paused,
                TapPart::Resumed => TrackPart::Resumed,
                TapPart::Ended => TrackPart::Ended,
            };
            let (tap, at) = (step.tap, step.at);
            take(&TrackFrame { tap, at, part });
        }
    }

    fn lost(&self) -> u64 {
        Self::lost(self)
    }
}

/// What the ledger says about recordings.
#[derive(Clone, Debug)]
enum Told {
    Started(CallId, RecordingId, Wall),
    /// A track of these recordings, and others that the first one has from its beginning on.
    Track(Vec<RecordingId>, Track, Vec<Track>),
    Ended(RecordingId),
    HungUp(Box<HangUp>),
}

/// The way to the recorder thread.
pub(crate) struct Recorder {
    queue: SyncSender<Told>,
    /// The names of the board's jacks.
    jacks: Vec<(PortId, String)>,
}

/// Where what is heard of hang-ups goes.
pub(crate) trait Evidence: Send {
    /// Has it stored, or gives up: it is worth no wait.
    fn keep(&self, evidence: Vec<(LineEvidence, Vec<u8>)>);
}

impl Evidence for WriterHandle {
    fn keep(&self, evidence: Vec<(LineEvidence, Vec<u8>)>) {
        let batch = Batch {
            evidence,
            ..Batch::default()
        };
        if self.try_send(batch).is_err() {
            tracing::warn!("the sound of a hang-up is lost: the writer is behind");
        }
    }
}

impl Recorder {
    /// Starts the thread; it ends when the last way to it is gone, with everything written. Makes
    /// the files of `waiting`, which an earlier start left behind, first.
    ///
    /// # Errors
    /// When the folder cannot be written or the system gives no thread.
    pub(crate) fn start(
        data: &Path,
        boot: u64,
        waiting: &[Recording],
        frames: Box<dyn Frames>,
        jacks: Vec<(PortId, String)>,
        (mouth, evidence): (Mouth, Box<dyn Evidence>),
    ) -> Result<(Self, thread::JoinHandle<()>), StoreError> {
        let segments = data.join(RECORDINGS_FOLDER).join("segments");
        let mut desk = Desk::open(data, segments, boot)?;
        desk.queue.extend(waiting.iter().map(Waiting::of_earlier));
        let (queue, told) = sync_channel(4 * limits::CALLS);
        let thread = thread::Builder::new()
            .name("recorder".into())
            .spawn(move || desk.run(&told, frames, &mouth, evidence.as_ref()))
            .map_err(|source| StoreError::Io {
                path: data.into(),
                source,
            })?;
        Ok((Self { queue, jacks }, thread))
    }

    /// Follows the ledger. Never waits: what does not fit is made into files at the next start.
    pub(crate) fn record(&self, record: &Record) {
        let told = match &record.event.body {
            EventBody::RecordingStarted { recording } => {
                let call = record.event.call.unwrap_or(CallId(0));
                Told::Started(call, *recording, record.at.wall)
            }
            EventBody::TrackStarted {
                recording,
                also,
                tap,
                shares,
            } => {
                let leg = record.event.leg.unwrap_or(LegId(0));
                let recordings = [*recording].into_iter().chain(also.iter().copied());
                let (tap, since) = (*tap, None);
                let shared = shares.iter().map(|&SharedTrack { tap: of, leg }| {
                    let (tap, since) = (of, Some(tap));
                    Track { tap, leg, since }
                });
                let track = Track { tap, leg, since };
                Told::Track(recordings.collect(), track, shared.collect())
            }
            EventBody::RecordingEnded { recording } => Told::Ended(*recording),
            EventBody::Line { .. } => {
                let jacks = self.jacks.iter();
                let name = |port| {
                    let jack = jacks.clone().find(|(id, _)| *id == port);
                    jack.map(|(_, name)| name.clone())
                };
                let Some(hang_up) = HangUp::of(record, name) else {
                    return;
                };
                Told::HungUp(Box::new(hang_up))
            }
            _ => return,
        };
        if self.queue.try_send(told).is_err() {
            tracing::warn!("the recorder is behind: a recording is finished at the next start");
        }
    }
}

/// A recording whose file is to be made.
#[derive(Clone, Debug)]
struct Waiting {
    call: CallId,
    started: Wall,
    order: Order,
}

impl Waiting {
    fn of_earlier(recording: &Recording) -> Self {
        Self {
            call: recording.call,
            started: recording.started,
            order: Order {
                recording: recording.id,
                boot: recording.boot,
                first_segment: 0,
                tracks: recording.tracks.clone(),
            },
        }
    }
}

/// What the thread owns.
struct Desk {
    data: PathBuf,
    folder: PathBuf,
    boot: u64,
    segments: Segments,
    open: BTreeMap<RecordingId, Waiting>,
    queue: VecDeque<Waiting>,
    hang_ups: HangUps,
    trouble: bool,
    lost: u64,
}

impl Desk {
    fn open(data: &Path, folder: PathBuf, boot: u64) -> Result<Self, StoreError> {
        Ok(Self {
            data: data.into(),
            segments: Segments::open(&folder, boot)?,
            folder,
            boot,
            open: BTreeMap::new(),
            queue: VecDeque::new(),
            hang_ups: HangUps::default(),
            trouble: false,
            lost: 0,
        })
    }

    fn run(
        mut self,
        told: &Receiver<Told>,
        mut frames: Box<dyn Frames>,
        mouth: &Mouth,
        evidence: &dyn Evidence,
    ) {
        loop {
            let awaits = !self.open.is_empty() || !self.hang_ups.is_empty();
            let idle = !awaits && self.queue.is_empty();
            let news = if idle {
                told.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                let pause = if awaits { TURN } else { Duration::ZERO };
                told.recv_timeout(pause)
            };
            let over = matches!(news, Err(RecvTimeoutError::Disconnected));
            for word in news.into_iter().chain(told.try_iter()) {
                self.follow(word);
            }
            let heard = self.turn(frames.as_mut());
            if !heard.is_empty() {
                evidence.keep(heard);
            }
            if over {
                // What is left is made into files at the next start: a stop waits for nobody.
                return;
            }
            if let Some(waiting) = self.queue.pop_front() {
                let report = self.make(&waiting);
                // A full queue loses the news, not the file: the next start finds it again.
                let _ = mouth.say(Word::Command(report));
                self.forget();
            }
        }
    }

    fn follow(&mut self, told: Told) {
        match told {
            Told::Started(call, recording, started) => {
                let order = Order {
                    recording,
                    boot: self.boot,
                    first_segment: self.segments.current(),
                    tracks: Vec::new(),
                };
                self.open.insert(
                    recording,
                    Waiting {
                        call,
                        started,
                        order,
                    },
                );
            }
            Told::Track(recordings, track, shared) => {
                let own = recordings.first().copied();
                for recording in recordings {
                    if let Some(open) = self.open.get_mut(&recording) {
                        open.order.tracks.push(track);
                        if Some(recording) == own {
                            open.order.tracks.extend(&shared);
                        }
                    }
                }
            }
            Told::HungUp(hang_up) => self.hang_ups.expect(*hang_up),
            Told::Ended(recording) => self.queue.extend(self.open.remove(&recording)),
        }
    }

    /// Writes what was said since the last turn; hang-ups whose sound is whole.
    fn turn(&mut self, frames: &mut dyn Frames) -> Vec<(LineEvidence, Vec<u8>)> {
        let mut heard = Vec::new();
        frames.drain(&mut |frame| {
            if !self.hang_ups.take(frame, &mut heard) {
                self.segments.append(frame);
            }
        });
        let lost = frames.lost();
        if lost > self.lost {
            let frames = lost - self.lost;
            tracing::warn!(
                frames,
                "parts of recordings are lost: the recorder came too late"
            );
            self.lost = lost;
        }
        match self.segments.sync() {
            Ok(()) => self.trouble = false,
            Err(error) if !self.trouble => {
                self.trouble = true;
                tracing::error!(%error, "recordings are not written; they are kept and tried again");
            }
            Err(_) => {}
        }
        heard
    }

    /// Makes a file; what the exchange is to be told.
    fn make(&self, waiting: &Waiting) -> Command {
        let recording = waiting.order.recording;
        let path = file_of(&self.data, waiting.started, recording);
        let folder = path.parent().unwrap_or(&self.data);
        let made = std::fs::create_dir_all(folder)
            .map_err(|source| Unmade::File {
                path: folder.into(),
                source,
            })
            .and_then(|()| render(&self.folder, &waiting.order, &path));
        match made {
            Ok(made) => Command::RecordingKept {
                call: waiting.call,
                recording,
                ms: made.ms,
                bytes: made.bytes,
                sha256: made.sha256,
            },
            Err(error) => {
                tracing::error!(%recording, %error, "a recording could not be made into a file");
                let call = waiting.call;
                Command::RecordingLost { call, recording }
            }
        }
    }

    /// Deletes the segments in which nothing is left to be read.
    fn forget(&mut self) {
        let needed = self.open.values().chain(&self.queue);
        let first = needed.map(|waiting| waiting.order.first_segment).min();
        let first = first.unwrap_or_else(|| self.segments.current());
        if let Err(error) = self.segments.forget_before(first) {
            tracing::warn!(%error, "an old segment of recordings stays");
        }
    }
}

#[cfg(test)]
mod tests;
