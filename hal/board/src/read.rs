//! From text to a board: nothing that is not known, everything with its line.

use model::limits;
use toml_edit::{Document, Item, Table};

use crate::check;
use crate::file::{
    Audio, BoardFile, Button, ButtonUse, Chip, DahdiEntry, LineDriver, Pin, PortEntry, Relay,
    SlotFormat, Wrong,
};

/// Speed of an SPI bus about which nothing is said.
const SPI_HZ: i64 = 4_000_000;

impl BoardFile {
    /// Reads a board file.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Wrong>> {
        if text.len() > limits::BOARD_FILE_OCTETS {
            let most = limits::BOARD_FILE_OCTETS;
            let what = format!("a board file has at most {most} octets");
            return Err(vec![Wrong { line: 1, what }]);
        }
        let document = Document::parse(text).map_err(|error| {
            let line = line_of(text, error.span().map_or(0, |span| span.start));
            let what = error.message().to_owned();
            vec![Wrong { line, what }]
        })?;
        let mut reader = Reader {
            text,
            wrong: Vec::new(),
        };
        let board = reader.board(document.as_table());
        check::board(&board, &mut reader.wrong);
        reader.wrong.sort_by_key(|wrong| wrong.line);
        if reader.wrong.is_empty() {
            Ok(board)
        } else {
            Err(reader.wrong)
        }
    }
}

fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let breaks = before.iter().filter(|&&octet| octet == b'\n').count();
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

struct Reader<'a> {
    text: &'a str,
    wrong: Vec<Wrong>,
}

/// One table under reading.
struct Entry<'a> {
    table: &'a Table,
    line: u32,
}

impl Reader<'_> {
    fn say(&mut self, line: u32, what: String) {
        if self.wrong.len() < limits::BOARD_PROBLEMS {
            self.wrong.push(Wrong { line, what });
        }
    }

    fn line(&self, item: &Item) -> u32 {
        item.span().map_or(1, |span| line_of(self.text, span.start))
    }

    fn board(&mut self, root: &Table) -> BoardFile {
        let top = Entry {
            table: root,
            line: 1,
        };
        let known = [
            "name",
            "audio",
            "reset",
            "status_lamp",
            "port",
            "dahdi",
            "relay",
            "button",
        ];
        self.only(&top, &known);
        BoardFile {
            name: self.text_of(&top, "name", None),
            audio: self.audio(root),
            reset: self.pin_of(&top, "reset"),
            status_lamp: self.pin_of(&top, "status_lamp"),
            ports: self.list(root, "port", limits::PORTS, Self::port),
            dahdi: self.list(root, "dahdi", limits::PORTS, |reader, entry| {
                reader.only(entry, &["name", "channel"]);
                DahdiEntry {
                    name: reader.text_of(entry, "name", None),
                    channel: reader.number(entry, "channel", None, 1..=1_023),
                    at_line: entry.line,
                }
            }),
            relays: self.list(root, "relay", limits::BOARD_RELAYS, Self::relay),
            buttons: self.list(root, "button", limits::BOARD_BUTTONS, Self::button),
        }
    }

    fn list<T>(
        &mut self,
        root: &Table,
        key: &str,
        most: usize,
        read: impl Fn(&mut Self, &Entry<'_>) -> T,
    ) -> Vec<T> {
        let Some(item) = root.get(key) else {
            return Vec::new();
        };
        let Some(tables) = item.as_array_of_tables() else {
            self.say(self.line(item), format!("{key} is a list: [[{key}]]"));
            return Vec::new();
        };
        if tables.len() > most {
            self.say(
                self.line(item),
                format!("a board has at most {most} of [[{key}]]"),
            );
        }
        let mut found = Vec::new();
        for table in tables.iter().take(most) {
            let line = table
                .span()
                .map_or(1, |span| line_of(self.text, span.start));
            found.push(read(self, &Entry { table, line }));
        }
        found
    }

    fn audio(&mut self, root: &Table) -> Option<Audio> {
        let item = root.get("audio")?;
        let line = self.line(item);
        let Some(table) = item.as_table() else {
            self.say(line, "audio is a table: [audio]".into());
            return None;
        };
        let entry = Entry { table, line };
        let known = [
            "device",
            "capture",
            "playback",
            "channels",
            "format",
            "period_ms",
            "first_bit",
        ];
        self.only(&entry, &known);
        let both = table.get("device").is_some();
        let device = both.then(|| self.text_of(&entry, "device", None));
        let capture = self.text_of(&entry, "capture", device.as_deref());
        let playback = self.text_of(&entry, "playback", device.as_deref());
        let formats = [
            ("linear", SlotFormat::Linear),
            ("alaw", SlotFormat::ALaw),
            ("mulaw", SlotFormat::MuLaw),
        ];
        let period_ms = self.number(&entry, "period_ms", Some(5), 5..=10);
        if ![5, 10].contains(&period_ms) {
            self.say(line, "period_ms is 5 or 10".into());
        }
        Some(Audio {
            capture,
            playback,
            channels: self.number(&entry, "channels", None, 1..=64),
            format: self.choice(&entry, "format", &formats, Some(SlotFormat::Linear)),
            period_ms,
            first_bit: self.number(&entry, "first_bit", Some(0), 0..=1),
        })
    }

    fn port(&mut self, entry: &Entry<'_>) -> PortEntry {
        let known = [
            "name",
            "chip",
            "spi",
            "spi_hz",
            "interrupt",
            "slot",
            "chain_place",
            "driver",
            "dc_dc_period",
        ];
        self.only(entry, &known);
        let chips = [
            ("si3210", Chip::Si3210),
            ("si3215", Chip::Si3215),
            ("si3050", Chip::Si3050),
        ];
        let drivers = [
            ("discrete", LineDriver::Discrete),
            ("si3201", LineDriver::Si3201),
        ];
        let chip = self.choice(entry, "chip", &chips, None);
        for (key, of) in [
            ("chain_place", &[Chip::Si3050][..]),
            ("driver", &[Chip::Si3210, Chip::Si3215]),
            ("dc_dc_period", &[Chip::Si3210, Chip::Si3215]),
        ] {
            if entry.table.contains_key(key) && !of.contains(&chip) {
                self.say(entry.line, format!("{key} is not for this chip"));
            }
        }
        PortEntry {
            name: self.text_of(entry, "name", None),
            chip,
            spi: self.text_of(entry, "spi", None),
            spi_hz: self.number(entry, "spi_hz", Some(SPI_HZ), 100_000..=16_000_000),
            interrupt: self.pin_of(entry, "interrupt"),
            slot: self.number(entry, "slot", None, 0..=63),
            chain_place: self.number(entry, "chain_place", Some(0), 0..=15),
            driver: self.choice(entry, "driver", &drivers, Some(LineDriver::Discrete)),
            dc_dc_period: self.number(entry, "dc_dc_period", Some(0xff), 0x40..=0xff),
            at_line: entry.line,
        }
    }

    fn relay(&mut self, entry: &Entry<'_>) -> Relay {
        self.only(entry, &["name", "pin", "sense", "set", "line"]);
        Relay {
            name: self.text_of(entry, "name", None),
            pin: self.needed_pin(entry, "pin"),
            sense: self.pin_of(entry, "sense"),
            set: self.text_of(entry, "set", None),
            line: self.text_of(entry, "line", None),
            at_line: entry.line,
        }
    }

    fn button(&mut self, entry: &Entry<'_>) -> Button {
        self.only(entry, &["name", "pin", "use"]);
        let uses = [("recover", ButtonUse::Recover)];
        Button {
            name: self.text_of(entry, "name", None),
            pin: self.needed_pin(entry, "pin"),
            purpose: self.choice(entry, "use", &uses, None),
            at_line: entry.line,
        }
    }

    fn only(&mut self, entry: &Entry<'_>, known: &[&str]) {
        for (key, item) in entry.table {
            if !known.contains(&key) {
                let line = item.span().map_or(entry.line, |_| self.line(item));
                self.say(line, format!("{key} is not known here"));
            }
        }
    }

    /// A text of 1 to 64 characters; needed unless `usual` is given.
    fn text_of(&mut self, entry: &Entry<'_>, key: &str, usual: Option<&str>) -> String {
        let Some(item) = entry.table.get(key) else {
            if usual.is_none() {
                self.say(entry.line, format!("{key} is missing"));
            }
            return usual.unwrap_or_default().to_owned();
        };
        let text = item.as_str().unwrap_or_default();
        let length = text.chars().count();
        if !(1..=limits::BOARD_TEXT).contains(&length) || text.chars().any(char::is_control) {
            let most = limits::BOARD_TEXT;
            self.say(
                self.line(item),
                format!("{key} is a text of 1 to {most} characters"),
            );
        }
        text.to_owned()
    }

    /// A whole number in `range`; needed unless `usual` is given.
    fn number<T: TryFrom<i64> + Default>(
        &mut self,
        entry: &Entry<'_>,
        key: &str,
        usual: Option<i64>,
        range: core::ops::RangeInclusive<i64>,
    ) -> T {
        let (value, line) = match (entry.table.get(key), usual) {
            (Some(item), _) => (item.as_integer(), self.line(item)),
            (None, Some(usual)) => (Some(usual), entry.line),
            (None, None) => {
                self.say(entry.line, format!("{key} is missing"));
                return T::default();
            }
        };
        let sound = value.filter(|value| range.contains(value));
        if sound.is_none() {
            let (least, most) = range.into_inner();
            self.say(line, format!("{key} is a number from {least} to {most}"));
        }
        sound
            .and_then(|value| T::try_from(value).ok())
            .unwrap_or_default()
    }

    /// One of a few words; needed unless `usual` is given.
    fn choice<T: Copy>(
        &mut self,
        entry: &Entry<'_>,
        key: &str,
        words: &[(&str, T)],
        usual: Option<T>,
    ) -> T {
        let first = words[0].1;
        let names = || words.iter().map(|&(name, _)| name).collect::<Vec<_>>();
        let Some(item) = entry.table.get(key) else {
            if usual.is_none() {
                let names = names().join(", ");
                self.say(entry.line, format!("{key} is missing: one of {names}"));
            }
            return usual.unwrap_or(first);
        };
        let word = item.as_str().unwrap_or_default();
        let found = words.iter().find(|&&(name, _)| name == word);
        if found.is_none() {
            let names = names().join(", ");
            self.say(self.line(item), format!("{key} is one of {names}"));
        }
        found.map_or(first, |&(_, value)| value)
    }

    fn needed_pin(&mut self, entry: &Entry<'_>, key: &str) -> Pin {
        let pin = self.pin_of(entry, key);
        if pin.is_none() && !entry.table.contains_key(key) {
            self.say(entry.line, format!("{key} is missing"));
        }
        pin.unwrap_or(Pin {
            chip: String::new(),
            line: 0,
            active_low: false,
        })
    }

    fn pin_of(&mut self, entry: &Entry<'_>, key: &str) -> Option<Pin> {
        let item = entry.table.get(key)?;
        let pin = item.as_str().and_then(pin);
        if pin.is_none() {
            self.say(
                self.line(item),
                format!(
                    "{key} is a pin as in \"gpiochip0:17\", with ! before it when low means yes"
                ),
            );
        }
        pin
    }
}

fn pin(text: &str) -> Option<Pin> {
    let rest = text.strip_prefix('!');
    let (chip, line) = rest.unwrap_or(text).split_once(':')?;
    let number = chip.strip_prefix("gpiochip")?;
    let is_number = !number.is_empty() && number.len() <= 3;
    let sound = is_number && number.bytes().all(|octet| octet.is_ascii_digit());
    Some(Pin {
        chip: sound.then(|| chip.to_owned())?,
        line: line.parse().ok().filter(|&line: &u32| line < 1_024)?,
        active_low: rest.is_some(),
    })
}
