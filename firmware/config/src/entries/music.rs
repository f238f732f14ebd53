//! `[[music]]`: a sound that was uploaded, to be heard by those who wait.

use model::{Clip, EntryId, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{format, read::Section, schema};

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
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        let source = section.parsed("source", format::sound);
        if !section.has("source") {
            section.missing("source");
        }
        section.finish();
        Some(Self {
            name: name.unwrap_or_else(|| id.as_str().into()),
            id,
            source: source?,
        })
    }

    /// The clip that is played.
    #[must_use]
    pub fn clip(&self) -> Clip {
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(self.source.as_bytes().chunks(2)) {
            let digits = core::str::from_utf8(pair).unwrap_or("0");
            *byte = u8::from_str_radix(digits, 16).unwrap_or(0);
        }
        Clip::upload(&hash)
    }
}
