//! What is wrong with a text: where, which key, which rule, and with what values. Machine-readable
//! first; the English sentence is one rendering of it.

use core::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// Most problems that one check reports; the rest is counted by [`Fault::More`].
pub const PROBLEMS_MAX: usize = 100;

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $words:literal;)*) => {
        /// A rule of the configuration text that was broken.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $variant,)*
        }

        impl Fault {
            /// Every rule, in the order of the enum.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the API, stable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The English sentence with `{parameters}`.
            #[must_use]
            pub const fn template(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

faults! {
    /// The text is not TOML.
    Syntax = "syntax", "this is not TOML: {reason}";
    /// The text is not UTF-8.
    Encoding = "encoding", "the text is not UTF-8 from byte {at} on";
    /// The text is too long.
    TextTooLong = "text.too_long", "the text has {bytes} bytes; at most {max} are read";
    /// A format of another program version.
    FormatUnknown = "format.unknown", "format {value} is not known here; this program reads format {known}";
    /// Nothing has this name.
    KeyUnknown = "key.unknown", "there is no such key";
    /// Nothing has this name, but something has one like it.
    KeyMisspelt = "key.misspelt", "there is no such key; did you mean `{suggestion}`?";
    /// A key that has no default is not there.
    KeyMissing = "key.missing", "this key has no default and must be given";
    /// A value of another type.
    Type = "type", "expected {expected}, found {found}";
    /// The right thing in the wrong form.
    Form = "form", "write this as {form}";
    /// A whole number outside its range.
    Range = "range", "{value} is outside {min} to {max}";
    /// A text with nothing in it.
    Empty = "text.empty", "the text is empty";
    /// A text with too many characters.
    Long = "text.long", "the text has {length} characters; at most {max} are allowed";
    /// Control characters, or characters that turn the direction of writing.
    Control = "text.control", "character {at} is a control character";
    /// Spaces at the end of a text that people read.
    Untrimmed = "text.untrimmed", "the text begins or ends with a space";
    /// A list with too many members.
    ListLong = "list.long", "the list has {length} members; at most {max} are allowed";
    /// Too many entries of one kind.
    EntriesMany = "entries.many", "there are {count} entries of this kind; at most {max} are allowed";
    /// A word that is not among those allowed.
    Choice = "choice", "`{value}` is not one of: {choices}";
    /// Not what the key needs.
    Malformed = "malformed", "`{value}` is not {expected}";
    /// A country without tone data.
    Country = "country", "there is no data for the country `{value}`; the known ones are: {choices}";
    /// A country under a name that is not its ISO code.
    CountryName = "country.name", "the country `{value}` is called `{suggestion}` here (ISO 3166)";
    /// A time zone that the compiled-in database does not have.
    Timezone = "timezone", "there is no time zone `{value}`; names are like `Europe/Warsaw`";
    /// A password of too few characters.
    PasswordShort = "password.short", "the password has {length} characters; at least {min} are needed";
    /// A password that everybody tries first.
    PasswordObvious = "password.obvious", "the password is the extension, the login or the name of its owner";
    /// A password that some phones cannot send.
    PasswordCharacter = "password.character", "character {at} of the password is not printable ASCII";
    /// The same thing twice.
    Duplicate = "duplicate", "`{value}` is already used by `{other}` on line {line}";
    /// A dial code and a number where dialling one starts the other.
    Overlap = "code.overlap", "`{value}` and `{other_value}` (`{other}`, line {line}) begin alike, so a set cannot dial both";
    /// An extension that is a number for emergencies.
    Emergency = "number.emergency", "`{value}` is a number for emergencies in the country of the office";
    /// A way of telling callers' numbers that exchanges of the country do not have.
    CallerId = "caller_id.country", "exchanges of {country} do not tell callers in the way `{value}`";
    /// A reference to an entry that is not there.
    Reference = "reference.unknown", "no {kind} has the id `{value}`";
    /// A reference to a secret that the store does not have.
    Secret = "secret.unknown", "the store has no secret `{value}`; write the password in its place, or import with --new-secrets";
    /// A person who can neither be called nor log in.
    PersonEmpty = "person.empty", "a person needs an extension or a login";
    /// A password without anything that could register with it.
    PasswordIdle = "password.idle", "a SIP password needs the extension or the SIP user name it belongs to";
    /// The panel cannot be reached at all, or two sockets want one address.
    AddressTaken = "address.taken", "`{value}` is also wanted by `{other}` on line {line}";
    /// An address on which the running program cannot listen.
    AddressUnavailable = "address.unavailable", "`{value}` cannot be opened: {reason}";
    /// RTP ports that contain a port of SIP over UDP.
    PortsOverlap = "rtp_ports.overlap", "the range contains port {port} of `{other}` on line {line}";
    /// More problems than are listed.
    More = "more", "and {count} more";
}

/// One problem of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line of the text, counted from 1.
    pub line: u32,
    /// Path of the key, like `person[0].extension` (entries counted from 0); empty for the text as
    /// a whole.
    pub key: String,
    /// The rule that is broken.
    pub rule: Fault,
    /// The values that belong into the sentence, by name.
    pub params: Vec<(&'static str, String)>,
}

impl Problem {
    /// The value of a parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.params.iter().find(|(key, _)| *key == name)?;
        Some(value)
    }

    /// The English sentence, without the place.
    #[must_use]
    pub fn sentence(&self) -> String {
        crate::words::fill(self.rule.template(), |name| {
            self.param(name).map(str::to_owned)
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{} [{}]", self.sentence(), self.rule.name())
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let params: std::collections::BTreeMap<_, _> =
            self.params.iter().map(|(k, v)| (k, v)).collect();
        let mut out = serializer.serialize_struct("Problem", 5)?;
        out.serialize_field("line", &self.line)?;
        out.serialize_field("key", &self.key)?;
        out.serialize_field("rule", self.rule.name())?;
        out.serialize_field("params", &params)?;
        out.serialize_field("message", &self.sentence())?;
        out.end()
    }
}

/// Everything that is wrong with a text, in the order of lines; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(transparent)]
pub struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// The problems in the order of their lines.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// Why a value is not what its key needs; the reader adds line and key.
pub(crate) struct Bad {
    pub(crate) rule: Fault,
    pub(crate) params: Vec<(&'static str, String)>,
}

impl Bad {
    /// `value` is not `expected`.
    pub(crate) fn malformed(value: &str, expected: &str) -> Self {
        Self {
            rule: Fault::Malformed,
            params: vec![("value", cut(value)), ("expected", expected.into())],
        }
    }
}

/// `value` short enough for a sentence, with control characters made visible.
pub(crate) fn cut(value: &str) -> String {
    cut_to(value, 60)
}

/// `value` in at most `max` characters, with control characters made visible.
pub(crate) fn cut_to(value: &str, max: usize) -> String {
    let mut out: String = value
        .chars()
        .take(max)
        .flat_map(char::escape_debug)
        .collect();
    if value.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}
