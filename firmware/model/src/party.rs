//! The people's data that events refer to by id and never hold.

use serde::{Deserialize, Serialize};

/// A row of the `party` side table. Erasing empties the row; the events that name its id stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Number as presented, or as dialled.
    pub number: String,
    /// Name as presented, cut to `limits::PARTY_TEXT_MAX` bytes, control characters removed.
    pub name: String,
}
