//! `[[prompt]]`: words that the office brought itself, to be heard once.

use model::{Clip, EntryId};
use schemars::JsonSchema;
use serde::Serialize;

use super::sound;
use crate::{read::Section, schema};

/// Words that were uploaded. `[[conference]].greeting` names those that its guests hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the prompt; its id if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The sound itself: the SHA-256 of what was uploaded, as `centralka prompt add` prints it.
    #[schemars(with = "schema::SoundText")]
    pub source: String,
}

impl Prompt {
    pub(crate) fn read(section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        let (name, source) = sound::read(section)?;
        Some(Self {
            name: name.unwrap_or_else(|| id.as_str().into()),
            id,
            source,
        })
    }

    /// The clip that is played.
    #[must_use]
    pub fn clip(&self) -> Clip {
        Clip::uploaded_prompt(&sound::hash_of(&self.source))
    }
}
