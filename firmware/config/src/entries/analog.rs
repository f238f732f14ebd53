//! `[[analog]]`: the set on a jack of the board.

use model::{EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{limits_section::Limits, problem::Bad, read::Section, schema};

/// An analog telephone, or several in parallel, on one port of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Analog {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the port on the board, like `fxs1`.
    #[schemars(with = "schema::PortText")]
    pub port: String,
    /// The number at which colleagues reach the set; without one it can only call.
    #[schemars(with = "Option<schema::ExtensionText>")]
    pub extension: Option<Number>,
    /// Name, as called parties see it; the port's if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// Seconds that the set rings before the call goes on; that of `[limits]` if not given.
    #[schemars(with = "Option<u16>", range(min = 5, max = 300))]
    pub ring_timeout_s: u16,
}

impl Analog {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId, limits: &Limits) -> Option<Self> {
        section.item("id");
        let port = section.parsed("port", port);
        if !section.has("port") {
            section.missing("port");
        }
        let extension = section.parsed("extension", crate::format::extension);
        let name = section.label("name", limits::NAME_LEN_MAX);
        let ring = section.whole("ring_timeout_s", Limits::RING_TIMEOUT_S);
        section.finish();
        let port = port?;
        Some(Self {
            id,
            extension,
            name: name.unwrap_or_else(|| port.clone()),
            port,
            ring_timeout_s: ring.unwrap_or(limits.ring_timeout_s),
        })
    }
}

pub(super) fn port(text: &str) -> Result<String, Bad> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-/.".contains(&b);
    if text.is_empty() || text.len() > 40 || !text.bytes().all(legal) {
        return Err(Bad::malformed(text, "the name of a port, like fxs1"));
    }
    Ok(text.into())
}
