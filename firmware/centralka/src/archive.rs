//! Recordings, music and prompts as the panel asks for them.

use config::{Config, Document, Edit, Place, Plain};
use model::{EntryId, EventBody, LegId, LegKind, RecordingId, Wall};
use panel::{
    Archive, Author, Refusal, Sound,
    api::{self, MusicList, MusicPiece, PromptList, RecordingPage, UploadedPrompt},
};
use store::{Reader, Recording, RecordingState, StoreError};

use crate::{
    exchange::{Front, StoreNames, internal, quoted},
    live::current,
    recorder::file_of,
    sounds::uploads::{self, Kind, Refused, Upload},
};

/// Samples a second of a sound as it is played to the browser.
const SOUND_HZ: u32 = 16_000;

impl Archive for Front {
    fn recordings(
        &self,
        of: Option<&str>,
        before: Wall,
        limit: u16,
    ) -> Result<RecordingPage, Refusal> {
        let reader = self.read();
        let wanted = usize::from(limit);
        let found = match of {
            None => reader.recordings(wanted + 1, before).map(|all| (all, None)),
            Some(person) => {
                let person = EntryId::new(person).map_err(|_| Refusal::NotFound("person"))?;
                own(
                    &reader,
                    &current(&self.in_force),
                    &person,
                    wanted + 1,
                    before,
                )
            }
        };
        let (all, given_up) = found.map_err(|e| internal(&e))?;
        let more = all.len() > wanted;
        let page = all.into_iter().take(wanted);
        let recordings = page.map(|one| self.shown(&reader, &one));
        let recordings: Vec<api::Recording> = recordings
            .collect::<Result<_, _>>()
            .map_err(|e| internal(&e))?;
        // Rounded up: what began in the same ms as the last one is told twice rather than never.
        let last = recordings.last().map(|one| one.started_at_ms + 1);
        Ok(RecordingPage {
            next_ms: last.filter(|_| more).or(given_up.map(Wall::as_millis)),
            recordings,
        })
    }

    fn is_own(&self, person: &str, id: RecordingId) -> Result<bool, Refusal> {
        let Ok(person) = EntryId::new(person) else {
            return Ok(false);
        };
        let reader = self.read();
        let found = reader.recording(id).map_err(|e| internal(&e))?;
        let Some(one) = found else { return Ok(false) };
        let config = current(&self.in_force);
        heard_all(&reader, &config, &person, &one).map_err(|e| internal(&e))
    }

    fn recording(&self, id: RecordingId) -> Result<(Sound, String), Refusal> {
        let found = self.read().recording(id).map_err(|e| internal(&e))?;
        let one = found.ok_or(Refusal::NotFound("recording"))?;
        if one.state != RecordingState::Kept {
            return Err(Refusal::NotFound("sound of this recording"));
        }
        let started = jiff::Timestamp::from_microsecond(one.started.0).map_or_else(
            |_| String::new(),
            |time| time.strftime("%Y-%m-%d-%H-%M-%S-").to_string(),
        );
        let path = file_of(&self.data, one.started, id);
        Ok((Sound::File(path), format!("{started}{id}.wav")))
    }

    fn music(&self) -> Result<MusicList, Refusal> {
        let config = current(&self.in_force);
        let all = uploads::list(&self.data, Kind::Music).map_err(broken)?;
        Ok(MusicList {
            pieces: all.iter().map(|one| piece_of(&config, one)).collect(),
            limit: u32::try_from(model::limits::MUSIC).unwrap_or(u32::MAX),
            bytes_max: model::limits::FILE_BYTES as u64,
        })
    }

    fn piece(&self, source: &str) -> Result<Sound, Refusal> {
        self.heard(Kind::Music, source)
    }

    fn add_music(&self, by: &Author, name: &str, bytes: &[u8]) -> Result<MusicPiece, Refusal> {
        let upload = uploads::add(&self.data, Kind::Music, bytes).map_err(refused)?;
        let config = current(&self.in_force);
        if !config.music.iter().any(|one| one.source == upload.source) {
            self.name(by, Kind::Music, name, &upload)?;
        }
        Ok(piece_of(&current(&self.in_force), &upload))
    }

    fn remove_music(&self, by: &Author, source: &str) -> Result<(), Refusal> {
        let config = current(&self.in_force);
        let on_hold = config.music_on_hold();
        if on_hold.is_some_and(|one| one.source == source) {
            return Err(Refusal::State {
                error: "music_on_hold",
                message: "people who are held hear this piece; choose another one first".into(),
            });
        }
        let named = config.music.iter().find(|one| one.source == source);
        let named = named.map(|one| (&one.id, &*one.name));
        self.remove(by, Kind::Music, source, named)
    }

    fn set_music(&self, by: &Author, source: Option<&str>) -> Result<(), Refusal> {
        let place = Place::key("office", None, "music");
        let Some(source) = source else {
            if current(&self.in_force).office.music.is_none() {
                return Ok(());
            }
            return self.edit(by, &[Edit::Clear { place }], "music on hold");
        };
        let config = current(&self.in_force);
        let named = config.music.iter().find(|one| one.source == source);
        let named = named.ok_or(Refusal::NotFound("piece"))?;
        let value = Plain::Text(named.id.to_string());
        let reason = format!("music on hold: {}", named.name);
        self.edit(by, &[Edit::Set { place, value }], &reason)
    }

    fn prompts(&self) -> Result<PromptList, Refusal> {
        let config = current(&self.in_force);
        let all = uploads::list(&self.data, Kind::Prompt).map_err(broken)?;
        Ok(PromptList {
            prompts: all.iter().map(|one| prompt_of(&config, one)).collect(),
            limit: u32::try_from(Kind::Prompt.most()).unwrap_or(u32::MAX),
            bytes_max: model::limits::FILE_BYTES as u64,
        })
    }

    fn prompt(&self, source: &str) -> Result<Sound, Refusal> {
        self.heard(Kind::Prompt, source)
    }

    fn add_prompt(&self, by: &Author, name: &str, bytes: &[u8]) -> Result<UploadedPrompt, Refusal> {
        let upload = uploads::add(&self.data, Kind::Prompt, bytes).map_err(refused)?;
        let config = current(&self.in_force);
        if !config.prompts.iter().any(|one| one.source == upload.source) {
            self.name(by, Kind::Prompt, name, &upload)?;
        }
        Ok(prompt_of(&current(&self.in_force), &upload))
    }

    fn remove_prompt(&self, by: &Author, source: &str) -> Result<(), Refusal> {
        let config = current(&self.in_force);
        let named = config.prompts.iter().find(|one| one.source == source);
        if let Some(named) = named {
            let rooms: Vec<&str> = config.greeted_by(&named.id).map(|r| &*r.name).collect();
            if !rooms.is_empty() {
                return Err(Refusal::State {
                    error: "prompt_in_use",
                    message: format!("it is the greeting of: {}", rooms.join(", ")),
                });
            }
        }
        let named = named.map(|one| (&one.id, &*one.name));
        self.remove(by, Kind::Prompt, source, named)
    }
}

impl Front {
    /// A sound as it is heard on the telephone.
    fn heard(&self, kind: Kind, source: &str) -> Result<Sound, Refusal> {
        let samples = uploads::samples_of(&self.data, kind, source);
        let samples = samples.ok_or(Refusal::NotFound(thing(kind)))?;
        Ok(Sound::Bytes(wav(&samples, SOUND_HZ)))
    }

    /// Names a sound in the configuration.
    fn name(&self, by: &Author, kind: Kind, name: &str, upload: &Upload) -> Result<(), Refusal> {
        let (table, source) = (kind.table(), quoted(&upload.source));
        let entry = format!("[[{table}]]\nname = {}\nsource = {source}\n", quoted(name));
        self.add_entry(&by.person, &entry, &format!("{table}: {name}"))?;
        Ok(())
    }

    /// Deletes a sound, and its entry `named` from the configuration.
    fn remove(
        &self,
        by: &Author,
        kind: Kind,
        source: &str,
        named: Option<(&EntryId, &str)>,
    ) -> Result<(), Refusal> {
        if let Some((id, name)) = named {
            let place = Place::entry(kind.table(), id.as_str());
            let reason = format!("{}: {name} removed", kind.table());
            self.edit(by, &[Edit::Remove { place }], &reason)?;
        }
        match uploads::remove(&self.data, kind, source) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::NotFound(thing(kind))),
            Err(error) => Err(broken(error)),
        }
    }

    fn edit(&self, by: &Author, edits: &[Edit], reason: &str) -> Result<(), Refusal> {
        let (version, text) = self.configurator.text();
        let edited = Document::parse(&text)
            .map_err(|e| Refusal::Internal(e.to_string()))
            .and_then(|document| {
                config::edit(&document, edits).map_err(|e| Refusal::Internal(e.to_string()))
            })?;
        self.save(&by.person, Some(version), edited.text(), reason)?;
        Ok(())
    }

    fn shown(&self, reader: &Reader, one: &Recording) -> Result<api::Recording, StoreError> {
        let records = reader.call_records(one.call)?;
        let records: Vec<_> = records.into_iter().map(|stored| stored.record).collect();
        let config = current(&self.in_force);
        let names = StoreNames {
            reader,
            config: &config,
        };
        let story = panel::convert::explain(one.call, &records, &names);
        let (from, to) =
            story.map_or_else(Default::default, |story| (story.call.from, story.call.to));
        Ok(api::Recording {
            id: one.id.to_string(),
            call: one.call.to_string(),
            state: state_of(one.state),
            from,
            to,
            started_at_ms: one.started.as_millis(),
            ms: one.ms,
            bytes: one.bytes,
            paused: !one.pauses.is_empty(),
        })
    }
}

/// Recordings looked at for one answer: a person's own may lie far apart.
const LOOKED_AT: usize = 2_000;
/// Recordings read at once.
const STRIDE: usize = 100;
/// The end of a leg is written a moment after the end of what was recorded of it.
const END_US: i64 = 5_000_000;

/// The person's own recordings that began before `before`, newest first; where the search was given up
/// after [`LOOKED_AT`], if it was.
fn own(
    reader: &Reader,
    config: &Config,
    person: &EntryId,
    limit: usize,
    mut before: Wall,
) -> Result<(Vec<Recording>, Option<Wall>), StoreError> {
    let mut found = Vec::new();
    for _ in 0..LOOKED_AT / STRIDE {
        let some = reader.recordings(STRIDE, before)?;
        let Some(last) = some.last() else {
            return Ok((found, None));
        };
        before = last.started;
        for one in some {
            if heard_all(reader, config, person, &one)? {
                found.push(one);
                if found.len() == limit {
                    return Ok((found, None));
                }
            }
        }
    }
    Ok((found, Some(before)))
}

/// Whether the person talked in it and was there to its end.
fn heard_all(
    reader: &Reader,
    config: &Config,
    person: &EntryId,
    one: &Recording,
) -> Result<bool, StoreError> {
    let records = reader.call_records(one.call)?;
    let mut theirs: Vec<LegId> = Vec::new();
    // After a power cut only the call's end is told.
    let (mut over, mut call_over) = (None, None);
    let mut left = Vec::new();
    for record in records.iter().map(|stored| &stored.record) {
        match (&record.event.body, record.event.leg) {
            (EventBody::LegStarted { kind, .. }, Some(leg)) if is_of(config, kind, person) => {
                theirs.push(leg);
            }
            (EventBody::LegEnded { .. }, Some(leg)) => left.push((leg, record.at.wall.0)),
            (EventBody::RecordingEnded { recording }, _) if *recording == one.id => {
                over = Some(record.at.wall.0);
            }
            (EventBody::CallEnded { .. }, _) => call_over = Some(record.at.wall.0),
            _ => {}
        }
    }
    let over = over.or(call_over);
    let stayed = |leg: LegId| {
        let left = left.iter().find(|(gone, _)| *gone == leg);
        left.is_none_or(|(_, at)| over.is_some_and(|over| over <= at.saturating_add(END_US)))
    };
    let tracks = one.tracks.iter().map(|track| track.leg);
    Ok(tracks
        .into_iter()
        .any(|leg| theirs.contains(&leg) && stayed(leg)))
}

/// Whether a leg is of one of the person's phones.
fn is_of(config: &Config, kind: &LegKind, person: &EntryId) -> bool {
    let (LegKind::Phone { owner, .. } | LegKind::Port { owner, .. }) = kind else {
        return false;
    };
    let device = config.device(owner).and_then(|one| one.person.as_ref());
    owner == person || device == Some(person)
}

const fn state_of(state: RecordingState) -> api::RecordingState {
    match state {
        RecordingState::Open => api::RecordingState::Open,
        RecordingState::Ended => api::RecordingState::Ended,
        RecordingState::Kept => api::RecordingState::Kept,
        RecordingState::Lost => api::RecordingState::Lost,
    }
}

fn piece_of(config: &Config, upload: &Upload) -> MusicPiece {
    let named = config.music.iter().find(|one| one.source == upload.source);
    let on_hold = config.music_on_hold();
    MusicPiece {
        source: upload.source.clone(),
        name: named.map(|one| one.name.clone()).unwrap_or_default(),
        seconds: upload.seconds,
        named: named.is_some(),
        on_hold: on_hold.is_some_and(|one| one.source == upload.source),
    }
}

fn prompt_of(config: &Config, upload: &Upload) -> UploadedPrompt {
    let named = config
        .prompts
        .iter()
        .find(|one| one.source == upload.source);
    let rooms = named.map(|one| config.greeted_by(&one.id).map(|room| room.name.clone()));
    UploadedPrompt {
        source: upload.source.clone(),
        id: named.map(|one| one.id.to_string()),
        name: named.map(|one| one.name.clone()).unwrap_or_default(),
        seconds: upload.seconds,
        greets_in: rooms.map(Iterator::collect).unwrap_or_default(),
    }
}

/// What an answer calls a sound that is not there.
const fn thing(kind: Kind) -> &'static str {
    match kind {
        Kind::Music => "piece",
        Kind::Prompt => "prompt",
    }
}

fn refused(why: Refused) -> Refusal {
    let message = why.to_string();
    match why {
        Refused::File(fault) => Refusal::Field {
            field: "file",
            rule: fault.name(),
            message,
        },
        Refused::TooMany(kind) => Refusal::State {
            error: match kind {
                Kind::Music => "too_many_pieces",
                Kind::Prompt => "too_many_prompts",
            },
            message,
        },
        Refused::Disk(error) => broken(error),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: std::io::Error) -> Refusal {
    Refusal::Internal(error.to_string())
}

/// A WAV file of one channel with so many samples a second.
pub(crate) fn wav(samples: &[i16], hz: u32) -> Vec<u8> {
    let bytes = u32::try_from(samples.len() * 2).unwrap_or(u32::MAX);
    let mut wav = Vec::with_capacity(samples.len() * 2 + 44);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&bytes.saturating_add(36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&hz.to_le_bytes());
    wav.extend_from_slice(&(hz * 2).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&bytes.to_le_bytes());
    wav.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    wav
}
