//! Board files: what is read, what is refused and where, and where they are looked for.

use hal_board::{BoardFile, ButtonUse, Chip, Lifeline, SlotFormat, find, load};
use hal_port::PortKind;

const GOOD: &str = r#"name = "Office 2+1"
reset = "!gpiochip0:4"
status_lamp = "gpiochip1:2"
[audio]
device = "hw:tdm,0"
channels = 8
format = "alaw"
period_ms = 5
first_bit = 1

[[port]]
name = "fxs1"
chip = "si3210"
spi = "/dev/spidev0.0"
interrupt = "gpiochip0:22"
slot = 0
driver = "si3201"

[[port]]
name = "fxo1"
chip = "si3050"
spi = "/dev/spidev0.1"
interrupt = "gpiochip0:23"
slot = 4

[[port]]
name = "fxo2"
chip = "si3050"
spi = "/dev/spidev0.1"
interrupt = "gpiochip0:23"
slot = 5
chain_place = 1

[[dahdi]]
name = "fxo3"
channel = 7

[[relay]]
name = "lifeline"
pin = "!gpiochip0:5"
set = "fxs1"
line = "fxo1"

[[button]]
name = "recover"
pin = "!gpiochip0:11"
use = "recover"
"#;

#[test]
fn a_whole_board_is_read() {
    let board = BoardFile::parse(GOOD).expect("is sound");
    assert_eq!(board.name, "Office 2+1");
    let audio = board.audio.expect("there");
    assert_eq!((audio.capture.as_str(), audio.channels), ("hw:tdm,0", 8));
    assert_eq!((audio.format, audio.period_ms), (SlotFormat::ALaw, 5));
    assert_eq!(board.ports.len(), 3);
    let line = &board.ports[2];
    assert_eq!((line.chip, line.chip.kind()), (Chip::Si3050, PortKind::Fxo));
    assert_eq!((line.chain_place, line.slot, line.at_line), (1, 5, 26));
    assert_eq!(line.spi_hz, 4_000_000);
    assert_eq!(board.relays[0].pin.to_string(), "!gpiochip0:5");
    assert_eq!(board.relays[0].sense, None);
    let button = &board.buttons[0];
    assert_eq!((button.name.as_str(), button.at_line), ("recover", 44));
    assert_eq!(button.pin.to_string(), "!gpiochip0:11");
    assert_eq!(button.purpose, ButtonUse::Recover);
    let sensed = GOOD.replace("set = \"fxs1\"", "set = \"fxs1\"\nsense = \"!gpiochip0:7\"");
    let sensed = BoardFile::parse(&sensed).expect("is sound");
    let sense = sensed.relays[0].sense.as_ref().expect("a contact");
    assert_eq!(sense.to_string(), "!gpiochip0:7");
    // A set may hang on the line of a card.
    let mixed = GOOD.replace("line = \"fxo1\"", "line = \"fxo3\"");
    assert!(BoardFile::parse(&mixed).is_ok());
    let card = &board.dahdi[0];
    assert_eq!((card.kind(), card.channel), (PortKind::Fxo, 7));
    assert_eq!(board.status_lamp.map(|pin| pin.line), Some(2));
    assert_eq!(
        BoardFile::parse("name = \"bare\"").map(|b| b.ports.len()),
        Ok(0)
    );
}

/// The good file with one thing changed, the line of the complaint, and a word of it.
#[track_caller]
fn refused(from: &str, to: &str, line: u32, word: &str) {
    assert!(GOOD.contains(from), "{from}");
    let text = GOOD.replacen(from, to, 1);
    let wrong = BoardFile::parse(&text).expect_err(to);
    let said: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let wanted = format!("line {line}: ");
    assert!(
        said.iter()
            .any(|what| what.starts_with(&wanted) && what.contains(word)),
        "{to}: {said:?}"
    );
}

#[test]
fn mistakes_are_told_with_their_lines() {
    refused("channels = 8", "channels = 80", 6, "1 to 64");
    refused("channels = 8", "channls = 8", 4, "channels is missing");
    refused(
        "channels = 8",
        "channels = 8\nvolume = 3",
        7,
        "volume is not known",
    );
    refused(
        "format = \"alaw\"",
        "format = \"mp3\"",
        7,
        "linear, alaw, mulaw",
    );
    refused("period_ms = 5", "period_ms = 7", 4, "5 or 10");
    refused("\"si3210\"", "\"si9999\"", 13, "one of si3210");
    refused(
        "set = \"fxs1\"",
        "set = \"fxs1\"\nsense = \"gpiochip0:22\"",
        38,
        "taken by line 11",
    );
    let second =
        "[[relay]]\nname = \"second\"\npin = \"gpiochip0:8\"\nset = \"fxs1\"\nline = \"fxo2\"\n";
    refused(
        "[[relay]]",
        &format!("{second}[[relay]]"),
        43,
        "fxs1 has its lifeline in line 38",
    );
    refused("\"gpiochip0:22\"", "22", 15, "a pin as in");
    refused(
        "\"gpiochip0:22\"",
        "\"gpiochip0:23\"",
        19,
        "taken by line 11",
    );
    refused("slot = 0", "slot = 9", 11, "beyond the 8");
    refused("slot = 5", "slot = 4", 26, "taken by line 19");
    refused("chain_place = 1", "chain_place = 0", 26, "taken by line 19");
    refused("\"fxs1\"\nchip", "\"phone\"\nchip", 11, "fxs1, fxs2");
    refused(
        "spi = \"/dev/spidev0.0\"",
        "spi = \"/dev/spidev0.1\"",
        11,
        "can be chained",
    );
    refused(
        "driver = \"si3201\"",
        "chain_place = 1",
        11,
        "not for this chip",
    );
    refused("line = \"fxo1\"", "line = \"fxs1\"", 38, "no such port");
    refused("channel = 7", "channel = 0", 36, "1 to 1023");
    refused("\"fxo3\"", "\"fxo2\"", 34, "taken by line 26");
    refused("\"fxo3\"", "\"dahdi3\"", 34, "fxs1, fxs2");
    refused("[audio]", "[audio", 4, "");
    let huge = "#".repeat(100_000);
    assert!(BoardFile::parse(&huge).is_err());
}

#[test]
fn mistakes_about_a_button_are_told() {
    refused("use = \"recover\"", "use = \"reset\"", 47, "one of recover");
    refused("use = \"recover\"", "", 44, "use is missing");
    refused("gpiochip0:11", "gpiochip0:5", 44, "taken by line 38");
    let second = "[[button]]\nname = \"recover\"\npin = \"gpiochip0:8\"\nuse = \"recover\"\n";
    let first = "[[button]]";
    refused(
        first,
        &format!("{second}{first}"),
        48,
        "recover is taken by line 44",
    );
}

#[test]
fn a_broken_file_never_panics() {
    for end in 0..GOOD.len() {
        let _ = BoardFile::parse(&GOOD[..end]);
    }
    for junk in [
        "port = 1",
        "audio = []",
        "[[audio]]",
        "[port]",
        "reset = {}",
        "name = []",
    ] {
        assert!(BoardFile::parse(junk).is_err(), "{junk}");
    }
}

#[test]
fn the_search_goes_from_the_administrator_to_the_device_tree() {
    let root = std::env::temp_dir().join(format!("centralka-board-{}", std::process::id()));
    let put = |path: &str, octets: &[u8]| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("has one")).expect("made");
        std::fs::write(path, octets).expect("written");
    };
    put("etc/hostname", b"box");
    assert_eq!(find(&root), None);
    let names = b"acme,box-4-2-rev2\0../../etc/hostname\0acme,box-4-2\0brcm,bcm2711\0";
    put("proc/device-tree/compatible", names);
    assert_eq!(find(&root), None);
    put(
        "usr/share/centralka/boards/acme,box-4-2.toml",
        GOOD.as_bytes(),
    );
    let found = find(&root).expect("by its name");
    assert_eq!(found.asked_by.as_deref(), Some("acme,box-4-2"));
    assert_eq!(
        load(&found.path).map(|b| b.name).ok().as_deref(),
        Some("Office 2+1")
    );
    put("etc/centralka/board.toml", b"name = 1\n");
    let found = find(&root).expect("the administrator's");
    assert_eq!(found.asked_by, None);
    let error = load(&found.path).expect_err("is wrong").to_string();
    assert!(
        error.ends_with("board.toml: line 1: name is a text of 1 to 64 characters"),
        "{error}"
    );
    std::fs::remove_dir_all(root).expect("removed");
}

/// A pin that is written down.
#[derive(Default)]
struct Level(Option<bool>);

impl embedded_hal::digital::ErrorType for Level {
    type Error = core::convert::Infallible;
}

impl embedded_hal::digital::OutputPin for Level {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        self.0 = Some(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        self.0 = Some(true);
        Ok(())
    }
}

#[test]
fn a_lifeline_is_drawn_by_its_own_level() {
    let board = BoardFile::parse(GOOD).expect("is sound");
    // The pin of this board's relay is low when the relay is drawn.
    let mut level = Level::default();
    let mut lifeline = Lifeline::new(board.relays[0].clone(), &mut level);
    assert!(!lifeline.is_drawn());
    lifeline.draw(true).expect("infallible");
    assert!(lifeline.is_drawn());
    assert_eq!(level.0, Some(false));
    let mut lifeline = Lifeline::new(board.relays[0].clone(), &mut level);
    lifeline.draw(false).expect("infallible");
    assert_eq!(level.0, Some(true));
}
