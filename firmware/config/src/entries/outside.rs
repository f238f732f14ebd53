//! `[[number]]`: a number of the public network that reaches the office.

use model::{EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{format, read::Section, schema};

/// A number that a trunk delivers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutsideNumber {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// The number in international form.
    #[schemars(with = "schema::E164Text")]
    pub number: Number,
    /// Name of the number; the number itself if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// Id of the trunk that delivers it; any if not given.
    #[schemars(with = "Option<schema::IdText>")]
    pub trunk: Option<EntryId>,
    /// Id of the person, device, analog set or conference that answers it.
    #[schemars(with = "Option<schema::IdText>")]
    pub answer: Option<EntryId>,
    /// Id of the schedule of its opening hours; always open if not given.
    #[schemars(with = "Option<schema::IdText>")]
    pub schedule: Option<EntryId>,
}

impl OutsideNumber {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        section.item("id");
        let number = section.parsed("number", format::e164);
        if !section.has("number") {
            section.missing("number");
        }
        let name = section.label("name", limits::NAME_LEN_MAX);
        let trunk = section.parsed("trunk", format::id);
        let answer = section.parsed("answer", format::id);
        let schedule = section.parsed("schedule", format::id);
        section.finish();
        let number = number?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| number.as_str().into()),
            number,
            trunk,
            answer,
            schedule,
        })
    }
}
