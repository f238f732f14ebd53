//! URIs: `sip:` and `sips:` taken apart, `tel:` in part, others kept as text (RFC 3261 §19,
//! RFC 3966).

use core::fmt;
use std::borrow::Cow;

use crate::{
    Fault, Host, Leniencies, Leniency, Params,
    grammar::{ByteClass, find},
    host::write_host,
};

/// The scheme of a [`Uri`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:` (RFC 3966)
    Tel,
    /// Any other, lower case.
    Other(Box<str>),
}

impl Scheme {
    /// The scheme without its colon.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Sip => "sip",
            Self::Sips => "sips",
            Self::Tel => "tel",
            Self::Other(text) => text,
        }
    }
}

/// A URI. The text is kept exactly as it came (digest hashes it, responses repeat it).
///
/// `==` compares texts; [`Uri::equivalent`] compares as RFC 3261 §19.1.4 says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uri {
    raw: Box<str>,
    scheme: Scheme,
    /// Byte range of the user part, escapes as written.
    user: Option<(u32, u32)>,
    /// Byte range of the password.
    password: Option<(u32, u32)>,
    host: Option<Host>,
    port: Option<u16>,
    params: Params,
    /// Byte range of the headers, without the `?`.
    headers: Option<(u32, u32)>,
}

impl Uri {
    /// Reads a URI without brackets.
    ///
    /// # Errors
    /// [`Fault::Uri`], [`Fault::Host`] or [`Fault::Params`].
    pub fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse_noting(text, &mut Leniencies::default())
    }

    /// As [`Uri::parse`], noting what had to be forgiven.
    pub(crate) fn parse_noting(text: &str, forgiven: &mut Leniencies) -> Result<Self, Fault> {
        check_characters(text, forgiven)?;
        let (scheme, rest_at) = read_scheme(text)?;
        match scheme {
            Scheme::Sip | Scheme::Sips => Self::parse_sip(text, scheme, rest_at),
            Scheme::Tel => Self::parse_tel(text, rest_at),
            Scheme::Other(_) => Ok(Self::bare(text, scheme)),
        }
    }

    /// Whether [`Uri::parse`] can read it, noting what has to be forgiven.
    pub(crate) fn check(text: &str, forgiven: &mut Leniencies) -> Result<(), Fault> {
        check_characters(text, forgiven)?;
        let (scheme, rest_at) = read_scheme(text)?;
        match scheme {
            Scheme::Sip | Scheme::Sips => {
                let parts = SipParts::of(text, rest_at)?;
                Host::check_with_port(&text[parts.host_at..parts.host_end])?;
                Params::check(&text[parts.host_end..parts.params_end])
            }
            Scheme::Tel => Params::check(&text[tel_end(text, rest_at)?..]),
            Scheme::Other(_) => Ok(()),
        }
    }

    fn bare(text: &str, scheme: Scheme) -> Self {
        Self {
            raw: text.into(),
            scheme,
            user: None,
            password: None,
            host: None,
            port: None,
            params: Params::new(),
            headers: None,
        }
    }

    fn parse_sip(text: &str, scheme: Scheme, rest_at: usize) -> Result<Self, Fault> {
        let parts = SipParts::of(text, rest_at)?;
        let (host, port) = Host::parse_with_port(&text[parts.host_at..parts.host_end])?;
        let headers = parts.params_end < text.len();
        Ok(Self {
            user: parts.user,
            password: parts.password,
            host: Some(host),
            port,
            params: Params::parse(&text[parts.host_end..parts.params_end])?,
            headers: headers.then(|| span(parts.params_end + 1, text.len())),
            ..Self::bare(text, scheme)
        })
    }

    fn parse_tel(text: &str, rest_at: usize) -> Result<Self, Fault> {
        let end = tel_end(text, rest_at)?;
        let mut uri = Self::bare(text, Scheme::Tel);
        uri.user = Some(span(rest_at, end));
        uri.params = Params::parse(&text[end..])?;
        Ok(uri)
    }

    /// A `sip:` URI; `user` is escaped as needed.
    #[must_use]
    pub fn sip(user: Option<&str>, host: &Host, port: Option<u16>) -> Self {
        Self::build(Scheme::Sip, user, host, port)
    }

    /// A URI of `scheme` (`Sip` or `Sips`); `user` is escaped as needed.
    #[must_use]
    pub fn build(scheme: Scheme, user: Option<&str>, host: &Host, port: Option<u16>) -> Self {
        let mut raw = String::with_capacity(user.map_or(0, str::len) + 64);
        raw.push_str(scheme.as_str());
        raw.push(':');
        let mut span_user = None;
        if let Some(user) = user {
            let start = raw.len();
            escape_into(user, &mut raw, user_byte);
            span_user = Some(span(start, raw.len()));
            raw.push('@');
        }
        write_host(&mut raw, host, port);
        Self {
            user: span_user,
            host: Some(host.clone()),
            port,
            ..Self::bare(&raw, scheme)
        }
    }

    /// The same URI with a parameter set (replaced in its place or appended); `value` is escaped
    /// as needed. A URI of an unknown scheme stays as it is.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> Self {
        if matches!(self.scheme, Scheme::Other(_)) {
            return self;
        }
        let escaped = value.map(|value| {
            let mut out = String::with_capacity(value.len());
            escape_into(value, &mut out, param_byte);
            out
        });
        self.params.set(name, escaped.as_deref());
        self.rebuild();
        self
    }

    /// The same URI without a parameter.
    #[must_use]
    pub fn without_param(mut self, name: &str) -> Self {
        if self.params.remove(name) {
            self.rebuild();
        }
        self
    }

    /// The same URI without headers (`?…`), as it must stand in a request line (RFC 3261 §19.1.5).
    #[must_use]
    pub fn without_headers(mut self) -> Self {
        if self.headers.take().is_some() {
            self.rebuild();
        }
        self
    }

    /// Writes the text anew from its parts. Spans of user and password lie before the host and
    /// stay true.
    fn rebuild(&mut self) {
        let mut raw = match (&self.host, self.user) {
            (Some(host), user) => {
                let end = self.password.or(user).map(|(_, end)| end as usize + 1);
                let at = end.unwrap_or(self.scheme.as_str().len() + 1);
                let mut raw = self.raw[..at].to_owned();
                write_host(&mut raw, host, self.port);
                raw
            }
            (None, Some((_, end))) => self.raw[..end as usize].to_owned(),
            (None, None) => return,
        };
        raw.push_str(self.params.as_str());
        if let Some((start, end)) = self.headers {
            raw.push('?');
            let headers_at = raw.len();
            raw.push_str(&self.raw[start as usize..end as usize]);
            self.headers = Some(span(headers_at, raw.len()));
        }
        self.raw = raw.into();
    }

    /// The text, exactly as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The user part (of `tel:` the number) with escapes as written.
    #[must_use]
    pub fn user_raw(&self) -> Option<&str> {
        self.user
            .map(|(start, end)| &self.raw[start as usize..end as usize])
    }

    /// The user part (of `tel:` the number) with escapes undone. Escapes that give no UTF-8 are
    /// left as written.
    #[must_use]
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.user_raw().map(unescape)
    }

    /// The password as written. Never used, only kept.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password
            .map(|(start, end)| &self.raw[start as usize..end as usize])
    }

    /// The host; `None` for `tel:` and unknown schemes.
    #[must_use]
    pub const fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The port, if written.
    #[must_use]
    pub const fn port(&self) -> Option<u16> {
        self.port
    }

    /// The parameters, escapes as written.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// A parameter's value with escapes undone; `Some("")` if it stands without a value.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Cow<'_, str>> {
        self.params.get(name).map(unescape)
    }

    /// Whether the `lr` parameter stands there in any form (RFC 3261 §19.1.1).
    #[must_use]
    pub fn is_loose(&self) -> bool {
        self.params.contains("lr")
    }

    /// Whether there is a `?`.
    #[must_use]
    pub const fn has_headers(&self) -> bool {
        self.headers.is_some()
    }

    /// The headers after `?` with escapes undone, in order (RFC 3261 §19.1.1).
    pub fn headers(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let text = self
            .headers
            .map_or("", |(start, end)| &self.raw[start as usize..end as usize]);
        text.split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                (unescape(name), unescape(value))
            })
    }

    /// Whether both URIs are equivalent by RFC 3261 §19.1.4. Not transitive, therefore not `==`.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        if self.raw == other.raw {
            return true;
        }
        if self.scheme != other.scheme {
            return false;
        }
        let (Some(host), Some(other_host)) = (&self.host, &other.host) else {
            return self.raw.eq_ignore_ascii_case(&other.raw);
        };
        host.same(other_host)
            && self.port == other.port
            && self.user() == other.user()
            && self.password().map(unescape) == other.password().map(unescape)
            && self.params_agree(other)
            && other.params_agree(self)
            && same_headers(self, other)
    }

    /// Every parameter of `self` agrees with `other`: parameters in both must match; `user`,
    /// `ttl`, `method`, `maddr` and `transport` must match even where one side lacks them.
    fn params_agree(&self, other: &Self) -> bool {
        const MUST: [&str; 5] = ["user", "ttl", "method", "maddr", "transport"];
        self.params
            .iter()
            .all(|(name, value)| match other.params.get(name) {
                Some(theirs) => {
                    unescape(value.unwrap_or("")).eq_ignore_ascii_case(&unescape(theirs))
                }
                None => !MUST.iter().any(|must| must.eq_ignore_ascii_case(name)),
            })
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// Where the parts of a `sip:` URI stand in its text.
struct SipParts {
    user: Option<(u32, u32)>,
    password: Option<(u32, u32)>,
    host_at: usize,
    host_end: usize,
    params_end: usize,
}

impl SipParts {
    fn of(text: &str, rest_at: usize) -> Result<Self, Fault> {
        let (mut user, mut password) = (None, None);
        let mut at = rest_at;
        if let Some(sign) = find(&text[at..], b'@') {
            let end = at + sign;
            let user_end = find(&text[at..end], b':').map_or(end, |colon| at + colon);
            if user_end == at {
                return Err(Fault::Uri);
            }
            user = Some(span(at, user_end));
            if user_end < end {
                password = Some(span(user_end + 1, end));
            }
            at = end + 1;
        }
        let ends_host = |b| matches!(b, b';' | b'?');
        let host_end = text[at..].bytes().position(ends_host);
        let host_end = host_end.map_or(text.len(), |n| at + n);
        let params_end = find(&text[host_end..], b'?').map_or(text.len(), |n| host_end + n);
        Ok(Self {
            user,
            password,
            host_at: at,
            host_end,
            params_end,
        })
    }
}

/// Where the number of a `tel:` URI ends that begins at `rest_at`.
fn tel_end(text: &str, rest_at: usize) -> Result<usize, Fault> {
    let rest = &text[rest_at..];
    match find(rest, b';').unwrap_or(rest.len()) {
        0 => Err(Fault::Uri),
        end => Ok(rest_at + end),
    }
}

fn same_headers(a: &Uri, b: &Uri) -> bool {
    let has = |uri: &Uri, name: &str, value: &str| {
        uri.headers()
            .any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value)
    };
    a.headers().count() == b.headers().count() && a.headers().all(|(n, v)| has(b, &n, &v))
}

const fn span(start: usize, end: usize) -> (u32, u32) {
    // A message is at most 65,535 bytes long; check_characters refuses longer texts.
    (start as u32, end as u32)
}

fn read_scheme(text: &str) -> Result<(Scheme, usize), Fault> {
    let colon = find(text, b':').ok_or(Fault::Uri)?;
    let name = &text[..colon];
    let first_is_letter = name.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    if !first_is_letter || !name.bytes().all(legal) || colon + 1 == text.len() {
        return Err(Fault::Uri);
    }
    let scheme = if name.eq_ignore_ascii_case("sip") {
        Scheme::Sip
    } else if name.eq_ignore_ascii_case("sips") {
        Scheme::Sips
    } else if name.eq_ignore_ascii_case("tel") {
        Scheme::Tel
    } else {
        Scheme::Other(name.to_ascii_lowercase().into())
    };
    Ok((scheme, colon + 1))
}

/// Refuses what can never stand in a URI, forgives what real phones leave unescaped, and checks
/// that every `%` starts an escape.
fn check_characters(text: &str, forgiven: &mut Leniencies) -> Result<(), Fault> {
    if text.len() > model::limits::SIP_MESSAGE_MAX {
        return Err(Fault::Uri);
    }
    // What hardly ever stands there is looked at in detail.
    const USUAL: &ByteClass = &ByteClass::alphanumeric_and(b"-_.!~*'():@;=?&+$,/[]");
    let bytes = text.as_bytes();
    for (at, &b) in bytes.iter().enumerate() {
        match b {
            _ if USUAL.has(b) => {}
            0..=b' ' | 127 | b'<' | b'>' | b'"' => return Err(Fault::Uri),
            b'%' => {
                let hex = |n: usize| bytes.get(at + n).is_some_and(u8::is_ascii_hexdigit);
                if !hex(1) || !hex(2) {
                    return Err(Fault::Uri);
                }
            }
            b'#' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | 128.. => {
                forgiven.note(Leniency::UriCharacters);
            }
            _ => {}
        }
    }
    Ok(())
}

/// RFC 3261 §25.1 `unreserved` and `user-unreserved`.
const fn user_byte(b: u8) -> bool {
    unreserved(b) || matches!(b, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
}

/// RFC 3261 §25.1 `paramchar`.
const fn param_byte(b: u8) -> bool {
    unreserved(b) || matches!(b, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}

const fn unreserved(b: u8) -> bool {
    b.is_ascii_alphanumeric()
        || matches!(
            b,
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')'
        )
}

fn escape_into(text: &str, out: &mut String, plain: fn(u8) -> bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for b in text.bytes() {
        if plain(b) {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(b >> 4)]));
            out.push(char::from(HEX[usize::from(b & 15)]));
        }
    }
}

/// `text` with escapes undone; unchanged if that gives no UTF-8.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if find(text, b'%').is_none() {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        let digit = |n: usize| bytes.get(at + n).and_then(|&d| char::from(d).to_digit(16));
        match (b, digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 3;
            }
            _ => {
                out.push(b);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}
