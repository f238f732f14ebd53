//! `[[conference]]`: a bridge that people join by dialling its number.

use model::{EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{format, read::Section, schema};

/// Fewest people a conference may be limited to.
const LIMIT_MIN: u16 = 2;
/// Most people in a conference.
const LIMIT_MAX: u16 = 250;
const LIMIT_DEFAULT: u16 = 32;

/// A conference room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conference {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the conference; its number if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The number to dial.
    #[schemars(with = "schema::ExtensionText")]
    pub number: Number,
    /// Digits that everybody must dial to enter; none if not given.
    #[schemars(with = "Option<schema::PinText>")]
    pub pin: Option<String>,
    /// Digits that make whoever dials them a moderator.
    #[schemars(with = "Option<schema::PinText>")]
    pub moderator_pin: Option<String>,
    /// Id of the `[[prompt]]` that whoever may enter hears before; none if not given.
    #[schemars(with = "Option<schema::IdText>")]
    pub greeting: Option<EntryId>,
    /// Whether coming and going are announced.
    #[schemars(default = "yes")]
    pub announce: bool,
    /// Most people at once.
    #[schemars(default = "limit_default", range(min = 2, max = 250))]
    pub limit: u16,
}

const fn yes() -> bool {
    true
}

const fn limit_default() -> u16 {
    LIMIT_DEFAULT
}

impl Conference {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        let number = section.parsed("number", format::extension);
        if !section.has("number") {
            section.missing("number");
        }
        let pin = section.parsed("pin", format::pin);
        let moderator_pin = section.parsed("moderator_pin", format::pin);
        let greeting = section.parsed("greeting", format::id);
        let announce = section.flag("announce").unwrap_or_else(yes);
        let limit = section
            .whole("limit", LIMIT_MIN..=LIMIT_MAX)
            .unwrap_or(LIMIT_DEFAULT);
        section.finish();
        let number = number?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| number.as_str().into()),
            number,
            pin,
            moderator_pin,
            greeting,
            announce,
            limit,
        })
    }
}
