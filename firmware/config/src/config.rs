//! The whole configuration as one checked value.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use model::{Codec, EntryId, limits};
use schemars::JsonSchema;
use serde::Serialize;
use toml_edit::Table;

use crate::{
    check,
    codes::Codes,
    country::Country,
    entries::{
        Analog, Conference, Device, Line, Music, OutsideNumber, Person, Prompt, Schedule, Trunk,
    },
    limits_section::Limits,
    lookup::Directory,
    media_section::Media,
    network::Network,
    office::Office,
    problem::{Bad, Fault, Problems},
    read::{Report, Section},
    secret::SecretId,
    text::Document,
};

/// The format that this program reads and writes.
pub const FORMAT: u16 = 1;

/// What an administrator decided, checked as a whole. Plain data: share it as `Arc<Config>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Configuration of Centralka")]
pub struct Config {
    /// Format of the text; newer programs read older formats.
    #[schemars(default = "format_default", range(min = 1, max = 1))]
    pub format: u16,
    /// The office as a whole.
    pub office: Office,
    /// Addresses and ports.
    #[schemars(default)]
    pub network: Network,
    /// How voice travels.
    #[schemars(default)]
    pub media: Media,
    /// The people of the office.
    #[serde(rename = "person")]
    #[schemars(default)]
    pub people: Vec<Person>,
    /// Further phones of people, and phones of rooms.
    #[serde(rename = "device")]
    #[schemars(default)]
    pub devices: Vec<Device>,
    /// Ways to the outside.
    #[serde(rename = "trunk")]
    #[schemars(default)]
    pub trunks: Vec<Trunk>,
    /// Numbers of the public network that reach the office.
    #[serde(rename = "number")]
    #[schemars(default)]
    pub numbers: Vec<OutsideNumber>,
    /// Sounds for those who wait.
    #[serde(rename = "music")]
    #[schemars(default)]
    pub music: Vec<Music>,
    /// Words of the office's own.
    #[serde(rename = "prompt")]
    #[schemars(default)]
    pub prompts: Vec<Prompt>,
    /// Opening hours and days off.
    #[serde(rename = "schedule")]
    #[schemars(default)]
    pub schedules: Vec<Schedule>,
    /// Conferences with a number of their own.
    #[serde(rename = "conference")]
    #[schemars(default)]
    pub conferences: Vec<Conference>,
    /// Analog sets on ports of the board.
    #[schemars(default)]
    pub analog: Vec<Analog>,
    /// Outside lines on ports of the board.
    #[serde(rename = "line")]
    #[schemars(default)]
    pub lines: Vec<Line>,
    /// Dial codes.
    #[schemars(default)]
    pub codes: Codes,
    /// How much and how long.
    #[schemars(default)]
    pub limits: Limits,
    /// Tones and line data of the office's country.
    #[serde(skip)]
    pub country: Arc<Country>,
    #[serde(skip)]
    pub(crate) directory: Directory,
}

const fn format_default() -> u16 {
    FORMAT
}

/// Which secrets a text may refer to.
#[derive(Clone, Copy, Debug)]
pub enum Known<'s> {
    /// These, of the store.
    Only(&'s BTreeSet<SecretId>),
    /// Any: the text is checked away from its store.
    Any,
}

/// Names of the tables with entries, in the order in which they are read.
pub(crate) const KINDS: [&str; 10] = [
    "person",
    "device",
    "trunk",
    "number",
    "schedule",
    "music",
    "prompt",
    "conference",
    "analog",
    "line",
];

impl Config {
    /// Reads and checks a text, away from any store: passwords may be written out or be references to
    /// secrets that nobody looks for, and ids may be missing (an entry without one gets the name of
    /// its kind and a number, like `person-1`).
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        Document::parse(text)?.check(Known::Any)
    }

    pub(crate) fn read(root: &Table, text: &str, known: Known<'_>) -> Result<Self, Problems> {
        let mut report = Report::new(text);
        let config = Self::read_sections(root, &mut report);
        if let Some(config) = &config {
            check::entries(config, &mut report);
        }
        if let Known::Only(ids) = known {
            check::secrets(ids, &mut report);
        }
        report.finish(config)
    }

    /// The line of a key of the text, else that of its section.
    pub(crate) fn line_of(root: &Table, text: &str, key: &str) -> u32 {
        let mut report = Report::new(text);
        let _ = Self::read_sections(root, &mut report);
        report.place(key)
    }

    /// `None` when something is missing without which there is no configuration; whatever could be
    /// read is there otherwise, so that the checks across entries can add their problems.
    fn read_sections(root: &Table, report: &mut Report) -> Option<Self> {
        let mut ids = Ids::new(root);
        let mut top = Section::new(root, String::new(), report);
        let format = top.format();
        let limits = top.section("limits", Limits::read).unwrap_or_default();
        let office = top.office();
        let network = top.section("network", Network::read).unwrap_or_default();
        let media = top.media(office.as_ref().map(|(_, country)| country));
        let codes = top.section("codes", Codes::read).unwrap_or_default();
        let people = top.read_entries("person", limits::PEOPLE, &mut ids, |s, id| {
            Person::read(s, id, &limits, &media)
        });
        let devices = top.read_entries("device", limits::DEVICES, &mut ids, |s, id| {
            Device::read(s, id, &limits, &media)
        });
        let trunks = top.read_entries("trunk", limits::TRUNKS, &mut ids, |s, id| {
            Trunk::read(s, id, &media)
        });
        let numbers = top.read_entries(
            "number",
            limits::OUTSIDE_NUMBERS,
            &mut ids,
            OutsideNumber::read,
        );
        let schedules = top.read_entries("schedule", limits::SCHEDULES, &mut ids, Schedule::read);
        let music = top.read_entries("music", limits::MUSIC, &mut ids, Music::read);
        let prompts = top.read_entries("prompt", limits::PROMPTS, &mut ids, Prompt::read);
        let conferences = top.read_entries(
            "conference",
            limits::CONFERENCES,
            &mut ids,
            Conference::read,
        );
        let analog = top.read_entries("analog", limits::PORTS, &mut ids, |s, id| {
            Analog::read(s, id, &limits)
        });
        let lines = top.read_entries("line", limits::PORTS, &mut ids, Line::read);
        top.finish();
        let (office, country) = office?;
        let mut config = Self {
            format,
            office,
            network,
            media,
            people,
            devices,
            trunks,
            numbers,
            schedules,
            music,
            prompts,
            conferences,
            analog,
            lines,
            codes,
            limits,
            country: Arc::new(country),
            directory: Directory::default(),
        };
        config.directory = Directory::new(&config);
        Some(config)
    }
}

impl<'t> Section<'t, '_> {
    /// The table `[key]`, read by `read`.
    fn section<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(Section<'_, '_>) -> T,
    ) -> Option<T> {
        let table = self.table(key)?;
        Some(read(Section::new(table, key.into(), self.report)))
    }

    /// The office and its country, without which there is no configuration.
    fn office(&mut self) -> Option<(Office, Country)> {
        let office = self.section("office", Office::read).flatten();
        if office.is_none() && !self.has("office") {
            self.missing("office.country");
        }
        office
    }

    /// The format that the text is written in, reported as a problem if it is not ours.
    fn format(&mut self) -> u16 {
        let format = self.whole("format", 1..=u16::MAX).unwrap_or(FORMAT);
        if format != FORMAT {
            let params = vec![("value", format.to_string()), ("known", FORMAT.to_string())];
            let rule = Fault::FormatUnknown;
            self.bad("format", Bad { rule, params });
        }
        format
    }

    /// How voice travels in an office of `country`; an office without one has its problem already.
    fn media(&mut self, country: Option<&Country>) -> Media {
        let law = country.map_or(Codec::Pcma, |country| country.law);
        self.section("media", |section| Media::read(section, law))
            .unwrap_or_else(|| Media::of(law))
    }

    /// Every entry `[[key]]` that could be read. One that could not leaves its problem and no trace,
    /// so the paths of the others are taken from their own position in the text.
    fn read_entries<T>(
        &mut self,
        key: &'static str,
        max: usize,
        ids: &mut Ids,
        mut read: impl FnMut(Section<'_, '_>, EntryId) -> Option<T>,
    ) -> Vec<T> {
        let mut out = Vec::new();
        for (at, table) in self.entries(key, max).into_iter().enumerate() {
            let path = format!("{key}[{at}]");
            let mut section = Section::new(table, path.clone(), self.report);
            let Some(id) = ids.of(key, &mut section) else {
                continue;
            };
            if section.has("id") {
                section.report.name_written(&id);
            }
            section.report.name_entry(&id, &path);
            if let Some(entry) = read(section, id) {
                out.push(entry);
            }
        }
        out
    }
}

/// Ids of entries: those written, and provisional ones for entries without.
struct Ids {
    written: BTreeSet<String>,
    given: BTreeSet<EntryId>,
    counts: BTreeMap<&'static str, u32>,
}

impl Ids {
    fn new(root: &Table) -> Self {
        let arrays = KINDS
            .iter()
            .filter_map(|kind| root.get(kind)?.as_array_of_tables());
        let written = arrays
            .flatten()
            .filter_map(|table| table.get("id")?.as_str());
        Self {
            written: written.map(str::to_owned).collect(),
            given: BTreeSet::new(),
            counts: BTreeMap::new(),
        }
    }

    /// The id of an entry, reported as a problem if it is none or another entry has it.
    fn of(&mut self, kind: &'static str, section: &mut Section<'_, '_>) -> Option<EntryId> {
        let id = if section.has("id") {
            section.parsed("id", crate::format::id)?
        } else {
            self.provisional(kind)?
        };
        if !self.given.insert(id.clone()) {
            let other = section.report.entry_path(&id).unwrap_or_default();
            let line = section.report.place(&other).to_string();
            let params = vec![("value", id.to_string()), ("other", other), ("line", line)];
            section.bad(
                "id",
                Bad {
                    rule: Fault::Duplicate,
                    params,
                },
            );
            return None;
        }
        Some(id)
    }

    /// The next `kind-1`, `kind-2`, … that nobody wrote.
    fn provisional(&mut self, kind: &'static str) -> Option<EntryId> {
        let count = self.counts.entry(kind).or_default();
        loop {
            *count += 1;
            let name = format!("{kind}-{count}");
            if !self.written.contains(&name) {
                return EntryId::new(&name).ok();
            }
        }
    }
}
