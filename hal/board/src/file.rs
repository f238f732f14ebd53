use core::fmt;

use hal_port::PortKind;
use serde::{Deserialize, Serialize};

/// A chip of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Chip {
    /// A set's, with metering.
    Si3210,
    /// A set's.
    Si3215,
    /// A line's, with its Si3019.
    Si3050,
}

impl Chip {
    /// Which end of a loop it is.
    #[must_use]
    pub const fn kind(self) -> PortKind {
        match self {
            Self::Si3210 | Self::Si3215 => PortKind::Fxs,
            Self::Si3050 => PortKind::Fxo,
        }
    }
}

/// What drives a set's line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineDriver {
    /// Transistors.
    #[default]
    Discrete,
    /// A Si3201.
    Si3201,
}

/// What a slot of the highway holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SlotFormat {
    /// 16-bit linear.
    #[default]
    Linear,
    /// G.711 A-law.
    ALaw,
    /// G.711 µ-law.
    MuLaw,
}

impl SlotFormat {
    /// Clocks of the highway that a slot takes.
    #[must_use]
    pub const fn bits(self) -> u16 {
        match self {
            Self::Linear => 16,
            Self::ALaw | Self::MuLaw => 8,
        }
    }
}

/// A pin of the processor: `gpiochip0:17`, or `!gpiochip0:17` when it works by being low.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pin {
    /// The chip under `/dev`.
    pub chip: String,
    /// Which of its lines.
    pub line: u32,
    /// Low means yes.
    pub active_low: bool,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = if self.active_low { "!" } else { "" };
        write!(f, "{low}{}:{}", self.chip, self.line)
    }
}

/// The PCM highway as ALSA has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audio {
    /// ALSA's name of the device that hears the lines.
    pub capture: String,
    /// That of the device that speaks to them.
    pub playback: String,
    /// Slots of a frame, 1–64.
    pub channels: u16,
    /// What a slot holds.
    pub format: SlotFormat,
    /// How long the card works in one go, 5 or 10 ms.
    pub period_ms: u8,
    /// Clocks from the frame sync to the first bit of slot 0: 0 or 1.
    pub first_bit: u16,
}

/// A port and its chip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortEntry {
    /// The name printed beside the jack: `fxs1`, `fxo2`.
    pub name: String,
    /// Its chip.
    pub chip: Chip,
    /// The SPI device, select line included.
    pub spi: String,
    /// Clock of the bus in Hz, 100 kHz to 16 MHz.
    pub spi_hz: u32,
    /// Low when the chip asks.
    pub interrupt: Option<Pin>,
    /// Its slot of the highway.
    pub slot: u16,
    /// Place in a daisy chain of Si3050, 0–15.
    pub chain_place: u8,
    /// What drives the set's line.
    pub driver: LineDriver,
    /// Period code of the set's DC-DC converter.
    pub dc_dc_period: u8,
    /// Where it stands in the file.
    pub at_line: u32,
}

/// A port that is a channel of a card that DAHDI drives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DahdiEntry {
    /// The name printed beside the jack: `fxs1`, `fxo2`.
    pub name: String,
    /// DAHDI's number of the channel, 1–1023.
    pub channel: u16,
    /// Where it stands in the file.
    pub at_line: u32,
}

impl DahdiEntry {
    /// Which end of a loop it is, by its name.
    #[must_use]
    pub fn kind(&self) -> PortKind {
        if self.name.starts_with("fxo") {
            PortKind::Fxo
        } else {
            PortKind::Fxs
        }
    }
}

/// A relay that joins a set to a line when it has no power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Relay {
    /// What it is called.
    pub name: String,
    /// Drawn in normal work.
    pub pin: Pin,
    /// Active while a contact of the relay has the set on the line; without it the relay is tested by what the
    /// set's port measures, if that shows anything.
    pub sense: Option<Pin>,
    /// The set's port.
    pub set: String,
    /// The line's port.
    pub line: String,
    /// Where it stands in the file.
    pub at_line: u32,
}

/// What a button is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonUse {
    /// Held, it makes a claim code: an office that lost its administrator's password gets in again.
    #[default]
    Recover,
}

/// A button that somebody before the box can press.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Button {
    /// What it is called.
    pub name: String,
    /// Active while it is pressed.
    pub pin: Pin,
    /// What it is for: `use` in the file.
    pub purpose: ButtonUse,
    /// Where it stands in the file.
    pub at_line: u32,
}

/// A board.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BoardFile {
    /// What people call it.
    pub name: String,
    /// The highway of the chips.
    pub audio: Option<Audio>,
    /// Resets all chips while it is active.
    pub reset: Option<Pin>,
    /// Lights the lamp that says that the exchange runs.
    pub status_lamp: Option<Pin>,
    /// Jacks, in the order of the file.
    pub ports: Vec<PortEntry>,
    /// Jacks of cards that DAHDI drives.
    pub dahdi: Vec<DahdiEntry>,
    /// Lifelines.
    pub relays: Vec<Relay>,
    /// What can be pressed.
    pub buttons: Vec<Button>,
}

/// A mistake in a board file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wrong {
    /// The line, 1 = the first.
    pub line: u32,
    /// What is wrong, with the key it is about.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}
