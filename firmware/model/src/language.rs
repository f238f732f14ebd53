//! The languages of people.

use serde::{Deserialize, Serialize};

/// A language of the people: of prompts, mails, explanations and the panel's first page. The order
/// is part of the numbers of spoken clips: new ones come last.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Polish.
    Pl,
    /// Czech.
    Cs,
    /// Russian.
    Ru,
}

impl Language {
    /// Every language with the name it has in texts (ISO 639), in the order of the enum.
    pub const ALL: [(&'static str, Self); 4] = [
        ("en", Self::En),
        ("pl", Self::Pl),
        ("cs", Self::Cs),
        ("ru", Self::Ru),
    ];

    /// The name in texts.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Pl => "pl",
            Self::Cs => "cs",
            Self::Ru => "ru",
        }
    }

    /// The language of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(name, _)| *name == code)
            .map(|(_, language)| *language)
    }
}
