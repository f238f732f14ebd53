//! `[[line]]`: an outside line on a jack of the board.

use model::{CallerIdScheme, EntryId, Number, limits};
use schemars::JsonSchema;
use serde::Serialize;

use super::analog::port;
use crate::{format, problem::Bad, read::Section, schema};

/// How a line tells who calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineCallerId {
    /// As is usual in the country; every scheme is understood.
    #[default]
    Auto,
    /// It does not: a call rings inside at once.
    Off,
    /// Between the first and the second ring.
    AfterRing,
    /// Before the first ring.
    BeforeRing,
    /// Japanese: the line is answered for a moment before it rings.
    Ntt,
    /// Russian and Ukrainian exchanges (АОН): only whoever lifts and asks is told. The line is answered at the first
    /// ring, before anybody inside is called, so the caller pays from then on, even if nobody answers.
    Aon,
}

impl LineCallerId {
    const ALL: [(&'static str, Self); 6] = [
        ("auto", Self::Auto),
        ("off", Self::Off),
        ("after_ring", Self::AfterRing),
        ("before_ring", Self::BeforeRing),
        ("ntt", Self::Ntt),
        ("aon", Self::Aon),
    ];

    /// What it comes to in a country whose usual scheme this is.
    #[must_use]
    pub const fn in_country(self, usual: CallerIdScheme) -> Self {
        match (self, usual) {
            (
                Self::Auto,
                CallerIdScheme::Bellcore | CallerIdScheme::EtsiRing | CallerIdScheme::EtsiPulse,
            ) => Self::AfterRing,
            (
                Self::Auto,
                CallerIdScheme::EtsiAlert
                | CallerIdScheme::EtsiReversal
                | CallerIdScheme::BtSin227
                | CallerIdScheme::DtmfAbdc
                | CallerIdScheme::DtmfHash
                | CallerIdScheme::DtmfDc,
            ) => Self::BeforeRing,
            (Self::Auto, CallerIdScheme::Ntt) => Self::Ntt,
            // To lift before anybody answers costs the caller money: only where the entry says so.
            (Self::Auto, CallerIdScheme::Aon) => Self::Off,
            (chosen, _) => chosen,
        }
    }
}

/// How numbers are dialled on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineDialling {
    /// By tones (DTMF).
    #[default]
    Tone,
    /// By pulses.
    Pulse,
}

impl LineDialling {
    const ALL: [(&'static str, Self); 2] = [("tone", Self::Tone), ("pulse", Self::Pulse)];
}

/// Who gets a flash of the hook in a call on a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineFlash {
    /// This exchange: for a second call, for transfer.
    #[default]
    Office,
    /// The exchange at the other end of the line, for its own services.
    Line,
}

impl LineFlash {
    const ALL: [(&'static str, Self); 2] = [("office", Self::Office), ("line", Self::Line)];
}

/// A sign by which a line shows that the far party has hung up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HangUpSign {
    /// The loop is not fed for a moment.
    LoopBreak,
    /// The polarity changes.
    Reversal,
    /// Busy, congestion or howler tone.
    Tone,
    /// Dial tone.
    DialTone,
    /// Silence for a minute.
    Silence,
}

impl HangUpSign {
    const ALL: [(&'static str, Self); 5] = [
        ("loop_break", Self::LoopBreak),
        ("reversal", Self::Reversal),
        ("tone", Self::Tone),
        ("dial_tone", Self::DialTone),
        ("silence", Self::Silence),
    ];
}

/// An analog line of a carrier on one port of the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Never changes; added on import.
    #[schemars(with = "Option<schema::IdText>")]
    pub id: EntryId,
    /// Name of the port on the board, like `fxo1`.
    #[schemars(with = "schema::LinePortText")]
    pub port: String,
    /// Name of the line; the port's if not given.
    #[schemars(with = "Option<String>", length(min = 1, max = 80))]
    pub name: String,
    /// The number under which the public network reaches the line, in international form.
    #[schemars(with = "Option<schema::E164Text>")]
    pub number: Option<Number>,
    /// Id of the person, device, analog set or conference that is called when the line rings. Without
    /// one the line rings unanswered, and the call is kept in the books.
    #[schemars(with = "Option<schema::IdText>")]
    pub answer: Option<EntryId>,
    /// The number of the public network to which callers on the line are sent on, over another line;
    /// it goes before `answer`. No other way leads a caller from outside out again.
    #[schemars(with = "Option<schema::OnwardText>")]
    pub to: Option<String>,
    /// Who gets the flash of a set in a call on the line.
    #[schemars(default)]
    pub flash: LineFlash,
    /// How the line tells who calls. `aon`, in Russia and Ukraine, lifts the line at the first ring to ask the exchange for the
    /// number: the caller pays from then on, even if nobody answers.
    #[schemars(default)]
    pub caller_id: LineCallerId,
    /// The signs by which a hang-up of the far party is believed, all watched at once; all but
    /// silence if not given. Where only lines and services are in a call, silence of five minutes always ends it.
    #[schemars(with = "Option<Vec<HangUpSign>>", length(max = 5))]
    pub hang_up: Vec<HangUpSign>,
    /// Whether the office calls out on the line.
    #[schemars(default = "yes")]
    pub outgoing: bool,
    /// How numbers are dialled.
    #[schemars(default)]
    pub dialling: LineDialling,
    /// Dialled before every number, for a line behind another exchange: digits, and commas for
    /// pauses of two seconds.
    #[schemars(with = "schema::DialFirstText", default)]
    pub dial_first: String,
    /// Whether a number is dialled although no dial tone is heard, after three seconds.
    #[schemars(default)]
    pub dial_without_tone: bool,
    /// Seconds after dialling when a call that neither rings nor is refused counts as answered; a
    /// voice or a reversal tells it sooner.
    #[schemars(range(min = 5, max = 60), default = "answered_after_s")]
    pub answered_after_s: u16,
    /// Gain towards the line in dB.
    #[schemars(range(min = -20, max = 12), default)]
    pub gain_to_line_db: i16,
    /// Gain from the line in dB.
    #[schemars(range(min = -20, max = 12), default)]
    pub gain_from_line_db: i16,
}

const fn yes() -> bool {
    true
}

const fn answered_after_s() -> u16 {
    20
}

impl Line {
    pub(crate) fn read(mut section: Section<'_, '_>, id: EntryId) -> Option<Self> {
        section.item("id");
        let port = section.parsed("port", line_port);
        if !section.has("port") {
            section.missing("port");
        }
        let name = section.label("name", limits::NAME_LEN_MAX);
        let number = section.parsed("number", format::e164);
        let answer = section.parsed("answer", format::id);
        let to = section.parsed("to", onward);
        let flash = section.parsed("flash", |t| format::choice(t, &LineFlash::ALL));
        let caller_id = section.parsed("caller_id", |t| format::choice(t, &LineCallerId::ALL));
        let signs = HangUpSign::ALL.len();
        let hang_up = section.list("hang_up", signs, |t| format::choice(t, &HangUpSign::ALL));
        let outgoing = section.flag("outgoing");
        let dialling = section.parsed("dialling", |t| format::choice(t, &LineDialling::ALL));
        let dial_first = section.parsed("dial_first", dial_first);
        let dial_without_tone = section.flag("dial_without_tone");
        let answered = section.whole("answered_after_s", 5..=60);
        let gain_to_line_db = section.whole("gain_to_line_db", -20..=12);
        let gain_from_line_db = section.whole("gain_from_line_db", -20..=12);
        section.finish();
        let port = port?;
        Some(Self {
            id,
            name: name.unwrap_or_else(|| port.clone()),
            port,
            number,
            answer,
            to,
            flash: flash.unwrap_or_default(),
            caller_id: caller_id.unwrap_or_default(),
            hang_up: hang_up.unwrap_or_else(usual_signs),
            outgoing: outgoing.unwrap_or(true),
            dialling: dialling.unwrap_or_default(),
            dial_first: dial_first.unwrap_or_default(),
            dial_without_tone: dial_without_tone.unwrap_or_default(),
            answered_after_s: answered.unwrap_or(answered_after_s()),
            gain_to_line_db: gain_to_line_db.unwrap_or_default(),
            gain_from_line_db: gain_from_line_db.unwrap_or_default(),
        })
    }
}

fn usual_signs() -> Vec<HangUpSign> {
    let signs = HangUpSign::ALL.into_iter().map(|(_, sign)| sign);
    signs.filter(|sign| *sign != HangUpSign::Silence).collect()
}

fn line_port(text: &str) -> Result<String, Bad> {
    let name = port(text)?;
    if name.starts_with("fxo") {
        Ok(name)
    } else {
        Err(Bad::malformed(text, "the name of a line's port, like fxo1"))
    }
}

fn onward(text: &str) -> Result<String, Bad> {
    let legal = text.bytes().all(|b| b.is_ascii_digit());
    if !legal || !(3..=24).contains(&text.len()) {
        return Err(Bad::malformed(
            text,
            "a number as it is dialled on a line: 3 to 24 digits",
        ));
    }
    Ok(text.into())
}

fn dial_first(text: &str) -> Result<String, Bad> {
    let legal = |b: u8| b.is_ascii_digit() || b"*#,".contains(&b);
    if text.len() > 16 || !text.bytes().all(legal) {
        return Err(Bad::malformed(
            text,
            "up to 16 of 0-9 * # and commas for pauses",
        ));
    }
    Ok(text.into())
}
