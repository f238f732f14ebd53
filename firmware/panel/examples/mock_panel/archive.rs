//! A recording, some music and prompts that exist in memory only.

use model::{EventBody, RecordingId, Wall};
use panel::{
    Archive, Author, Refusal, Sound,
    api::{
        MusicList, MusicPiece, Party, PromptList, Recording, RecordingPage, RecordingState,
        UploadedPrompt,
    },
};

use super::{CallFile, FakeOffice, RECORDED_CALL};

/// The recording that is always there.
pub(crate) const KNOWN_RECORDING: RecordingId = RecordingId(0x5ec);
/// Whose it is.
pub(crate) const RECORDED: &str = "zofia";
/// Bytes of its file.
pub(crate) const SOUND_BYTES: usize = 200_044;

/// A second of silence is enough to try a player.
pub(crate) fn sound() -> Vec<u8> {
    let count = u32::try_from(SOUND_BYTES - 44).unwrap_or(0);
    let mut wav = b"RIFF".to_vec();
    wav.extend_from_slice(&(count + 36).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&8_000_u32.to_le_bytes());
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&count.to_le_bytes());
    wav.extend((0..count).map(|at| b'a' + u8::try_from(at % 26).unwrap_or(0)));
    wav
}

/// A call, as if it had been recorded with a pause.
pub(crate) fn recorded(mut call: CallFile) -> CallFile {
    let recording = KNOWN_RECORDING;
    let told = [
        EventBody::RecordingStarted { recording },
        EventBody::RecordingPaused { recording },
        EventBody::RecordingResumed { recording },
        EventBody::RecordingEnded { recording },
        EventBody::RecordingStored {
            recording,
            ms: 12_500,
            bytes: SOUND_BYTES as u64,
            sha256: String::new(),
        },
    ];
    let last = call.records.last().cloned();
    let more = told.into_iter().zip(last.iter().cycle());
    let more = more.map(|(body, last)| {
        let mut record = last.clone();
        record.event.body = body;
        record
    });
    call.records.extend(more);
    for record in &mut call.records {
        record.event.call = Some(RECORDED_CALL);
    }
    call
}

impl Archive for FakeOffice {
    fn recordings(
        &self,
        of: Option<&str>,
        before: Wall,
        limit: u16,
    ) -> Result<RecordingPage, Refusal> {
        let one = Recording {
            id: KNOWN_RECORDING.to_string(),
            call: RECORDED_CALL.to_string(),
            state: RecordingState::Kept,
            from: Party::default(),
            to: Party::default(),
            started_at_ms: self.began.as_millis(),
            ms: 12_500,
            bytes: SOUND_BYTES as u64,
            paused: true,
        };
        let recordings = if of.is_none_or(|of| of == RECORDED) && before > self.began && limit > 0 {
            vec![one]
        } else {
            Vec::new()
        };
        Ok(RecordingPage {
            recordings,
            next_ms: None,
        })
    }

    fn is_own(&self, person: &str, id: RecordingId) -> Result<bool, Refusal> {
        Ok(person == RECORDED && id == KNOWN_RECORDING)
    }

    fn recording(&self, id: RecordingId) -> Result<(Sound, String), Refusal> {
        if id != KNOWN_RECORDING {
            return Err(Refusal::NotFound("recording"));
        }
        Ok((Sound::Bytes(sound()), "call.wav".into()))
    }

    fn music(&self) -> Result<MusicList, Refusal> {
        Ok(MusicList {
            pieces: self.lock().music.clone(),
            limit: 4,
            bytes_max: 1_000_000,
        })
    }

    fn piece(&self, source: &str) -> Result<Sound, Refusal> {
        let known = self.lock().music.iter().any(|one| one.source == source);
        if known {
            Ok(Sound::Bytes(sound()))
        } else {
            Err(Refusal::NotFound("piece"))
        }
    }

    fn add_music(&self, _: &Author, name: &str, bytes: &[u8]) -> Result<MusicPiece, Refusal> {
        if !bytes.starts_with(b"RIFF") {
            return Err(Refusal::Field {
                field: "file",
                rule: "file_kind",
                message: "this is neither WAV, MP3, Ogg Vorbis nor FLAC".into(),
            });
        }
        let piece = MusicPiece {
            source: format!("{:064x}", bytes.len()),
            name: name.into(),
            seconds: 6,
            named: true,
            on_hold: false,
        };
        self.lock().music.push(piece.clone());
        Ok(piece)
    }

    fn remove_music(&self, _: &Author, source: &str) -> Result<(), Refusal> {
        let mut state = self.lock();
        let at = state.music.iter().position(|one| one.source == source);
        let at = at.ok_or(Refusal::NotFound("piece"))?;
        if state.music.get(at).is_some_and(|one| one.on_hold) {
            return Err(Refusal::State {
                error: "music_on_hold",
                message: "people who are held hear this piece; choose another one first".into(),
            });
        }
        state.music.remove(at);
        Ok(())
    }

    fn set_music(&self, _: &Author, source: Option<&str>) -> Result<(), Refusal> {
        let mut state = self.lock();
        if source.is_some_and(|wanted| state.music.iter().all(|one| one.source != wanted)) {
            return Err(Refusal::NotFound("piece"));
        }
        for one in &mut state.music {
            one.on_hold = source == Some(one.source.as_str());
        }
        Ok(())
    }

    fn prompts(&self) -> Result<PromptList, Refusal> {
        Ok(PromptList {
            prompts: self.lock().prompts.clone(),
            limit: 4,
            bytes_max: 1_000_000,
        })
    }

    fn prompt(&self, source: &str) -> Result<Sound, Refusal> {
        let known = self.lock().prompts.iter().any(|one| one.source == source);
        let sound = known.then(|| Sound::Bytes(sound()));
        sound.ok_or(Refusal::NotFound("prompt"))
    }

    fn add_prompt(&self, _: &Author, name: &str, bytes: &[u8]) -> Result<UploadedPrompt, Refusal> {
        let mut state = self.lock();
        // The first one greets in a conference.
        let greets_in = match state.prompts.is_empty() {
            true => vec!["Monday".to_owned()],
            false => Vec::new(),
        };
        let prompt = UploadedPrompt {
            source: format!("{:064x}", bytes.len()),
            id: Some(format!("prompt-{}", state.prompts.len() + 1)),
            name: name.into(),
            seconds: 6,
            greets_in,
        };
        state.prompts.push(prompt.clone());
        Ok(prompt)
    }

    fn remove_prompt(&self, _: &Author, source: &str) -> Result<(), Refusal> {
        let mut state = self.lock();
        let at = state.prompts.iter().position(|one| one.source == source);
        let at = at.ok_or(Refusal::NotFound("prompt"))?;
        if let Some(room) = state.prompts.get(at).and_then(|one| one.greets_in.first()) {
            return Err(Refusal::State {
                error: "prompt_in_use",
                message: format!("the conference {room} greets with it"),
            });
        }
        state.prompts.remove(at);
        Ok(())
    }
}
