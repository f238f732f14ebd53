//! The list of things that are wrong and read all the same, each with a name for the counters.

macro_rules! leniencies {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// A deviation from the grammar that is forgiven and counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Leniency { $(#[doc = $doc] $variant,)* }

        impl Leniency {
            /// All of them, in the order of their counters.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name of the counter.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

leniencies! {
    LeadingLines = "leading_lines", "Empty lines before the start line (legal on streams, RFC 3261 §7.5; tolerated elsewhere).";
    LfOnly = "lf_only", "A line ended by LF without CR.";
    VersionCase = "version_case", "`sip/2.0` in other than upper case (RFC 3261 §7.1 makes it legal to read).";
    StartLineSpace = "start_line_space", "More than one space, or trailing space, in the start line.";
    UriCharacters = "uri_characters", "Unescaped characters in a URI that must be escaped.";
    NotUtf8 = "not_utf8", "A line that is not UTF-8: read as Latin-1.";
    MissingEmptyLine = "missing_empty_line", "The message ends after the last header without an empty line.";
    MissingContentLength = "missing_content_length", "No Content-Length on a datagram with a body (legal, RFC 3261 §18.3).";
    LongDatagram = "long_datagram", "Bytes after the body of a datagram, dropped (RFC 3261 §18.3).";
    RepeatedHeader = "repeated_header", "A single-value header twice with the same value.";
    MissingMaxForwards = "missing_max_forwards", "A request without Max-Forwards (RFC 2543 peers).";
    MissingBranch = "missing_branch", "A Via without the z9hG4bK branch (RFC 2543 peers).";
    BracketSpace = "bracket_space", "White space inside the angle brackets of a name-addr.";
    DisplayName = "display_name", "A display name with characters that need quotes.";
    ControlCharacter = "control_character", "A carriage return inside a line, read as a space.";
    MissingReasonSpace = "missing_reason_space", "A status line without the space before an empty reason.";
}

/// A set of [`Leniency`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leniencies(u32);

impl Leniencies {
    /// No leniency was needed.
    pub const NONE: Self = Self(0);

    /// Notes that `leniency` was needed.
    pub const fn note(&mut self, leniency: Leniency) {
        self.0 |= 1 << (leniency as u32);
    }

    /// Whether `leniency` was needed.
    #[must_use]
    pub const fn contains(self, leniency: Leniency) -> bool {
        self.0 & (1 << (leniency as u32)) != 0
    }

    /// Whether the bytes were exact.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that were needed.
    pub fn iter(self) -> impl Iterator<Item = Leniency> {
        Leniency::ALL
            .iter()
            .copied()
            .filter(move |&l| self.contains(l))
    }
}

const _: () = assert!(Leniency::ALL.len() <= 32);
