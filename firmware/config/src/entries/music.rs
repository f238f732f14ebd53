//! `[[music]]`: a sound that was uploaded, to be heard by those who wait.

use model::{Clip, EntryId};
use schemars::JsonSchema;
use serde::Serialize;

use super::sound;
use crate::{read::Section, schema};

/// A piece of music. `[office].music` names the one that is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Music {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the piece; its id if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The sound itself: the SHA-256 of what was uploaded, as `centralka music add` prints it.
    #[schemars(with = "schema::SoundText")]
    pub source: String,
}

impl Music {
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
        Clip::upload(&sound::hash_of(&self.source))
    }
}
