//! `[[analog]]`: the set on a jack of the board.

use model::{EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    country::Country, format, limits_section::Limits, problem::Bad, read::Section, schema,
    set_caller_id::SetCallerId,
};

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
    /// The number that is called when the set is lifted, without dialling.
    #[schemars(with = "Option<schema::DialledText>")]
    pub hot_line: Option<Number>,
    /// Seconds of dial tone in which another number may be begun before `hot_line` is called; 0 = it
    /// is called at once.
    #[schemars(with = "Option<u16>", range(min = 0, max = 30))]
    pub hot_line_after_s: u16,
    /// Whether the person is told of a second caller by a tone.
    #[schemars(with = "Option<bool>")]
    pub call_waiting: bool,
    /// Whether whoever hangs up between two parties connects them with each other; otherwise the set
    /// is rung for the one that is held.
    #[schemars(with = "Option<bool>")]
    pub transfer: bool,
    /// Whether the line is reversed while a call that the set made is answered: for public telephones,
    /// and for exchanges that hang on the port.
    #[schemars(with = "Option<bool>")]
    pub answer_reversal: bool,
    /// How long in ms the line is open when the other party hangs up, for machines that know it by that;
    /// 0 = not at all.
    #[schemars(with = "Option<u16>", range(min = 0, max = 1500))]
    pub disconnect_break_ms: u16,
    /// Shortest press of the hook in ms that is a flash; the country's if not given.
    #[schemars(with = "Option<u16>", range(min = 40, max = 1000))]
    pub flash_min_ms: Option<u16>,
    /// Longest press of the hook in ms that is a flash, a longer one hangs up; the country's if not
    /// given.
    #[schemars(with = "Option<u16>", range(min = 100, max = 1500))]
    pub flash_max_ms: Option<u16>,
    /// Whether the set may dial by pulses; then no press below 80 ms is a flash.
    #[schemars(with = "Option<bool>")]
    pub pulse_dialling: bool,
    /// How the set is told who calls, when it is rung and during a call.
    #[schemars(default)]
    pub caller_id: SetCallerId,
    /// Seconds of an answered outside call after which a metering pulse is sent, and again and again;
    /// 0 = none.
    #[schemars(range(min = 0, max = 3600), default)]
    pub metering_interval_s: u16,
    /// Whether a metering pulse is a short reversal of the line; otherwise it is the country's tone
    /// above the voice.
    #[schemars(default)]
    pub metering_reversal: bool,
    /// Whether a fax machine or a modem is on the port: its sound is left as it comes, and nothing
    /// interrupts it.
    #[schemars(default)]
    pub fax: bool,
    /// Longest echo of the set that is taken out, in ms: 8 to 128; 0 = the echo stays.
    #[schemars(range(min = 0, max = 128), default = "echo_tail_ms")]
    pub echo_tail_ms: u8,
    /// Gain of what the set hears, in dB, on top of the country's loss plan.
    #[schemars(range(min = -20, max = 12), default)]
    pub gain_to_set_db: i16,
    /// Gain of what the set says, in dB, on top of the country's loss plan.
    #[schemars(range(min = -20, max = 12), default)]
    pub gain_from_set_db: i16,
}

const fn echo_tail_ms() -> u8 {
    32
}

impl Analog {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId, limits: &Limits) -> Option<Self> {
        section.item("id");
        let port = section.parsed("port", port);
        if !section.has("port") {
            section.missing("port");
        }
        let extension = section.parsed("extension", format::extension);
        let name = section.label("name", limits::NAME_LEN_MAX);
        let ring = section.whole("ring_timeout_s", Limits::RING_TIMEOUT_S);
        let hot_line = section.parsed("hot_line", format::number);
        let hot_line_after_s = section.whole("hot_line_after_s", 0..=30).unwrap_or(0);
        let call_waiting = section.flag("call_waiting").unwrap_or(true);
        let transfer = section.flag("transfer").unwrap_or(true);
        let answer_reversal = section.flag("answer_reversal").unwrap_or(false);
        let disconnect_break_ms = section.whole("disconnect_break_ms", 0..=1_500).unwrap_or(0);
        let flash_min_ms = section.whole("flash_min_ms", 40..=1_000);
        let flash_max_ms = section.whole("flash_max_ms", 100..=1_500);
        let pulse_dialling = section.flag("pulse_dialling").unwrap_or(true);
        let caller_id = section.parsed("caller_id", |t| format::choice(t, &SetCallerId::ALL));
        let metering_interval_s = section.whole("metering_interval_s", 0..=3_600);
        let metering_reversal = section.flag("metering_reversal");
        let fax = section.flag("fax");
        let echo_tail = section.whole("echo_tail_ms", 0..=128);
        let gain_to_set_db = section.whole("gain_to_set_db", -20..=12);
        let gain_from_set_db = section.whole("gain_from_set_db", -20..=12);
        section.finish();
        let port = port?;
        Some(Self {
            id,
            extension,
            name: name.unwrap_or_else(|| port.clone()),
            port,
            ring_timeout_s: ring.unwrap_or(limits.ring_timeout_s),
            hot_line,
            hot_line_after_s,
            call_waiting,
            transfer,
            answer_reversal,
            disconnect_break_ms,
            flash_min_ms,
            flash_max_ms,
            pulse_dialling,
            caller_id: caller_id.unwrap_or_default(),
            metering_interval_s: metering_interval_s.unwrap_or_default(),
            metering_reversal: metering_reversal.unwrap_or_default(),
            fax: fax.unwrap_or_default(),
            echo_tail_ms: echo_tail.unwrap_or(echo_tail_ms()),
            gain_to_set_db: gain_to_set_db.unwrap_or_default(),
            gain_from_set_db: gain_from_set_db.unwrap_or_default(),
        })
    }
}

/// Breaks of the loop from here on are no dial pulses: 60 to 67 ms each, and some tolerance.
const PULSE_MS_END: u16 = 80;

impl Analog {
    /// Shortest and longest press of the hook in ms that is a flash, in this country.
    #[must_use]
    pub fn flash_ms(&self, country: &Country) -> (u16, u16) {
        let (least, most) = country.flash_detect_ms;
        let least = self.flash_min_ms.unwrap_or(least);
        let least = if self.pulse_dialling {
            least.max(PULSE_MS_END)
        } else {
            least
        };
        (least, self.flash_max_ms.unwrap_or(most))
    }
}

pub(super) fn port(text: &str) -> Result<String, Bad> {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-/.".contains(&b);
    if text.is_empty() || text.len() > 40 || !text.bytes().all(legal) {
        return Err(Bad::malformed(text, "the name of a port, like fxs1"));
    }
    Ok(text.into())
}
