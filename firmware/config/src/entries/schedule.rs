//! `[[schedule]]`: opening hours and days off.

use core::fmt;

use jiff::civil::Date;
use model::{EntryId, limits};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::{problem::Bad, read::Section, schema};

const HOURS_MAX: usize = 50;
const CLOSED_MAX: usize = 400;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Minutes of a day.
const DAY_MIN: u16 = 24 * 60;

/// When the office, or a part of it, is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the schedule.
    #[schemars(length(min = 1, max = 80))]
    pub name: String,
    /// Times when it is open, each like `mon-fri 09:00-17:00` or `sat 10:00-14:00`; always if none.
    #[schemars(with = "Vec<schema::HoursText>", length(max = 50), default)]
    pub open: Vec<Hours>,
    /// Days when it is closed all day, like `2026-12-25`.
    #[schemars(with = "Vec<schema::DateText>", length(max = 400), default)]
    #[serde(serialize_with = "days_as_text")]
    pub closed: Vec<Date>,
}

impl Schedule {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        section.item("id");
        let name = section.label("name", limits::NAME_LEN_MAX);
        if !section.has("name") {
            section.missing("name");
        }
        let open = section
            .list("open", HOURS_MAX, Hours::parse)
            .unwrap_or_default();
        let closed = section.list("closed", CLOSED_MAX, date).unwrap_or_default();
        section.finish();
        Some(Self {
            id,
            name: name?,
            open,
            closed,
        })
    }
}

fn days_as_text<S: Serializer>(days: &[Date], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(days.iter().map(Date::to_string))
}

fn date(text: &str) -> Result<Date, Bad> {
    let expected = "a day like 2026-12-25";
    if text.len() != 10 {
        return Err(Bad::malformed(text, expected));
    }
    text.parse().map_err(|_| Bad::malformed(text, expected))
}

/// The same hours on some days of the week, in the local time of the office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    first_day: u8,
    last_day: u8,
    from_min: u16,
    to_min: u16,
}

impl Hours {
    /// Whether it is open on weekday `day` (0 = Monday) at `minute` of the day. The end is not
    /// included.
    #[must_use]
    pub const fn contains(&self, day: u8, minute: u16) -> bool {
        let day_in = if self.first_day <= self.last_day {
            self.first_day <= day && day <= self.last_day
        } else {
            day >= self.first_day || day <= self.last_day
        };
        day_in && self.from_min <= minute && minute < self.to_min
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Bad> {
        let found = Self::parse_days_and_times(text);
        found.ok_or_else(|| Bad::malformed(text, "days and times like `mon-fri 09:00-17:00`"))
    }

    fn parse_days_and_times(text: &str) -> Option<Self> {
        let (days, times) = text.split_once(' ')?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        let day = |name: &str| DAYS.iter().position(|d| *d == name);
        let (from, to) = times.trim().split_once('-')?;
        let hours = Self {
            first_day: u8::try_from(day(first)?).ok()?,
            last_day: u8::try_from(day(last)?).ok()?,
            from_min: minute(from)?,
            to_min: minute(to)?,
        };
        (hours.from_min < hours.to_min).then_some(hours)
    }
}

/// `HH:MM` as minutes of the day; `24:00` is its end.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two = |t: &str| {
        (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u16>().ok())
    };
    let (hours, minutes) = (two(hours)??, two(minutes)??);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MIN).then_some(total)
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |d: u8| DAYS.get(usize::from(d)).copied().unwrap_or("?");
        f.write_str(day(self.first_day))?;
        if self.first_day != self.last_day {
            write!(f, "-{}", day(self.last_day))?;
        }
        let clock = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
        write!(f, " {}-{}", clock(self.from_min), clock(self.to_min))
    }
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_say_what_they_mean() {
        for good in [
            "mon-fri 09:00-17:00",
            "sat 10:00-14:30",
            "sat-mon 00:00-24:00",
        ] {
            let hours = Hours::parse(good).ok().expect(good);
            assert_eq!(hours.to_string(), good);
        }
        let weekend = Hours::parse("sat-mon 08:00-09:00").ok().expect("hours");
        assert!(weekend.contains(6, 8 * 60) && weekend.contains(0, 8 * 60 + 59));
        assert!(!weekend.contains(1, 8 * 60) && !weekend.contains(6, 9 * 60));
        for bad in [
            "",
            "mon",
            "mon 9:00-17:00",
            "mon 17:00-09:00",
            "mon 09:00-24:01",
            "mo 09:00-10:00",
            "mon 09:+1-10:00",
        ] {
            assert!(Hours::parse(bad).is_err(), "{bad}");
        }
        assert!(date("2026-12-25").is_ok());
        assert!(date("2026-02-30").is_err());
    }
}
