//! `[office]`: what the office is and where.

use model::limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    country::{Country, CountryCode},
    format,
    problem::{Bad, Fault, cut},
    read::Section,
    schema,
};

/// A language of the people: of prompts, mails, explanations and the panel's first page.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
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
    /// Every language with the name it has in texts (ISO 639).
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

/// The office as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Office {
    /// Name of the office, as callers and mails may see it.
    #[schemars(default = "default_name", length(min = 1, max = 80))]
    pub name: String,
    /// Country of the office, ISO 3166 in capital letters: tones, ringing, law and line data follow it.
    #[schemars(with = "schema::CountryText")]
    pub country: CountryCode,
    /// Language of prompts and texts unless a person has another; the country's if not given.
    #[schemars(with = "Option<Language>")]
    pub language: Language,
    /// Time zone of the office, a name of the IANA database; the country's (its capital's or largest
    /// city's) if not given.
    #[schemars(with = "Option<String>")]
    pub timezone: String,
}

fn default_name() -> String {
    "Centralka".into()
}

impl Office {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Option<(Self, Country)> {
        let name = section
            .label("name", limits::NAME_LEN_MAX)
            .unwrap_or_else(default_name);
        let country = section.parsed("country", CountryCode::parse);
        if country.is_none() && !section.has("country") {
            section.missing("country");
        }
        let language = section.parsed("language", |text| format::choice(text, &Language::ALL));
        let timezone = section.parsed("timezone", timezone);
        section.finish();
        let data = Country::load(country?);
        let office = Self {
            name,
            country: data.code,
            language: language.unwrap_or(data.language),
            timezone: timezone.unwrap_or_else(|| data.timezone.clone()),
        };
        Some((office, data))
    }

    /// The rules of the time zone, from the database compiled in.
    #[must_use]
    pub fn zone(&self) -> jiff::tz::TimeZone {
        // The check has found the name in the same database.
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(&self.timezone);
        zone.unwrap_or(jiff::tz::TimeZone::UTC)
    }
}

fn timezone(text: &str) -> Result<String, Bad> {
    let found = text.len() <= 64 && jiff::tz::TimeZoneDatabase::bundled().get(text).is_ok();
    if found {
        Ok(text.into())
    } else {
        let params = vec![("value", cut(text))];
        Err(Bad {
            rule: Fault::Timezone,
            params,
        })
    }
}
