//! What can be listened to: recordings, music and prompts. A part of what the panel asks of the exchange.

use std::path::PathBuf;

use model::{RecordingId, Wall};

use crate::{
    api::{MusicList, MusicPiece, PromptList, RecordingPage, UploadedPrompt},
    exchange::{Author, Refusal},
};

/// Something to be played or kept, always a WAV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sound {
    /// A file that is there already.
    File(PathBuf),
    /// The bytes of one.
    Bytes(Vec<u8>),
}

/// Recordings, music and prompts, seen from the panel. Every method may block.
pub trait Archive: Send + Sync + 'static {
    /// Recordings that began before `before`, newest first, at most `limit`; with `of` only those of
    /// the person with this id (see [`Archive::is_own`]).
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn recordings(
        &self,
        of: Option<&str>,
        before: Wall,
        limit: u16,
    ) -> Result<RecordingPage, Refusal>;

    /// Whether a recording is the person's own: the person talked in it, and was there to its end, so
    /// that nothing is on it that the person did not hear. One that is not known is nobody's.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn is_own(&self, person: &str, id: RecordingId) -> Result<bool, Refusal>;

    /// The file of a recording, and a name for it that says when it was.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] for one that is not known, or has no file (yet).
    fn recording(&self, id: RecordingId) -> Result<(Sound, String), Refusal>;

    /// The music that people brought.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn music(&self) -> Result<MusicList, Refusal>;

    /// What a piece sounds like on the telephone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    fn piece(&self, source: &str) -> Result<Sound, Refusal>;

    /// Keeps a sound file of one of the known kinds under a name.
    ///
    /// # Errors
    /// [`Refusal::Field`] for `file` with what is wrong with it, [`Refusal::State`] `too_many_pieces`,
    /// and whatever a save can answer.
    fn add_music(&self, by: &Author, name: &str, bytes: &[u8]) -> Result<MusicPiece, Refusal>;

    /// Deletes a piece, and its name from the configuration.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::State`] `music_on_hold` for what people who are held hear.
    fn remove_music(&self, by: &Author, source: &str) -> Result<(), Refusal>;

    /// From now on people who are held hear this piece; `None`: the exchange's own music.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] and whatever a save can answer.
    fn set_music(&self, by: &Author, source: Option<&str>) -> Result<(), Refusal>;

    /// The prompts that people brought.
    ///
    /// # Errors
    /// [`Refusal::Internal`].
    fn prompts(&self) -> Result<PromptList, Refusal>;

    /// What a prompt sounds like on the telephone.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    fn prompt(&self, source: &str) -> Result<Sound, Refusal>;

    /// Keeps a sound file of one of the known kinds as a prompt of this name.
    ///
    /// # Errors
    /// As [`Archive::add_music`], with [`Refusal::State`] `too_many_prompts`.
    fn add_prompt(&self, by: &Author, name: &str, bytes: &[u8]) -> Result<UploadedPrompt, Refusal>;

    /// Deletes a prompt, and its name from the configuration.
    ///
    /// # Errors
    /// [`Refusal::NotFound`]; [`Refusal::State`] `prompt_in_use`, which says where.
    fn remove_prompt(&self, by: &Author, source: &str) -> Result<(), Refusal>;
}
