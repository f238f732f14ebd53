//! Tones, ringing and line data of each country. The facts are the TOML files beside this one,
//! compiled in; only the file of the wanted country is ever parsed.
//!
//! Sources are named in the files: `zonedata` is dahdi-tools' zonedata.c (after ITU-T E.180
//! Suppl. 2), `e180` the list of E.180 itself, `indications` Asterisk's sample, `vendor` gateway
//! manuals, `assumed` a placeholder that no source gave. Keys that end in `_conf`: `s` was read in a
//! public source, `k` is general knowledge to be checked on a live line.

mod data;
mod tone;

use core::fmt;

use model::{CallerIdScheme, Codec, ToneSpec};
use serde::{Serialize, Serializer};

pub use tone::Tone;

use crate::{
    Language,
    problem::{Bad, Fault, cut},
};

macro_rules! countries {
    ($($code:literal $file:literal)*) => {
        /// ISO 3166 code and data of every country.
        const COUNTRIES: &[(&str, &str)] = &[$(($code, include_str!($file)),)*];
    };
}

countries! {
    "AT" "at.toml" "AU" "au.toml" "BE" "be.toml" "BG" "bg.toml" "BR" "br.toml" "CA" "ca.toml"
    "CH" "ch.toml" "CN" "cn.toml" "CZ" "cz.toml" "DE" "de.toml" "DK" "dk.toml" "ES" "es.toml"
    "FI" "fi.toml" "FR" "fr.toml" "GB" "gb.toml" "GR" "gr.toml" "HU" "hu.toml" "IL" "il.toml"
    "IN" "in.toml" "IT" "it.toml" "JP" "jp.toml" "MX" "mx.toml" "NL" "nl.toml" "NO" "no.toml"
    "NZ" "nz.toml" "PL" "pl.toml" "PT" "pt.toml" "RO" "ro.toml" "RU" "ru.toml" "SE" "se.toml"
    "SK" "sk.toml" "TR" "tr.toml" "UA" "ua.toml" "US" "us.toml" "ZA" "za.toml"
}

/// A country with data, by its ISO 3166 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(&'static str);

impl CountryCode {
    /// Every country with data, in the order of codes.
    pub fn all() -> impl Iterator<Item = Self> {
        COUNTRIES.iter().map(|(code, _)| Self(code))
    }

    /// The country of that code in capital letters.
    #[must_use]
    pub fn new(code: &str) -> Option<Self> {
        Self::all().find(|known| known.0 == code)
    }

    /// The two letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Bad> {
        if let Some(code) = Self::new(text) {
            return Ok(code);
        }
        let upper = text.to_ascii_uppercase();
        let iso = if upper == "UK" { "GB" } else { &upper };
        let value = ("value", cut(text));
        Err(match Self::new(iso) {
            Some(code) => Bad {
                rule: Fault::CountryName,
                params: vec![value, ("suggestion", code.0.into())],
            },
            None => {
                let codes: Vec<_> = Self::all().map(Self::as_str).collect();
                Bad {
                    rule: Fault::Country,
                    params: vec![value, ("choices", codes.join(" "))],
                }
            }
        })
    }

    fn text(self) -> &'static str {
        let found = COUNTRIES.iter().find(|(code, _)| *code == self.0);
        found.map_or("", |(_, text)| text)
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CountryCode({})", self.0)
    }
}

impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

/// How a country's sets ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ring {
    /// On and off in turn, in ms; an even number of steps, repeated.
    pub cadence_ms: Vec<u16>,
    /// Frequency of the ringing voltage in Hz.
    pub hz: u16,
    /// Nominal voltage of the exchange in Vrms, for test rigs of FXO ports. An FXS port needs 40 Vrms
    /// and more at the phone, whatever the country.
    pub vrms: u16,
}

impl Ring {
    /// Sound and its pauses within one round, and the long pause after it, in ms.
    #[must_use]
    pub fn span_and_pause_ms(&self) -> (u16, u16) {
        let pause = self.cadence_ms.last().copied().unwrap_or(0);
        let all = self.cadence_ms.iter().sum::<u16>();
        (all.saturating_sub(pause), pause)
    }

    /// How a call from inside rings: two bursts in a country where one is usual, one where two are.
    /// Round and pause are as long as the country's, so that bells can take turns and caller ID has
    /// its place.
    #[must_use]
    pub fn inside_ms(&self) -> Vec<u16> {
        let (span, pause) = self.span_and_pause_ms();
        if self.cadence_ms.len() > 2 {
            return vec![span, pause];
        }
        // Of 2 s these are 0.8, 0.4, 0.8: the second distinctive ring of North America.
        let tenth = span / 10;
        vec![4 * tenth, 2 * tenth, span - 6 * tenth, pause]
    }

    /// How somebody rings who is held or whom the set itself has called: two short bursts and a
    /// long one, as the third distinctive ring of North America.
    #[must_use]
    pub fn back_ms(&self) -> Vec<u16> {
        let (span, pause) = self.span_and_pause_ms();
        let tenth = span / 10;
        vec![2 * tenth, tenth, 2 * tenth, tenth, span - 6 * tenth, pause]
    }
}

/// What a country's telephones expect of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// The code it was loaded by.
    pub code: CountryCode,
    /// English name.
    pub name: String,
    /// IANA time zone of the capital or the largest city.
    pub timezone: String,
    /// The language of its offices, where it is one of ours.
    pub language: Language,
    /// Numbers for emergencies; never an extension, never blocked.
    pub emergency: Vec<String>,
    /// Country code of the telephone network (E.164), without `+`.
    pub e164: String,
    /// The G.711 law of its networks.
    pub law: Codec,
    /// How sets ring.
    pub ring: Ring,
    /// Level of the high and the low group of DTMF that we send, in dBm.
    pub dtmf_dbm: (i8, i8),
    /// Shortest and longest on-hook time in ms that is a flash.
    pub flash_detect_ms: (u16, u16),
    /// Whether a flash between two parties goes round among them by itself; otherwise it asks for a
    /// digit.
    pub flash_goes_round: bool,
    /// On-hook time in ms of a flash that we send on an FXO line.
    pub flash_send_ms: u16,
    /// Break and make in ms of a dialled pulse.
    pub pulse_ms: (u16, u16),
    /// How the caller's number is sent, the usual way first.
    pub caller_id: Vec<CallerIdScheme>,
    /// Frequency in Hz of metering pulses, if the network has them.
    pub metering_hz: Option<u16>,
    /// Name of the line's impedance: `600`, `900`, `tbr21` or of the parts in Ω, Ω and nF.
    pub impedance: String,
    /// Gain from a set to us and from us to a set, in tenths of a dB: the country's loss plan.
    /// Standards and vendors write relative levels: an input of −3 dBr is a gain of +3 dB, an output of −10 dBr one
    /// of −10 dB (ITU-T G.100; Mediatrix 4100 reference manual, appendix D, which is the source of those marked `s`).
    pub set_gain_db10: (i16, i16),
    tones: [ToneSpec; Tone::COUNT],
}

impl Country {
    /// The data of a country, parsed from its file. Takes well below a millisecond; keep the result.
    ///
    /// # Panics
    /// Never: a test loads every country, and the files are compiled in.
    #[must_use]
    pub fn load(code: CountryCode) -> Self {
        data::parse(code, code.text()).expect("a test loads every file that is compiled in")
    }

    /// What is played for `tone`.
    #[must_use]
    pub const fn tone(&self, tone: Tone) -> &ToneSpec {
        &self.tones[tone as usize]
    }
}
