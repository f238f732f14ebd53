//! `[office]`: what the office is and where.

use model::{CallerStamp, EntryId, Language, Wall, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    country::{Country, CountryCode},
    entries::Hours,
    format,
    problem::{Bad, Fault, cut},
    read::Section,
    schema,
};

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
    #[schemars(with = "Option<schema::LanguageText>")]
    pub language: Language,
    /// Time zone of the office, a name of the IANA database; the country's (its capital's or largest
    /// city's) if not given.
    #[schemars(with = "Option<String>")]
    pub timezone: String,
    /// Id of the `[[music]]` that people hear who wait; music of the exchange's own if not given.
    #[schemars(with = "Option<schema::IdText>")]
    pub music: Option<EntryId>,
    /// Hours in which idle lines may be taken for a moment to be measured, like `mon-sun 03:00-04:00`; never if not
    /// given.
    #[schemars(with = "Option<schema::HoursText>")]
    pub line_tests: Option<Hours>,
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
        let music = section.parsed("music", format::id);
        let line_tests = section.parsed("line_tests", Hours::parse);
        section.finish();
        let data = Country::load(country?);
        let office = Self {
            name,
            country: data.code,
            language: language.unwrap_or(data.language),
            timezone: timezone.unwrap_or_else(|| data.timezone.clone()),
            music,
            line_tests,
        };
        Some((office, data))
    }

    /// Whether lines may be measured at this moment.
    #[must_use]
    pub fn tests_lines_at(&self, wall: Wall) -> bool {
        let moment = jiff::Timestamp::from_microsecond(wall.0);
        let (Some(hours), Ok(moment)) = (self.line_tests, moment) else {
            return false;
        };
        let local = moment.to_zoned(self.zone());
        let day = u8::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let minute = i16::from(local.hour()) * 60 + i16::from(local.minute());
        hours.contains(day, u16::try_from(minute).unwrap_or(0))
    }

    /// The rules of the time zone, from the database compiled in.
    #[must_use]
    pub fn zone(&self) -> jiff::tz::TimeZone {
        // The check has found the name in the same database.
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(&self.timezone);
        zone.unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// What calendar and clock on the wall show at `wall`; `None` beyond the calendar's end.
    #[must_use]
    pub fn calendar(&self, wall: Wall) -> Option<CallerStamp> {
        let moment = jiff::Timestamp::from_microsecond(wall.0).ok()?;
        let local = moment.to_zoned(self.zone());
        let two = |value: i8| u8::try_from(value).ok();
        Some(CallerStamp {
            month: two(local.month())?,
            day: two(local.day())?,
            hour: two(local.hour())?,
            minute: two(local.minute())?,
        })
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
