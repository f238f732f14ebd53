//! Header names: read without regard to case, compact forms mapped to the long ones
//! (RFC 3261 §7.3.1, §7.3.3), written in the spelling of the RFCs.

use core::fmt;

macro_rules! names {
    ($($variant:ident = $text:literal;)*) => {
        /// The name of a header.
        ///
        /// Two `Other` names are equal without regard to case.
        #[derive(Clone, Debug, Eq)]
        #[expect(missing_docs, reason = "the variants are the names of the standard")]
        pub enum HeaderName {
            $($variant,)*
            /// Any other token, as it was spelled.
            Other(Box<str>),
        }

        /// Long names in the order of the variants.
        const TABLE: &[(&str, HeaderName)] = &[$(($text, HeaderName::$variant),)*];

        impl HeaderName {
            /// The long name as it is written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)*
                    Self::Other(text) => text,
                }
            }
        }
    };
}

// Ordered by length: the lookup compares only names of the right length.
names! {
    To = "To";
    Via = "Via";
    From = "From";
    CSeq = "CSeq";
    RSeq = "RSeq";
    RAck = "RAck";
    Path = "Path";
    Date = "Date";
    Join = "Join";
    Route = "Route";
    Allow = "Allow";
    Event = "Event";
    Accept = "Accept";
    Reason = "Reason";
    Server = "Server";
    MinSe = "Min-SE";
    CallId = "Call-ID";
    Contact = "Contact";
    Expires = "Expires";
    Require = "Require";
    Subject = "Subject";
    Warning = "Warning";
    Privacy = "Privacy";
    ReferTo = "Refer-To";
    Replaces = "Replaces";
    ReplyTo = "Reply-To";
    Priority = "Priority";
    Identity = "Identity";
    SipEtag = "SIP-ETag";
    CallInfo = "Call-Info";
    Supported = "Supported";
    Diversion = "Diversion";
    Timestamp = "Timestamp";
    ReferSub = "Refer-Sub";
    UserAgent = "User-Agent";
    AlertInfo = "Alert-Info";
    ErrorInfo = "Error-Info";
    Unsupported = "Unsupported";
    MinExpires = "Min-Expires";
    ReferredBy = "Referred-By";
    RetryAfter = "Retry-After";
    InReplyTo = "In-Reply-To";
    MaxForwards = "Max-Forwards";
    RecordRoute = "Record-Route";
    ContentType = "Content-Type";
    HistoryInfo = "History-Info";
    Organization = "Organization";
    MimeVersion = "MIME-Version";
    SipIfMatch = "SIP-If-Match";
    AllowEvents = "Allow-Events";
    ProxyRequire = "Proxy-Require";
    ServiceRoute = "Service-Route";
    TargetDialog = "Target-Dialog";
    IdentityInfo = "Identity-Info";
    Authorization = "Authorization";
    AcceptContact = "Accept-Contact";
    RejectContact = "Reject-Contact";
    ContentLength = "Content-Length";
    AcceptEncoding = "Accept-Encoding";
    AcceptLanguage = "Accept-Language";
    SessionExpires = "Session-Expires";
    ContentEncoding = "Content-Encoding";
    ContentLanguage = "Content-Language";
    WwwAuthenticate = "WWW-Authenticate";
    ProxyAuthenticate = "Proxy-Authenticate";
    SubscriptionState = "Subscription-State";
    AuthenticationInfo = "Authentication-Info";
    ContentDisposition = "Content-Disposition";
    ProxyAuthorization = "Proxy-Authorization";
    PAssertedIdentity = "P-Asserted-Identity";
    RequestDisposition = "Request-Disposition";
    PPreferredIdentity = "P-Preferred-Identity";
}

impl HeaderName {
    /// The header `text` names, in any case and in compact form.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        if let [letter] = text.as_bytes()
            && let Some(name) = Self::from_compact(letter.to_ascii_lowercase())
        {
            return name;
        }
        let begins = |name: &str| name.as_bytes().first().map(u8::to_ascii_lowercase);
        let first = begins(text);
        let same_length = BY_LENGTH.get(text.len()).copied().unwrap_or((0, 0));
        TABLE
            .get(usize::from(same_length.0)..usize::from(same_length.1))
            .unwrap_or(&[])
            .iter()
            // Nearly everybody writes them as the standard does.
            .find(|(known, _)| {
                begins(known) == first && (*known == text || known.eq_ignore_ascii_case(text))
            })
            .map_or_else(|| Self::Other(text.into()), |(_, name)| name.clone())
    }

    /// The name of a header with a variant of its own, for error texts.
    pub(crate) fn known_text(&self) -> &'static str {
        let same = |known: &&(&'static str, Self)| known.1 == *self;
        TABLE
            .iter()
            .find(same)
            .map_or("of unknown name", |known| known.0)
    }

    /// IANA registry of SIP compact header forms.
    const fn from_compact(letter: u8) -> Option<Self> {
        Some(match letter {
            b'a' => Self::AcceptContact,
            b'b' => Self::ReferredBy,
            b'c' => Self::ContentType,
            b'd' => Self::RequestDisposition,
            b'e' => Self::ContentEncoding,
            b'f' => Self::From,
            b'i' => Self::CallId,
            b'j' => Self::RejectContact,
            b'k' => Self::Supported,
            b'l' => Self::ContentLength,
            b'm' => Self::Contact,
            b'n' => Self::IdentityInfo,
            b'o' => Self::Event,
            b'r' => Self::ReferTo,
            b's' => Self::Subject,
            b't' => Self::To,
            b'u' => Self::AllowEvents,
            b'v' => Self::Via,
            b'x' => Self::SessionExpires,
            b'y' => Self::Identity,
            _ => return None,
        })
    }

    /// Whether the header stands at most once in a message (RFC 3261 §7.3.1: it is not a
    /// comma-separated list) and two different values are an attack or a fault.
    #[must_use]
    pub const fn is_single(&self) -> bool {
        matches!(
            self,
            Self::To
                | Self::From
                | Self::CSeq
                | Self::CallId
                | Self::MaxForwards
                | Self::ContentLength
                | Self::ContentType
                | Self::Expires
                | Self::MinExpires
                | Self::MinSe
                | Self::RSeq
                | Self::RAck
                | Self::Replaces
                | Self::ReferTo
                | Self::ReferredBy
                | Self::Event
                | Self::SubscriptionState
                | Self::SessionExpires
        )
    }
}

/// For each length the part of [`TABLE`] with names of that length.
const BY_LENGTH: [(u8, u8); 24] = index_by_length();

const fn index_by_length() -> [(u8, u8); 24] {
    let mut index = [(0, 0); 24];
    let mut at = 0;
    while at < TABLE.len() {
        let length = TABLE[at].0.len();
        if index[length].1 == 0 {
            index[length] = (at as u8, at as u8);
        }
        // A name out of order would silently never be found.
        assert!(at == 0 || TABLE[at - 1].0.len() <= length);
        index[length].1 = at as u8 + 1;
        at += 1;
    }
    index
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            (a, b) => core::mem::discriminant(a) == core::mem::discriminant(b),
        }
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for (text, name) in TABLE {
            assert_eq!(HeaderName::from_text(text), *name, "{text}");
            assert_eq!(HeaderName::from_text(&text.to_uppercase()), *name);
        }
    }

    #[test]
    fn compact_and_unknown_names() {
        assert_eq!(HeaderName::from_text("v"), HeaderName::Via);
        assert_eq!(HeaderName::from_text("L"), HeaderName::ContentLength);
        assert_eq!(HeaderName::from_text("z"), HeaderName::Other("z".into()));
        assert_eq!(
            HeaderName::from_text("X-A"),
            HeaderName::Other("x-a".into())
        );
        assert_ne!(HeaderName::from_text("X-A"), HeaderName::Via);
    }
}
