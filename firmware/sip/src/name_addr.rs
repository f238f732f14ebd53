//! `From`, `To`, `Contact`, `Route` and their kin: an optional name, a URI, parameters
//! (RFC 3261 §20.10, §25.1 `name-addr` and `addr-spec`).

use core::fmt;

use crate::{
    Fault, Leniencies, Leniency, Params, Uri,
    grammar::{find, is_space, is_token_byte, number, quote, quoted_end, trim, unquote},
};

/// A URI with a display name and header parameters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NameAddr {
    /// The name without quotes and escapes; `None` if there is none.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// Header parameters: those after the bracket, or, without brackets, all of them
    /// (RFC 3261 §20).
    pub params: Params,
}

impl NameAddr {
    /// A bare URI in brackets.
    #[must_use]
    pub const fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// Its text.
    pub(crate) fn text(&self) -> String {
        let (uri, params) = (self.uri.as_str(), self.params.as_str());
        let display = self.display.as_ref().map_or(0, |name| name.len() + 4);
        let mut text = String::with_capacity(display + uri.len() + params.len() + 2);
        if let Some(display) = &self.display {
            text.push_str(&quote(display));
            text.push(' ');
        }
        text.push('<');
        text.push_str(uri);
        text.push('>');
        text.push_str(params);
        text
    }

    /// Reads one element.
    ///
    /// # Errors
    /// The fault of the part that is malformed.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_noting(text, &mut Leniencies::default())
    }

    /// As [`NameAddr::parse`], noting what had to be forgiven.
    fn parse_noting(text: &str, forgiven: &mut Leniencies) -> Result<Self, Fault> {
        let parts = Parts::of(text, forgiven)?;
        Ok(Self {
            display: parts.display.read(),
            uri: Uri::parse_noting(parts.uri, forgiven)?,
            params: Params::parse(parts.params)?,
        })
    }

    /// Whether [`NameAddr::parse`] can read it, noting what has to be forgiven: every From and To is
    /// looked at, hardly any is read.
    pub(crate) fn check(text: &str, forgiven: &mut Leniencies) -> Result<(), Fault> {
        let parts = Parts::of(text, forgiven)?;
        Uri::check(parts.uri, forgiven)?;
        Params::check(parts.params)
    }

    /// The tag of From or To.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }

    /// The same with a tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", Some(tag));
        self
    }

    /// The `expires` parameter of a Contact in seconds. A malformed one counts as 3600
    /// (RFC 3261 §10.2.1.1), one above 2³²−1 as 2³²−1.
    #[must_use]
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").map(|text| {
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
                number(text).unwrap_or(u32::MAX)
            } else {
                3_600
            }
        })
    }

    /// The `q` parameter of a Contact in thousandths, 0–1000; `None` if absent or malformed.
    #[must_use]
    pub fn q(&self) -> Option<u16> {
        let text = self.params.get("q")?;
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        if part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut thousandths: u16 = 0;
        for at in 0..3 {
            let digit = part.as_bytes().get(at).map_or(0, |b| b - b'0');
            thousandths = thousandths * 10 + u16::from(digit);
        }
        match (whole, thousandths) {
            ("0" | "", n) => Some(n),
            ("1", 0) => Some(1_000),
            _ => None,
        }
    }
}

/// A display name as it stands there.
#[derive(Clone, Copy)]
enum Display<'a> {
    None,
    Quoted(&'a str),
    Bare(&'a str),
}

impl Display<'_> {
    fn read(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Quoted(text) => Some(unquote(text)),
            Self::Bare(text) => Some(text.to_owned()),
        }
    }
}

/// The parts of an element as they stand there.
struct Parts<'a> {
    display: Display<'a>,
    uri: &'a str,
    params: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str, forgiven: &mut Leniencies) -> Result<Self, Fault> {
        let text = trim(text);
        let (display, rest) = split_display(text, forgiven)?;
        let Some(rest) = rest else {
            // Without brackets a `;`, `?` or `,` ends the URI (RFC 3261 §20).
            let ends_uri = |b| matches!(b, b';' | b'?' | b',');
            let end = text.bytes().position(ends_uri).unwrap_or(text.len());
            if text[end..].starts_with(['?', ',']) {
                return Err(Fault::Uri);
            }
            return Ok(Self {
                display,
                uri: trim(&text[..end]),
                params: &text[end..],
            });
        };
        let end = find(rest, b'>').ok_or(Fault::Uri)?;
        let params = trim(&rest[end + 1..]);
        if !params.is_empty() && !params.starts_with(';') {
            return Err(Fault::Params);
        }
        let uri = trim(&rest[..end]);
        if uri.len() != end {
            forgiven.note(Leniency::BracketSpace);
        }
        Ok(Self {
            display,
            uri,
            params,
        })
    }
}

/// The display name and what follows `<`; the second is `None` if there are no brackets.
fn split_display<'a>(
    text: &'a str,
    forgiven: &mut Leniencies,
) -> Result<(Display<'a>, Option<&'a str>), Fault> {
    if text.starts_with('"') {
        let end = quoted_end(text.as_bytes(), 0).ok_or(Fault::Quote)?;
        let after = text[end..].trim_ascii_start();
        let rest = after.strip_prefix('<').ok_or(Fault::Uri)?;
        return Ok((Display::Quoted(&text[..end]), Some(rest)));
    }
    match find(text, b'<') {
        None => Ok((Display::None, None)),
        Some(at) => {
            let name = trim(&text[..at]);
            if find(name, b'"').is_some() {
                return Err(Fault::Quote);
            }
            // A `;` or `:` before the bracket would make the bracket part of a bare URI.
            if name.bytes().any(|b| matches!(b, b';' | b'@' | b'>')) {
                return Err(Fault::Uri);
            }
            if !name.bytes().all(|b| is_token_byte(b) || is_space(b)) {
                forgiven.note(Leniency::DisplayName);
            }
            let display = if name.is_empty() {
                Display::None
            } else {
                Display::Bare(name)
            };
            Ok((display, Some(&text[at + 1..])))
        }
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}
