//! `[codes]`: what a set dials to make the exchange do something.

use model::Number;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{format, read::Section, schema};

/// What a dial code does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The exchange sends back what it hears.
    EchoTest,
    /// Followed by an extension: hear the calls of that person.
    Monitor,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 2] = [Self::EchoTest, Self::Monitor];

    /// The key in `[codes]`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::EchoTest => "echo_test",
            Self::Monitor => "monitor",
        }
    }

    /// Whether an extension is dialled right after the code.
    #[must_use]
    pub const fn takes_extension(self) -> bool {
        matches!(self, Self::Monitor)
    }
}

/// The dial codes; an empty text switches one off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(default)]
pub struct Codes {
    /// Hear yourself, to test a phone and its line.
    #[schemars(with = "schema::CodeText")]
    pub echo_test: Option<Number>,
    /// Dialled before an extension: hear that person's calls. For supervisors and administrators.
    #[schemars(with = "schema::CodeText")]
    pub monitor: Option<Number>,
    /// Dialled before a number of the public network. Long numbers need none, nor do emergency numbers.
    #[schemars(with = "schema::CodeText")]
    pub outside: Option<Number>,
    /// Pressed in a call on an outside line: a flash of the hook to the exchange at its other end, for
    /// its own services. Begins with `*` or `#`.
    #[schemars(with = "schema::InCallCodeText")]
    pub flash: Option<Number>,
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            echo_test: Number::new("*43").ok(),
            monitor: Number::new("#44").ok(),
            outside: None,
            flash: None,
        }
    }
}

impl Codes {
    pub(crate) fn read(mut section: Section<'_, '_>) -> Self {
        let default = Self::default();
        let echo_test = section.parsed("echo_test", format::code);
        let monitor = section.parsed("monitor", format::code);
        let outside = section.parsed("outside", format::code);
        let flash = section.parsed("flash", format::in_call_code);
        section.finish();
        Self {
            echo_test: echo_test.unwrap_or(default.echo_test),
            monitor: monitor.unwrap_or(default.monitor),
            outside: outside.unwrap_or(default.outside),
            flash: flash.unwrap_or(default.flash),
        }
    }

    /// What is dialled for `code`, if it is switched on.
    #[must_use]
    pub const fn number(&self, code: Code) -> Option<&Number> {
        match code {
            Code::EchoTest => self.echo_test.as_ref(),
            Code::Monitor => self.monitor.as_ref(),
        }
    }

    /// Every code that is switched on, with what is dialled for it.
    pub fn iter(&self) -> impl Iterator<Item = (Code, &Number)> {
        Code::ALL
            .into_iter()
            .filter_map(|code| Some((code, self.number(code)?)))
    }
}
